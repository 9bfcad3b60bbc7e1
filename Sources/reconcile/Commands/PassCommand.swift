import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// `reconcile [--dry-run]`.
struct PassCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let arguments = context.arguments
        let isDryRun = arguments.has("dry-run")
        for option in ["out", "detailed-exitcode", "now"] where arguments.has(option) && !isDryRun {
            throw ArgumentFault("--\(option) goes with --dry-run", hint: "Run: reconcile --dry-run --\(option) …")
        }
        let options = PassOptions(
            trigger: .manual, isDryRun: isDryRun, now: try context.now(), targets: arguments.all("target"))
        let composition = try await Composition(context, logLevel: .warning)
        let reporter = RunReporter(context: context, composition: composition)
        let report = await reporter.follow(options)
        if let path = arguments.value("out"), let plan = report.plan {
            let document = PlanDocument.json(plan, runID: report.run.id, plannedAt: report.plannedAt)
            do throws(FileSystemFault) {
                try FileSystem.write(Array((JSON.write(document, pretty: true) + "\n").utf8), to: path)
            } catch {
                await composition.close()
                throw error
            }
        }
        let status = reporter.print(report, savedTo: arguments.value("out"))
        await composition.close()
        guard status == .done, arguments.has("detailed-exitcode"), let plan = report.plan else { return status }
        if plan.changes.contains(where: { $0.action != .read }) { return .changesPending }
        return plan.drift.isEmpty ? .done : .drift
    }
}

/// `reconcile apply PLAN.json`.
struct ApplyCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let path = context.arguments.positionals[0]
        let bytes = try FileSystem.read(path, limit: 256 << 20)
        let value: Value
        do {
            value = try JSON.parse(bytes)
        } catch {
            throw PlanFault(
                code: "PLAN-0101", message: "\(path) is no plan: \(error.message)", place: path,
                hint: "Make one with: reconcile --dry-run --out PLAN.json")
        }
        let saved = try PlanDocument.parse(value)
        let approvals = context.arguments.all("approve")
        let keys = Set(saved.changes.map(\.key.description))
        for approval in approvals where approval != "all" && !keys.contains(approval) {
            let near = Suggestion.nearest(to: approval, in: keys)
            throw ArgumentFault(
                "--approve names \(approval), which the plan does not change",
                hint: near.map { "Did you mean \($0)?" } ?? "See the keys with: reconcile --dry-run")
        }
        let composition = try await Composition(context, logLevel: .warning)
        let reporter = RunReporter(context: context, composition: composition)
        let options = PassOptions(trigger: .manual, targets: saved.targets, saved: saved, approvals: approvals)
        let report = await reporter.follow(options)
        let status = reporter.print(report, savedTo: nil)
        await composition.close()
        return status
    }
}
