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
        if tracer != nil {
            let trace = RunTrace(runID: run.id, time: time)
            pass.trace = trace
            traffic.trace(run.id, by: trace)
        }
        await pass.execute()
        let report = pass.report(duration: time.uptime - began, requests: traffic.takeCounts())
        // What the next pass finds just so is held once.
        if let outlook = report.outlook { lastLook.withLock { $0 = (outlook.inventory, outlook.observed) } }
        if let tracer, let trace = pass.trace {
            traffic.trace(run.id, by: nil)
            let (name, spans) = trace.spans(report)
            tracer.send(spans, of: name)
        }
        note(report)
        return report
    }
}

/// The pass as it goes: what it knows so far, and the steps in reading order.
struct Pass {
    /// From when the lease is held on, its store writes nothing without it.
    var reconciler: Reconciler
    let options: PassOptions
    let stop: StopSignal
    let progress: @Sendable (Progress) -> Void
    var run: RunRecord
    let startedAt: Timestamp

    var outcome: PassOutcome?
    var desired: DesiredState?
    /// What is looked after by the clock; nil where no commit could be read.
    var clock: DesiredState?
    /// From what that was told.
    var clockBefore: ClockBefore?
    /// Nil where no policy wants previews.
    var pulls: PullRequestReading?
    var plan: Plan?
    var observed: ObservedState?
    /// What was last seen of what is looked at once in a while.
    var watched: [WatchedKind] = []
    var plannedAt: Timestamp
    var applied = Applier.Result()
    var recovered: [JournalEntry] = []
    /// Runs that processes have left in the middle, and that this one has ended.
    var abandoned: [String] = []
    var evidence = EvidenceBuilder()
    var head: EvidenceHead?
    var events: [RunEvent] = []
    var isRecorded = false
    /// Whether something belongs to another service from now on.
    var hasHandedOver = false
    var watch: LeaseWatch?
    /// What of the world this pass may act on.
    var share = Share.everything
    var observationFaults: [String] = []
    var cost: EnvironmentCost?
    var gates: [GateResult] = []
    /// Notes when each phase begins; nil where nobody takes traces.
    var trace: RunTrace?
    var snapshot: SourceSnapshot?
    var inventory: Inventory?
    /// What differs after the pass, as the store knows it.
    var drift: [DriftRecord] = []
    /// What of the plan's differences is still there after what was made; nil where that is all of them.
    var remaining: [DriftItem]?
    /// The stored approvals that this pass counts in.
    var storedApprovals: [ResourceKey: String] = [:]
    /// What it rests on, held against what the last pass rested on.
    var grounds: Grounds?
    /// Approvals that ended before their change could be made.
    var lapses: [Notice] = []
    /// Since when what can't be told apart is left alone, by key; nil where nobody looked for it.
    var aloneSince: [String: Timestamp]?

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
    /// A dry run does everything but take the lease, recover, apply and remember; what differs it remembers where that can't
    /// mislead anybody.
    mutating func execute() async {
        var keeper: Task<Void, Never>?
        do {
            progress(.phase(.planning))
            // Beside others a run is one of which a lease tells that it is under way.
            let takesFirst = reconciler.shards.count > 1
            if !options.isDryRun, takesFirst { keeper = try await takeLeases() }
            try await reconciler.store.beginRun(run)
            isRecorded = true
            if !options.isDryRun {
                if !takesFirst { keeper = try await takeLeases() }
                try await endAbandonedRuns()
            }
            if try await planAndApply() {
                trace?.begin("remember")
                try await confirmLease()
                try await rememberDrift()
                if !options.isDryRun {
                    try await remember()
                    try await rememberMarks()
                    try await forgetSuccessors()
                    try await rememberStuck()
                    if share.keepsRecords {
                        await keepInventory()
                        await keepCatalogue()
                    }
                    await keepModules()
                    await reportPullRequests()
                }
            }
        } catch let fault as any Fault {
            outcome = outcome ?? .failed(fault)
        } catch {
            outcome = outcome ?? .failed(UnexpectedFault(error))
        }
        await recallClock()
        trace?.begin("record")
        await finish()
        reconciler.giveMemoryBack()
        keeper?.cancel()
        await keeper?.value
        if let watch {
            await watch.release()
            for lease in watch.leases { reconciler.metrics.set("reconciler_lease_held", 0, ["lease": lease.name]) }
        }
    }

    /// From here on nothing is written without the leases.
    ///
    /// - Returns: what keeps them.
    private mutating func takeLeases() async throws -> Task<Void, Never> {
        let watch = try await reconciler.takeLeases(runID: run.id, options) { [stop, progress] lease, isNew in
            if isNew { progress(.note("it waits for another pass to end, that of \(lease.holder)")) }
            return !stop.isRaised
        }
        self.watch = watch
        share = watch.share
        reconciler = reconciler.fenced(by: watch.leases)
        for lease in watch.leases { reconciler.metrics.set("reconciler_lease_held", 1, ["lease": lease.name]) }
        return Task { await watch.keep() }
    }

