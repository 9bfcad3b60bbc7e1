import Basics
import Formats
import HTTPClient

extension CommandCall {
    func approve() async throws -> ClientExit {
        let connection = try connection()
        let plan = try await connection.get("/plans/\(runID(target, connection).percentEncoded)").data
        let run = plan["run_id"]?.stringValue ?? target
        let wanted = arguments.all("key")
        let waiting = Self.waiting(in: plan, named: wanted)
        for key in wanted where !waiting.contains(where: { $0["key"]?.stringValue == key }) {
            let near = Suggestion.nearest(to: key, in: waiting.compactMap { $0["key"]?.stringValue })
            throw ClientFault(
                "CLI-0012", .notFound, "no change of \(key) waits in run \(run)",
                hint: near.map { "Did you mean \($0)?" } ?? "See what waits: odooops plan show \(run)")
        }
        // What a plan rests on changes how everything is treated, and what goes by itself may be a slip of a document: only
        // who names it means it.
        let leftOut = wanted.isEmpty ? waiting.filter(Self.isApprovedByName) : []
        let meant =
            wanted.isEmpty
            ? waiting.filter { !Self.isApprovedByName($0) }
            : waiting.filter { wanted.contains($0["key"]?.stringValue ?? "") }
        let others = leftOut.map {
            "Left out, for only its name means it: \($0.shown("reason")): odooops approve \(run) --key \($0.shown("key"))"
        }
        guard !meant.isEmpty else {
            guard others.isEmpty else {
                let isFooting = leftOut.allSatisfy(Self.isDeparture)
                throw ClientFault(
                    "CLI-0012", .refused,
                    "what waits in run \(run) \(isFooting ? "is what its plan rests on, which " : "")is approved by its name alone",
                    hint: others.joined(separator: "\n  "))
            }
            throw ClientFault(
                "CLI-0012", .nothing, "nothing waits for an approval in run \(run)",
                hint: "See its plan: odooops plan show \(run). What waits: odooops plan list --approval waiting")
        }
        // The latest plan is that of a pass.
        if target != "latest",
            (try? await connection.get("/runs/\(run.percentEncoded)"))?.data["dry_run"]?.boolValue == true
        {
            throw ClientFault(
                "CLI-0012", .refused, "run \(run) was only a look, in which nothing can be approved",
                hint: "Approvals are given to the plan of a pass: odooops plan show latest")
        }
        // Whatever waits for a person deletes, replaces, overwrites or trusts anew: none of it can be taken back.
        let lines = meant.map { change in
            let why = change.shown(Self.isDeparture(change) ? "reason" : "decision_reason")
            return "  \(change.shown("action")) \(change.shown("key"))" + (why == "-" ? "" : "  (\(Remedy.here(why)))")
        }
        // Who confirms beforehand what is waiting in whatever run is the last has not seen what that is.
        let isUnseen = target == "latest" && wanted.isEmpty
        try confirm(
            "this lets the next pass do what can't be taken back:\n\(lines.joined(separator: "\n"))",
            typing: meant[0].shown("key"), for: [run], unseen: isUnseen)
        // The keys that were shown, and not all that wait by the time the request arrives.
        let body = Self.body([
            ("run", .string(run)), ("keys", .strings(meant.compactMap { $0["key"]?.stringValue })),
            ("reason", textValue("reason")), ("minutes", try minutes()),
        ])
        let rows = try await connection.write("POST", "/approvals", body).data
        let closed = windows(meant, rows.listValue ?? [])
        let next =
            closed.count == meant.count
            ? []
            : [
                "The next pass does \(closed.isEmpty ? "it" : "the rest"), unless anything about it moves before: "
                    + "odooops reconcile --wait"
            ]
        return answer(
            rows, table(.approvals, rows.listValue ?? []) + (others + closed + next).joined(separator: "\n"))
    }

