internal import DesiredState
public import Diff
public import Drivers
internal import Formats

extension GitHubDriver {
    public func steps(for change: PlannedChange) -> [Step] {
        Step.list(operations(for: change), of: change.key)
    }

    private func operations(for change: PlannedChange) -> [Step.Operation] {
        switch (change.key.kind, change.action) {
        case (_, .noop), (_, .forget), (_, .read): return []
        case (.branchProtection, .delete): return [("unprotect", "take the protection away", false)]
        case (.branchProtection, _): return protection(change)
        case (_, .delete): return [("delete", "delete", false)]
        case (_, .create): return [("create", "create", true)]
        case (_, .replace): return [("delete", "delete", false), ("create", "create", true)]
        case (_, .adopt), (_, .update):
            guard !change.attributes.isEmpty else { return [] }
            guard change.key.kind == .gitHubHook else { return [("update", "update \(names(change))", false)] }
            let (config, own) = (
                change.attributes.filter(Self.isConfig), change.attributes.filter { !Self.isConfig($0) }
            )
            return (own.isEmpty ? [] : [("update", "update \(names(change))", false)])
                + (config.isEmpty ? [] : [("configure", "set how it is called", false)])
        }
    }

    private func protection(_ change: PlannedChange) -> [Step.Operation] {
        var operations: [Step.Operation] = []
        let isNew = change.action == .create
        if isNew || change.attributes.contains(where: { Protection.isPut($0.path) }) {
            // Putting it twice is the same as once, and there is nothing to look for before.
            operations.append(("protect", isNew ? "protect the branch" : "change \(names(change))", false))
        }
        for attribute in change.attributes {
            switch (attribute.path, attribute.after) {
            case ("require_signed_commits", .bool(true)?):
                operations.append(("require_signatures", "require signed commits", false))
            case ("require_signed_commits", _) where !isNew:
                operations.append(("drop_signatures", "require no signed commits", false))
            case ("allowed_merge_methods", _):
                operations.append(("merge_methods", "set the repository's merge methods", false))
            default: break
            }
        }
        return operations
    }

    /// What a hook's own address for configuration sets, without touching its secret.
    private static func isConfig(_ attribute: AttributeChange) -> Bool {
        attribute.path == "content_type" || attribute.path == "insecure_ssl"
    }

    private func names(_ change: PlannedChange) -> String {
        change.attributes.map(\.path).sorted { $0.precedesByBytes($1) }.joined(separator: ", ")
    }
}
