import Basics
import DesiredState
import Diff
import Formats
import HTTPClient
import Reconciler
import Simulator
import SimulatorKit
import Store
import StoreSQLite
import Testing

@testable import FaultKit

@Suite("When nobody wants anything else any more")
struct StabilityTests {
    private static let wishes: [Wish] = [
        Wish(branches: ["main", "feature/one"]), Wish(size: "s-2vcpu-4gb", hasNote: true), Wish(ttl: 300),
        Wish(branches: ["main", "feature/one", "feature/two"], hasNote: true),
        Wish(image: "ubuntu-24-04-x64", ttl: 60, branches: ["main", "feature/two"]),
    ]

    private static func life(_ wish: Wish = Wish()) async throws -> Lifetime {
        Lifetime(try await Installation(Setup(wish: wish)), Scenario(name: "test", inputs: []), [], mutant: Sound())
    }

    @Test("a thousand passes write nothing to any provider, and nothing to what the store remembers of the world")
    func staysQuiet() async throws {
        let count = 1_000
        let life = try await Self.life()
        let first = await life.passes(2)
        #expect(first.gate.count(.write) > 5)
        let before = try await Self.memory(life.world)
        let quiet = await life.passes(count)
        #expect(quiet.gate.count(.write) == 0)
        let reports = quiet.reports.withLock { $0 }
        #expect(reports.count == count)
        #expect(reports.allSatisfy { if case .succeeded = $0.outcome { $0.journal.isEmpty } else { false } })
        let after = try await Self.memory(life.world)
        #expect(after.lines.subtracting(before.lines) == [] && before.lines.subtracting(after.lines) == [])
        #expect(before.rows.keys.sorted() == after.rows.keys.sorted() && before.rows.count > 30)
        for (table, telling) in Self.telling {
            let (old, new) = (try #require(before.rows[table], "\(table) is no table"), after.rows[table] ?? 0)
            #expect(
                Double(new - old) <= telling.rowsPerPass * Double(count) && new >= old,
                "\(table), left out for \(telling.why), had \(old) rows and has \(new)")
        }
    }

    /// A table that is not compared row by row: why, and by how many rows each pass may make it longer.
    private struct Telling {
        let why: String
        let rowsPerPass: Double

        init(_ why: String, _ rowsPerPass: Double = 0) {
            self.why = why
            self.rowsPerPass = rowsPerPass
        }
    }

    /// All that is not the same after a pass that had nothing to do: each other table of the store is compared, also one that
    /// is made tomorrow.
    private static let telling: [String: Telling] = [
        "runs": Telling("a pass is a run", 1), "run_events": Telling("it tells what a run did in which order", 3),
        "plans": Telling("a run has a plan", 1),
        "artifacts": Telling("it shows the plan of a run to other programs", 1),
        "evidence_chain": Telling("a run is a link of it", 1),
        "leases": Telling("it says who holds each and until when, and its tokens only grow"),
        // Once an hour: a sixtieth of a pass, and somewhat more.
        "do_ingest_runs": Telling("it says once an hour that the inventory was kept", 0.05),
        "do_droplets": Telling("it says when each was last seen"),
        "do_databases": Telling("it says when each was last seen"),
        "do_firewalls": Telling("it says when each was last seen"),
    ]

    /// Bookmarks of which the same holds: the word of the service on its next pass, and what is looked at once an hour.
    private static let tellingBookmarks = ["service", "ingest.", "look/"]

    /// Every row of every table of the schema but those, and how many rows each table has.
    private static func memory(_ world: Installation) async throws -> (lines: Set<String>, rows: [String: Int]) {
        try await world.engine.read {
            (db: any SQLConnection) throws(StoreFault) -> (lines: Set<String>, rows: [String: Int]) in
            var lines: Set<String> = []
            var rows: [String: Int] = [:]
            for name in try db.run(
                "select name from ops.sqlite_schema where type = 'table' and name not like 'sqlite%'", [])
            {
                let table = try name.text(0)
                let found = try db.run("select * from ops.\(table)", [])
                rows[table] = found.count
                guard telling[table] == nil else { continue }
                for row in found {
                    let bookmark = table == "reconcile_state" ? try row.text(0) : ""
                    if !tellingBookmarks.contains(where: bookmark.hasPrefix) { lines.insert("\(table) \(row.values)") }
                }
            }
            return (lines, rows)
        }
    }

