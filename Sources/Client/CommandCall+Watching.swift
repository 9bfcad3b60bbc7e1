import Basics
import Formats
import HTTPClient

extension CommandCall {
    func status() async throws -> ClientExit {
        let connection = try connection()
        let data = try await connection.get("/status").data
        var more = Value.Object()
        if arguments.has("all") {
            for (name, listing) in [
                ("environments", Listing.environments), ("findings", Listing.findings), ("drift", Listing.drift),
            ] {
                more[name] = .list(try await rows(listing, connection, limit: .max).rows)
            }
        }
        if screen.isJSON {
            screen.json(arguments.has("all") ? ["status": data, "lists": .object(more)] : data)
            return .done
        }
        func counts(_ member: String, _ none: String) -> String {
            let all = (data[member]?.objectValue?.members ?? []).map { member in
                "\(member.value.shown) \(member.name.spaced)"
            }
            return all.isEmpty ? none : all.joined(separator: ", ")
        }
        let paint = screen.paint
        let loop = data["loop"]
        let failures = loop?["failures_in_a_row"]?.intValue ?? 0
        let health =
            loop == nil
            ? paint.yellow("none are made by this process")
            : failures > 0
                ? paint.red("\(failures.of("failure")) in a row") : paint.green("go well")
        let run = data["last_run"].flatMap { $0.isNull ? nil : $0 }
        let lastRun = run.map { run in
            "\(run.shown("id"))  \(Listing.phase(run.shown("phase"), paint))  \(run.minute("started_at"))"
        }
        // Where nobody has looked, that nothing was found means nothing.
        let none = data["looked_at"]?.isNull == true ? paint.yellow("nobody has looked yet") : paint.green("none")
        var environments = counts("environments", "none")
        if let count = data["suspended"]?.intValue, count > 0 { environments += "; \(count) of them suspended" }
        let reasons = data["unknown_because"]?.listValue?.compactMap(\.stringValue) ?? []
        // Each has a line in the answer as JSON.
        let doubts = reasons.first.map { first in
            paint.yellow(
                "what is wanted of them isn't known: \(first)"
                    + (reasons.count > 1 ? ", and \((reasons.count - 1).of("reason")) more" : ""))
        }
        let only = data["only_environments"]?.listValue?.compactMap(\.stringValue).joined(separator: ", ")
        func few(_ member: String) -> String? { data[member]?.intValue == 0 ? nil : data.shown(member) }
        // Where too little was seen, that nothing is found means nothing either.
        let uncompared = data["not_compared"]?.intValue.flatMap { count in
            count == 0 ? nil : paint.yellow("\(count.of("resource")); which, and why: odooops plan show latest")
        }
        let lines: [(String, String?)] = [
            ("service", connection.address.text), ("of", only.map { "\($0) alone" }), ("passes", health),
            ("last fault", loop?.shown("last_fault")),
            ("environments", environments), ("unknown", doubts), ("last look", data.minute("looked_at")),
            ("drift", counts("drift", none)), ("not compared", uncompared),
            ("known drift", few("known_drift")), ("alerts", counts("findings", none)),
            ("hooks waiting", few("hooks_waiting")),
            // Runs are told only to those who may see all that they did.
            ("last run", lastRun ?? (only == nil ? "none yet" : nil)), ("next pass", data.minute("next_pass_at")),
        ]
        screen.print(block(lines))
        if let plan = data["plan"], let text = Self.approval(of: plan) { screen.print(text) }
        for (title, name, listing) in [
            ("Environments", "environments", Listing.environments), ("Alerts", "findings", Listing.findings),
            ("Drift", "drift", Listing.drift),
        ] {
            guard let rows = more[name]?.listValue, !rows.isEmpty else { continue }
            screen.print("\n\(paint.bold(title))\n" + table(listing, rows))
        }
        return .done
    }

    /// What waits for a person in the latest plan, or that what waited is approved; nil where nothing needs anybody.
    private static func approval(of plan: Value) -> String? {
        let count = (plan["needed"]?.intValue ?? 0) - (plan["approved"]?.intValue ?? 0)
        switch plan.shown("approval") {
        case "waiting":
            return "\(count.of("change waits", "changes wait")) for a person: "
                + "odooops plan show \(plan.shown("run"))"
        case "approved": return PlanStanding.approvedText
        default: return nil
        }
    }

