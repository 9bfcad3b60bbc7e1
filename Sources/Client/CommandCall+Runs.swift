import Basics
import Formats
import HTTPClient

extension CommandCall {
    private static let finalPhases: Set<String> = ["succeeded", "failed", "canceled", "planned", "awaiting_approval"]

    /// How long after the last look a run that is waited for is looked at again.
    ///
    /// Who waits for long may not use up all that a person may ask for in a minute.
    private static func interval(waited: Duration) -> Duration {
        waited < .seconds(10) ? .milliseconds(500) : waited < .minutes(1) ? .seconds(1) : .seconds(2)
    }

    func showRun() async throws -> ClientExit {
        let connection = try connection()
        let run = try await connection.get("/runs/\(runID(target, connection).percentEncoded)").data
        let steps = run["steps"]?.listValue ?? []
        let standing = screen.isJSON ? nil : await standing(of: run, connection)
        return answer(run, runText(run, standing) + (steps.isEmpty ? "" : "\n" + table(.steps, steps)))
    }

    private func runText(_ run: Value, _ standing: PlanStanding?) -> String {
        let id = run.shown("id")
        var lines: [(String, String?)] = [
            ("run", screen.paint.bold(id)), ("phase", Listing.phase(run.shown("phase"), screen.paint)),
            ("trigger", run.shown("trigger")), ("dry run", run["dry_run"]?.boolValue == true ? "yes" : nil),
            ("revision", run.shown("revision")), ("begun", run.minute("started_at")), lasting(run),
        ]
        if let plan = run["metadata"]?["summary"] { lines.append(("plan", PlanView.counts(plan))) }
        let steps = run["steps"]?.listValue ?? []
        let states = Dictionary(grouping: steps) { $0.shown("state") }.sorted {
            $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }
        lines.append(("steps", states.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")))
        if let error = run["error"], !error.isNull {
            lines.append(("error", screen.paint.red(Listing.runError(run))))
            lines.append(("what to do", error["hint"]?.shown))
        }
        var text = block(lines)
        if run.shown("phase") == "awaiting_approval" {
            let isWaiting = standing?.isWaiting ?? true
            text +=
                isWaiting
                ? "It waits for a person: odooops plan show \(id); then: odooops approve \(id)\n"
                : "\(standing?.text(ofPlan: id) ?? "")\n"
        }
        return text
    }

    /// How long a run took, or takes so far.
    private func lasting(_ run: Value) -> (String, String?) {
        guard Listing.took(run) == "-", let time = elapsed(run) else { return ("took", Listing.took(run)) }
        return ("takes", "\(time.shortText) so far")
    }

    /// How long ago a run began; nil where it has ended, or nobody says when it began.
    private func elapsed(_ run: Value) -> Duration? {
        guard run["completed_at"]?.isNull ?? true, let begin = run["started_at"]?.instantValue
        else { return nil }
        return max(.zero, now - begin)
    }

    func showEvents() async throws -> ClientExit {
        let connection = try connection()
        let listing = Listing(
            path: "/runs/\(try await runID(target, connection).percentEncoded)/events",
            empty: "Nothing was told of it.",
            columns: [])
        let (rows, hasMore) = try await rows(listing, connection)
        return showLines(rows, hasMore: hasMore, of: listing)
    }

    /// What happened, of which the service tells the latest first: shown with the latest last, as in any log.
    func showLines(_ rows: [Value], hasMore: Bool, of listing: Listing) -> ClientExit {
        if screen.isJSON {
            screen.json(.list(rows))
            return .done
        }
        if rows.isEmpty { screen.print(listing.empty) }
        for row in rows.reversed() { screen.print(eventLine(row)) }
        if hasMore { screen.remark(screen.errorPaint.dim("There is more before that: --all")) }
        return .done
    }

    /// `2026-11-21 12:00  step  …`.
    func eventLine(_ event: Value) -> String {
        let type = event.shown("type")
        let isBad = event["level"]?.stringValue.map { $0 != "info" } ?? (type.contains("warn") || type.contains("fail"))
        let shown = isBad ? screen.paint.yellow(type) : screen.paint.cyan(type)
        let text = "\(screen.paint.dim(event.minute("at")))  \(shown)  \(Self.eventText(event, type))"
        // Below the type where that leaves room enough, so that the times stand alone.
        return screen.width.map { width in
            Table.wrap(text, to: width, indent: width < 80 ? 4 : 18).joined(separator: "\n")
        } ?? text
    }

    /// What an event of a run holds, or what any other line says beside its type.
    private static func eventText(_ event: Value, _ type: String) -> String {
        if let payload = event["payload"], !payload.isNull { return Remedy.here(payloadText(payload)) }
        let message = event.shown("message")
        return message.hasPrefix("\(type) ") ? String(message.dropFirst(type.count + 1)) : message
    }

    /// A step as people say it, anything else member by member.
    static func payloadText(_ payload: Value) -> String {
        guard let key = payload["key"]?.stringValue, let title = payload["title"]?.stringValue else {
            return payload.shown
        }
        return "\(payload.shown("state"))  \(Paint.plain(title))  \(Paint.plain(key))"
    }

    // MARK: Waiting

    func watch() async throws -> ClientExit {
        let patience = try patience()
        let connection = try connection()
        let run = try await connection.get("/runs/\(runID(target, connection).percentEncoded)").data
        return try await ended([try await settled(run, connection, patience)], connection)
    }

    func reconcile() async throws -> ClientExit {
        let connection = try connection()
        // Read before anything is asked for: who mistyped it has ordered nothing.
        let patience = try arguments.has("wait") ? patience() : nil
        let before = try await arguments.has("wait") ? latest(connection)?["id"]?.stringValue : nil
        let data = try await connection.write("POST", "/reconcile", Self.body([("reason", textValue("reason"))])).data
        guard let patience else {
            return told("\(data.shown("message")). To wait for its end: odooops reconcile --wait", data)
        }
        while true {
            if let run = try await tirelessly(until: patience.end, { try await latest(connection) }),
                let id = run["id"]?.stringValue, id != before
            {
                let first = try await settled(run, connection, patience)
                let others = try await parts(beside: first, after: before, connection, patience)
                return try await ended([first] + others, connection)
            }
            try await pause(patience, inVain: "no pass began") { "waiting for the pass to begin, \($0)" }
        }
    }

    /// For how long a command waits, whatever it waits for one after the other.
    private struct Patience {
        let begun: Duration
        let limit: Duration

        var end: Duration { begun + limit }
    }

    /// - Throws: `ArgumentFault` where `--wait-for` is no time.
    private func patience() throws -> Patience {
        Patience(begun: surroundings.time.uptime, limit: try duration("wait-for") ?? .minutes(10))
    }

    /// Says for how long it has waited, and sleeps until the next look.
    ///
    /// - Throws: `ClientFault` where it has waited long enough.
    private func pause(
        _ patience: Patience, inVain: String, of run: String? = nil, _ progress: (_ waited: String) -> String
    ) async throws {
        let waited = surroundings.time.uptime - patience.begun
        guard waited < patience.limit else {
            screen.progress("")
            throw ClientFault.waitedInVain(inVain, patience.limit, run: run)
        }
        screen.progress(progress(waited.shortText))
        try await surroundings.time.sleep(for: min(Self.interval(waited: waited), patience.limit - waited))
    }

    private func latest(_ connection: ServiceConnection) async throws -> Value? {
        try await connection.get("/runs", [("limit", "1")]).data.listValue?.first
    }

    /// The passes of the other services that share the work, until each shard has had one.
    private func parts(
        beside first: Value, after before: String?, _ connection: ServiceConnection, _ patience: Patience
    ) async throws -> [Value] {
        guard let count = first["metadata"]?["shards"]?["of"]?.intValue else { return [] }
        var missing = Set(0..<max(1, count)).subtracting(Self.shards(of: first))
        var seen = [first.shown("id")]
        var parts: [Value] = []
        while true {
            let runs = try await tirelessly(until: patience.end) {
                try await connection.get("/runs", [("limit", "50")]).data.listValue ?? []
            }
            for run in runs.prefix(while: { $0["id"]?.stringValue != before }).reversed()
            where !missing.isEmpty && run["dry_run"]?.boolValue != true && !seen.contains(run.shown("id")) {
                let part = try await settled(run, connection, patience)
                seen.append(part.shown("id"))
                let held = Self.shards(of: part)
                // One that got hold of nothing new has looked at nothing new.
                guard !held.isDisjoint(with: missing) else { continue }
                missing.subtract(held)
                parts.append(part)
            }
            guard !missing.isEmpty else { return parts }
            let names = missing.sorted().map(String.init).joined(separator: ", ")
            try await pause(patience, inVain: "no pass looked at shard \(names)") {
                "waiting for who looks after shard \(names), \($0)"
            }
        }
    }

    /// The shards that a run held.
    private static func shards(of run: Value) -> Set<Int64> {
        Set((run["metadata"]?["shards"]?["held"]?.listValue ?? []).compactMap(\.intValue))
    }

    /// Looks at a run until it ends.
    private func settled(
        _ first: Value, _ connection: ServiceConnection, _ patience: Patience
    ) async throws -> Value {
        let id = first.shown("id")
        let marks = ["|", "/", "-", "\\"]
        var turn = 0
        while true {
            let run: Value
            do {
                run = try await tirelessly(until: patience.end) {
                    try await connection.get("/runs/\(id.percentEncoded)").data
                }
            } catch let fault as ClientFault {
                screen.progress("")
                throw fault.leaving(run: id)
            }
            let phase = run.shown("phase")
            let steps = run["steps"]?.listValue ?? []
            if Self.finalPhases.contains(phase) {
                screen.progress("")
                return run
            }
            let settled = steps.count { !["intended", "running", "pending"].contains($0.shown("state")) }
            let current = steps.last.map { ", \($0.shown("title"))" } ?? ""
            let mark = marks[turn % 4]
            // A change takes one step or several: how far it is can be said of changes alone.
            let total = PlanView.toDo(run["metadata"]?["summary"])
            let begun = Set(steps.compactMap { $0["key"]?.stringValue }).count
            let place = total > 0 && begun > 0 ? "change \(begun) of \(max(begun, total)), " : ""
            // The run's own time, and not that of whoever looks at it.
            let time = elapsed(run)?.shortText
            try await pause(patience, inVain: "run \(id) did not end", of: id) {
                "\(mark) run \(id) \(phase), \(place)\(settled.of("step")) done, \(time ?? $0)\(current)"
            }
            turn += 1
        }
    }

    /// Says how runs ended; where several make one pass, the worst of them decides.
    private func ended(_ runs: [Value], _ connection: ServiceConnection) async throws(ClientFault) -> ClientExit {
        var standings: [PlanStanding?] = []
        for run in runs { standings.append(await standing(of: run, connection)) }
        if screen.isJSON {
            // One document: the run that keeps the records of all, with the others as its parts.
            let place = runs.firstIndex { Self.shards(of: $0).contains(0) } ?? 0
            var others = runs
            var whole = others.remove(at: place).objectValue ?? [:]
            if !others.isEmpty { whole["parts"] = .list(others) }
            screen.json(.object(whole))
        } else {
            for (run, standing) in zip(runs, standings) { screen.print(runText(run, standing)) }
        }
        func isWell(_ run: Value) -> Bool { ["succeeded", "planned"].contains(run.shown("phase")) }
        let bad = zip(runs, standings).filter { !isWell($0.0) }
        guard let (run, standing) = bad.first(where: { $0.0.shown("phase") != "awaiting_approval" }) ?? bad.first
        else { return .done }
        let fault = ClientFault.ended(
            run.shown("id"), run.shown("phase"), run["error"]?["message"]?.stringValue, standing)
        // With --json the run itself is the document, and there is only one.
        guard !screen.isJSON else {
            screen.remark(fault.description)
            return fault.exit
        }
        throw fault
    }

    // MARK: Plans

    func showPlan() async throws -> ClientExit {
        let connection = try connection()
        let plan = try await connection.get("/plans/\(runID(target, connection).percentEncoded)").data
        guard !plan.isNull else { return answer(plan, "Nothing was planned yet: odooops reconcile --wait") }
        let isWaiting = (plan["changes"]?.listValue ?? []).contains { PlanView.standing($0) == "needs_approval" }
        let standing =
            isWaiting && !screen.isJSON ? await standing(ofRun: plan.shown("run_id"), connection) : nil
        return answer(
            plan, PlanView(plan: plan, paint: screen.paint, width: screen.width, standing: standing).text)
    }
}
