public import Basics
public import DesiredState
internal import Formats

/// What came of one check that `maintenance/convergence.yaml` requires.
public struct CheckResult: Sendable, Hashable {
    /// Only what was seen passes, only what was looked for and not found fails; all else is unknown.
    public enum Verdict: String, Sendable, Hashable, CaseIterable {
        case pass, fail, unknown
    }

    public let check: WantedCheck
    public let verdict: Verdict
    /// One sentence.
    public let why: String
}

/// Holds each required check against what was observed and what the gates came to.
///
/// - Parameters:
///   - desired: the checks, and what the documents say of what they are about.
///   - observed: what was seen.
///   - gates: what the gates came to.
///   - silent: why nobody looks at kinds that a driver would know, as in ``PlanInput/silent``.
///   - watched: what was looked at once in a while; deployments count as of that look.
///   - remembered: what the store knows of environments.
///   - lags: how many commits lie between what is deployed and the head of its branch, where somebody counted them.
///   - now: the present.
/// - Returns: one result for each check, in the order of the checks.
public func evaluateChecks(
    _ desired: DesiredState, _ observed: ObservedState, _ gates: [GateResult], silent: [ResourceKind: String] = [:],
    watched: [WatchedKind] = [], remembered: [EnvironmentRecord] = [], lags: [CommitSpan: Int] = [:],
    at now: Timestamp
) -> [CheckResult] {
    let deployments = DeploymentLook(
        desired: desired, watched: watched.first { $0.seen.kind == .vercelDeployment },
        serving: observed.kinds[.vercelProduction], remembered: remembered, lags: lags, now: now)
    let look = CheckLook(
        desired: desired, observed: observed, gates: gates, silent: silent, deployments: deployments)
    return desired.checks.map { check in
        let (verdict, why) = look.result(check)
        return CheckResult(check: check, verdict: verdict, why: why)
    }
}

/// Between which commits somebody has to count those that lie between them, so that the checks can be answered.
public func spansNeeded(
    byChecksOf desired: DesiredState, _ observed: ObservedState, watched: [WatchedKind],
    remembered: [EnvironmentRecord], at now: Timestamp
) -> Set<CommitSpan> {
    let look = DeploymentLook(
        desired: desired, watched: watched.first { $0.seen.kind == .vercelDeployment },
        serving: observed.kinds[.vercelProduction], remembered: remembered, lags: [:], now: now)
    return Set(desired.checks.filter { $0.kind == "deploy_behind" }.compactMap { look.span($0) })
}

/// What has to be observed so that the checks can be held against it, beside what is wanted or remembered.
public func namesNeeded(byChecksOf desired: DesiredState) -> [ResourceKind: Set<String>] {
    var names: [ResourceKind: Set<String>] = [:]
    let projects = desired.resources.filter { $0.key.kind == .vercelProject }.map(\.key.name)
    // Whether a setting is on stands with the repository itself, which no document may want.
    if desired.checks.contains(where: { CheckLook.setting(of: $0) != nil }) {
        let repositories = CheckLook.repositories(of: desired)
        if !repositories.isEmpty { names[.repository] = repositories }
    }
    for check in desired.checks where check.kind == "env_missing" {
        let target = CheckLook.target(of: check)
        for project in projects { names[.vercelVariable, default: []].insert("\(project)/\(target)/\(check.key)") }
    }
    return names
}

private struct CheckLook {
    typealias Answer = (CheckResult.Verdict, String)

    let desired: DesiredState
    let observed: ObservedState
    let gates: [GateResult]
    let silent: [ResourceKind: String]
    let deployments: DeploymentLook

    /// The setting of the repository that a check is about, or the gate that it names.
    static func setting(of check: WantedCheck) -> SecuritySetting? {
        switch check.kind {
        case "security_setting_disabled", "gate_failed": SecuritySetting(named: check.key)
        default: nil
        }
    }

    /// The repositories that documents speak of.
    static func repositories(of desired: DesiredState) -> Set<String> {
        Set(desired.resources.compactMap(\.gitHubRepository))
    }

    /// Where a variable of an environment has to be: previews are what is not production.
    static func target(of check: WantedCheck) -> String {
        Tier(alias: check.environment) == .production ? "production" : "preview"
    }

