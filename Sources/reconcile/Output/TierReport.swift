import Basics
import DesiredState
import Diff
import Formats
import Reconciler

/// What applies to a tier, from all the documents that rule it.
struct TierReport {
    let tier: Tier
    let now: Timestamp
    let desired: DesiredState
    let zones: TimeZones
    let environments: [Environment]
    /// When their backups are due, by the environment's name.
    let backupTimes: [String: BackupTimes]
    /// With their places in the list of all mappings, from 1: the first that matches a branch wins.
    let mappings: [(order: Int, mapping: BranchMapping)]
    /// Errors in documents that rule: what they say of the tier may not be whole.
    let faults: [Diagnostic]

    init(_ tier: Tier, _ desired: DesiredState, now: Timestamp, zones: TimeZones, schedules: [ScheduledJob]) {
        self.tier = tier
        self.zones = zones
        self.now = now
        self.desired = desired
        environments = desired.environments.filter { $0.tier == tier }
        let jobs = schedules.filter { $0.environment?.tier == tier }
        backupTimes = Dictionary(
            jobs.map { ($0.environment?.slug ?? "", BackupTimes($0, after: now)) },
            uniquingKeysWith: { first, _ in first })
        mappings = desired.policy.branchMappings.enumerated().filter { $0.element.tier == tier }
            .map { ($0.offset + 1, $0.element) }
        let paths = Set(desired.documents.filter { $0.isPolicy && $0.status != .shadowed }.map(\.path))
        faults = desired.diagnostics.filter {
            $0.severity == .error && ($0.mark.map { paths.contains($0.file) } ?? true)
        }
    }

    var policy: Policy { desired.policy }
    var gates: [HealthGate] { policy.healthGates[tier] ?? [] }
    var surfaces: [SurfacePolicy] {
        policy.surfaces.values.sorted { $0.name.precedesByBytes($1.name) }
    }
    var plans: [ModulePlan] {
        let slugs = Set(environments.map(\.slug))
        return desired.modulePlans.filter { slugs.contains($0.environment) || Tier(alias: $0.environment) == tier }
    }
    /// The quotas by whom they are for; one row where both are the same.
    var quotas: [(whom: String, quota: ResourceQuota)] {
        let (named, ephemeral) = (
            policy.quota(tier: tier, isEphemeral: false), policy.quota(tier: tier, isEphemeral: true)
        )
        return named == ephemeral ? [("all", named)] : [("named", named), ("branch", ephemeral)]
    }
    /// The windows and freezes that speak of the tier, and what they come to for an environment of it.
    var calendar: SyncCalendar { SyncCalendar(policy, zones: zones) }
    var subject: SyncSubject { SyncSubject(environment: "", tier: tier) }
    var windows: [SyncWindow] {
        policy.syncWindows.filter { $0.scope.covers(subject) || !$0.scope.environments.isEmpty }
    }
    var freezes: [Freeze] { policy.freezes.filter { $0.scope.covers(subject) && now < $0.until } }
    /// Production and staging need an approval before anything is deleted or replaced.
    var isProtected: Bool { tier == .production || tier == .staging }

    // MARK: For programs

    var value: Value {
        var object = Value.Object()
        object["tier"] = .string(tier.rawValue)
        object["as_of"] = .string(now.description)
        object["revision"] = .string(desired.revision)
        object["valid"] = .bool(faults.isEmpty)
        object["environments"] = .list(environments.map(value))
        object["branch_mappings"] = .list(mappings.map(Self.value))
        object["quotas"] = .list(quotas.map(quotaValue))
        object["ttl"] = .list(tier.ttlClasses.map(lifeValue))
        object["changes"] = changes
        object["prune"] = .object([
            "grace_seconds": .int(policy.prune.grace.components.seconds),
            "guarded_grace_seconds": .int(policy.prune.guardedGrace.components.seconds),
        ])
        object["approvals"] = .object([
            "valid_for_seconds": .int(policy.approvals.validFor.components.seconds),
            "longest_seconds": .int(policy.approvals.longest.components.seconds),
        ])
        object["health_gates"] = .list(gates.map(Self.value))
        // Read, shown, and acted on by nothing.
        object["for_information"] = .strings([
            "branch_mappings.auto_deploy", "github.block_merge_on_failure", "health_gates",
        ])
        object["backups"] = backups
        object["protection"] = .object([
            "protected": .bool(isProtected), "max_deletes": .int(Int64(policy.maximumDeletes)),
        ])
        object["github"] = .object([
            "update_commit_status": .bool(policy.updateCommitStatus),
            "block_merge_on_failure": .bool(policy.blockMergeOnFailure),
            "comment_on_pr": .bool(policy.commentOnPullRequest),
            "create_deployments": .bool(policy.createDeployments),
        ])
        object["surfaces"] = .list(surfaces.map(surfaceValue))
        object["allowlists"] = .list(plans.map(Self.value))
        object["diagnostics"] = .list(faults.map(\.value))
        return .object(object)
    }

