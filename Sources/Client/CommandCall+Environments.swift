import Basics
import Formats
import HTTPClient

extension CommandCall {
    func showEnvironment() async throws -> ClientExit {
        let connection = try connection()
        let name = try await environment(target, connection)
        let row = try await connection.get("/environments/\(name.percentEncoded)").data
        return answer(row, environmentText(row))
    }

    private func environmentText(_ row: Value) -> String {
        let look = Look(paint: screen.paint, now: now)
        let name = row.shown("name")
        let isPinned = row["pinned"]?.boolValue == true
        var lines: [(String, String?)] = [
            ("name", screen.paint.bold(name)), ("tier", row.shown("tier")), ("branch", row.shown("branch")),
            ("status", Listing.environmentStatus(row, look)),
            ("sync", "\(Listing.sync(row, look)): \(row.shown("sync_reason"))"),
            ("health", "\(Listing.health(row, look)): \(row.shown("health_reason"))"),
            ("revision", row.shown("revision")), ("time left", Listing.timeLeft(row, look)),
            ("ends", row.minute("expires_at")),
            ("goes", row.shown("goes_at") == row.shown("expires_at") ? nil : row.minute("goes_at")),
            (
                "extended by",
                row["extension_days"]?.intValue.flatMap { $0 == 0 ? nil : $0.of("day") }
            ),
        ]
        lines += held(row)
        lines += [("host", row.shown("host")), ("domain", row.shown("domain")), ("database", row.shown("database"))]
        let times: [(String, String?)] = [
            ("since", row.minute("created_at")),
            (
                "deployed",
                row.shown("deployed_at") == "-"
                    ? "not known"
                    : "\(row.minute("deployed_at")), revision \(row.shown("deployed_revision").prefix(12))"
            ),
            ("last used", row.minute("active_at")), ("cost a month", Listing.cost(row)),
        ]
        lines += times
        // The service knows how many days its policy allows, and whether they would be enough.
        let keep = isPinned ? nil : row["keep"]?.stringValue
        return block(lines) + (keep.map { screen.paint.dim("More time: \(Remedy.here($0))\n") } ?? "")
    }

    /// What a person keeps it from, who, until when and why.
    private func held(_ row: Value) -> [(String, String?)] {
        func words(_ what: String, _ who: String, _ until: String) -> String {
            var text = "yes, by \(row.shown(who))"
            if row.shown(until) != "-" { text += ", until \(row.minute(until))" }
            return row.shown(what) == "-" ? text : "\(text): \(row.shown(what))"
        }
        func isHeld(_ flag: String) -> Bool {
            row[flag]?.boolValue == true && row["\(flag)_until"]?.instantValue.map { $0 <= now } != true
        }
        return [
            ("pinned", isHeld("pinned") ? words("pin_reason", "pinned_by", "pinned_until") : nil),
            ("suspended", isHeld("suspended") ? words("suspend_reason", "suspended_by", "suspended_until") : nil),
        ]
    }

    /// What more days come to: a new end, or the time from which on they count.
    private static func extended(_ row: Value, _ count: Int64, _ now: Timestamp) -> String {
        let name = row.shown("name")
        func pause(_ what: String, _ until: String, _ command: String) -> String {
            let end = row.shown(until) == "-" ? "" : " at \(row.minute(until)), or at once"
            return "\(count.of("day")) more, which count when \(what)\(end): \(command)"
        }
        if row["suspended"]?.boolValue == true {
            return pause("it is resumed", "suspended_until", "odooops env resume \(name)")
        }
        if row["pinned"]?.boolValue == true {
            return pause("its pin ends", "pinned_until", "odooops env unpin \(name)")
        }
        let end = row.minute("expires_at")
        guard end != "-" else { return "\(count.of("day")) more; the next pass says until when." }
        guard let instant = row["expires_at"]?.instantValue, instant <= now else { return "until \(end)." }
        let isOver = row.shown("status") == "expired"
        return "\(count.of("day")) more, until \(end), which has passed: "
            + (isOver ? "it doesn't come back." : "it still goes\(goes(row, now)).") + keep(row)
    }

    /// When what has ended goes: what follows `it goes`.
    private static func goes(_ row: Value, _ now: Timestamp) -> String {
        row.goesLater(than: now).map { ", at \($0.minuteText) at the earliest" } ?? " with the next pass"
    }

    /// A sentence with the command that keeps it; empty where the service names none.
    private static func keep(_ row: Value) -> String {
        row["keep"]?.stringValue.map { " Keep it: \(Remedy.here($0))" } ?? ""
    }

