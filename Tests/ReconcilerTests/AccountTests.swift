import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Simulator
import Store
import StoreSQLite
import TestKit
import Testing
import Web

@testable import Reconciler

/// What a token says of the team whose it is.
private enum Telling: Sendable {
    case team(String)
    /// The token may not see it, or the provider fails.
    case refusal(Int)
}

/// A simulator's account, that says of itself what the test wants.
private struct AccountTransport: HTTPTransport {
    let way: SimulatorTransport
    let telling: Telling

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        guard request.url.hasSuffix("/v2/account") else { return try await way.send(request) }
        switch telling {
        case .team(let id):
            let body = #"{"account": {"uuid": "someone", "team": {"uuid": "\#(id)", "name": "a"}}}"#
            return HTTPResponse(status: 200, body: Array(body.utf8))
        case .refusal(let status):
            return HTTPResponse(
                status: status, body: Array(#"{"id": "forbidden", "message": "You are not authorized"}"#.utf8))
        }
    }
}

extension World {
    /// A pass with a token of an account.
    fileprivate func pass(
        _ options: PassOptions = PassOptions(), at simulator: Simulator, _ telling: Telling
    ) async -> RunReport {
        await reconciler(at: simulator, telling).pass(options)
    }

    fileprivate func reconciler(at simulator: Simulator, _ telling: Telling) -> Reconciler {
        reconciler(at: SimulatorTransport(simulator: simulator, fuse: Fuse()), telling)
    }

    fileprivate func reconciler(at way: SimulatorTransport, _ telling: Telling) -> Reconciler {
        let seed = seeds.withLock { seed in
            seed += 1
            return seed
        }
        return reconciler(
            fuse: way.fuse, seed: seed,
            wrap: { _ in
                DigitalOceanDriver(
                    token: Secret("canary-token-of-an-account"), baseURL: "http://simulator.test",
                    transport: AccountTransport(way: way, telling: telling), time: time)
            })
    }
}

/// Each pass has a run of its own.
private let seeds = Locked<UInt64>(100)

@Suite("Whom a credential leads to")
struct AccountTests {
    private static let key = "source.accounts/ssot"
    private static let mine = Telling.team("5df3-mine")
    private static let other = Telling.team("77aa-other")

    private static func droplets(at simulator: Simulator) async throws -> [String] {
        let answer = await simulator.answer(
            WebRequest(
                method: "GET", path: "/v2/droplets", query: [("per_page", "200")],
                headers: [("Authorization", "Bearer any"), ("Host", "simulator.test")]))
        return try JSON.parse(answer.body)["droplets"]?.listValue?.compactMap { $0["name"]?.stringValue } ?? []
    }

    private static func account(_ world: World) throws -> Simulator {
        try Simulator(options: SimulatorOptions(time: world.time, limits: .generous, lifecycle: .immediate))
    }

    @Test("In another account nothing is made and nothing forgotten until a person says that it is meant")
    func leadsElsewhere() async throws {
        let world = try await World()
        #expect(await world.pass(at: world.simulator, Self.mine).isSuccess)
        #expect(try await world.store.lineage().accounts == ["digitalocean": "team 5df3-mine"])
        let holdings = await world.holdings()
        let entries = try await world.store.inventory().entries
        #expect(!entries.isEmpty)
        // A rehearsal is of the account that was seen.
        let run = try #require(try await world.store.runs(limit: 1).first)
        let link = try #require(try await world.store.evidence(ofRun: run.id))
        let evidence = EvidenceStore(directory: "\(world.directory.path)/evidence")
        let manifest = try EvidenceManifest(bytes: try evidence.get(link.head.manifest))
        let item = try #require(manifest.items.first { $0.name == "observed.jsonl" })
        #expect(
            String(decoding: try evidence.get(item.digest), as: UTF8.self)
                .hasPrefix(#"{"account":"team 5df3-mine","provider":"digitalocean"}"# + "\n"))

        // What nothing wants any more is there all the same, and must not be forgotten because it isn't seen here.
        let another = try Self.account(world)
        let without = World.tree(branches: ["main", "feature/crm"], revision: "b")
        world.source.set(without)
        world.time.advance(by: .hours(1))
        _ = await world.pass(at: another, Self.other)
        let report = await world.pass(PassOptions(approvals: ["all"]), at: another, Self.other)
        #expect(another.requestLog.isEmpty, "nothing is asked there")
        #expect(try await world.store.inventory().entries == entries, "\(report.story)")
        #expect(try await world.store.lineage().accounts == ["digitalocean": "team 5df3-mine"])
        let plan = try #require(report.plan)
        #expect(plan.allowedChanges.isEmpty && report.run.phase == .awaitingApproval, "\(report.story)")
        let told = plan.diagnostics.first { $0.code == "PLAN-0025" }
        #expect(
            told?.message
                == "digitalocean leads to team 77aa-other now, and led to team 5df3-mine: nothing of it counts as gone, and "
                + "nothing of it is made, changed or deleted")
        #expect(told?.hint?.hasSuffix("reconcile approve RUN --key \(Self.key)") == true)
        let web = plan.changes.first { $0.key == ResourceKey(.droplet, "web") }
        #expect(web?.hold == .unobserved)
        #expect(web?.verdictReason?.contains("leads to team 77aa-other now") == true, "\(web?.verdictReason ?? "")")
        #expect(report.observationFaults == [], "it is told once")

        // A look without a run says the same.
        let outlook = try await world.reconciler(at: another, Self.other).look()
        #expect(outlook.plan.diagnostics.contains { $0.code == "PLAN-0025" } && outlook.plan.allowedChanges.isEmpty)

        // The token put back: it is all as it was.
        world.source.set(World.tree())
        let back = await world.pass(at: world.simulator, Self.mine)
        #expect(back.isSuccess && back.plan?.changes.isEmpty == true, "\(back.story)")
        #expect(await world.holdings() == holdings)
        await world.engine.close()
    }

