import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Store

/// Runs the steps of one change, each between its two journal entries.
struct ChangeRunner: Sendable {
    let applier: Applier
    let change: PlannedChange
    let resolved: Result<ResolvedChange, ProviderFault>
    /// What a look saw that was taken just before the steps begin; nil where none was.
    var seen: LookOutcome?

    var reconciler: Reconciler { applier.reconciler }

    /// How long to wait before each look after a lost answer: providers show what they did only after a while.
    static let lookDelays: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15)]

    func run() async -> Applier.ChangeResult {
        var result = Applier.ChangeResult(key: change.key)
        let resolvedChange: ResolvedChange
        switch resolved {
        case .success(let value): resolvedChange = value
        case .failure(let fault):
            await refuse(fault, &result)
            return result
        }
        if change.action == .forget, let fault = await presence() {
            await refuse(fault, &result)
            return result
        }
        if change.action == .forget || change.action == .read {
            await remember(resolvedChange, steps: 0, &result)
            return result
        }
        if change.action == .adopt, let fault = await supplanted() {
            await refuse(fault, &result)
            return result
        }
        guard let driver = reconciler.driver(for: change.key.kind) else {
            await refuse(
                ProviderFault(
                    provider: change.key.kind.provider, operation: "apply", code: "RUN-0005",
                    message: "no driver owns the kind \(change.key.kind)", place: change.source?.description,
                    disposition: .stop), &result)
            return result
        }
        do throws(StoreFault) {
            if let reason = try await whyNotOverwritten(driver) {
                result.skipReason = reason
                return result
            }
        } catch {
            result.storeFault = error
            return result
        }
        let runner = await withCompanion(driver, resolvedChange)
        return await runner.run(driver, (try? runner.resolved.get()) ?? resolvedChange)
    }

    /// Runs the steps that the driver names.
    private func run(_ driver: any Driver, _ resolvedChange: ResolvedChange) async -> Applier.ChangeResult {
        var result = Applier.ChangeResult(key: change.key)
        let steps = driver.steps(for: change)
        if steps.isEmpty {
            await remember(resolvedChange, steps: 0, &result)
            return result
        }
        var current = resolvedChange.current
        var replaced: ObservedResource?
        do throws(StoreFault) {
            replaced = try await unfinishedReplacement()
        } catch {
            result.storeFault = error
            return result
        }
        for (position, step) in steps.enumerated() {
            if applier.stop.isRaised {
                result.isCanceled = true
                return result
            }
            let isLast = position == steps.count - 1
            let input = ResolvedChange(
                change: change, wanted: resolvedChange.wanted, current: current, replaced: replaced)
            guard let object = await perform(step, input, driver, isLast: isLast, &result) else { return result }
            if removes(step), object.value == nil { replaced = current }
            current = object.value
            result.left = .some(object.value)
        }
        result.object = current
        result.isDone = true
        return result
    }

    /// For what is looked at before the steps.
    var lookContext: DriverContext {
        reconciler.context(of: applier.runID, change.cause.priority(in: applier.trigger))
    }

    /// Looks for what is to be forgotten: what is forgotten and is there all the same is nobody's for ever.
    ///
    /// - Returns: why it can't be forgotten; nil where it is gone.
    private func presence() async -> ProviderFault? {
        guard let driver = reconciler.driver(for: change.key.kind) else { return nil }
        // What was seen, and is let go of where it is, isn't taken for gone.
        let seen = applier.observed.kinds[change.key.kind]?.resources ?? []
        if seen.contains(where: { $0.key == change.key && $0.providerID == change.providerID }) { return nil }
        let found: [ObservedResource]
        switch await driver.look(at: change.key, lookContext) {
        case .absent: return await missed(by: driver, change.providerID)
        case .present(let object): found = [object]
        case .ambiguous(let objects): found = objects
        case .unknown(let fault): return fault
        }
        guard found.contains(where: { $0.providerID == change.providerID }) else { return nil }
        return isThere(driver)
    }

    /// Asks for the one that we remember before another one of its name is taken in its stead.
    ///
    /// A list that is of a moment long ago, or of somebody else, shows another one under our name: whatever points at the name
    /// would be turned to it.
    private func supplanted() async -> ProviderFault? {
        guard let driver = reconciler.driver(for: change.key.kind),
            let ours = applier.remembered[change.key]?.providerID, ours != change.providerID
        else { return nil }
        return await missed(by: driver, ours)
    }

    /// Asks by its id for what we remember and no list shows.
    ///
    /// - Returns: why it isn't gone, or may not be; nil where it is, or its kind has no id to ask by.
    private func missed(by driver: any Driver, _ id: String?) async -> ProviderFault? {
        guard let id, !id.isEmpty, let asking = driver as? any IdentityAsking else { return nil }
        switch await asking.ask(for: change.key, id: id, lookContext) {
        case .absent: return nil
        case .present, .ambiguous: return isThere(driver)
        case .unknown(let fault): return fault
        }
    }

    private func isThere(_ driver: any Driver) -> ProviderFault {
        ProviderFault(
            provider: driver.provider, operation: "look", code: "RUN-0017",
            message: "\(change.key) was missing in the list, and is there", place: change.source?.description,
            hint: "The next pass reads the list again.", disposition: .observeAgain)
    }

    /// The object after a step; a value of nil says that it is gone.
    private struct Object { let value: ObservedResource? }

    /// Has the effect of one step; nil when the change can't go on.
    private func perform(
        _ step: Step, _ input: ResolvedChange, _ driver: any Driver, isLast: Bool, _ result: inout Applier.ChangeResult
    ) async -> Object? {
        let exchanges = Locked<[Exchange]>([])
        let context = DriverContext(
            runID: applier.runID, log: reconciler.log, priority: change.cause.priority(in: applier.trigger),
            record: { [reconciler, applier] exchange in
                exchanges.withLock { $0.append(exchange) }
                reconciler.traffic.note(exchange, runID: applier.runID, step: step.id)
            })
        defer { result.exchanges[step.id] = exchanges.withLock { $0 } }

        var entry = JournalEntry(
            runID: applier.runID, stepID: step.id, key: change.key, action: change.action, operation: step.operation,
            title: step.title, environment: change.environment, input: journalInput(step, input),
            intendedAt: reconciler.time.now)
        guard await intend(entry, makingWayFor: removes(step) ? applier.successors(of: change) : [], &result) else {
            return nil
        }
        applier.progress(.began(entry))
        let secrets: SecretSyncRecord?
        do throws(StoreFault) {
            secrets = try await beginSecretSync(step, input)
        } catch {
            result.storeFault = error
            return nil
        }

        let outcome = await WritePermit.$current.withValue(permit) {
            await effect(of: step, input, driver, context, isLast: isLast)
        }

        entry.finishedAt = reconciler.time.now
        if let fault = await finish(secrets, outcome) { result.storeFault = fault }
        var inventory: InventoryChange?
        switch outcome {
        case .done(let object):
            entry.state = .done
            entry.output = object.map(describe) ?? ["gone": true]
            inventory = inventoryChange(after: object, input, isLast: isLast)
        case .failed(let fault):
            entry.state = .failed
            entry.output = fault.value
        case .unknown(let fault):
            entry.state = .unknown
            entry.output = fault.value
        }
        do throws(StoreFault) {
            try await reconciler.store.settle(entry, inventory: inventory)
            if let inventory { result.written = inventory }
        } catch {
            // The effect has happened and could not be written down: the intent stays open, and the next pass looks.
            result.storeFault = error
        }
        result.entries.append(entry)
        applier.progress(.ended(entry))
        guard case .done(let object) = outcome, result.storeFault == nil else { return nil }
        return Object(value: object)
    }

    /// Asked before each request that changes something: a process may have stood still since its intent was written.
    private var permit: WritePermit? { applier.watch.map { watch in WritePermit { await watch.holds() } } }

    /// Has the effect, and finds out what came of it.
    private func effect(
        of step: Step, _ input: ResolvedChange, _ driver: any Driver, _ context: DriverContext, isLast: Bool
    ) async -> StepOutcome {
        if let permit, await !permit.holds() {
            return .failed(
                ProviderFault(
                    provider: driver.provider, operation: step.operation, code: "RUN-0018",
                    message: "the lease is another's, or can't be proved: nothing was sent",
                    place: change.source?.description, hint: "Whoever holds the lease now does the rest.",
                    disposition: .retry(after: nil)))
        }
        var outcome: StepOutcome
        if step.creates, change.action != .replace {
            outcome = await createUnlessPresent(step, input, driver, context)
        } else {
            outcome = await driver.perform(step, of: input, context)
        }
        if case .unknown(let fault) = outcome {
            outcome = await settleByLooking(step, input, driver, context, fault, isLast: isLast)
        }
        return outcome
    }

    /// Looks before it creates: an object that is there already, by an earlier create whose answer was lost, is taken.
    private func createUnlessPresent(
        _ step: Step, _ input: ResolvedChange, _ driver: any Driver, _ context: DriverContext
    ) async -> StepOutcome {
        let look = if let seen { seen } else { await driver.look(at: change.key, context) }
        switch look {
        case .present(let object):
            // Ours carries our mark where its kind can: another one appeared since the plan was made.
            let schema = reconciler.schemas[change.key.kind]
            let other = schema?.otherInstallation(than: reconciler.installation, of: object)
            guard other == nil, object.isOwned || !reconciler.carriesMark(change.key.kind) else {
                return .failed(
                    ProviderFault(
                        provider: driver.provider, operation: "look", code: "RUN-0016",
                        message:
                            "\(object.providerID) appeared under the name of \(change.key) since the plan was made, "
                            + "and it isn't ours",
                        place: change.source?.description,
                        hint: "Run: reconcile --dry-run; the next plan shows it as something to take over.",
                        disposition: .observeAgain))
            }
            return .done(object)
        case .absent:
            if let fault = await missed(by: driver, applier.remembered[change.key]?.providerID) {
                return .failed(fault)
            }
            return await driver.perform(step, of: input, context)
        case .ambiguous(let objects):
            return .failed(
                ProviderFault(
                    provider: driver.provider, operation: "look", code: "RUN-0006",
                    message: "\(objects.count) objects answer to \(change.key): "
                        + objects.map(\.providerID).joined(separator: ", "),
                    place: change.source?.description, hint: "Delete or rename all but one of them at the provider.",
                    disposition: .stop))
        case .unknown(let fault): return .failed(fault)
        }
    }

    /// Finds out what became of an effect whose answer was lost.
    private func settleByLooking(
        _ step: Step, _ input: ResolvedChange, _ driver: any Driver, _ context: DriverContext, _ fault: ProviderFault,
        isLast: Bool
    ) async -> StepOutcome {
        var last = StepOutcome.unknown(fault)
        for delay in Self.lookDelays {
            do { try await reconciler.time.sleep(for: delay) } catch { return last }
            switch await driver.look(at: change.key, context) {
            case .present(let object):
                if step.creates { return .done(object) }
                if removes(step) { continue }
                if isReached(input, object, isLast: isLast) { return .done(object) }
                last = .failed(fault)
            case .absent:
                // What was made a moment ago may be missing in a look although it is there.
                let made = applier.remembered[change.key]?.createdAt
                let isYoung = made.map { Recovery.isYoung($0, at: reconciler.time.now) } ?? false
                if removes(step), !isYoung { return .done(nil) }
                // Not seen is not absent right after a create: the entry stays open until the next pass has looked.
                last = .unknown(fault)
            case .ambiguous, .unknown: continue
            }
        }
        return last
    }

    /// Whether an object has all that was to change as it is wanted, by the rules by which the plan compares.
    ///
    /// What is taken over has to bear our mark, where its kind can; that alone is what all steps but the last are about.
    private func isReached(_ input: ResolvedChange, _ object: ObservedResource, isLast: Bool) -> Bool {
        if change.action == .adopt, reconciler.carriesMark(change.key.kind) {
            guard object.isOwned else { return false }
            if !isLast { return true }
        }
        guard let schema = reconciler.schemas[change.key.kind] else { return false }
        return change.attributes.allSatisfy { attribute in
            guard let rule = schema.rule(attribute.path), let wish = input.wanted[attribute.path] ?? attribute.after
            else { return attribute.after == nil }
            return rule.isFulfilled(by: object.attributes[attribute.path], wish)
        }
    }

    /// Whether a step takes the object away: a deletion, and the first half of a replacement.
    func removes(_ step: Step) -> Bool {
        change.action == .delete || change.action == .replace && !step.creates
    }

    // MARK: What is written down

    /// Writes down what is about to happen; false where it may not, with the reason in the result.
    private func intend(
        _ entry: JournalEntry, makingWayFor successors: [ResourceKey] = [], _ result: inout Applier.ChangeResult
    ) async -> Bool {
        do throws(StoreFault) {
            if try await reconciler.store.intend(
                entry, isOurs: applier.share.guarding, makingWayFor: successors)
            {
                return true
            }
            result.skipReason = "another service is at it; the next pass looks again"
        } catch {
            result.storeFault = error
        }
        return false
    }

    /// Records a change that has no effect at a provider: adopting what carries no mark, or forgetting what is gone.
    private func remember(_ input: ResolvedChange, steps: Int, _ result: inout Applier.ChangeResult) async {
        let now = reconciler.time.now
        let title = change.action == .adopt ? "take over as it is" : "forget; it is gone at the provider"
        var entry = JournalEntry(
            runID: applier.runID, stepID: "\(change.key)#0", key: change.key, action: change.action,
            operation: change.action.rawValue, title: title, environment: change.environment, state: .intended,
            input: journalInput(nil, input), intendedAt: now)
        let inventory: InventoryChange? =
            change.action == .forget
            ? .remove(change.key) : inventoryChange(after: input.current, input, isLast: true)
        guard await intend(entry, &result) else { return }
        applier.progress(.began(entry))
        do throws(StoreFault) {
            entry.state = .done
            entry.finishedAt = reconciler.time.now
            try await reconciler.store.settle(entry, inventory: inventory)
            result.written = inventory
        } catch {
            result.storeFault = error
            return
        }
        applier.progress(.ended(entry))
        result.entries.append(entry)
        result.object = input.current
        result.isDone = true
    }

    /// Records a change that failed before any effect.
    private func refuse(_ fault: ProviderFault, _ result: inout Applier.ChangeResult) async {
        let now = reconciler.time.now
        var entry = JournalEntry(
            runID: applier.runID, stepID: "\(change.key)#0", key: change.key, action: change.action,
            operation: fault.operation, title: "prepare", environment: change.environment, state: .failed,
            input: .object([:]), output: fault.value, intendedAt: now, finishedAt: now)
        entry.state = .intended
        guard await intend(entry, &result) else { return }
        entry.state = .failed
        do throws(StoreFault) {
            try await reconciler.store.settle(entry, inventory: nil)
        } catch {
            result.storeFault = error
        }
        result.entries.append(entry)
        applier.progress(.ended(entry))
    }
}
