import DesiredState
import Diff
import Formats
import Store

/// Whether the droplet and the cluster of an environment run, as the provider shows them; Odoo itself isn't asked.
struct EnvironmentHealth {
    let observed: ObservedState

    func of(_ environment: Environment) -> (health: EnvironmentStanding.Health, reason: String) {
        let parts = [
            environment.host.map { part(ResourceKey(.droplet, $0), "droplet", running: "active") },
            environment.databaseCluster.map { part(ResourceKey(.databaseCluster, $0), "cluster", running: "online") },
        ].compactMap { $0 }
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
