public import Basics
import Formats

/// How far somebody has read what happens: the last event of a run and the last notice.
public struct ChangeCursor: Sendable, Hashable, CustomStringConvertible {
    public var event: String
    public var notice: String

    public init(event: String = "", notice: String = "") {
        self.event = event
        self.notice = notice
    }

    /// Reads what `description` wrote; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: Character("~"), omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, parts.allSatisfy({ $0.isEmpty || IdentifierSource.isUUID($0) }) else { return nil }
        (event, notice) = (parts[0], parts[1])
    }

    public var description: String { "\(event)~\(notice)" }
}

/// Something that happened.
public struct StoredChange: Sendable, Hashable {
    /// Where a reader is who has read this.
    public let cursor: ChangeCursor
    /// `run` or `notice`.
    public let topic: String
    /// The run, or what a notice is about.
    public let subject: String
    /// The type of the event, or the kind of the notice.
    public let kind: String
}

/// One line of all that is told.
public struct LogLine: Sendable, Hashable {
    public let at: Timestamp
    /// `reconciler`, `audit`, `hooks` or `notices`.
    public let service: String
    /// `info`, `warning` or `error`.
    public let level: String
    public let environment: String?
    /// What belongs together has the same: a run's id, a delivery's id.
    public let correlation: String?
    public let message: String
}

/// Which lines are wanted; nil: all.
public struct LogFilter: Sendable, Hashable {
    public var environment: String?
    public var service: String?
    public var level: String?
    public var correlation: String?
    public var since: Timestamp?
    public var until: Timestamp?

    /// Whether lines of the audit log are among them.
    public var hasAudit = true

    public init() {}

    func admits(_ line: LogLine) -> Bool {
        (environment.map { line.environment == $0 } ?? true) && (level.map { line.level == $0 } ?? true)
            && (correlation.map { line.correlation == $0 } ?? true)
    }
}

