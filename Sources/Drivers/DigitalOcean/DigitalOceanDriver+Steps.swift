internal import DesiredState
public import Diff
public import Drivers
internal import Formats

extension DigitalOceanDriver {
    public func steps(for change: PlannedChange) -> [Step] {
        var operations: [Step.Operation] = []
        switch change.action {
        case .noop, .forget, .read: break
        case .create: operations = creation(of: change)
        case .delete: operations = deletion(of: change)
        case .replace: operations = deletion(of: change) + creation(of: change)
        case .adopt:
            if DigitalOceanKinds.carriesMark(change.key.kind) {
                operations = marks.map { ("tag:\($0)", "mark as ours with the tag \($0)", false) }
            }
            operations += updates(of: change)
        case .update: operations = updates(of: change)
        }
        return Step.list(operations, of: change.key)
    }

    private func creation(of change: PlannedChange) -> [Step.Operation] {
        if change.key.kind == .databaseBackup { return [] }
        if change.key.kind == .databaseFirewall {
            // Putting the list twice is the same as once, and there is nothing to look for before.
            return [("replace_rules", "set the trusted sources", false)]
        }
        var operations: [Step.Operation] = [("create", "create", true)]
        // What a create can't give comes after it.
        for attribute in change.attributes where attribute.after?.isNull == false {
            switch (change.key.kind, attribute.path) {
            case (.volume, "droplet"): operations.append(("attach", "attach to \(text(attribute.after))", false))
            case (.project, "resources") where attribute.after?.listValue?.isEmpty == false:
                operations.append(("assign", "move what it is to hold into it", false))
            default: break
            }
        }
        return operations
    }

    private func deletion(of change: PlannedChange) -> [Step.Operation] {
        // A cluster without trusted sources is open to everyone: the list goes with its cluster.
        switch change.key.kind {
        case .databaseFirewall: [("leave", "leave the trusted sources to their cluster", false)]
        case .volume: [("detach", "detach from its droplet", false), ("delete", "delete", false)]
        case .project:
            [("empty", "move what it holds to the default project", false), ("delete", "delete", false)]
        case .databaseBackup: []
        default: [("delete", "delete", false)]
        }
    }

    private func updates(of change: PlannedChange) -> [Step.Operation] {
        switch change.key.kind {
        case .droplet: dropletUpdates(change)
        case .databaseCluster: clusterUpdates(change)
        case .databaseFirewall:
            change.attributes.isEmpty ? [] : [("replace_rules", "set the trusted sources", false)]
        case .volume: volumeUpdates(change)
        case .project: projectUpdates(change)
        case .snapshot, .databaseBackup: []
        default: change.attributes.isEmpty ? [] : [("update", "update \(names(change))", false)]
        }
    }

    private func volumeUpdates(_ change: PlannedChange) -> [Step.Operation] {
        var operations = tagging(change)
        for attribute in change.attributes.sorted(by: { $0.path.precedesByBytes($1.path) }) {
            switch attribute.path {
            case "droplet":
                if attribute.before?.stringValue != nil {
                    operations.append(("detach", "detach from \(text(attribute.before))", false))
                }
                if attribute.after?.stringValue != nil {
                    operations.append(("attach", "attach to \(text(attribute.after))", false))
                }
            case "size_gb": operations.append(("resize", "grow to \(text(attribute.after)) GB", false))
            default: break
            }
        }
        return operations
    }

    private func projectUpdates(_ change: PlannedChange) -> [Step.Operation] {
        var operations: [Step.Operation] = []
        let others = change.attributes.map(\.path).filter { $0 != "resources" }.sorted { $0.precedesByBytes($1) }
        if !others.isEmpty { operations.append(("update", "update \(others.joined(separator: ", "))", false)) }
        if others.count < change.attributes.count {
            operations.append(("assign", "move what it is to hold into it", false))
        }
        return operations
    }

    private func dropletUpdates(_ change: PlannedChange) -> [Step.Operation] {
        var operations = tagging(change)
        for attribute in change.attributes.sorted(by: { $0.path.precedesByBytes($1.path) }) {
            switch (attribute.path, attribute.after) {
            case ("backups", let after):
                operations.append(
                    after == .bool(false)
                        ? ("disable_backups", "stop the backups", false)
                        : ("enable_backups", "start the backups", false))
            case ("ipv6", let after):
                operations.append(
                    after == .bool(false)
                        ? ("disable_ipv6", "take the IPv6 address away", false)
                        : ("enable_ipv6", "give an IPv6 address", false))
            case ("size", let after):
                let tag = DigitalOceanKinds.resizeTag
                operations += [
                    ("tag:\(tag)", "note the resize with the tag \(tag)", false),
                    ("power_off", "power off, for the resize", false),
                    ("resize", "resize to \(after?.stringValue ?? "another size")", false),
                    ("power_on", "power on again", false),
                    ("untag:\(tag)", "take the tag \(tag) away", false),
                ]
            default: break
            }
        }
        return operations
    }

    private func clusterUpdates(_ change: PlannedChange) -> [Step.Operation] {
        var operations = tagging(change)
        if let version = change.attributes.first(where: { $0.path == "version" }) {
            operations.append(("upgrade", "upgrade to version \(text(version.after))", false))
        }
        if let region = change.attributes.first(where: { $0.path == "region" }) {
            operations.append(("migrate", "migrate to \(text(region.after))", false))
        }
        let sizes = change.attributes.filter { $0.path == "size" || $0.path == "num_nodes" }
        if !sizes.isEmpty {
            let parts = sizes.map { "\($0.path) \(text($0.after))" }.joined(separator: ", ")
            operations.append(("resize", "resize to \(parts)", false))
        }
        return operations
    }

    /// One effect for each tag that is wanted and not there.
    private func tagging(_ change: PlannedChange) -> [Step.Operation] {
        guard let tags = change.attributes.first(where: { $0.path == "tags" }) else { return [] }
        let present = Set((tags.before?.listValue ?? []).map(Normal.lowercase))
        return (tags.after?.listValue ?? []).filter { !present.contains(Normal.lowercase($0)) }.compactMap(
            \.stringValue
        )
        .sorted { $0.precedesByBytes($1) }.map { ("tag:\($0)", "tag with \($0)", false) }
    }

    private func names(_ change: PlannedChange) -> String {
        change.attributes.map(\.path).sorted { $0.precedesByBytes($1) }.joined(separator: ", ")
    }

    private func text(_ value: Value?) -> String {
        value?.stringValue ?? value?.intValue.map(String.init) ?? "what its source gives"
    }
}

extension DigitalOceanKinds {
    /// Whether objects of a kind can carry our ownership tag.
    static func carriesMark(_ kind: ResourceKind) -> Bool {
        kind == .droplet || kind == .databaseCluster || kind == .volume
    }
}