    func result(_ check: WantedCheck) -> Answer {
        if let setting = Self.setting(of: check) { return security(setting) }
        switch check.kind {
        case "function_missing": return function(check)
        case "env_missing": return variable(check)
        case "dns_planned": return name(check)
        case "gate_failed": return gate(check)
        case "vault_missing":
            return (.unknown, "the vault is inside of the project's database, into which nothing looks")
        case "deploy_behind": return deployments.answer(check)
        case "security_setting_disabled":
            return (.unknown, "\(check.key) is none of the settings that are looked at: \(SecuritySetting.names)")
        default: return (.unknown, "nothing here evaluates checks of the kind \(check.kind)")
        }
    }

    private func function(_ check: WantedCheck) -> Answer {
        search(.supabaseFunction, "the function \(check.key)") { $0.split(separator: "/").last == check.key[...] }
    }

    private func variable(_ check: WantedCheck) -> Answer {
        let target = Self.target(of: check)
        return search(.vercelVariable, "the variable \(check.key) for \(target)") { name in
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count >= 3, parts[parts.count - 1] == check.key[...] else { return false }
            return parts[1].prefix { $0 != ":" } == target[...]
        }
    }

    private func search(_ kind: ResourceKind, _ what: String, _ matches: (String) -> Bool) -> Answer {
        guard let seen = observed.kinds[kind] else { return unseen(kind) }
        if seen.resources.contains(where: { matches($0.key.name) }) { return (.pass, "\(what) is there") }
        switch seen.completeness {
        case .complete: return (.fail, "\(what) is not there")
        case .partial(let reason), .unknown(let reason):
            return (.unknown, "\(what) was not seen, and not everything was: \(reason)")
        }
    }

    private func unseen(_ kind: ResourceKind) -> Answer {
        (.unknown, DraftText.unseen(kind, silent[kind]))
    }

    /// A name is there when a record for it is seen; one that the documents only plan can't be.
    private func name(_ check: WantedCheck) -> Answer {
        let host = HostName.normal(check.key)
        for zone in desired.domains {
            let entry = zone.subdomains.first { HostName.normal($0.host) == host }
            if let entry, entry.lifecycle == .planned {
                return (.fail, "\(check.key) is only planned: \(entry.source)")
            }
        }
        guard let records = observed.kinds[.record] else { return unseen(.record) }
        let zones = Set(records.resources.map { String($0.key.name.prefix { $0 != "/" }) })
        let holders = zones.filter { HostName.lies(host, in: $0) }
        guard let zone = holders.max(by: { $0.utf8.count < $1.utf8.count }) else {
            return (.unknown, "no zone that holds \(check.key) was observed")
        }
        let label = host == zone ? "@" : String(host.dropLast(zone.utf8.count + 1))
        let isThere = records.resources.contains { record in
            let parts = record.key.name.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count >= 3 && parts[0] == zone[...] && ["A", "AAAA", "CNAME"].contains(parts[1])
                && parts[2] == label[...]
        }
        if isThere { return (.pass, "\(check.key) has a record") }
        switch records.completeness {
        case .complete: return (.fail, "\(check.key) has no record in the zone \(zone)")
        case .partial(let reason), .unknown(let reason):
            return (.unknown, "no record of \(check.key) was seen, and not all were: \(reason)")
        }
    }

    private func gate(_ check: WantedCheck) -> Answer {
        guard let gate = gates.first(where: { $0.name == check.key }) else {
            return (.unknown, "no gate of this program is called \(check.key)")
        }
        switch gate.verdict {
        case .pass: return (.pass, gate.why)
        case .fail: return (.fail, gate.why)
        case .unknown, .notAsked: return (.unknown, gate.why)
        }
    }

    /// It is on where every repository that documents speak of shows it so.
    private func security(_ setting: SecuritySetting) -> Answer {
        let names = Self.repositories(of: desired).sorted { $0.precedesByBytes($1) }
        guard !names.isEmpty else { return (.unknown, "no document names a repository of which to ask") }
        let (isOn, why) = SettingLook(observed: observed, silent: silent).answer(setting, in: names)
        return (isOn.map { $0 ? .pass : .fail } ?? .unknown, why)
    }
}
