import Basics

/// Holds the database and the user of each pool against those of its cluster: the inventory's and the environments'.
struct PoolReferences {
    private let inventory: InventoryReading
    private let owned: [ResourceKey: Draft]
    private let report: Report

    init(_ inventory: InventoryReading, _ owned: [ResourceKey: Draft], _ report: Report) {
        self.inventory = inventory
        self.owned = owned
        self.report = report
    }

    /// What comes with a cluster at the provider.
    private static let given: [ResourceKind: Set<String>] = [
        .database: ["defaultdb"], .databaseUser: ["doadmin"],
    ]

    /// Makes a pool unknown that leads to a database or a user that no document declares: the provider refuses it.
    ///
    /// A cluster that lists none leaves them to somebody else, and an environment that can't be read may bring any.
    func check(_ named: EnvironmentsReading) {
        guard named.fault == nil, named.broken.isEmpty, named.brokenTemplates.isEmpty else { return }
        for (key, pool) in inventory.pools where !report.isUnknown(.resource(key)) {
            let members = inventory.members[pool.cluster]
            check(pool.database, "database", .database, members?.databases, key, pool.cluster)
            if let user = pool.user { check(user, "user", .databaseUser, members?.users, key, pool.cluster) }
        }
    }

    /// What environments own and a pool leads to: it has to be there first.
    func needs(of key: ResourceKey) -> [ResourceKey] {
        guard let pool = inventory.pools[key] else { return [] }
        let names = [(ResourceKind.database, pool.database)] + (pool.user.map { [(.databaseUser, $0)] } ?? [])
        return names.map { ResourceKey($0.0, "\(pool.cluster)/\($0.1.value)") }.filter { owned[$0] != nil }
    }

    private func check(
        _ name: Text, _ what: String, _ kind: ResourceKind, _ names: [String]?, _ pool: ResourceKey, _ cluster: String
    ) {
        guard let names, !names.contains(name.value), Self.given[kind]?.contains(name.value) != true,
            !report.isUnknown(.kind(kind)), owned[ResourceKey(kind, "\(cluster)/\(name.value)")] == nil
        else { return }
        let prefix = cluster + "/"
        let others = owned.keys.filter { $0.kind == kind && $0.name.hasPrefix(prefix) }
            .map { String($0.name.dropFirst(prefix.count)) }
        report.unknown(
            .resource(pool),
            report.error(
                .unknownReference,
                "the pool \(quoted(String(pool.name.dropFirst(prefix.count)))) leads to the \(what) \(quoted(name.value)), "
                    + "which the cluster \(quoted(cluster)) doesn't have",
                at: name.mark,
                hint: didYouMean(
                    name.value, among: (names + others).sorted { $0.precedesByBytes($1) },
                    else: "Add it to `\(kind == .database ? "dbs" : "users")` of the cluster.")))
    }
}
