import Basics
import DesiredState
import Diff
import Formats
import Reconciler

/// `reconcile policy validate [PATH]`.
struct PolicyValidateCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let now = try context.now() ?? SystemTime().now
        let tree = try await DesiredTree.read(context)
        let desired = readDesiredState(tree)
        let documents = desired.documents.filter { $0.isPolicy && $0.status != .shadowed }
        guard documents.contains(where: { $0.domain == "policies" }) else {
            throw NoPolicies(revision: desired.revision)
        }
        let paths = Set(documents.map(\.path))
        let found =
            (desired.diagnostics + desired.dueDiagnostics(at: now)
            + desired.zoneDiagnostics(TimeZones.load(desired.policy.timeZoneNames))).sorted()
            .filter { $0.mark.map { paths.contains($0.file) } == true }
        let isStrict = context.arguments.has("strict")
        let diagnostics = isStrict ? found.strictly : found
        let errors = diagnostics.count { $0.severity == .error }
        if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "valid": .bool(errors == 0), "revision": .string(desired.revision),
                    "documents": .list(
                        documents.map {
                            .object(["path": .string($0.path), "status": .string($0.status.rawValue)])
                        }),
                    "diagnostics": .list(diagnostics.map(\.value)),
                ]))
        } else {
            show(diagnostics, documents, tree, errors: errors)
        }
        return errors == 0 ? .done : .invalid
    }

    private func show(_ diagnostics: [Diagnostic], _ documents: [Document], _ tree: SourceTree, errors: Int) {
        let (terminal, paint) = (context.terminal, context.terminal.paint)
        DiagnosticPrinter(terminal, tree).print(diagnostics)
        for document in documents { terminal.print("read: \(document.path)") }
        let warnings = diagnostics.count { $0.severity == .warning }
        terminal.print(
            "\(errors == 0 ? paint.green("Valid") : paint.red("Invalid")): \(errors.of("error")), "
                + "\(warnings.of("warning")).")
    }
}

/// `reconcile policy check TIER [PATH]`.
struct PolicyCheckCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let word = context.arguments.positionals.first ?? ""
        guard let tier = Tier(alias: word) else {
            throw ArgumentFault(
                "there is no tier \(word)",
                hint: Suggestion.nearest(to: word, in: Tier.words).map { "Did you mean \($0)?" }
                    ?? "The tiers are production, staging, dev and preview.")
        }
        let now = try context.now() ?? SystemTime().now
        let desired = readDesiredState(try await DesiredTree.read(context, positional: 1))
        let report = TierReport(
            tier, desired, now: now, zones: TimeZones.load(desired.policy.timeZoneNames),
            schedules: ScheduledJob.all(in: desired, try context.configuration().schedules) { TimeZones.load($0) })
        if context.terminal.isJSON {
            context.terminal.json(report.value)
        } else {
            context.terminal.print(report.text(context.terminal.paint))
        }
        return report.faults.isEmpty ? .done : .invalid
    }
}
