import Basics
import Formats

/// Everything that the account holds: a value, so that a state of before can be kept and shown again.
struct World: Sendable {
    struct Domain: Sendable {
        var name: String
        /// In order of creation.
        var records: [Value.Object]
    }

    struct Cluster: Sendable {
        /// What the list shows but for the parts that are kept beside it.
        var object: Value.Object
        var users: [Value.Object]
        var databases: [String]
        var pools: [Value.Object]
        var rules: [Value.Object]
        var settings = Value.Object()

        var id: String { object["id"]?.stringValue ?? "" }
        var name: String { object["name"]?.stringValue ?? "" }
        var status: String { object["status"]?.stringValue ?? "" }
        var tags: [String] { object["tags"]?.strings ?? [] }
    }

    /// Something that isn't done yet.
    struct Pending: Sendable {
        enum Work: Sendable, Hashable {
            case action(Int, droplet: Int)
            case removal(droplet: Int)
            case cluster(String)
            case firewall(String)
            case volume(Int, volume: String)
        }

        var work: Work
        var due: Timestamp
        /// Reads that still find it in progress.
        var looks: Int
        /// It ends as errored.
        var fails: Bool
    }

    var seed: UInt64
    /// How many random numbers were drawn.
    var serial: UInt64 = 0
    var nextDropletID = 412_000_001
    var nextActionID = 1_982_000_001
    var nextRecordID = 1_770_000_001
    var nextKeyID = 289_001
    /// Whose account it is a copy of, `team 5df3…` or `account b6fc…`; nil where it is of nobody but the simulator.
    var account: String?

    /// Ascending by number.
    var droplets: [Droplet] = []
    /// Ascending by number.
    var actions: [Value.Object] = []
    /// What a pending action will do, by its number.
    var effects: [Int: Value.Object] = [:]
    var tags: [String] = []
    var domains: [Domain] = []
    var firewalls: [Value.Object] = []
    var clusters: [Cluster] = []
    var networks: [Value.Object] = []
    var alerts: [Value.Object] = []
    var keys: [Value.Object] = []
    var projects: [Value.Object] = []
    /// The project of what was moved to one, by its uniform resource name.
    var assignments: [String: String] = [:]
    /// With the slug of their region.
    var volumes: [Value.Object] = []
    var snapshots: [Value.Object] = []
    /// Without their secrets, which are shown once.
    var spacesKeys: [Value.Object] = []
    /// The secrets of keys that are still there, by the key's id: what Spaces holds signatures against.
    var spacesSecrets: [String: String] = [:]
    /// The secrets of all keys that were ever made.
    var issued: [String] = []
    var pending: [Pending] = []

    init(seed: UInt64) { self.seed = seed }

    // MARK: Identity, all of it from the seed

    mutating func draw() -> UInt64 {
        serial &+= 1
        return FaultPlan.mix(seed ^ FaultPlan.mix(serial))
    }

    /// A version 4 UUID.
    mutating func uuid() -> String {
        let high = draw() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = draw() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = Array(Hex.encode(high) + Hex.encode(low))
        return [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20..<32]]
            .map { String($0) }.joined(separator: "-")
    }

    /// As the provider makes them: `AVNS_` and nineteen letters, digits, `-` or `_`.
    mutating func password() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = "AVNS_"
        for _ in 0..<19 { text.append(alphabet[Int(draw() % UInt64(alphabet.count))]) }
        return text
    }

    // MARK: Finding

    /// Where a droplet stands; the list is sorted by number.
    func dropletIndex(_ id: Int) -> Int? {
        var low = 0
        var high = droplets.count
        while low < high {
            let middle = (low + high) / 2
            if droplets[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < droplets.count && droplets[low].id == id ? low : nil
    }

    func actionIndex(_ id: Int) -> Int? { actions.lastIndex { $0["id"]?.intValue == Int64(id) } }

    func domainIndex(_ name: String) -> Int? { domains.firstIndex { $0.name == name } }

    func clusterIndex(_ id: String) -> Int? { clusters.firstIndex { $0.id == id } }

    func firewallIndex(_ id: String) -> Int? { firewalls.firstIndex { $0["id"]?.stringValue == id } }

    /// Creates the tags that aren't there yet and gives the canonical spelling of each, without repetition.
    mutating func adopt(tags names: [String]) -> [String] {
        var canonical: [String] = []
        for name in names {
            let found = tags.first { $0 == name } ?? tags.first { $0.lowercased() == name.lowercased() }
            if found == nil { tags.append(name) }
            let tag = found ?? name
            if !canonical.contains(tag) { canonical.append(tag) }
        }
        return canonical
    }
}

extension Value {
    /// The texts of a list; nil where this is no list, and what is no text in it is left out.
    var strings: [String]? { listValue.map { $0.compactMap(\.stringValue) } }

    var integers: [Int]? { listValue.map { $0.compactMap { $0.intValue.flatMap { Int(exactly: $0) } } } }
}
