internal import DesiredState
public import Diff
public import Drivers
internal import Formats

extension VercelDriver {
    public func steps(for change: PlannedChange) -> [Step] {
        var operations: [Step.Operation] = []
        switch change.action {
        case .noop, .forget, .read: break
        case .create: operations = creation(of: change)
        case .delete: operations = deletion(of: change)
        case .replace: operations = deletion(of: change) + creation(of: change)
        case .adopt, .update: operations = updates(of: change)
        }
        return Step.list(operations, of: change.key)
    }

    private func creation(of change: PlannedChange) -> [Step.Operation] {
        let wanted = Set(change.wanted.map(\.name)).union(change.attributes.map(\.path))
        switch change.key.kind {
        case .vercelProject:
            let later = wanted.intersection(VercelKinds.settableLater).sorted { $0.precedesByBytes($1) }
            return [("create", "create", true)]
                + (later.isEmpty ? [] : [("configure", "set \(later.joined(separator: ", "))", false)])
        case .vercelDomain:
            return [("create", "add", true)] + (wanted.contains("verified") ? [("verify", "verify", false)] : [])
        case .vercelVariable: return [("create", "create", true)]
        // What serves production, deployments and aliases come about by deploying.
        case .vercelProduction: return [("absent", "there is no such project", false)]
        default: return []
        }
    }

    private func deletion(of change: PlannedChange) -> [Step.Operation] {
        switch change.key.kind {
        case .vercelProject, .vercelVariable, .vercelDomain: [("delete", "delete", false)]
        // It goes with its project, and production is never taken down by itself.
        case .vercelProduction: [("leave", "leave production as it is", false)]
        default: []
        }
    }

    private func updates(of change: PlannedChange) -> [Step.Operation] {
        let names = change.attributes.map(\.path).sorted { $0.precedesByBytes($1) }
        guard !names.isEmpty else { return [] }
        switch change.key.kind {
        case .vercelProject:
            let settings = names.filter { $0 != "production_branch" }
            return (settings.isEmpty ? [] : [("configure", "set \(settings.joined(separator: ", "))", false)])
                + (names.contains("production_branch")
                    ? [("production_branch", "change the production branch", false)] : [])
        case .vercelVariable: return [("update", "update \(names.joined(separator: ", "))", false)]
        case .vercelDomain:
            let settings = names.filter { $0 != "verified" }
            return (settings.isEmpty ? [] : [("update", "update \(settings.joined(separator: ", "))", false)])
                + (names.contains("verified") ? [("verify", "verify", false)] : [])
        case .vercelProduction:
            let wanted = change.attributes.first { $0.path == "deployment" }?.after?.stringValue
            return [("activate", "let \(wanted ?? "the wanted deployment") serve production", false)]
        default: return []
        }
    }
}
