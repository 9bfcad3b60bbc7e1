import Basics
import Formats

/// Every list that has a command.
extension Listing {
    static let environments = Listing(
        path: "/environments", filters: [("tier", "tier"), ("status", "status"), ("branch", "branch")],
        empty: "There is no such environment.",
        columns: [
            .text("NAME", 9, "name"), .text("TIER", 7, "tier"), Column("STATUS", 8, environmentStatus),
            Column("TIME LEFT", 6, timeLeft), .text("BRANCH", 4, "branch"), .text("HOST", 3, "host"),
            .text("DATABASE", 2, "database"), Column("COST", 1) { row, _ in cost(row) },
            .instant("SINCE", 1, "created_at"),
        ])

    static let drift = Listing(
        path: "/drift", filters: [("cause", "cause"), ("environment", "environment"), ("known", "known")],
        empty: "Nothing differs.",
        columns: [
            .text("KEY", 9, "key"), Column("CAUSE", 8, cause), .text("ENVIRONMENT", 5, "environment"),
            .instant("SINCE", 6, "first_seen"), Column("KNOWN", 4, known), .text("RUN", 1, "run_id"),
        ])

    static let findings = Listing(
        path: "/findings", filters: [("status", "status"), ("environment", "environment"), ("kind", "kind")],
        empty: "Nothing is wrong that anybody knows of.",
        columns: [
            Column("STATUS", 8, findingStatus), .text("KIND", 6, "kind"), .text("KEY", 9, "key"),
            .text("ENVIRONMENT", 4, "env"), .instant("SINCE", 5, "first_seen"),
            .text("WHAT TO DO", 3, "suggested_action"),
        ])

    static let notices = Listing(
        path: "/alerts", filters: [("environment", "environment")], empty: "There is nothing to be told.",
        columns: [
            .instant("AT", 7, "at"), .text("KIND", 8, "kind"), .text("SUBJECT", 9, "subject"),
            .text("ENVIRONMENT", 3, "environment"), .text("RUN", 1, "run"),
        ])

    static let integrations = Listing(
        path: "/integrations", empty: "There is no integration.",
        columns: [
            .text("PROVIDER", 9, "provider"), .text("TITLE", 5, "title"), .text("DRIVER", 7, "driver"),
            .text("HOOKS", 3, "hooks"),
        ])

    static let inventory = Listing(
        path: "/inventory", filters: [("kind", "kind"), ("environment", "environment")], empty: "We own nothing such.",
        columns: [
            .text("KEY", 9, "key"), .text("ENVIRONMENT", 6, "environment"), .text("PROVIDER ID", 4, "provider_id"),
            .text("PROTECTED", 5, "protected"), .instant("SINCE", 3, "created_at"), .text("REVISION", 1, "revision"),
        ])

    static let schedules = Listing(
        path: "/schedules", empty: "Nothing is to come.",
        columns: [
            .instant("AT", 8, "at"), Column("IN", 6) { row, look in ahead(row, look) }, .text("WHAT", 9, "what"),
            .text("ENVIRONMENT", 7, "environment"),
        ])

    static let runs = Listing(
        path: "/runs", filters: [("phase", "phase"), ("since", "since"), ("until", "until")],
        empty: "There is no such run.",
        columns: [
            .text("RUN", 9, "id"), Column("PHASE", 8) { row, look in phase(row.shown("phase"), look.paint) },
            .text("TRIGGER", 4, "trigger"), .instant("BEGUN", 7, "started_at"),
            Column("TOOK", 5) { row, _ in took(row) },
            Column("REVISION", 3) { row, _ in String(row.shown("revision").prefix(12)) },
            Column("ERROR", 6) { row, _ in row["error"]?["message"]?.shown ?? row.shown("error") },
        ])

    static let steps = Listing(
        path: "", empty: "It made no step.",
        columns: [
            Column("STATE", 8) { row, look in state(row.shown("state"), look.paint) }, .text("STEP", 9, "title"),
            .text("KEY", 6, "key"), .text("ACTION", 5, "action"), .instant("AT", 3, "intended_at"),
        ])

    static let approvals = Listing(
        path: "/approvals", empty: "Nobody has approved anything.",
        columns: [
            .text("KEY", 9, "key"), .text("ACTION", 7, "action"), .text("STANDING", 8, "standing"),
            .text("BY", 6, "approved_by"), .instant("UNTIL", 5, "expires_at"), .text("REASON", 3, "reason"),
            .text("RUN", 1, "run"),
        ])

    static let audit = Listing(
        path: "/audit-logs",
        filters: [
            ("user", "user"), ("action", "action"), ("target", "target"), ("since", "since"), ("until", "until"),
        ],
        empty: "Nobody has changed anything such.",
        columns: [
            .instant("AT", 7, "at"), .text("WHO", 8, "actor"), .text("ACTION", 9, "action"),
            .text("TARGET", 6, "target"), .text("DETAIL", 2, "detail"),
        ])

