public import Basics
public import DesiredState

/// The plan as people read it.
public enum PlanText {
    /// What the text needs beyond the plan itself.
    public struct Context: Sendable {
        /// The instant that "expires in 5h" counts from.
        public var now: Timestamp
        /// Commands to go on with, most useful first, as the last lines; empty: those that follow from the plan.
        public var nextCommands: [String]
        /// How a person approves a change.
        public var approveCommand: @Sendable (ResourceKey) -> String
        /// Whether drift and diagnostics are shown beside the changes.
        public var showsDetails: Bool
        /// Whether commands to go on with are shown.
        public var showsNext: Bool
        /// How long each provider's request budget stretches the plan; empty: nothing is said of it.
        public var waits: [String: Duration] = [:]

        public init(
            now: Timestamp, nextCommands: [String] = [], showsDetails: Bool = true, showsNext: Bool = true,
            approveCommand: @escaping @Sendable (ResourceKey) -> String = { "reconcile --approve \($0)" }
        ) {
            self.now = now
            self.nextCommands = nextCommands
            self.approveCommand = approveCommand
            self.showsDetails = showsDetails
            self.showsNext = showsNext
        }
    }

    /// The whole plan: legend, changes by environment, lives of environments, drift, diagnostics, summary.
    public static func render(_ plan: Plan, style: TextStyle, context: Context) -> String {
        var writer = PlanWriter(plan, style, context)
        return writer.write()
    }

    /// The one line that sums a plan up, without colours.
    public static func summaryLine(_ plan: Plan) -> String {
        PlanWriter(plan, TextStyle(), Context(now: Timestamp(seconds: 0))).summaryLine()
    }
}

/// Writes one plan, top to bottom.
struct PlanWriter {
    let plan: Plan
    let paint: Paint
    let style: TextStyle
    let context: PlanText.Context
    let outlooks: [String: EnvironmentOutlook]
    private(set) var text = ""

    init(_ plan: Plan, _ style: TextStyle, _ context: PlanText.Context) {
        self.plan = plan
        self.style = style
        self.context = context
        paint = Paint(isOn: style.color)
        outlooks = Dictionary(plan.environments.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
    }

    var width: Int { min(max(style.width, 60), 400) }

    mutating func line(_ line: String = "") { text += line + "\n" }

    mutating func write() -> String {
        if !plan.changes.isEmpty {
            line("\(paint("Plan", .bold)) for \(Self.short(plan.revision)) · \(paint(plan.fingerprint.short, .dim))")
            line()
            writeLegend()
            writeChanges()
        }
        writeLives()
        if context.showsDetails {
            writeDrift()
            writeDiagnostics()
        }
        line(paint(summaryLine(), .bold))
        if context.showsNext { writeUnknown() }
        writeNext()
        return text
    }

    /// A commit as people write it; the digest of a work tree likewise.
    static func short(_ revision: String) -> String { String(ValueText.plain(revision).prefix(12)) }

    private mutating func writeLegend() {
        let actions = Set(plan.changes.lazy.map(\.action))
        let used = ChangeAction.allCases.filter { actions.contains($0) }
        line("  " + used.map { "\(paint($0.symbol, $0.color)) \($0.legend)" }.joined(separator: "   "))
    }

    // MARK: Summary

    func summaryLine() -> String {
        let summary = plan.summary
        let tail = " · \(summary.noop.of("resource")) as wanted"
        guard !plan.changes.isEmpty else {
            guard summary.noop > 0 else { return "No changes. Nothing is wanted and nothing is ours." }
            let verb = summary.noop == 1 ? "is" : "are"
            return "No changes. \(summary.noop.of("resource")) \(verb) as revision "
                + "\(Self.short(plan.revision)) wants \(summary.noop == 1 ? "it" : "them")."
        }
        let refused = plan.changes.filter { $0.action != .read }
        func verdicts(_ verdict: Verdict) -> Int { refused.count { $0.shownVerdict == verdict } }
        let parts: [(Int, String)] = [
            (summary.create, "to create"), (summary.update, "to update"), (summary.replace, "to replace"),
            (summary.delete, "to delete"), (summary.adopt, "to adopt"), (summary.forget, "to forget"),
            (verdicts(.needsApproval), verdicts(.needsApproval) == 1 ? "needs approval" : "need approval"),
            (verdicts(.denied), "denied"), (verdicts(.blocked), "blocked"), (summary.unknown, "unknown"),
        ]
        let requests = plan.requests.sorted { compareBytes($0.key, $1.key) < 0 }
        var line = "Plan: " + parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        if summary.noop > 0 { line += tail }
        line += costText()
        if requests.count == 1 {
            line += " · \(requests[0].value.of("request"))"
        } else if !requests.isEmpty {
            line += " · requests: " + requests.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        if !requests.isEmpty, !context.waits.isEmpty { line += budgetText() }
        return line
    }

    /// What the changes add to the bill of a month.
    private func costText() -> String {
        guard let cost = plan.cost else { return "" }
        let unknown = cost.unknown > 0 ? "\(cost.unknown.of("price")) not told" : nil
        let known = cost.unknown < plan.changes.count { $0.verdict == .allowed && $0.price != nil }
        return " · "
            + [known ? "\(PriceChange.signed(cost.cents)) a month" : nil, unknown].compactMap { $0 }
            .joined(separator: ", ")
    }

    /// What the budgets make of the requests: all at once, or when the last of them may be sent.
    private func budgetText() -> String {
        let stretched = context.waits.filter { $0.value > .zero }.sorted { compareBytes($0.key, $1.key) < 0 }
        if stretched.isEmpty { return ", at once" }
        return stretched.map { provider, wait in
            ", until \((context.now + wait).minuteText) by \(provider)'s budget (\(wait.shortText))"
        }.joined()
    }

    private mutating func writeNext() {
        guard context.showsNext else { return }
        let commands = context.nextCommands.isEmpty ? nextCommands() : context.nextCommands
        guard !commands.isEmpty else { return }
        line()
        line("Next:")
        for command in commands { line("  \(command)") }
    }

    private func nextCommands() -> [String] {
        var commands: [(command: String, why: String)] = []
        if plan.changes.contains(where: { $0.verdict == .allowed }) {
            commands.append(("reconcile", "applies what is allowed"))
            commands.append(
                (
                    "reconcile --dry-run --out plan.json",
                    "keeps the plan; `reconcile apply plan.json` applies exactly it"
                ))
        }
        if let change = plan.changes.first(where: \.waitsForPerson) {
            commands.append((approval(of: change.key), "approves one change"))
        }
        if let change = plan.changes.first(where: {
            $0.action != .read && ($0.verdict == .denied || $0.verdict == .blocked)
        }) {
            commands.append(("reconcile explain \(ValueText.plain(change.key.description))", "says what is in the way"))
        }
        let unknown = unknownChanges
        if unknown.contains(where: { UnknownCause($0) == .unobserved }) {
            commands.append(("reconcile doctor", "says what a provider lacks, and what to do about it"))
        }
        if let change = unknown.first(where: { UnknownCause($0) == .itself }) {
            commands.append(
                ("reconcile explain \(ValueText.plain(change.key.description))", "says why its state is unknown"))
        }
        let widest = commands.map { Paint.width($0.command) }.filter { $0 <= 48 }.max() ?? 0
        return commands.map { command, why in
            command + Paint.spaces(widest - Paint.width(command)) + "  " + paint("# \(why)", .dim)
        }
    }
}
