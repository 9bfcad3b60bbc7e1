import DesiredState
import Diff
import Formats
import Store

/// Whether the droplet and the cluster of an environment run, as the provider shows them; Odoo itself isn't asked.
struct EnvironmentHealth {
    let observed: ObservedState

    func of(_ environment: Environment) -> (health: EnvironmentStanding.Health, reason: String) {
        of([environment.host.map(droplet), environment.databaseCluster.map(cluster)].compactMap { $0 })
    }

    /// Of one that no document names any more: by the host of its row, and the clusters of the databases that it owns.
    ///
    /// - Parameters:
    ///   - row: as it was remembered while it was wanted.
    ///   - owned: what is ours, with the environment that owns it.
    /// - Returns: how they run, and why that is said.
    func of(
        _ row: EnvironmentRow, owning owned: [ResourceKey: String?]
    ) -> (health: EnvironmentStanding.Health, reason: String) {
        var parts = [row.host.map(droplet)].compactMap { $0 }
        let databases = owned.lazy.filter { $0.value == row.slug }.map(\.key)
        let clusters = Set(databases.filter { $0.kind == .database }.compactMap(Self.cluster(of:)))
        parts += clusters.sorted { $0.precedesByBytes($1) }.map(cluster)
        // The row holds no cluster: without a database of its own nobody knows which one it stands on.
        if clusters.isEmpty, let name = row.database, !databases.contains(where: { $0.kind == .serverDatabase }) {
            parts.append((.unknown, "where its database \(name) lies is not known"))
        }
        return of(parts)
    }

    private static func cluster(of database: ResourceKey) -> String? {
        database.name.split(separator: "/").first.map(String.init)
    }

    private func droplet(_ name: String) -> (health: EnvironmentStanding.Health, reason: String) {
        part(ResourceKey(.droplet, name), "droplet", running: "active")
    }

    private func cluster(_ name: String) -> (health: EnvironmentStanding.Health, reason: String) {
        part(ResourceKey(.databaseCluster, name), "cluster", running: "online")
    }

    private func of(
        _ parts: [(health: EnvironmentStanding.Health, reason: String)]
    ) -> (health: EnvironmentStanding.Health, reason: String) {
        guard !parts.isEmpty else { return (.unknown, "no machine is named for it") }
        let health: EnvironmentStanding.Health =
            parts.contains { $0.health == .degraded }
            ? .degraded : parts.allSatisfy { $0.health == .healthy } ? .healthy : .unknown
        return (health, parts.map(\.reason).joined(separator: ", "))
    }

    private func part(
        _ key: ResourceKey, _ word: String, running: String
    ) -> (health: EnvironmentStanding.Health, reason: String) {
        let name = "\(word) \(key.name)"
        guard let seen = observed.resource(key) else {
            let isSeen = observed.kinds[key.kind]?.completeness(of: key.name).isComplete == true
            return isSeen ? (.degraded, "\(name) isn't there") : (.unknown, "\(name) was not seen")
        }
        guard let status = seen.attributes["status"]?.stringValue else { return (.unknown, "\(name) shows no status") }
        return (status == running ? .healthy : .degraded, "\(name) is \(status)")
    }
}
