import Basics
import DesiredState
import Diff
import Formats
import Store

/// Carries the life of environments from plan to plan: when each began, when it ends, whether people were warned.
struct EnvironmentLedger {
    let desired: DesiredState
    let plan: Plan
    /// Nil where nothing was observed: what is known of the cost then stays.
    let cost: EnvironmentCost?
    let now: Timestamp
    let runID: String
    /// The environments of which this pass changed something.
    var changed: Set<String> = []
    /// What was seen; nil where a part of the world was looked at alone: what is known of the rest then stays.
    var observed: ObservedState?
    /// The care of environments whose documents give them less, and nobody has said that it is meant.
    var kept: [String: Care] = [:]
    /// The environments whose care nobody has said may go.
    var caredFor: Set<String> = []
    /// What is ours, with the environment that owns it.
    var owned: [ResourceKey: String?] = [:]
    /// How long the name of one that went without a word keeps its care: it may be back with the next commit.
    static let careOutlives = Duration.days(14)

    /// A warning that has to be told once.
    struct Warning: Sendable {
        let slug: String
        let expiresAt: Timestamp
        /// The command that gives it more time.
        let keep: String
    }

    /// What this pass changes of the rows.
    ///
    /// - Parameters:
    ///   - rows: as they are.
    ///   - owners: the environments that still own something.
    /// - Returns: the rows that are to be others, or are new, by slug; the warnings that nobody was given yet, what people
    ///   should be told, and the environments that begin a new life.
    func update(
        _ rows: [EnvironmentRow], owners: Set<String>
    ) -> (rows: [EnvironmentRow], warnings: [Warning], notices: [Notice], reborn: Set<String>) {
        let places = Dictionary(zip(rows.map(\.slug), rows.indices), uniquingKeysWith: { first, _ in first })
        let outlooks = Dictionary(plan.environments.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        let standings = standings()
        var told = Told()
        var updated: [EnvironmentRow] = []
        for environment in desired.environments {
            let before = places[environment.slug].map { rows[$0] }
            let row = self.row(
                of: environment, before, outlooks[environment.slug], standings[environment.slug], &told)
            if row != before { updated.append(row) }
        }
        let wanted = Set(desired.environments.map(\.slug))
        let ends = pruneEnds()
        for row in rows where !wanted.contains(row.slug) && row.status != .gone {
            guard let outlook = outlooks[row.slug] else { continue }
            // Of what isn't targeted the plan holds no candidates, or not all of them.
            let isWhole = plan.targets.isEmpty || plan.targets.contains(row.slug)
            let goesAt = isWhole ? ends[row.slug] : row.graceEnds ?? ends[row.slug]
            var left = unwanted(row, outlook, goesAt, isEmpty: !owners.contains(row.slug), &told)
            if left.status != .gone, let standing = standing(ofUnwanted: row) { left.standing = standing }
            if left != row { updated.append(left) }
        }
        return (updated.sorted { $0.slug.precedesByBytes($1.slug) }, told.warnings, told.notices, told.reborn)
    }

    /// The row of an environment that no document names, as far as can be read: its end is told once, and nothing of it is
    /// told while a person keeps it.
    ///
    /// - Parameters:
    ///   - before: as it is.
    ///   - outlook: what the plan says of it.
    ///   - goesAt: when the grace of what it owns is over; nil where there is none.
    ///   - isEmpty: whether it owns nothing any more.
    ///   - told: takes what people should be told.
    /// - Returns: the row as it is to be.
    private func unwanted(
        _ before: EnvironmentRow, _ outlook: EnvironmentOutlook, _ goesAt: Timestamp?, isEmpty: Bool,
        _ told: inout Told
    ) -> EnvironmentRow {
        var row = before
        row.weigh(doubt: Self.doubt(outlook))
        // Whether nothing wants it can't be read: it comes back as it was.
        guard [.unwanted, .pinned, .suspended].contains(outlook.phase) else { return row }
        row.unwantedSince = before.unwantedSince ?? now
        if outlook.phase == .suspended {
            // It goes when it is reconciled again; should it be wanted until then, its time counts on.
            row.graceEnds = nil
            return row
        }
        (row.timeEnds, row.promisedEnd, row.isPromisedNoEnd) = (nil, nil, false)
        row.graceEnds = outlook.phase == .unwanted && !isEmpty ? goesAt : nil
        guard outlook.phase == .unwanted else {
            // What was its end counts no more: it goes when its pin ends.
            row.expiresAt = outlook.expiresAt
            return row
        }
        if before.endToldAt == nil {
            row.endToldAt = now
            // The end of the pin that kept it is past, or was taken away.
            if before.unwantedSince != nil { row.expiresAt = nil }
            told.notices.append(
                notice(
                    .environmentEnded, row, outlook, dedupe: "unwanted \(row.unwantedSince ?? now)",
                    keep: "reconcile env pin \(row.slug)"))
        }
        if isEmpty {
            row.status = .gone
            row.expiresAt = nil
            row.careEnds = caredFor.contains(row.slug) ? now + Self.careOutlives : nil
        }
        return row
    }

    /// When the last of what each environment owns and nothing wants may go.
    private func pruneEnds() -> [String: Timestamp] {
        var ends: [String: Timestamp] = [:]
        for candidate in plan.candidates {
            guard let slug = candidate.environment else { continue }
            // What isn't marked yet is marked by this pass.
            let end = candidate.goesAt ?? now + candidate.grace
            ends[slug] = max(ends[slug] ?? end, end)
        }
        return ends
    }

    /// What people are told of what was written.
    private struct Told {
        var warnings: [Warning] = []
        var notices: [Notice] = []
        var reborn: Set<String> = []
    }

    /// The row of an environment after this pass.
    private func row(
        of environment: Environment, _ before: EnvironmentRow?, _ outlook: EnvironmentOutlook?,
        _ standing: EnvironmentStanding?, _ told: inout Told
    ) -> EnvironmentRow {
        var row = before ?? begun(environment)
        let wasOver = row.status == .expired || row.status == .gone
        // Nothing is learnt of care from a document that can't be read, or that nobody has said yes to.
        let isCareKnown = kept[environment.slug] == nil && outlook?.phase != .unknown
        begin(&row, environment, outlook, wasOver: wasOver, isCareKnown: isCareKnown, &told)
        (row.unwantedSince, row.endToldAt, row.graceEnds) = (nil, nil, nil)
        // One that is as it was stays written as it was, so that its row does.
        if let standing, row.standing != standing { row.standing = standing }
        if isCareKnown || before == nil { (row.tier, row.ttlClass) = (environment.tier, environment.ttlClass) }
        // With what it takes over it counts as the one that had it, and has its whole time from a yes on.
        if let tier = kept[environment.slug]?.tier, row.tier.hasLife, !tier.hasLife { row.tier = tier }
        row.branch = environment.branch
        if environment.branch != nil { row.isOfBranch = environment.isOfBranch }
        // What is left alone stays where it is, wherever its documents want it now.
        if before?.isSuspended(at: now) != true {
            row.host = environment.host
            row.domain = environment.domain
            row.database = environment.database
        }
        let time = timeKept(of: row, since: before, outlook)
        (row.expiresAt, row.timeEnds, row.promisedEnd) = (outlook?.expiresAt, outlook?.timeEnds ?? time, nil)
        row.isPromisedNoEnd = false
        if let cost {
            var metadata = row.metadata.objectValue ?? Value.Object()
            metadata["cost_monthly_usd"] = cost[environment.slug].map { .string($0) }
            row.metadata = .object(metadata)
        }
        if isCareKnown || before == nil { rememberRule(of: environment, in: &row) }
        row.weigh(doubt: Self.doubt(outlook))
        end(&row, environment, outlook, since: before, wasOver: wasOver, &told)
        if row.status != .gone, row.careEnds != nil { row.careEnds = nil }
        return row
    }

    /// When the time of one is over that doesn't end meanwhile: it counts again at a word, and is shown from then on.
    ///
    /// - Returns: nil where it ends, or where its time has moved with what was done.
    private func timeKept(
        of row: EnvironmentRow, since before: EnvironmentRow?, _ outlook: EnvironmentOutlook?
    ) -> Timestamp? {
        guard let before, let outlook, outlook.expiresAt == nil, outlook.phase != .unknown,
            before.isSuspended(at: now) || before.isPinned && before.pinnedUntil == nil,
            (row.createdAt, row.deployedAt, row.activeAt) == (before.createdAt, before.deployedAt, before.activeAt)
        else { return nil }
        return before.timeEnds ?? before.expiresAt
    }

    /// Moves the instants from which the time of an environment counts.
    private func begin(
        _ row: inout EnvironmentRow, _ environment: Environment, _ outlook: EnvironmentOutlook?, wasOver: Bool,
        isCareKnown: Bool, _ told: inout Told
    ) {
        if wasOver, outlook?.phase == .active || outlook?.phase == .expiring {
            // A new commit on its branch begins its life anew; an extension or a pin goes on with the old one.
            let isRevived = row.status == .gone || row.expiredHead != environment.headCommit
            if isRevived { (row.createdAt, row.deployedAt, row.activeAt) = (now, now, now) }
            // What people gave to the life before is over with it, but for what brought the environment back.
            if row.status == .gone || isRevived && outlook?.hasBegun == false { told.reborn.insert(row.slug) }
            row.expiredHead = nil
            (row.warnedFor, row.warnedAt, row.noticeEnds) = (nil, nil, nil)
        }
        // What had no end begins to have one now.
        if isCareKnown, !row.tier.hasLife, environment.tier.hasLife {
            (row.createdAt, row.deployedAt, row.activeAt) = (now, now, now)
        }
        if changed.contains(environment.slug) {
            (row.deployedAt, row.activeAt) = (now, now)
            row.deed = EnvironmentDeed(at: now, runID: runID, revision: desired.revision)
        }
        if outlook?.phase.isDecided != false, let last = row.headCommit, let head = environment.headCommit,
            last != head
        {
            row.activeAt = now
        }
    }

    /// Says where in its life an environment stands, and tells people of an end that they haven't heard of.
    private func end(
        _ row: inout EnvironmentRow, _ environment: Environment, _ outlook: EnvironmentOutlook?,
        since before: EnvironmentRow?, wasOver: Bool, _ told: inout Told
    ) {
        switch outlook?.phase {
        case .expired:
            if !wasOver { told.notices.append(ended(row, outlook)) }
            row.status = .expired
            // The head with which it expired stays: another one brings the environment back.
            if !wasOver { row.expiredHead = environment.headCommit }
            row.headCommit = environment.headCommit
        case .expiring, .ending:
            if outlook?.phase == .ending { told.notices.append(ended(row, outlook)) }
            row.status = .expiring
            row.headCommit = environment.headCommit
            let isSooner = outlook?.expiresAt.map { before?.record.endsSooner(at: $0) == true } == true
            if let expiresAt = outlook?.expiresAt, row.warnedFor != expiresAt || isSooner {
                // Told of this end before, it was promised another one meanwhile: told once more.
                let again = row.warnedFor == expiresAt ? " \(now)" : ""
                (row.warnedFor, row.warnedAt) = (expiresAt, now)
                row.noticeEnds = outlook?.noticeEnds
                told.warnings.append(
                    Warning(slug: row.slug, expiresAt: expiresAt, keep: Self.keep(row, outlook)))
                told.notices.append(notice(.environmentExpiring, row, outlook, dedupe: expiresAt.description + again))
            }
        // What is over stays over while its document can't be read, with the head at which it ended.
        case .unknown: if !wasOver { row.status = .unknown }
        // Left alone, it is there and doesn't end; that it is suspended is a mark of its own.
        case .suspended: if !wasOver { row.status = .active }
        case .active, .unwanted, .pinned, nil:
            row.status = .active
            row.headCommit = environment.headCommit
        }
    }

    /// What can be said of each environment after this pass.
    private func standings() -> [String: EnvironmentStanding] {
        guard let observed else { return [:] }
        var (wanted, unseen): ([String: Int], [String: Int]) = ([:], [:])
        for resource in desired.resources { resource.environment.map { wanted[$0, default: 0] += 1 } }
        for change in plan.changes
        where change.hold == .unknownWish || change.hold == .unsettled
            || change.action == .read && change.hold != .suspended
        {
            change.environment.map { unseen[$0, default: 0] += 1 }
        }
        let health = EnvironmentHealth(observed: observed)
        var standings: [String: EnvironmentStanding] = [:]
        for environment in desired.environments {
            let (word, reason) = health.of(environment)
            standings[environment.slug] = EnvironmentStanding(
                resources: wanted[environment.slug] ?? 0, unseen: unseen[environment.slug] ?? 0, health: word,
                healthReason: reason)
        }
        return standings
    }

    /// What can be said of an environment that no document names: how its machines fare, and else what was known of it.
    ///
    /// - Returns: nil where no pass has looked at it, or this one saw a part of the world alone.
    private func standing(ofUnwanted row: EnvironmentRow) -> EnvironmentStanding? {
        guard let observed, let last = row.standing else { return nil }
        let (word, reason) = EnvironmentHealth(observed: observed).of(row, owning: owned)
        return EnvironmentStanding(
            resources: last.resources, unseen: last.unseen, health: word, healthReason: reason)
    }

    /// Pins and suspensions that have ended by themselves.
    ///
    /// - Parameters:
    ///   - rows: as they were before this pass.
    ///   - updated: those that it has changed.
    /// - Returns: a notice for each, also of what this pass has let go of because of it.
    func lapses(_ rows: some Sequence<EnvironmentRow>, _ updated: [EnvironmentRow]) -> [Notice] {
        let after = Dictionary(updated.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        return rows.lazy.filter { $0.status != .gone && ($0.isPinned || $0.isSuspended) }.flatMap { row -> [Notice] in
            var found: [Notice] = []
            let next = after[row.slug] ?? row
            if row.isPinned, let until = row.pinnedUntil, until <= now {
                found.append(lapse(.pinEnded, next, until, row.pinReason, row.pinnedBy))
            }
            if row.isSuspended, let until = row.suspendedUntil, until <= now {
                found.append(lapse(.suspensionEnded, next, until, row.suspendReason, row.suspendedBy))
            }
            return found
        }
    }

    private func lapse(
        _ kind: Notice.Kind, _ row: EnvironmentRow, _ until: Timestamp, _ reason: String?, _ actor: String?
    ) -> Notice {
        Notice(
            kind, of: row.slug, environment: row.slug, at: now, runID: runID,
            payload: [
                "ended_at": .string(until.description), "reason": reason.map { .string($0) } ?? .null,
                "by": actor.map { .string($0) } ?? .null,
                "unwanted_since": row.unwantedSince.map { .string($0.description) } ?? .null,
                "is_gone": .bool(row.status == .gone),
            ], dedupe: until.description)
    }

    /// Why nobody knows what is wanted of it; nil where that is known.
    private static func doubt(_ outlook: EnvironmentOutlook?) -> String? {
        outlook?.phase == .unknown ? outlook?.reason : nil
    }

    private static func keep(_ row: EnvironmentRow, _ outlook: EnvironmentOutlook?) -> String {
        (outlook?.keeping ?? .usual).command(row.slug)
    }

    private func ended(_ row: EnvironmentRow, _ outlook: EnvironmentOutlook?) -> Notice {
        notice(.environmentEnded, row, outlook, dedupe: outlook?.expiresAt?.description ?? runID)
    }

    private func notice(
        _ kind: Notice.Kind, _ row: EnvironmentRow, _ outlook: EnvironmentOutlook?, dedupe: String,
        keep: String? = nil
    ) -> Notice {
        var payload = Value.Object()
        payload["expires_at"] = outlook?.expiresAt.map { .string($0.description) } ?? .null
        payload["goes_at"] = (outlook?.goesAt ?? row.graceEnds).map { .string($0.description) } ?? .null
        payload["reason"] = .string(outlook?.reason ?? "")
        payload["cost_monthly_usd"] = row.metadata["cost_monthly_usd"] ?? .null
        payload["branch"] = row.branch.map { .string($0) } ?? .null
        if keep != nil { payload["because"] = .string(outlook?.reason ?? "") }
        payload["keep"] = .string(keep ?? Self.keep(row, outlook))
        return Notice(
            kind, of: row.slug, environment: row.slug, at: now, runID: runID, payload: .object(payload), dedupe: dedupe)
    }

    private func begun(_ environment: Environment) -> EnvironmentRow {
        var row = EnvironmentRow(
            slug: environment.slug, tier: environment.tier, ttlClass: environment.ttlClass, createdAt: now)
        (row.deployedAt, row.activeAt) = (now, now)
        return row
    }

    /// Keeps what the policy says of extensions, for whoever extends it before the next pass.
    private func rememberRule(of environment: Environment, in row: inout EnvironmentRow) {
        guard let ttlClass = row.ttlClass else { return }
        let rule = desired.policy.lifeRule(ttlClass)
        var metadata = row.metadata.objectValue ?? Value.Object()
        metadata["longest_extension_days"] = rule.longestExtension.map { .int(Int64($0)) }
        metadata["most_extension_days"] = rule.mostExtension.map { .int(Int64($0)) }
        var isEndless = true
        if case .after(let ttl) = environment.ttl { isEndless = ttl <= .zero }
        metadata["warn_seconds"] = .int(rule.warnBefore.components.seconds)
        metadata["grace_seconds"] = rule.grace > .zero ? .int(rule.grace.components.seconds) : nil
        metadata["never_ends"] = isEndless && environment.tier.hasLife ? .bool(true) : nil
        row.metadata = .object(metadata)
    }
}
