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

    public init(holder: String, nextPassAt: Timestamp?, failures: Int, at: Timestamp) {
        self.holder = holder
        self.nextPassAt = nextPassAt
        self.failures = failures
        self.at = at
    }
}

extension Store {
    private static let serviceKey = "service"

    /// Writes down when a service makes its next pass; the latest word stands, whichever service it is of.
    ///
    /// - Throws: `StoreFault`.
    public func note(_ sign: ServiceSign) async throws(StoreFault) {
        var value = Value.Object()
        value["holder"] = .string(sign.holder)
        if let next = sign.nextPassAt { value["next_pass_at"] = .string(next.description) }
        value["failures"] = .int(Int64(sign.failures))
        try await engine.transaction { [value] (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
                on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
                """, [.text(Self.serviceKey), .json(.object(value)), .time(sign.at)])
        }
    }

    /// What the service last said; nil where none ever ran.
    ///
    /// - Throws: `StoreFault`.
    public func serviceSign() async throws(StoreFault) -> ServiceSign? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> ServiceSign? in
            let rows = try db.run(
                "select value, updated_at from ops.reconcile_state where key = $1", [.text(Self.serviceKey)])
            guard let row = rows.first else { return nil }
            let value = try row.json(0)
            return ServiceSign(
                holder: value["holder"]?.stringValue ?? "",
                nextPassAt: value["next_pass_at"]?.stringValue
                    .flatMap { Timestamp($0) }, failures: Int(clamping: value["failures"]?.intValue ?? 0),
                at: try row.time(1))
        }
    }
}