    private func value(_ environment: Environment) -> Value {
        let backup = backupTimes[environment.slug]
        func number(_ value: Int64?) -> Value { value.map { .int($0) } ?? .null }
        var sources = Value.Object()
        if let place = environment.workersSource { sources["workers"] = .string(place.description) }
        for (key, place) in (environment.limits?.marks ?? [:]).sorted(by: { $0.key.precedesByBytes($1.key) }) {
            sources[key] = .string(place.description)
        }
        let quota: Value = .object([
            "workers": .count(environment.quota?.workers), "cpu_millicores": number(environment.quota?.cpuMillicores),
            "memory_bytes": number(environment.quota?.memoryBytes),
            "storage_bytes": number(environment.quota?.storageBytes),
        ])
        return .object([
            "workers": .count(environment.workers), "quota": quota, "own": .object(sources),
            "quota_breach": .text(environment.quotaBreach(policy, desired.resources)?.what),
            "name": .string(environment.slug), "branch": .text(environment.branch),
            "protected": .bool(environment.isProtected), "auto_deploy": .bool(environment.autoDeploy),
            "backup_schedule": .text(environment.backupSchedule),
            "backup_longest_gap_seconds": backup?.gap.map { .int($0.components.seconds) } ?? .null,
            "backup_next": .text(backup?.next?.description), "backup_time_zone": .text(backup?.zone),
            "source": .string(environment.source.description),
        ])
    }

    private static func value(_ entry: (order: Int, mapping: BranchMapping)) -> Value {
        .object([
            "order": .int(Int64(entry.order)), "pattern": .string(entry.mapping.pattern.description),
            "auto_deploy": .bool(entry.mapping.autoDeploy), "source": .string(entry.mapping.source.description),
        ])
    }

    private func quotaValue(_ row: (whom: String, quota: ResourceQuota)) -> Value {
        func number(_ value: Int64?) -> Value { value.map { .int($0) } ?? .null }
        return .object([
            "for": .string(row.whom), "workers": .count(row.quota.workers),
            "cpu_millicores": number(row.quota.cpuMillicores), "memory_bytes": number(row.quota.memoryBytes),
            "storage_bytes": number(row.quota.storageBytes), "written": .strings(written),
        ])
    }

    /// The limits that the policies write; the others come from the platform's table.
    private var written: [String] {
        guard let quota = policy.quotas[tier] else { return [] }
        let all: [(String, Bool)] = [
            ("workers", quota.workers != nil), ("cpu", quota.cpuMillicores != nil),
            ("memory", quota.memoryBytes != nil), ("storage", quota.storageBytes != nil),
        ]
        return all.filter(\.1).map(\.0)
    }

    private func lifeValue(_ kind: TTLClass) -> Value {
        var seconds: Value = .null
        if case .after(let duration) = policy.timeToLive(kind) { seconds = .int(duration.components.seconds) }
        let rule = policy.lifeRule(kind)
        return .object([
            "class": .string(kind.rawValue), "seconds": seconds, "from": .string(rule.start.rawValue),
            "warn_before_seconds": .int(rule.warnBefore.components.seconds),
            "grace_seconds": .int(rule.grace.components.seconds),
            "longest_extension_days": .count(rule.longestExtension),
            "most_extension_days": .count(rule.mostExtension),
        ])
    }

