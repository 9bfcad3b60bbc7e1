import Basics
import Store
import TestKit
import Testing

@Suite("Records of secrets that were brought to a provider")
struct SecretSyncTests {
    @Test("begin as running, end once, and come back newest first", arguments: engines)
    func life(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            func record(_ actor: String, at offset: Duration) -> SecretSyncRecord {
                SecretSyncRecord(
                    provider: "supabase", target: "abcdefghijklmnopqrst", actor: actor, startedAt: start + offset)
            }
            var first = try await store.beginSecretSync(record("ada", at: .zero))
            let second = try await store.beginSecretSync(record("bob", at: .seconds(1)))
            #expect(first.id != second.id)
            first.status = .error
            first.pushed = ["A_KEY"]
            first.skipped = ["B_KEY", "C_KEY"]
            first.error = "supabase secrets.set: no luck"
            first.errorCode = "SB-0007"
            first.finishedAt = start + .seconds(2)
            try await store.finishSecretSync(first)
            var late = first
            late.status = .success
            late.finishedAt = start + .seconds(9)
            try await store.finishSecretSync(late)
            #expect(try await store.secretSyncs(limit: 10) == [second, first])
            #expect(try await store.secretSyncs(limit: 1) == [second])
        }
    }
}