    /// What windows keep from happening although it is approved: one line each.
    ///
    /// How long an approval may hold at most only the service knows; one that doesn't say it tells by its plan alone.
    private func windows(_ changes: [Value], _ approvals: [Value]) -> [String] {
        changes.compactMap { change in
            let given = approvals.first { $0["key"] == change["key"] } ?? .null
            let place: String
            let opensAt: Timestamp?
            if let window = given["window"] {
                guard let text = window.stringValue else { return nil }
                (place, opensAt) = (text, given["opens_at"]?.instantValue)
            } else {
                guard change["hold"]?.stringValue == "approval", let mark = change["held_at"], mark["file"] != nil
                else { return nil }
                (place, opensAt) = (
                    "\(mark.shown("file")):\(mark.shown("line"))", change["blocked_until"]?.instantValue
                )
            }
            if let opensAt, opensAt <= now { return nil }
            let key = change.shown("key")
            guard let opensAt else { return "\(key): no opening is in sight (\(place))" }
            let when = "\(key): not before \(opensAt.minuteText) UTC (\(place))"
            guard let end = given["expires_at"]?.instantValue, end <= opensAt else {
                return "\(when), by the next pass from then on"
            }
            let hours = given["hours"]?.intValue
            return "\(when), and the approval ends before: "
                + (hours.map { "give --for \($0)h" } ?? "approve it again then")
        }
    }

    /// The changes that wait for an approval, and those that are named of what only time lets go, which waits for nobody.
    private static func waiting(in plan: Value, named wanted: [String]) -> [Value] {
        let graces = Set(
            (plan["prune"]?.listValue ?? []).filter { $0["needs_approval"]?.boolValue != true }.compactMap {
                $0["key"]?.stringValue
            }
        ).intersection(wanted)
        return (plan["changes"]?.listValue ?? []).filter { change in
            if change["decision"]?.stringValue == "needs_approval" { return true }
            return change["hold"]?.stringValue == "grace" && graces.contains(change["key"]?.stringValue ?? "")
        }
    }

    /// Whether a change is what the plan rests on, and no resource's.
    private static func isDeparture(_ change: Value) -> Bool {
        change["key"]?.stringValue?.hasPrefix(ServiceNames.departure) == true
    }

    /// Whether it waits for its name alone: what the plan rests on, and what goes by itself after its grace.
    private static func isApprovedByName(_ change: Value) -> Bool {
        isDeparture(change) || change["hold"]?.stringValue == "grace"
    }

    func revoke() async throws -> ClientExit {
        let data = try await connection().write("POST", "/approvals/revoke", ["key": .string(target)]).data
        let count = data["revoked"]?.intValue ?? 0
        return count == 0
            ? answer(data, "No approval of \(target) stood.")
            : told("\(count.of("approval")) of \(target) taken back.", data)
    }

    func markDrift() async throws -> ClientExit {
        let isMute = arguments.command.name == "drift mute"
        let reason = try required("reason", "\(target) --reason TEXT")
        let body = Self.body([("key", .string(target)), ("reason", .string(reason)), ("minutes", try minutes())])
        let data = try await connection().write("POST", "/drift/\(isMute ? "mute" : "acknowledge")", body).data
        if screen.isJSON {
            screen.json(data)
            return .done
        }
        for mark in data.listValue ?? [] {
            let until = mark.shown("until") == "-" ? "" : " until \(mark.minute("until"))"
            screen.print(
                "\(screen.paint.green("✓")) \(mark.shown("key")) is \(isMute ? "muted" : "known as it is")\(until). "
                    + "Take it back: odooops drift unmute \(mark.shown("key"))")
        }
        return .done
    }

    func unmarkDrift() async throws -> ClientExit {
        let data = try await connection().write("POST", "/drift/unmute", ["key": .string(target)]).data
        let count = data["ended"]?.intValue ?? 0
        return told("\(count.of("remark")) about \(target) taken back.", data)
    }

    func listFindings() async throws -> ClientExit {
        guard let severity = arguments.value("severity") else { return try await list(.findings) }
        if arguments.value("status") != nil {
            throw ArgumentFault(
                "--severity and --status say the same", hint: "Leave one out: critical is escalated, warning is open.")
        }
        var listing = Listing.findings
        listing.filters.removeAll { $0.option == "status" }
        return try await list(listing, query: [("status", severity == "critical" ? "escalated" : "open")])
    }

