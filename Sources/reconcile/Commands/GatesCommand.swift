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
            now: try context.now() ?? SystemTime().now)
        let all = evaluateGates(tree, inputs)
        let wanted = context.arguments.all("gate")
        for name in wanted where !all.contains(where: { $0.name == name }) {
            throw ArgumentFault(
                "there is no gate \(name)",
                hint: Suggestion.nearest(to: name, in: all.map(\.name)).map { "Did you mean \($0)?" }
                    ?? "See their names with: reconcile gates")
        }
        let results = wanted.isEmpty ? all : all.filter { wanted.contains($0.name) }
        if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "revision": .string(tree.revision), "summary": results.summary,
                    "gates": .list(results.map(\.value)),
                ]))
        } else {
            show(results)
        }
        if results.contains(where: { $0.verdict == .fail }) { return .refused }
        return results.allSatisfy { $0.verdict == .pass } ? .done : .failed
    }

    private func show(_ results: [GateResult]) {
        let paint = context.terminal.paint
        var table = Table("GATE", "VERDICT", "WHY")
        for result in results { table.add(result.name, Self.paint(result.verdict, paint), result.why) }
        context.terminal.print(table.text(paint))
        for result in results where result.verdict != .pass {
            for finding in result.findings {
                context.terminal.print(DiagnosticText.render(finding, style: context.terminal.style))
            }
        }
        func count(_ verdict: GateResult.Verdict) -> Int { results.count { $0.verdict == verdict } }
        context.terminal.print("\(count(.pass)) pass, \(count(.fail)) fail, \(count(.unknown)) unknown.")
    }

    static func paint(_ verdict: GateResult.Verdict, _ paint: Paint) -> String {
        switch verdict {
        case .pass: paint.green("pass")
        case .fail: paint.red("fail")
        case .unknown: paint.yellow("unknown")
        }
    }
}
