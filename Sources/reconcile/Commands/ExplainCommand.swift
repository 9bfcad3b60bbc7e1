import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// `reconcile explain KEY`.
struct ExplainCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let text = context.arguments.positionals[0]
        let composition = try await Composition(context, logLevel: .warning)
        let outlook: Outlook
        do {
            outlook = try await composition.reconciler.look()
        } catch {
            await composition.close()
            throw error
        }
        let open = try await composition.store.openDrift()
        let lastRun = try await composition.store.runs(limit: 20, before: nil).first { !$0.isDryRun }
        await composition.close()
        let known = outlook.desired.resources.map(\.key) + outlook.inventory.entries.map(\.key)
        guard let key = ResourceKey(text), known.contains(key) else {
            let near = Suggestion.nearest(to: text, in: Set(known.map(\.description)))
            let ending = Set(known.map(\.description)).filter { $0.hasSuffix("/\(text)") }.sorted()
            throw ArgumentFault(
                "nothing is called \(text)",
                hint: (ending.first ?? near).map { "Did you mean \($0)?" } ?? "See the keys with: reconcile --dry-run")
        }
        var provenance: Provenance?
        if let resource = outlook.desired.resources.first(where: { $0.key == key }) {
            let marks = Provenance.marks(resource, outlook.desired)
            let origins = await composition.reconciler.source.origins(of: marks, at: outlook.desired.revision)
            provenance = Provenance(resource, outlook.desired, origins: origins)
        }
        let explanation = Explanation(key, outlook, open.first { $0.key == key }, provenance)
        if context.terminal.isJSON {
            context.terminal.json(explanation.value)
        } else {
            context.terminal.print(
                explanation.text(context.terminal.paint, lastRun: lastRun, interval: composition.configuration.interval)
            )
        }
        return .done
    }
}

/// Why one resource stands as it does.
private struct Explanation {
    private let key: ResourceKey
    private let outlook: Outlook
    private let resource: DesiredResource?
    private let entry: InventoryEntry?
    private let change: PlannedChange?
    private let drift: DriftRecord?
    private let provenance: Provenance?

    init(_ key: ResourceKey, _ outlook: Outlook, _ drift: DriftRecord?, _ provenance: Provenance?) {
        self.provenance = provenance
        self.key = key
        self.outlook = outlook
        self.drift = drift
        resource = outlook.desired.resources.first { $0.key == key }
        entry = outlook.inventory.entries.first { $0.key == key }
        change = outlook.plan.changes.first { $0.key == key }
    }

    func text(_ paint: Paint, lastRun: RunRecord?, interval: Duration) -> String {
        var text = paint.bold(key.description) + "\n"
        if let resource {
            text += "  wanted by    \(resource.source)"
            text += resource.environment.map { ", for environment \($0)\n" } ?? ", shared\n"
            text += "  commit       \(outlook.desired.revision.prefix(12))"
            if !outlook.commitSubject.isEmpty {
                text += " \"\(outlook.commitSubject)\" by \(outlook.commitAuthor)"
                text += outlook.committedAt.map { ", \($0.minuteText)" } ?? ""
            }
            text += "\n"
            text += provenance?.text(paint) ?? ""
        } else {
            text += "  wanted by    nothing at revision \(outlook.desired.revision.prefix(12))\n"
        }
        if let entry {
            text += "  inventory    ours since \(entry.createdAt.minuteText), provider id \(entry.providerID), "
            text += "last applied at revision \(entry.revision.prefix(12))\n"
        } else {
            text += "  inventory    not ours yet: never created or adopted\n"
        }
        text += "  observed     \(observation)\n"
        if let change {
            text += "  next         \(change.action.rawValue): \(change.reason) (\(change.cause.rawValue))\n"
            text += "  decision     \(verdict(change, paint))\n"
            if let instant = change.blockedUntil {
                text += "  goes on       \(instant.minuteText) UTC, when what blocks it ends\n"
            }
            if !change.dependsOn.isEmpty {
                text += "  after        \(change.dependsOn.map(\.description).joined(separator: ", "))\n"
            }
        } else {
            text += "  next         nothing: it is as wanted\n"
        }
        if let drift {
            text += "  drift        \(drift.cause.rawValue) since \(drift.firstSeen.minuteText): "
            text += "\(drift.detail["summary"]?.stringValue ?? "")\n"
        }
        if let lastRun {
            text += "  last looked  \(lastRun.startedAt.minuteText) by run \(lastRun.id)\n"
        }
        text +=
            "  next look    by the service \(interval.shortText) after its last pass, or now: reconcile --dry-run --target \(key)\n"
        return text
    }

    private var observation: String {
        guard let kind = outlook.observed.kinds[key.kind] else { return "no driver looked at \(key.kind)" }
        let matches = kind.resources.filter { $0.key == key }
        if matches.count > 1 { return "\(matches.count) objects: \(matches.map(\.providerID).joined(separator: ", "))" }
        if let object = matches.first { return "there, provider id \(object.providerID)" }
        switch kind.completeness {
        case .complete: return "not there"
        case .partial(let reason), .unknown(let reason): return "unknown: \(reason)"
        }
    }

    private func verdict(_ change: PlannedChange, _ paint: Paint) -> String {
        let reason = change.verdictReason.map { ": \($0)" } ?? ""
        switch change.verdict {
        case .allowed: return paint.green("allowed") + ": the next pass does it"
        case .needsApproval: return paint.yellow("needs approval") + reason
        case .denied: return paint.red("denied") + reason
        case .blocked: return paint.yellow("blocked") + reason
        }
    }

    var value: Value {
        var commit = Value.Object()
        commit["author"] = .string(outlook.commitAuthor)
        commit["subject"] = .string(outlook.commitSubject)
        commit["at"] = .text(outlook.committedAt?.description)
        var object = Value.Object()
        object["key"] = .string(key.description)
        object["revision"] = .string(outlook.desired.revision)
        object["commit"] = .object(commit)
        object["source"] = .text(resource?.source.description)
        object["attributes"] = provenance?.value["attributes"] ?? []
        object["precedence"] = provenance?.value["precedence"] ?? []
        object["environment"] = .text(resource?.environment ?? entry?.environment)
        object["provider_id"] = .text(entry?.providerID)
        object["observed"] = .string(observation)
        object["action"] = .string(change?.action.rawValue ?? "noop")
        object["cause"] = .text(change?.cause.rawValue)
        object["reason"] = .text(change?.reason)
        object["decision"] = .string(change?.verdict.rawValue ?? "allowed")
        object["decision_reason"] = .text(change?.verdictReason)
        object["blocked_until"] = .text(change?.blockedUntil?.description)
        object["depends_on"] = .strings((change?.dependsOn ?? []).map(\.description))
        object["drift_since"] = .text(drift?.firstSeen.description)
        return .object(object)
    }
}
