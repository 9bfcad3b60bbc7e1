import Basics
import Store
import TestKit
import Testing

@Suite struct BudgetTests {
    @Test(arguments: engines)
    func `no change of an account is lost between processes, and each credential has its own`(
        dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let second = try await test.another()
            let stores = [test.store, Store(engine: second, time: test.time)]
            _ = await (0..<60).mapBounded(limit: 8) { index in
                try? await stores[index % 2].changeBudget(of: "digitalocean a") { text in
                    let count = (Int(text) ?? 0) + 1
                    return (String(count), count)
                }
            }
            #expect(try await test.store.budget(of: "digitalocean a") == "60")
            #expect(try await test.store.budget(of: "digitalocean b") == "")
            await second.close()
        }
    }
}