    func logs() async throws -> ClientExit {
        let connection = try connection()
        var filter: [(String, String?)] = [
            ("type", arguments.value("type")), ("service", arguments.value("service")),
            ("level", arguments.value("level")),
        ]
        if target == "latest" || target.utf8.count == 36 && target.split(separator: "-").count == 5 {
            let run = try await connection.get("/runs/\(target.percentEncoded)").data["id"]?.stringValue
            filter.append(("correlation_id", run))
        } else if !target.isEmpty {
            // Asked for by name, so that a name that nothing has isn't taken for one of which nothing is told.
            let name = try await environment(target, connection)
            _ = try await connection.get("/environments/\(name.percentEncoded)")
            filter.append(("environment", name))
            if !screen.isJSON {
                let remark = "What was done and told of \(name); logs of its containers aren't collected."
                screen.remark(screen.errorPaint.dim(remark))
            }
        }
        let query =
            filter + [("since", try instant("since", back: true)), ("until", try instant("until", back: true))]
        let listing = Listing(path: "/logs", empty: "Nothing such has happened.", columns: [])
        let (rows, hasMore) = try await rows(listing, connection, query: query)
        guard arguments.has("follow") else { return showLines(rows, hasMore: hasMore, of: listing) }
        return try await followLogs(rows.reversed(), filter, connection)
    }

    /// Shows what comes, until somebody stops it.
    private func followLogs(
        _ first: [Value], _ filter: [(String, String?)], _ connection: ServiceConnection
    ) async throws -> ClientExit {
        func show(_ row: Value) { if screen.isJSON { screen.jsonLine(row) } else { screen.print(eventLine(row)) } }
        first.forEach(show)
        var last = first.last?["at"]?.stringValue ?? now.description
        var seen = Set(first.compactMap { $0["id"]?.stringValue })
        let listing = Listing(path: "/logs", empty: "", columns: [])
        // Each look counts against what a person may ask for in a minute: while nothing comes there are fewer.
        var idle = 0
        // Whoever reads no more (… | head) wants no more.
        while !surroundings.isUnread() {
            try await surroundings.time.sleep(for: .seconds(min(5, 1 + idle)))
            let query = filter + [("since", last)]
            let new = try await tirelessly(until: nil) {
                try await rows(listing, connection, query: query, limit: 1_000).rows
            }.filter { !seen.contains($0["id"]?.stringValue ?? "") }
            for row in new.reversed() { show(row) }
            idle = new.isEmpty ? idle + 1 : 0
            guard let newest = new.first?["at"]?.stringValue else { continue }
            // Only what shares the last instant can come again.
            if newest != last { seen = [] }
            last = newest
            for row in new where row["at"]?.stringValue == newest {
                if let id = row["id"]?.stringValue { seen.insert(id) }
            }
        }
        return .done
    }

    func metrics() async throws -> ClientExit {
        if asksForHistory {
            guard arguments.value("range") == nil else {
                throw ArgumentFault(
                    "--range goes without --since, --until and --step",
                    hint: "Run: odooops metrics --since 24h --step 1h")
            }
            return try await metricsHistory()
        }
        guard !target.isEmpty else {
            if arguments.value("range") != nil {
                throw ArgumentFault(
                    "--range goes with an environment", hint: "Run: odooops metrics TARGET --range 24h")
            }
            return try await list(.figures)
        }
        if let metric = arguments.value("metric"), metric != "steps" {
            throw ClientFault.notThere(
                "the service keeps no figure \(metric) of environments: it measures no machines yet",
                instead: "Meanwhile: --metric steps, or the figures of the service: odooops metrics --metric NAME")
        }
        let connection = try connection()
        let name = try await environment(target, connection)
        let rows = try await connection.get(
            "/environments/\(name.percentEncoded)/metrics", [("range", arguments.value("range"))]
        ).data
        let all = rows.listValue ?? []
        return answer(rows, all.isEmpty ? Listing.environmentSteps.empty : table(.environmentSteps, all))
    }
}