    func listGates() async throws -> ClientExit {
        let data = try await connection().get("/gates").data
        if screen.isJSON {
            screen.json(data)
            return .done
        }
        guard data.shown("run") != "-" else {
            screen.print("No pass has looked at the gates yet: odooops reconcile --wait")
            return .done
        }
        let gates = data["gates"]?.listValue ?? []
        let findings = data["findings"]?.listValue ?? []
        let counts = (data["summary"]?.objectValue?.members ?? []).map { "\($0.value.shown) \($0.name.spaced)" }
        var text = block([
            ("run", data.shown("run")), ("at", data.minute("at")), ("gates", counts.joined(separator: ", ")),
        ])
        if !gates.isEmpty { text += "\n" + table(.gates, gates) }
        if !findings.isEmpty { text += "\n\(screen.paint.bold("Alerts"))\n" + table(.findings, findings) }
        screen.print(text)
        return .done
    }

    func retryDelivery() async throws -> ClientExit {
        let data = try await connection().write("POST", "/webhooks/deliveries/\(target.percentEncoded)/retry").data
        let id = data.shown("id")
        return told("\(id) is worked on again. See: odooops webhooks show \(id)", data)
    }

    func verifyAudit() async throws -> ClientExit {
        let data = try await connection().get("/audit-logs/verification").data
        let isWhole = data["whole"]?.boolValue == true
        if screen.isJSON {
            screen.json(data)
        } else {
            let verdict = isWhole ? screen.paint.green("whole") : screen.paint.red("changed")
            screen.print(
                block([
                    ("audit log", verdict), ("lines", data.shown("lines")),
                    (
                        "before the chain",
                        data["before_the_chain"]?.intValue == 0 ? nil : data.shown("before_the_chain")
                    ),
                    ("head", data.shown("head")),
                ]))
            for fault in data["faults"]?.listValue ?? [] {
                screen.print("\(screen.paint.red("✗")) \(fault.shown("record")): \(fault.shown("message"))")
            }
        }
        return isWhole ? .done : .failed
    }

    func explain() async throws -> ClientExit {
        if Diagnostic.isCode(target) {
            let page = try await connection().get("/errors/\(target)").data
            if screen.isJSON { screen.json(page) } else { screen.print(page.shown("text")) }
            return .done
        }
        let data = try await connection().get("/explanations", [("key", target)]).data
        if screen.isJSON {
            screen.json(data)
            return .done
        }
        if data["type"] == "environment" {
            screen.print(explanationText(ofEnvironment: data))
            return .done
        }
        // The head of the branch need not have changed what is asked about.
        let head = data.commitText("head").map { "\(data.shown("revision").prefix(12)) \($0)" }
        if data["type"] == "entry" {
            let finding = data["finding"].flatMap { $0.isNull ? nil : $0 }
            screen.print(
                block([
                    ("key", screen.paint.bold(data.shown("key"))), ("it is", data.shown("reason")),
                    ("wanted by", data.shown("source")), ("changed last", data.commitText("commit")),
                    ("revision", head), ("precedence", data.shown("precedence")), ("finding", finding?.shown("status")),
                    ("first seen", finding?.minute("first_seen")),
                ]) + attributesText(data))
            return .done
        }
        let wake = data["next_wake"].map { "\($0.minute("at"))  \($0.shown("reason"))" }
        let findings = data["findings"]?.listValue ?? []
        let rest = findings.isEmpty ? "it is as wanted" : "no change of ours mends it"
        let wanted: [(String, String?)] = [
            ("key", screen.paint.bold(data.shown("key"))), ("environment", data.environmentName),
            ("wanted by", data.shown("source")), ("changed last", data.commitText("commit")), ("revision", head),
            ("observed", data.shown("observed")), ("provider id", data.shown("provider_id")),
        ]
        let planned: [(String, String?)] = [
            ("action", data.shown("action") == "noop" ? "none: \(rest)" : data.shown("action")),
            ("cause", data.shown("cause")), ("reason", data.shown("reason")),
            ("decision", data.shown("decision")), ("because", Remedy.here(data.shown("decision_reason"))),
            ("blocked until", data.minute("blocked_until")), ("differs since", data.minute("drift_since")),
            ("waits for", data.shown("depends_on")), ("next look", wake),
        ]
        screen.print(
            block(wanted + planned) + findings.map(findingText).joined() + obstacleText(data) + attributesText(data))
        return .done
    }

    /// What a rule wants otherwise, at which line, and what people can do.
    private func findingText(_ finding: Value) -> String {
        var text = "\n\(screen.paint.yellow("Against a rule")): \(finding.shown("code")): \(finding.shown("message"))\n"
        for name in ["source", "hint", "command"] where finding.shown(name) != "-" {
            text += "  \(name == "source" ? "at " : "")\(Remedy.here(finding.shown(name)))\n"
        }
        return text
    }

