internal import DesiredState
public import Diff
internal import Drivers
internal import Formats

/// The kinds of this provider as data: how they compare, what they cost in requests, what can't be undone.
public enum DigitalOceanKinds {
    /// Put on each droplet and cluster that we create or adopt.
    ///
    /// Firewalls can't carry it: a firewall's tags choose the
    /// droplets that it guards.
    public static let ownershipTag = "odooops:managed"

    /// A tag beside it that names the installation, where that has a name.
    static let installationMark = InstallationMark("tags", prefix: "odooops:by:")

    /// Put on a droplet before it is powered off for a resize, and taken away when it is on again.
    ///
    /// Should the process die in between, nobody would know that the droplet is off because of us. While it carries the
    /// tag its size doesn't count as reached, so that the next pass goes on.
    public static let resizeTag = "odooops:resizing"

    /// Every kind, sorted.
    public static let all: [KindSchema] = [
        alertPolicy, database, databaseBackup, databaseCluster, databaseFirewall, databasePool, databaseUser, domain,
        droplet, firewall, project, record, snapshot, spacesKey, tag, volume, vpc,
    ]

    static let droplet = KindSchema(
        kind: .droplet,
        attributes: [
            AttributeRule("region", requiresReplacement: true),
            AttributeRule("size"),
            AttributeRule("image", requiresReplacement: true, normalise: Normal.text),
            AttributeRule("tags", .contains, normalise: Normal.tags),
            AttributeRule("vpc_uuid", requiresReplacement: true),
            // The API can only ask for the agent when the droplet is created.
            AttributeRule("monitoring", isWriteOnly: true),
            AttributeRule("backups"),
            AttributeRule("ipv6"),
            AttributeRule("ssh_keys", .unordered, isWriteOnly: true),
            AttributeRule("user_data", isSensitive: true, isWriteOnly: true),
        ]
            + .computed([
                "id", "ipv4", "ipv4_private", "status", "vcpus", "memory_mb", "disk_gb", "price_hourly",
                "price_monthly",
            ]),
        isStateful: true, carriesMark: true, installationMark: installationMark, surface: "droplets",
        requests: { action, attributes in
            switch action {
            case .create: 4  // look, create, its action, read
            case .delete: 2  // delete, see it gone
            case .replace: 6
            case .adopt, .update:
                attributes.reduce(action == .adopt ? 3 : 0) { sum, name in  // the mark may have to be made first
                    // Two looks at the sizes, a tag, three actions (start, poll, read), no tag; or one action, or a new tag.
                    sum + (name == "size" ? 15 : 3)
                }
            default: 0
            }
        })

    static let tag = KindSchema(
        kind: .tag, attributes: [], isStateful: false, canonical: CanonicalName.withoutCapitals,
        requests: { action, _ in
            switch action {
            case .create: 2  // look, create
            case .delete: 2  // see that nothing carries it, delete
            default: 0
            }
        })

    static let domain = KindSchema(
        kind: .domain, attributes: [], isStateful: true, canonical: CanonicalName.withoutCapitals,
        requests: { action, _ in
            switch action {
            case .create: 2
            case .delete: 1
            default: 0
            }
        })

    static let record = KindSchema(
        kind: .record,
        attributes: [
            AttributeRule("data", normalise: Normal.recordData), AttributeRule("ttl"), AttributeRule("priority"),
            AttributeRule("port"), AttributeRule("weight"), AttributeRule("flags"),
            AttributeRule("tag", normalise: Normal.lowercase),
        ] + .computed(["id"]),
        isStateful: false, canonical: RecordName.canonical, claims: RecordName.claims,
        requests: { action, attributes in
            switch action {
            case .create: 2
            case .adopt: attributes.isEmpty ? 0 : 1
            case .update, .delete: 1
            case .replace: 3
            default: 0
            }
        })

    static let firewall = KindSchema(
        kind: .firewall,
        attributes: [
            AttributeRule("inbound_rules", .unordered, normalise: Normal.inboundRules),
            AttributeRule("outbound_rules", .unordered, normalise: Normal.outboundRules),
            AttributeRule("droplets", .unordered, names: droplets),
            AttributeRule("tags", .unordered, normalise: Normal.tags),
        ] + .computed(["id", "status"]),
        isStateful: false, isKnownByID: true,
        requests: { action, attributes in
            switch action {
            case .create: 3  // look, create, wait until it is in force
            case .adopt: attributes.isEmpty ? 0 : 3
            case .update: 3  // read, replace, wait
            case .delete: 1
            case .replace: 4
            default: 0
            }
        })

    static let databaseCluster = KindSchema(
        kind: .databaseCluster,
        attributes: [
            AttributeRule("engine", requiresReplacement: true), AttributeRule("version", normalise: Normal.text),
            AttributeRule("region"), AttributeRule("size"), AttributeRule("num_nodes"),
            AttributeRule("tags", .contains, normalise: Normal.tags),
        ] + .computed(["host", "id", "port", "status"]),
        isStateful: true, carriesMark: true, installationMark: installationMark, surface: "managed_databases",
        requests: { action, attributes in
            switch action {
            case .create: 3  // look, create, wait until it is online
            case .delete: 2
            case .replace: 5
            case .adopt, .update:
                (action == .adopt ? 3 : 0) + (attributes.contains { $0 == "size" || $0 == "num_nodes" } ? 2 : 0)
                    + attributes.reduce(0) { sum, name in
                        switch name {
                        case "version", "region": sum + 2
                        case "tags": sum + 3
                        default: sum
                        }
                    }
            default: 0
            }
        })

    static let database = KindSchema(
        kind: .database, attributes: [], isStateful: true, requests: { action, _ in nested(action) })

    static let databaseUser = KindSchema(
        // Its password, and what it may do and owns in the databases, is in no other place.
        kind: .databaseUser, attributes: .computed(["role"]), isStateful: true,
        comesWithParent: { $0.attributes["role"]?.stringValue == "primary" },
        requests: { action, _ in nested(action) })

    static let databasePool = KindSchema(
        kind: .databasePool,
        attributes: [
            AttributeRule("db"), AttributeRule("user"), AttributeRule("mode", normalise: Normal.lowercase),
            AttributeRule("size"),
        ],
        isStateful: false,
        requests: { action, attributes in
            action == .update || action == .adopt && !attributes.isEmpty ? 1 : nested(action)
        })

    static let databaseFirewall = KindSchema(
        kind: .databaseFirewall,
        attributes: [AttributeRule("rules", .unordered, normalise: Normal.trustedSources)],
        isStateful: false,
        hindrance: { action, _ in
            action == .delete
                ? "trusted sources are left to their cluster: without them it would be open to everyone" : nil
        },
        requests: { action, attributes in
            action == .create || action == .update || action == .adopt && !attributes.isEmpty ? 2 : 0
        })

    private static func nested(_ action: ChangeAction) -> Int {
        switch action {
        case .create: 2
        case .delete: 1
        case .replace: 3
        default: 0
        }
    }

}
