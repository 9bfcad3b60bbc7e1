import Basics
import DesiredState
import Diff
import Formats
import Testing

/// What is there is held against the policy of its surface as well, whoever made it; nothing is changed for it.
@Suite struct SurfaceFindingsTests {
    typealias W = Worlds

    private static let now = Timestamp(seconds: 1_772_000_000)  // 2026-02-25T06:13:20Z
    private static let path = "ssot/infra/digitalocean/policy.yaml"
    /// As the real one has it.
    private static let policy = """
        allowed_surfaces:
          droplets:
            allowed: true
            max_count: 3
            required_tags: ["project:ipai", "owner:<service>"]
            regions_allowed: [sgp1]
          managed_databases: {allowed: true, max_count: 1, regions_allowed: [sgp1]}
          app_platform: {allowed: false}
        backups: {droplet_backups: {allowed: false}}

        """

    private static func desired(_ policy: String, inventory: String? = nil) -> DesiredState {
        var files = [SourceFile(path: path, text: policy)]
        if let inventory {
            files.append(SourceFile(path: "ssot/infra/digitalocean/inventory.yaml", text: inventory))
        }
        return readDesiredState(
            SourceTree(revision: String(repeating: "a", count: 40), files: files, branches: .known([])))
    }

    private static func list(
        _ resources: [ObservedResource], of kind: ResourceKind = .droplet, _ completeness: Completeness = .complete
    ) -> ObservedKind {
        ObservedKind(kind: kind, completeness: completeness, resources: resources, isAside: true)
    }

    private static func plan(
        _ desired: DesiredState, _ observed: [ObservedKind] = [], watched: [ObservedKind] = []
    ) -> Plan {
        var input = PlanInput(
            desired: desired, inventory: Inventory(), observed: ObservedState(observed), schemas: W.schemas,
            drivers: [:], now: now)
        input.watched = watched.map { WatchedKind($0, at: now - .minutes(20)) }
        return makePlan(input)
    }

    private static func told(_ plan: Plan) -> [String] {
        plan.diagnostics.filter { ["PLAN-0005", "PLAN-0023"].contains($0.code) }.map { "\($0.code) \($0.message)" }
    }

    /// A droplet of the sandboxes for pull requests, as their Terraform makes it.
    private static func sandbox(_ number: Int, backups: Bool = false) -> ObservedResource {
        W.seen(
            .droplet, "pr-\(number)",
            [
                ("region", "nyc3"), ("size", "s-2vcpu-4gb"), ("backups", .bool(backups)),
                ("tags", .strings(["pr-sandbox", "pr:\(number)", "repo:odoo-ce", "ttl:24h"])),
            ], id: "41\(number)")
    }

