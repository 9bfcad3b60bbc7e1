import Basics
import Formats

/// Every list that has a command.
extension Listing {
    static let environments = Listing(
        path: "/environments", filters: [("tier", "tier"), ("status", "status"), ("branch", "branch")],
        emptyFiltered: "No environment is so. See all: odooops env list",
        empty: "There is no environment yet. After the first pass there is: odooops reconcile --wait",
        columns: [
            .key("NAME", 9, "name", least: 32), .text("TIER", 7, "tier", least: 10),
            Column("STATUS", 8, least: 9, environmentStatus),
            Column("SYNC", 8, least: 9, sync), Column("HEALTH", 5, health),
            Column("TIME LEFT", 6, least: 9, wraps: true, timeLeft),
            .revision(4),
            .name("BRANCH", 4, "branch"), .name("HOST", 3, "host"),
            .name("DATABASE", 2, "database"), Column("COST", 1) { row, _ in cost(row) },
            .instant("SINCE", 1, "created_at"),
        ])

    static let drift = Listing(
        path: "/drift", filters: [("cause", "cause"), ("environment", "environment"), ("known", "known")],
        emptyFiltered: "Nothing such differs.", empty: "Nothing differs from git.",
        unlooked:
            "Nobody has looked yet: what differs is known after the first pass. Make one: odooops reconcile --wait",
        uncompared: { filtered, count in
            (filtered.map { "\($0) But" } ?? "Nothing of what was seen differs from git, but")
                + " \(count.of("resource")) could not be compared. Which, and why: odooops plan show latest"
        },
        columns: [
            .key("KEY", 9, "key", least: 22), Column("CAUSE", 5, least: 15, cause),
            // Half of two values says nothing of how they differ.
            Column("WHAT", 8, least: 37) { row, _ in difference(row) }, .instant("SINCE", 7, "first_seen"),
            Column("ENVIRONMENT", 4, least: .max, sharedEnvironment), Column("KNOWN", 3, known),
            .name("RUN", 1, "run_id"),
        ])

    static let findings = Listing(
        path: "/findings", filters: [("status", "status"), ("environment", "environment"), ("kind", "kind")],
        emptyFiltered: "Nothing such is known to be wrong.", empty: "Nothing is known to be wrong.",
        columns: [
            Column("STATUS", 8, least: 12, findingStatus), .key("KIND", 8, "kind"),
            .key("KEY", 9, "key", least: 20), Column("ENVIRONMENT", 7, wraps: true, sharedEnvironment),
            .instant("SINCE", 5, "first_seen"),
            Column("WHAT TO DO", 3) { row, _ in Remedy.here(row.shown("suggested_action")) },
        ])

    static let notices = Listing(
        path: "/alerts", filters: [("environment", "environment")], empty: "There is nothing to be told.",
        columns: [
            .instant("AT", 7, "at"), .key("KIND", 8, "kind", least: 12), .key("SUBJECT", 9, "subject"),
            Column("WHY", 6, least: 24, wraps: true) { row, _ in noticeText(row["payload"] ?? .null) },
            .name("RUN", 1, "run"),
        ])

    static let deadNotices = Listing(
        path: "/notices", empty: "No message was given up.",
        columns: [
            .key("ID", 9, "id", least: 36), .instant("MADE", 7, "created_at"), .text("CHANNEL", 8, "channel"),
            .text("NOTICES", 4, "count"), .text("TRIES", 3, "attempts"), .prose("WHY", 6, "reason"),
        ])

    static let integrations = Listing(
        path: "/integrations", filters: [("baseline", "baseline"), ("status", "status")],
        emptyFiltered: "No integration is so. See all: odooops integrations list",
        empty: "The catalogue is empty: ssot/integrations/_index.yaml names no integration, or no pass has read it.",
        columns: [
            .key("ID", 9, "id", least: 16),
            Column("STATUS", 8, least: 14) { row, look in
                switch row.shown("status") {
                case "active": look.paint.green("active")
                case "error": look.paint.red("error")
                case "setup_required": look.paint.yellow("setup_required")
                case let word: look.paint.dim(word)
                }
            }, Column("BASELINE", 7) { row, _ in row.shown("baseline_allowed") },
            .text("CATEGORY", 5, "category", least: 13), .name("NAME", 4, "name"),
            .key("NEEDS", 6, "required_secrets", least: 16), .name("PROVIDER", 2, "provider"),
            .name("DOCUMENT", 1, "document"),
        ])

    static let providers = Listing(
        path: "/providers", empty: "There is no provider.",
        columns: [
            .key("PROVIDER", 9, "provider"),
            Column("SPOKEN TO", 8) { row, look in
                row["driver"]?.isNull ?? true ? look.paint.yellow("no: not configured") : look.paint.green("yes")
            }, .text("DRIVER VERSION", 4, "driver"), Column("SENDS HOOKS", 3) { row, _ in row.shown("hooks") },
        ])

