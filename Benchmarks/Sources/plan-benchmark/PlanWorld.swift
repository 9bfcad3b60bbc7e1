import Basics
import DesiredState
import Diff
import Formats

/// A repository and a provider with as many resources as one likes, of which one in a hundred differs.
struct PlanWorld {
    let desired: [DesiredResource]
    let observed: [ResourceKind: [ObservedResource]]
    let entries: [InventoryEntry]

    /// - Parameters:
    ///   - count: half droplets, half records; zero-padded names, so that they are sorted.
    ///   - refers: whether each record takes its address from a droplet.
    ///   - isEmpty: whether nothing is there yet.
    init(count: Int, refers: Bool = false, isEmpty: Bool = false) {
        func padded(_ index: Int) -> String {
            let digits = String(index)
            return String(repeating: "0", count: 7 - digits.utf8.count) + digits
        }
        var desired: [DesiredResource] = []
        var observed: [ResourceKind: [ObservedResource]] = [:]
        var entries: [InventoryEntry] = []
        for index in 0..<count {
            let kind: ResourceKind = index < count / 2 ? .droplet : .record
            let number = padded(index)
            let key = ResourceKey(kind, kind == .droplet ? "web-\(number)" : "example.com/A/host-\(number)")
            let wanted: [(String, Value)] =
                kind == .droplet
                ? [
                    ("image", "ubuntu-24-04-x64"), ("monitoring", true), ("region", "sgp1"), ("size", "s-1vcpu-2gb"),
                    ("tags", ["project:erp", "owner:odoo"]),
                ] : [("data", "203.0.113.7"), ("ttl", 1_800), ("type", "A")]
            var there = wanted
            // One in a hundred differs: half of them changed, a quarter is missing, a quarter is new to us.
            let difference = index % 100 == 99 ? index / 100 % 4 : -1
            if difference == 0 || difference == 1 {
                there[kind == .droplet ? 3 : 0].1 = kind == .droplet ? "s-2vcpu-4gb" : "198.51.100.1"
            }
            if kind == .droplet {
                there += [("ipv4", .string("10.0.\(index / 250 % 250).\(index % 250)")), ("status", "active")]
            }
            if refers, kind == .record, difference < 0 {
                there[0].1 = .string("10.0.\((index - count / 2) / 250 % 250).\((index - count / 2) % 250)")
            }
            let mark = SourceMark(file: "ssot/infra/digitalocean/inventory.yaml", line: index + 1, column: 5)
            desired.append(
                DesiredResource(
                    key: key, environment: index % 10 == 0 ? "production" : nil,
                    attributes: wanted.map { name, value in
                        guard refers, name == "data" else { return WantedAttribute(name, .literal(value), at: mark) }
                        let target = ResourceKey(.droplet, "web-" + padded(index - count / 2))
                        return WantedAttribute(name, .reference(target, attribute: "ipv4"), at: mark)
                    }, source: mark))
            if isEmpty { continue }
            if difference != 2 {
                observed[kind, default: []].append(
                    ObservedResource(
                        key: ResourceKey(kind, String(decoding: Array(key.name.utf8), as: UTF8.self)),
                        providerID: String(1_000_000 + index),
                        attributes: Attributes(there.map { Attributes.Item($0.0, $0.1) }), isOwned: true))
            }
            if difference != 3 {
                entries.append(
                    InventoryEntry(
                        key: key, providerID: String(1_000_000 + index), environment: nil,
                        lastApplied: Attributes(wanted.map { Attributes.Item($0.0, $0.1) }), revision: "0",
                        isProtected: false, createdAt: Timestamp(seconds: 0)))
            }
        }
        self.desired = desired
        self.observed = observed
        self.entries = entries
    }

    var input: PlanInput {
        let state = DesiredState(
            revision: String(repeating: "0", count: 40), roots: ["ssot"], environments: [], resources: desired,
            unknown: [], policy: Policy(), documents: [], diagnostics: [])
        let kinds = observed.map { ObservedKind(kind: $0, completeness: .complete, resources: $1) }
        return PlanInput(
            desired: state, inventory: Inventory(entries: entries), observed: ObservedState(kinds),
            schemas: Self.schemas, drivers: ["digitalocean": "1"], now: Timestamp(seconds: 1_772_800_000))
    }

    static let schemas: [ResourceKind: KindSchema] = {
        let cost: @Sendable (ChangeAction, [String]) -> Int = { _, _ in 1 }
        let droplet = KindSchema(
            kind: .droplet,
            attributes: [
                AttributeRule("region", requiresReplacement: true), AttributeRule("size"),
                AttributeRule("image", requiresReplacement: true), AttributeRule("tags", .contains),
                AttributeRule("monitoring"), AttributeRule("ipv4", isComputed: true),
                AttributeRule("status", isComputed: true),
            ], isStateful: true, surface: "droplets", requests: cost)
        let record = KindSchema(
            kind: .record, attributes: [AttributeRule("data"), AttributeRule("ttl"), AttributeRule("type")],
            isStateful: false, requests: cost)
        return [.droplet: droplet, .record: record]
    }()
}
