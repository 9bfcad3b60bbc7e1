public import Basics
import Formats

/// What a service says of itself between two passes, for those who ask from another process.
public struct ServiceSign: Sendable, Hashable {
    /// Who it is: `host:boot/pid`.
    public let holder: String
    /// When it makes its next pass; nil while one is under way.
    public let nextPassAt: Timestamp?
    /// Failed passes in a row.
    public let failures: Int
    public let at: Timestamp
    /// Whether it leaves its share to the others, for its passes fail and theirs don't.
    public let isAside: Bool

    public init(holder: String, nextPassAt: Timestamp?, failures: Int, at: Timestamp, isAside: Bool = false) {
        self.holder = holder
        self.nextPassAt = nextPassAt
        self.failures = failures
        self.at = at
        self.isAside = isAside
    }
}

extension Store {
    private static let serviceKey = "service"

    /// Writes down when a service makes its next pass.
    ///
    /// Of a service that shares the work it stands beside those of the others; besides, the latest word stands, whichever
    /// service it is of.
    ///
    /// - Throws: `StoreFault`.
    public func note(_ sign: ServiceSign) async throws(StoreFault) {
        var value = Value.Object()
        value["holder"] = .string(sign.holder)
        if let next = sign.nextPassAt { value["next_pass_at"] = .string(next.description) }
        value["failures"] = .int(Int64(sign.failures))
        try await engine.transaction { [value] (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.setState(Self.serviceKey, .object(value), at: sign.at, in: db)
            try db.run(
                "update ops.reconcile_services set next_pass_at = $2, failures = $3, is_aside = $4 where holder = $1",
                [
                    .text(sign.holder), .time(sign.nextPassAt), .int(Int64(sign.failures)), .bool(sign.isAside),
                ])
        }
    }

    /// Says that a service is no more: others take its share at once, and nobody waits for its next pass.
    ///
    /// - Throws: `StoreFault`.
    public func endService(_ service: String) async throws(StoreFault) {
        let now = time.now
        let lock = engine.dialect.rowLock
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run("delete from ops.reconcile_services where holder = $1", [.text(service)])
            guard var value = try Self.state(Self.serviceKey, lock: lock, in: db)?.objectValue,
                value["holder"]?.stringValue == service
            else { return }
            value["next_pass_at"] = nil
            try Self.setState(Self.serviceKey, .object(value), at: now, in: db)
        }
    }

    /// What the service last said; nil where none ever ran.
    ///
    /// - Throws: `StoreFault`.
    public func serviceSign() async throws(StoreFault) -> ServiceSign? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> ServiceSign? in
            try Self.serviceSign(in: db)
        }
    }

    static func serviceSign(in db: any SQLConnection) throws(StoreFault) -> ServiceSign? {
        let rows = try db.run(
            "select value, updated_at from ops.reconcile_state where key = $1", [.text(Self.serviceKey)])
        guard let row = rows.first else { return nil }
        let value = try row.json(0)
        return ServiceSign(
            holder: value["holder"]?.stringValue ?? "",
            nextPassAt: value["next_pass_at"]?.instantValue,
            failures: Int(clamping: value["failures"]?.intValue ?? 0), at: try row.time(1))
    }

    private static let ringKey = "service.rings"

    /// Counts a knock that every process should hear.
    ///
    /// - Returns: the number of knocks with this one.
    /// - Throws: `StoreFault`.
    public func ring() async throws(StoreFault) -> Int64 {
        let now = time.now
        let lock = engine.dialect.rowLock
        return try await engine.lightTransaction { (db: any SQLConnection) throws(StoreFault) -> Int64 in
            try db.run(
                """
                insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
                on conflict (key) do nothing
                """, [.text(Self.ringKey), .json(0), .time(now)])
            // Several processes may ring at once: each waits for the row, so that no knock is lost.
            let number = (try Self.state(Self.ringKey, lock: lock, in: db)?.intValue ?? 0) + 1
            try Self.setState(Self.ringKey, .int(number), at: now, in: db)
            return number
        }
    }

    /// How often somebody rang; 0 where nobody ever did.
    ///
    /// - Throws: `StoreFault`.
    public func rings() async throws(StoreFault) -> Int64 {
        try await bookmark(Self.ringKey)?.intValue ?? 0
    }
}
