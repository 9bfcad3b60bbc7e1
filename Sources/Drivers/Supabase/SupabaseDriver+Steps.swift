internal import DesiredState
public import Diff
public import Drivers

extension SupabaseDriver {
    public func steps(for change: PlannedChange) -> [Step] {
        var operations: [Step.Operation] = []
        switch change.action {
        case .noop, .forget, .read: break
        case .create, .replace: operations = creation(of: change)
        case .delete: operations = deletion(of: change)
        case .adopt, .update: operations = updates(of: change)
        }
        return Step.list(operations, of: change.key)
    }

    private func creation(of change: PlannedChange) -> [Step.Operation] {
        switch change.key.kind {
        case .supabaseSecret: [("set", "set the secret", true)]
        case .supabaseBranch: [("create", "create the branch", true)]
        case .supabaseFunction: [("deploy", "deploy the function", false)]
        default: [("absent", "there is no such project", false)]
        }
    }

    private func deletion(of change: PlannedChange) -> [Step.Operation] {
        switch change.key.kind {
        case .supabaseSecret: [("delete", "delete the secret", false)]
        case .supabaseBranch: [("delete", "delete the branch, after an hour of grace", false)]
        // That nothing requires it any more is no wish to be rid of it.
        default: [("leave", "leave it as it is", false)]
        }
    }

    private func updates(of change: PlannedChange) -> [Step.Operation] {
        let names = change.attributes.map(\.path).sorted { $0.precedesByBytes($1) }
        guard !names.isEmpty else { return [] }
        switch change.key.kind {
        case .supabaseSecret: return [("set", "set the secret again", false)]
        case .supabaseBranch: return [("update", "update \(names.joined(separator: ", "))", false)]
        case .supabaseFunction:
            return (names.contains("verify_jwt") ? [("configure", "set verify_jwt", false)] : [])
                + (names.contains { $0 != "verify_jwt" } ? [("deploy", "deploy the function", false)] : [])
        default: return []
        }
    }
}
