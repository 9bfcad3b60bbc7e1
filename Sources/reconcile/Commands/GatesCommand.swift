import Basics
import DesiredState
import Diff
import Formats

/// `reconcile gates [PATH]`.
struct GatesCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let tree = try await DesiredTree.read(context)
        let inputs = GateInputs(
            variables: context.environment.filter { GateInputs.variableNames.contains($0.key) },
            now: try context.now() ?? SystemTime().now,
            dnsRecords: try context.arguments.value("dns-records").map { path in
                GateInputs.Observation(name: path, bytes: try FileSystem.read(path))
            })
        let wanted = context.arguments.all("gate")
        let all = evaluateGates(tree, inputs, named: Set(wanted))
        for name in wanted where !all.contains(where: { $0.name == name }) {
            throw ArgumentFault(
                "there is no gate \(name)",
                hint: Suggestion.nearest(to: name, in: all.map(\.name)).map { "Did you mean \($0)?" }
                    ?? "See their names with: reconcile gates")
        }
        let results = wanted.isEmpty ? all : all.filter { wanted.contains($0.name) }
        if context.arguments.has("sarif") {
            context.terminal.json(
                SARIF.log(results.annotations, version: CommandList.version, page: ErrorPages.text))
        } else if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "revision": .string(tree.revision), "summary": results.summary,
                    "gates": .list(results.map(\.value)),
                ]))
        } else {
            show(results)
        }
        // One gate alone takes the place of the script that it subsumes, and says what that said.
        if wanted.count == 1, let only = results.first {
            return ExitStatus(rawValue: Int32(clamping: only.exitStatus)) ?? .failed
        }
        if results.contains(where: { $0.verdict == .fail }) { return .refused }
        return results.contains { $0.verdict == .unknown } ? .failed : .done
    }

    private func show(_ results: [GateResult]) {
        let paint = context.terminal.paint
        var table = Table("GATE", "VERDICT", "WHY")
        for result in results { table.add(result.name, Self.paint(result.verdict, paint), result.why) }
        context.terminal.print(table.text(paint))
        for result in results {
            for finding in result.findings {
                context.terminal.print(DiagnosticText.render(finding, style: context.terminal.style))
            }
        }
        func count(_ verdict: GateResult.Verdict) -> Int { results.count { $0.verdict == verdict } }
        let rest = count(.notAsked) > 0 ? ", \(count(.notAsked)) not asked" : ""
        context.terminal.print("\(count(.pass)) pass, \(count(.fail)) fail, \(count(.unknown)) unknown\(rest).")
    }

    static func paint(_ verdict: GateResult.Verdict, _ paint: Paint) -> String {
        switch verdict {
        case .pass: paint.green("pass")
        case .fail: paint.red("fail")
        case .unknown: paint.yellow("unknown")
        case .notAsked: "not asked"
        }
    }
}