    /// Sooner than the first write would find out: what a process knows that was paused may be long out of date.
    private func confirmLease() async throws {
        if let watch { try await reconciler.store.confirmLeases(watch.leases) }
    }

    /// True when a plan was made on which the memory may rest.
    private mutating func planAndApply() async throws -> Bool {
        trace?.begin("fetch")
        let snapshot = try await reconciler.source.read(reconciler.log)
        self.snapshot = snapshot
        trace?.begin("desired")
        run.revision = snapshot.tree.revision
        let isNews = reconciler.lastRevision.withLock { last in
            defer { last = snapshot.tree.revision }
            return last != snapshot.tree.revision
        }
        for event in snapshot.events { note("source", .string(event)) }
        var grounds = Grounds(
            try await reconciler.store.lineage(), named: options.approvals, countsStored: !options.isDryRun,
            keepsRecords: share.keepsRecords)
        let tree = try await withPullRequests(try await reconciler.weighBranches(snapshot, &grounds), &grounds)
        var desired = readDesiredState(tree, cache: reconciler.documents)
        self.desired = desired
        let isUnreadable = !desired.documents.isEmpty && desired.documents.allSatisfy { $0.status == .unreadable }
        guard !isUnreadable, !desired.unknown.contains(where: { $0.extent == .everything }) else {
            evidence.add(desired, reconciler.sensitive)
            outcome = .invalid
            return false
        }
        var inventory = try await reconciler.store.inventory()
        try await reconciler.weighCommit(desired, inventory, &grounds)
        try await setClock(desired, grounds)
        recordGates(of: tree)
        let last = reconciler.lastLook.withLock { $0 }
        if let last { inventory = inventory.sharing(last.inventory) }
        if options.isDryRun, options.now != nil { inventory = inventory.supposingWarnings }
        let open = try await reconciler.store.openEntries()
        trace?.begin("observe")
        let priority = options.trigger.priority(isNews: isNews)
        try await stand(on: &grounds, desired, inventory, open, priority)
        var raw = await reconciler.observe(
            desired.backedUp(as: clock ?? desired), inventory, open: open, runID: run.id, priority: priority)
        if let last { raw = raw.sharing(last.observed) }
        watched = await reconciler.watch(
            desired, runID: run.id, isAsking: options.targets.isEmpty, isKept: !options.isDryRun)
        reconciler.giveMemoryBack()
        // What is remembered or seen under another name than the documents write now goes by theirs from here on.
        var names = Rekeying(desired.resources, inventory, raw, reconciler.schemas)
        var observed = names.observed
        self.observed = observed
        observationFaults = grounds.silences + reconciler.faults(of: observed)
        trace?.begin("recover")
        if options.isDryRun {
            desired = desired.with(
                unknown: open.map {
                    Recovery.scope(of: $0, "the next pass looks what became of it", at: reconciler.time.now)
                })
        } else if !open.isEmpty {
            try await confirmLease()
            let recovery = Recovery(reconciler: reconciler, observed: observed, raw: raw, log: reconciler.log)
            // Each shard's journal is its holder's; what others are at, or have left, is theirs to settle.
            let result = try await recovery.settle(open.filter { share.owns(environment: $0.environment) })
            recovered = result.settled
            let others = open.filter { !share.owns(environment: $0.environment) }
            desired = desired.with(
                unknown: result.open
                    + others.map {
                        Recovery.scope(of: $0, "another service is at it, or looks", at: reconciler.time.now)
                    })
            if !result.settled.isEmpty {
                inventory = try await reconciler.store.inventory()
                names = Rekeying(desired.resources, inventory, observed, reconciler.schemas)
                observed = names.observed
                self.observed = observed
            }
        }
        inventory = names.inventory
        share = share.with(inventory)
        // As late as can be: what a person says while the world is looked at counts.
        desired = desired.with(unknown: try await reconciler.suspensions(at: plannedAt))
        self.desired = desired
        trace?.begin("plan")
        guard let plan = try await planChanges(desired, inventory, observed, grounds) else { return false }
        self.plan = plan
        self.inventory = inventory
        cost = EnvironmentCost(desired.environments, plan, inventory, observed)
        reconciler.lastLook.withLock { $0 = (inventory, observed) }
        run.phase = .planned
        progress(.planned(plan))
        evidence.add(desired, reconciler.sensitive)
        let seen = ObservedState(observed.kinds.values + watched.map(\.seen))
        evidence.add(seen, of: grounds.found.accounts, reconciler.sensitive)
        let canonical = PlanDocument.canonical(plan, runID: run.id, plannedAt: plannedAt)
        evidence.add("plan.json", canonical)
        evidence.keep(in: reconciler.evidence, at: reconciler.time.now)
        reconciler.giveMemoryBack()
        guard !options.isDryRun else {
            try await reconciler.store.noteEnvironments(plan.touchedEnvironments, ofRun: run.id)
            outcome = .planned
            return true
        }
        try await confirmLease()
        let refusal = try await reconciler.store.savePlan(
            runID: run.id, fingerprint: plan.fingerprint, revision: plan.revision,
            text: PlanDocument.text(plan, runID: run.id, plannedAt: plannedAt),
            canonical: String(decoding: canonical, as: UTF8.self),
            waits: plan.changes.count(where: \.waitsForPerson), environments: plan.touchedEnvironments,
            notices: try await waitingNotices(plan) + lapses)
        if let refusal { warn("the plan could not be copied to ops.artifacts", of: refusal) }
        try await weighGroundsAgain()
        try await withdrawOvertaken(plan, desired)
        try await remember(names.renames.filter { share.owns(environment: $0.from.environment) })
        try await rememberNoops(desired, inventory, observed, plan)
        try await rememberNewEnvironments(desired, plan)
        await apply(plan, observed, inventory, revision: desired.revision)
        guard applied.storeFault == nil else { return false }
        try await useApprovals()
        return true
    }