    static let inventory = Listing(
        path: "/inventory", filters: [("kind", "kind"), ("environment", "environment")],
        emptyFiltered: "We own nothing such.", empty: "We own nothing yet.",
        columns: [
            .key("KEY", 9, "key", least: 22), Column("ENVIRONMENT", 6, least: .max, sharedEnvironment),
            .name("PROVIDER ID", 4, "provider_id"),
            .text("PROTECTED", 5, "protected"), .instant("SINCE", 3, "created_at"),
            .revision(1),
        ])

    static let deployments = Listing(
        path: "/deployments", emptyFiltered: "None of the latest 500 runs has changed anything of it.",
        empty: "None of the latest 500 runs has changed anything.",
        columns: [
            .key("ID", 9, "id", least: 36), Column("ENVIRONMENT", 8, least: 11, wraps: true, sharedEnvironment),
            Column("STATE", 8) { row, look in state(row.shown("state"), look.paint) },
            .revision(5), .text("STEPS", 4, "steps"),
            .instant("BEGUN", 7, "started_at"), Column("TOOK", 3) { row, _ in took(row) },
            .name("AUTHOR", 2, "author"), .name("RUN", 1, "run"),
        ])

    static let backups = Listing(
        path: "/backups", empty: "The last look saw no snapshot and no backup.",
        columns: [
            .key("KEY", 9, "key", least: 22), .text("HELD", 7, "count"), .text("SIZE IN GB", 5, "size_gb"),
            .instant("LATEST", 8, "created_at"), .name("PROVIDER ID", 2, "provider_id"),
        ])

    static let schedules = Listing(
        path: "/schedules", empty: "Nothing is due by the clock, as far as its service could read it.",
        columns: [
            .key("SCHEDULE", 9, "id", least: 28),
            Column("STANDS", 8) { row, look in
                let state = row.shown("state")
                return state == "active"
                    ? look.paint.green(state) : state == "by_hand" ? state : look.paint.red(state)
            }, .instant("NEXT", 7, "next_slot"), Column("LOCAL TIME", 5, least: 23, nextLocally),
            Column("LAST", 5) { row, look in state(row.shown("last_state"), look.paint) }, .name("CRON", 4, "cron"),
            .name("ZONE", 2, "time_zone"), .name("RUNNER", 3, "runner"), .prose("WHY NOT", 6, "reason"),
        ])

    static let upcoming = Listing(
        path: "/upcoming", empty: "Nothing is to come.",
        columns: [
            .instant("AT", 8, "at"), Column("IN", 6) { row, look in ahead(row, look) }, .key("WHAT", 9, "what"),
            Column("ENVIRONMENT", 7, least: 11, wraps: true, sharedEnvironment),
        ])

    static let runs = Listing(
        path: "/runs", filters: [("phase", "phase"), ("since", "since"), ("until", "until")],
        emptyFiltered: "There is no such run.", empty: "There is no run yet. Ask for one: odooops reconcile --wait",
        columns: [
            .key("RUN", 9, "id", least: 36),
            Column("PHASE", 8, least: 17) { row, look in phase(row.shown("phase"), look.paint) },
            .text("TRIGGER", 4, "trigger"), .instant("BEGUN", 7, "started_at"),
            Column("TOOK", 5) { row, _ in took(row) },
            .revision(3),
            Column("ERROR", 6) { row, _ in runError(row) },
        ])

    /// The code of what is amiss with a run, and what that is.
    static func runError(_ run: Value) -> String {
        guard let message = run["error"]?["message"]?.stringValue else { return run.shown("error") }
        let code = run["error"]?["code"]?.stringValue
        return Value.string((code.map { "\($0): " } ?? "") + message).shown
    }

    static let steps = Listing(
        path: "", empty: "It made no step.",
        columns: [
            Column("STATE", 8) { row, look in state(row.shown("state"), look.paint) },
            .key("STEP", 9, "title", least: 22),
            .key("KEY", 7, "key", least: 22), .instant("AT", 3, "intended_at"),
        ])

    static let approvals = Listing(
        path: "/approvals", empty: "Nobody has approved anything.",
        columns: [
            .key("KEY", 9, "key", least: 22), .text("ACTION", 7, "action"), .text("STANDING", 8, "standing"),
            .name("BY", 6, "approved_by"), .instant("UNTIL", 5, "expires_at"), .text("REASON", 3, "reason"),
            .name("RUN", 1, "run"),
        ])