    /// Whether the tier may be changed now, and by which windows and freezes.
    private var changes: Value {
        let closure = calendar.closure(of: [subject], at: now)
        var object = Value.Object()
        object["open"] = .bool(closure == nil)
        object["reason"] = .text(closure?.reason)
        object["opens_at"] = .text(calendar.nextOpening(of: [subject], from: now)?.description)
        object["next_turn"] = .text(calendar.nextTurn(of: [subject], after: now)?.description)
        object["windows"] = .list(windows.map(windowValue))
        object["freezes"] = .list(
            freezes.map { freeze in
                .object([
                    "from": .text(freeze.from?.description), "until": .string(freeze.until.description),
                    "reason": .string(freeze.reason), "in_force": .bool(freeze.isInForce(at: now)),
                    "source": .string(freeze.source.description),
                ])
            })
        return .object(object)
    }

    private func windowValue(_ window: SyncWindow) -> Value {
        let zone = zones[window.timeZone]
        return .object([
            "kind": .string(window.kind.rawValue), "schedule": .string(window.schedule.description),
            "duration_seconds": .int(window.duration.components.seconds), "time_zone": .string(window.timeZone),
            "tiers": .strings(window.scope.tiers.map(\.rawValue)),
            "environments": .strings(window.scope.environments.map(\.text)), "manual_sync": .bool(window.allowsManual),
            "open": zone.map { .bool(window.isOpen(at: now, in: $0)) } ?? .null,
            "next_turn": .text(zone.flatMap { window.nextTurn(after: now, in: $0) }?.description),
            "reason": .text(window.reason), "source": .string(window.source.description),
        ])
    }

    private static func value(_ gate: HealthGate) -> Value {
        .object([
            "type": .string(gate.type), "command": .text(gate.command), "required": .bool(gate.isRequired),
            "source": .string(gate.source.description),
        ])
    }

    private var backups: Value {
        var object = Value.Object()
        let rule = policy.backups[tier]
        object["schedule"] = .text(rule?.schedule.cron)
        object["written"] = .text(rule?.text)
        object["source"] = .text(rule?.source.description)
        object["droplet_backups"] = policy.dropletBackups.map { .bool($0.isAllowed) } ?? .null
        object["snapshots"] =
            policy.snapshotRetention.map {
                .object([
                    "weekly": .int(Int64($0.weekly)), "monthly": .int(Int64($0.monthly)),
                    "forever_tag": .text($0.foreverTag),
                ])
            } ?? .null
        return .object(object)
    }

    private func surfaceValue(_ surface: SurfacePolicy) -> Value {
        .object([
            "name": .string(surface.name), "allowed": .bool(surface.isAllowed),
            "max_count": .count(surface.maximumCount), "required_tags": .strings(surface.requiredTags),
            "must_be_attached": .bool(surface.mustBeAttached != nil),
            "regions": .strings(surface.regions), "source": .string(surface.source.description),
            "exceptions": .list(
                policy.exceptions(of: surface.name, at: now).map {
                    .object([
                        "reason": .string($0.exception.reason),
                        "approved": .text($0.exception.approved?.description),
                        "expires": .text($0.exception.expires?.description),
                        "in_force": .bool($0.isInForce),
                    ])
                }),
        ])
    }

    private static func value(_ plan: ModulePlan) -> Value {
        func names(_ permission: PlannedModule.Permission) -> Value {
            .strings(plan.modules.filter { $0.permission == permission }.map(\.name))
        }
        return .object([
            "environment": .string(plan.environment), "wanted": .int(Int64(plan.modules.count)),
            "modules": .list(
                plan.modules.map { module in
                    .object([
                        "name": .string(module.name), "wave": module.wave.map { .int(Int64($0)) } ?? .null,
                        "gate": .text(module.gate), "repository": .text(module.repository),
                        "permission": .string(module.permission.rawValue),
                    ])
                }),
            "blocked": names(.blocked), "unlisted": names(.unlisted),
            "allowed_modules": .int(Int64(plan.allowedModules.count)),
            "allowed_repositories": .strings(plan.allowedRepositories),
        ])
    }
}
