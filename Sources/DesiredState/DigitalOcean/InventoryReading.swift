import Basics

/// What `infra/digitalocean/inventory.yaml` says.
struct InventoryReading {
    /// A section whose names other documents refer to.
    struct Names {
        /// All names that could be read, also of entries that are unknown.
        var declared: Set<String> = []
        /// Those of entries that are unknown.
        var broken: [String: Cause] = [:]
        /// Why there may be names that could not be read; nil where there are none.
        var incomplete: Cause?
    }

    /// A rule of a bucket by which objects go.
    struct Expiry {
        /// The beginning of their keys; empty for all.
        let prefix: String
        let days: Int64
        let source: SourceMark
    }

    /// What a pool leads to.
    struct Pool {
        let cluster: String
        let database: Text
        /// Nil: whoever connects.
        let user: Text?
    }

    /// The names of one sort that stand in a cluster, also of those that are unknown; nil where it doesn't list them.
    struct Members {
        var databases: [String]?
        var users: [String]?
    }

    var drafts: [ResourceKey: Draft] = [:]
    var pools: [ResourceKey: Pool] = [:]
    /// By the name of their cluster.
    var members: [String: Members] = [:]
    var droplets = Names()
    var clusters = Names()
    var zones = Names()
    var networks = Names()
    var buckets = Names()
    /// The tags of droplets and clusters that could be read.
    var tags: [ResourceKey: [String]] = [:]
    /// The tags by which firewalls choose the droplets that they guard.
    var firewallTags: [ResourceKey: [String]] = [:]
    /// The rules of each bucket by which objects go.
    var expiries: [ResourceKey: [Expiry]] = [:]
    /// What an entry serves, by which it is protected: droplets of a firewall, that of a volume, buckets of a key.
    var uses: [ResourceKey: [String]] = [:]
    /// Whether it says anything of domains; where it doesn't, names are kept elsewhere.
    var hasDomains = false
    /// Why nothing of it is known; nil where it can be read or isn't there.
    var fault: Cause?
}
