import Basics
import Console
import Formats
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing
import Web

/// A database that fails or hangs when it is told to.
final class FaultyEngine: SQLEngine {
    enum Mood: Sendable {
        case well
        /// The next transactions fail before they begin.
        case away
        /// The next transaction is done, and its answer is lost.
        case losesAnswer
        /// Transactions wait for the gate.
        case hangs
        /// Transactions whose text holds this are refused.
        case refuses(String)
    }

    let inner: any SQLEngine
    let mood = Locked(Mood.well)
    let gate = Gate()
    let writes = Locked(0)

    init(_ inner: any SQLEngine) { self.inner = inner }

    var dialect: SQLDialect { inner.dialect }
    var place: String { inner.place }

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        switch mood.withLock({ $0 }) {
        case .well: break
        case .away: throw StoreFault(.unreachable, code: "STORE-0010", message: "nobody answers")
        case .losesAnswer:
            mood.withLock { $0 = .well }
            _ = try await inner.transaction(body)
            throw StoreFault(.unknown, code: "STORE-0014", message: "the answer to the commit was lost")
        case .hangs: await gate.pass()
        case .refuses(let text):
            writes.withLock { $0 += 1 }
            return try await inner.transaction { (db: any SQLConnection) throws(StoreFault) -> T in
                try body(Refusing(inner: db, text: text))
            }
        }
        writes.withLock { $0 += 1 }
        return try await inner.transaction(body)
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        if case .away = mood.withLock({ $0 }) {
            throw StoreFault(.unreachable, code: "STORE-0010", message: "nobody answers")
        }
        return try await inner.read(body)
    }

    func close() async { await inner.close() }

    private struct Refusing: SQLConnection {
        let inner: any SQLConnection
        let text: String

        func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow] {
            for case .text(let bound) in binds where bound.contains(text) && sql.contains("insert") {
                throw StoreFault(.refused, code: "STORE-0007", message: "a constraint holds it off")
            }
            return try inner.run(sql, binds)
        }
    }
}

@Suite("Hooks and a store that fails")
struct HookCrashTests {
    private func world() async throws -> (HookWorld, FaultyEngine) {
        let engine = FaultyEngine(try await SQLiteEngine.open(path: ":memory:"))
        let world = try await HookWorld.make(engine: engine)
        _ = try await world.store.migrate()
        return (world, engine)
    }

    @Test("Without the store the provider is asked to come again, and its repetition is taken")
    func storeAway() async throws {
        let (world, engine) = try await world()
        engine.mood.withLock { $0 = .away }
        let body = HookWorld.issue(7, "Mail", minute: 1)
        let refused = await world.gitHub("issues", body, id: "1")
        #expect(refused.status == 503 && refused.json["error"]?.stringValue?.contains("STORE-0010") == true)
        #expect(world.count("unavailable") == 1)
        await #expect(throws: StoreFault.self) { try await world.processor.work() }
        engine.mood.withLock { $0 = .well }
        #expect(await world.gitHub("issues", body, id: "1").status == 202)
        // The commit is done and nobody knows: the repetition finds it.
        engine.mood.withLock { $0 = .losesAnswer }
        #expect(await world.gitHub("issues", body, id: "2").status == 503)
        #expect(await world.gitHub("issues", body, id: "2").status == 200)
        #expect(try await world.processor.work() == 2)
        #expect(try await world.rows("select title from ops.work_items") == [["Mail"]])
        await world.close()
    }

