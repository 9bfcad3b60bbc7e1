import Basics
import DesiredState
import Formats
import Store
import TestKit
import Testing

@Suite("Stored approvals")
struct ApprovalTests {
    static let key = ResourceKey(.droplet, "old")

    static func approval(_ text: String, hours: Int = 24) -> ApprovalRecord {
        ApprovalRecord(
            runID: "0198c0de-0000-7000-8000-000000000001", key: key, action: "delete", change: Digest(of: text),
            approvedBy: "ada", reason: "moved", createdAt: start, expiresAt: start + .hours(hours))
    }

    @Test("stand until they are used, revoked, replaced or over", arguments: engines)
    func life(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            let first = try await store.grant([Self.approval("a"), Self.approval("b", hours: 1)])
            #expect(Set(first.map(\.id)).count == 2)
            #expect(try await store.standingApprovals() == first)
            // Again for the same change: one stands, the newer.
            let again = try await store.grant([Self.approval("a", hours: 48)])
            #expect(try await store.standingApprovals().map(\.id) == [first[1].id, again[0].id])

            world.time.advance(by: .hours(2))
            #expect(try await store.standingApprovals().map(\.id) == [again[0].id])
            try await store.useApprovals([again[0].id], runID: "run-2")
            #expect(try await store.standingApprovals().isEmpty)
            let all = try await store.approvals(limit: 10)
            #expect(
                all.map { $0.standing(at: world.time.now) }.map(\.rawValue).sorted() == ["expired", "revoked", "used"])
            #expect(all.first { $0.usedBy != nil }?.usedBy == "run-2")
            // Used once is used for good.
            try await store.useApprovals([again[0].id], runID: "run-3")
            #expect(try await store.approvals(limit: 10).first { $0.usedBy != nil }?.usedBy == "run-2")
        }
    }

    @Test("hold once they were used, and fall by being taken back or by their end", arguments: engines)
    func falling(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            var ids: [String: String] = [:]
            for (name, hours) in [("used", 1), ("over", 1), ("standing", 48)] {
                ids[name] = try await world.store.grant([Self.approval(name, hours: hours)])[0].id
            }
            try await world.store.useApprovals([try #require(ids["used"])], runID: "run-1")
            func fallen() async throws -> Set<String> {
                let fallen = try await world.store.fallenApprovals(ids.values.sorted())
                return Set(ids.filter { fallen.contains($0.value) }.keys)
            }
            #expect(try await fallen().isEmpty)
            world.time.advance(by: .hours(2))
            #expect(try await fallen() == ["over"])
            let audit = AuditRecord(
                at: world.time.now, action: "change.revoke", target: Self.key.description, actor: "bob",
                detail: .object([:]))
            #expect(try await world.store.revokeApprovals(of: Self.key.description, audit: audit) == 1)
            #expect(try await fallen() == ["over", "standing"])
        }
    }

    @Test("are taken back by key, and every word of it is in the audit log", arguments: engines)
    func revocation(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            _ = try await world.store.grant([Self.approval("a")])
            let audit = AuditRecord(
                at: start + .minutes(1), action: "change.revoke", target: Self.key.description, actor: "bob",
                detail: .object([:]))
            #expect(try await world.store.revokeApprovals(of: Self.key.description, audit: audit) == 1)
            #expect(try await world.store.revokeApprovals(of: Self.key.description, audit: audit) == 0)
            #expect(try await world.store.standingApprovals().isEmpty)
            let log = try await world.store.auditLog(limit: 10)
            #expect(log.map(\.action) == ["change.revoke", "change.approve"])
            #expect(log.map(\.actor) == ["bob", "ada"])
            #expect(log.last?.detail["reason"] == "moved")
            #expect(try await world.store.approvals(limit: 1).first?.revokedBy == "bob")
        }
    }
}