    /// The answer of `explain` to why an environment stands as it does, and what comes, differs or is amiss of it.
    func explainEnvironment() async throws -> ClientExit {
        let connection = try connection()
        let name = try await environment(target, connection)
        let row = try await connection.get("/environments/\(name.percentEncoded)").data
        let explanation = try await connection.get("/explanations", [("key", name)]).data
        let of: [(String, String?)] = [("environment", name)]
        let drift = try await rows(.drift, connection, query: of, limit: .max).rows
        let findings = try await rows(.findings, connection, query: of, limit: .max).rows
        let coming = (try await connection.get("/upcoming").data.listValue ?? [])
            .filter { $0["environment"]?.stringValue == name }
        if screen.isJSON {
            screen.json([
                "environment": row, "explanation": explanation, "drift": .list(drift),
                "findings": .list(findings), "upcoming": .list(coming),
            ])
            return .done
        }
        var text = explanationText(ofEnvironment: explanation, held: held(row))
        for (title, listing, rows) in [
            ("What happens next", Listing.upcoming, coming), ("What differs from git", Listing.drift, drift),
            ("What is not as it has to be", Listing.findings, findings),
        ] where !rows.isEmpty {
            text += "\n\(screen.paint.bold(title))\n" + table(listing, rows)
        }
        if drift.isEmpty, findings.isEmpty {
            text +=
                row["sync"]?.stringValue == "unknown"
                ? "\nNothing is known to be wrong, but not all of it could be compared with git. "
                    + "Why: odooops plan show latest\n"
                : "\nNothing differs from git, and nothing is known to be wrong.\n"
        }
        screen.print(text)
        return .done
    }

    func changeEnvironment() async throws -> ClientExit {
        let verb = String(arguments.command.name.dropFirst("env ".count))
        var body: Value?
        switch verb {
        case "extend":
            _ = try required("days", "\(target) --days 7")
            body = Self.body([
                ("days", try number("days", in: 1...365).map { .int(Int64($0)) }), ("reason", textValue("reason")),
            ])
        case "pin", "suspend":
            let until = try instant("until", back: false)
            body = Self.body([("reason", textValue("reason")), ("until", until.map { .string($0) })])
        case "resume": body = .object([:])
        default: break
        }
        let connection = try connection()
        let name = try await environment(target, connection)
        let isUnpin = verb == "unpin"
        // What holds already is neither done again nor written into the audit log as if somebody had changed it.
        if isUnpin || verb == "resume" {
            let row = try await connection.get("/environments/\(name.percentEncoded)").data
            if row[isUnpin ? "pinned" : "suspended"]?.boolValue == false {
                return answer(row, "\(name) is not \(isUnpin ? "pinned" : "suspended"): nothing was changed.")
            }
        }
        let row = try await connection.write(
            isUnpin ? "DELETE" : "POST", "/environments/\(name.percentEncoded)/\(isUnpin ? "pin" : verb)", body
        ).data
        if row["changed"]?.boolValue == false {
            let states = [
                "unpin": "not pinned", "resume": "not suspended", "pin": "pinned so already",
                "suspend": "suspended so already",
            ]
            return answer(row, "\(name) is \(states[verb] ?? "so already"): nothing was changed.")
        }
        let end = row.minute("expires_at")
        let said =
            switch verb {
            case "extend": "\(name) has " + Self.extended(row, body?["days"]?.intValue ?? 0, now)
            case "pin":
                "\(name) is kept\(row.shown("pinned_until") == "-" ? "" : " until \(row.minute("pinned_until"))"). Take it back: odooops env unpin \(name)"
            case "unpin":
                Self.loose(row, now).map { "\(name) is kept no more\($0)" }
                    ?? "\(name) may end again" + (end == "-" ? "." : ": \(end).")
            case "suspend":
                "\(name) is left alone\(row.shown("suspended_until") == "-" ? "" : " until \(row.minute("suspended_until"))"). Take it back: odooops env resume \(name)"
            default: "\(name) is reconciled again" + (Self.loose(row, now) ?? ", from the next pass on.")
            }
        return told(said, row)
    }

    /// What comes of one that a person keeps no longer, or left alone until now; nil where its life goes on.
    private static func loose(_ row: Value, _ now: Timestamp) -> String? {
        func lasts(_ word: String) -> Bool {
            row[word]?.boolValue == true && (row["\(word)_until"]?.instantValue.map { now < $0 } ?? true)
        }
        let name = row.shown("name")
        if row.isUnwanted {
            let until = row["pinned_until"]?.instantValue.map { " until \($0.minuteText)" }
            if lasts("pinned") {
                return ", and nothing wants it: only its pin keeps it\(until ?? ", until odooops env unpin \(name)")."
            }
            let goes =
                lasts("suspended")
                ? "it goes when it is reconciled again"
                : "the next pass deletes it, or marks it where the policy gives it a grace"
            return ", and nothing wants it: \(goes). Keep it: odooops env pin \(name) --reason \"why\""
        }
        guard let end = row["expires_at"]?.instantValue, end <= now, !lasts("pinned"), !lasts("suspended") else {
            return nil
        }
        return ": its time was over \(row.minute("expires_at")), so it goes\(goes(row, now)).\(keep(row))"
    }
}

extension Value {
    /// Of an environment: whether nothing wants it any more.
    var isUnwanted: Bool { self["unwanted_since"]?.stringValue != nil }

    /// Of an environment: when what it owns goes, where that is still to come.
    func goesLater(than now: Timestamp) -> Timestamp? {
        self["goes_at"]?.instantValue.flatMap { $0 > now ? $0 : nil }
    }
}
