public import Basics

/// Writes that may be sent again: each is done once.
extension Store {
    /// How long an answer is kept for whoever sends the same again.
    public static let requestMemory = Duration.hours(24)

    /// How long a write can take at the most: secrets are set at a provider that asks to wait, and a pass is waited for.
    public static let requestLasting = Duration.minutes(15)

    /// Asks for the right to do a write.
    ///
    /// - Parameters:
    ///   - key: what the sender calls the write.
    ///   - caller: whose key it is.
    ///   - digest: of method, path and content.
    ///   - now: when.
    /// - Returns: whether to do it.
    /// - Throws: `StoreFault`.
    public func claimRequest(
        _ key: String, of caller: String, digest: Digest, at now: Timestamp
    ) async throws(StoreFault) -> RepeatedRequest {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> RepeatedRequest in
            try db.run("delete from ops.api_requests where at < $1", [.time(now - Self.requestMemory)])
            let mine = try db.run(
                """
                insert into ops.api_requests (caller, idempotency_key, request_digest, at) values ($1, $2, $3, $4)
                on conflict (caller, idempotency_key) do nothing returning at
                """, [.text(caller), .text(key), .text(digest.hex), .time(now)])
            guard mine.isEmpty else { return .first }
            guard
                let row = try db.run(
                    """
                    select request_digest, status, body, at from ops.api_requests
                    where caller = $1 and idempotency_key = $2
                    """, [.text(caller), .text(key)]
                ).first
            else { return .underWay }
            guard try row.text(0) == digest.hex else { return .other }
            guard let status = try row.optionalInt(1) else {
                let since = try row.time(3)
                return now < since + Self.requestLasting ? .underWay : .unanswered(since: since)
            }
            return .answered(status: Int(clamping: status), body: row.optionalText(2) ?? "")
        }
    }

    /// Remembers what was answered; nil gives the key back, because nothing was done.
    ///
    /// - Throws: `StoreFault`.
    public func settleRequest(
        _ key: String, of caller: String, answer: (status: Int, body: String)?
    ) async throws(StoreFault) {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            guard let answer else {
                try db.run(
                    "delete from ops.api_requests where caller = $1 and idempotency_key = $2 and status is null",
                    [.text(caller), .text(key)])
                return
            }
            try db.run(
                """
                update ops.api_requests set status = $3, body = $4
                where caller = $1 and idempotency_key = $2 and status is null
                """, [.text(caller), .text(key), .int(Int64(answer.status)), .text(answer.body)])
        }
    }
}