    @Test("What a person has approved is done by the next pass, and not asked for again")
    func isMeant() async throws {
        let world = try await World()
        _ = await world.pass(at: world.simulator, Self.mine)
        let another = try Self.account(world)
        world.time.advance(by: .hours(1))
        var report = await world.pass(at: another, Self.other)
        let request = ApprovalRequest(run: report.run.id, keys: [Self.key], reason: "moved")
        _ = try await request.make(in: world.store, by: Actor("ada"), at: world.time.now)
        report = await world.pass(at: another, Self.other)
        #expect(report.isSuccess, "\(report.story)")
        #expect(try await Self.droplets(at: another) == ["web"])
        #expect(try await world.store.lineage().accounts == ["digitalocean": "team 77aa-other"])
        #expect(try await world.store.standingApprovals().isEmpty)
        report = await world.pass(at: another, Self.other)
        #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0025" } == false, "\(report.story)")
        // Back in the first one it is asked again: an approval is of one way.
        report = await world.pass(at: world.simulator, Self.mine)
        #expect(report.withheld.contains { $0.key.description == Self.key })
        await world.engine.close()
    }

    @Test("A token that doesn't tell any more waits as well; one that never told hinders nothing")
    func tellsNothing() async throws {
        let silent = try await World()
        #expect(await silent.pass(at: silent.simulator, .refusal(403)).isSuccess)
        #expect(await silent.holdings().contains("cluster shop-pg"))
        #expect(try await silent.store.lineage().accounts.isEmpty)
        #expect(await silent.pass(at: silent.simulator, Self.mine).withheld.isEmpty)

        let report = await silent.pass(at: silent.simulator, .refusal(403))
        #expect(report.withheld.contains { $0.key.description == Self.key }, "\(report.story)")
        let told = report.plan?.diagnostics.first { $0.code == "PLAN-0025" }?.message
        #expect(told?.contains("doesn't tell any more whom it leads to, and led to team 5df3-mine") == true)
        _ = await silent.pass(PassOptions(approvals: [Self.key]), at: silent.simulator, .refusal(403))
        #expect(try await silent.store.lineage().accounts.isEmpty)
        #expect(await silent.pass(at: silent.simulator, .refusal(403)).withheld.isEmpty)
        await silent.engine.close()
    }

    @Test("Where the question fails nothing is done in that pass, nothing is asked of a person, and it heals by itself")
    func isNotAnswered() async throws {
        let world = try await World()
        #expect(await world.pass(at: world.simulator, Self.mine).isSuccess)
        world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "b"))
        let holdings = await world.holdings()
        let report = await world.pass(at: world.simulator, .refusal(500))
        #expect(await world.holdings() == holdings)
        #expect(report.observationFaults.contains { $0.hasPrefix("digitalocean: DO-") }, "\(report.story)")
        #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0025" } == false)
        let healed = await world.pass(at: world.simulator, Self.mine)
        #expect(healed.isSuccess, "\(healed.story)")
        #expect(await world.holdings().contains("database shop-pg odoo_feature_loyalty") == false)
        await world.engine.close()
    }

    @Test("A step that a crash left open is not settled by a look into another account")
    func keepsJournalOpen() async throws {
        let world = try await World()
        _ = await world.pass(at: world.simulator, Self.mine)
        world.source.set(
            World.tree(
                inventory: World.inventory.replacing(
                    "ttl: 1800}]", "ttl: 1800}, {type: TXT, name: note, data: a, ttl: 300}]"), revision: "b"))
        // The process ends as its request is on the way: whether it arrived only a look can tell.
        let fuse = Fuse(after: 100_000)
        let way = SimulatorTransport(
            simulator: world.simulator, fuse: fuse, onWrite: { while !fuse.burn("the process ends here") {} })
        _ = await world.reconciler(at: way, Self.mine).pass(PassOptions())
        let open = try await world.store.openEntries()
        try #require(!open.isEmpty)
        let another = try Self.account(world)
        world.time.advance(by: .hours(1))
        let report = await world.pass(at: another, Self.other)
        #expect(try await world.store.openEntries().map(\.key) == open.map(\.key), "\(report.story)")
        let back = await world.pass(at: world.simulator, Self.mine)
        #expect(back.isSuccess, "\(back.story)")
        #expect(try await world.store.openEntries().isEmpty)
        #expect(await world.holdings().contains("record shop.example TXT note"))
        await world.engine.close()
    }
}
