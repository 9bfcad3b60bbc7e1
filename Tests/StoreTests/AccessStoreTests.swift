import Basics
import Formats
import Store
import Testing

@Suite struct AccessStoreTests {
    private static func audit(_ action: String) -> AuditRecord {
        AuditRecord(at: start, action: action, target: "ada", actor: "test", detail: [:])
    }

    /// A token counts as long as the generation that it was given out in is the present one.
    @Test(arguments: engines)
    func `a new password, and access taken back or given again, begin a generation of tokens`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            func put(_ hash: String?, _ grants: [String]?) async throws -> Int64? {
                try await test.store.putUser("ada", passwordHash: hash, grants: grants, audit: Self.audit("put"))
                return try await test.store.user(named: "ada")?.tokenGeneration
            }
            #expect(try await put("a", ["viewer"]) == 0)
            #expect(try await put(nil, ["developer"]) == 0, "other grants end nothing")
            #expect(try await put("b", nil) == 1)
            #expect(try await test.store.disableUser("ada", audit: Self.audit("revoke")))
            #expect(try await test.store.user(named: "ada")?.tokenGeneration == 2)
            #expect(try await !test.store.disableUser("ada", audit: Self.audit("revoke")))
            #expect(try await put(nil, ["viewer"]) == 3)
            let session = try await test.store.openSession(
                SessionRecord(
                    digest: Digest(of: "cookie"), userID: try #require(try await test.store.user(named: "ada")).id,
                    createdAt: start, expiresAt: start + .hours(12), origin: "192.0.2.1"), audit: Self.audit("login"))
            #expect(try await test.store.session(session.digest, at: start)?.user.tokenGeneration == 3)
        }
    }
}
