import Basics
import DesiredState
import Diff
import Formats

/// A world by seed: a repository, an inventory and a provider that disagree in every way that there is.
struct RandomWorld {
    var wanted: [DesiredResource] = []
    var seen: [ObservedResource] = []
    var entries: [InventoryEntry] = []
    var environments: [Environment] = []
    var records: [EnvironmentRecord] = []
    var foreign: Set<String> = []

    static let slugs = ["dev-a", "dev-b", "feat-c", "prod"]
    static let sizes: [Value] = ["s-1vcpu-1gb", "s-2vcpu-2gb", "s-4vcpu-8gb"]

    init(seed: UInt64) {
        let random = RandomSource(seed: seed)
        func chance(_ percent: Int) -> Bool { Int(random.next() % 100) < percent }
        func pick<T>(_ items: [T]) -> T { items[Int(random.next() % UInt64(items.count))] }

        for slug in Self.slugs {
            let tier: Tier = slug == "prod" ? .production : .dev
            if chance(75) {
                environments.append(Worlds.environment(slug, tier, tier == .production ? .production : .ephemeral))
            }
            if chance(75) { records.append(Worlds.record(slug, tier, age: .days(pick([1, 6, 8, 40])))) }
        }
        var parents: [ResourceKey] = []
        for kind in [ResourceKind.tag, .domain, .droplet, .databaseCluster, .firewall] {
            for index in 0..<4 where chance(70) {
                parents.append(Worlds.key(kind, "\(kind.name.split(separator: ".")[1])-\(index)"))
            }
        }
        let domains = parents.filter { $0.kind == .domain }
        let clusters = parents.filter { $0.kind == .databaseCluster }
        let droplets = parents.filter { $0.kind == .droplet }
        var keys = parents
        for domain in domains {
            for index in 0..<3 where chance(60) { keys.append(Worlds.key(.record, "\(domain.name)/A/h\(index)")) }
        }
        for cluster in clusters {
            for kind in [ResourceKind.database, .databaseUser, .databasePool] where chance(60) {
                keys.append(Worlds.key(kind, "\(cluster.name)/x"))
            }
        }
        for (number, key) in keys.enumerated() {
            let isParent = parents.contains(key)
            let slug: String? = isParent && key.kind != .droplet || chance(40) ? nil : pick(Self.slugs)
            var attributes: [(String, Value)] = []
            var references: [(String, ResourceKey, String)] = []
            switch key.kind {
            case .droplet:
                attributes = [
                    ("region", pick(["sgp1", "fra1"])), ("size", pick(Self.sizes)),
                    ("tags", pick([["a"], ["a", "b"]])),
                ]
            case .record:
                attributes = [("ttl", pick([60, 300]))]
                if let droplet = droplets.first, chance(60) {
                    references = [("data", droplet, "ipv4")]
                } else {
                    attributes.append(("data", pick(["1.1.1.1", "2.2.2.2"])))
                }
            case .firewall: attributes = [("sources", pick([["x", "y"], ["x"]]))]
            case .databaseCluster: attributes = [("engine", pick(["pg", "mysql"])), ("size", pick(Self.sizes))]
            case .databasePool: attributes = [("size", pick([5, 9]))]
            default: break
            }
            if chance(75), references.allSatisfy({ reference in wanted.contains { $0.key == reference.1 } }) {
                wanted.append(
                    Worlds.want(
                        key.kind, key.name, attributes, references: references, env: slug,
                        needs: number % 5 == 0 ? wanted.suffix(1).map(\.key) : [], protected: chance(5)))
            }
            if chance(60) {
                var there = attributes.filter { _ in chance(85) }
                if key.kind == .droplet { there.append(("ipv4", .string("10.0.0.\(number)"))) }
                if key.kind == .record { there = there.filter { $0.0 != "data" } + [("data", "9.9.9.9")] }
                let owned = chance(30)
                let inInventory = chance(70)
                let id = String(1_000 + number)
                seen.append(Worlds.seen(key.kind, key.name, there, id: id, owned: owned))
                if inInventory {
                    let known = chance(90) ? id : "other"
                    entries.append(Worlds.ours(key.kind, key.name, attributes, id: known, env: slug))
                    if known != id, !owned { foreign.insert(id) }
                } else if !owned {
                    foreign.insert(id)
                }
            } else if chance(30) {
                entries.append(Worlds.ours(key.kind, key.name, attributes, env: slug))
            }
        }
    }

    func input(
        unknown: [UnknownScope] = [], incomplete: [ResourceKind: Completeness] = [:], unseen: Set<ResourceKind> = [],
        approved: Bool = true
    ) -> PlanInput {
        var policy = Policy()
        policy.maximumDeletes = 1_000
        let keys = approved ? Set(entries.map(\.key) + seen.map(\.key)) : []
        return Worlds.input(
            wanted, seen, entries, environments: environments, records: records, unknown: unknown, policy: policy,
            incomplete: incomplete, unseen: unseen, approvals: keys)
    }

    // MARK: Applying

    /// Does what the allowed changes of a plan say, in their order, as drivers and the store would.
    mutating func apply(_ plan: Plan) {
        for change in plan.changes where change.verdict == .allowed {
            switch change.action {
            case .delete:
                seen.removeAll { $0.key == change.key }
                entries.removeAll { $0.key == change.key }
            case .forget: entries.removeAll { $0.key == change.key }
            case .create, .replace, .update, .adopt:
                let values = change.wanted.map { attribute -> (String, Value) in
                    switch attribute.value {
                    case .literal(let value): return (attribute.name, value)
                    case .reference(let key, let name):
                        return (attribute.name, seen.first { $0.key == key }?.attributes[name] ?? "missing")
                    }
                }
                let old = seen.first { $0.key == change.key }
                let fresh = change.action == .create || change.action == .replace
                let id = fresh ? "new-\(change.key)" : old?.providerID ?? "lost"
                var there = fresh ? [] : (old?.attributes.items.map { ($0.name, $0.value) } ?? [])
                for (name, value) in values {
                    there.removeAll { $0.0 == name }
                    there.append((name, value))
                }
                if change.key.kind == .droplet, fresh {
                    there.removeAll { $0.0 == "ipv4" }
                    there.append(("ipv4", .string("10.1.0.\(seen.count)")))
                }
                seen.removeAll { $0.key == change.key }
                seen.append(Worlds.seen(change.key.kind, change.key.name, there, id: id, owned: true))
                entries.removeAll { $0.key == change.key }
                entries.append(
                    Worlds.ours(change.key.kind, change.key.name, values, id: id, env: change.environment))
            case .noop, .read: break
            }
        }
    }
}
