import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import SupabaseDriver
import TestKit
import Testing

@Suite("The driver of Supabase against its simulator")
struct LifeTests {
    static let ref = Account.project

    static let all: [DesiredResource] = [
        wanted(.supabaseSecret, "\(ref)/SLACK_BOT_TOKEN", ["value_from": "env:API_KEY"]),
        wanted(
            .supabaseBranch, "\(ref)/feature/x", ["git_branch": "feature/x", "persistent": false, "with_data": false]),
    ]

    static let functions: [DesiredResource] = [
        wanted(
            .supabaseFunction, "ops-do-ingest",
            ["environments": ["prod", "stage"], "project_ref": .string(ref), "verify_jwt": false])
    ]

    static let seeded: Value = [
        "organization": "simulated",
        "projects": [
            [
                "ref": .string(ref), "name": "console", "unhealthy": ["realtime"],
                "functions": [["slug": "ops-do-ingest", "verify_jwt": true, "ezbr_sha256": "aa11"]],
                "secrets": ["MAILGUN_KEY": "canary-mailgun-key"],
                "backups": [
                    ["inserted_at": "2026-02-01T00:00:00Z", "status": "COMPLETED"],
                    ["inserted_at": "2026-02-02T00:00:00Z", "status": "FAILED"],
                ],
                "allowed_cidrs": ["192.0.2.0/24"],
                "lints": [
                    [
                        "name": "unindexed_foreign_keys", "category": "PERFORMANCE", "cache_key": "fk-1",
                        "level": "INFO",
                    ],
                    ["name": "policy_exists_rls_disabled", "cache_key": "rls-1", "level": "ERROR"],
                ],
            ]
        ],
    ]

    @Test("a function that nothing requires any more is forgotten, and nobody is asked for what is never done")
    func unwantedFunction() async throws {
        let account = try Account(Self.seeded)
        let function = Self.functions[0]
        await account.pass([
            DesiredResource(
                key: function.key, attributes: function.attributes, source: function.source, isProtected: true)
        ])
        #expect(account.inventory.withLock { $0[function.key]?.isProtected } == true)
        let plan = await account.plan([Self.all[0]])
        let change = try #require(plan.changes.first { $0.key == Self.functions[0].key })
        #expect(change.action == .forget && change.verdict == .allowed, "\(change)")
        #expect(change.reason.contains("never deleted from here"))
        #expect(account.driver.steps(for: change).isEmpty)
    }

