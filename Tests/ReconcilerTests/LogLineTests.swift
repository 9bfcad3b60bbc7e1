import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import Testing

@Suite("Lines of the log as a pass writes them")
struct LogLineTests {
    @Test("A step is found by its environment, and says of what it was and what became of it")
    func steps() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        let all = try await world.store.logPage(LogFilter(), limit: 1_000).rows.filter { $0.type == "step" }
        var filter = LogFilter()
        filter.environment = "feature-loyalty"
        let own = try await world.store.logPage(filter, limit: 1_000).rows.filter { $0.type == "step" }
        #expect(!own.isEmpty && own.count < all.count)
        #expect(own == all.filter { $0.environment == "feature-loyalty" })
        for line in all {
            let key = try #require(line.payload["key"]?.stringValue)
            #expect(line.message.contains(key) && line.message.hasSuffix(" done"), "\(line.message)")
        }
        // What the inventory says is an environment's is filed under it.
        let entries = try await world.store.inventory().entries
        let owners = Dictionary(entries.map { ($0.key.description, $0.environment) }, uniquingKeysWith: { a, _ in a })
        for line in all where owners.keys.contains(line.payload["key"]?.stringValue ?? "") {
            #expect(line.environment == owners[line.payload["key"]?.stringValue ?? ""] ?? nil, "\(line.message)")
        }
    }
}
