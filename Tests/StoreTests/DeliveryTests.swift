import Basics
import Formats
import Store
import TestKit
import Testing

/// A delivery with an id at its provider.
func delivery(
    _ id: String, provider: String = "github", event: String = "issues.opened", lane: DeliveryRecord.Lane = .record,
    body: String = "{}", at offset: Duration = .zero
) -> DeliveryRecord {
    DeliveryRecord(
        provider: provider, deliveryID: id, event: event, scope: "acme/odoo", lane: lane,
        headers: .object(["x-b": "2", "x-a": "1"]), body: body, bodyDigest: Digest(of: body),
        bodyBytes: body.utf8.count, receivedAt: start + offset)
}

@Suite("The ledger of deliveries")
struct DeliveryTests {
    @Test("keeps each delivery once, whoever brings it again and however it differs", arguments: engines)
    func keepsOnce(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            let first = try await store.keep([delivery("a", body: "{\"n\": 1}"), delivery("b"), delivery("a")])
            #expect(first.map(\.isDuplicate) == [false, false, true])
            #expect(first[2].id == first[0].id)
            let again = try await store.keep([delivery("a", event: "other"), delivery("a", provider: "plane")])
            #expect(again.map(\.isDuplicate) == [true, false])
            let kept = try await store.deliveries(limit: 10)
            #expect(kept.map(\.deliveryID) == ["a", "b", "a"])
            let oldest = try #require(kept.last)
            #expect(oldest.event == "issues.opened" && oldest.body == "{\"n\": 1}")
            #expect(oldest.headers == .object(["x-a": "1", "x-b": "2"]))
            #expect(oldest.bodyDigest == Digest(of: "{\"n\": 1}") && oldest.receivedAt == start)
            #expect(try await store.deliveries(matching: oldest.id).map(\.id) == [oldest.id])
            #expect(try await store.deliveries(matching: "b").map(\.deliveryID) == ["b"])
            #expect(try await store.deliveries(matching: "%").isEmpty)
            #expect(try await store.deliveries(limit: 10, provider: "plane").map(\.provider) == ["plane"])
            #expect(try await store.deliveries(limit: 10, states: [.dead, .failed]).isEmpty)
        }
    }

    @Test("gives out hints first and then in order; a claim that runs out is given again", arguments: engines)
    func claims(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            _ = try await store.keep([
                delivery("1"), delivery("2"), delivery("3", event: "push", lane: .hint), delivery("4"),
            ])
            let mine = try await store.claimDeliveries(limit: 3, holder: "a", lasting: .seconds(60))
            #expect(mine.map(\.delivery.deliveryID) == ["3", "1", "2"])
            #expect(mine.allSatisfy { $0.delivery.attempts == 1 })
            let theirs = try await store.claimDeliveries(limit: 3, holder: "b", lasting: .seconds(60))
            #expect(theirs.map(\.delivery.deliveryID) == ["4"])
            #expect(try await store.claimDeliveries(limit: 3, holder: "c", lasting: .seconds(60)).isEmpty)
            #expect(try await store.settle([DeliverySettlement(theirs[0], .processed)]) == [.unchanged])

            // The holder died, and its time is over.
            world.time.advance(by: .seconds(61))
            let again = try await store.claimDeliveries(limit: 9, holder: "c", lasting: .seconds(60))
            #expect(again.map(\.delivery.deliveryID) == ["3", "1", "2"])
            #expect(again.allSatisfy { $0.delivery.attempts == 2 })
            // It wakes up after all, and comes too late: nothing of it is written.
            #expect(try await store.settle([DeliverySettlement(mine[0], .dead(code: "X", reason: "x"))]) == [nil])
            let item = workItem(1, "late")
            #expect(
                try await store.settle([DeliverySettlement(mine[1], .processed, effect: .workItem(item))]) == [nil])
            #expect(try await world.rows("select 1 from ops.work_items").isEmpty)
            #expect(
                try await store.settle(again.map { DeliverySettlement($0, .ignored(reason: "no use")) })
                    == [.unchanged, .unchanged, .unchanged])
            #expect(try await store.deliveries(limit: 9).map(\.state) == [.processed, .ignored, .ignored, .ignored])
        }
    }

    @Test(
        "tries again when it is due, gives up, is brought back by a person, and forgets in the end", arguments: engines)
    func retries(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            let ids = try await store.keep([delivery("1"), delivery("2", provider: "plane")]).map(\.id)
            var claims = try await store.claimDeliveries(limit: 9, holder: "a", lasting: .seconds(60))
            let retryAt = start + .minutes(5)
            _ = try await store.settle([
                DeliverySettlement(claims[0], .failed(code: "STORE-0007", reason: "not now", retryAt: retryAt)),
                DeliverySettlement(claims[1], .dead(code: "HOOK-0001", reason: "it lacks its body")),
            ])
            var queue = try await store.deliveryQueue()
            #expect(queue.waiting == ["github": 1] && queue.dead == ["plane": 1] && queue.oldest == start)
            world.time.advance(by: .minutes(4))
            #expect(try await store.claimDeliveries(limit: 9, holder: "a", lasting: .seconds(60)).isEmpty)
            world.time.advance(by: .minutes(1))
            claims = try await store.claimDeliveries(limit: 9, holder: "a", lasting: .seconds(60))
            #expect(claims.map(\.delivery.reason) == ["not now"])
            #expect(claims.map(\.delivery.errorCode) == ["STORE-0007"])
            _ = try await store.settle([DeliverySettlement(claims[0], .processed)])

            let audit = AuditRecord(
                at: world.time.now, action: "hooks.retry", target: ids[1], actor: "ada", detail: .object(["a": "b"]))
            #expect(try await store.retryDelivery(ids[1], audit: audit))
            #expect(try await !store.retryDelivery(ids[0], audit: audit), "what is done is not done again")
            #expect(try await store.auditLog(limit: 9).map(\.target) == [ids[1]])
            claims = try await store.claimDeliveries(limit: 9, holder: "a", lasting: .seconds(60))
            #expect(claims.map(\.delivery.attempts) == [1])
            _ = try await store.settle([DeliverySettlement(claims[0], .dead(code: "HOOK-0001", reason: "again"))])

            world.time.advance(by: .days(31))
            #expect(try await store.forgetDeliveries(before: world.time.now - .days(30)) == 1)
            #expect(try await store.deliveries(limit: 9).map(\.state) == [.dead], "the dead stay")
            queue = try await store.deliveryQueue()
            #expect(queue.depth == 0 && queue.oldest == nil)
        }
    }

    @Test("is worked on by several processes without one delivery being given twice", arguments: engines)
    func isShared(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            _ = try await world.store.keep((0..<60).map { delivery("d\($0)") })
            let others = try await [world.another(), world.another()]
            let stores = [world.store] + others.map { Store(engine: $0, time: world.time) }
            let taken = try await withThrowingTaskGroup(of: [String].self) { group in
                for (number, store) in stores.enumerated() {
                    group.addTask {
                        var taken: [String] = []
                        while true {
                            let claims = try await store.claimDeliveries(
                                limit: 7, holder: "h\(number)", lasting: .seconds(60))
                            guard !claims.isEmpty else { return taken }
                            taken += claims.map(\.delivery.deliveryID)
                            _ = try await store.settle(claims.map { DeliverySettlement($0, .processed) })
                        }
                    }
                }
                var all: [String] = []
                for try await some in group { all += some }
                return all
            }
            #expect(taken.count == 60 && Set(taken).count == 60)
            for other in others { await other.close() }
        }
    }
}
