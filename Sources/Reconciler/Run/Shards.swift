import Basics
import DesiredState
import Diff

/// Into how many parts the environments of a store are cut; each part is one service's at a time.
public struct Shards: Sendable, Hashable {
    public let count: Int

    /// At least one.
    public init(_ count: Int) { self.count = max(1, count) }

    /// The shard of what belongs to an environment; what belongs to none is the first one's.
    ///
    /// The same in every process, whatever else there is: it rests on the name alone.
    public func shard(of environment: String?) -> Int {
        guard count > 1, let environment else { return 0 }
        return Int(Self.weight(environment) % UInt64(count))
    }

    /// The shards of one of the services that are there: each has as many as every other, or one more.
    ///
    /// Every service comes to the same answer, and few shards move when one comes or goes.
    func share(of service: String, among services: [String]) -> [Int] {
        let services = Set(services).union([service]).sorted { $0.precedesByBytes($1) }
        var loads = Dictionary(uniqueKeysWithValues: services.map { ($0, 0) })
        var larger = count % services.count
        var share: [Int] = []
        for shard in 0..<count {
            let ranked = services.map { ($0, Self.weight("\($0)#\(shard)")) }
                .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
            for (candidate, _) in ranked {
                let load = loads[candidate] ?? 0
                guard load < count / services.count || load == count / services.count && larger > 0 else { continue }
                if load == count / services.count { larger -= 1 }
                loads[candidate] = load + 1
                if candidate == service { share.append(shard) }
                break
            }
        }
        return share
    }

    /// FNV-1a, and the last step of MurmurHash3, without which like names have like numbers.
    private static func weight(_ text: String) -> UInt64 {
        var hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}

/// The part of the world that a pass may act on: the shards whose leases it holds.
struct Share: Sendable {
    let shards: Shards
    let held: Set<Int>
    /// To which environment each thing that is ours belongs, by the store: all services agree on it, whatever commit each
    /// of them has read.
    private var owners: [ResourceKey: String?] = [:]

    init(_ shards: Shards, held: Set<Int>) {
        self.shards = shards
        self.held = held
    }

    /// All there is.
    static let everything = Share(Shards(1), held: [0])

    /// Whether nobody else can be at work meanwhile.
    var isWhole: Bool { held.count == shards.count }
    /// Whether this pass keeps the records that are one for all: those belong to the first shard.
    var keepsRecords: Bool { held.contains(0) }

    func with(_ inventory: Inventory) -> Share {
        guard shards.count > 1 else { return self }
        var copy = self
        copy.owners = Dictionary(inventory.entries.map { ($0.key, $0.environment) }, uniquingKeysWith: { $1 })
        return copy
    }

    func owns(environment: String?) -> Bool { shards.count == 1 || held.contains(shards.shard(of: environment)) }

    /// The shard of a resource: that of the environment to which it belongs already, else of the one that wants it.
    func shard(of key: ResourceKey, wantedBy environment: String?) -> Int {
        guard shards.count > 1 else { return 0 }
        return shards.shard(of: owners[key] ?? environment)
    }

    func owns(_ key: ResourceKey, wantedBy environment: String?) -> Bool {
        shards.count == 1 || held.contains(shard(of: key, wantedBy: environment))
    }

    /// Whether a resource is to belong to another shard from now on: then its environment is changed, and no more.
    func moves(_ key: ResourceKey, to environment: String?) -> Bool {
        shards.count > 1 && shard(of: key, wantedBy: environment) != shards.shard(of: environment)
    }

    /// Why a change that is allowed isn't this pass's; nil where it is.
    func refusal(of change: PlannedChange) -> String? {
        guard shards.count > 1 else { return nil }
        let shard = shard(of: change.key, wantedBy: change.environment)
        guard held.contains(shard) else {
            return "shard \(shard) of \(shards.count), which another service looks after"
        }
        guard !moves(change.key, to: change.environment) else {
            return "shard \(shards.shard(of: change.environment)) of \(shards.count) from the next pass on"
        }
        return nil
    }

    /// What the journal asks before a step is begun; nil where nobody else can be at it.
    var guarding: (@Sendable (String?) -> Bool)? {
        guard shards.count > 1 else { return nil }
        return { [shards, held] environment in held.contains(shards.shard(of: environment)) }
    }

    /// For tables in which each row is the owner's.
    var filter: (@Sendable (ResourceKey, String?) -> Bool)? {
        guard shards.count > 1 else { return nil }
        return { key, environment in owns(key, wantedBy: environment) }
    }
}
