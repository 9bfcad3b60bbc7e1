import Basics
import Formats
import Store
import Testing

@Suite("What several services write under one key")
struct SharedStateTests {
    @Test("Two services that begin to fail at once are both remembered", arguments: engines)
    func failTogether(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            let other = try await test.another()
            let second = Store(engine: other, time: test.time)
            func fail(_ name: String, in store: Store) async throws {
                try await store.noteFailing(
                    name, Notice(.serviceFailing, of: name, environment: nil, at: start, dedupe: name)
                ) { _ in
                    false
                }
            }
            for round in 0..<20 {
                try await test.store.setBookmark("service.failing", nil)
                async let one: Void = fail("a\(round)", in: test.store)
                async let two: Void = fail("b\(round)", in: second)
                _ = try await (one, two)
                #expect(try await test.store.bookmark("service.failing")?.listValue?.count == 2, "round \(round)")
            }
            await other.close()
        }
    }
}
