import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store

extension Reconciler {
    /// One pass: from the commit to the report.
    ///
    /// It never throws: whatever ends it is in the report and, where the store can be reached, in `ops.runs`.
    public func pass(
        _ options: PassOptions, stop: StopSignal = StopSignal(),
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async -> RunReport {
        let startedAt = time.now
        let began = time.uptime
        let run = RunRecord(
            id: random.uuid(at: startedAt), trigger: options.trigger, phase: .planning, isDryRun: options.isDryRun,
            startedAt: startedAt)
        var pass = Pass(
            reconciler: self, options: options, stop: stop, progress: progress, run: run, startedAt: startedAt)
        _ = traffic.takeCounts()
        await pass.execute()
        let report = pass.report(duration: time.uptime - began, requests: traffic.takeCounts())
        note(report)
        return report
    }
}

/// The pass as it goes: what it knows so far, and the steps in reading order.
private struct Pass {
    let reconciler: Reconciler
    let options: PassOptions
    let stop: StopSignal
    let progress: @Sendable (Progress) -> Void
    var run: RunRecord
    let startedAt: Timestamp

    var outcome: PassOutcome?
    var desired: DesiredState?
    var plan: Plan?
    var plannedAt: Timestamp
    var applied = Applier.Result()
    var recovered: [JournalEntry] = []
    var evidence = EvidenceBuilder()
    var head: EvidenceHead?
    var events: [RunEvent] = []
    var isRecorded = false
    var lease: Lease?
    var observationFaults: [String] = []
    var cost: EnvironmentCost?
    var gates: [GateResult] = []

    init(
        reconciler: Reconciler, options: PassOptions, stop: StopSignal,
        progress: @escaping @Sendable (Progress) -> Void,
        run: RunRecord, startedAt: Timestamp
    ) {
        self.reconciler = reconciler
        self.options = options
        self.stop = stop
        self.progress = progress
        self.run = run
        self.startedAt = startedAt
        plannedAt = options.isDryRun ? options.now ?? startedAt : startedAt
    }

    /// The whole pass, in order.
    ///
    /// A dry run does everything but take the lease, recover, apply and remember.
    mutating func execute() async {
        var keeper: Task<Void, Never>?
        do {
            progress(.phase(.planning))
            try await reconciler.store.beginRun(run)
            isRecorded = true
            if !options.isDryRun {
                let lease = try await reconciler.takeLease(runID: run.id)
                self.lease = lease
                keeper = Task { [reconciler] in await reconciler.keep(lease) }
                try await endAbandonedRuns()
            }
            if try await planAndApply() {
                try await confirmLease()
                try await rememberDrift()
                if !options.isDryRun { try await remember() }
            }
        } catch let fault as any Fault {
            outcome = outcome ?? .failed(fault)
        } catch {
            outcome = outcome ?? .failed(UnexpectedFault(error))
        }
        await finish()
        keeper?.cancel()
        await keeper?.value
        if let lease { try? await reconciler.store.releaseLease(lease) }
    }

    /// Before anything is remembered: what a process knows that was paused may be long out of date.
    private func confirmLease() async throws {
        if let lease { try await reconciler.store.confirmLease(lease) }
    }

