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

    var drafts: [ResourceKey: Draft] = [:]
    var droplets = Names()
    var clusters = Names()
    var zones = Names()
    /// The tags of droplets and clusters that could be read.
    var tags: [ResourceKey: [String]] = [:]
    /// The droplets that each firewall guards by name, and the one that a volume is attached to.
    var firewallDroplets: [ResourceKey: [String]] = [:]
    /// Whether it says anything of domains; where it doesn't, names are kept elsewhere.
    var hasDomains = false
    /// Why nothing of it is known; nil where it can be read or isn't there.
    var fault: Cause?
}
