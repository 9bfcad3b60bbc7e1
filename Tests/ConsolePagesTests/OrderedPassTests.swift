import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing
import Web

@testable import ConsoleAPI
@testable import ConsolePages

/// What people order by the API is done by the pass that they ask for.
@Suite("What is ordered is done")
struct OrderedPassTests {
    /// The example's world, and an API whose service is there and doesn't run yet.
    private struct Ordered {
        let world: ExampleWorld
        let service: Service
        let api: APIEndpoints
        let key: String
        let passes = Locked<[RunTrigger]>([])

        init() async throws {
            world = try await ExampleWorld()
            let (world, passes) = (world, passes)
            let ends = Locked<(@Sendable () -> Void)?>(nil)
            service = Service(reconciler: world.reconciler(), interval: .hours(1)) { report in
                world.knowledge.learn(report)
                let count = passes.withLock { passes in
                    passes.append(report.run.trigger)
                    return passes.count
                }
                if count == 2 { ends.withLock { $0 }?() }
            }
            let service = service
            ends.withLock { $0 = { service.requestStop() } }
            var settings = AccessSettings(isLoopback: false)
            settings.keyLimit = 0
            let access = AccessControl(store: world.store, settings: settings, time: world.time)
            key = try await access.addKey("ops", grants: [Grant(.owner)], scopes: nil, lasting: nil, by: "test")
                .key.reveal { $0 }
            api = APIEndpoints(
                APIServices(
                    store: world.store, access: access, reconciler: world.reconciler(), service: service,
                    time: world.time))
        }

        func send(_ method: String, _ path: String, _ body: Value? = nil) async throws -> (status: Int, data: Value) {
            let json = body == nil ? [] : [(name: "Content-Type", value: "application/json")]
            let response = await api.answer(
                WebRequest(
                    method: method, path: "/api/v1\(path)",
                    headers: [("Host", "ops"), ("X-API-Key", key)] + json,
                    body: body.map { Array(JSON.write($0).utf8) } ?? [], peer: "192.0.2.7"))
            return (response.status, try JSON.parse(response.body)["data"] ?? .null)
        }

        /// The last line of the audit log.
        func line() async throws -> AuditRecord { try #require(try await world.store.auditLog(limit: 1).first) }
    }

    @Test("What has ended is named, goes with the pass that a sweep asks for, and is named no more")
    func sweep() async throws {
        let ordered = try await Ordered()
        let world = ordered.world
        await world.pass()
        // One pass warns of the end; nobody makes another until it is over.
        world.time.advance(by: .days(13))
        await world.pass()
        world.time.advance(by: .days(2))
        let found = try await ordered.send("GET", "/sweep")
        let targets: Value = ["crm-rewrite", "payroll"]
        #expect(found.data["targets"] == targets, "\(found.data)")
        let ending = try #require(found.data["ending"]?[0])
        let going = ending["going"]?.listValue?.compactMap(\.stringValue) ?? []
        #expect(ending["environment"] == "crm-rewrite" && !going.isEmpty && ending["held"] == [], "\(ending)")
        let held = Set(try await world.store.inventory().entries.map(\.key.description))
        #expect(held.isSuperset(of: going))

        #expect(try await ordered.send("POST", "/sweep", ["environments": ["payroll"]]).status == 409)
        let answer = try await ordered.send("POST", "/sweep", ["environments": targets, "reason": "it is over"])
        #expect(answer.status == 202 && answer.data["environments"] == targets, "\(answer.data)")
        let line = try await ordered.line()
        #expect(line.action == "sweep.now" && line.target == "crm-rewrite payroll" && line.actor == "key:ops")
        #expect(line.detail["via"] == "api" && line.detail["from"] == "192.0.2.7", "\(line.detail)")
        #expect(line.detail["reason"] == "it is over")

        await ordered.service.run()
        #expect(ordered.passes.withLock { $0 } == [.schedule, .ttl], "the service begins with one of its own")
        let left = Set(try await world.store.inventory().entries.map(\.key.description))
        #expect(left.isDisjoint(with: going) && !left.isEmpty)
        let gone = try await ordered.send("GET", "/sweep")
        #expect(gone.status == 200 && gone.data["targets"] == [], "\(gone.data)")
        #expect(try await ordered.send("POST", "/sweep", ["environments": targets]).status == 409)
    }

    @Test("What is approved goes with the next pass, and what nobody approved stays")
    func approve() async throws {
        let ordered = try await Ordered()
        let world = ordered.world
        await world.pass()
        let path = "ssot/environments.yaml"
        let text = String(decoding: try FileSystem.read("\(Places.packageRoot)/examples/ssot/\(path)"), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "  staging:"))
        let end = try #require(lines.firstIndex(of: "  crm-rewrite:"))
        world.source.commit((lines[..<start] + lines[end...]).joined(separator: "\n"), to: path)
        // It is marked, and after its grace it asks.
        await world.pass()
        world.time.advance(by: .days(1))
        let waiting = await world.pass()
        let keys = waiting.withheld.filter { $0.verdict == .needsApproval }.map(\.key.description)
        let (record, database) = (
            "digitalocean.record/brightwater.example/A/staging", "digitalocean.database/brightwater-pg/odoo_staging"
        )
        #expect(Set(keys).isSuperset(of: [record, database]), "\(keys)")

        // `latest` is the plan of that pass, whatever was looked at since.
        await world.look()
        let body: Value = ["run": "latest", "keys": [.string(record)], "reason": "staging is over"]
        let answer = try await ordered.send("POST", "/approvals", body)
        let route = try #require(ordered.api.routes.first { $0.id == "approve" })
        #expect(answer.status == 201 && route.answer.problem(answer.data, at: "data") == nil, "\(answer.data)")
        let line = try await ordered.line()
        #expect(line.action == "change.approve" && line.target == record && line.actor == "key:ops")
        #expect(line.detail["via"] == "api" && line.detail["from"] == "192.0.2.7", "\(line.detail)")
        #expect(line.detail["reason"] == "staging is over" && line.detail["run"]?.stringValue == waiting.run.id)

        let done = await world.pass()
        let left = Set(try await world.store.inventory().entries.map(\.key.description))
        #expect(!left.contains(record) && left.contains(database))
        #expect(try await world.store.approvals(limit: 1).first?.usedBy == done.run.id)
    }
}
