public import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver: IdentityAsking {
    public func ask(for key: ResourceKey, id: String, _ context: DriverContext) async -> LookOutcome {
        do throws(ProviderFault) {
            let found = try await known(key, id.percentEncoded, context)
            return found.first { $0.key == key }.map(LookOutcome.present) ?? .absent
        } catch {
            return .unknown(error)
        }
    }

    /// What has an id beside its name, and is looked for in lists by that name.
    private func known(
        _ key: ResourceKey, _ id: String, _ context: DriverContext
    ) async throws(ProviderFault) -> [ObservedResource] {
        let shared = Shared()
        switch key.kind {
        case .droplet:
            return try await one("/v2/droplets/\(id)", "droplets.ask", "droplet:read", context) {
                Mapping.droplet($0["droplet"], shared)
            }
        case .record:
            guard let name = RecordName(key.name) else { return [] }
            let names = RequestedNames([.record: [key.name]])
            return try await one(
                "/v2/domains/\(name.domain.percentEncoded)/records/\(id)", "domain_records.ask", "domain:read", context
            ) { Mapping.record($0["domain_record"], domain: name.domain, names) }
        case .firewall:
            return try await one("/v2/firewalls/\(id)", "firewalls.ask", "firewall:read", context) {
                Mapping.firewall($0["firewall"], shared)
            }
        case .databaseCluster:
            return try await one("/v2/databases/\(id)", "databases.ask", "database:read", context) {
                Mapping.cluster($0["database"], shared)
            }
        case .volume:
            return try await one("/v2/volumes/\(id)", "volumes.ask", "block_storage:read", context) {
                Mapping.volume($0["volume"], shared)
            }
        case .vpc:
            return try await one("/v2/vpcs/\(id)", "vpcs.ask", "vpc:read", context) {
                Mapping.vpc($0["vpc"], shared)
            }
        case .spacesKey:
            return try await one("/v2/spaces/keys/\(id)", "keys.ask", "spaces_key:read", context) {
                Mapping.spacesKey($0["key"], shared)
            }
        default: return []
        }
    }
}
