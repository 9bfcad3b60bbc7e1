public import Basics
import DesiredState
import Diff
import Formats
public import Store

extension EvidenceStore {
    /// Checks one run's evidence and the chain back to the first run, and holds what the store says of both against it.
    ///
    /// - Parameters:
    ///   - account: what the store says.
    ///   - stepsSince: steps that ended before it may have been cut; nil: none of them is missed.
    /// - Returns: how much was checked, and every break that was found; nil where the run has no link.
    public func verify(_ account: EvidenceAccount, stepsSince: Timestamp?) -> EvidenceVerification? {
        guard let link = account.link else { return nil }
        var result = verify(
            link.head,
            rows: Dictionary(account.links.map { ($0.sequence, $0) }, uniquingKeysWith: { first, _ in first }),
            since: EvidenceHorizon(account.anchor, artifacts: account.artifacts))
        result.faults += account.linkFaults
        // A run whose answer was lost may have a second link.
        let manifests = account.links.filter { $0.runID == link.runID }.map { manifest($0.manifest) }
        if !manifests.contains(nil) {
            result.faults += RecordedSteps(manifests.compactMap(\.self), in: self).faults(
                of: account.steps, since: stepsSince)
        }
        return result
    }
}

extension EvidenceAccount {
    /// What is wrong with the rows of the chain: each number is there once, and follows from the one before.
    var linkFaults: [EvidenceFault] {
        let hint = "Somebody wrote to the store: compare ops.evidence_chain with a backup."
        var faults: [EvidenceFault] = []
        var before: (sequence: Int, digest: String?) = anchor.map { ($0.sequence, $0.digest) } ?? (0, nil)
        for link in links.reversed() where link.sequence > before.sequence {
            let (first, last) = (before.sequence + 1, link.sequence - 1)
            if first <= last {
                faults.append(
                    EvidenceFault(
                        "EVID-0004",
                        first == last
                            ? "the chain is broken: number \(first) is missing in ops.evidence_chain"
                            : "the chain is broken: numbers \(first) to \(last) are missing in ops.evidence_chain",
                        hint: hint))
            } else if link.previous?.description != before.digest {
                faults.append(
                    EvidenceFault(
                        "EVID-0004",
                        "the chain is broken: number \(link.sequence) in ops.evidence_chain doesn't follow from what is before it",
                        hint: hint))
            }
            before = (link.sequence, link.manifest.description)
        }
        for head in lost {
            faults.append(
                EvidenceFault(
                    "EVID-0004",
                    "the chain is broken: run \(head.runID) says that it is number \(head.sequence), and ops.evidence_chain has no link of it",
                    hint: hint))
        }
        return faults
    }
}

/// The steps of a run as its evidence has them.
private struct RecordedSteps {
    private var steps: [String: Value] = [:]
    /// Whether all objects could be read; what is gone because its time was over says nothing.
    private var isWhole = true
    /// Whether an outcome may not have been written down, for the store was the trouble; what became of it is settled later.
    private var isUnsettled = false

    init(_ manifests: [EvidenceManifest], in store: EvidenceStore) {
        for item in manifests.reversed().flatMap(\.items) where item.name.hasPrefix("steps/") || item.name == "run.json"
        {
            guard let bytes = try? store.get(item.digest), let value = try? JSON.parse(bytes) else {
                isWhole = false
                continue
            }
            if item.name == "run.json" {
                isUnsettled = isUnsettled || value["error"]?["code"]?.stringValue?.hasPrefix("STORE-") == true
            } else if let id = value["step"]?.stringValue, !Self.isRecovered(value["output"]) {
                // The others are of earlier runs, settled by this one.
                steps[id] = value
            }
        }
    }

    private static func isRecovered(_ output: Value?) -> Bool { output?["recovered"]?.boolValue == true }

    /// Where the store's rows say another thing.
    ///
    /// - Parameters:
    ///   - rows: the store's.
    ///   - since: rows of what ended before it may have been cut; nil: no row is missed.
    /// - Returns: each step that differs, was added or is missing.
    func faults(of rows: [JournalEntry], since: Timestamp?) -> [EvidenceFault] {
        var faults: [EvidenceFault] = []
        for row in rows {
            if let recorded = steps[row.stepID] {
                let differing = differences(of: row, from: recorded)
                guard !differing.isEmpty else { continue }
                let title = recorded["title"]?.stringValue ?? ""
                faults.append(
                    Self.fault(
                        "the step \(row.stepID) (\(title)) isn't as it was: \(differing.joined(separator: ", "))"))
            } else if isWhole, !isUnsettled, row.state == .done || row.state == .failed, !Self.isRecovered(row.output) {
                faults.append(
                    Self.fault("the step \(row.stepID) (\(row.title)) was added: the run's evidence has none such"))
            }
        }
        guard let since else { return faults }
        let there = Set(rows.map(\.stepID))
        for (id, recorded) in steps.sorted(by: { $0.key.precedesByBytes($1.key) }) where !there.contains(id) {
            guard let end = recorded["finished_at"]?.stringValue.flatMap({ Timestamp($0) }), end >= since else {
                continue
            }
            faults.append(
                Self.fault("the step \(id) (\(recorded["title"]?.stringValue ?? "")) is missing in ops.reconcile_steps")
            )
        }
        return faults
    }

    private static func fault(_ message: String) -> EvidenceFault {
        EvidenceFault(
            "EVID-0007", message,
            hint: "Somebody wrote to the store: what happened is in the run's evidence, steps/*.json; compare "
                + "ops.reconcile_steps with a backup.")
    }

    /// The columns of a row that say another thing than the evidence, each with what that says where it is short.
    private func differences(of row: JournalEntry, from recorded: Value) -> [String] {
        let now = row.evidence([])
        var names = ["key", "action", "operation", "title", "environment", "input", "intended_at"]
        // An outcome that could not be written down leaves the intent open, and a later pass settles that by looking.
        let isSettledLater =
            row.state == .intended && row.finishedAt == nil
            || (row.state == .done || row.state == .failed) && Self.isRecovered(row.output)
        if !isSettledLater { names += ["state", "output"] }
        if !isSettledLater, recorded["finished_at"]?.stringValue != nil { names.append("finished_at") }
        return names.compactMap { name in
            let (was, found) = (recorded[name] ?? .null, now[name] ?? .null)
            guard JSON.canonical(was) != JSON.canonical(found) else { return nil }
            guard let was = was.stringValue, let found = found.stringValue else { return name }
            return "\(name) was \(was) and is \(found)"
        }
    }
}