    /// The same tree with the pull requests, which are remembered before anything rests on them.
    private mutating func withPullRequests(
        _ tree: SourceTree, _ grounds: inout Grounds
    ) async throws -> SourceTree {
        pulls = try await reconciler.readPullRequests(tree, reconciler.context(of: run.id), &grounds)
        guard let pulls else { return tree }
        for event in pulls.events { note("source", .string(event)) }
        if !options.isDryRun, share.keepsRecords {
            try await confirmLease()
            try await reconciler.store.savePullRequests(pulls.changed)
        }
        var tree = tree
        tree.pullRequests = share.keepsRecords ? pulls.listing : pulls.remembered
        return tree
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
        guard plan.allowedChanges.contains(where: { share.owns($0.key, wantedBy: $0.environment) }) else {
            outcome = .succeeded
            return
        }
        run.phase = .applying
        trace?.begin("apply")
        progress(.phase(.applying))
        applied = await Applier(
            reconciler: reconciler, runID: run.id, trigger: run.trigger, revision: revision, plan: plan,
            observed: observed,
            remembered: Dictionary(inventory.entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }),
            dueSuccessors: inventory.dueSuccessors,
            environments: Dictionary(
                inventory.environments.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first }),
            approvals: storedApprovals, confirmations: grounds.map { $0.approvals + $0.withdrawn } ?? [],
            windows: desired.flatMap {
                WindowWatch(
                    $0, inventory, zones: reconciler.zones($0.policy.timeZoneNames),
                    isManual: options.trigger.isByHand)
            },
            watch: watch, share: share, stop: stop, progress: progress
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

    /// What a process left in the middle is over now: this one holds the lease.
    private mutating func endAbandonedRuns() async throws {
        for run in try await reconciler.store.abandonRuns(except: run.id, at: reconciler.time.now) {
            if !run.isDryRun { abandoned.append(run.id) }
            reconciler.log.warning("a run whose end was never written down is ended as failed", ["run.id": run.id])
        }
    }

    func report(duration: Duration, requests: [String: Int]) -> RunReport {
        var report = RunReport(
            run: run, outcome: outcome ?? .succeeded, desired: desired, plan: plan, plannedAt: plannedAt,
            journal: recovered + applied.journal, skipped: applied.skipped, evidence: head, duration: duration,
            observationFaults: observationFaults, requests: requests, drift: drift)
        report.gates = gates
        report.waitsForOthers = watch?.isPartial == true || applied.waitsForOthers
        let hasActed = hasHandedOver || !applied.done.isEmpty || !recovered.isEmpty
        report.isNewsForOthers = !share.isWhole && (hasActed || share.keepsRecords && pulls?.changed.isEmpty == false)
        guard let snapshot else { return report }
        report.runbooks = snapshot.tree.files.filter { $0.path.hasPrefix(GitSource.runbooks + "/") }
        if let desired, let observed, let inventory, let plan {
            report.outlook = Outlook(
                desired: desired, clock: clock ?? desired, observed: observed, inventory: inventory, plan: plan,
                commitAuthor: snapshot.commitAuthor, commitSubject: snapshot.commitSubject,
                committedAt: snapshot.committedAt, silent: reconciler.silent, watched: watched
            ).after(applied, leaving: remaining)
        }
        return report
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
