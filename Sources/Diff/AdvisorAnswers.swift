internal import Basics
public import DesiredState
internal import Formats

/// What came of one rule of the advisor.
public struct AdvisorAnswer: Sendable, Hashable {
    /// Only what was seen passes, only what was seen not to hold fails; all else is unknown.
    public enum Verdict: String, Sendable, Hashable, CaseIterable {
        case pass, fail, unknown
    }

    public let rule: AdvisorRule
    public let verdict: Verdict
    /// One sentence: what was seen, or what was not.
    public let why: String
}

/// Holds each rule of the advisor's packs against what was observed.
///
/// A rule says what has to hold in a text for people, and nothing that a program could evaluate. So this program knows the
/// rules that it can answer by their pack and id, and answers them as far as their text speaks of something that is observed.
///
/// - Parameters:
///   - desired: the rules, and what the documents say of what they are about.
///   - observed: what was seen.
///   - silent: why nobody looks at kinds that a driver would know, as in ``PlanInput/silent``.
/// - Returns: one answer for each rule, in the order of the rules.
public func evaluateAdvisor(
    _ desired: DesiredState, _ observed: ObservedState, silent: [ResourceKind: String] = [:]
) -> [AdvisorAnswer] {
    let look = AdvisorLook(desired: desired, observed: observed, silent: silent)
    return desired.advisor.rules.map { rule in
        let (verdict, why) = look.answer(rule)
        return AdvisorAnswer(rule: rule, verdict: verdict, why: why)
    }
}

private struct AdvisorLook {
    typealias Answer = (AdvisorAnswer.Verdict, String)

    let desired: DesiredState
    let observed: ObservedState
    let silent: [ResourceKind: String]

    func answer(_ rule: AdvisorRule) -> Answer {
        switch (rule.pack, rule.id) {
        case ("do_monitoring_posture", "do_agent_installed"):
            return notRead("the metrics of droplets, which alone say whether the agent reports")
        case ("do_monitoring_posture", "ocr_disk_saturation"):
            return notRead("the metrics of droplets, of which its disk is one")
        case ("do_monitoring_posture", "disk_alert_policy"): return alerts(rule, .disk)
        case ("do_monitoring_posture", "memory_alert_policy"): return alerts(rule, .memory)
        case ("do_monitoring_posture", "cpu_alert_policy"): return alerts(rule, .cpu)
        case ("do_monitoring_posture", "alert_notification_destination"): return destinations(rule)
        case ("github_governance", "org_rulesets_default_branch"):
            return notRead("the rulesets of the organisation, only those of repositories")
        case ("github_governance", "codeowners_coverage"): return notRead("the file CODEOWNERS")
        case ("github_governance", "dependency_alerts_enabled"):
            return notRead("whether Dependabot's alerts are on, only whether its security updates are")
        case ("github_governance", "secret_scanning_active"): return secretScanning(rule)
        case ("github_governance", "required_status_checks"):
            return protections(rule, "required status checks") { protection in
                protection["require_status_checks.required_checks"]?.listValue?.isEmpty == false
            }
        case ("github_governance", "pr_review_dismissal_restriction"):
            return protections(rule, "dismissal of stale reviews") { protection in
                protection["dismiss_stale_reviews"]?.boolValue == true
            }
        default:
            return (
                .unknown,
                "nothing here evaluates it: what has to hold is a text for people, and this program doesn't know the rule"
            )
        }
    }

    // MARK: What keeps a rule from being answered

    private func notRead(_ what: String) -> Answer { (.unknown, "no driver reads \(what)") }

    /// Whether the figures of the text are the ones by which it is answered: with others it means something else.
    private func differs(_ rule: AdvisorRule, from figures: [Double]) -> Answer? {
        let said = Self.figures(in: rule.check)
        guard said != figures else { return nil }
        func list(_ numbers: [Double]) -> String {
            numbers.isEmpty ? "none" : numbers.map(AdvisorLook.text).joined(separator: ", ")
        }
        return (
            .unknown,
            "its text names the figures \(list(said)), and this program knows the rule with \(list(figures))"
        )
    }