    static let audit = Listing(
        path: "/audit-logs",
        filters: [
            ("user", "user"), ("action", "action"), ("target", "target"), ("since", "since"), ("until", "until"),
        ],
        emptyFiltered: "Nobody has changed anything such.", empty: "Nobody has changed anything by hand yet.",
        columns: [
            .instant("AT", 7, "at"), .key("WHO", 8, "actor", least: 8), .key("ACTION", 9, "action", least: 12),
            .key("TARGET", 6, "target", least: 20), .text("DETAIL", 2, "detail"),
        ])

    static let deliveries = Listing(
        path: "/webhooks/deliveries", filters: [("provider", "provider"), ("state", "state")],
        emptyFiltered: "No hook has sent anything such.", empty: "No hook has sent anything yet.",
        columns: [
            .instant("RECEIVED", 7, "received_at"), .key("PROVIDER", 8, "provider"), .name("EVENT", 6, "event"),
            Column("STATE", 8) { row, look in state(row.shown("state"), look.paint) },
            .text("TRIES", 3, "attempts"), .key("ID", 9, "id", least: 36), .text("REASON", 4, "reason"),
        ])

    static let keys = Listing(
        path: "/access/keys", empty: "There is no key yet. Make one: odooops keys add NAME --role viewer",
        columns: [
            .key("NAME", 9, "name"), .key("ROLES", 8, "grants", least: 16), .key("SCOPES", 5, "scopes", least: 16),
            .name("BY", 3, "created_by"), .instant("SINCE", 2, "created_at"), .instant("UNTIL", 6, "expires_at"),
            .instant("REVOKED", 7, "revoked_at"),
        ])

    static let users = Listing(
        path: "/access/users", empty: "Nobody can log in yet. Add somebody: odooops users add NAME --role viewer",
        columns: [
            .key("NAME", 9, "name"), .key("ROLES", 8, "grants", least: 16), .instant("SINCE", 3, "created_at"),
            .instant("REVOKED", 7, "disabled_at"),
        ])

    static let environmentSteps = Listing(
        path: "", empty: "No step was made for it in that time.",
        columns: [.instant("HOUR", 9, "at"), .text("STEPS", 8, "steps"), .text("FAILED", 8, "failed")])

    static let figures = Listing(
        path: "/metrics", filters: [("metric", "name")], empty: "There is no such figure.",
        columns: [
            .key("NAME", 9, "name", least: 24), .text("VALUE", 8, "value"), .key("LABELS", 7, "labels", least: 24),
        ])

    static let plans = Listing(
        path: "/plans", filters: [("approval", "approval")],
        emptyFiltered: "No plan stands so.",
        empty: "No pass has made a plan yet. Ask for one: odooops reconcile --wait",
        columns: [
            .key("RUN", 9, "run", least: 36), Column("APPROVAL", 8, least: 18, approval),
            .instant("PLANNED", 7, "planned_at"),
            Column("CHANGES", 6, least: 20) { row, _ in PlanView.counts(row["summary"]) },
            .text("TRIGGER", 3, "trigger"),
            .revision(2),
            Column("FINGERPRINT", 1) { row, _ in String(row.shown("fingerprint").prefix(19)) },
        ])

    static let evidence = Listing(
        path: "", empty: "Nothing of it is kept any more.",
        columns: [.key("NAME", 9, "name"), .text("BYTES", 7, "bytes"), .name("DIGEST", 5, "digest")])

    /// The environments of pull requests.
    static let previews = Listing(
        path: "/environments", empty: "There is no preview: no open pull request asks for one.",
        columns: environments.columns)

    static let gates = Listing(
        path: "", empty: "",
        columns: [
            .key("GATE", 9, "gate"), Column("VERDICT", 8) { row, look in verdict(row.shown("verdict"), look.paint) },
            .prose("WHY", 7, "why"),
        ])

    static let advice = Listing(
        path: "/advisor", empty: "",
        columns: [
            .key("PILLAR", 9, "pillar"), .key("RULE", 9, "id", least: 16),
            Column("VERDICT", 8) { row, look in verdict(row.shown("verdict"), look.paint) },
            .text("SEVERITY", 3, "severity"), .prose("WHY", 7, "why"),
        ])

    // MARK: Cells

    @Sendable static func sharedEnvironment(_ row: Value, _ look: Look) -> String { row.environmentName }

    @Sendable static func environmentStatus(_ row: Value, _ look: Look) -> String {
        if row["suspended"]?.boolValue == true { return look.paint.yellow("suspended") }
        if row.isUnwanted { return look.paint.red("unwanted") }
        let status = row.shown("status")
        return switch status {
        case "active": look.paint.green(status)
        case "expiring": look.paint.yellow(status)
        case "expired": look.paint.red(status)
        default: look.paint.dim(status)
        }
    }

