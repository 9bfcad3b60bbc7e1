import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// `reconcile sweep [--dry-run]`.
struct SweepCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let isDryRun = context.arguments.has("dry-run")
        if context.arguments.has("now"), !isDryRun {
            throw ArgumentFault("--now goes with --dry-run", hint: "Run: reconcile sweep --dry-run --now …")
        }
        let composition = try await Composition(context, logLevel: .warning)
        let now = try context.now() ?? SystemTime().now
        let sweep: Sweep
        let lastRun: String?
        do {
            // By hand like the pass that follows: what lets that through may not hold this back.
            let outlook = try await composition.reconciler.look(at: try context.now(), isManual: true)
            sweep = try await Sweep(outlook, composition.store)
            lastRun = try await composition.store.lastPass()?.id
        } catch {
            await composition.close()
            throw error
        }
        guard !isDryRun, let pass = sweep.pass else {
            await composition.close()
            if context.terminal.isJSON {
                context.terminal.json(sweep.document(at: now))
            } else {
                context.terminal.print(SweepText(sweep, now: now).text(context.terminal.paint))
            }
            // As of a pass by hand: whoever asked for it learns that what should go may not.
            guard !isDryRun, let refusal = Refusal(withheld: sweep.refused, runID: lastRun ?? "latest") else {
                return .done
            }
            context.terminal.fault(refusal)
            return Program.status(of: refusal)
        }
        // One pass over just these: it plans anew, so that what moved since the look is not swept.
        let reporter = RunReporter(context: context, composition: composition)
        let report = await reporter.follow(pass)
        let status = reporter.print(report, savedTo: nil)
        await composition.close()
        return status
    }
}

/// The sweep as people and programs read it.
struct SweepText {
    private let sweep: Sweep
    private let now: Timestamp

    init(_ sweep: Sweep, now: Timestamp) {
        self.sweep = sweep
        self.now = now
    }

    func text(_ paint: Paint) -> String {
        var lines = ["As of \(now.minuteText) UTC"]
        for ending in sweep.endings {
            let cost = ending.cost.map { " · $\($0) a month" } ?? ""
            lines.append("\(paint.bold(ending.outlook.slug)) · \(when(ending))\(cost)")
            lines.append("  \(ending.outlook.reason)")
            lines += ending.going.map { "  - \($0.key)" }
            lines += ending.held.map { "  ! \($0.key) stays: \($0.verdictReason ?? $0.verdict.rawValue)" }
        }
        if sweep.endings.isEmpty { lines.append("Nothing has ended, and nothing is about to.") }
        if !sweep.others.isEmpty {
            lines.append("Beside environments, by the next whole pass (reconcile); a sweep leaves it alone:")
        }
        for change in sweep.others {
            lines.append(
                change.verdict == .allowed
                    ? "  - \(change.key): \(change.reason)"
                    : "  ! \(change.key) stays: \(change.verdictReason ?? "")")
        }
        for candidate in sweep.candidates {
            lines.append("~ \(candidate.key) \(when(candidate)), unless something wants it again")
        }
        for stuck in sweep.stuck {
            lines.append(
                paint.red("✗ \(stuck.key) can't be deleted since \(stuck.since.minuteText) UTC")
                    + " (\(stuck.attempts.of("attempt"))): "
                    + (stuck.fault["message"]?.stringValue ?? "its fate is not known"))
        }
        if !sweep.staying.isEmpty {
            lines.append("Stays:")
            lines += sweep.staying.map { "  \($0.slug): \($0.reason)" }
        }
        return lines.joined(separator: "\n")
    }

    private func when(_ candidate: PruneCandidate) -> String {
        guard let goesAt = candidate.goesAt else { return "is marked by the next pass" }
        if goesAt > now {
            return "goes after \(goesAt.minuteText) UTC" + (candidate.needsApproval ? " and an approval" : "")
        }
        return "has had its grace since \(goesAt.minuteText) UTC, and goes"
            + (candidate.needsApproval ? " with an approval" : "")
    }

    private func when(_ ending: Sweep.Ending) -> String {
        let outlook = ending.outlook
        func at(_ instant: Timestamp?) -> String {
            instant.map { "\($0.minuteText) UTC (\($0 > now ? "in " : "")\(span($0))\($0 > now ? "" : " ago"))" }
                ?? "now"
        }
        switch outlook.phase {
        case .expiring: return "ends at \(at(outlook.expiresAt))"
        case .ending: return "has ended, goes at \(at(outlook.goesAt))"
        case .expired: return "has ended at \(at(outlook.expiresAt)): \(fate(ending))"
        case .unwanted: return "is no longer wanted: \(fate(ending))"
        case .active, .suspended, .pinned, .unknown:
            return ending.going.isEmpty
                ? "lives, and so far keeps what it doesn't want any more" : "lives, but loses some by the next pass"
        }
    }

    /// What becomes of what it owns.
    private func fate(_ ending: Sweep.Ending) -> String {
        if !ending.going.isEmpty { return "goes" }
        return ending.isBare ? "nothing of it is left" : "waits"
    }

    private func span(_ instant: Timestamp) -> String { (instant > now ? instant - now : now - instant).shortText }
}
