import Basics
import DesiredState
import Diff
import Formats
import Glibc
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
        if let path = arguments.value("out") { try Self.checkWritable(path) }
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
        return report.alarmingDrift.isEmpty ? .done : .drift
    }

    /// Sees before the work begins that its result can be kept.
    private static func checkWritable(_ path: String) throws(OutputFault) {
        let directory = path.lastIndex(of: "/").map { path.startIndex == $0 ? "/" : String(path[..<$0]) } ?? "."
        if FileSystem.isDirectory(path) {
            throw OutputFault(
                "the plan can't be saved there: it is a directory", path, hint: "Name a file: --out \(path)/plan.json")
        }
        guard FileSystem.isDirectory(directory) else {
            throw OutputFault("the plan can't be saved: its directory is missing", path, hint: "mkdir -p \(directory)")
        }
        guard access(directory, W_OK) == 0 else {
            throw OutputFault(
                "the plan can't be saved: this user may not write to \(directory)", path,
                hint: "Name a file in a directory of yours, such as --out /tmp/plan.json")
        }
    }
}

/// A result can't be kept where it was asked for.
struct OutputFault: Fault {
    let code = "RUN-0014"
    let message: String
    let place: String?
    let hint: String?
    let disposition = Disposition.stop

    init(_ message: String, _ path: String, hint: String) {
        self.message = message
        place = path
        self.hint = hint
    }
}

/// `reconcile apply PLAN.json`.
struct ApplyCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let path = context.arguments.positionals[0]
        let saved = try Self.read(path)
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
        let options = PassOptions(
            trigger: .manual, targets: saved.targets, saved: saved, approvals: approvals, by: Actor(context.actor))
        let report = await reporter.follow(options)
        let status = reporter.print(report, savedTo: nil)
        await composition.close()
        return status
    }

    /// Reads a saved plan.
    ///
    /// - Throws: `ArgumentFault` when there is no such file, `PlanFault` when it is no plan or was changed.
    private static func read(_ path: String) throws -> SavedPlan {
        let bytes: [UInt8]
        do throws(FileSystemFault) {
            bytes = try FileSystem.read(path, limit: 256 << 20)
        } catch {
            throw ArgumentFault(
                "the plan \(path) can't be read: \(error.message)",
                hint: "Make one with: reconcile --dry-run --out \(path)")
        }
        let hint = "Make one with: reconcile --dry-run --out \(path)"
        do {
            return try PlanDocument.parse(try JSON.parse(bytes))
        } catch let fault as PlanFault {
            let place = fault.place.map { "\(path), \($0)" } ?? path
            throw PlanFault(code: fault.code, message: fault.message, place: place, hint: fault.hint ?? hint)
        } catch let fault as JSONFault {
            let place = fault.place.map { "\(path), \($0)" } ?? path
            throw PlanFault(code: "PLAN-0101", message: "this is no plan: \(fault.message)", place: place, hint: hint)
        }
    }
}