    /// True when a plan was made on which the memory may rest.
    private mutating func planAndApply() async throws -> Bool {
        let snapshot = try await reconciler.source.read(reconciler.log)
        run.revision = snapshot.tree.revision
        for event in snapshot.events { note("source", .string(event)) }
        var desired = readDesiredState(snapshot.tree, cache: reconciler.documents)
        self.desired = desired
        let isUnreadable = !desired.documents.isEmpty && desired.documents.allSatisfy { $0.status == .unreadable }
        guard !isUnreadable, !desired.unknown.contains(where: { $0.extent == .everything }) else {
            evidence.add(desired)
            outcome = .invalid
            return false
        }
        recordGates(of: snapshot.tree)
        var inventory = try await reconciler.store.inventory()
        let open = try await reconciler.store.openEntries()
        let observed = await reconciler.observe(desired, inventory, open: open, runID: run.id)
        observationFaults = reconciler.faults(of: observed)
        cost = EnvironmentCost(desired.environments, observed)
        if options.isDryRun {
            desired = desired.with(
                unknown: open.map { Recovery.scope(of: $0, "the next pass looks what became of it") })
        } else if !open.isEmpty {
            try await confirmLease()
            let recovery = Recovery(reconciler: reconciler, observed: observed, log: reconciler.log)
            let result = try await recovery.settle(open)
            recovered = result.settled
            desired = desired.with(unknown: result.open)
            if !result.settled.isEmpty { inventory = try await reconciler.store.inventory() }
        }
        desired = desired.with(unknown: try await reconciler.suspensions())
        self.desired = desired
        let approvals = options.approvals.contains("all") ? nil : Set(options.approvals.compactMap { ResourceKey($0) })
        var input = PlanInput(
            desired: desired, inventory: inventory, observed: observed, schemas: reconciler.schemas,
            drivers: reconciler.driverVersions, now: plannedAt, targets: options.targets, approvals: approvals ?? [])
        // The saved plan is compared before any approval is counted in: it was made without one.
        input.approvals = []
        var plan = makePlan(input)
        if let fault = TargetFault(plan, desired, inventory) { throw fault }
        if let saved = options.saved {
            let moved = PlanStaleness.compare(saved, plan)
            guard moved.isEmpty else {
                self.plan = plan
                outcome = .stale(moved)
                return false
            }
        }
        if !options.approvals.isEmpty {
            input.approvals =
                approvals ?? Set(plan.changes.filter { $0.verdict == .needsApproval }.map(\.key))
            plan = makePlan(input)
        }
        self.plan = plan
        run.phase = .planned
        progress(.planned(plan))
        evidence.add(desired)
        evidence.add(observed)
        evidence.add("plan.json", PlanDocument.json(plan, runID: run.id, plannedAt: plannedAt))
        guard !options.isDryRun else {
            outcome = .planned
            return true
        }
        try await confirmLease()
        try await reconciler.store.savePlan(
            runID: run.id, fingerprint: plan.fingerprint,
            document: PlanDocument.json(plan, runID: run.id, plannedAt: plannedAt))
        try await rememberNoops(desired, inventory, plan)
        await apply(plan, observed, inventory, revision: desired.revision)
        return applied.storeFault == nil
    }

    /// Evaluates the policy gates and keeps what came of them; they refuse nothing.
    private mutating func recordGates(of tree: SourceTree) {
        gates = evaluateGates(
            tree, GateInputs(variables: reconciler.gateVariables, now: plannedAt), cache: reconciler.documents)
        let failed = gates.filter { $0.verdict == .fail }.map(\.name)
        note("gates", .object(["summary": gates.summary, "failed": .strings(failed)]))
        evidence.add("gates.json", .list(gates.map(\.value)))
    }

    private mutating func apply(
        _ plan: Plan, _ observed: ObservedState, _ inventory: Inventory, revision: String
    ) async {
        guard !plan.allowedChanges.isEmpty else {
            outcome = .succeeded
            return
        }
        run.phase = .applying
        progress(.phase(.applying))
        applied = await Applier(
            reconciler: reconciler, runID: run.id, revision: revision, plan: plan, observed: observed,
            remembered: Dictionary(inventory.entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }),
            lease: lease, stop: stop, progress: progress
        ).run()
        outcome =
            if let fault = applied.storeFault {
                .failed(fault)
            } else if applied.failures > 0 {
                .stepsFailed(applied.failures)
            } else if applied.isCanceled {
                .canceled
            } else {
                .succeeded
            }
    }

