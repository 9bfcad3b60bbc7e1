import Basics
import DesiredState
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
            #expect(try await test.store.disableUser("ada", audit: Self.audit("revoke")) == AccessLoss.none)
            #expect(try await test.store.user(named: "ada")?.tokenGeneration == 2)
            #expect(try await test.store.disableUser("ada", audit: Self.audit("revoke")) == nil)
            #expect(try await put(nil, ["viewer"]) == 3)
            let session = try await test.store.openSession(
                SessionRecord(
                    digest: Digest(of: "cookie"), userID: try #require(try await test.store.user(named: "ada")).id,
                    createdAt: start, expiresAt: start + .hours(12), origin: "192.0.2.1"), audit: Self.audit("login"))
            #expect(try await test.store.session(session.digest, at: start)?.user.tokenGeneration == 3)
        }
    }

    /// Who takes the approval's giver the right to approve.
    enum Loss: CaseIterable { case user, role, key, otherRole }

    @Test(arguments: engines, Loss.allCases)
    func `who may approve no more has approved nothing, and the keys that they made are named`(
        _ dialect: SQLDialect, _ loss: Loss
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            try await store.putUser("ada", passwordHash: nil, grants: ["owner"], audit: Self.audit("put"))
            func key(_ name: String, by actor: String, until end: Timestamp? = nil) async throws {
                _ = try await store.addKey(
                    KeyAccount(
                        name: name, digest: Digest(of: name), grants: ["admin"], scopes: nil, createdAt: start,
                        createdBy: actor, expiresAt: end), audit: Self.audit("key"))
            }
            try await key("ops", by: "ada")
            try await key("over", by: "ada", until: start)
            try await key("ci", by: "key:ops")
            func approve(_ name: String, by actor: String) async throws -> String {
                try await store.grant([
                    ApprovalRecord(
                        runID: "0198c0de-0000-7000-8000-000000000001", key: ResourceKey(.droplet, name),
                        action: "delete", change: Digest(of: name), approvedBy: actor, createdAt: start,
                        expiresAt: start + .days(30))
                ])[0].id
            }
            let hers = try await approve("hers", by: "ada")
            let used = try await approve("used", by: "ada")
            try await store.useApprovals([used], runID: "run-1")
            let keys = try await approve("keys", by: "key:ops")
            let others = try await approve("others", by: "bob")

            let audit = Self.audit("less")
            let lost: AccessLoss?
            switch loss {
            case .user: lost = try await store.disableUser("ada", audit: audit)
            case .key: lost = try await store.revokeKey("ops", audit: audit)
            case .role, .otherRole:
                lost = try await store.putUser(
                    "ada", passwordHash: nil, grants: ["viewer"], isLess: loss == .role,
                    losesApprovals: loss == .role, audit: audit
                ).loss
            }
            let taken: (String, String?, [String]) =
                switch loss {
                case .user, .role: ("droplet/hers", hers, ["ops"])
                case .key: ("droplet/keys", keys, ["ci"])
                case .otherRole: ("", nil, [])
                }
            #expect(lost?.keys == taken.2 && lost?.approvals.count == (taken.1 == nil ? 0 : 1))
            #expect(lost?.approvals.allSatisfy { $0.hasSuffix(taken.0) } == true)
            let standing = Set(try await store.standingApprovals().map(\.id))
            #expect(standing == Set([hers, keys, others]).subtracting([taken.1].compactMap { $0 }))
            for id in [hers, keys] { #expect(try await store.approvalStands(id) == (id != taken.1)) }
            let line = try #require(try await store.auditLog(limit: 1).first)
            #expect(line.action == "less" && (line.detail["approvals"] != nil) == (loss != .otherRole))
        }
    }
}