    @Test func theSandboxOfAPullRequestIsToldOnceWithAllThatIsAgainstIt() throws {
        let plan = Self.plan(Self.desired(Self.policy), watched: [Self.list([Self.sandbox(7, backups: true)])])
        #expect(
            Self.told(plan) == [
                "PLAN-0023 the droplet pr-7 (417) isn't as the policy of droplets wants: it is in the region nyc3, not in "
                    + "sgp1; it lacks the tags project:ipai, owner:<service>; it has backups, which no droplet may have"
            ])
        let item = try #require(plan.drift.first)
        #expect(plan.drift.count == 1 && item.key == W.key(.droplet, "pr-7") && item.finding == "PLAN-0023")
        #expect(item.source?.description == "\(Self.path):2:3" && item.isOnlyFinding)
        // It isn't ours: no plan touches it.
        #expect(plan.changes.isEmpty)
    }

    @Test(
        arguments: [
            // As the policy wants it, capitals and all; what isn't shown proves nothing.
            ([("region", "sgp1"), ("tags", ["Project:IPAI", "owner:erp"])], policy, nil),
            ([], policy, nil),
            ([("region", "sgp1"), ("tags", ["project:ipai", "owner:"])], policy, "it lacks the tag owner:<service>"),
            ([("region", "sgp1"), ("tags", [])], "allowed_surfaces: {droplets: {allowed: true}}\n", nil),
            (
                [("region", "sgp1")], "allowed_surfaces: {droplets: {allowed: false}}\n",
                "the policy doesn't allow this surface"
            ),
            (
                [("backups", true)], "backups: {droplet_backups: {allowed: false}}\n",
                "it has backups, which no droplet may have"
            ),
            ([("backups", true)], "backups: {droplet_backups: {allowed: true}}\n", nil),
        ] as [([(String, Value)], String, String?)])
    func whatIsToldFollowsFromThePolicy(_ items: [(String, Value)], _ policy: String, _ why: String?) {
        let plan = Self.plan(Self.desired(policy), [Self.list([W.seen(.droplet, "web", items, id: "1")])])
        let wanted = why.map { "PLAN-0023 the droplet web (1) isn't as the policy of droplets wants: \($0)" }
        #expect(Self.told(plan) == [wanted].compactMap { $0 })
    }

    /// An exception of droplets, and whether it lifts their rules on the 25th of February.
    @Test(
        arguments: [
            ("approved_by: maria.santos, expiry_date: 2026-02-25", true),
            ("approved_by: maria.santos, expiry_date: 2026-02-24", false), ("expiry_date: 2026-12-31", false),
            ("approved_by: maria.santos", false),
        ])
    func anExceptionLiftsItWhileItIsInForce(_ rest: String, _ isLifted: Bool) {
        let text = Self.policy + "exceptions: [{surface: droplets, reason: a load test, \(rest)}]\n"
        let droplets = (1...4).map { Self.sandbox($0, backups: true) }
        let plan = Self.plan(Self.desired(text), watched: [Self.list(droplets)])
        #expect(Self.told(plan).count == (isLifted ? 0 : 5), "\(Self.told(plan))")
        #expect(plan.drift.count == (isLifted ? 0 : 5))
    }

    @Test func moreThanTheMostIsAFindingThatIsRemembered() throws {
        let text = "allowed_surfaces: {droplets: {allowed: true, max_count: 1}}\n"
        let two = [Self.sandbox(1), Self.sandbox(2)]
        let plan = Self.plan(Self.desired(text), watched: [Self.list(two)])
        #expect(Self.told(plan) == ["PLAN-0005 there are 2 droplets; the policy allows 1"])
        let item = try #require(plan.drift.first)
        #expect(item.key.description == "digitalocean.surface/droplets" && item.finding == "PLAN-0005")
        #expect(ProviderFindings.kinds(saying: item.key) == [.droplet])
        #expect(plan.changes.isEmpty && Self.told(Self.plan(Self.desired(text), [Self.list([two[0]])])).isEmpty)
        // Of a list that breaks off there are at least those.
        let part = Self.list(two, .partial(reason: "page 2 failed"))
        #expect(Self.told(Self.plan(Self.desired(text), [part])).contains { $0.contains("at least 2 droplets") })
    }

    @Test func whatItsOwnChangeSetsRightIsToldByThatChange() {
        let inventory =
            "droplets:\n  - {name: web, region: sgp1, size: s, image: u, tags: [\"project:ipai\", \"owner:erp\"]}\n"
        func told(_ items: [(String, Value)]) -> [String] {
            let list = ObservedKind(
                kind: .droplet, completeness: .complete, resources: [W.seen(.droplet, "web", items, id: "1")])
            return Self.told(Self.plan(Self.desired(Self.policy, inventory: inventory), [list]))
        }
        #expect(told([("region", "nyc3"), ("tags", [])]).isEmpty)
        // Nothing is wanted of its backups: no change takes them away.
        #expect(told([("region", "sgp1"), ("backups", true)]).count == 1)
    }

    @Test func aFindingHidesNothingElseThatDiffersOfTheSameObject() throws {
        let text =
            "allowed_surfaces:\n  volumes: {allowed: true, regions_allowed: [sgp1], "
            + "conditions: [{must_be_attached: true}]}\n"
        let volume = W.seen(.volume, "loose", [("is_attached", false), ("region", "nyc3")])
        let plan = Self.plan(Self.desired(text), [Self.list([volume], of: .volume)])
        #expect(plan.drift.count == 1)
        let summary = try #require(plan.drift.first?.summary)
        #expect(summary.contains("PLAN-0011: ") && summary.contains("; PLAN-0023: "), "\(summary)")
    }

    @Test func theKindsAreLookedAtOnceInAWhileUnlessAPassListsThemAnyway() {
        #expect(ProviderWatch.names(Self.desired(Self.policy))[.droplet] == [])
        #expect(ProviderWatch.names(Self.desired(Self.policy))[.databaseCluster] == [])
        #expect(ProviderWatch.names(Self.desired(Self.policy))[.volume] == nil)
        #expect(ProviderFindings.lookups(Self.desired(Self.policy)).isEmpty)
        let inventory = "droplets:\n  - {name: web, region: sgp1, size: s, image: u}\n"
        let names = ProviderWatch.names(Self.desired(Self.policy, inventory: inventory))
        #expect(names[.droplet] == nil && names[.databaseCluster] == [])
        #expect(ProviderWatch.requests([.droplet: [], .spacesBucket: []]) == ["digitalocean": 1, "spaces": 11])
        // Without a rule nothing is asked for.
        let plain = Self.desired("allowed_surfaces: {droplets: {allowed: true}, app_platform: {allowed: false}}\n")
        #expect(ProviderWatch.names(plain)[.droplet] == nil)
    }

    @Test func thePlanTellsFindingsApartFromWhatWasChangedOutsideOfGit() throws {
        let plan = Self.plan(Self.desired(Self.policy), watched: [Self.list([Self.sandbox(7)])])
        let text = PlanText.render(plan, style: TextStyle(), context: PlanText.Context(now: Self.now))
        #expect(!text.contains("Changed outside of git"), "\(text)")
        #expect(text.contains("Not as it should be\n  digitalocean.droplet/pr-7: PLAN-0023: "), "\(text)")
        let item = try #require(plan.drift.first)
        #expect(PlanDocument.json(item)["finding"] == "PLAN-0023")
    }
}