    @Sendable static func sync(_ row: Value, _ look: Look) -> String {
        let count = row["drift"]?.intValue ?? 0
        return switch row.shown("sync") {
        case "in_sync": look.paint.green("in sync")
        case "out_of_sync": look.paint.red(count.of("differs", "differ"))
        case "suspended":
            look.paint.yellow(count > 0 ? "suspended, \(count.of("differs", "differ"))" : "suspended")
        case let word: look.paint.dim(word)
        }
    }

    @Sendable static func health(_ row: Value, _ look: Look) -> String {
        if row.shown("status") == "gone" { return look.paint.dim("nothing runs") }
        return switch row.shown("health") {
        case "healthy": look.paint.green("healthy")
        case "degraded": look.paint.red("degraded")
        case let word: look.paint.dim(word)
        }
    }

    @Sendable static func timeLeft(_ row: Value, _ look: Look) -> String {
        if row["pinned"]?.boolValue == true { return "pinned" }
        let goes = row.goesLater(than: look.now).map { "goes \($0.minuteText)" }
        if row.isUnwanted {
            let isSuspended = row["suspended"]?.boolValue == true
            return look.paint.red(isSuspended ? "goes when resumed" : goes ?? "goes as soon as it may")
        }
        guard let end = row["expires_at"]?.instantValue else { return "-" }
        let left = end - look.now
        if left <= .zero { return look.paint.red("over" + (goes.map { ", \($0)" } ?? "")) }
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

    /// `data: 198.51.100.66, not 198.18.159.1`, or what else is said of it.
    private static func difference(_ row: Value) -> String {
        let detail = row["detail"] ?? .null
        let attributes = detail["attributes"]?.listValue ?? []
        guard let first = attributes.first, attributes.count == 1, first["sensitive"]?.boolValue != true,
            let before = first["before"], !before.isNull, let after = first["after"], !after.isNull
        else { return detail.shown("summary") }
        return "\(first.shown("path")): \(before.shown), not \(after.shown)"
    }

    @Sendable private static func known(_ row: Value, _ look: Look) -> String {
        guard let mark = row["mark"], !mark.isNull else { return "-" }
        return "\(mark.shown("kind")) by \(mark.shown("by"))"
    }

    /// `2 of 3 wait`, or what else became of those that need a yes.
    @Sendable private static func approval(_ row: Value, _ look: Look) -> String {
        let (needed, approved) = (row["needed"]?.intValue ?? 0, row["approved"]?.intValue ?? 0)
        return switch row.shown("approval") {
        case "waiting": look.paint.yellow("\(max(0, needed - approved)) of \(needed) wait")
        case "approved": look.paint.green("\(needed) approved")
        case "superseded": look.paint.dim("superseded")
        case "unneeded": look.paint.dim("none needed")
        case let word: word
        }
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

    /// `2026-11-21 19:00 +01:00`: when it is due by the clocks of its time zone; `-` where they show UTC.
    @Sendable private static func nextLocally(_ row: Value, _ look: Look) -> String {
        let text = row["next_slot_local"]?.stringValue ?? ""
        guard text.utf8.count == 25, !text.hasSuffix("Z"), Timestamp(text) != nil else { return "-" }
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) \(text.suffix(6))"
    }

    private static func ahead(_ row: Value, _ look: Look) -> String {
        row["at"]?.instantValue.map { ($0 - look.now).shortText } ?? "-"
    }

    static func took(_ row: Value) -> String {
        guard let begin = row["started_at"]?.instantValue,
            let end = row["completed_at"]?.instantValue
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
        case "done", "succeeded", "success", "processed": paint.green(text)
        case "failed", "dead": paint.red(text)
        default: paint.yellow(text)
        }
    }

    private static func verdict(_ text: String, _ paint: Paint) -> String {
        switch text {
        case "pass": paint.green(text)
        case "fail": paint.red(text)
        default: paint.yellow(text.spaced)
        }
    }

    /// What a notice says beside its name: its reason or message, or all of it.
    private static func noticeText(_ payload: Value) -> String {
        for member in ["reason", "message", "summary"] {
            if let text = payload[member]?.stringValue { return Remedy.here(Value.string(text).shown) }
        }
        return Remedy.here(payload.shown)
    }
}

extension Value {
    /// The environment of a row for people: what belongs to none is shared by all.
    ///
    /// The API says null of it, and in findings, whose key it is a part of, `global`.
    var environmentName: String {
        let member = self["environment"] == nil ? "env" : "environment"
        guard let name = self[member]?.stringValue, name != "global" else { return "shared" }
        return shown(member)
    }
}
