public import Basics
import DesiredState
public import Formats

/// One line of all that is told.
public struct LogLine: Sendable, Hashable {
    /// Who tells.
    public enum Service: String, Sendable, CaseIterable {
        case reconciler, audit, notices, hooks
    }

    /// How much it matters.
    public enum Level: String, Sendable, CaseIterable {
        case info, warning, error

        /// A notice is as loud here as to the people it is sent to.
        init(_ severity: Notice.Severity) {
            switch severity {
            case .info: self = .info
            case .warning: self = .warning
            case .critical: self = .error
            }
        }

        /// What an event of a run says of itself; `LogQuery.impliedLevel` says the same of a row.
        init(_ event: RunEvent) {
            let state = event.payload["state"]?.stringValue ?? event.payload["phase"]?.stringValue
            self =
                state == "failed" || event.type == "error"
                ? .error : state == "unknown" || event.type == "warning" ? .warning : .info
        }
    }

    /// Names it, and orders those of one instant.
    public let id: String
    public let at: Timestamp
    public let service: Service
    public let level: Level
    public let environment: String?
    /// What belongs together has the same: a run's id, a delivery's id.
    public let correlation: String?
    /// The type of a run's event, the action of a person, the kind of a notice, the event of a hook.
    public let type: String
    public let message: String
    /// The run that it is about.
    public var run: String?
    /// What an event of a run holds.
    public var payload = Value.null
}

/// Which lines are wanted; nil: all.
public struct LogFilter: Sendable, Hashable {
    public var environment: String?
    /// Only of these environments, and nothing that is none's; nil: all.
    public var environments: [String]?
    public var service: LogLine.Service?
    public var level: LogLine.Level?
    public var correlation: String?
    /// Whether people's changes are among them.
    public var hasAudit = true
    /// Only events of runs of this type.
    public var type: String?
    /// Then or later.
    public var since: Timestamp?
    /// Before.
    public var until: Timestamp?

    public init() {}
}

extension Store {
    /// Lines of all that is told, newest first: events of runs, what people changed, notices, deliveries of hooks.
    ///
    /// - Throws: `StoreFault`.
    public func logPage(
        _ filter: LogFilter, limit: Int, after cursor: PageCursor? = nil
    ) async throws(StoreFault) -> Page<LogLine> {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Page<LogLine> in
            var lines: [LogLine] = []
            for service in LogLine.Service.allCases where filter.service.map({ $0 == service }) ?? true {
                // Each tells as many as are wanted altogether, for the newest may all be of one of them.
                for query in LogQuery.queries(service, filter, after: cursor) {
                    for row in try db.run(query.text(limit: limit), query.conditions.binds) {
                        lines.append(try query.line(row))
                    }
                }
            }
            lines.sort { $0.at == $1.at ? $1.id.precedesByBytes($0.id) : $0.at > $1.at }
            return Page(lines.map { (PageCursor(at: $0.at, id: $0.id), $0) }, limit: limit)
        }
    }
}

/// The lines of one service as a query.
struct LogQuery {
    let service: LogLine.Service
    var conditions = Conditions()

    /// None where no line of the service can be wanted.
    static func queries(_ service: LogLine.Service, _ filter: LogFilter, after cursor: PageCursor?) -> [LogQuery] {
        // An event that another program has written says its level only by what it holds.
        let sides = service == .reconciler && filter.level != nil ? [false, true] : [false]
        return sides.compactMap { LogQuery(service, filter, after: cursor, isImplied: $0) }
    }

    private init?(_ service: LogLine.Service, _ filter: LogFilter, after cursor: PageCursor?, isImplied: Bool) {
        self.service = service
        if filter.type != nil, service != .reconciler { return nil }
        conditions.add(after: cursor, time, "id")
        conditions.add("\(time) >= ?", filter.since.map { .time($0) })
        conditions.add("\(time) < ?", filter.until.map { .time($0) })
        // Ids that are none are nobody's; a column of ids refuses them.
        if let id = filter.correlation, !IdentifierSource.isUUID(id) { return nil }
        let correlation = filter.correlation.map { SQLValue.text($0) }
        let environment = filter.environment.map { SQLValue.text($0) }
        let level = (filter.level?.rawValue).map { SQLValue.text($0) }
        switch service {
        case .reconciler:
            conditions.add("run_id = ?", correlation)
            conditions.add("event_type = ?", filter.type.map { .text($0) })
            conditions.add("environment = ?", environment)
            conditions.add("environment", oneOf: filter.environments)
            if isImplied {
                // What may be loud, again in the words of its index.
                let only = filter.level == .info ? "" : "\(Self.isImpliedLoud) and "
                conditions.add("level is null and \(only)\(Self.impliedLevel) = ?", level)
            } else {
                // Loud ones in the words of their index.
                conditions.add(filter.level == .info ? "level = ?" : "\(Self.isLoud) and level = ?", level)
            }
        case .audit:
            // A person's change belongs to no run, and is never louder than information.
            guard filter.hasAudit, filter.correlation == nil, filter.level ?? .info == .info else { return nil }
            conditions.add("action like 'env.%' and target = ?", environment)
            conditions.add("action like 'env.%' and target", oneOf: filter.environments)
        case .notices:
            conditions.add("run_id = ?", correlation)
            conditions.add("environment = ?", environment)
            conditions.add("environment", oneOf: filter.environments)
            let kinds = filter.level.map { level in Notice.Kind.allCases.filter { LogLine.Level($0.severity) == level }
            }
            conditions.add("kind", oneOf: kinds?.map(\.rawValue))
        case .hooks:
            // A delivery is of a provider and not of an environment.
            guard filter.environment == nil, filter.environments == nil else { return nil }
            conditions.add("id = ?", correlation)
            conditions.add(
                "case state when 'dead' then 'error' when 'failed' then 'warning' else 'info' end = ?", level)
        }
    }

