import Basics
import DesiredState
import Diff
import Formats
import Store
import Testing

@Suite("Several processes share the work on a store by shards")
struct ShardTests {
    private static func claim(
        _ store: Store, of count: Int = 4, _ name: String, run number: Int = 1, isService: Bool = true,
        gone: Set<String> = [], _ choose: @escaping @Sendable ([String]) -> [Int]
    ) async throws -> ShardClaim {
        try await store.claimShards(
            of: count, holder: "\(name)/\(runID(number))", service: isService ? name : nil, lasting: .minutes(1),
            isOver: { holder in gone.contains { holder.hasPrefix($0) } }, choose: choose)
    }

    @Test("each shard is held once, by a token that grows, and given back or left it is another's", arguments: engines)
    func isHeldOnce(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            let first = try await Self.claim(store, "a/1") { _ in [0, 2] }
            #expect(first.leases.map(\.name) == ["reconcile", "reconcile/2"] && first.refused == nil)
            let seen = Locked<[String]>([])
            let second = try await Self.claim(store, "b/1", run: 2) { services in
                seen.withLock { $0 = services }
                return [2, 3]
            }
            #expect(seen.withLock { $0 } == ["a/1", "b/1"])
            #expect(second.leases.map(\.name) == ["reconcile/3"] && second.refused?.holder == "a/1/\(runID(1))")
            // What is gone on this machine is taken at once.
            let third = try await Self.claim(store, "c/1", run: 3, gone: ["b/1"]) { _ in [3] }
            #expect(third.leases.map(\.token) == [2])
            await #expect { try await store.renewLeases(second.leases) } throws: {
                ($0 as? StoreFault)?.kind == .fenced
            }
            try await store.releaseLeases(first.leases)
            #expect(try await Self.claim(store, "b/1", run: 4) { _ in [0, 1, 2] }.leases.count == 3)
            test.time.advance(by: .minutes(2))
            let late = try await Self.claim(store, "d/1", run: 5) { services in services == ["d/1"] ? [0, 1, 2, 3] : []
            }
            #expect(late.leases.count == 4)
        }
    }

    @Test("who lost one of its shards writes nothing more, in whatever order the rows lie", arguments: engines)
    func isFenced(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let claim = try await Self.claim(test.store, "a/1") { _ in [0, 1, 2] }
            let fenced = test.store.fenced(by: claim.leases)
            try await fenced.changeInventory([.put(owned("x"))])
            try await test.store.renewLeases(claim.leases)
            try await fenced.confirmLeases(claim.leases)
            test.time.advance(by: .minutes(2))
            #expect(try await Self.claim(test.store, "b/1", run: 2) { _ in [1] }.leases.count == 1)
            await #expect { try await fenced.changeInventory([.remove(key("x"))]) } throws: {
                ($0 as? StoreFault)?.code == "STORE-0028"
            }
            await #expect { try await fenced.confirmLeases(claim.leases) } throws: {
                ($0 as? StoreFault)?.kind == .fenced
            }
            #expect(try await test.store.inventory().entries.map(\.key) == [key("x")])
        }
    }

    @Test("all have to count alike; another number holds when nobody works by the old one", arguments: engines)
    func agree(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            let first = try await Self.claim(store, of: 1, "a/1", isService: false) { _ in [0] }
            #expect(try await Self.claim(store, of: 4, "b/1") { _ in [1] }.conflict == 1)
            try await store.releaseLeases(first.leases)
            let second = try await Self.claim(store, of: 4, "b/1") { _ in [1] }
            #expect(second.conflict == nil && second.leases.count == 1)
            // What it held by the old number is void, although nobody else has taken the row since.
            let fenced = store.fenced(by: first.leases)
            await #expect { try await fenced.changeInventory([.put(owned("x"))]) } throws: {
                ($0 as? StoreFault)?.kind == .fenced
            }
            try await store.releaseLeases(second.leases)
            // Between two passes of a service, too, its number holds; and who counts otherwise gives no sign.
            #expect(try await Self.claim(store, of: 1, "a/1", isService: false) { _ in [0] }.conflict == 4)
            try await store.keepService("c/1", shards: 2, lasting: .minutes(5))
            #expect(try await store.shardStanding().services.map(\.holder) == ["b/1"])
            try await store.endService("b/1")
            #expect(try await Self.claim(store, of: 2, "c/1") { $0 == ["c/1"] ? [0, 1] : [] }.leases.count == 2)
        }
    }

    @Test("a step begins only where nobody else is at it and it is ours by the store's own word", arguments: engines)
    func intends(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            for number in 1...3 { try await store.beginRun(run(number)) }
            #expect(try await store.intend(entry("x", run: 1)) { _ in true })
            #expect(try await store.intend(entry("x", run: 2)) { _ in true } == false)
            #expect(try await store.intend(entry("y", run: 2)) { _ in true })
            var done = entry("x", run: 1, state: .done)
            done.finishedAt = start
            try await store.settle(done, inventory: .put(owned("x")))
            // It is of the environment `dev` now.
            #expect(try await store.intend(entry("x", run: 2)) { $0 != "dev" } == false)
            #expect(try await store.intend(entry("x", run: 3)) { $0 == "dev" })
            #expect(
                try await store.openEntries().map { "\($0.key.name) \($0.runID)" }.sorted() == [
                    "x \(runID(3))", "y \(runID(2))",
                ])
        }
    }

    @Test("a run that holds a shard is not ended by one that holds another", arguments: engines)
    func abandons(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            for number in 1...3 { try await store.beginRun(run(number, phase: .applying)) }
            _ = try await Self.claim(store, "a/1", run: 1) { _ in [0] }
            _ = try await Self.claim(store, "b/1", run: 2) { _ in [1] }
            #expect(try await store.abandonRuns(except: runID(2), at: start).map(\.id) == [runID(3)])
            #expect(try await store.run(matching: runID(1))?.phase == .applying)
        }
    }

    @Test("each writes only its own differences, and resolves no other's", arguments: engines)
    func drifts(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            try await store.beginRun(run(1))
            let items = [drift("a"), drift("b")]
            let opened = try await store.recordDrift(
                items, runID: runID(1), at: start, isOurs: { key, _ in key.name == "a" }
            ) { _, _ in true }
            #expect(opened.opened == 1)
            let other = try await store.recordDrift(
                [items[1]], runID: runID(1), at: start, isOurs: { key, _ in key.name == "b" }
            ) { _, _ in true }
            #expect(other == DriftDelta(opened: 1, changed: 0, resolved: 0))
            let gone = try await store.recordDrift(
                [], runID: runID(1), at: start, isOurs: { key, environment in key.name == "a" && environment == "dev" }
            ) { _, _ in true }
            #expect(gone.resolved == 1)
            #expect(try await store.openDrift().map(\.key.name) == ["b"])
        }
    }

    @Test("what each service says stands beside what the others say, until it ends", arguments: engines)
    func says(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            for name in ["a/1", "b/1"] { _ = try await Self.claim(store, name) { _ in [] } }
            let next = start + .minutes(5)
            for (name, failures) in [("a/1", 0), ("b/1", 4)] {
                let isAside = failures > 0
                try await store.note(
                    ServiceSign(holder: name, nextPassAt: next, failures: failures, at: start, isAside: isAside))
            }
            let standing = try await store.shardStanding()
            #expect(standing.count == 4 && standing.services.map(\.failures) == [0, 4])
            #expect(standing.services.map(\.isAside) == [false, true])
            #expect(standing.services.map(\.nextPassAt) == [next, next])
            // Who stands aside has no share in the others' eyes, and a sign of life doesn't change that.
            try await store.keepService("b/1", shards: 4, lasting: .minutes(1), isAside: true)
            let seen = Locked<[String]>([])
            _ = try await Self.claim(store, "a/1", run: 2) { services in
                seen.withLock { $0 = services }
                return []
            }
            #expect(seen.withLock { $0 } == ["a/1"])
            // The latest word is that of the second one: only its own end takes it back.
            try await store.endService("a/1")
            #expect(try await store.serviceSign()?.nextPassAt == next)
            try await store.endService("b/1")
            #expect(try await store.serviceSign()?.nextPassAt == nil)
            #expect(try await store.shardStanding().services.isEmpty)
        }
    }

    @Test("of two that want all, one gets it: nothing is kept beyond what the other holds", arguments: engines)
    func wantsAll(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            func all(_ name: String, _ number: Int) async throws -> ShardClaim {
                try await Self.claim(store, name, run: number, isService: false) { _ in [0, 1, 2, 3] }
            }
            // A service is at work on one: what is free beside it is kept.
            let service = try await Self.claim(store, "s/1", run: 9) { _ in [1] }
            let first = try await all("a/1", 1)
            #expect(first.leases.map(\.name) == ["reconcile", "reconcile/2", "reconcile/3"] && first.refused != nil)
            // Another person holds the first one: this one keeps nothing.
            let second = try await all("b/1", 2)
            #expect(second.leases.isEmpty && second.refused?.holder == "a/1/\(runID(1))")
            try await store.releaseLeases(service.leases)
            // Whoever asks again has all of it, and what it had before by a new token.
            let whole = try await all("a/1", 1)
            #expect(whole.leases.count == 4 && whole.refused == nil && whole.left.isEmpty)
            try await store.confirmLeases(whole.leases)
            await #expect { try await store.confirmLeases(first.leases) } throws: {
                ($0 as? StoreFault)?.kind == .fenced
            }
        }
    }
}
