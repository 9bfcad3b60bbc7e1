import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store

/// How a pass is written down.
extension Pass {
    mutating func note(_ type: String, _ payload: Value, key: String? = nil) {
        events.append(
            RunEvent(runID: run.id, type: type, payload: payload, at: reconciler.time.now, idempotencyKey: key))
    }

    /// Tells of a row that a table of the platform's refused, and on which nothing of this run depends.
    mutating func warn(_ message: String, of fault: StoreFault) {
        reconciler.log.warning(
            "a table of the platform refused a row",
            ["run.id": run.id, "message": message, "fault": fault.description])
        note("warning", Self.warning(message, of: fault))
    }

    private static func warning(_ message: String, of fault: StoreFault) -> Value {
        ["message": .string(message), "code": .string(fault.code), "fault": .string(fault.message)]
    }

    /// Writes down how it ended; whatever goes wrong here can't undo what was done.
    mutating func finish() async {
        let final = outcome ?? .succeeded
        run.completedAt = reconciler.time.now
        run.phase =
            switch final {
            case .succeeded:
                plan?.changes.contains(where: \.waitsForPerson) == true ? .awaitingApproval : .succeeded
            case .planned: .planned
            case .failed, .stepsFailed, .stale, .invalid: .failed
            case .canceled: .canceled
            }
        if case .failed(let fault) = final { run.error = fault.value }
        if case .stale(let moved) = final { run.error = ["code": "RUN-0002", "moved": .strings(moved)] }
        if case .stepsFailed(let count) = final {
            run.error = ["code": "RUN-0003", "failed_steps": .int(Int64(count))]
        }
        if case .invalid = final { run.error = ["code": "RUN-0001", "message": "no readable desired state"] }
        switch final {
        // What was seen was done, so that the phase stays; what wasn't seen has to stand beside it.
        case .succeeded, .planned: if let fault = ObservationFault(observationFaults) { run.error = fault.value }
        case .failed, .stepsFailed, .stale, .invalid, .canceled: break
        }
        guard isRecorded else { return }
        do {
            try await keepEvidence(final)
            run.metadata = metadata()
            for entry in applied.journal {
                note(
                    "step",
                    [
                        "key": .string(entry.key.description), "operation": .string(entry.operation),
                        "title": .string(entry.title), "state": .string(entry.state.rawValue),
                        "environment": entry.environment.map { .string($0) } ?? .null,
                    ])
            }
            note("finished", ["phase": .string(run.phase.rawValue)])
            try await reconciler.store.appendEvents(events)
            try await reconciler.store.updateRun(run)
            await showDeployments()
        } catch let fault as any Fault {
            reconciler.log.error(
                "the run could not be written down whole", ["run.id": run.id, "fault": fault.description])
            if case .failed = final {} else { outcome = .failed(fault) }
        } catch {
            outcome = .failed(UnexpectedFault(error))
        }
    }

    /// Copies what was done to where the platform's own console reads it, also of runs of which the end came to light here.
    ///
    /// It is their table, with constraints of theirs: what is refused there changes nothing of how the run ended.
    private func showDeployments() async {
        let runs = Set((recovered + applied.journal).map(\.runID)).union(abandoned).sorted()
        guard !runs.isEmpty, !run.isDryRun else { return }
        do throws(StoreFault) {
            try await reconciler.store.showDeployments(ofRuns: runs)
        } catch {
            reconciler.log.warning(
                "what was done could not be copied to ops.deployments",
                ["run.id": run.id, "fault": error.description])
            // The other events are written already.
            let event = RunEvent(
                runID: run.id, type: "warning",
                payload: Self.warning("what was done could not be copied to ops.deployments", of: error),
                at: reconciler.time.now)
            try? await reconciler.store.appendEvents([event])
        }
    }

    private mutating func keepEvidence(_ final: PassOutcome) async throws {
        evidence.add(recovered + applied.journal, applied.exchanges)
        evidence.add(
            "run.json",
            [
                "run_id": .string(run.id), "trigger": .string(run.trigger.rawValue), "dry_run": .bool(run.isDryRun),
                "revision": run.revision.map { .string($0) } ?? .null, "phase": .string(run.phase.rawValue),
                "started_at": .string(run.startedAt.description), "error": run.error,
                "completed_at": run.completedAt.map { .string($0.description) } ?? .null,
            ])
        let items = try evidence.items(in: reconciler.evidence, at: reconciler.time.now)
        // Another process may have added a link meanwhile: then ours is built again on top of it.
        var attempts = 0
        while head == nil {
            attempts += 1
            let previous = try await reconciler.store.evidenceHead()
            let manifest = EvidenceManifest(
                runID: run.id, sequence: (previous?.sequence ?? 0) + 1, previous: previous?.manifest, items: items)
            let digest = try reconciler.evidence.put(manifest.bytes, at: reconciler.time.now)
            do throws(StoreFault) {
                head = try await reconciler.store.appendEvidence(
                    runID: run.id, manifest: digest, previous: previous?.manifest)
            } catch {
                // A store that is locked or gone has made us wait already: only a moved chain is worth another try.
                guard error.kind == .fenced, attempts < 12 else { throw error }
            }
        }
    }

    private func metadata() -> Value {
        var object = Value.Object()
        object["revision"] = run.revision.map { .string($0) } ?? .null
        if let author = snapshot?.commitAuthor, !author.isEmpty { object["author"] = .string(author) }
        object["dry_run"] = .bool(run.isDryRun)
        object["trigger"] = .string(run.trigger.rawValue)
        object["phase"] = .string(run.phase.rawValue)
        if share.shards.count > 1 {
            object["shards"] = [
                "held": .list(share.held.sorted().map { .int(Int64($0)) }), "of": .int(Int64(share.shards.count)),
            ]
        }
        if let plan {
            object["summary"] = plan.summary.value
            object["drift"] = .int(Int64(plan.drift.count))
            object["fingerprint"] = .string(plan.fingerprint.description)
            let unseen = RunRecord.notCompared(in: plan)
            if !unseen.isEmpty { object["not_compared"] = .object(unseen) }
        }
        if let rule = desired?.policy.approvals, rule != ApprovalRule() {
            object["approvals"] = [
                "valid_for_seconds": .int(rule.validFor.components.seconds),
                "longest_seconds": .int(rule.longest.components.seconds),
            ]
        }
        if let aloneSince, !aloneSince.isEmpty {
            let sorted = aloneSince.sorted { $0.key.precedesByBytes($1.key) }
            object["left_alone"] = .object(
                Value.Object(sorted.map { Value.Object.Member($0.key, .string($0.value.description)) }))
        }
        if !gates.isEmpty { object["gates"] = gates.summary }
        if let desired { object["diagnostics"] = .int(Int64(desired.diagnostics.count)) }
        if let head {
            object["evidence"] = [
                "manifest": .string(head.manifest.description), "sequence": .int(Int64(head.sequence)),
            ]
        }
        return .object(object)
    }
}