    /// `payload ->> 'x'` means the same to both engines (SQLite 3.38).
    static let impliedLevel =
        "case when coalesce(payload ->> 'state', payload ->> 'phase') = 'failed' or event_type = 'error' then 'error' "
        + "when coalesce(payload ->> 'state', payload ->> 'phase') = 'unknown' or event_type = 'warning' then 'warning' "
        + "else 'info' end"

    /// Whether an event is told louder than information.
    static let isLoud = "level in ('warning', 'error')"

    /// Whether an event without a level may be louder than information by what it holds: few that aren't are taken along.
    ///
    /// In words that an index may hold: SQLite (3.40) lets none call its JSON functions, which it doesn't trust there.
    static let isImpliedLoud =
        "(event_type in ('warning', 'error') or cast(payload as text) like '%\"failed\"%' "
        + "or cast(payload as text) like '%\"unknown\"%' or cast(payload as text) like '%\\u00%' escape '!')"

    /// The column by which lines are ordered.
    private var time: String {
        switch service {
        case .reconciler: "timestamp"
        case .audit, .notices: "at"
        case .hooks: "received_at"
        }
    }

    func text(limit: Int) -> String {
        let (columns, table) =
            switch service {
            case .reconciler:
                (
                    "id, timestamp, event_type, payload, run_id, coalesce(level, \(Self.impliedLevel))",
                    "ops.run_events where run_id is not null"
                )
            case .audit: ("id, at, action, target, actor", "ops.audit_log where id is not null")
            case .notices: ("id, at, kind, subject, environment, run_id", "ops.reconcile_notices where id is not null")
            case .hooks:
                ("id, received_at, event, provider, state, reason", "ops.webhook_deliveries where id is not null")
            }
        return "select \(columns) from \(table) \(conditions.clause("and")) order by \(time) desc, id desc "
            + "limit \(max(0, limit) + 1)"
    }

    /// What a line says without a text of its own, member by member; nil where its state is all.
    private static func rest(of payload: Value) -> String? {
        guard let members = payload.objectValue?.members else { return payload.isNull ? nil : JSON.write(payload) }
        let told = members.filter { !["state", "phase", "environment"].contains($0.name) && !$0.value.isNull }
        let texts = told.map { "\($0.name) \($0.value.stringValue ?? JSON.write($0.value))" }
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }

    func line(_ row: SQLRow) throws(StoreFault) -> LogLine {
        let (id, at, type) = (try row.text(0), try row.time(1), try row.text(2))
        switch service {
        case .reconciler:
            let payload = try row.jsonb(3)
            let state = (payload["state"] ?? payload["phase"])?.stringValue?
                .split(separator: "_").joined(separator: " ")
            let text = payload.stringValue ?? payload["title"]?.stringValue ?? payload["message"]?.stringValue
            let words = [type, text ?? Self.rest(of: payload), text == nil ? nil : payload["key"]?.stringValue, state]
            let run = try row.text(4)
            return LogLine(
                id: id, at: at, service: service, level: LogLine.Level(rawValue: try row.text(5)) ?? .info,
                environment: payload["environment"]?.stringValue, correlation: run, type: type,
                message: words.compactMap { $0 }.joined(separator: " "), run: run, payload: payload)
        case .audit:
            let target = try row.text(3)
            return LogLine(
                id: id, at: at, service: service, level: .info, environment: type.hasPrefix("env.") ? target : nil,
                correlation: nil, type: type, message: "\(try row.text(4)): \(type) \(target)")
        case .notices:
            let run = row.optionalText(5)
            return LogLine(
                id: id, at: at, service: service,
                level: Notice.Kind(rawValue: type).map { LogLine.Level($0.severity) } ?? .info,
                environment: row.optionalText(4), correlation: run, type: type, message: "\(type) \(try row.text(3))",
                run: run)
        case .hooks:
            let state = try row.text(4)
            let reason = row.optionalText(5).map { ": \($0)" } ?? ""
            return LogLine(
                id: id, at: at, service: service,
                level: state == "dead" ? .error : state == "failed" ? .warning : .info, environment: nil,
                correlation: id, type: type, message: "\(try row.text(3)) \(type) \(state)\(reason)")
        }
    }
}
