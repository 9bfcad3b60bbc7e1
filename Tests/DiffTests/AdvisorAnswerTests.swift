import Basics
import DesiredState
import Diff
import Formats
import TestKit
import Testing

/// The rules of real rule packs, held against what was seen and what was not.
@Suite("The advisor's rules", .enabled(if: corpusDirectory != nil)) struct AdvisorAnswerTests {
    private static let documents: [SourceFile] = {
        guard let directory = corpusDirectory else { return [] }
        let paths = ["advisor", "github", "infra/digitalocean"].flatMap { folder in
            Places.files(under: "\(directory)/\(folder)", endingWith: ".yaml").map { "\(folder)/\($0)" }
        }
        return paths.compactMap { path in
            guard let bytes = try? FileSystem.read("\(directory)/\(path)") else { return nil }
            return SourceFile(path: "ssot/\(path)", content: .bytes(bytes))
        }
    }()

    private static let desired = state(documents)

    private static func state(_ files: [SourceFile]) -> DesiredState {
        readDesiredState(SourceTree(revision: String(repeating: "a", count: 40), files: files, branches: .known([])))
    }

    private static func seen(
        _ kind: ResourceKind, _ items: [(String, [(String, Value)])], _ completeness: Completeness = .complete
    ) -> ObservedKind {
        ObservedKind(
            kind: kind, completeness: completeness,
            resources: items.map { name, attributes in
                ObservedResource(
                    key: ResourceKey(kind, name), providerID: name,
                    attributes: Attributes(attributes.map { Attributes.Item($0.0, $0.1) }))
            })
    }

    private func answer(_ id: String, _ kinds: [ObservedKind], of desired: DesiredState = desired) throws
        -> AdvisorAnswer
    {
        try #require(evaluateAdvisor(desired, ObservedState(kinds)).first { $0.rule.id == id })
    }

    @Test("What nobody looked at is unknown, with what is missing, and never kept")
    func unseen() {
        let answers = evaluateAdvisor(
            Self.desired, ObservedState(), silent: [.droplet: "env:DIGITALOCEAN_ACCESS_TOKEN is not set"])
        #expect(answers.count == 12 && answers.map(\.rule) == Self.desired.advisor.rules)
        for one in answers {
            #expect(one.verdict == .unknown, "\(one.rule.id): \(one.why)")
            #expect(
                one.why.contains("no driver") || one.why.contains("is not observed: env:DIGITALOCEAN_ACCESS_TOKEN"),
                "\(one.rule.id): \(one.why)")
        }
        #expect(Set(answers.map(\.rule.pillar)) == ["reliability", "ops_excellence"])
    }

    private static let droplet = seen(.droplet, [("odoo-production", [("id", 7)])])
    private static let fitting: [(String, Value)] = [
        ("type", "v1/insights/droplet/disk_utilization_percent"), ("droplet_id", 7), ("enabled", true),
        ("compare", "GreaterThan"), ("window", "5m"), ("value", 75), ("emails", ["ops@shop.example"]),
    ]

    /// One alert as it has to be, but for what is said; null: it doesn't say that.
    private static func policy(_ change: [(String, Value)]) -> [(String, Value)] {
        (fitting.filter { item in !change.contains { $0.0 == item.0 } } + change).filter { $0.1 != .null }
    }

    @Test(
        "An alert of a droplet counts where it is all that the rule asks, and is missed only where all were seen",
        arguments: [
            ([], .complete, .pass, "at 75 % or above"), ([("value", 90)], .complete, .pass, "odoo-production"),
            ([("value", .number("74.5"))], .complete, .fail, "begins at 74.5 %, and 75 % is the least"),
            ([("window", "1h")], .complete, .fail, "#1 has the window 1h"),
            ([("enabled", false)], .complete, .fail, "is not enabled"),
            ([("compare", "LessThan")], .complete, .fail, "GreaterThan"),
            ([("droplet_id", 8)], .complete, .fail, "odoo-production has no alert"),
            ([("type", "v1/insights/droplet/cpu")], .complete, .fail, "has no alert of v1/insights/droplet/disk"),
            ([("window", "1h")], .partial(reason: "page 2 failed"), .unknown, "page 2 failed"),
            ([], .partial(reason: "page 2 failed"), .pass, "odoo-production"),
            ([("droplet_id", .null)], .complete, .unknown, "beyond one, is not observed"),
            ([("enabled", .null)], .complete, .unknown, "doesn't say all of"),
        ] as [([(String, Value)], Completeness, AdvisorAnswer.Verdict, String)])
    func alerts(
        _ change: [(String, Value)], _ completeness: Completeness, _ verdict: AdvisorAnswer.Verdict, _ why: String
    ) throws {
        let policies = Self.seen(.alertPolicy, [("#1", Self.policy(change))], completeness)
        let found = try answer("disk_alert_policy", [Self.droplet, policies])
        #expect(found.verdict == verdict && found.why.contains(why), "\(found.why)")
    }

    @Test("Of a droplet that was not seen, or twice, nothing is said of its alerts")
    func droplets() throws {
        let policies = Self.seen(.alertPolicy, [("#1", Self.policy([]))])
        for names in [[], ["odoo-production", "odoo-production"]] {
            let droplets = Self.seen(.droplet, names.map { ($0, [("id", 7)]) })
            #expect(try answer("disk_alert_policy", [droplets, policies]).verdict == .unknown)
        }
        #expect(try answer("disk_alert_policy", [policies]).why == "no driver looked at digitalocean.droplet")
        let mute = Self.seen(.alertPolicy, [("#1", Self.policy([])), ("#2", Self.policy([("emails", [])]))])
        #expect(try answer("alert_notification_destination", [policies]).verdict == .pass)
        let unheard = try answer("alert_notification_destination", [mute])
        #expect(unheard.verdict == .unknown && unheard.why.contains("#2"), "\(unheard.why)")
        for (channels, verdict) in [(["Ops"], AdvisorAnswer.Verdict.pass), ([""], .pass), ([], .fail)] {
            let second = Self.policy([("emails", []), ("slack_channels", .strings(channels))])
            let found = try answer(
                "alert_notification_destination", [Self.seen(.alertPolicy, [("#1", Self.policy([])), ("#2", second)])])
            #expect(found.verdict == verdict && (verdict == .pass || found.why.contains("#2")), "\(found.why)")
        }
        #expect(try answer("alert_notification_destination", [Self.seen(.alertPolicy, [])]).verdict == .unknown)
    }

    @Test("A rule whose text names other figures is none that is known, and neither is one of another name")
    func changedRules() throws {
        let policies = Self.seen(.alertPolicy, [("#1", Self.policy([("value", 95)]))])
        for (old, new, id, why) in [
            ("in this rulepack (75%)", "in this rulepack (85%)", "disk_alert_policy", "names the figures 85, 5"),
            ("disk_warn_pct: 75", "disk_warn_pct: 70", "disk_alert_policy", "knows the rule with 70, 5"),
            ("disk_warn_pct: 75", "disk_warn_pct: lots", "disk_alert_policy", "no threshold `disk_warn_pct`"),
            ("  - odoo-production ", "  # none ", "disk_alert_policy", "lists no droplet"),
            ("id: disk_alert_policy", "id: disk_alarm", "disk_alarm", "doesn't know the rule"),
            ("id: do_monitoring_posture", "id: mine", "disk_alert_policy", "doesn't know the rule"),
        ] {
            let files = Self.documents.map { file -> SourceFile in
                guard case .bytes(let bytes) = file.content else { return file }
                let text = String(decoding: bytes, as: UTF8.self)
                // The first in the document itself, and not in its head.
                return SourceFile(path: file.path, text: text.replacing(old, with: new))
            }
            let found = try answer(id, [Self.droplet, policies], of: Self.state(files))
            #expect(found.verdict == .unknown && found.why.contains(why), "\(new): \(found.why)")
        }
    }

    private static var repositories: [String] {
        desired.resources.filter { $0.key.kind == .repository }.map(\.key.name)
    }

    @Test(
        "Secret scanning is on where every repository of the register shows it",
        arguments: [
            (.bool(true), .complete, .pass, "is enabled"), (.bool(false), .complete, .fail, "is disabled in"),
            (nil, .complete, .unknown, "doesn't say"), (.null, .complete, .unknown, "was not seen"),
        ] as [(Value?, Completeness, AdvisorAnswer.Verdict, String)])
    func secretScanning(
        _ last: Value?, _ completeness: Completeness, _ verdict: AdvisorAnswer.Verdict, _ why: String
    ) throws {
        let names = Self.repositories
        #expect(names.count == 15)
        let items = names.enumerated().compactMap { index, name -> (String, [(String, Value)])? in
            guard index == names.count - 1 else { return (name, [("secret_scanning", true)]) }
            if last == .null { return nil }
            return (name, last.map { [("secret_scanning", $0)] } ?? [])
        }
        let found = try answer("secret_scanning_active", [Self.seen(.repository, items, completeness)])
        #expect(found.verdict == verdict && found.why.contains(why), "\(found.why)")
        // A register that can't be read whole says nothing of all.
        let broken = Self.documents.map { file in
            file.path.hasSuffix("github/org_repos.yaml") ? SourceFile(path: file.path, text: "repos: [{\n") : file
        }
        let unread = try answer(
            "secret_scanning_active", [Self.seen(.repository, items, completeness)], of: Self.state(broken))
        #expect(unread.verdict == .unknown && unread.why.contains("not all repositories"), "\(unread.why)")
    }

    @Test("What a ruleset of the organisation may bring about is kept by a protection, and never broken by one")
    func protections() throws {
        let names = Self.repositories
        let repositories = Self.seen(.repository, names.map { ($0, [("default_branch", "main")]) })
        func branches(_ checks: Value, _ count: Int) -> ObservedKind {
            Self.seen(
                .branchProtection,
                names.prefix(count).map {
                    (
                        "\($0)/main",
                        [("require_status_checks.required_checks", checks), ("dismiss_stale_reviews", true)]
                    )
                })
        }
        let whole = [repositories, branches(["ci"], 15)]
        #expect(try answer("required_status_checks", whole).verdict == .pass)
        #expect(try answer("pr_review_dismissal_restriction", whole).verdict == .pass)
        let none = try answer("required_status_checks", [repositories, branches([], 15)])
        #expect(none.verdict == .unknown && none.why.contains("has no required status checks"), "\(none.why)")
        let one = try answer("required_status_checks", [repositories, branches(["ci"], 14)])
        #expect(one.verdict == .unknown && one.why.contains("was not seen"), "\(one.why)")
    }
}
