import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing
import VercelDriver

@Suite("What the driver of Vercel is refused, and what it leaves")
struct RefusalTests {
    @Test("each refusal has its code, and nothing is sent that can't succeed")
    func refusals() async throws {
        let account = try Account(LifeTests.seeded)
        func create(_ resource: DesiredResource) async -> ProviderFault? {
            await account.apply(
                PlannedChange(
                    key: resource.key, action: .create, reason: "test", cause: .unappliedCommit,
                    wanted: resource.attributes), current: nil
            ).fault
        }
        for text in [nil, "env:NOWHERE", "the-value-itself"] {
            let name = "legacy/production/NEW"
            let resource =
                text.map { wanted(.vercelVariable, name, ["value_from": .string($0)]) } ?? wanted(.vercelVariable, name)
            let fault = try #require(await create(resource))
            #expect(fault.code == "VC-0014")
            #expect(!fault.description.contains("the-value-itself"))
        }
        #expect(account.simulator.account("vercel")["variables"]?.listValue?.count == 2)

        account.simulator.order(try FaultOrder(text: "POST ** soft-failure"))
        let soft = await create(wanted(.vercelVariable, "legacy/production/NEW", ["value_from": "env:API_KEY"]))
        #expect(soft?.code == "VC-0013")
        #expect(soft?.providerCode == "BAD_REQUEST")

        let domain = wanted(.vercelDomain, "legacy/taken.example.org", ["verified": true])
        #expect(await create(domain)?.code == "VC-0015")
        try account.simulator.seed("vercel", ["published_challenges": ["taken.example.org"]])
        let again = await account.pass([domain])
        #expect(again.plan.changes.map(\.action) == [.adopt])
        #expect(again.outcomes[domain.key]?.fault == nil)
        await account.pass([wanted(.vercelProject, "other")])
        #expect(await create(wanted(.vercelDomain, "other/legacy.example.com"))?.code == "VC-0020")
        #expect(await create(wanted(.vercelProduction, "nowhere", ["deployment": "x"]))?.code == "VC-0018")

        let branch = PlannedChange(
            key: ResourceKey(.vercelProject, "legacy"), action: .update, reason: "test", cause: .unappliedCommit,
            attributes: [AttributeChange(path: "production_branch", before: "main", after: "trunk")],
            wanted: [WantedAttribute("production_branch", .literal("trunk"))])
        #expect(await account.apply(branch, current: nil).fault?.code == "VC-0018")
    }

    @Test(
        "a variable that the list leaves out is not written over: its value may have been rotated since",
        arguments: [true, false])
    func leftOut(isUnseen: Bool) async throws {
        let account = try Account()
        let project = wanted(.vercelProject, "console")
        let variable = wanted(
            .vercelVariable, "console/production/API_KEY", ["type": "sensitive", "value_from": "env:API_KEY"],
            in: "console")
        await account.pass([project, variable])
        let id = try #require(account.simulator.account("vercel")["variables"]?[0]?["id"]?.stringValue)
        let rotation = HTTPRequest(
            "PATCH", "http://vercel.test/v9/projects/console/env/\(id)?teamId=\(Account.team)",
            headers: [HTTPHeader("Authorization", "Bearer \(Account.token)")],
            body: Array(#"{"value":"rotated-by-hand"}"#.utf8))
        let rotated = try await InProcessTransport(account.simulator).send(rotation)
        #expect(rotated.status == 200)
        let before = account.simulator.account("vercel")["variables"]
        #expect(before?[0]?["value"] == "rotated-by-hand")

        // No list told of it, so that it is made again.
        if isUnseen { account.simulator.order(try FaultOrder(text: "GET **/env 500-before x9")) }
        let change = PlannedChange(
            key: variable.key, action: .create, reason: "test", cause: .externalChange, wanted: variable.attributes)
        let step = try #require(account.driver.steps(for: change).first)
        let input = ResolvedChange(change: change, wanted: Account.wanted(change), current: nil)
        let outcome = await account.driver.perform(step, of: input, account.context)
        #expect(outcome.fault?.code == (isUnseen ? "VC-0020" : nil))
        #expect(outcome.fault?.providerCode == (isUnseen ? "ENV_CONFLICT" : nil))
        #expect(account.simulator.account("vercel")["variables"] == before)
    }

    @Test(
        "a token that is wrong, a team that is another, and too many requests are told apart",
        arguments: [("wrong", "VC-0001"), ("team", "VC-0002"), ("limit", "VC-0006")])
    func access(cause: String, code: String) async throws {
        var seeded = LifeTests.seeded.objectValue ?? [:]
        if cause == "team" { seeded["team"] = "team_other" }
        let account = try Account(.object(seeded)) { if cause == "wrong" { $0.credentials["vercel"] = "another" } }
        if cause == "limit" { account.simulator.order(try FaultOrder(text: "* ** 429=3600 x9")) }
        let look = await account.driver.look(at: ResourceKey(.vercelProject, "legacy"), account.context)
        guard case .unknown(let fault) = look else {
            Issue.record("\(look)")
            return
        }
        #expect(fault.code == code)
    }

    @Test("the budget holds against the published window: no request is refused")
    func budget() async throws {
        let account = try Account(LifeTests.seeded, budget: .vercel) { $0.limits = RateLimits() }
        for _ in 1...150 {
            let seen = await account.observe([wanted(.vercelProject, "legacy")])
            #expect(seen.kinds[.vercelProject]?.completeness.isComplete == true)
        }
        #expect(!account.simulator.requestLog.contains { $0.status == 429 })
    }

    @Test("the account outlives the process, by its state file")
    func persistence() async throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/state.json"
        let first = try Account(LifeTests.seeded) { $0.statePath = path }
        await first.pass(LifeTests.all)
        let kept = first.simulator.account("vercel")
        let second = try Account { $0.statePath = path }
        #expect(second.simulator.account("vercel") == kept)
    }

    @Test("what no deletion takes away at the provider says so, so that nobody is asked for one")
    func whatIsLeftAsItIs() {
        for schema in VercelKinds.all where schema.attributes.contains(where: { !$0.isComputed }) {
            #expect(schema.requests(.delete, []) > 0 || schema.hindrance(.delete, []) != nil, "\(schema.kind)")
        }
    }

    @Test("one thing written in several ways is one thing, and the normal form stays as it is")
    func normalisers() throws {
        let schema = try #require(VercelKinds.all.first { $0.kind == .vercelProject })
        let table: [(name: String, value: Value, normal: Value)] = [
            ("root_directory", "./apps/web/", "apps/web"), ("root_directory", "", .null),
            ("root_directory", "/", .null),
            ("root_directory", "apps//web", "apps/web"), ("output_directory", ".next", ".next"),
            ("framework", "Other", .null), ("framework", "NextJS", "nextjs"), ("node_version", 20, "20.x"),
            ("node_version", "v22", "22.x"), ("node_version", "8.10.x", "8.10.x"), ("node_version", "lts", "lts"),
            ("build_command", "  make all\n", "make all"), ("build_command", "", .null),
            ("install_command", .null, .null),
            ("include_files_outside_root", true, true),
        ]
        for row in table {
            let rule = try #require(schema.rule(row.name))
            #expect(rule.normalise(row.value) == row.normal, "\(row)")
            #expect(rule.normalise(row.normal) == row.normal, "\(row)")
        }
    }
}