    static let deliveries = Listing(
        path: "/webhooks/deliveries", filters: [("provider", "provider"), ("state", "state")],
        empty: "No hook has sent anything such.",
        columns: [
            .instant("RECEIVED", 7, "received_at"), .text("PROVIDER", 8, "provider"), .text("EVENT", 6, "event"),
            Column("STATE", 8) { row, look in state(row.shown("state"), look.paint) },
            .text("TRIES", 3, "attempts"), .text("ID", 9, "id"), .text("REASON", 4, "reason"),
        ])

    static let keys = Listing(
        path: "/access/keys", empty: "There is no key yet. Make one: odooops keys add NAME --role viewer",
        columns: [
            .text("NAME", 9, "name"), .text("ROLES", 8, "grants"), .text("SCOPES", 5, "scopes"),
            .text("BY", 3, "created_by"), .instant("SINCE", 2, "created_at"), .instant("UNTIL", 6, "expires_at"),
            .instant("REVOKED", 7, "revoked_at"),
        ])

    static let environmentSteps = Listing(
        path: "", empty: "No step was made for it in that time.",
        columns: [.instant("HOUR", 9, "at"), .text("STEPS", 8, "steps"), .text("FAILED", 8, "failed")])

    static let figures = Listing(
        path: "/metrics", filters: [("metric", "name")], empty: "There is no such figure.",
        columns: [.text("NAME", 9, "name"), .text("VALUE", 8, "value"), .text("LABELS", 5, "labels")])

    static let changes = Listing(
        path: "", empty: "The plan changes nothing.",
        columns: [
            Column("ACTION", 8) { row, look in action(row.shown("action"), look.paint) }, .text("KEY", 9, "key"),
            Column("DECISION", 7) { row, look in decision(row.shown("decision"), look.paint) },
            .text("REASON", 4, "reason"),
            Column("WANTED BY", 3) { row, _ in
                row["source"]?["file"]?.stringValue.map { "\(Paint.plain($0)):\(row["source"]?.shown("line") ?? "-")" }
                    ?? "-"
            },
        ])

    // MARK: Cells

    @Sendable private static func environmentStatus(_ row: Value, _ look: Look) -> String {
        if row["suspended"]?.boolValue == true { return look.paint.yellow("suspended") }
        let status = row.shown("status")
        return switch status {
        case "active": look.paint.green(status)
        case "expiring": look.paint.yellow(status)
        case "expired": look.paint.red(status)
        default: look.paint.dim(status)
        }
    }

    @Sendable static func timeLeft(_ row: Value, _ look: Look) -> String {
        if row["pinned"]?.boolValue == true { return "pinned" }
        guard let end = row["expires_at"]?.stringValue.flatMap({ Timestamp($0) }) else { return "-" }
        let left = end - look.now
        if left <= .zero { return look.paint.red("over") }
        return left < .hours(24) ? look.paint.yellow(left.shortText) : left.shortText
    }

    static func cost(_ row: Value) -> String {
        let text = row.shown("cost_monthly_usd")
        return text == "-" ? text : "$\(text)"
    }

    @Sendable private static func cause(_ row: Value, _ look: Look) -> String {
        let text = row.shown("cause")
        return text == "external_change" ? look.paint.red(text) : look.paint.yellow(text)
    }

    @Sendable private static func known(_ row: Value, _ look: Look) -> String {
        guard let mark = row["mark"], !mark.isNull else { return "-" }
        return "\(mark.shown("kind")) by \(mark.shown("by"))"
    }

    @Sendable private static func findingStatus(_ row: Value, _ look: Look) -> String {
        let status = row.shown("status")
        return switch status {
        case "escalated": look.paint.red(status)
        case "open": look.paint.yellow(status)
        case "resolved": look.paint.green(status)
        default: status
        }
    }

    private static func ahead(_ row: Value, _ look: Look) -> String {
        row["at"]?.stringValue.flatMap { Timestamp($0) }.map { ($0 - look.now).shortText } ?? "-"
    }

    static func took(_ row: Value) -> String {
        guard let begin = row["started_at"]?.stringValue.flatMap({ Timestamp($0) }),
            let end = row["completed_at"]?.stringValue.flatMap({ Timestamp($0) })
        else { return "-" }
        return (end - begin).shortText
    }

    static func phase(_ text: String, _ paint: Paint) -> String {
        switch text {
        case "succeeded", "planned": paint.green(text)
        case "failed": paint.red(text)
        case "awaiting_approval", "canceled": paint.yellow(text)
        default: paint.cyan(text)
        }
    }

    static func state(_ text: String, _ paint: Paint) -> String {
        switch text {
        case "done", "succeeded", "processed": paint.green(text)
        case "failed", "dead": paint.red(text)
        default: paint.yellow(text)
        }
    }

    private static func action(_ text: String, _ paint: Paint) -> String {
        switch text {
        case "create", "adopt": paint.green(text)
        case "delete", "replace": paint.red(text)
        case "update", "forget": paint.yellow(text)
        default: text
        }
    }

    private static func decision(_ text: String, _ paint: Paint) -> String {
        switch text {
        case "allowed": paint.green(text)
        case "needs_approval": paint.yellow(text)
        default: paint.red(text)
        }
    }
}