    /// Each attribute with who says it and who changed that line last; empty where there is none.
    private func attributesText(_ data: Value) -> String {
        let attributes = data["attributes"]?.listValue ?? []
        guard !attributes.isEmpty else { return "" }
        let columns: [Listing.Column] = [
            .needed("ATTRIBUTE", 9, "name", least: 16), .needed("VALUE", 8, "value", least: 12),
            .name("FROM", 5, "from"), .place("SOURCE", 7, "source"),
        ]
        let whole = filled(
            columns + [Listing.Column("CHANGED LAST", 3) { row, _ in row.commitText("commit") ?? "-" }], attributes)
        guard !whole.fits(screen.width) else { return "\n" + whole.text(screen.paint, width: screen.width) }
        // A commit takes more room than all else, and many lines have the same one: what it is stands below, once.
        let texts = attributes.compactMap { $0.commitText("commit") }
        var commits: [String] = []
        for text in texts where !commits.contains(text) { commits.append(text) }
        let isOne = commits.count == 1 && texts.count == attributes.count
        let id = Listing.Column("CHANGED LAST", 6, least: 12) { row, _ in
            row["commit"]?["id"]?.stringValue.map { String(Paint.plain($0).prefix(12)) } ?? "-"
        }
        let text = "\n" + table(isOne ? columns : columns + [id], attributes)
        // Of several nobody could say which is whose where their column was left out.
        guard isOne || text.lowercased().contains("changed last") else { return text }
        let lines = commits.flatMap { commit in screen.width.map { Table.wrap(commit, to: $0) } ?? [commit] }
        return text + "\n\(screen.paint.dim(isOne ? "All of it changed last by" : "Changed last by"))\n"
            + lines.map { $0 + "\n" }.joined()
    }

    /// What is in the way, where it stands, and what ends it; empty where nothing is.
    private func obstacleText(_ data: Value) -> String {
        guard let obstacle = data["obstacle"], !obstacle.isNull else { return "" }
        var text = "\n\(screen.paint.yellow("In the way")): \(Remedy.here(obstacle.shown("reason")))\n"
        if obstacle.shown("source") != "-" { text += "  at \(obstacle.shown("source"))\n" }
        if obstacle.shown("command") != "-" { text += "  \(Remedy.here(obstacle.shown("command")))\n" }
        return text
    }

    /// A state of an environment, why it is so, where that stands, when it ends, and what ends it.
    private func standingLines(_ title: String, _ one: Value) -> [(String, String?)] {
        [
            (title, one.shown("state").spaced), ("because", Remedy.here(one.shown("reason"))),
            ("at", one.shown("source")),
            ("until", one.minute("until")),
            ("what to do", Remedy.here(one.shown("command"))),
        ]
    }

    /// The state of an environment, the first thing in the way of what it owns, and each of that.
    func explanationText(ofEnvironment data: Value, held: [(String, String?)] = []) -> String {
        let window = data["window"].flatMap { $0.isNull ? nil : $0 }
        let name: [(String, String?)] = [("environment", screen.paint.bold(data.shown("key")))]
        // Whoever mends the first finds the others still there.
        let others = (data["also"]?.listValue ?? []).flatMap { standingLines("and also", $0) }
        let about: [(String, String?)] = [
            ("wanted by", data.shown("wanted_at")), ("changed last", data.commitText("commit")),
            ("tier", data.shown("tier")), ("branch", data.shown("branch")),
            ("pull request", data.shown("pull_request")), ("ends", data.minute("expires_at")),
            ("window", window?.shown("reason")), ("opens", window?.minute("until")),
            ("next look", data["next_wake"].map { "\($0.minute("at"))  \($0.shown("reason"))" }),
        ]
        var text =
            block(name + standingLines("state", data) + others + held + about) + obstacleText(data)
            + attributesText(data)
        let resources = data["resources"]?.listValue ?? []
        if !resources.isEmpty {
            let columns: [Listing.Column] = [
                .key("RESOURCE", 9, "key", least: 22), .text("ACTION", 8, "action"),
                .text("DECISION", 7, "decision", least: 14),
                .prose("WHY", 5, "reason"),
            ]
            text += "\n" + table(columns, resources)
        }
        return text
    }
}
