internal import DesiredState

/// What of the known kinds comes first, and what their names say of each other.
enum KindOrder {
    /// What is created early and deleted late has a low rank; kinds that are not listed stand in the middle.
    static func rank(_ kind: ResourceKind) -> Int { ranks[kind] ?? 50 }

    /// The resource that holds this one, by the form of its name: `cluster/pool`, `example.com/A/erp`.
    static func parent(of key: ResourceKey) -> ResourceKey? {
        guard let parent = parents[key.kind] else { return nil }
        guard let slash = key.name.utf8.firstIndex(of: UInt8(ascii: "/")) else {
            return key.kind == .databaseFirewall ? ResourceKey(parent, key.name) : nil
        }
        return ResourceKey(parent, String(key.name[..<slash]))
    }

    static func hasParent(_ kind: ResourceKind) -> Bool { parents[kind] != nil }

    /// Whether objects of one kind go before objects of the other where both go together.
    static func goesBefore(_ first: ResourceKind, _ second: ResourceKind) -> Bool {
        users[second]?.contains(first) == true
    }

    private static let ranks: [ResourceKind: Int] = [
        .tag: 0, .vpc: 5, .domain: 10, .spacesBucket: 10, .droplet: 20, .databaseCluster: 20, .spacesKey: 30,
        .containerImage: 30, .containerNetwork: 30, .containerVolume: 30, .serverRole: 40, .serverDatabase: 41,
        .firewall: 60, .databaseUser: 60, .volume: 60, .database: 61, .container: 65, .databasePool: 70,
        .databaseFirewall: 70, .snapshot: 75, .record: 80, .alertPolicy: 80, .project: 90,
    ]

    private static let parents: [ResourceKind: ResourceKind] = [
        .record: .domain, .database: .databaseCluster, .databaseUser: .databaseCluster,
        .databasePool: .databaseCluster, .databaseFirewall: .databaseCluster,
    ]

    private static let users: [ResourceKind: Set<ResourceKind>] = [
        .droplet: [.record, .firewall, .volume, .alertPolicy],
        .tag: [.droplet, .firewall, .volume],
        .vpc: [.droplet, .databaseCluster],
        .database: [.databasePool],
        .databaseUser: [.databasePool],
        .containerImage: [.container],
        .containerNetwork: [.container],
        .containerVolume: [.container],
        .serverRole: [.serverDatabase],
    ]
}
