public import Basics
import Formats

extension Store {
    /// The last deliveries, newest first.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - provider: only its own; nil: all.
    ///   - states: only in one of these; empty: in any.
    /// - Returns: the deliveries.
    /// - Throws: `StoreFault`.
    public func deliveries(
        limit: Int, provider: String? = nil, states: [DeliveryRecord.State] = []
    ) async throws(StoreFault) -> [DeliveryRecord] {
        var conditions: [String] = []
        var binds: [SQLValue] = [.int(Int64(max(0, limit)))]
        if let provider {
            binds.append(.text(provider))
            conditions.append("provider = $\(binds.count)")
        }
        if !states.isEmpty {
            conditions.append("state in (\(states.map { "'\($0.rawValue)'" }.joined(separator: ", ")))")
        }
        let condition = conditions.isEmpty ? "" : "where " + conditions.joined(separator: " and ")
        return try await deliveries("\(condition) order by id desc limit $1", binds)
    }

    /// The deliveries whose id, or whose id at the provider, begins so; at most ten.
    ///
    /// - Throws: `StoreFault`.
    public func deliveries(matching text: String) async throws(StoreFault) -> [DeliveryRecord] {
        guard !text.isEmpty, text.utf8.count <= 256, !text.utf8.contains(0) else { return [] }
        let end = text.unicodeScalars.count
        return try await deliveries(
            "where substr(id, 1, \(end)) = $1 or substr(delivery_id, 1, \(end)) = $1 order by id desc limit 10",
            [.text(text)])
    }

    /// Brings deliveries back that are dead or wait for their next attempt, with their audit record.
    ///
    /// - Returns: whether there was something to bring back.
    /// - Throws: `StoreFault`.
    public func retryDelivery(_ id: String, audit: AuditRecord) async throws(StoreFault) -> Bool {
        let now = time.now
        let auditID = identifiers.next(at: audit.at)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            let revived = try db.run(
                """
                update ops.webhook_deliveries set state = 'failed', attempts = 0, available_at = $2, finished_at = null,
                  claimed_by = null
                where id = $1 and state in ('dead', 'failed', 'ignored') returning id
                """, [.text(id), .time(now)])
            if !revived.isEmpty { try Self.write(audit, id: auditID, in: db) }
            return !revived.isEmpty
        }
    }

    /// How many wait and are dead.
    ///
    /// - Throws: `StoreFault`.
    public func deliveryQueue() async throws(StoreFault) -> DeliveryQueue {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> DeliveryQueue in
            try Self.deliveryQueue(in: db)
        }
    }

    static func deliveryQueue(in db: any SQLConnection) throws(StoreFault) -> DeliveryQueue {
        var queue = DeliveryQueue()
        for row in try db.run(
            """
            select provider, count(*), min(received_at) from ops.webhook_deliveries
            where state in ('received', 'failed') group by provider
            """)
        {
            queue.waiting[try row.text(0)] = Int(clamping: try row.int(1))
            if let oldest = try row.optionalTime(2) { queue.oldest = min(queue.oldest ?? oldest, oldest) }
        }
        for row in try db.run(
            "select provider, count(*) from ops.webhook_deliveries where state = 'dead' group by provider")
        {
            queue.dead[try row.text(0)] = Int(clamping: try row.int(1))
        }
        return queue
    }

    /// Forgets deliveries that ended before an instant; the dead stay until somebody has looked at them.
    ///
    /// A forgotten delivery would be taken for a new one, so that only what no provider repeats any more may go.
    ///
    /// - Returns: how many.
    /// - Throws: `StoreFault`.
    public func forgetDeliveries(before instant: Timestamp) async throws(StoreFault) -> Int {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            try db.run(
                """
                delete from ops.webhook_deliveries
                where finished_at is not null and finished_at < $1 and state in ('processed', 'ignored') returning id
                """, [.time(instant)]
            ).count
        }
    }

    func deliveries(_ condition: String, _ binds: [SQLValue]) async throws(StoreFault) -> [DeliveryRecord] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [DeliveryRecord] in
            var records: [DeliveryRecord] = []
            for row in try db.run(
                "select \(Self.deliveryColumns) from ops.webhook_deliveries \(condition)", binds)
            {
                records.append(try Self.delivery(row))
            }
            return records
        }
    }
}