    @Test("what no deletion takes away at the provider says so, so that nobody is asked for one")
    func whatIsLeftAsItIs() {
        for schema in SupabaseKinds.all where schema.attributes.contains(where: { !$0.isComputed }) {
            #expect(schema.requests(.delete, []) > 0 || schema.hindrance(.delete, []) != nil, "\(schema.kind)")
        }
    }

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let account = try Account(Self.seeded) { $0.credentials = [:] }
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
        let request = ObserveRequest(kinds: Set(SupabaseKinds.all.map(\.kind)), names: names)
        let checks = DriverConformance(request: request, creations: changes) { transport, token in
            SupabaseDriver(
                token: token, baseURL: "http://supabase.test", transport: transport,
                budget: RequestBudget(.unlimited, time: account.time), time: account.time, random: RandomSource(seed: 4)
            ) { _ in Secret(Account.value) }
        }
        for breach in await checks.live(against: InProcessTransport(account.simulator)) {
            Issue.record("\(breach)")
        }
        for breach in await checks.fail() { Issue.record("\(breach)") }
    }

    @Test("a whole life: seen, set, branched, changed and let go, and every word of it is the specification's")
    func wholeLife() async throws {
        let account = try Account(Self.seeded)
        let wishes = Self.all + Self.functions
        let first = await account.pass(wishes)
        for (key, outcome) in first.outcomes { #expect(outcome.fault == nil, "\(key): \(outcome)") }
        #expect(first.plan.summary.create == 2)
        #expect(first.plan.summary.adopt == 1)
        #expect(await account.plan(wishes).changes.isEmpty)
        let kept = account.simulator.account("supabase")["projects"]?[0]?["_secrets"]?.listValue ?? []
        #expect(kept.compactMap { $0["name"]?.stringValue } == ["MAILGUN_KEY", "SLACK_BOT_TOKEN"])

        // Another value at Supabase shows by its digest alone.
        let digest = Value.string("sha256:" + Digest(of: Account.value).hex.uppercased())
        let pinned = wanted(
            .supabaseSecret, "\(Self.ref)/SLACK_BOT_TOKEN", ["value_from": "env:API_KEY", "value_sha256": digest])
        #expect(await account.plan([pinned]).changes.filter { $0.key == pinned.key }.isEmpty)
        let stale = wanted(
            .supabaseSecret, "\(Self.ref)/MAILGUN_KEY", ["value_from": "env:API_KEY", "value_sha256": digest])
        let set = await account.pass(wishes + [stale])
        #expect(set.outcomes[stale.key]?.fault == nil)
        #expect(await account.plan(wishes + [stale]).changes.isEmpty)

        let branch = wanted(.supabaseBranch, "\(Self.ref)/feature/x", ["git_branch": "feature/y", "persistent": true])
        let changed = await account.pass([branch, Self.all[0]] + Self.functions)
        #expect(changed.outcomes[branch.key]?.fault == nil)

        let all = ObserveRequest(
            kinds: Set(SupabaseKinds.all.map(\.kind)), names: [.supabaseProject: [Self.ref]])
        let seen = ObservedState(await account.driver.observe(all, account.context))
        for kind in seen.kinds.values { #expect(kind.completeness == .complete, "\(kind.kind)") }
        func one(_ kind: ResourceKind) -> Attributes? { seen.kinds[kind]?.resources.first?.attributes }
        #expect(one(.supabaseProject)?["unhealthy"] == ["realtime"])
        #expect(one(.supabaseProject)?["is_healthy"] == false)
        #expect(one(.supabaseBackup)?["latest"] == "2026-02-01T00:00:00Z")
        #expect(one(.supabaseBackup)?["latest_status"] == "FAILED")
        #expect(one(.supabaseNetwork)?["allowed_cidrs"] == ["192.0.2.0/24"])
        #expect(one(.supabaseBranch)?["status"] == "FUNCTIONS_DEPLOYED")
        #expect(one(.supabaseBranch)?["project_status"] == "ACTIVE_HEALTHY")
        #expect(seen.kinds[.supabaseAdvice]?.resources.count == 2)
        let access = try await account.driver.checkAccess().get()
        #expect(access == "1 project")

        for (name, reason) in [("persistent", "SB-0018"), ("gone", "")] {
            if name == "gone" {
                let free = wanted(.supabaseBranch, "\(Self.ref)/feature/x", ["persistent": false])
                await account.pass([free, Self.all[0]])
            }
            let gone = await account.apply(
                PlannedChange(key: branch.key, action: .delete, reason: "test", cause: .unappliedCommit), current: nil)
            #expect((gone.fault?.code ?? "") == reason, "\(name): \(gone)")
        }
        // There for an hour still, and taken back when it is wanted again.
        #expect(account.simulator.account("supabase")["branches"]?.listValue?.count == 1)
        account.inventory.withLock { $0 = [:] }
        let again = await account.pass([Self.all[1]])
        #expect(again.plan.changes.map(\.action) == [.create])
        #expect(again.outcomes[Self.all[1].key]?.fault == nil)
        try await account.time.sleep(for: .hours(3))
        #expect(account.simulator.account("supabase")["branches"]?.listValue?.count == 1)

        let lines = account.lines.withLock { $0 }
        for secret in account.simulator.issuedSecrets + [Account.token, "canary-mailgun-key"] {
            #expect(!lines.contains { $0.contains(secret) }, "a secret stands in the record")
        }
        #expect(lines.contains { $0.contains("<redacted>") })
        // Rehearsed on a copy, all is as it was seen.
        let before = ObservedState(await account.driver.observe(all, account.context))
        try account.simulator.load(observation: Rehearsal.lines(before))
        let copy = ObservedState(await account.driver.observe(all, account.context))
        #expect(Rehearsal.differences(before, copy, account.driver.schemas) == [])

        let breaches = try Recordings.check(lines, name: "supabase-driver")
        #expect(breaches == nil, "\(breaches ?? "")")
    }

    @Test("adoption of what is as wanted sends nothing, and changes not a byte")
    func adoption() async throws {
        let account = try Account(Self.seeded)
        let before = account.simulator.account("supabase")
        let adopted = await account.pass([
            wanted(.supabaseSecret, "\(Self.ref)/MAILGUN_KEY", ["value_from": "env:API_KEY"]),
            wanted(.supabaseFunction, "ops-do-ingest", ["environments": ["prod"], "project_ref": .string(Self.ref)]),
        ])
        #expect(adopted.plan.summary.adopt == 2)
        for change in adopted.plan.changes { #expect(change.attributes.isEmpty, "\(change)") }
        #expect(account.simulator.account("supabase") == before)
    }

    @Test(
        "whatever goes wrong once, everything is there once in the end, and then nothing is left to do",
        arguments: [
            "* ** 429=2 x2", "* ** 500-before x2", "POST ** 500-after", "PATCH ** 500-after", "POST ** drop-before",
            "POST ** drop-after", "POST ** drop-after +1", "PATCH ** drop-after", "POST ** timeout-after=60",
            "GET ** truncated-json x2", "GET ** broken-transfer x2", "POST ** truncated-json", "POST ** html=502",
            "GET ** slow=1 x3", "GET ** slow-body=300 x2", "* ** slow-body=1 x3", "POST ** 404-after-create=2",
            "GET ** stale-read=1 x99",
            "POST ** action-errors",
        ])
    func faults(order: String) async throws {
        let account = try Account(Self.seeded)
        let all = Self.all + Self.functions
        account.simulator.order(try FaultOrder(text: order))
        await account.pass(all)
        account.simulator.clearFaults()
        for _ in 1...3 {
            try await account.time.sleep(for: .hours(1))
            if await account.pass(all).plan.changes.isEmpty { break }
        }
        #expect(await account.plan(all).changes.isEmpty, "\(order)")
        let state = account.simulator.account("supabase")
        #expect(state["branches"]?.listValue?.count == 1, "\(order)")
        #expect(state["projects"]?[0]?["_secrets"]?.listValue?.count == 2, "\(order)")
    }

    @Test("each refusal has its code, and nothing is sent that can't succeed")
    func refusals() async throws {
        let account = try Account(Self.seeded)
        func create(_ resource: DesiredResource) async -> ProviderFault? {
            await account.apply(
                PlannedChange(
                    key: resource.key, action: .create, reason: "test", cause: .unappliedCommit,
                    wanted: resource.attributes), current: nil
            ).fault
        }
        let name = "\(Self.ref)/NEW"
        #expect(await create(wanted(.supabaseSecret, name))?.code == "SB-0014")
        let pasted = await create(wanted(.supabaseSecret, name, ["value_from": "the-value-itself"]))
        #expect(pasted?.code == "SB-0014")
        #expect(pasted?.description.contains("the-value-itself") == false)
        #expect(await create(wanted(.supabaseSecret, name, ["value_from": "env:NOWHERE"]))?.code == "SB-0014")
        let other = wanted(.supabaseSecret, name, ["value_from": "env:API_KEY", "value_sha256": "00"])
        #expect(await create(other)?.code == "SB-0020")
        let own = wanted(.supabaseSecret, "\(Self.ref)/SUPABASE_URL", ["value_from": "env:API_KEY"])
        #expect(await create(own)?.code == "SB-0018")
        let missing = await create(wanted(.supabaseFunction, "ops-missing", ["project_ref": .string(Self.ref)]))
        #expect(missing?.code == "SB-0013")
        #expect(missing?.hint?.contains("supabase functions deploy ops-missing --project-ref \(Self.ref)") == true)
        account.simulator.order(try FaultOrder(text: "POST ** action-errors"))
        #expect(await create(wanted(.supabaseBranch, "\(Self.ref)/bad", ["git_branch": "bad"]))?.code == "SB-0015")

        let several = try Account(Self.seeded)
        try several.simulator.seed("supabase", ["projects": [["name": "second"]]])
        let seen = await several.observe([wanted(.supabaseFunction, "ops-do-ingest")])
        guard case .unknown(let reason)? = seen.kinds[.supabaseFunction]?.completeness else {
            Issue.record("\(String(describing: seen.kinds[.supabaseFunction]))")
            return
        }
        #expect(reason.contains("2 projects"))
    }

    @Test("a function is looked for in the project in which it is wanted, and nowhere else")
    func homes() async throws {
        let other = "zyxwvutsrqponmlkjihg"
        let account = try Account(Self.seeded)
        func function(_ slug: String, in project: String, _ more: [(String, Value)] = []) -> DesiredResource {
            .wanting(.supabaseFunction, slug, [("project_ref", .string(project))] + more)
        }
        func seen(_ wishes: [DesiredResource]) async -> ObservedKind? {
            await account.observe(wishes).kinds[.supabaseFunction]
        }
        // The token doesn't see the project: that it sees another says nothing of it.
        let unseen = await seen([function("ops-do-ingest", in: other)])
        #expect(unseen?.completeness.isUnknown == true && unseen?.resources.isEmpty == true)
        let plan = await account.plan([function("ops-do-ingest", in: other)])
        #expect(plan.changes.map(\.action) == [.read])

        try account.simulator.seed(
            "supabase",
            [
                "projects": [
                    [
                        "ref": .string(other), "name": "second",
                        "functions": [
                            ["slug": "ops-do-ingest", "ezbr_sha256": "bb22"],
                            ["slug": "ops-own", "verify_jwt": true, "ezbr_sha256": "cc33"],
                        ],
                    ]
                ]
            ])
        let wishes = [function("ops-do-ingest", in: other), function("ops-do-ingest-2", in: Self.ref)]
        let both = await seen(wishes)
        #expect(both?.completeness == .complete)
        #expect(both?.resources.map(\.key.name) == ["ops-do-ingest", "ops-own"])
        #expect(both?.resources.first?.attributes["ezbr_sha256"] == "bb22")
        guard case .present(let found) = await account.driver.look(at: wishes[0].key, account.context) else {
            Issue.record("it isn't found")
            return
        }
        #expect(found.attributes["project_ref"] == .string(other))
        // Where it is wanted it is set up, too.
        let own = function("ops-own", in: other, [("verify_jwt", false)])
        #expect(await account.pass(wishes + [own]).outcomes[own.key]?.fault == nil)
        #expect(account.simulator.requestLog.contains { $0.method == "PATCH" && $0.path.contains(other) })
        // Also when a look that knew nothing of it came between.
        _ = await account.driver.observe(ObserveRequest(kinds: [.supabaseFunction]), account.context)
        let change = PlannedChange(
            key: own.key, action: .update, reason: "test", cause: .unappliedCommit,
            attributes: [AttributeChange(path: "verify_jwt", before: true, after: false)], wanted: own.attributes)
        let again = await account.apply(change, current: nil)
        #expect(again.fault == nil, "\(again)")
    }

    @Test("a function that isn't deployed as it is wanted is blocked with the command, and nothing fails")
    func undeployed() async throws {
        let account = try Account(Self.seeded)
        let wishes: [DesiredResource] = [
            .wanting(
                .supabaseFunction, "ops-do-ingest", [("project_ref", .string(Self.ref)), ("ezbr_sha256", "dd44")]),
            .wanting(.supabaseFunction, "ops-missing", [("project_ref", .string(Self.ref))]),
        ]
        for _ in 0..<2 {
            let (plan, outcomes) = await account.pass(wishes)
            #expect(
                plan.changes.map { "\($0.key.name) \($0.verdict)" } == [
                    "ops-do-ingest blocked", "ops-missing blocked",
                ])
            for change in plan.changes {
                let command = "supabase functions deploy \(change.key.name) --project-ref \(Self.ref)"
                #expect(change.verdictReason?.hasSuffix(command) == true && change.hold == .impossible)
            }
            #expect(outcomes.isEmpty && plan.summary.create == 0)
        }
        // Where no document names the project, the command names the only one there is.
        let homeless = await account.pass([.wanting(.supabaseFunction, "ops-lost", [("verify_jwt", true)])]).plan
        #expect(homeless.changes.first?.verdictReason?.hasSuffix("ops-lost --project-ref \(Self.ref)") == true)
        // What can be set is set, whatever is deployed; what is left is blocked from then on.
        let mixed = wanted(
            .supabaseFunction, "ops-do-ingest",
            ["project_ref": .string(Self.ref), "ezbr_sha256": "dd44", "verify_jwt": false])
        #expect(await account.pass([mixed]).outcomes[mixed.key]?.fault?.code == "SB-0013")
        #expect(
            await account.plan([mixed]).changes.map { "\($0.verdict) \($0.attributes.map(\.path))" } == [
                "blocked [\"ezbr_sha256\"]"
            ])
    }

    @Test("secrets are brought where their digest differs, once, and the envelope says which")
    func sync() async throws {
        let account = try Account(Self.seeded)
        let wishes = [
            SecretWish("B_KEY", .environment("API_KEY")), SecretWish("A_KEY", .environment("API_KEY")),
            SecretWish("NOWHERE", .environment("NOWHERE")),
        ]
        let first = await account.driver.syncSecrets(wishes, account.context)
        let pushed: Value = ["ok": true, "pushed": ["A_KEY", "B_KEY"], "skipped": ["NOWHERE"]]
        #expect(first.envelope == pushed)
        #expect(account.simulator.requestLog.filter { $0.method == "POST" }.count == 1)
        let second = await account.driver.syncSecrets(wishes, to: Self.ref, account.context)
        let skipped: Value = ["ok": true, "pushed": [], "skipped": ["A_KEY", "B_KEY", "NOWHERE"]]
        #expect(second.envelope == skipped)
        #expect(account.simulator.requestLog.filter { $0.method == "POST" }.count == 1)

        let own = await account.driver.syncSecrets([SecretWish("SUPABASE_X", .environment("API_KEY"))], account.context)
        #expect(own.fault?.code == "SB-0018")
        account.simulator.order(try FaultOrder(text: "GET ** 429=3600 x9"))
        let limited = await account.driver.syncSecrets(wishes, account.context)
        #expect(limited.envelope["code"] == 429)
        #expect(!account.lines.withLock { $0 }.contains { $0.contains(Account.value) })
    }

    @Test("the budget holds against the windows of each endpoint: no request is refused")
    func budget() async throws {
        let account = try Account(Self.seeded, budget: .supabase) { $0.limits = RateLimits() }
        for _ in 1...150 {
            let seen = await account.observe(Self.functions)
            #expect(seen.kinds[.supabaseFunction]?.completeness.isComplete == true)
        }
        #expect(!account.simulator.requestLog.contains { $0.status == 429 })
    }

    @Test("the account outlives the process, by its state file")
    func persistence() async throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/state.json"
        let first = try Account(Self.seeded) { $0.statePath = path }
        await first.pass(Self.all)
        let kept = first.simulator.account("supabase")
        let second = try Account { $0.statePath = path }
        #expect(second.simulator.account("supabase") == kept)
    }
}
