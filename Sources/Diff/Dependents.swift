internal import DesiredState

/// Which environments stand on a resource.
struct Dependents: Sendable {
    /// Environments by the resource that they need, directly or through others.
    private var environments: [ResourceKey: Set<String>] = [:]

    /// - Parameters:
    ///   - desired: what is wanted.
    ///   - footing: what environments stand on besides, by slug.
    init(_ desired: DesiredState, and footing: [String: [ResourceKey]] = [:]) {
        var needs: [ResourceKey: [ResourceKey]] = [:]
        var queue: [(ResourceKey, String)] = []
        for resource in desired.resources {
            var keys = resource.dependsOn
            for attribute in resource.attributes {
                if case .reference(let key, _) = attribute.value { keys.append(key) }
            }
            if let parent = KindOrder.parent(of: resource.key) { keys.append(parent) }
            needs[resource.key] = keys
            if let slug = resource.environment { queue.append((resource.key, slug)) }
        }
        for environment in desired.environments {
            queue += environment.resources.map { ($0, environment.slug) }
            if let host = environment.host { queue.append((ResourceKey(.droplet, host), environment.slug)) }
            if let cluster = environment.databaseCluster {
                queue.append((ResourceKey(.databaseCluster, cluster), environment.slug))
            }
        }
        for (slug, keys) in footing { queue += keys.map { ($0, slug) } }
        while let (key, slug) = queue.popLast() {
            guard environments[key, default: []].insert(slug).inserted else { continue }
            queue += (needs[key] ?? []).map { ($0, slug) }
        }
    }

    /// All that an environment needs or owns, as far as the desired state and its footing say.
    func needs(of slug: String) -> [ResourceKey] {
        environments.filter { $0.value.contains(slug) }.map(\.key)
    }

    /// Sorted; with the owner, which the desired state may not name any more.
    func environments(of key: ResourceKey, _ owner: String?) -> [String] {
        var slugs = environments[key] ?? []
        if let owner { slugs.insert(owner) }
        return slugs.sorted { compareBytes($0, $1) < 0 }
    }
}
