import Basics
import DesiredState
import Diff
import Formats

/// The report as people read it: a heading a matter, and each line with the place that decided it.
extension TierReport {
    func text(_ paint: Paint) -> String {
        var lines: [String] = []
        func section(_ title: String, _ rows: [String], none: String) {
            lines.append(paint.bold(title))
            // Where a document could not be read, that it says nothing can't be told.
            lines += (rows.isEmpty ? [faults.isEmpty ? none : "none that could be read"] : rows).map { "  \($0)" }
        }
        lines.append("Tier \(paint.bold(tier.rawValue)), revision \(shortRevision), as of \(now)")
        section("Environments", environments.map(row), none: "none now")
        section("Branch mappings", mappings.map(row), none: "no branch leads here")
        section(
            "Quotas", quotas.map(row) + environments.compactMap(ownLimits) + environments.compactMap(breach),
            none: "none")
        section("Time to live", tier.ttlClasses.map(row), none: "never expires")
        section("Changes", changeRows, none: "at any time")
        section("Health gates, for information: nothing here runs them", gates.map(row), none: "none is written")
        section(
            "Backups", backupRows,
            none: "none is written; `backups: {\(tier.rawValue): 24h}` in .odooops/policies.yaml has them made")
        section("Protection", protectionRows, none: "none")
        section("Surfaces at DigitalOcean", surfaces.flatMap(rows), none: "no document rules them: all are allowed")
        section("Allowlists", plans.flatMap(rows), none: "no list of modules is for it")
        if !faults.isEmpty {
            lines.append(
                paint.red(
                    "\(faults.count.of("error")) in these documents, so that parts are missing "
                        + "here; see them with: reconcile policy validate"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var shortRevision: Substring {
        let revision = desired.revision
        return (revision.hasPrefix("sha256:") ? revision.dropFirst(7) : revision[...]).prefix(12)
    }

    private func row(_ environment: Environment) -> String {
        var parts = [environment.slug]
        if let branch = environment.branch { parts.append("branch \(branch)") }
        if environment.isProtected { parts.append("protected") }
        return parts.joined(separator: " · ") + "  (\(environment.source.file):\(environment.source.line))"
    }

    private func row(_ entry: (order: Int, mapping: BranchMapping)) -> String {
        let mapping = entry.mapping
        return "\(entry.order). \(mapping.pattern) · "
            + "auto_deploy is \(mapping.autoDeploy), for information"
            + "  (\(mapping.source.file):\(mapping.source.line))"
    }

    private func row(_ row: (whom: String, quota: ResourceQuota)) -> String {
        let quota = row.quota
        let limits: [(String, String?, Bool)] = [
            ("workers", quota.workers.map(String.init), policy.quotas[tier]?.workers != nil),
            (
                "cpu", quota.cpuMillicores.map { Quantity.text(millicores: $0) },
                policy.quotas[tier]?.cpuMillicores != nil
            ),
            ("memory", quota.memoryBytes.map { Quantity.text(bytes: $0) }, policy.quotas[tier]?.memoryBytes != nil),
            ("storage", quota.storageBytes.map { Quantity.text(bytes: $0) }, policy.quotas[tier]?.storageBytes != nil),
        ]
        let words = limits.map { "\($0.0) \($0.1 ?? "unlimited")\($0.2 ? "" : "*")" }.joined(separator: ", ")
        let whom = ["named": "by name: ", "branch": "of a branch: "][row.whom] ?? ""
        return whom + words + (limits.allSatisfy(\.2) ? "" : "  (* from the platform's table)")
    }

    /// What is written for one environment alone; nil where nothing is.
    private func ownLimits(_ environment: Environment) -> String? {
        var limits: [String] = []
        if let workers = environment.workers {
            let place = environment.workersSource.map { " (\($0.file):\($0.line))" } ?? ""
            limits.append("wants \(workers.of("worker"))\(place)")
        }
        if let own = environment.limits {
            let texts: [(key: String, text: String?)] = [
                ("cpu", own.quota.cpuMillicores.map { Quantity.text(millicores: $0) }),
                ("memory", own.quota.memoryBytes.map { Quantity.text(bytes: $0) }),
                ("storage", own.quota.storageBytes.map { Quantity.text(bytes: $0) }),
            ]
            for case (let key, let text?) in texts {
                let place = own.marks[key].map { " (\($0.file):\($0.line))" } ?? ""
                limits.append("may use \(key) \(text)\(place)")
            }
        }
        return limits.isEmpty ? nil : "\(environment.slug): \(limits.joined(separator: "; "))"
    }

    /// The verdict of an environment that asks for more than it may use; nil where it keeps to its quota.
    private func breach(_ environment: Environment) -> String? {
        environment.quotaBreach(policy, desired.resources).map { breach in
            let place = "\(breach.wantedAt.file):\(breach.wantedAt.line)"
            return "\(environment.slug): beyond it, so that its changes are denied: \(breach.what)  (\(place))"
        }
    }

    private func row(_ kind: TTLClass) -> String {
        switch policy.timeToLive(kind) {
        case .never: "\(kind.rawValue): never expires"
        case .after(let duration): "\(kind.rawValue): \(duration.shortText)\(conditions(policy.lifeRule(kind)))"
        }
    }

    private func conditions(_ rule: LifeRule) -> String {
        var parts: [String] = []
        switch rule.start {
        case .created: break
        case .lastDeploy: parts.append("from its last deploy")
        case .lastActivity: parts.append("from its last activity")
        }
        if rule.warnBefore != .hours(24) { parts.append("warned \(rule.warnBefore.shortText) before") }
        if rule.grace > .zero { parts.append("\(rule.grace.shortText) of grace") }
        if let longest = rule.longestExtension { parts.append("extended by at most \(longest) days at once") }
        if let most = rule.mostExtension { parts.append("by \(most) in all") }
        return parts.isEmpty ? "" : " · " + parts.joined(separator: " · ")
    }

    /// Whether changes may be made now, then each window and freeze.
    private var changeRows: [String] {
        guard !windows.isEmpty || !freezes.isEmpty || !policy.unreadableWindows.isEmpty else { return [] }
        var rows: [String] = []
        if let closure = calendar.closure(of: [subject], at: now) {
            let opening = calendar.nextOpening(of: [subject], from: now).map { "opens at \($0.minuteText) UTC" }
            rows.append("now closed, \(opening ?? "no opening is in sight"): \(closure.reason)")
        } else {
            let turn = calendar.nextTurn(of: [subject], after: now).map { " until \($0.minuteText) UTC at least" } ?? ""
            rows.append("now open\(turn)")
        }
        rows += windows.map { window in
            let state =
                zones[window.timeZone].map { zone in
                    let turn = window.nextTurn(after: now, in: zone).map { " until \(zone.minuteText($0))" } ?? ""
                    return window.isOpen(at: now, in: zone) ? "open\(turn)" : "not open\(turn)"
                } ?? "its time zone is not known"
            let names = window.scope.environments.map(\.text).joined(separator: ", ")
            return "\(window.kind.rawValue) \(window.schedule) for \(window.duration.shortText), \(window.timeZone)"
                + (names.isEmpty ? "" : " · \(names)") + (window.allowsManual ? " · lets people through" : "")
                + " · \(state)" + (window.reason.map { " · \($0)" } ?? "")
                + "  (\(window.source.file):\(window.source.line))"
        }
        rows += freezes.map { freeze in
            "\(freeze.isInForce(at: now) ? "frozen" : "to be frozen from \(freeze.from?.minuteText ?? "")") until "
                + "\(freeze.until.minuteText) UTC · \(freeze.reason)  (\(freeze.source.file):\(freeze.source.line))"
        }
        return rows
    }

    private func row(_ gate: HealthGate) -> String {
        "\(gate.type) · \(gate.isRequired ? "required" : "optional")" + (gate.command.map { " · \($0)" } ?? "")
            + "  (\(gate.source.file):\(gate.source.line))"
    }

    private var backupRows: [String] {
        var rows: [String] = []
        if let rule = policy.backups[tier] {
            rows.append(
                "\(rule.text) for each environment that names no `backup_schedule`"
                    + "  (\(rule.source.file):\(rule.source.line))")
        }
        rows += environments.compactMap { environment in
            environment.backupSchedule.map { schedule in
                let mark = environment.backupSource
                return "\(environment.slug): \(schedule)" + (backupTimes[environment.slug]?.text ?? "")
                    + "  (\(mark.file):\(mark.line))"
            }
        }
        if let backups = policy.dropletBackups {
            rows.append("backups of droplets: \(backups.isAllowed ? "allowed" : "not allowed")")
        }
        if let kept = policy.snapshotRetention {
            rows.append(
                "snapshots kept: \(kept.weekly) weekly, \(kept.monthly) monthly"
                    + (kept.foreverTag.map { ", for ever with the tag \($0)" } ?? ""))
        }
        return rows
    }

    private var protectionRows: [String] {
        [
            isProtected
                ? "nothing of it is deleted or replaced without an approval"
                    + (tier == .staging ? ", unless its environment says `protected: false`" : "")
                : "only what says `protected: true`",
            "at most \(policy.maximumDeletes.of("deletion")) in one run",
            pruneRow,
            "an approval holds \(policy.approvals.validFor.shortText), and \(policy.approvals.longest.shortText) at most",
        ]
    }

    private var pruneRow: String {
        func text(_ grace: Duration) -> String { grace == .zero ? "at once" : "\(grace.shortText) after it was marked" }
        let rule = policy.prune
        if rule.unreadable != nil { return "nothing that is no longer wanted goes: `prune` can't be read" }
        return
            "what nothing wants goes \(text(rule.grace)); what is protected or holds data \(text(rule.guardedGrace)), and approved"
    }

    private func rows(_ surface: SurfacePolicy) -> [String] {
        var parts = [surface.name, surface.isAllowed ? "allowed" : "not allowed"]
        if let most = surface.maximumCount { parts.append("at most \(most)") }
        if !surface.requiredTags.isEmpty { parts.append("tags \(surface.requiredTags.joined(separator: ", "))") }
        if surface.mustBeAttached != nil { parts.append("attached") }
        if !surface.regions.isEmpty { parts.append("regions \(surface.regions.joined(separator: ", "))") }
        return [parts.joined(separator: " · ") + "  (\(surface.source.file):\(surface.source.line))"]
            + policy.exceptions(of: surface.name, at: now).map { entry in
                let expires = entry.exception.expires.map { String(($0 - .days(1)).description.prefix(10)) }
                var standing = expires.map { (entry.isInForce ? "up to " : "over since ") + $0 } ?? "that lifts nothing"
                if let approved = entry.exception.approved, now < approved, let expires {
                    standing = "from \(String(approved.description.prefix(10))) up to \(expires)"
                }
                return "  exception \(standing): \(entry.exception.reason)"
            }
    }

    private func rows(_ plan: ModulePlan) -> [String] {
        var rows = [
            "\(plan.environment): \(plan.modules.count) modules wanted, \(plan.allowedModules.count) allowed by name, "
                + "and all of \(plan.allowedRepositories.count) repositories"
        ]
        // They are sorted by wave.
        for wave in Set(plan.modules.compactMap(\.wave)).sorted() {
            let modules = plan.modules.filter { $0.wave == wave }
            let gate = modules.lazy.compactMap(\.gate).first.map { ", after the gate \($0)" } ?? ""
            rows.append("  wave \(wave)\(gate): " + Self.few(modules.map(\.name)))
        }
        for permission in [PlannedModule.Permission.blocked, .unlisted] {
            let names = plan.modules.filter { $0.permission == permission }.map(\.name)
            guard !names.isEmpty else { continue }
            rows.append("  \(permission.rawValue): " + Self.few(names))
        }
        return rows
    }

    private static func few(_ names: [String]) -> String {
        names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
    }
}