    /// Where a commit wants what is there already, the inventory learns the new wish, so that a later change made
    /// outside is told from a commit that was not applied.
    private func rememberNoops(_ desired: DesiredState, _ inventory: Inventory, _ plan: Plan) async throws {
        let changed = Set(plan.changes.map(\.key))
        let entries = Dictionary(inventory.entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var changes: [InventoryChange] = []
        for resource in desired.resources {
            guard let entry = entries[resource.key], !changed.contains(resource.key) else { continue }
            var literals: [Attributes.Item] = []
            var isComparable = true
            for attribute in resource.attributes {
                switch attribute.value {
                case .literal(let value): literals.append(Attributes.Item(attribute.name, value))
                case .reference:
                    if let value = entry.lastApplied[attribute.name] {
                        literals.append(Attributes.Item(attribute.name, value))
                    } else {
                        isComparable = false
                    }
                }
            }
            guard isComparable, !literals.contains(where: { isSensitive($0.name, resource.key.kind) }) else { continue }
            let wanted = Attributes(literals)
            guard
                wanted != entry.lastApplied || entry.environment != resource.environment
                    || entry.isProtected != resource.isProtected
            else { continue }
            changes.append(
                .put(
                    InventoryEntry(
                        key: entry.key, providerID: entry.providerID, environment: resource.environment,
                        lastApplied: wanted, revision: desired.revision, isProtected: resource.isProtected,
                        createdAt: entry.createdAt, isAdopted: entry.isAdopted)))
        }
        if !changes.isEmpty { try await reconciler.store.changeInventory(changes) }
    }

    private func isSensitive(_ name: String, _ kind: ResourceKind) -> Bool {
        reconciler.driver(for: kind)?.schemas.first { $0.kind == kind }?.rule(name)?.isSensitive == true
    }

    /// Keeps what differs and since when; a look as of another instant or at a part of the world says nothing of it.
    private mutating func rememberDrift() async throws {
        guard let plan, options.now == nil else { return }
        let now = reconciler.time.now
        // A kind that no driver knows is never seen, so it has no drift that could be missed.
        let known = Set(reconciler.drivers.flatMap { $0.schemas.map(\.kind) })
        let missed = plan.changes.contains { $0.action == .read && known.contains($0.key.kind) }
        let isComplete = !missed && options.targets.isEmpty
        let done = Set(applied.journal.filter { $0.state == .done }.map(\.key))
        let remaining = plan.drift.filter { !done.contains($0.key) }
        let delta = try await reconciler.store.recordDrift(remaining, complete: isComplete, runID: run.id, at: now)
        if delta.opened + delta.changed + delta.resolved > 0 {
            note(
                "drift",
                [
                    "opened": .int(Int64(delta.opened)), "changed": .int(Int64(delta.changed)),
                    "resolved": .int(Int64(delta.resolved)),
                ])
        }
        evidence.add("drift.json", .list(plan.drift.map(\.value)))
    }

    /// What outlives the run: the life of environments, and what the next plan compares with.
    private mutating func remember() async throws {
        guard let plan, let desired else { return }
        let rows = try await reconciler.store.environments()
        let owners = Set(try await reconciler.store.inventory().entries.compactMap(\.environment))
        // The instant of the plan, so that an end and the begin that it counts from agree.
        let ledger = EnvironmentLedger(desired: desired, plan: plan, cost: cost, now: plannedAt)
        let updated = ledger.update(rows, owners: owners)
        _ = try await reconciler.store.saveEnvironments(updated.rows)
        for warning in updated.warnings {
            note(
                "ttl_warning",
                ["environment": .string(warning.slug), "expires_at": .string(warning.expiresAt.description)],
                key: "ttl:\(warning.slug):\(warning.expiresAt)")
            progress(
                .note(
                    "environment \(warning.slug) expires at \(warning.expiresAt): "
                        + "reconcile env extend \(warning.slug) --days 7"))
        }
        // What a guard refused to let go of is still held: the guard has to find it refused next time as well.
        let isHeldBack = plan.changes.contains { $0.action == .delete && $0.verdict == .denied }
        if desired.unknown.isEmpty, !isHeldBack {
            try await reconciler.store.rememberDesired(
                roots: desired.roots, count: desired.resources.count + desired.environments.count,
                revision: desired.revision)
        }
    }

    /// What a process left in the middle is over now: this one holds the lease.
    private func endAbandonedRuns() async throws {
        for run in try await reconciler.store.abandonRuns(except: run.id, at: reconciler.time.now) {
            reconciler.log.warning("a run was left in the middle by a process that is gone", ["run.id": run.id])
        }
    }

    // MARK: The end

    private mutating func note(_ type: String, _ payload: Value, key: String? = nil) {
        events.append(
            RunEvent(runID: run.id, type: type, payload: payload, at: reconciler.time.now, idempotencyKey: key))
    }

    /// Writes down how it ended; whatever goes wrong here can't undo what was done.
    private mutating func finish() async {
        let final = outcome ?? .succeeded
        run.completedAt = reconciler.time.now
        run.phase =
            switch final {
            case .succeeded:
                plan?.changes.contains { $0.verdict == .needsApproval } == true ? .awaitingApproval : .succeeded
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
                    ])
            }
            note("finished", ["phase": .string(run.phase.rawValue)])
            try await reconciler.store.appendEvents(events)
            try await reconciler.store.updateRun(run)
        } catch let fault as any Fault {
            reconciler.log.error(
                "the run could not be written down whole", ["run.id": run.id, "fault": fault.description])
            if case .failed = final {} else { outcome = .failed(fault) }
        } catch {
            outcome = .failed(UnexpectedFault(error))
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
        var items: [EvidenceManifest.Item] = []
        for object in evidence.objects {
            let digest = try reconciler.evidence.put(object.bytes)
            items.append(EvidenceManifest.Item(name: object.name, digest: digest, bytes: object.bytes.count))
        }
        // Another process may have added a link meanwhile: then ours is built again on top of it.
        var attempts = 0
        while head == nil {
            attempts += 1
            let previous = try await reconciler.store.evidenceHead()
            let manifest = EvidenceManifest(
                runID: run.id, sequence: (previous?.sequence ?? 0) + 1, previous: previous?.manifest, items: items)
            let digest = try reconciler.evidence.put(manifest.bytes)
            do throws(StoreFault) {
                head = try await reconciler.store.appendEvidence(
                    runID: run.id, manifest: digest, previous: previous?.manifest)
            } catch {
                // A store that is locked or gone has made us wait already: only a moved chain is worth another try.
                guard error.kind == .fenced, attempts < 5 else { throw error }
            }
        }
    }

    private func metadata() -> Value {
        var object = Value.Object()
        object["revision"] = run.revision.map { .string($0) } ?? .null
        object["dry_run"] = .bool(run.isDryRun)
        object["trigger"] = .string(run.trigger.rawValue)
        object["phase"] = .string(run.phase.rawValue)
        if let plan {
            object["summary"] = plan.summary.value
            object["drift"] = .int(Int64(plan.drift.count))
            object["fingerprint"] = .string(plan.fingerprint.description)
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

    func report(duration: Duration, requests: [String: Int]) -> RunReport {
        RunReport(
            run: run, outcome: outcome ?? .succeeded, desired: desired, plan: plan, plannedAt: plannedAt,
            journal: recovered + applied.journal, skipped: applied.skipped, evidence: head, duration: duration,
            observationFaults: observationFaults, requests: requests)
    }
}

/// An error of a type that no room promised.
struct UnexpectedFault: Fault {
    let code = "RUN-0099"
    let message: String
    let place: String? = nil
    let hint: String? = "This is a mistake in the program: please report it with the run's id."
    let disposition = Disposition.stop

    init(_ error: any Error) { message = "an unexpected error ended the run: \(type(of: error))" }
}
