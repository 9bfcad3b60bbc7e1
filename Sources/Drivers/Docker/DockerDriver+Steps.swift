internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats

extension DockerDriver {
    public func steps(for change: PlannedChange) -> [Step] {
        var operations: [Step.Operation] = []
        switch change.action {
        case .noop, .forget, .read, .adopt: break
        case .create: operations = creation(of: change)
        case .delete: operations = [deletion(of: change)]
        // What the new one needs comes first, so that the old one isn't taken away for nothing.
        case .replace:
            let pull: [Step.Operation] = change.key.kind == .container ? [("pull", "get the image", false)] : []
            operations = pull + [deletion(of: change)] + creation(of: change)
        case .update: operations = change.key.kind == .container ? updates(of: change) : []
        }
        return Step.list(operations, of: change.key)
    }

    private func creation(of change: PlannedChange) -> [Step.Operation] {
        switch change.key.kind {
        case .container:
            let isStopped = change.attributes.contains { $0.path == "running" && $0.after == .bool(false) }
            return [("create", "create, with its image", true)] + connections(change, skipsFirst: true)
                + (isStopped ? [] : [("start", "start", false)])
        case .containerImage: return [("create", "pull", true)]
        default: return [("create", "create", true)]
        }
    }

    private func deletion(of change: PlannedChange) -> Step.Operation {
        change.key.kind == .container ? ("remove", "stop and remove", false) : ("remove", "remove", false)
    }

    private func updates(of change: PlannedChange) -> [Step.Operation] {
        let settings = change.attributes.map(\.path).filter { ["cpus", "memory_mb", "restart"].contains($0) }
        var operations: [Step.Operation] = []
        if !settings.isEmpty { operations.append(("configure", "set \(settings.joined(separator: ", "))", false)) }
        operations += connections(change, skipsFirst: false)
        if let running = change.attributes.first(where: { $0.path == "running" }) {
            operations.append(running.after == .bool(false) ? ("stop", "stop", false) : ("start", "start", false))
        } else if change.attributes.contains(where: { $0.path == "started" }) {
            // Who made it ended before it was started.
            operations.append(("start", "start", false))
        }
        return operations
    }

    /// One effect for each network that is wanted and not there; the first is given at creation.
    private func connections(_ change: PlannedChange, skipsFirst: Bool) -> [Step.Operation] {
        guard let networks = change.attributes.first(where: { $0.path == "networks" }) else { return [] }
        let present = Set(networks.before?.listValue?.compactMap(\.stringValue) ?? [])
        return (networks.after?.listValue ?? []).compactMap(\.stringValue).dropFirst(skipsFirst ? 1 : 0)
            .filter { !present.contains($0) || skipsFirst }.map { ("connect:\($0)", "connect to \($0)", false) }
    }
}
