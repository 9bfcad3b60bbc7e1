import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store

/// What a step sets in secrets is written down in `ops.secret_sync_runs`, as `reconcile secrets sync` does.
extension ChangeRunner {
    /// Writes down that a step is about to set a secret, before it does; nil where it sets none.
    ///
    /// - Throws: `StoreFault`: what can't be written down isn't done.
    func beginSecretSync(_ step: Step, _ input: ResolvedChange) async throws(StoreFault) -> SecretSyncRecord? {
        guard !removes(step), let schema = reconciler.driver(for: change.key.kind)?.schema(of: change.key.kind),
            schema.setsSecret(input.wanted)
        else { return nil }
        let name = change.key.name.utf8
        let parent = name.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: name[..<$0], as: UTF8.self) }
        return try await reconciler.store.beginSecretSync(
            SecretSyncRecord(
                provider: change.key.kind.provider, target: parent ?? change.key.kind.description,
                actor: "run \(applier.runID)", startedAt: reconciler.time.now))
    }

    /// Writes down what came of it.
    ///
    /// - Returns: why it couldn't; the record stays `running` then, which says that nobody knows.
    func finish(_ record: SecretSyncRecord?, _ outcome: StepOutcome) async -> StoreFault? {
        guard var record else { return nil }
        let name = change.key.name.utf8.split(separator: UInt8(ascii: "/")).last.map {
            String(decoding: $0, as: UTF8.self)
        }
        switch outcome {
        case .done:
            record.status = .success
            record.pushed = [name ?? change.key.name]
        case .failed(let fault), .unknown(let fault):
            record.status = .error
            record.error = fault.message
            record.errorCode = fault.code
        }
        record.finishedAt = reconciler.time.now
        do throws(StoreFault) {
            try await reconciler.store.finishSecretSync(record)
            return nil
        } catch {
            return error
        }
    }
}

extension Driver {
    fileprivate func schema(of kind: ResourceKind) -> KindSchema? { schemas.first { $0.kind == kind } }
}

extension KindSchema {
    /// Whether a wish brings a secret to the provider: one of the attributes that say where a value is kept.
    fileprivate func setsSecret(_ wanted: Attributes) -> Bool {
        wanted.items.contains { item in
            guard ["password", "value_from"].contains(item.name), rule(item.name)?.isSensitive == true,
                case .string(let text) = item.value
            else { return false }
            return SecretReference(text) != nil
        }
    }
}