    /// The numbers of a text, without those that are part of a word such as `v2`.
    private static func figures(in text: String) -> [Double] {
        var figures: [Double] = []
        var word: [UInt8] = []
        var isInWord = false
        func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
        func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte & 0xDF) || byte == 95 || byte >= 0x80 }
        for byte in Array(text.utf8) + [32] {
            if isDigit(byte), !isInWord || !word.isEmpty {
                word.append(byte)
                isInWord = true
            } else if byte == 46, !word.isEmpty {
                word.append(byte)
            } else {
                while word.last == 46 { word.removeLast() }
                if let number = Double(String(decoding: word, as: UTF8.self)) { figures.append(number) }
                word = []
                isInWord = isLetter(byte) || isDigit(byte)
            }
        }
        return figures
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    }

    private func unseen(_ kind: ResourceKind) -> Answer { (.unknown, DraftText.unseen(kind, silent[kind])) }

    /// All of it, or the part that stands in the way.
    private func worst(_ answers: [Answer], orElse passed: String) -> Answer {
        answers.first { $0.0 == .fail } ?? answers.first { $0.0 == .unknown } ?? (.pass, passed)
    }

    // MARK: Alert policies of DigitalOcean

    /// Whether each droplet that the pack lists has an alert at the pack's own threshold.
    private func alerts(_ rule: AdvisorRule, _ metric: AlertMetric) -> Answer {
        let level = "\(metric.short ?? metric.rawValue)_warn"
        let packs = desired.advisor.packs.filter { $0.id == rule.pack }
        guard let pack = packs.first, packs.count == 1 else {
            return (.unknown, "\(packs.count) packs are called \(rule.pack), and each says its own thresholds")
        }
        guard let least = pack.thresholds[level] else {
            return (.unknown, "the pack says no threshold `\(level)_pct` that is a number")
        }
        if let other = differs(rule, from: [least, Self.longestWindow]) { return other }
        guard let droplets = pack.droplets, !droplets.isEmpty else {
            return (.unknown, "the pack lists no droplet in `monitored_droplets`")
        }
        guard let seen = observed.kinds[.droplet] else { return unseen(.droplet) }
        guard let policies = observed.kinds[.alertPolicy] else { return unseen(.alertPolicy) }
        let answers = droplets.map { alert(of: $0, metric, least, among: policies, seen) }
        let names = droplets.joined(separator: ", ")
        return worst(answers, orElse: "there is one for \(names) at \(Self.text(least)) % or above")
    }

    /// In minutes; the shortest that there is.
    private static let longestWindow: Double = 5

    private func alert(
        of droplet: String, _ metric: AlertMetric, _ least: Double, among policies: ObservedKind, _ seen: ObservedKind
    ) -> Answer {
        let found = seen.resources.filter { $0.key.name == droplet }
        guard found.count == 1, let id = found[0].attributes["id"]?.intValue else {
            let reason = seen.completeness(of: droplet).words.reason.map { ", and not all droplets were: \($0)" } ?? ""
            return (
                .unknown,
                found.count > 1 ? "several droplets are called \(droplet)" : "no droplet \(droplet) was seen\(reason)"
            )
        }
        let ofMetric = policies.resources.filter { $0.attributes["type"]?.stringValue == metric.type }
        let own = ofMetric.filter { $0.attributes["droplet_id"]?.intValue == id }
        let lacks = own.map { lack(of: $0, least) }
        if lacks.contains(nil) { return (.pass, "") }
        switch policies.completeness {
        case .complete: break
        case .partial(let reason), .unknown(let reason):
            return (.unknown, "no such alert of \(droplet) was seen, and not all were: \(reason)")
        }
        // One that is for several droplets, or for a tag, doesn't say here for which.
        if let wide = ofMetric.first(where: { $0.attributes["droplet_id"] == nil && lack(of: $0, least) == nil }) {
            return (
                .unknown,
                "the alert \(wide.providerID) may be for \(droplet): for which droplets it is, beyond one, is not observed"
            )
        }
        let said = ["enabled", "compare", "window", "value"]
        if let vague = own.first(where: { policy in said.contains { policy.attributes[$0] == nil } }) {
            return (.unknown, "the alert \(vague.key.name) doesn't say all of \(said.joined(separator: ", "))")
        }
        guard let first = own.first, let lack = lacks.first.flatMap({ $0 }) else {
            return (.fail, "\(droplet) has no alert of \(metric.type)")
        }
        return (.fail, "\(droplet) has no alert as it has to be: \(first.key.name) \(lack)")
    }

    /// What an alert lacks; nil where it is as it has to be.
    private func lack(of policy: ObservedResource, _ least: Double) -> String? {
        let item = policy.attributes
        guard item["enabled"]?.boolValue == true else { return "is not enabled" }
        guard item["compare"]?.stringValue == "GreaterThan" else { return "doesn't compare by GreaterThan" }
        let window = item["window"]?.stringValue ?? "unknown"
        guard window == "5m" else { return "has the window \(window), and 5m is the longest" }
        guard let value = item["value"]?.doubleValue else { return "says no value" }
        return value >= least ? nil : "begins at \(Self.text(value)) %, and \(Self.text(least)) % is the least"
    }

    /// Whether each alert tells somebody, by mail or in a channel of Slack; the addresses of hooks are secrets and not kept.
    private func destinations(_ rule: AdvisorRule) -> Answer {
        if let other = differs(rule, from: []) { return other }
        guard let policies = observed.kinds[.alertPolicy] else { return unseen(.alertPolicy) }
        guard policies.completeness.isComplete else {
            return (.unknown, DraftText.why(policies.completeness, .alertPolicy))
        }
        func told(_ alert: ObservedResource, _ by: String) -> Bool? {
            alert.attributes[by]?.listValue.map { !$0.isEmpty }
        }
        let unheard = policies.resources.filter { alert in
            told(alert, "emails") != true && told(alert, "slack_channels") != true
        }
        let mute = unheard.filter { told($0, "emails") == false && told($0, "slack_channels") == false }
        if let first = mute.first {
            return (
                .fail,
                "\(mute.count.of("alert")) of \(policies.resources.count) \(mute.count == 1 ? "tells" : "tell") nobody, by mail or Slack: "
                    + "\(first.key.name)\(mute.count == 1 ? "" : " first")"
            )
        }
        if let first = unheard.first {
            return (.unknown, "of \(unheard.count.of("alert")) it was not seen who is told, \(first.key.name) first")
        }
        guard !policies.resources.isEmpty else { return (.unknown, "there is no alert that could tell anybody") }
        return (.pass, "\(policies.resources.count.of("alert")), and each tells somebody by mail or Slack")
    }

    // MARK: Repositories of GitHub

    /// The repositories of the register, which is what git says of the organisation; or why these are not known.
    private func register() -> (names: [String], gap: Answer?) {
        let cause = desired.unknown.first { scope in
            switch scope.extent {
            case .everything: true
            case .kind(let kind): kind == .repository
            case .resource(let key): key.kind == .repository
            case .environment, .environments: false
            }
        }
        if let cause { return ([], (.unknown, "not all repositories of the documents are known: \(cause.reason)")) }
        let names = desired.resources.filter { $0.key.kind == .repository }.map(\.key.name)
        return (names, names.isEmpty ? (.unknown, "no document lists the organisation's repositories") : nil)
    }

    private func secretScanning(_ rule: AdvisorRule) -> Answer {
        if let other = differs(rule, from: []) { return other }
        let (names, gap) = register()
        if let gap { return gap }
        let (isOn, why) = SettingLook(observed: observed, silent: silent).answer(.secretScanning, in: names)
        return (isOn.map { $0 ? .pass : .fail } ?? .unknown, why)
    }

    /// Whether the protection of the default branch of each repository has something.
    ///
    /// Rulesets can have it too, and those of the organisation are not read: nothing fails.
    private func protections(
        _ rule: AdvisorRule, _ what: String, _ holds: (Attributes) -> Bool
    ) -> Answer {
        if let other = differs(rule, from: []) { return other }
        let (names, gap) = register()
        if let gap { return gap }
        guard let repositories = observed.kinds[.repository] else { return unseen(.repository) }
        guard let branches = observed.kinds[.branchProtection] else { return unseen(.branchProtection) }
        let answers = names.map { name -> Answer in
            let repository = repositories.resources.first { $0.key.name.lowercased() == name.lowercased() }
            guard let branch = repository?.attributes["default_branch"]?.stringValue else {
                return (.unknown, "the default branch of \(name) was not seen")
            }
            let key = "\(name)/\(branch)"
            guard let protection = branches.resources.first(where: { $0.key.name.lowercased() == key.lowercased() })
            else {
                return (
                    .unknown, "the protection of \(key) was not seen: no document names it, or it could not be read"
                )
            }
            guard !holds(protection.attributes) else { return (.pass, "") }
            return (
                .unknown,
                "the protection of \(key) has no \(what); a ruleset of the organisation may, and no driver reads those"
            )
        }
        return worst(
            answers, orElse: "the default branch of \(names.count.of("repository", "repositories")) has \(what)")
    }
}
