import Basics
import DesiredState
import Formats

/// What a process takes of the work on a store: leases of shards.
public struct ShardClaim: Sendable {
    /// The leases that it holds now, sorted by name.
    public var leases: [Lease] = []
    /// The first lease of its share that somebody else holds; nil where it has got them all.
    public var refused: Lease?
    /// The number of shards by which others work at this moment; then nothing was taken.
    public var conflict: Int?
    /// Who is gone and had left a lease of it behind.
    public var left: [String] = []
    /// What tells the store from every other.
    var identity: String?
}

/// Who works on a store by shards, at an instant.
public struct ShardStanding: Sendable, Hashable {
    /// The number of shards on which all have agreed.
    public let count: Int
    /// Rows of leases that nobody gave back, also those that have run out; sorted by name.
    public let leases: [StoreStanding.Row]
    /// The services that gave a sign of life in time, also those that stand aside; sorted.
    public let services: [ServiceSign]
}

extension Store {
    /// The lease of a shard; that of the first one is the only one where there are no others.
    public static func lease(ofShard shard: Int) -> String { shard == 0 ? "reconcile" : "reconcile/\(shard)" }

    /// The shard of a lease; nil for any other lease.
    public static func shard(ofLease name: String) -> Int? {
        if name == "reconcile" { return 0 }
        guard name.hasPrefix("reconcile/") else { return nil }
        return Int(name.dropFirst("reconcile/".count))
    }

    static let isShardLease = "(leases.name = 'reconcile' or leases.name like 'reconcile/%')"
    private static let shardCountKey = "shards"

