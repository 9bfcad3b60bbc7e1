import Basics
import Formats

/// A plan for people, laid out as `reconcile` prints it: by environment, each change with where it is wanted and why.
struct PlanView {
    let plan: Value
    let paint: Paint
    /// Columns that a line may take; nil: as many as it has.
    let width: Int?
    /// How what needs a yes stands by now, of which the plan says nothing; nil where nobody told.
    var standing: PlanStanding?

    /// Whole, from the head to the sum.
    var text: String {
        let changes = (plan["changes"]?.listValue ?? []).filter {
            $0.shown("action") != "noop" || $0.shown("decision") != "allowed"
        }
        var lines = [
            "\(paint.bold("Plan of run \(plan.shown("run_id"))")) · \(plan.shown("revision").prefix(12)) · "
                + "planned \(plan.minute("planned_at"))"
        ]
        for (environment, members) in Self.groups(changes) {
            lines += ["", paint.bold(environment.isEmpty ? "Shared infrastructure" : "Environment \(environment)")]
            for change in members { lines += [""] + self.lines(of: change) }
        }
        lines += ["", paint.bold(summary)]
        let waiting = changes.count { Self.standing($0) == "needs_approval" }
        if waiting > 0 {
            lines.append((standing ?? .waiting(waiting)).text(ofPlan: plan.shown("run_id")))
        }
        return lines.flatMap { line in width.map { Self.wrap(line, to: $0) } ?? [line] }.joined(separator: "\n") + "\n"
    }

    /// A line in as many as it takes, those after the first set in below its text: keys, files and reasons stay whole.
    private static func wrap(_ line: String, to width: Int) -> [String] {
        Table.wrap(line, to: width, indent: line.prefix { $0 == " " }.count + 4)
    }

    /// What environments share comes first, then each by its name.
    private static func groups(_ changes: [Value]) -> [(environment: String, changes: [Value])] {
        Dictionary(grouping: changes) { $0["environment"]?.stringValue.map(Paint.plain) ?? "" }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
    }

    // MARK: One change

    private func lines(of change: Value) -> [String] {
        let (symbol, painted) = mark(change.shown("action"))
        var head = "  \(painted)" + String(repeating: " ", count: 4 - symbol.count) + paint.bold(change.shown("key"))
        if let place = place(change["source"]) { head += "  \(paint.dim(place))" }
        let indent = "      "
        var lines = [head]
        for attribute in change["attributes"]?.listValue ?? [] { lines.append(indent + words(attribute)) }
        var why = [change.shown("reason")]
        if change.shown("action") != "read", let cause = change["cause"]?.stringValue {
            why.append(cause.spaced)
        }
        if let requests = change["requests"]?.intValue, requests > 0, change.shown("decision") == "allowed" {
            why.append(requests.of("request"))
        }
        lines.append(indent + paint.dim(why.joined(separator: " · ")))
        if let verdict = verdict(change) { lines.append(indent + verdict.painted(verdict.text)) }
        return lines
    }

    private func mark(_ action: String) -> (symbol: String, painted: String) {
        switch action {
        case "create": ("+", paint.green("+"))
        case "adopt": ("↳", paint.green("↳"))
        case "update": ("~", paint.yellow("~"))
        case "replace": ("-/+", paint.red("-/+"))
        case "delete": ("-", paint.red("-"))
        case "forget": (".", paint.dim("."))
        case "read": ("?", paint.cyan("?"))
        default: ("=", paint.dim("="))
        }
    }

    private func place(_ source: Value?) -> String? {
        guard let file = source?["file"]?.stringValue else { return nil }
        return source?["line"]?.intValue.map { "\(Paint.plain(file)):\($0)" } ?? Paint.plain(file)
    }

    private func words(_ attribute: Value) -> String {
        let before = attribute["before"].flatMap { $0.isNull ? nil : $0.shown }
        var after = attribute.shown("after")
        if attribute["sensitive"]?.boolValue == true {
            return "\(attribute.shown("path")): (sensitive\(before == nil ? "" : ", changes"))"
        }
        if attribute["after"]?.isNull ?? true, let reference = attribute["reference"]?.stringValue {
            after = paint.cyan("(known after apply: \(Paint.plain(reference)))")
        } else {
            after = paint.green(after)
        }
        var text = "\(attribute.shown("path")): \(before.map { "\(paint.red($0)) → " } ?? "")\(after)"
        if attribute["requires_replacement"]?.boolValue == true { text += paint.red("  (forces replacement)") }
        if before != nil, let place = place(attribute["source"]) { text += paint.dim("  (\(place))") }
        return text
    }

    /// What keeps a change from happening, and how it is painted; nil where nothing does.
    private func verdict(_ change: Value) -> (text: String, painted: (String) -> String)? {
        let reason = Remedy.here(change.shown("decision_reason"))
        switch Self.standing(change) {
        case "allowed": return nil
        case "needs_approval": return ("! needs approval: \(reason)", paint.yellow)
        case "denied": return ("✗ denied: \(reason)", paint.red)
        case let decision:
            if change.shown("action") == "read" { return ("? unknown: \(reason)", paint.cyan) }
            let until = change["blocked_until"]?.stringValue == nil ? "" : ", until \(change.minute("blocked_until"))"
            return ("✗ \(decision): \(reason)\(until)", paint.red)
        }
    }

    /// What becomes of a change; what goes by itself after its grace waits for nobody.
    static func standing(_ change: Value) -> String {
        change["hold"]?.stringValue == "grace" ? "blocked" : change.shown("decision")
    }

    // MARK: The sum

    /// `Plan: 1 to update, 2 blocked, 3 unknown · 42 as wanted`.
    private var summary: String {
        let changes = plan["changes"]?.listValue ?? []
        return "Plan: " + Self.counts(plan["summary"], changes, waits: standing?.isWaiting ?? true)
    }

    /// What a pass does of its own; in this order.
    private static let actions = ["create", "adopt", "update", "replace", "delete", "forget"]

    /// How many changes a pass makes; 0 where its counts don't say.
    static func toDo(_ summary: Value?) -> Int { Int(actions.compactMap { summary?[$0]?.intValue }.reduce(0, +)) }

    /// The counts of a plan in words.
    ///
    /// - Parameters:
    ///   - summary: what the service counted.
    ///   - changes: the changes, where they are at hand: they say what holds each back.
    ///   - waits: whether what needs a yes still waits for it.
    /// - Returns: `1 to update, 2 blocked · 42 as wanted`.
    static func counts(_ summary: Value?, _ changes: [Value]? = nil, waits: Bool = true) -> String {
        func count(_ name: String) -> Int64 { summary?[name]?.intValue ?? 0 }
        var parts = actions.compactMap { name in
            count(name) > 0 ? "\(count(name)) to \(name)" : nil
        }
        if let changes {
            let held = Dictionary(
                grouping: changes.filter { $0["action"]?.stringValue != "read" }, by: Self.standing)
            for (decision, words) in [
                ("needs_approval", waits ? "waiting for an approval" : "needing an approval"), ("denied", "denied"),
                ("blocked", "blocked"),
            ] {
                if let count = held[decision]?.count { parts.append("\(count) \(words)") }
            }
        } else if count("blocked") > 0 {
            parts.append("\(count("blocked")) held back")
        }
        if count("unknown") > 0 { parts.append("\(count("unknown")) unknown") }
        let changes = parts.isEmpty ? "nothing to do" : parts.joined(separator: ", ")
        return count("noop") > 0 ? "\(changes) · \(count("noop")) as wanted" : changes
    }
}
