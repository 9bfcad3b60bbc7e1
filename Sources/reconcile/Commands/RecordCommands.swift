import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// `reconcile runs`.
struct RunsCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let limit = try context.limit(default: 20)
        let configuration = try context.configuration()
        let store = try await StoreAccess.open(configuration)
        let runs = try await store.runs(limit: limit, before: nil)
        await store.close()
        if context.terminal.isJSON {
            context.terminal.json(.list(runs.map { $0.document() }))
            return .done
        }
        guard !runs.isEmpty else {
            context.terminal.print("No run yet. Begin with: reconcile --dry-run")
            return .done
        }
        let paint = context.terminal.paint
        var table = Table("RUN", "STARTED", "TRIGGER", "PHASE", "REVISION", "TOOK", "CHANGES")
        for run in runs {
            let took = run.completedAt.map { ($0 - run.startedAt).shortText } ?? "-"
            table.add(
                run.id, run.startedAt.minuteText, run.trigger.rawValue + (run.isDryRun ? " (dry)" : ""),
                RunText.phase(run.phase, paint) + remark(run, paint), String((run.revision ?? "-").prefix(12)), took,
                changes(run.metadata))
        }
        context.terminal.print(table.text(paint))
        return .done
    }

    /// The code of what is amiss with a run that did what it could.
    private func remark(_ run: RunRecord, _ paint: Paint) -> String {
        guard run.phase != .failed, let code = run.error["code"]?.stringValue else { return "" }
        return " (\(paint.yellow(code)))"
    }

    private func changes(_ metadata: Value) -> String {
        guard let summary = metadata["summary"]?.objectValue else { return "-" }
        let parts = summary.members.filter { $0.name != "noop" && ($0.value.intValue ?? 0) > 0 }
            .map { "\($0.value.intValue ?? 0) \($0.name)" }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}