    @Test("A store that hangs holds nobody up: who waits is told in time, and who comes then is told at once")
    func storeHangs() async throws {
        let (world, engine) = try await world()
        engine.mood.withLock { $0 = .hangs }
        async let first = world.gitHub("issues", HookWorld.issue(1, "a", minute: 1), id: "1")
        #expect(await eventually { world.time.sleeperCount == 1 })
        async let second = world.gitHub("issues", HookWorld.issue(2, "b", minute: 1), id: "2")
        let time = world.time
        time.advance(by: .milliseconds(2_499))
        time.advance(by: .milliseconds(1))
        #expect(await first.status == 503)
        #expect(await second.status == 503)
        let third = await world.gitHub("issues", HookWorld.issue(3, "c", minute: 1), id: "3")
        #expect(third.status == 503 && third.json["error"]?.stringValue?.contains("HOOK-0004") == true)
        engine.mood.withLock { $0 = .well }
        engine.gate.open()
        #expect(
            await eventually { await world.gitHub("issues", HookWorld.issue(4, "d", minute: 1), id: "4").status != 503 }
        )
        // The one that hung was kept in the end.
        let kept = try await world.deliveries().map(\.deliveryID)
        #expect(kept.contains("1") && kept.contains("4") && !kept.contains("3"), "\(kept)")
        await world.close()
    }

    @Test(
        "Whoever dies at any point of the work, the next one ends it, and does no more than once would",
        arguments: 0..<3)
    func dies(_ point: Int) async throws {
        let (world, engine) = try await world()
        _ = await world.gitHub("push", #"{"repository": {"full_name": "acme/odoo"}}"#, id: "p")
        _ = await world.gitHub("issues", HookWorld.issue(7, "Mail", minute: 1), id: "1")
        switch point {
        case 0: break
        // After the claim: it is never settled.
        case 1: _ = try await world.store.claimDeliveries(limit: 9, holder: "dead", lasting: .minutes(1))
        // After the work: the settlement's answer is lost.
        default:
            let claims = try await world.store.claimDeliveries(limit: 9, holder: "dead", lasting: .minutes(1))
            engine.mood.withLock { $0 = .losesAnswer }
            let item = WorkItemRecord(
                reference: "github:Acme/odoo#7", system: "github", externalID: "7", project: "Acme/odoo", title: "Mail",
                status: "open", assignee: "ada", url: nil, updatedAt: Timestamp(seconds: 1_771_990_060))
            await #expect(throws: StoreFault.self) {
                try await world.store.settle([
                    DeliverySettlement(claims[0], .processed),
                    DeliverySettlement(claims[1], .processed, effect: .workItem(item)),
                ])
            }
        }
        // Another process, on the same store.
        let next = try await HookWorld.make(engine: engine, time: world.time)
        if point == 1 {
            #expect(try await next.processor.work() == 0, "the claim still holds")
            world.time.advance(by: .seconds(61))
        }
        #expect(try await next.processor.work() == (point == 2 ? 0 : 2))
        #expect(next.wakeup.isRaised == (point != 2))
        #expect(try await next.rows("select title, status from ops.work_items") == [["Mail", "open"]])
        #expect(try await next.deliveries().map(\.state) == [.processed, .processed])
        await world.close()
    }

    @Test("A delivery on which every process dies is given up")
    func poison() async throws {
        let (world, _) = try await world()
        _ = await world.gitHub("issues", HookWorld.issue(7, "Mail", minute: 1), id: "1")
        for _ in 0..<HookProcessor.attemptLimit {
            #expect(try await world.store.claimDeliveries(limit: 1, holder: "x", lasting: .minutes(1)).count == 1)
            world.time.advance(by: .minutes(2))
        }
        try await world.processor.work()
        #expect(try await world.deliveries().map(\.errorCode) == ["HOOK-0002"])
        #expect(try await world.deliveries().map(\.state) == [.dead])
        await world.close()
    }

    @Test("A change that the store refuses is tried again with growing pauses, holds nobody up, and dies in the end")
    func refusal() async throws {
        let (world, engine) = try await world()
        _ = await world.gitHub("issues", HookWorld.issue(7, "bad one", minute: 1), id: "bad")
        _ = await world.gitHub("issues", HookWorld.issue(8, "good one", minute: 1), id: "good")
        engine.mood.withLock { $0 = .refuses("bad one") }
        try await world.processor.work()
        #expect(try await world.deliveries().map(\.state) == [.failed, .processed])
        var waits: [Duration] = []
        for _ in 0..<40 {
            guard let bad = try await world.deliveries().first, bad.state == .failed else { break }
            waits.append(bad.availableAt - world.time.now)
            world.time.advance(by: bad.availableAt - world.time.now)
            try await world.processor.work()
        }
        let bad = try #require(try await world.deliveries().first)
        #expect(bad.state == .dead && bad.errorCode == "STORE-0007" && bad.attempts == HookProcessor.attemptLimit)
        #expect(waits.count == HookProcessor.attemptLimit - 1 && waits == waits.sorted(), "\(waits)")
        #expect(waits[0] >= .seconds(10) && waits[6] <= .minutes(30))
        engine.mood.withLock { $0 = .well }
        let audit = AuditRecord(
            at: world.time.now, action: "hooks.retry", target: bad.id, actor: "ada", detail: .object([:]))
        #expect(try await world.store.retryDelivery(bad.id, audit: audit))
        try await world.processor.work()
        #expect(try await world.rows("select title from ops.work_items order by title") == [["bad one"], ["good one"]])
        await world.close()
    }

    @Test("One delivery that the store won't have doesn't take those with it that came at the same time")
    func badCompany() async throws {
        let (world, engine) = try await world()
        engine.mood.withLock { $0 = .refuses("poison") }
        let statuses = await withTaskGroup(of: (String, Int).self) { group in
            for number in 0..<20 {
                let id = number == 7 ? "poison" : "d\(number)"
                group.addTask {
                    (id, await world.gitHub("issues", HookWorld.issue(number, "x", minute: 1), id: id).status)
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(statuses["poison"] == 503)
        #expect(statuses.values.count { $0 == 202 } == 19)
        #expect(engine.writes.withLock { $0 } < 60)
        await world.close()
    }
}
