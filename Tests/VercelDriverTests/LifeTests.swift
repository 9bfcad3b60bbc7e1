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

@Suite("The driver of Vercel against its simulator")
struct LifeTests {
    static let all: [DesiredResource] = [
        wanted(
            .vercelProject, "console",
            [
                "root_directory": "./apps/console/", "framework": "nextjs", "node_version": "20",
                "build_command": "turbo build --filter=console ", "output_directory": ".next",
                "ignored_build_command": "npx turbo-ignore", "install_command": .null,
                "include_files_outside_root": true,
            ]),
        wanted(
            .vercelVariable, "console/production/API_KEY", ["type": "encrypted", "value_from": "env:API_KEY"],
            in: "console"),
        wanted(
            .vercelVariable, "console/preview:feature/x/API_KEY", ["type": "sensitive", "value_from": "env:API_KEY"],
            in: "console"),
        wanted(
            .vercelDomain, "console/ops.example.com",
            ["redirect": "www.example.com", "redirect_status_code": 308, "verified": true],
            in: "console"),
    ]

    static let seeded: Value = [
        "team": "team_simulated", "foreign_domains": ["taken.example.org"],
        "projects": [
            [
                "name": "legacy", "framework": "nextjs", "rootDirectory": "apps/legacy", "nodeVersion": "22.x",
                "buildCommand": "make", "production_branch": "main", "publicSource": true,
                "env": [
                    [
                        "key": "SHARED", "value": "canary-shared-value", "type": "encrypted",
                        "target": ["production", "preview"],
                    ],
                    ["key": "PLAIN", "value": "plain-value-1", "type": "plain", "target": ["production"]],
                ],
                "domains": ["legacy.example.com"],
                "deployments": [
                    [
                        "uid": "dpl_old", "target": "production", "created": 1_771_000_000_000, "sha": "aa",
                        "branch": "main",
                    ],
                    [
                        "uid": "dpl_new", "target": "production", "created": 1_771_900_000_000, "sha": "bb",
                        "branch": "main",
                    ],
                    ["uid": "dpl_preview", "created": 1_771_950_000_000, "sha": "cc", "branch": "x"],
                ],
                "production": "dpl_new",
            ]
        ],
    ]

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let account = try Account { $0.credentials = [:] }
        let changes = Self.all.map { resource in
            ResolvedChange(
                change: PlannedChange(
                    key: resource.key, action: .create, reason: "test", cause: .unappliedCommit,
                    wanted: resource.attributes),
                wanted: Attributes(
                    resource.attributes.compactMap { item in
                        if case .literal(let value) = item.value { Attributes.Item(item.name, value) } else { nil }
                    }), current: nil)
        }
        let names = Dictionary(grouping: Self.all.map(\.key), by: \.kind).mapValues { Set($0.map(\.name)) }
        let request = ObserveRequest(kinds: Set(VercelKinds.all.map(\.kind)), names: names)
        let checks = DriverConformance(request: request, creations: changes) { transport, token in
            VercelDriver(
                token: token, baseURL: "http://vercel.test", transport: transport,
                budget: RequestBudget(.unlimited, time: account.time), time: account.time, random: RandomSource(seed: 4)
            ) { _ in Secret(Account.value) }
        }
        for breach in await checks.live(against: InProcessTransport(account.simulator)) {
            Issue.record("\(breach)")
        }
        for breach in await checks.fail() { Issue.record("\(breach)") }
    }

    @Test(
        "a whole life: made, changed, left alone, promoted and rolled back, and every word of it is the specification's"
    )
    func wholeLife() async throws {
        let account = try Account(Self.seeded)
        let first = await account.pass(Self.all)
        #expect(first.plan.summary.create == Self.all.count)
        for (key, outcome) in first.outcomes { #expect(outcome.fault == nil, "\(key): \(outcome)") }
        let second = await account.plan(Self.all)
        #expect(second.changes.isEmpty, "\(second.changes)")

        let later: [DesiredResource] = [
            wanted(
                .vercelProject, "console",
                ["framework": "nextjs", "root_directory": "apps/web", "include_files_outside_root": false]),
            Self.all[1], Self.all[2],
            wanted(.vercelDomain, "console/ops.example.com", ["redirect": .null, "redirect_status_code": .null]),
            wanted(.vercelProduction, "legacy", ["deployment": "dpl_old"]),
        ]
        let changed = await account.pass(later)
        #expect(changed.plan.summary.update == 2)
        #expect(changed.plan.summary.adopt == 1)
        for (key, outcome) in changed.outcomes { #expect(outcome.fault == nil, "\(key): \(outcome)") }
        #expect(await account.plan(later).changes.isEmpty)
        let legacy = account.simulator.account("vercel")["projects"]?[0]
        #expect(legacy?["lastAliasRequest"]?["type"] == "rollback")
        let console = account.simulator.account("vercel")["projects"]?[1]
        // No longer named, so it is left as it was.
        #expect(console?["buildCommand"] == "turbo build --filter=console")

        let forward = wanted(.vercelProduction, "legacy", ["deployment": "dpl_new"])
        #expect(await account.pass(Array(later.dropLast()) + [forward]).outcomes[forward.key]?.fault == nil)
        #expect(account.simulator.account("vercel")["projects"]?[0]?["lastAliasRequest"]?["type"] == "promote")

        let all = ObserveRequest(
            kinds: Set(VercelKinds.all.map(\.kind)),
            names: [.vercelDeployment: ["legacy/dpl_old"], .vercelVariable: ["legacy/production/PLAIN"]])
        let seen = ObservedState(await account.driver.observe(all, account.context))
        for kind in seen.kinds.values { #expect(kind.completeness == .complete, "\(kind.kind)") }
        #expect(seen.kinds[.vercelDeployment]?.resources.count == 3)
        #expect(seen.kinds[.vercelAlias]?.resources.map(\.key.name) == ["legacy.example.com", "legacy.vercel.app"])
        let plain = seen.kinds[.vercelVariable]?.resources.first { $0.key.name == "legacy/production/PLAIN" }
        #expect(plain?.attributes["value_sha256"] == .string(Digest(of: "plain-value-1").hex))
        let access = try await account.driver.checkAccess().get()
        #expect(access == "team team_simulated, projects to be seen")
        #expect(try await account.driver.account(account.context).get() == "team team_simulated")

        let lines = account.lines.withLock { $0 }
        for secret in account.simulator.issuedSecrets + [Account.token] {
            #expect(!lines.contains { $0.contains(secret) }, "a secret stands in the record")
        }
        #expect(lines.contains { $0.contains("<redacted>") })
        // Rehearsed on a copy, all is as it was seen.
        let before = ObservedState(await account.driver.observe(all, account.context))
        try account.simulator.load(observation: Rehearsal.lines(before))
        let copy = ObservedState(await account.driver.observe(all, account.context))
        #expect(Rehearsal.differences(before, copy, account.driver.schemas) == [])

        let breaches = try Recordings.check(lines, name: "vercel-driver")
        #expect(breaches == nil, "\(breaches ?? "")")
    }

    @Test("adoption changes what differs and not a byte beside it")
    func adoption() async throws {
        let account = try Account(Self.seeded)
        let equal = [
            wanted(
                .vercelProject, "legacy",
                ["framework": "nextjs", "root_directory": "apps/legacy/", "production_branch": "main"]),
            wanted(.vercelVariable, "legacy/production/SHARED"), wanted(.vercelVariable, "legacy/preview/SHARED"),
            wanted(.vercelDomain, "legacy/legacy.example.com"), wanted(.vercelProduction, "legacy"),
        ]
        let before = account.simulator.account("vercel")
        let adopted = await account.pass(equal)
        #expect(adopted.plan.summary.adopt == equal.count)
        for change in adopted.plan.changes {
            #expect(change.action == .adopt && change.attributes.isEmpty, "\(change)")
        }
        #expect(account.simulator.account("vercel") == before)

        let fresh = try Account(Self.seeded)
        await fresh.pass([wanted(.vercelProject, "legacy", ["build_command": "turbo build"])])
        var expected = before["projects"]?[0]?.objectValue ?? [:]
        expected["buildCommand"] = "turbo build"
        var found = fresh.simulator.account("vercel")["projects"]?[0]?.objectValue ?? [:]
        expected["updatedAt"] = nil
        found["updatedAt"] = nil
        #expect(found == expected)
        #expect(fresh.simulator.account("vercel")["variables"] == before["variables"])
    }

    @Test("a project goes by its id: another one that took its name since the plan was made is left alone")
    func deletesByID() async throws {
        let account = try Account(Self.seeded)
        func delete(_ id: String?) async -> StepOutcome {
            await account.apply(
                PlannedChange(
                    key: ResourceKey(.vercelProject, "legacy"), action: .delete, reason: "test",
                    cause: .unappliedCommit, providerID: id), current: nil)
        }
        let there = try #require(account.simulator.account("vercel")["projects"]?[0]?["id"]?.stringValue)
        #expect(await delete("prj_of_before").fault == nil)
        #expect(await delete(nil).fault?.code == "VC-0018")
        #expect(account.simulator.account("vercel")["projects"]?.listValue?.count == 1)
        #expect(await delete(there).fault == nil)
        #expect(account.simulator.account("vercel")["projects"]?.listValue?.isEmpty == true)
    }

    @Test("one target of a shared variable goes, the other keeps it")
    func sharedVariable() async throws {
        let account = try Account(Self.seeded)
        let key = ResourceKey(.vercelVariable, "legacy/preview/SHARED")
        let gone = await account.apply(
            PlannedChange(key: key, action: .delete, reason: "test", cause: .unappliedCommit), current: nil)
        #expect(gone.fault == nil)
        let left = account.simulator.account("vercel")["variables"]?[0]
        #expect(left?["target"] == ["production"])
        #expect(left?["value"] == "canary-shared-value")
        let change = PlannedChange(
            key: ResourceKey(.vercelVariable, "legacy/production/PLAIN"), action: .update, reason: "test",
            cause: .unappliedCommit, attributes: [AttributeChange(path: "type", before: "plain", after: "encrypted")],
            wanted: [WantedAttribute("type", .literal("encrypted"))])
        #expect(await account.apply(change, current: nil).fault == nil)
    }

    @Test(
        "whatever goes wrong once, everything is there once in the end, and then nothing is left to do",
        arguments: [
            "* ** 429=2 x2", "* ** 500-before x2", "POST ** 500-after", "PATCH ** 500-after", "POST ** drop-before",
            "POST ** drop-after", "POST ** drop-after +1", "PATCH ** drop-after", "POST ** timeout-after=60",
            "GET ** truncated-json x2", "GET ** broken-transfer x2", "POST ** truncated-json", "POST ** html=502",
            "GET ** stale-read=1 x99", "POST ** action-errors", "POST ** 404-after-create=2",
            "GET ** slow=1 x3", "GET ** slow-body=300 x2", "* ** slow-body=1 x3", "POST ** soft-failure",
            "POST ** queued",
            "GET /vercel/v10/projects shifted-pages=1",
        ])
    func faults(order: String) async throws {
        let account = try Account(Self.seeded)
        let all = Self.all + [wanted(.vercelProduction, "legacy", ["deployment": "dpl_old"])]
        account.simulator.order(try FaultOrder(text: order))
        await account.pass(all)
        account.simulator.clearFaults()
        for _ in 1...3 {
            try await account.time.sleep(for: .hours(1))
            if await account.pass(all).plan.changes.isEmpty { break }
        }
        #expect(await account.plan(all).changes.isEmpty, "\(order)")
        let state = account.simulator.account("vercel")
        #expect(state["projects"]?.listValue?.count == 2, "\(order)")
        #expect(state["variables"]?.listValue?.count == 4, "\(order)")
        #expect(state["domains"]?.listValue?.count == 2, "\(order)")
    }

    @Test("promotion and rollback end as their jobs do, once")
    func moves() async throws {
        let account = try Account(Self.seeded)
        let context = account.context
        #expect(await account.driver.rollback(to: "dpl_old", of: "legacy", context).fault == nil)
        let count = account.lines.withLock { $0.count }
        // There already: one look and no more.
        #expect(await account.driver.rollback(to: "dpl_old", of: "legacy", context).fault == nil)
        #expect(account.lines.withLock { $0.count } == count + 1)
        account.simulator.order(try FaultOrder(text: "POST ** queued"))
        #expect(await account.driver.promote("dpl_new", of: "legacy", context).fault == nil)
        account.simulator.order(try FaultOrder(text: "POST ** action-errors"))
        #expect(await account.driver.rollback(to: "dpl_old", of: "legacy", context).fault?.code == "VC-0016")
        #expect(await account.driver.promote("dpl_preview", of: "legacy", context).fault?.code == "VC-0005")
        let change = PlannedChange(
            key: ResourceKey(.vercelProduction, "legacy"), action: .update, reason: "test", cause: .unappliedCommit,
            attributes: [AttributeChange(path: "deployment", before: "dpl_new", after: "dpl_preview")],
            wanted: [WantedAttribute("deployment", .literal("dpl_preview"))])
        #expect(await account.apply(change, current: nil).fault?.code == "VC-0018")
    }

    @Test("a list of deployments that can't be read says nothing of the one that is wanted, and nothing is moved")
    func unreadDeployments() async throws {
        let account = try Account(Self.seeded)
        let change = PlannedChange(
            key: ResourceKey(.vercelProduction, "legacy"), action: .update, reason: "test", cause: .unappliedCommit,
            attributes: [AttributeChange(path: "deployment", before: "dpl_new", after: "dpl_old")],
            wanted: [WantedAttribute("deployment", .literal("dpl_old"))])
        account.simulator.order(try FaultOrder(text: "GET /vercel/v7/deployments 500-before x99"))
        let fault = try #require(await account.apply(change, current: nil).fault)
        #expect(fault.code == "VC-0009" && fault.disposition == .retry(after: nil), "\(fault)")
        #expect(account.simulator.account("vercel")["projects"]?[0]?["lastAliasRequest"]?.objectValue == nil)
        account.simulator.clearFaults()
        #expect(await account.apply(change, current: nil).fault == nil)
    }
}
