import Basics
import DesiredState
import Diff
import Formats
import Store

/// What is not as it has to be, for the console and for those who are on call.
extension Pass {
    /// What denies every deletion, by the code that a plan gives it.
    private static let denials = ["PLAN-0002": "roots", "PLAN-0003": "documents", "PLAN-0004": "limits.max_deletes"]

    /// Brings the findings up to what this pass has seen: differences, and the checks that the SSOT requires.
    mutating func rememberFindings() async throws {
        guard let observed, let desired = desired?.keeping(grounds?.keptCare ?? [:]) else { return }
        let (remembered, now) = (inventory?.environments ?? [], reconciler.time.now)
        var lags: [CommitSpan: Int] = [:]
        for span in spansNeeded(
            byChecksOf: desired, observed, watched: watched, remembered: remembered, at: now)
        {
            lags[span] = await reconciler.source.lag(of: span)
        }
        let checks = evaluateChecks(
            desired, observed, gates, silent: reconciler.silent, watched: watched, remembered: remembered, lags: lags,
            at: now)
        drift = try await reconciler.store.openDrift()
        evidence.add("checks.json", .list(checks.map(\.value)))
        let escalation = Escalation(desired)
        let alone = try await lookForLeftAlone(desired, observed, escalation)
        guard share.keepsRecords else {
            // The records that are one for all are another service's; what is left alone of its share each tells itself.
            return try await record(alone.findings) { $0.kind != LeftAlone.kind || alone.isUnknown($0) }
        }
        var findings = drift.map { Finding($0, escalation) } + alone.findings
        var unknown: Set<FindingIdentity> = []
        for result in checks {
            switch result.verdict {
            case .pass: break
            case .fail: findings.append(Finding(result, escalation))
            case .unknown: unknown.insert(FindingIdentity(result.check))
            }
        }
        // Each pass denies them anew and deletes nothing meanwhile: people are told when that begins, and when it is over.
        for denial in plan?.diagnostics ?? [] {
            guard let key = Self.denials[denial.code] else { continue }
            findings.append(
                Finding(
                    FindingIdentity(environment: nil, kind: "deletions_denied", key: key),
                    evidence: ["why": .string(denial.message)],
                    suggestedAction: denial.hint ?? "reconcile sweep --dry-run", escalatesAfter: escalation.limit(nil)))
        }
        // A look at a part of the world says nothing of the rest, and an unreadable document nothing of its checks.
        let isWhole = options.targets.isEmpty
        let areChecksKnown =
            isWhole && !desired.unknown.contains { $0.extent == .kind(.convergenceCheck) || $0.extent == .everything }
        try await record(findings) { [unknown] identity in
            // All that still differs, seen now or not, is among the findings.
            if identity.kind == "drift" { return false }
            if identity.kind == LeftAlone.kind { return alone.isUnknown(identity) }
            return !areChecksKnown || unknown.contains(identity)
        }
    }

    /// Writes findings down and tells what moved.
    ///
    /// - Parameters:
    ///   - findings: what is not as it has to be.
    ///   - isUnknown: whether nobody could look for one that is not among them.
    /// - Throws: `StoreFault`.
    private mutating func record(
        _ findings: [Finding], isUnknown: @escaping @Sendable (FindingIdentity) -> Bool
    ) async throws {
        let delta: FindingDelta
        do throws(StoreFault) {
            delta = try await reconciler.store.recordFindings(
                findings, runID: run.id, at: reconciler.time.now, isUnknown: isUnknown)
        } catch {
            // The table is the platform's too, with rules of its own. Nothing moved in it, so that the next pass tells
            // what this one couldn't.
            guard error.isRefusal else { throw error }
            return warn("the findings could not be brought up to date in ops.convergence_findings", of: error)
        }
        if !delta.isEmpty {
            note(
                "findings",
                [
                    "opened": .list(delta.opened.map(\.told)), "escalated": .list(delta.escalated.map(\.told)),
                    "resolved": .list(delta.resolved.map(\.told)),
                ])
        }
    }
}

/// How long a finding of an environment may stand: `escalate_after_hours` of its thresholds.
struct Escalation {
    private let thresholds: [ConvergenceThresholds]
    private let tiers: [String: Tier]

    init(_ desired: DesiredState) {
        thresholds = desired.thresholds
        tiers = Dictionary(desired.environments.map { ($0.slug, $0.tier) }, uniquingKeysWith: { first, _ in first })
    }

    /// Nil where nothing says how long.
    ///
    /// The document writes an environment by its name or by its tier; what belongs to none counts as production's.
    func limit(_ environment: String?) -> Duration? {
        let tier = environment.flatMap { tiers[$0] ?? Tier(alias: $0) } ?? .production
        let fitting =
            thresholds.first { $0.environment == environment }
            ?? thresholds.first { Tier(alias: $0.environment) == tier }
        return fitting?.escalateAfterHours.map { .hours($0) }
    }
}

extension Finding {
    fileprivate init(_ drift: DriftRecord, _ escalation: Escalation) {
        var evidence = drift.detail.objectValue ?? Value.Object()
        evidence["cause"] = .string(drift.causeWord)
        if let mark = drift.mark {
            evidence["acknowledged"] = [
                "kind": .string(mark.kind.rawValue), "by": .string(mark.by), "reason": .string(mark.reason),
            ]
        }
        self.init(
            FindingIdentity(environment: drift.environment, kind: "drift", key: drift.key.description),
            evidence: .object(evidence), suggestedAction: "reconcile explain \(drift.key)", since: drift.firstSeen,
            escalatesAfter: escalation.limit(drift.environment), isAcknowledged: drift.isQuiet)
    }

    fileprivate init(_ result: CheckResult, _ escalation: Escalation) {
        let check = result.check
        let action =
            switch check.kind {
            case _ where SecuritySetting(named: check.key) != nil:
                "enable it in the repository's settings at GitHub, under Advanced Security"
            case "gate_failed": "reconcile gates --gate \(check.key)"
            case "env_missing": "add the variable \(check.key) to the project at Vercel"
            case "function_missing": "deploy the function \(check.key) to the project at Supabase"
            case "deploy_behind": "deploy the head of the branch of \(check.environment)"
            case "dns_planned": "add a record for \(check.key) to the desired state"
            default: "reconcile findings"
            }
        self.init(
            FindingIdentity(check),
            evidence: ["why": .string(result.why), "required_at": .string(check.source.description)],
            suggestedAction: action, escalatesAfter: escalation.limit(check.environment))
    }
}

extension FindingIdentity {
    init(_ check: WantedCheck) {
        self.init(environment: check.environment, kind: check.kind, key: check.key)
    }

    /// As people read it in the story of a run.
    fileprivate var told: Value { .string("\(ownEnvironment ?? "shared")/\(kind)/\(key)") }
}

extension CheckResult {
    fileprivate var value: Value {
        [
            "environment": .string(check.environment), "kind": .string(check.kind), "key": .string(check.key),
            "verdict": .string(verdict.rawValue), "why": .string(why), "source": .string(check.source.description),
        ]
    }
}