extension Store {
    /// Where a reader is who has read everything.
    ///
    /// - Throws: `StoreFault`.
    public func latestChange() async throws(StoreFault) -> ChangeCursor {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> ChangeCursor in
            ChangeCursor(
                event: try db.run(
                    "select e.id from ops.run_events e join ops.runs r on r.id = e.run_id and r.run_type = 'reconcile' "
                        + "order by e.id desc limit 1", []
                ).first?.text(0) ?? "",
                notice: try db.run("select id from ops.reconcile_notices order by id desc limit 1", []).first?.text(0)
                    ?? "")
        }
    }

    /// What happened after a point, in the order of writing; events of runs before notices.
    ///
    /// - Throws: `StoreFault`.
    public func changes(after cursor: ChangeCursor, limit: Int) async throws(StoreFault) -> [StoredChange] {
        // The ids of this program grow with time, those of an empty cursor begin before all of them.
        let least = "00000000-0000-0000-0000-000000000000"
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [StoredChange] in
            var position = cursor
            var changes: [StoredChange] = []
            for row in try db.run(
                """
                select e.id, e.run_id, e.event_type from ops.run_events e
                join ops.runs r on r.id = e.run_id and r.run_type = 'reconcile'
                where e.id > $1 order by e.id limit $2
                """, [.text(cursor.event.isEmpty ? least : cursor.event), .int(Int64(max(0, limit)))])
            {
                position.event = try row.text(0)
                changes.append(
                    StoredChange(cursor: position, topic: "run", subject: try row.text(1), kind: try row.text(2)))
            }
            for row in try db.run(
                "select id, subject, kind from ops.reconcile_notices where id > $1 order by id limit $2",
                [.text(cursor.notice.isEmpty ? least : cursor.notice), .int(Int64(max(0, limit)))])
            {
                position.notice = try row.text(0)
                changes.append(
                    StoredChange(cursor: position, topic: "notice", subject: try row.text(1), kind: try row.text(2)))
            }
            return changes
        }
    }

    /// How far the latest run is, in a few words that change when it moves.
    ///
    /// - Throws: `StoreFault`.
    public func pulse() async throws(StoreFault) -> String {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> String in
            guard
                let run = try db.run(
                    """
                    select id, last_phase from ops.runs where run_type = 'reconcile'
                    order by created_at desc, id desc limit 1
                    """, []
                ).first
            else { return "" }
            let steps = try db.run(
                "select count(*), count(finished_at) from ops.reconcile_steps where run_id = $1", [.text(run.text(0))]
            ).first
            return "\(try run.text(0)) \(run.optionalText(1) ?? "") \(try steps?.int(0) ?? 0) \(try steps?.int(1) ?? 0)"
        }
    }

    /// The latest lines of all that is told, newest first: events of runs, what people changed, notices, deliveries.
    ///
    /// - Throws: `StoreFault`.
    public func logLines(_ filter: LogFilter, limit: Int) async throws(StoreFault) -> [LogLine] {
        // Lines that the filter leaves out are read too: a little more of each source than is shown.
        let depth = Int64(max(0, limit) * 4)
        let (from, to) = (filter.since ?? Timestamp(seconds: 0), filter.until ?? Timestamp(seconds: 253_402_300_799))
        let binds: [SQLValue] = [.time(from), .time(to), .int(depth)]
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [LogLine] in
            var lines: [LogLine] = []
            func wants(_ service: String) -> Bool { filter.service.map { $0 == service } ?? true }
            if wants("reconciler") { lines += try Self.eventLines(db, binds, filter.correlation) }
            if wants("audit"), filter.hasAudit {
                for row in try db.run(
                    """
                    select at, action, target, actor from ops.audit_log where at >= $1 and at <= $2
                    order by at desc, id desc limit $3
                    """, binds)
                {
                    let target = try row.text(2)
                    lines.append(
                        LogLine(
                            at: try row.time(0), service: "audit", level: "info",
                            environment: try row.text(1).hasPrefix("env.") ? target : nil, correlation: nil,
                            message: "\(try row.text(3)): \(try row.text(1)) \(target)"))
                }
            }
            if wants("notices") {
                for row in try db.run(
                    """
                    select at, kind, subject, environment, run_id from ops.reconcile_notices where at >= $1 and at <= $2
                    order by at desc, id desc limit $3
                    """, binds)
                {
                    let kind = try row.text(1)
                    lines.append(
                        LogLine(
                            at: try row.time(0), service: "notices",
                            level: kind == Notice.Kind.deletionStuck.rawValue ? "error" : "warning",
                            environment: row.optionalText(3), correlation: row.optionalText(4),
                            message: "\(kind) \(try row.text(2))"))
                }
            }
            if wants("hooks") {
                for row in try db.run(
                    """
                    select received_at, provider, event, state, reason, id from ops.webhook_deliveries
                    where received_at >= $1 and received_at <= $2 order by id desc limit $3
                    """, binds)
                {
                    let state = try row.text(3)
                    let reason = row.optionalText(4).map { ": \($0)" } ?? ""
                    lines.append(
                        LogLine(
                            at: try row.time(0), service: "hooks",
                            level: state == "dead" ? "error" : state == "failed" ? "warning" : "info", environment: nil,
                            correlation: try row.text(5),
                            message: "\(try row.text(1)) \(try row.text(2)) \(state)\(reason)")
                    )
                }
            }
            return Array(lines.filter(filter.admits).sorted { $0.at > $1.at }.prefix(max(0, limit)))
        }
    }

    private static func eventLines(
        _ db: any SQLConnection, _ binds: [SQLValue], _ run: String?
    ) throws(StoreFault) -> [LogLine] {
        var binds = binds
        var condition = ""
        if let run {
            guard IdentifierSource.isUUID(run) else { return [] }
            binds.append(.text(run))
            condition = "and run_id = $4"
        }
        var lines: [LogLine] = []
        for row in try db.run(
            """
            select timestamp, event_type, payload, run_id from ops.run_events
            where timestamp >= $1 and timestamp <= $2 \(condition) order by timestamp desc limit $3
            """, binds)
        {
            let payload = try row.jsonb(2)
            let type = try row.text(1)
            let state = payload["state"]?.stringValue ?? payload["phase"]?.stringValue
            let level =
                state == "failed" || type == "error"
                ? "error" : type == "warning" || state == "unknown" ? "warning" : "info"
            let text = payload.stringValue ?? payload["title"]?.stringValue ?? payload["message"]?.stringValue
            lines.append(
                LogLine(
                    at: try row.time(0), service: "reconciler", level: level,
                    environment: payload["environment"]?.stringValue, correlation: row.optionalText(3),
                    message: "\(type) \(text ?? JSON.write(payload))\(state.map { " \($0)" } ?? "")"))
        }
        return lines
    }
}
