import Basics
import DesiredState
import Diff
import Formats
import Git
import Reconciler
import Store

/// `reconcile explain KEY`.
struct ExplainCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let composition = try await Composition(context, logLevel: .warning)
        let explanation: Explanation
        do {
            explanation = try await composition.reconciler.explain(context.arguments.positionals[0])
        } catch let fault as UnknownKeyFault {
            await composition.close()
            throw ArgumentFault(fault.message, hint: fault.hint ?? "See the keys with: reconcile --dry-run")
        } catch {
            await composition.close()
            throw error
        }
        await composition.close()
        if context.terminal.isJSON {
            context.terminal.json(explanation.document)
        } else {
            context.terminal.print(ExplanationText(explanation).text(context.terminal.paint, now: SystemTime().now))
        }
        return .done
    }
}