/// `reconcile show RUN [--verify]`.
struct ShowCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let configuration = try context.configuration()
        let store = try await StoreAccess.open(configuration)
        let name = context.arguments.positionals[0]
        guard let run = try await store.run(matching: name) else {
            await store.close()
            throw ArgumentFault("there is no run \(name)", hint: "List them with: reconcile runs")
        }
        let events = try await store.events(ofRun: run.id)
        let plan = try await store.plan(ofRun: run.id)
        // Who only looks needs none of what other runs say.
        let account = context.arguments.has("verify") ? try await store.evidenceAccount(ofRun: run.id) : nil
        let journal = if let account { account.steps } else { try await store.journal(ofRun: run.id) }
        let head = if let account { account.link?.head } else { try await store.evidence(ofRun: run.id)?.head }
        await store.close()
        let evidence = EvidenceStore(directory: "\(configuration.stateDirectory)/evidence")
        var verification: EvidenceVerification?
        if let account {
            verification = evidence.verify(account, stepsSince: SystemTime().now - configuration.retention.audit)
            guard verification != nil else { throw EvidenceMissing(of: run, account) }
        }
        if context.terminal.isJSON {
            var document = run.document(journal: journal).objectValue ?? Value.Object()
            document["plan"] = plan ?? .null
            document["events"] = .list(
                events.map {
                    .object(["type": .string($0.type), "at": .string($0.at.description), "payload": $0.payload])
                })
            if let head {
                document["evidence"] = .object([
                    "manifest": .string(head.manifest.description), "sequence": .int(Int64(head.sequence)),
                    "items": .list(items(of: head, evidence)),
                ])
            }
            if let verification {
                document["verification"] = .object([
                    "whole": .bool(verification.isWhole), "manifests": .int(Int64(verification.manifests)),
                    "objects": .int(Int64(verification.objects)), "bytes": .int(Int64(verification.bytes)),
                    "first": .int(Int64(verification.first)), "cut": .int(Int64(verification.cut)),
                    "faults": .list(verification.faults.map(\.value)),
                ])
            }
            context.terminal.json(.object(document))
        } else {
            show(run, journal, events, plan, head, evidence)
            if let verification { show(verification) }
        }
        return verification?.isWhole == false ? .failed : .done
    }

    /// What a run's manifest names, each with where it is; none where the manifest is gone.
    private func items(of head: EvidenceHead, _ evidence: EvidenceStore) -> [Value] {
        (evidence.manifest(head.manifest)?.items ?? []).map { item in
            [
                "name": .string(item.name), "bytes": .int(Int64(item.bytes)),
                "digest": .string(item.digest.description), "path": .string(evidence.path(of: item.digest)),
            ]
        }
    }

    private func show(
        _ run: RunRecord, _ journal: [JournalEntry], _ events: [RunEvent], _ plan: Value?, _ head: EvidenceHead?,
        _ evidence: EvidenceStore
    ) {
        let paint = context.terminal.paint
        var text = paint.bold("Run \(run.id)") + "  \(RunText.phase(run.phase, paint))\n"
        text += "  trigger   \(run.trigger.rawValue)\(run.isDryRun ? " (dry run)" : "")\n"
        text += "  revision  \(run.revision ?? "-")\n"
        text += "  started   \(run.startedAt)"
        if let completed = run.completedAt { text += ", took \((completed - run.startedAt).shortText)" }
        text += "\n"
        if let code = run.error["code"]?.stringValue {
            text += "  error     \(paint.red(code)) \(run.error["message"]?.stringValue ?? "")\n"
        }
        if let changes = plan?["changes"]?.listValue, !changes.isEmpty {
            text += "\n" + paint.bold("Plan") + "\n"
            var table = Table("ACTION", "KEY", "DECISION", "CAUSE", "SOURCE")
            for change in changes {
                let source = change["source"]
                let place =
                    source?["file"]?.stringValue.map { "\($0):\(source?["line"]?.intValue ?? 0)" } ?? "-"
                table.add(
                    change["action"]?.stringValue ?? "-", change["key"]?.stringValue ?? "-",
                    change["decision"]?.stringValue ?? "-", change["cause"]?.stringValue ?? "-", place)
            }
            text += table.text(paint)
        }
        if !journal.isEmpty {
            text += "\n" + paint.bold("Steps") + "\n"
            var table = Table("STATE", "KEY", "STEP", "BEGAN", "TOOK")
            for entry in journal {
                let state =
                    switch entry.state {
                    case .done: paint.green("done")
                    case .failed: paint.red("failed")
                    case .intended, .unknown: paint.yellow(entry.state.rawValue)
                    }
                table.add(
                    state, entry.key.description, entry.title, entry.intendedAt.description,
                    entry.finishedAt.map { ($0 - entry.intendedAt).shortText } ?? "-")
            }
            text += table.text(paint)
            for entry in journal where entry.state != .done {
                if let message = entry.output["message"]?.stringValue {
                    text += "  \(entry.key): \(entry.output["code"]?.stringValue ?? "") \(message)\n"
                }
            }
        }
        let remarks = events.filter { $0.type != "step" && $0.type != "finished" }
        if !remarks.isEmpty {
            text += "\n" + paint.bold("Events") + "\n"
            for event in remarks { text += "  \(event.at)  \(event.type)  \(JSON.write(event.payload))\n" }
        }
        if let head {
            text += "\n" + paint.bold("Evidence") + "  link \(head.sequence), manifest \(head.manifest)\n"
            for item in evidence.manifest(head.manifest)?.items ?? [] {
                text += "  \(item.name)  \(item.bytes) bytes  \(evidence.path(of: item.digest))\n"
            }
        }
        context.terminal.print(text)
    }

    private func show(_ verification: EvidenceVerification) {
        let paint = context.terminal.paint
        if verification.isWhole {
            context.terminal.print(
                paint.green("verified")
                    + ": \(verification.objects.of("object")) of this run and \(verification.manifests.of("manifest")) "
                    + "back to \(verification.first == 1 ? "the first run" : "link \(verification.first)"), "
                    + "\(verification.bytes) bytes, all as they were written.")
            if verification.cut > 0 {
                context.terminal.print(
                    verification.cut == 1
                        ? "1 object of this run is gone: its time was over."
                        : "\(verification.cut) objects of this run are gone: their time was over.")
            }
        } else {
            for fault in verification.faults { context.terminal.fault(fault) }
        }
    }
}

/// A run without evidence can't be verified.
struct EvidenceMissing: Fault {
    let code = "EVID-0006"
    let message: String
    let place: String? = nil
    let hint: String?
    let disposition = Disposition.stop

    init(of run: RunRecord, _ account: EvidenceAccount) {
        if let lost = account.lost.first(where: { $0.runID == run.id }) {
            message =
                "run \(run.id) says that its evidence is number \(lost.sequence) of the chain, and ops.evidence_chain has no "
                + "link of it"
            hint =
                "Somebody removed it from the store: compare with a backup. What it says is its manifest: \(lost.manifest)"
        } else if let anchor = account.anchor, let sequence = run.metadata["evidence"]?["sequence"]?.intValue,
            sequence <= anchor.sequence
        {
            message = "run \(run.id) has no evidence any more: its time was over"
            hint = "It was cut on \(anchor.cutAt.minuteText), with all up to number \(anchor.sequence) of the chain."
        } else if run.phase.isUnderWay {
            message = "run \(run.id) has no evidence yet"
            hint = "It is under way: its evidence is kept when it ends."
        } else {
            message = "run \(run.id) has no evidence"
            hint = "It ended before it could write any; see reconcile show RUN for its error."
        }
    }
}
