/// Decides which resources of the inventory may only change, and never go, without an approval.
struct Protection {
    let droplets: Set<String>
    let clusters: Set<String>
    let zones: Set<String>
    let buckets: Set<String>
    /// Those that guard production, or what is protected, by a tag.
    let firewalls: Set<String>

    /// - Parameters:
    ///   - environments: all that are known.
    ///   - named: which entries can't be read: they may be production, so that what they use is protected.
    ///   - inventory: what there is, with its tags.
    init(environments: [Environment], named: EnvironmentsReading, inventory: InventoryReading) {
        let kept = environments.filter(\.isProtected)
        var droplets = Set(kept.compactMap(\.host) + named.broken.compactMap(\.host))
        var clusters = Set(kept.compactMap(\.databaseCluster) + named.broken.compactMap(\.cluster))
        for (key, tags) in inventory.tags where tags.contains(where: Self.saysProduction) {
            if key.kind == .droplet { droplets.insert(key.name) } else { clusters.insert(key.name) }
        }
        // An entry whose host can't be told may use any of them.
        if named.fault != nil || named.broken.contains(where: { $0.host == nil && $0.cluster == nil }) {
            droplets.formUnion(inventory.droplets.declared)
            clusters.formUnion(inventory.clusters.declared)
        }
        self.droplets = droplets
        self.clusters = clusters
        zones = inventory.zones.declared.filter { zone in
            kept.contains { $0.domain.map { HostName.lies($0, in: zone) } == true }
        }
        // Tags are the same whatever their capitals are. Of a droplet that can't be read nobody knows which it carries.
        let carried = Set(
            droplets.flatMap { inventory.tags[ResourceKey(.droplet, $0)] ?? [] }.map { $0.lowercased() })
        let mayCarryAny = droplets.contains { inventory.droplets.broken[$0] != nil }
        firewalls = Set(
            inventory.firewallTags.filter { _, tags in
                tags.contains { tag in
                    // Our mark is on all of them.
                    mayCarryAny || Self.saysProduction(tag) || carried.contains(tag.lowercased())
                        || tag.hasPrefix("odooops:") && !droplets.isEmpty
                }
            }.keys.map(\.name))
        let filestores = kept.compactMap(\.filestore).map { Filestore($0) }
        // Files of which nobody can tell where they are may be in any of them.
        buckets = Set(filestores.compactMap { $0?.bucket })
            .union(filestores.contains { $0 == nil } ? inventory.buckets.declared : [])
    }

    private static func saysProduction(_ tag: String) -> Bool {
        let parts = tag.split(separator: ":", maxSplits: 1)
        return parts.count == 2 && ["env", "environment", "tier"].contains(parts[0])
            && Tier(alias: parts[1]) == .production
    }

    /// Whether a resource of the inventory is protected.
    func covers(_ key: ResourceKey, uses: [String]) -> Bool {
        switch key.kind {
        case .droplet: droplets.contains(key.name)
        case .databaseCluster, .databaseFirewall: clusters.contains(key.name)
        case .database, .databaseUser, .databasePool: clusters.contains(String(key.name.prefix { $0 != "/" }))
        case .domain: zones.contains(key.name)
        case .firewall: firewalls.contains(key.name) || uses.contains { droplets.contains($0) }
        case .volume: uses.contains { droplets.contains($0) }
        case .spacesKey: uses.contains { buckets.contains($0) || $0 == "*" && !buckets.isEmpty }
        case .spacesBucket: buckets.contains(key.name)
        default: false
        }
    }
}
