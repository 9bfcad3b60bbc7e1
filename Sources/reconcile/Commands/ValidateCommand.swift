import Basics
import DesiredState
import Diff
import Formats
import Git
import Reconciler

/// `reconcile validate [PATH]`.
struct ValidateCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let now = try context.now() ?? SystemTime().now
        let tree = try await DesiredTree.read(context)
        let cache = DocumentCache()
        let desired = readDesiredState(tree, cache: cache)
        let gates = evaluateGates(
            tree,
            GateInputs(
                variables: context.environment.filter { GateInputs.variableNames.contains($0.key) },
                now: now), cache: cache)
        // What is due, and which exceptions hold, depends on the day, and not on the documents alone.
        let found =
            (desired.diagnostics + desired.dueDiagnostics(at: now) + desired.surfaceDiagnostics(at: now)
            + desired.zoneDiagnostics(TimeZones.load(desired.policy.timeZoneNames))).sorted()
        let isStrict = context.arguments.has("strict")
        let diagnostics = isStrict ? found.strictly : found
        let errors = diagnostics.count { $0.severity == .error }
        // Gates say how the platform stands, and not whether the documents can be read: a failing one is a warning here.
        let failing = gates.count { $0.verdict == .fail }
        let isValid = errors == 0 && !(isStrict && failing > 0)
        if context.arguments.has("sarif") {
            let violations = gates.annotations.map { isStrict ? $0 : $0.limited(to: .warning) }
            let all = (diagnostics + violations).sorted()
            context.terminal.json(SARIF.log(all, version: CommandList.version, page: ErrorPages.text))
        } else if context.terminal.isJSON {
            context.terminal.json(value(desired, diagnostics, gates, isValid: isValid))
        } else {
            DiagnosticPrinter(context.terminal, tree).print(diagnostics)
            if context.arguments.has("list") { list(desired.documents) }
            show(desired, tree, diagnostics, errors: errors, failing: isStrict ? failing : 0)
            show(gates)
        }
        return isValid ? .done : .invalid
    }

    /// Every file below the roots, and what became of it.
    private func list(_ documents: [Document]) {
        guard !documents.isEmpty else { return }
        var table = Table("DOCUMENT", "STATUS", "DOMAIN", "SCHEMA")
        for document in documents {
            table.add(
                document.path, document.status.rawValue.spaced, document.domain ?? "",
                document.schema.map { Redaction.redact($0) } ?? "")
        }
        context.terminal.print(table.text(context.terminal.paint))
    }

    private func show(
        _ desired: DesiredState, _ tree: SourceTree, _ diagnostics: [Diagnostic], errors: Int, failing: Int
    ) {
        let paint = context.terminal.paint
        let warnings = diagnostics.count { $0.severity == .warning }
        let managed = desired.documents.count { $0.status == .managed }
        let unreadable = desired.documents.count { $0.status == .unreadable }
        context.terminal.print(
            "\(desired.documents.count.of("document")) (\(managed) managed, \(unreadable) unreadable), "
                + "\(desired.environments.count.of("environment")), "
                + "\(desired.resources.count.of("resource")), revision \(shortRevision(desired.revision)).")
        let unmanaged = desired.documents.count { $0.status == .notManaged }
        if unmanaged > 0, !context.arguments.has("list") {
            context.terminal.print(
                "Nothing is wanted from \(unmanaged.of("document")); which: reconcile validate --list")
        }
        if case .none = tree.branches {
            context.terminal.print("A work tree does not say which branches there are: those were not looked at.")
        }
        let verdict = errors + failing == 0 ? paint.green("Valid") : paint.red("Invalid")
        let gates = failing == 0 ? "" : ", \(failing.of("failing gate"))"
        context.terminal.print("\(verdict): \(errors.of("error")), \(warnings.of("warning"))\(gates).")
        let codes = Set(desired.diagnostics.map(\.code))
        let unknown = desired.unknown.count { codes.contains($0.code) }
        if unknown > 0 {
            context.terminal.print(
                "\(unknown.of("part")) \(unknown == 1 ? "is" : "are") unknown because of them: "
                    + "a pass leaves those alone and goes on with the rest.")
        }
        if let first = diagnostics.first(where: { $0.severity == .error }) ?? diagnostics.first {
            context.terminal.print("What a code means, and what to do: reconcile explain \(first.code)")
        }
    }

    /// The first letters of a commit; a work tree has a digest, whose kind is no part of it.
    private func shortRevision(_ revision: String) -> Substring {
        (revision.hasPrefix("sha256:") ? revision.dropFirst(7) : revision[...]).prefix(12)
    }

    private func show(_ gates: [GateResult]) {
        func names(_ verdict: GateResult.Verdict) -> String {
            let names = gates.filter { $0.verdict == verdict }.map(\.name)
            return "\(names.count) \(verdict == .notAsked ? "not asked" : verdict.rawValue)"
                + (names.isEmpty || verdict == .pass ? "" : " (\(names.joined(separator: ", ")))")
        }
        context.terminal.print(
            "Gates: \(names(.pass)), \(names(.fail)), \(names(.unknown)), \(names(.notAsked)); for more: reconcile gates"
        )
    }

    private func value(
        _ desired: DesiredState, _ diagnostics: [Diagnostic], _ gates: [GateResult], isValid: Bool
    ) -> Value {
        .object([
            "valid": .bool(isValid), "revision": .string(desired.revision), "roots": .strings(desired.roots),
            "documents": .list(
                desired.documents.map {
                    .object([
                        "path": .string($0.path), "status": .string($0.status.rawValue),
                        "domain": $0.domain.map { .string($0) } ?? .null,
                        "schema": $0.schema.map { .string($0) } ?? .null, "bytes": .int(Int64($0.bytes)),
                    ])
                }),
            "environments": .list(
                desired.environments.map {
                    .object([
                        "name": .string($0.slug), "tier": .string($0.tier.rawValue),
                        "ttl_class": .string($0.ttlClass.rawValue), "branch": $0.branch.map { .string($0) } ?? .null,
                        "source": .string($0.source.description),
                    ])
                }),
            "resources": .int(Int64(desired.resources.count)),
            "unknown": .list(
                desired.unknown.map {
                    .object([
                        "code": .string($0.code), "reason": .string($0.reason),
                        "source": $0.mark.map { .string($0.description) } ?? .null,
                    ])
                }),
            "diagnostics": .list(diagnostics.map(\.value)), "gates": .list(gates.map(\.value)),
        ])
    }
}
