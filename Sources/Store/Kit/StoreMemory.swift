import Basics
import Formats

/// What this process has seen of a store, by which it notices that there is another one in its place, or one of before.
///
/// The tokens of leases only grow, and the identity never changes: what comes from a backup has others.
final class StoreMemory: Sendable {
    private struct Seen {
        var identity: String?
        /// The highest of each lease.
        var tokens: [String: Int64] = [:]
        var fault: StoreFault?
    }

    private let seen = Locked(Seen())

    /// Says no for good once the store was found to be another one.
    ///
    /// - Throws: `StoreFault` of kind `fenced`.
    func confirm() throws(StoreFault) {
        if let fault = seen.withLock({ $0.fault }) { throw fault }
    }

    /// Refuses a token that this process has seen given out before; whoever took it gives it back with the transaction.
    ///
    /// - Throws: `StoreFault` of kind `fenced`.
    func weigh(_ lease: Lease, place: String) throws(StoreFault) {
        guard let token = seen.withLock({ $0.tokens[lease.name] }), lease.token <= token else { return }
        throw refuse(.wentBack(lease.name, to: lease.token - 1, from: token, place: place))
    }

    /// Refuses a store that has another identity than the one before.
    ///
    /// - Throws: `StoreFault` of kind `fenced`.
    func weigh(identity: String?, place: String) throws(StoreFault) {
        guard let identity, let before = seen.withLock({ $0.identity }), before != identity else { return }
        throw refuse(.anotherStore(place: place))
    }

    /// Takes down what was committed.
    func note(_ leases: [Lease], identity: String? = nil) {
        seen.withLock { seen in
            if let identity { seen.identity = identity }
            for lease in leases { seen.tokens[lease.name] = max(lease.token, seen.tokens[lease.name] ?? 0) }
        }
    }

    /// Why leases are not held any more: somebody else has taken one, or the store knows nothing of it any more.
    func loss(of leases: [Lease], place: String, in db: any SQLConnection) throws(StoreFault) -> StoreFault {
        for lease in leases {
            let row = try db.run("select name, token from ops.leases where name = $1", [.text(lease.name)]).first
            let token = try row?.int(1) ?? 0
            if token < lease.token { return refuse(.wentBack(lease.name, to: token, from: lease.token, place: place)) }
            let isHeld = try !db.run(
                "select name from ops.leases where name = $1 and holder = $2 and token = $3",
                [.text(lease.name), .text(lease.holder), .int(lease.token)]
            ).isEmpty
            if !isHeld { return .leaseLost(lease) }
        }
        return .leaseLost(leases[0])
    }

    private func refuse(_ fault: StoreFault) -> StoreFault {
        seen.withLock { $0.fault = fault }
        return fault
    }
}

extension Store {
    private static let identityKey = "store.identity"

    /// Makes sure that nothing was found yet by which the store is another one than at the beginning; asks for nothing.
    ///
    /// - Throws: `StoreFault` of kind `fenced`.
    public func confirmSame() throws(StoreFault) { try memory.confirm() }

    /// What tells this store from every other, and is the same in its copies; drawn where it has none.
    static func identity(
        or drawn: String, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> String {
        if let kept = try state(identityKey, in: db)?.stringValue { return kept }
        // Of two services that begin on an empty store at once, the first draws it for both.
        try db.run(
            """
            insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3) on conflict (key) do nothing
            """, [.text(identityKey), .json(.string(drawn)), .time(now)])
        return try state(identityKey, in: db)?.stringValue ?? drawn
    }
}
