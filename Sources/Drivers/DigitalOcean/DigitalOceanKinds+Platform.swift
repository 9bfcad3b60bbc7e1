internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats

/// What stands beside droplets, names and clusters: networks, volumes, snapshots, projects, alerts, keys.
extension DigitalOceanKinds {
    /// The droplets that a value names: one, or a list of them.
    static let droplets: @Sendable (Value) -> [ResourceKey] = { value in
        (value.listValue ?? [value]).compactMap(\.stringValue).map { ResourceKey(.droplet, $0) }
    }

    static let vpc = KindSchema(
        kind: .vpc,
        attributes: [
            AttributeRule("region", requiresReplacement: true),
            AttributeRule("ip_range", requiresReplacement: true), AttributeRule("description"),
        ] + .computed(["id", "default"]),
        isStateful: false, isKnownByID: true, isKeptByUsers: true,
        requests: { action, attributes in simple(action, attributes) })

    static let volume = KindSchema(
        kind: .volume,
        attributes: [
            AttributeRule("region", requiresReplacement: true), AttributeRule("size_gb"),
            AttributeRule("droplet", names: DigitalOceanKinds.droplets),
            AttributeRule("tags", .contains, normalise: Normal.tags),
            // The API can only give them when the volume is created.
            AttributeRule("description", isWriteOnly: true), AttributeRule("filesystem_type", isWriteOnly: true),
        ] + .computed(["id", "is_attached"]),
        isStateful: true, carriesMark: true, installationMark: installationMark, surface: "volumes",
        requests: { action, attributes in
            switch action {
            case .create: attributes.contains("droplet") ? 5 : 2  // look, create; attach, its action, read
            case .delete: 4  // detach, its action, delete
            case .replace: 9
            case .adopt, .update: attributes.reduce(action == .adopt ? 3 : 0) { sum, _ in sum + 6 }
            default: 0
            }
        })

    static let snapshot = KindSchema(
        kind: .snapshot,
        attributes: [
            AttributeRule("droplet", isWriteOnly: true), AttributeRule("volume", isWriteOnly: true),
            AttributeRule("tags", .unordered, isWriteOnly: true),
        ] + .computed(["created_at", "id", "resource_id", "resource_type", "seen_tags", "size_gb"]),
        isStateful: true,
        requests: { action, attributes in
            switch action {
            case .create: attributes.contains("droplet") ? 4 : 2  // look, create; its action, read
            case .delete: 1
            case .replace: 5
            default: 0
            }
        })

    static let project = KindSchema(
        kind: .project,
        attributes: [
            AttributeRule("description"), AttributeRule("purpose"),
            AttributeRule("environment", normalise: Normal.projectEnvironment),
            AttributeRule("resources", .contains),
        ] + .computed(["default", "id"]),
        isStateful: false, isKnownByID: true,
        requests: { action, attributes in
            switch action {
            case .create: attributes.contains("resources") ? 3 : 2  // look, create; assign
            case .delete: 3  // see what is in it, move it to the default project, delete
            case .replace: 6
            case .adopt: attributes.isEmpty ? 0 : 2
            case .update: 2
            default: 0
            }
        })

    static let alertPolicy = KindSchema(
        kind: .alertPolicy,
        attributes: [
            AttributeRule("type"), AttributeRule("compare"), AttributeRule("window"), AttributeRule("enabled"),
            AttributeRule("droplet_id"), AttributeRule("emails", .unordered),
            AttributeRule("value", normalise: Normal.decimal),
            AttributeRule("threshold_per_vcpu", normalise: Normal.decimal),
        ] + .computed(["id", "slack_channels"]),
        isStateful: false, carriesMark: true,
        requests: { action, attributes in simple(action, attributes, change: 2) })

    static let spacesKey = KindSchema(
        kind: .spacesKey,
        attributes: [AttributeRule("grants", .unordered, normalise: Normal.lowercaseAll)] + .computed(["created_at"]),
        isStateful: false, isKnownByID: true,
        requests: { action, attributes in simple(action, attributes) })

    /// Seen only: what there is, and when the latest was made.
    static let databaseBackup = KindSchema(
        kind: .databaseBackup, attributes: .computed(["count", "interval_hours", "latest", "size_gb"]),
        isStateful: true, canAdopt: false, requests: { _, _ in 0 })

    /// Look and create; change; delete.
    private static func simple(_ action: ChangeAction, _ attributes: [String], change: Int = 1) -> Int {
        switch action {
        case .create: 2
        case .delete: 1
        case .replace: 3
        case .adopt: attributes.isEmpty ? 0 : change
        case .update: change
        default: 0
        }
    }
}
