import Basics
import Formats

/// What a delivery changes in the tables that others read.
public enum DeliveryEffect: Sendable, Hashable {
    case none
    case workItem(WorkItemRecord)
    case workItemGone(WorkItemRecord)
    case mail(MailEventRecord)
}

/// How work on a claimed delivery ended, and what it changes.
public struct DeliverySettlement: Sendable, Hashable {
    public let claim: DeliveryClaim
    public let outcome: DeliveryOutcome
    public let effect: DeliveryEffect

    public init(_ claim: DeliveryClaim, _ outcome: DeliveryOutcome, effect: DeliveryEffect = .none) {
        self.claim = claim
        self.outcome = outcome
        self.effect = effect
    }
}

extension Store {
    // MARK: Keeping

    /// Keeps deliveries, each once: one that is there already stays as it is.
    ///
    /// - Parameter deliveries: in the order in which they came; all of them in one transaction.
    /// - Returns: a receipt for each, in their order.
    /// - Throws: `StoreFault`; then none was kept, or, with kind `unknown`, perhaps all.
    public func keep(_ deliveries: [DeliveryRecord]) async throws(StoreFault) -> [DeliveryReceipt] {
        let rows = deliveries.map { (identifiers.next(at: $0.receivedAt), $0) }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> [DeliveryReceipt] in
            var receipts: [DeliveryReceipt] = []
            for (id, delivery) in rows { receipts.append(try Self.keep(delivery, id: id, in: db)) }
            return receipts
        }
    }

    private static func keep(
        _ delivery: DeliveryRecord, id: String, in db: any SQLConnection
    ) throws(StoreFault) -> DeliveryReceipt {
        let kept = try db.run(
            """
            insert into ops.webhook_deliveries (id, provider, delivery_id, event, scope, lane, headers, body,
              body_sha256, body_bytes, state, received_at, available_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'received', $11, $11)
            on conflict (provider, delivery_id) do nothing returning id
            """,
            [
                .text(id), .text(delivery.provider), .text(delivery.deliveryID), .text(delivery.event),
                .optional(delivery.scope), .int(delivery.lane.rawValue), .jsonb(delivery.headers),
                .optional(delivery.body), .text(delivery.bodyDigest.hex), .int(Int64(delivery.bodyBytes)),
                .time(delivery.receivedAt),
            ])
        if !kept.isEmpty { return DeliveryReceipt(id: id, isDuplicate: false) }
        let first = try db.run(
            "select id from ops.webhook_deliveries where provider = $1 and delivery_id = $2",
            [.text(delivery.provider), .text(delivery.deliveryID)]
        ).first
        return DeliveryReceipt(id: try first?.text(0) ?? id, isDuplicate: true)
    }

    // MARK: Working

    /// Takes deliveries that wait, hints first and then in the order in which they came.
    ///
    /// What is taken is nobody else's until the time is over; who died with it loses it then. Several processes take
    /// different ones.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - holder: names this process.
    ///   - lasting: how long they are ours.
    /// - Returns: the claims, in order; their count of attempts holds this one.
    /// - Throws: `StoreFault`.
    public func claimDeliveries(
        limit: Int, holder: String, lasting: Duration
    ) async throws(StoreFault) -> [DeliveryClaim] {
        let now = time.now
        let lock = engine.dialect == .postgres ? " for update skip locked" : ""
        // A claim that power takes away is a claim whose holder is gone.
        return try await engine.lightTransaction { (db: any SQLConnection) throws(StoreFault) -> [DeliveryClaim] in
            let rows = try db.run(
                """
                update ops.webhook_deliveries set attempts = attempts + 1, claimed_by = $1, available_at = $2
                where id in (
                  select id from ops.webhook_deliveries where state in ('received', 'failed') and available_at <= $3
                  order by lane, id limit $4\(lock))
                returning \(Self.deliveryColumns)
                """, [.text(holder), .time(now + lasting), .time(now), .int(Int64(max(0, limit)))])
            var claims: [DeliveryClaim] = []
            for row in rows { claims.append(DeliveryClaim(delivery: try Self.delivery(row), holder: holder)) }
            return claims.sorted {
                ($0.delivery.lane.rawValue, $0.delivery.id) < ($1.delivery.lane.rawValue, $1.delivery.id)
            }
        }
    }

    /// Writes down how work on deliveries ended, together with what they change: all of it, or nothing.
    ///
    /// - Returns: for each what came of its change; nil where the claim was lost to somebody else, who writes then.
    /// - Throws: `StoreFault`.
    public func settle(_ settlements: [DeliverySettlement]) async throws(StoreFault) -> [MirrorOutcome?] {
        let now = time.now
        let rows = settlements.map { (identifiers.next(at: now), $0) }
        let dialect = engine.dialect
        // What was kept is on the disk; what is lost of the work on it is done again. Who waits for an answer waits less.
        return try await engine.lightTransaction { (db: any SQLConnection) throws(StoreFault) -> [MirrorOutcome?] in
            var outcomes: [MirrorOutcome?] = []
            for (id, settlement) in rows {
                outcomes.append(try Self.settle(settlement, id: id, dialect, now, in: db))
            }
            return outcomes
        }
    }

    private static func settle(
        _ settlement: DeliverySettlement, id: String, _ dialect: SQLDialect, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> MirrorOutcome? {
        let claim = settlement.claim
        let row: (reason: String?, code: String?, next: Timestamp?) =
            switch settlement.outcome {
            case .processed: (nil, nil, nil)
            case .ignored(let reason): (reason, nil, nil)
            case .failed(let code, let reason, let retryAt): (reason, code, retryAt)
            case .dead(let code, let reason): (reason, code, nil)
            }
        let state = settlement.outcome.state
        // Who claimed it later has another count of attempts.
        let settled = try db.run(
            """
            update ops.webhook_deliveries set state = $4, reason = $5, error_code = $6, available_at = $7,
              finished_at = $8, claimed_by = null
            where id = $1 and claimed_by = $2 and attempts = $3 and state in ('received', 'failed') returning id
            """,
            [
                .text(claim.delivery.id), .text(claim.holder), .int(Int64(claim.delivery.attempts)),
                .text(state.rawValue), .optional(row.reason), .optional(row.code), .time(row.next ?? now),
                .time(state == .failed ? nil : now),
            ])
        guard !settled.isEmpty else { return nil }
        switch settlement.effect {
        case .none: return .unchanged
        case .workItem(let item): return try put(item, id: id, as: .event, dialect, now, in: db)
        case .workItemGone(let item):
            return try bury(item, id: id, at: claim.delivery.receivedAt, dialect, now, in: db)
        case .mail(let mail): return try put(mail, id: id, dialect, in: db)
        }
    }

    // MARK: Reading a row

    static let deliveryColumns = """
        id, provider, delivery_id, event, scope, lane, headers, body, body_sha256, body_bytes, state, attempts, reason,
        error_code, received_at, available_at, finished_at
        """

    static func delivery(_ row: SQLRow) throws(StoreFault) -> DeliveryRecord {
        let (id, state) = (try row.text(0), try row.text(10))
        guard let state = DeliveryRecord.State(rawValue: state), let digest = Digest(try row.text(8)) else {
            throw .unreadable("the delivery \(id) has the state \(state) or no digest")
        }
        var record = DeliveryRecord(
            id: id, provider: try row.text(1), deliveryID: try row.text(2), event: try row.text(3),
            scope: row.optionalText(4), lane: DeliveryRecord.Lane(rawValue: try row.int(5)) ?? .record,
            headers: try row.jsonb(6), body: row.optionalText(7), bodyDigest: digest,
            bodyBytes: Int(clamping: try row.int(9)), receivedAt: try row.time(14))
        record.state = state
        record.attempts = Int(clamping: try row.int(11))
        record.reason = row.optionalText(12)
        record.errorCode = row.optionalText(13)
        record.availableAt = try row.time(15)
        record.finishedAt = try row.optionalTime(16)
        return record
    }
}
