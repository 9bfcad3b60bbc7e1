import Basics
import Formats
import Store

/// `reconcile migrate`.
struct MigrateCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let accepted = context.arguments.all("accept-loss").map { name in
            name.hasPrefix("ops.") ? String(name.dropFirst(4)) : name
        }
        let store = try await StoreAccess.open(try context.configuration(), migrates: false)
        let report: MigrationReport
        do {
            report = try await store.migrate(accepting: Set(accepted), by: context.actor)
        } catch {
            await store.close()
            throw error
        }
        let place = store.place
        await store.close()
        if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "from": .int(Int64(report.from)), "to": .int(Int64(report.to)), "applied": .strings(report.applied),
                    "notes": .strings(report.notes),
                    "problems": .list(report.problems.map { Self.document($0) }),
                ]))
        } else {
            show(report, at: place)
        }
        return report.problem == nil ? .done : .failed
    }

    private func show(_ report: MigrationReport, at place: String) {
        if !report.applied.isEmpty {
            context.terminal.print(
                report.from == report.to
                    ? "\(place) is at schema version \(report.to), and lacked something:"
                    : "\(place): schema version \(report.from) → \(report.to)")
            for name in report.applied { context.terminal.print("  applied \(name)") }
        } else if report.problems.isEmpty {
            context.terminal.print("\(place) is up to date at schema version \(report.to).")
        } else {
            context.terminal.print("\(place) is at schema version \(report.to); nothing was changed.")
        }
        for note in report.notes { context.terminal.print("  note: \(note)") }
        for problem in report.problems {
            context.terminal.fault(problem.fault, word: problem.isWarning ? "warning" : "error")
        }
    }

    private static func document(_ problem: SchemaStatus.Problem) -> Value {
        .object([
            "severity": .string(problem.isWarning ? "warning" : "error"), "code": .string(problem.fault.code),
            "message": .string(problem.fault.message), "hint": .text(problem.fault.hint),
        ])
    }
}
