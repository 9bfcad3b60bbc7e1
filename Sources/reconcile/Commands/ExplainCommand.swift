import Basics
import DesiredState
import Diff
import Formats
import Git
import Reconciler
import Store

/// `reconcile explain NAME`.
struct ExplainCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        // A code needs neither a store nor a provider.
        if let name = context.arguments.positionals.first, let page = ErrorPages.text(of: name) {
            if context.terminal.isJSON {
                context.terminal.json(.object(["code": .string(name), "page": .string(page)]))
            } else {
                context.terminal.print(page)
            }
            return .done
        }
        if let name = context.arguments.positionals.first, Diagnostic.isCode(name) {
            throw ArgumentFault(
                "there is no code \(name)", hint: "The page of a code that was printed: reconcile explain SSOT-0300")
        }
        let composition = try await Composition(context, logLevel: .warning)
        let answer: Explained
        do {
            answer = try await composition.reconciler.answer(context.arguments.positionals[0])
        } catch let fault as UnknownKeyFault {
            await composition.close()
            throw ArgumentFault(fault.message, hint: fault.hint ?? "See the environments: reconcile env list")
        } catch {
            await composition.close()
            throw error
        }
        await composition.close()
        if context.terminal.isJSON {
            context.terminal.json(answer.document)
            return .done
        }
        let (paint, now) = (context.terminal.paint, SystemTime().now)
        switch answer {
        case .resource(let one): context.terminal.print(ExplanationText(one).text(paint, now: now))
        case .environment(let one): context.terminal.print(EnvironmentExplanationText(one).text(paint, now: now))
        case .entry(let one): context.terminal.print(EntryExplanationText(one).text(paint, now: now))
        }
        return .done
    }
}
