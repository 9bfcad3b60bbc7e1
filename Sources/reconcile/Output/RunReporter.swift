import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Follows a pass, prints what it came to, and says which exit status that is.
struct RunReporter {
    let context: CommandContext
    let composition: Composition

    private var terminal: Terminal { context.terminal }

    /// Runs a pass; Ctrl-C finishes the running steps, records them and stops.
    func follow(_ options: PassOptions) async -> RunReport {
        let stop = StopSignal()
        let terminal = terminal
        context.signals.handle { signal in
            guard signal == .stop else { return }
            if stop.isRaised {
                terminal.remark("still finishing the running steps; they are in the journal whatever happens")
            } else {
                terminal.remark("stopping: the running steps are finished and recorded, nothing new begins")
                stop.raise()
            }
        }
        let isDryRun = options.isDryRun
        let approve: @Sendable (String) -> String = { key in
            isDryRun ? "reconcile apply PLAN.json --approve \(key)" : "reconcile approve latest --key \(key)"
        }
        let budgets = composition.reconciler.budgets
        let watch = budgets.map { book in
            Task { await BudgetWatch(book, time: SystemTime()).run { terminal.remark($0) } }
        }
        defer { watch?.cancel() }
        return await composition.reconciler.pass(options, stop: stop) { progress in
            Self.show(
                progress, terminal, options, budgets: budgets, approve: approve)
        }
    }

    private static func show(
        _ progress: Progress, _ terminal: Terminal, _ options: PassOptions, budgets: BudgetBook?,
        approve: @escaping @Sendable (String) -> String
    ) {
        let paint = terminal.paint
        switch progress {
        case .phase(.applying): terminal.print("\n" + paint.bold("Applying"))
        case .phase: break
        case .planned(let plan):
            var planContext = PlanText.Context(
                now: options.now ?? SystemTime().now, showsNext: options.isDryRun,
                approveCommand: { approve($0.description) })
            planContext.waits = budgets?.waits(for: plan.requests, in: options.trigger) ?? [:]
            terminal.print(PlanText.render(plan, style: terminal.style, context: planContext))
        case .began: break
        case .ended(let entry):
            let time = entry.finishedAt.map { ($0 - entry.intendedAt).shortText } ?? "-"
            switch entry.state {
            case .done: terminal.print("  \(paint.green("✓")) \(entry.key)  \(entry.title)  \(paint.dim(time))")
            case .intended, .unknown:
                terminal.print(
                    "  \(paint.yellow("?")) \(entry.key)  \(entry.title)  \(paint.dim(time))\n"
                        + "      whether it happened is not known: the next pass looks before it does anything")
                Self.showFault(entry.output, terminal)
            case .failed:
                terminal.print("  \(paint.red("✗")) \(entry.key)  \(entry.title)  \(paint.dim(time))")
                Self.showFault(entry.output, terminal)
            }
        case .skipped(let skipped):
            terminal.print("  \(paint.dim("·")) \(skipped.key)  skipped: \(skipped.reason)")
        case .note(let text): terminal.remark(text)
        }
    }

    private static func showFault(_ output: Value, _ terminal: Terminal) {
        guard let message = output["message"]?.stringValue else { return }
        let code = output["code"]?.stringValue ?? ""
        let place = output["place"]?.stringValue.map { " (\($0))" } ?? ""
        terminal.print("      \(code): \(message)\(place)")
        if let hint = output["hint"]?.stringValue { terminal.print("      \(hint)") }
    }

    /// Prints the end of a pass: the result to standard output, and whatever is amiss as one fault to standard error.
    func print(_ report: RunReport, savedTo path: String?) -> ExitStatus {
        if terminal.isJSON { printJSON(report) } else { printEnd(report, savedTo: path) }
        guard let fault = fault(of: report) else { return .done }
        terminal.fault(fault)
        if case .invalid = report.outcome {
            for diagnostic in (report.desired?.diagnostics ?? []).filter({ $0.severity == .error }).prefix(20) {
                terminal.remark(DiagnosticText.render(diagnostic, style: TextStyle(color: terminal.errorPaint.isOn)))
            }
        }
        return Program.status(of: fault)
    }

    private func printEnd(_ report: RunReport, savedTo path: String?) {
        let paint = terminal.paint
        switch report.outcome {
        case .failed, .invalid, .stale: break
        case .planned:
            if let path { terminal.print("Saved to \(path). Apply exactly this plan: reconcile apply \(path)") }
        case .succeeded, .stepsFailed, .canceled:
            let done = report.journal.count { $0.state == .done }
            let failed = report.journal.count { $0.state == .failed || $0.state == .unknown }
            var line = "Run \(report.run.id): \(done.of("step")) done"
            if failed > 0 { line += ", " + paint.red("\(failed) failed") }
            if !report.skipped.isEmpty { line += ", \(report.skipped.count) skipped" }
            if case .canceled = report.outcome { line += ", " + paint.yellow("stopped on request") }
            line += " in \(report.duration.shortText)"
            let requests = report.requests.values.reduce(0, +)
            if requests > 0 { line += " with \(requests.of("request"))" }
            terminal.print((report.journal.isEmpty ? "" : "\n") + line + ".")
        }
        if let head = report.evidence {
            terminal.print(
                paint.dim(
                    "Evidence \(head.manifest.short), link \(head.sequence) of the chain. "
                        + "Check it: reconcile show \(report.run.id) --verify"))
        }
    }

    private func printJSON(_ report: RunReport) {
        var document: Value.Object
        if let plan = report.plan {
            document =
                PlanDocument.json(plan, runID: report.run.id, plannedAt: report.plannedAt).objectValue ?? Value.Object()
            document["estimate"] = estimate(plan.requests, in: report.run.trigger)
        } else {
            document = ["format_version": "1.0", "run_id": .string(report.run.id)]
            document["diagnostics"] = .list((report.desired?.diagnostics ?? []).map(\.value))
        }
        if !report.run.isDryRun || report.plan == nil {
            document["run"] = report.run.document(journal: report.journal, skipped: report.skipped)
        }
        terminal.json(.object(document))
    }

    /// How long the budgets stretch what is planned, in whole seconds.
    private func estimate(_ requests: [String: Int], in trigger: RunTrigger) -> Value {
        let waits = composition.reconciler.budgets?.waits(for: requests, in: trigger) ?? [:]
        var providers = Value.Object()
        for (provider, count) in requests.sorted(by: { $0.key.precedesByBytes($1.key) }) {
            var entry = Value.Object()
            entry["requests"] = .int(Int64(count))
            entry["wait_seconds"] = .int(((waits[provider] ?? .zero).microseconds + 999_999) / 1_000_000)
            providers[provider] = .object(entry)
        }
        return .object(providers)
    }

    /// What is amiss with a pass, which also decides the exit status; nil when nothing is.
    private func fault(of report: RunReport) -> (any Fault)? {
        switch report.outcome {
        case .failed(let fault): return fault
        case .stepsFailed(let count): return StepsFault(count: count, runID: report.run.id)
        case .canceled: return Canceled(runID: report.run.id)
        case .stale(let moved): return Refusal(moved: moved)
        case .invalid: return InvalidDesiredState(report.desired)
        case .succeeded, .planned: break
        }
        if let fault = ObservationFault(report.observationFaults) { return fault }
        return report.run.isDryRun ? nil : Refusal(withheld: report.withheld, runID: report.run.id)
    }
}
