import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// `reconcile secrets status`.
struct SecretsStatusCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let now = try context.now() ?? SystemTime().now
        let composition = try await Composition(context, logLevel: .warning)
        let found: (revision: String, secrets: [SecretStatus])
        do {
            found = try await composition.reconciler.secretStatus(at: now)
        } catch {
            await composition.close()
            throw error
        }
        await composition.close()
        func count(_ state: SecretAnswer.State) -> Int { found.secrets.count { $0.state == state } }
        let due = found.secrets.count { $0.isDue(at: now) }
        if context.terminal.isJSON {
            let summary: Value = [
                "present": .count(count(.present)), "missing": .count(count(.missing)),
                "unknown": .count(count(.unknown)), "due": .count(due),
            ]
            context.terminal.json([
                "revision": .string(found.revision), "secrets": .list(found.secrets.map { Self.value($0, now) }),
                "summary": summary,
            ])
        } else if found.secrets.isEmpty {
            context.terminal.print("No document wants a secret anywhere.")
        } else {
            show(found.secrets, now)
            context.terminal.print(
                "\(count(.present)) present, \(count(.missing)) missing, \(count(.unknown)) unknown; "
                    + "\(due == 0 ? "none" : "\(due)") to be replaced.")
        }
        return context.arguments.has("check") && count(.missing) + due > 0 ? .refused : .done
    }

    private func show(_ secrets: [SecretStatus], _ now: Timestamp) {
        let paint = context.terminal.paint
        var table = Table("STORE", "NAME", "STATE", "SET", "SYNCED", "REPLACE BY", "")
        func day(_ instant: Timestamp?) -> String { instant.map { String($0.description.prefix(10)) } ?? "–" }
        for secret in secrets {
            let state =
                switch secret.state {
                case .present: paint.green("present")
                case .missing: paint.red("missing")
                case .unknown: paint.yellow("unknown")
                }
            var remarks = secret.state == .present ? [] : [secret.reason]
            if let failure = secret.failure {
                remarks.append(
                    failure.status == .running
                        ? "an attempt to set it on \(day(failure.startedAt)) died on the way"
                        : "the last attempt failed: \(failure.errorCode ?? failure.error ?? "nobody knows why")")
            }
            let end = day(secret.replaceBy)
            table.add(
                secret.store, secret.name, state, day(secret.setAt), day(secret.lastSync?.finishedAt),
                secret.isDue(at: now) ? paint.red("\(end) due") : end, remarks.joined(separator: "; "))
        }
        context.terminal.print(table.text(paint))
    }

    private static func value(_ secret: SecretStatus, _ now: Timestamp) -> Value {
        func instant(_ instant: Timestamp?) -> Value { .text(instant?.description) }
        func sync(_ record: SecretSyncRecord?) -> Value {
            guard let record else { return .null }
            return [
                "id": .string(record.id), "actor": .string(record.actor), "status": .string(record.status.rawValue),
                "started_at": instant(record.startedAt), "finished_at": instant(record.finishedAt),
                "error": .text(record.error), "code": .text(record.errorCode),
            ]
        }
        var object: Value.Object = ["store": .string(secret.store), "name": .string(secret.name)]
        object["key"] = .string(secret.key.description)
        object["secret_ids"] = .strings(secret.ids)
        object["state"] = .string(secret.state.rawValue)
        object["reason"] = .string(secret.reason)
        object["set_at"] = instant(secret.setAt)
        object["last_sync"] = sync(secret.lastSync)
        object["failed_sync"] = sync(secret.failure)
        object["rotation_days"] = .count(secret.rotationDays)
        object["replace_by"] = instant(secret.replaceBy)
        object["is_due"] = .bool(secret.isDue(at: now))
        object["source"] = .string(secret.source.description)
        return .object(object)
    }
}