    @Test("a turn of the others is over before the next pass begins, and none comes after the last")
    func turnsStandAlone() async throws {
        let world = try await Installation(Setup())
        let gate = EffectGate()
        let turns = Locked(0)
        let disturbed = Locked(0)
        let process = ServiceProcess(world, gate: gate, host: "alpha", number: 5_000_001, shards: 3, mutant: Sound()) {
            let turn = turns.withLock { turns in
                turns += 1
                return turns
            }
            // Others take their time, in which the process does nothing.
            let before = gate.points.count
            for _ in 0..<1_000 { await Task.yield() }
            if gate.points.count != before { disturbed.withLock { $0 += 1 } }
            guard turn < 4 else { return .stop }
            return .hooks([ServiceProcess.hook, ServiceProcess.hook, ServiceProcess.hook])
        }
        await process.run()
        for _ in 0..<1_000 { await Task.yield() }
        #expect(turns.withLock { $0 } == 4)
        #expect(disturbed.withLock { $0 } == 0)
        // One at first, and after each turn one for the first hook and one for those that arrive in its midst.
        #expect(process.reports.withLock { $0.count } == 7)
    }

    @Test("the way there doesn't matter: A, B, C ends as A, C", arguments: 0..<5)
    func pathsMeet(_ last: Int) async throws {
        let straight = try await Self.life()
        _ = await straight.passes(1)
        straight.world.repository.push(Self.wishes[last].tree)
        _ = await straight.passes(2)
        for (index, detour) in Self.wishes.enumerated() where index != last {
            let life = try await Self.life()
            _ = await life.passes(1)
            life.world.repository.push(detour.tree)
            _ = await life.passes(1)
            life.world.repository.push(Self.wishes[last].tree)
            _ = await life.passes(2)
            let difference = Holdings(life.world.simulator).difference(from: Holdings(straight.world.simulator))
            #expect(difference == nil, "over \(index) to \(last)")
        }
    }

    @Test("somebody who sets an attribute back each time is named, and left alone for longer and longer")
    func fightsEnd() async throws {
        let life = try await Self.life()
        _ = await life.passes(1)
        let record = try await Self.record(life.world)
        let other: @Sendable () async -> Void = { await Self.set(record, ttl: 60, in: life.world) }
        await other()
        // Three hours and a third, a pass a minute: three times, and then after one hour and after two.
        let fighting = await life.passes(200, meanwhile: other)
        #expect((4...6).contains(fighting.gate.count(.write)), "\(fighting.gate.count(.write)) writes")
        let report = try #require(fighting.reports.withLock { $0.last })
        let change = try #require(report.plan?.changes.first { $0.key.kind == .record })
        #expect(change.verdict == .blocked && change.hold == .contested)
        #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0016" && $0.message.contains("ttl") } == true)

        // Another process remembers it.
        let restarted = await life.passes(1)
        #expect(restarted.gate.count(.write) == 0)
        // What a commit wants is done at once.
        life.world.repository.push(Wish(ttl: 900).tree)
        let obeying = await life.passes(1)
        #expect(obeying.gate.count(.write) == 1)

        // The other one gives up; in the end nobody speaks of it any more.
        life.world.time.advance(by: .days(3))
        let peaceful = await life.passes(2)
        #expect(peaceful.reports.withLock { $0.last?.plan?.changes.isEmpty } == true)
    }

    private static let authorization = HTTPHeader("Authorization", "Bearer somebody-else")

    private static func record(_ world: Installation) async throws -> Int64 {
        let answer = try await InProcessTransport(world.simulator).send(
            HTTPRequest(
                "GET", "http://digitalocean.test/v2/domains/shop.example/records?type=A", headers: [authorization]))
        let records = try JSON.parse(answer.body)["domain_records"]?.listValue ?? []
        return try #require(records.first { $0["name"]?.stringValue == "@" }?["id"]?.intValue)
    }

    private static func set(_ record: Int64, ttl: Int, in world: Installation) async {
        _ = try? await InProcessTransport(world.simulator).send(
            HTTPRequest(
                "PATCH", "http://digitalocean.test/v2/domains/shop.example/records/\(record)",
                headers: [authorization, HTTPHeader("Content-Type", "application/json")],
                body: Array("{\"type\":\"A\",\"ttl\":\(ttl)}".utf8)))
    }
}
