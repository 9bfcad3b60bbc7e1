public import Basics
public import DesiredState
public import Diff
import Formats

extension Outlook {
    /// The environments that are backed up, as often as nobody has said yes to less, sorted by slug.
    public var backedUp: [Environment] { clock.environments.filter { $0.backupSchedule != nil } }

    /// The snapshots and backups that providers showed, sorted by key; nil where none could be asked for any.
    public var backups: [ObservedResource]? {
        let kinds = observed.kinds.values.filter { kind in
            guard kind.kind.name.contains("snapshot") || kind.kind.name.contains("backup") else { return false }
            if case .unknown = kind.completeness { return false }
            return true
        }
        return kinds.isEmpty ? nil : kinds.flatMap(\.resources).sorted { $0.key < $1.key }
    }

    /// Those of one environment: of the cluster that its database lies in, and of its droplet; nil as for all.
    public func backups(of environment: Environment) -> [ObservedResource]? {
        let droplet = environment.host.flatMap { observed.resource(ResourceKey(.droplet, $0))?.providerID }
        return backups?.filter { backup in
            if backup.key.kind == .databaseBackup { return backup.key.name == environment.databaseCluster }
            let isOfDroplet = backup.attributes["resource_type"]?.stringValue == "droplet"
            return isOfDroplet && droplet != nil && backup.attributes["resource_id"]?.stringValue == droplet
        }
    }
}

extension ObservedResource {
    /// When a snapshot was made, or the latest of a cluster's backups; nil where the provider doesn't say.
    public var backedUpAt: Timestamp? {
        createdAt ?? (attributes["latest"] ?? attributes["created_at"])?.instantValue
    }

    /// For how many backups it stands: those of a cluster, or one snapshot.
    public var backupCount: Int64 { attributes["count"]?.intValue ?? 1 }
}
