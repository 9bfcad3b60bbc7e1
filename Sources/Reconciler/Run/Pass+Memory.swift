import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store

/// What outlives a pass.
extension Pass {
    /// Where a commit wants what is there already, the inventory learns the new wish, so that a later change made
    /// outside is told from a commit that was not applied.
    ///
    /// Whether it is protected is learnt of what is still to be changed too: the guards of a later deletion ask the inventory,
    /// and the change may never come to pass.
    mutating func rememberNoops(
        _ desired: DesiredState, _ inventory: Inventory, _ observed: ObservedState, _ plan: Plan
    ) async throws {
        // What an older commit wants is no wish yet.
        if grounds?.isInDoubt(of: .history) == true { return }
        // Where another document guards, what it wants is applied, but it takes no protection away. Nor does a tier that
        // fell take it from what its environment stands on, nor one that went.
        let keepsProtection =
            grounds?.isInDoubt(of: .documents) == true || grounds?.isInDoubt(of: .care) == true
        let missing = grounds?.caredForMissing(in: desired) ?? []
        let held = grounds?.held(desired, inventory, holdsData: reconciler.holdsData) ?? []
        let unread = Set(plan.environments.lazy.filter { $0.phase == .unknown }.map(\.slug))
        let leftAlone = desired.leftAlone(inventory, at: plannedAt)
        let pinned = desired.keptByPins(inventory, at: plannedAt)
        // What targets leave out differs all the same, and nothing is done about it: nobody takes it over by this pass.
        let changed = plan.leftOut.union(plan.changes.lazy.map(\.key))
        let unsure = plan.leftOut.union(plan.changes.lazy.filter { $0.action == .read }.map(\.key))
        let entries = Dictionary(inventory.entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var changes: [InventoryChange] = []
        let sensitive = reconciler.sensitive
        for resource in desired.resources {
            guard let entry = entries[resource.key], share.owns(resource.key, wantedBy: resource.environment) else {
                continue
            }
            let isChanging = changed.contains(resource.key)
            // As another one's it would be changed and deleted with that one, although a person keeps it as it is.
            let staysWithOwner =
                held.contains(resource.key) || pinned[resource.key] != nil
                || entry.environment.map(leftAlone.contains) == true
                    && entry.environment != resource.environment
            // Whoever looks after it from now on does the rest.
            let isMoving =
                isChanging && !staysWithOwner && !unsure.contains(resource.key)
                && share.moves(resource.key, to: resource.environment)
            let seen = observed.resource(resource.key)
            let wanted = isChanging ? nil : Self.wish(resource, entry, seen, sensitive)
            var echoes = entry.echoes
            if let wanted, let seen, !echoes.isEmpty, let schema = reconciler.schemas[entry.key.kind] {
                echoes = Echo.kept(
                    echoes, wished: wanted, applied: entry.lastApplied, seen: seen.attributes, by: schema,
                    at: plannedAt)
            }
            var updated = InventoryEntry(
                key: entry.key, providerID: entry.providerID,
                environment: staysWithOwner || isChanging && !isMoving ? entry.environment : resource.environment,
                lastApplied: wanted ?? entry.lastApplied, revision: entry.revision,
                isProtected: resource.isProtected
                    || entry.isProtected
                        && (keepsProtection || staysWithOwner || resource.environment.map(unread.contains) == true
                            || grounds?.keeps(entry, forMissing: missing) == true),
                createdAt: entry.createdAt, isAdopted: entry.isAdopted)
            updated.echoes = echoes
            guard updated != entry else { continue }
            if isMoving { hasHandedOver = true }
            changes.append(.put(isChanging ? updated : updated.applied(at: desired.revision)))
        }
        if !changes.isEmpty { try await reconciler.store.changeInventory(changes) }
    }

    /// Keeps the inventory under the names that the documents write now.
    func remember(_ renames: [Rekeying.Rename]) async throws {
        guard !renames.isEmpty else { return }
        for rename in renames {
            reconciler.log.info(
                "the documents name it in another way now",
                ["resource.key": rename.from.key, "name": rename.to?.key ?? rename.from.key])
        }
        // What goes first, so that a name that another one takes over isn't removed after it.
        try await reconciler.store.changeInventory(
            renames.map { .remove($0.from.key) } + renames.compactMap { $0.to.map { .put($0) } })
    }

    /// What is wanted of a resource that is as it is wanted, as the inventory keeps it.
    ///
    /// - Returns: nil where that can't be said: of a sensitive wish only a digest is kept, so that what was applied stays as it
    ///   was written.
    private static func wish(
        _ resource: DesiredResource, _ entry: InventoryEntry, _ seen: ObservedResource?,
        _ sensitive: SensitiveAttributes
    ) -> Attributes? {
        var literals: [Attributes.Item] = []
        for attribute in resource.attributes {
            if sensitive.isSensitive(attribute.name, of: resource.key.kind) { return nil }
            switch attribute.value {
            case .literal(let value): literals.append(Attributes.Item(attribute.name, value))
            case .reference:
                // Nothing differs, so that what is there is what the reference gives now; but for what its provider
                // writes in another form.
                let isEchoed = entry.echoes.contains { $0.attribute == attribute.name }
                let now = isEchoed ? nil : seen?.attributes[attribute.name]
                guard let value = now ?? entry.lastApplied[attribute.name] else { return nil }
                literals.append(Attributes.Item(attribute.name, value))
            }
        }
        return Attributes(literals)
    }

    /// Keeps what differs and since when, key by key; a look as of another instant says nothing of it.
    mutating func rememberDrift() async throws {
        guard let plan, let desired, let observed, let inventory, options.now == nil else { return }
        guard try await maySayWhatDiffers() else {
            drift = try await reconciler.store.openDrift()
            evidence.add("drift.json", list: plan.drift.lazy.map(\.value))
            return
        }
        let sight = DriftSight(
            plan, desired, ObservedState(observed.kinds.values + watched.map(\.seen)), inventory,
            known: Set(reconciler.schemas.keys), done: applied.done)
        let remaining = sight.remaining(of: plan)
        if !applied.done.isEmpty { self.remaining = remaining }
        let delta = try await reconciler.store.recordDrift(
            remaining, runID: run.id, at: reconciler.time.now, isOurs: share.filter
        ) { key, environment in sight.isGone(key, of: environment) }
        if delta.opened + delta.changed + delta.resolved > 0 {
            note(
                "drift",
                [
                    "opened": .int(Int64(delta.opened)), "changed": .int(Int64(delta.changed)),
                    "resolved": .int(Int64(delta.resolved)),
                ])
        }
        evidence.add("drift.json", list: plan.drift.lazy.map(\.value))
        evidence.keep(in: reconciler.evidence, at: reconciler.time.now)
        try await rememberFindings()
    }

    /// Whether what this run saw differ is what differs for everybody.
    ///
    /// A pass holds the leases. A dry run does not: it may be of another commit than the one that the world is held to, as that
    /// of a pull request is, and beside it a pass may be making just what it finds missing.
    private func maySayWhatDiffers() async throws -> Bool {
        guard options.isDryRun else { return true }
        let last = try await reconciler.store.lastPass()
        let standing = try await reconciler.store.shardStanding()
        let isUnderWay = standing.leases.contains { $0.expiresAt > reconciler.time.now }
        guard !isUnderWay, let last else { return !isUnderWay }
        return last.revision == run.revision && last.completedAt.map { $0 <= startedAt } == true
    }

    /// Environments that nobody knew yet are known before anything of them is made.
    ///
    /// Should the pass end in its middle and the branch go meanwhile, what was made still has a tier and a life by which
    /// it may go again.
    func rememberNewEnvironments(_ desired: DesiredState, _ plan: Plan) async throws {
        let rows = try await reconciler.store.environments()
        let known = Set(rows.map(\.slug))
        guard desired.environments.contains(where: { !known.contains($0.slug) }) else { return }
        let ledger = EnvironmentLedger(
            desired: desired, plan: plan, cost: cost, now: plannedAt, runID: run.id, kept: grounds?.keptCare ?? [:])
        // Nothing is gone at this moment, so that the owners don't matter.
        var begun = ledger.update(rows, owners: known).rows.filter {
            !known.contains($0.slug) && share.owns(environment: $0.slug)
        }
        // Whom nobody has been told of yet is told of at the end of the pass.
        for index in begun.indices { (begun[index].warnedFor, begun[index].warnedAt) = (nil, nil) }
        _ = try await reconciler.store.saveEnvironments(begun)
    }

    /// The environments that were over, and live again.
    private static func revived(_ before: [EnvironmentRow], _ after: [EnvironmentRow]) -> Set<String> {
        let over = Set(before.lazy.filter { $0.status == .expired || $0.status == .gone }.map(\.slug))
        return Set(
            after.lazy.filter { ($0.status == .active || $0.status == .expiring) && over.contains($0.slug) }
                .map(\.slug))
    }

    /// What outlives the run: the life of environments, and what the next plan compares with.
    mutating func remember() async throws {
        guard let plan, let desired else { return }
        try await weighGroundsAgain()
        try await rememberGrounds()
        try await rememberClock()
        // Nobody's time begins or ends by a policy that isn't trusted yet.
        if grounds?.isInDoubt == true { return }
        let rows = try await reconciler.store.environments()
        let owned = try await reconciler.store.ownedKeys()
        let owners = Set(owned.values.compactMap(\.self))
        // The instant of the plan, so that an end and the begin that it counts from agree.
        let ledger = EnvironmentLedger(
            desired: desired, plan: plan, cost: cost, now: plannedAt, runID: run.id,
            changed: Set(
                applied.journal.filter { $0.state == .done && $0.action != .delete }.compactMap(\.environment)),
            observed: options.targets.isEmpty
                ? observed.map { $0.after(applied.left) } : nil,
            kept: grounds?.keptCare ?? [:],
            caredFor: grounds?.caredFor(
                Set(
                    (recovered + applied.journal).filter { $0.state == .done && $0.action == .delete }.compactMap(
                        \.environment)))
                ?? [],
            owned: owned)
        let updated = ledger.update(rows, owners: owners)
        let revived = Self.revived(rows, updated.rows)
        let stays = try await withdrawals(
            of: desired.resources.lazy.filter { revived.contains($0.environment ?? "") }.map(\.key))
        _ = try await reconciler.store.saveEnvironments(
            updated.rows.filter { share.owns(environment: $0.slug) },
            notices: (updated.notices + stays).filter { share.owns(environment: $0.environment) },
            reborn: (inventory?.environments ?? []).filter {
                updated.reborn.contains($0.slug) && share.owns(environment: $0.slug)
            })
        try await reconciler.store.post(
            ledger.lapses(rows.lazy.filter { [share] in share.owns(environment: $0.slug) }, updated.rows))
        for warning in updated.warnings where share.owns(environment: warning.slug) {
            note(
                "ttl_warning",
                ["environment": .string(warning.slug), "expires_at": .string(warning.expiresAt.description)],
                key: "ttl:\(warning.slug):\(warning.expiresAt)")
            progress(
                .note(
                    "environment \(warning.slug) expires at \(warning.expiresAt): \(warning.keep)"))
        }
        // What a guard refused to let go of is still held: the guard has to find it refused next time as well.
        // What could not be seen in this pass is no deletion yet, and will be one when it is seen.
        let hasVanished = plan.diagnostics.contains { $0.code == "PLAN-0002" || $0.code == "PLAN-0003" }
        let wanted = Set(desired.resources.map(\.key))
        let isHeldBack =
            plan.changes.contains { $0.action == .delete && $0.verdict == .denied }
            || hasVanished && owned.keys.contains { !wanted.contains($0) }
        if desired.unknown.isEmpty, !isHeldBack, share.keepsRecords {
            try await reconciler.store.rememberDesired(
                roots: desired.roots, count: desired.resources.count + desired.environments.count,
                revision: desired.revision)
        }
    }
}
