import Basics
import DesiredState
import Diff
import Drivers
import Formats

/// What a provider makes unasked together with an object that this run has made is taken over in the same run.
extension ChangeRunner {
    /// Looks whether what is to be created came along with an object that this run has made.
    ///
    /// - Returns: the runner of the adoption that the creation turns into; the same runner where nothing came along, with
    ///   what it saw.
    func withCompanion(_ driver: any Driver, _ input: ResolvedChange) async -> ChangeRunner {
        guard change.action == .create, let maker = driver as? any CompanionMaking,
            let schema = driver.schemas.first(where: { $0.kind == change.key.kind })
        else { return self }
        let context = lookContext
        guard let parent = maker.maker(of: change.key, context), change.dependsOn.contains(parent) else { return self }
        var runner = self
        let seen = await driver.look(at: change.key, context)
        runner.seen = seen
        guard case .present(let object) = seen, maker.isUnmarked(object),
            let adoption = adoption(of: object, with: parent, input, schema)
        else { return runner }
        let resolved = ResolvedChange(change: adoption, wanted: input.wanted, current: object)
        return ChangeRunner(applier: applier, change: adoption, resolved: .success(resolved))
    }

    /// The adoption that a plan would show of the object; nil where it would block it.
    private func adoption(
        of object: ObservedResource, with parent: ResourceKey, _ input: ResolvedChange, _ schema: KindSchema
    ) -> PlannedChange? {
        let changed = schema.differences(wanted: input.wanted, observed: object.attributes).map { path in
            let planned = change.attributes.first { $0.path == path }
            return AttributeChange(
                path: path, before: object.attributes[path], after: input.wanted[path], reference: planned?.reference,
                isSensitive: schema.rule(path)?.isSensitive == true,
                requiresReplacement: schema.rule(path)?.requiresReplacement == true, mark: planned?.mark)
        }
        guard schema.canAdopt, !changed.contains(where: \.requiresReplacement),
            schema.hindrance(.adopt, changed.map(\.path)) == nil
        else { return nil }
        return PlannedChange(
            key: change.key, action: .adopt, reason: "it came along with \(parent), which this run has made",
            cause: change.cause, attributes: changed, source: change.source, environment: change.environment,
            dependsOn: change.dependsOn, requests: change.requests, providerID: object.providerID,
            wanted: change.wanted, isProtected: change.isProtected)
    }
}