    /// Takes what is free of a process's share, in one transaction.
    ///
    /// All processes of a store have to agree on the number of shards: it stands in the store, and changes only while
    /// nobody holds a lease and no service works by another number. Then every older token is void.
    ///
    /// - Parameters:
    ///   - count: how many shards there are.
    ///   - holder: names this process and its run.
    ///   - service: names this process among the services that share the work; nil for one that comes and goes.
    ///   - isAside: whether it leaves its share to the other services, and only tries.
    ///   - lasting: how long leases, and the service's sign of life, last without being renewed.
    ///   - isOver: whether a holder or a service is known to be gone.
    ///   - choose: the share of this process, by the services that are there.
    /// - Returns: what it holds now, and what not.
    /// - Throws: `StoreFault`, of kind `fenced` where the store is another one, or one of before.
    public func claimShards(
        of count: Int, holder: String, service: String?, isAside: Bool = false, lasting: Duration,
        isOver: @escaping @Sendable (String) -> Bool, choose: @escaping @Sendable ([String]) -> [Int]
    ) async throws(StoreFault) -> ShardClaim {
        try memory.confirm()
        let (now, memory, place) = (time.now, memory, engine.place)
        let lock = engine.dialect.rowLock
        let drawn = identifiers.next(at: now)
        let claim = try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> ShardClaim in
            try confirmClock(lasting: lasting, in: db)
            var claim = ShardClaim()
            claim.identity = try Self.identity(or: drawn, now, in: db)
            try memory.weigh(identity: claim.identity, place: place)
            let agreed = try Self.agree(on: count, now, lock, isOver, except: service, in: db)
            guard agreed == count else {
                claim.conflict = agreed
                return claim
            }
            if let service { try Self.sign(service, count, now + lasting, now, isAside, in: db) }
            let services = try Self.services(now, in: db).map(\.sign)
            let share = choose(services.filter { !$0.isAside && !isOver($0.holder) }.map(\.holder))
            let held = try Self.shardLeases(in: db)
            // In one order everywhere, so that no two wait for each other.
            let names = share.map(Self.lease(ofShard:)).sorted { $0.precedesByBytes($1) }
            for (position, name) in names.enumerated() {
                let current = held.first { $0.name == name }
                if let current, current.holder != holder, isOver(current.holder) {
                    claim.left.append(current.holder)
                    try Self.free(name, of: current.holder, now, in: db)
                }
                if let lease = try Self.acquire(name, holder, lasting, now, in: db) {
                    try memory.weigh(lease, place: place)
                    if claim.leases.isEmpty { try db.leaveMark() }
                    claim.leases.append(lease)
                } else if claim.refused == nil, let current {
                    claim.refused = Lease(
                        name: name, holder: current.holder, token: 0, expiresAt: current.expiresAt,
                        lasting: current.expiresAt - now)
                    // Of two who want all, one would keep what the other waits for: nothing is kept beyond that.
                    guard service == nil, !services.contains(where: { current.holder.hasPrefix("\($0.holder)/") })
                    else { continue }
                    for later in names[position...] { try Self.free(later, of: holder, now, in: db) }
                    return claim
                }
            }
            return claim
        }
        memory.note(claim.leases, identity: claim.identity)
        return claim
    }

    /// Says that a service is alive, so that others leave it its share; not where they work by another number of shards.
    ///
    /// - Throws: `StoreFault`.
    public func keepService(
        _ service: String, shards count: Int, lasting: Duration, isAside: Bool = false
    ) async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try confirmClock(lasting: lasting, in: db)
            let agreed = try Self.state(Self.shardCountKey, in: db)
            guard agreed?.intValue == Int64(count) else { return }
            try Self.sign(service, count, now + lasting, now, isAside, in: db)
        }
    }

    /// Who works on which shard, and which services are there.
    ///
    /// - Throws: `StoreFault`.
    public func shardStanding() async throws(StoreFault) -> ShardStanding {
        let now = time.now
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> ShardStanding in
            try Self.shardStanding(at: now, in: db)
        }
    }

    static func shardStanding(at now: Timestamp, in db: any SQLConnection) throws(StoreFault) -> ShardStanding {
        let agreed = try Self.state(Self.shardCountKey, in: db)
        return ShardStanding(
            count: max(1, Int(clamping: agreed?.intValue ?? 1)), leases: try Self.shardLeases(in: db),
            services: try Self.services(now, in: db).map(\.sign))
    }

    /// The number of shards that holds, which is the wanted one where that could be agreed on.
    private static func agree(
        on count: Int, _ now: Timestamp, _ lock: String, _ isOver: (String) -> Bool, except service: String?,
        in db: any SQLConnection
    ) throws(StoreFault) -> Int {
        let agreed = try agreedCount(now, lock, in: db)
        let others = try services(now, in: db).filter { $0.sign.holder != service && !isOver($0.sign.holder) }
        if let other = others.first(where: { $0.shards != count }) { return other.shards }
        guard agreed != count else { return count }
        let isHeld = try shardLeases(in: db).contains { lease in
            lease.expiresAt > now && lease.expiresAt <= now + longestLease && !isOver(lease.holder)
        }
        if isHeld { return agreed }
        try setState(shardCountKey, .int(Int64(count)), at: now, in: db)
        // Who still believes to hold one by the number of before must never prove it.
        try db.run(
            """
            update ops.leases set holder = '', expires_at = $1, updated_at = $1, token = token + 1
            where \(isShardLease)
            """, [.time(now)])
        return count
    }

    /// The number that was agreed on, in a row that is there and locked from here on.
    private static func agreedCount(
        _ now: Timestamp, _ lock: String, in db: any SQLConnection
    ) throws(StoreFault) -> Int {
        if let stored = try state(shardCountKey, lock: lock, in: db) { return number(stored) }
        try db.run(
            """
            insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
            on conflict (key) do nothing
            """, [.text(shardCountKey), .json(1), .time(now)])
        return number(try state(shardCountKey, lock: lock, in: db))
    }

    private static func number(_ stored: Value?) -> Int { stored?.intValue.flatMap { Int(exactly: $0) } ?? 1 }

    /// The row stays, so that its token only grows.
    private static func free(
        _ name: String, of holder: String, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        try db.run(
            "update ops.leases set holder = '', expires_at = $3, updated_at = $3 where name = $1 and holder = $2",
            [.text(name), .text(holder), .time(now)])
    }

    private static func sign(
        _ service: String, _ count: Int, _ end: Timestamp, _ now: Timestamp, _ isAside: Bool, in db: any SQLConnection
    ) throws(StoreFault) {
        try db.run("delete from ops.reconcile_services where expires_at <= $1", [.time(now)])
        try db.run(
            """
            insert into ops.reconcile_services (holder, shards, expires_at, updated_at, is_aside)
            values ($1, $2, $3, $4, $5)
            on conflict (holder) do update
            set shards = excluded.shards, expires_at = excluded.expires_at, updated_at = excluded.updated_at,
              is_aside = excluded.is_aside
            """, [.text(service), .int(Int64(count)), .time(end), .time(now), .bool(isAside)])
    }

    private static func services(
        _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> [(sign: ServiceSign, shards: Int)] {
        var services: [(sign: ServiceSign, shards: Int)] = []
        // A sign from a clock that was far ahead counts as over, like a lease.
        for row in try db.run(
            """
            select holder, shards, next_pass_at, failures, is_aside, updated_at from ops.reconcile_services
            where expires_at > $1 and expires_at <= $2
            """, [.time(now), .time(now + longestLease)])
        {
            let sign = ServiceSign(
                holder: try row.text(0), nextPassAt: try row.optionalTime(2), failures: Int(clamping: try row.int(3)),
                at: try row.time(5), isAside: try row.bool(4))
            services.append((sign, Int(clamping: try row.int(1))))
        }
        return services.sorted { $0.sign.holder.precedesByBytes($1.sign.holder) }
    }

    private static func shardLeases(in db: any SQLConnection) throws(StoreFault) -> [StoreStanding.Row] {
        var leases: [StoreStanding.Row] = []
        for row in try db.run(
            "select name, holder, expires_at from ops.leases where \(isShardLease) and holder <> ''")
        {
            leases.append(
                StoreStanding.Row(name: try row.text(0), holder: try row.text(1), expiresAt: try row.time(2)))
        }
        return leases.sorted { $0.name.precedesByBytes($1.name) }
    }
}
