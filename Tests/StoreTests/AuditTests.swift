import Basics
import DesiredState
import Formats
import Store
import Testing

@Suite("The audit chain")
struct AuditTests {
    /// What somebody does to the log, and what the verification says of it.
    struct Tampering: Sendable, CustomTestStringConvertible {
        let statement: String
        let word: String
        var testDescription: String { statement }

        init(_ statement: String, _ word: String) {
            self.statement = statement
            self.word = word
        }
    }

    private static let last = "(select max(sequence) from ops.audit_chain)"

    static let tamperings = [
        Tampering("update ops.audit_log set actor = 'mallory' where action = 'change.revoke'", "was changed"),
        Tampering("update ops.audit_log set detail = '{\"days\": 300}' where action = 'change.revoke'", "was changed"),
        Tampering("delete from ops.audit_log where action = 'change.revoke'", "is gone"),
        Tampering("delete from ops.audit_chain where sequence = 2", "link 2 is missing"),
        Tampering("delete from ops.audit_chain where sequence = \(last)", "should have 3 links"),
        Tampering("update ops.audit_chain set previous = digest where sequence = 2", "doesn't follow"),
        Tampering(
            "insert into ops.audit_log (id, at, action, target, actor, detail) select "
                + "'0198c0de-0000-7000-8000-00000000ffff', max(at), 'env.pin', 'x', 'mallory', '{}' from ops.audit_log",
            "slipped in"),
        Tampering(
            "insert into ops.audit_log (id, at, action, target, actor, detail) values "
                + "('0198c0de-0000-7000-8000-00000000ffff', '2020-01-01T00:00:00.000000Z', 'env.pin', 'x', 'mallory', '{}')",
            "0 records should be older than the chain, and 1 is"),
        Tampering("delete from ops.audit_head where name = 'unchained'", "older than the chain was taken away"),
        Tampering("delete from ops.audit_head where name = 'audit'", "the head of the chain was taken away"),
    ]

    private static func record(_ action: String, minute: Int) -> AuditRecord {
        AuditRecord(
            at: start + .minutes(minute), action: action, target: "digitalocean.droplet/old", actor: "ada",
            detail: .object(["days": .int(3), "a": .string("ü")]))
    }

    private static func fill(_ store: Store) async throws {
        // An approval and two revocations leave a line each.
        for minute in 0..<3 {
            _ = try await store.grant([ApprovalTests.approval("a\(minute)")])
            guard minute == 1 else { continue }
            _ = try await store.revokeApprovals(
                of: ApprovalTests.key.description, audit: record("change.revoke", minute: 1))
        }
    }

    @Test("is whole as it is written, by several processes at once as well", arguments: engines)
    func whole(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            #expect(try await world.store.verifyAuditLog().isWhole)
            try await Self.fill(world.store)
            let other = Store(engine: try await world.another(), time: world.time)
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<10 {
                    group.addTask {
                        let store = index % 2 == 0 ? other : world.store
                        do { _ = try await store.grant([ApprovalTests.approval("c\(index)")]) } catch {
                            Issue.record(error)
                        }
                    }
                }
            }
            let verification = try await other.verifyAuditLog()
            #expect(verification.faults == [] && verification.links == 14 && verification.unchained == 0)
            await other.close()
        }
    }

    @Test("Emptied with its chain and head it is found out by a head that was kept elsewhere", arguments: engines)
    func emptied(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let none = try await world.store.verifyAuditLog().head
            try await Self.fill(world.store)
            let kept = try await world.store.verifyAuditLog().head
            _ = try await world.store.grant([ApprovalTests.approval("later")])
            for head in [nil, none, kept] {
                #expect(try await world.store.verifyAuditLog(since: head).isWhole, "\(head ?? "")")
            }
            try await world.prepare([
                "delete from ops.audit_log", "delete from ops.audit_chain",
                "update ops.audit_head set sequence = 0, digest = '\(none)' where name = 'audit'",
            ])
            #expect(try await world.store.verifyAuditLog().isWhole, "nothing in the store tells")
            let faults = try await world.store.verifyAuditLog(since: kept).faults
            #expect(faults.map(\.message) == ["the chain doesn't go on from \(kept), which was its head once"])
            try await world.prepare(["delete from ops.audit_head"])
            #expect(try await world.store.verifyAuditLog().isWhole == false)
        }
    }

    @Test(
        "After a cut no record without a link is of before the chain; nor is one that was counted", arguments: engines)
    func unchained(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            func insert(_ id: String, _ at: String) -> String {
                "insert into ops.audit_log (id, at, action, target, actor, detail) values "
                    + "('0198c0de-0000-7000-8000-00000000\(id)', '\(at)', 'env.pin', 'x', 'mallory', '{}')"
            }
            // As an upgrade found it.
            try await world.prepare([
                insert("aaaa", "2020-01-01T00:00:00.000000Z"), insert("bbbb", "2026-03-01T00:00:00.000000Z"),
                "update ops.audit_head set sequence = 2 where name = 'unchained'",
            ])
            try await Self.fill(world.store)
            var found = try await world.store.verifyAuditLog()
            #expect(found.isWhole && found.unchained == 2)
            // The cut takes the older of the two.
            let cut = try await world.store.cutAuditLog(before: start - .days(30), isDryRun: false, by: "test")
            found = try await world.store.verifyAuditLog()
            #expect(cut == 1 && found.isWhole && found.unchained == 1 && found.anchor == nil, "\(found.faults)")
            world.time.advance(by: .days(200))
            _ = try await world.store.cutAuditLog(before: start + .days(100), isDryRun: false, by: "test")
            found = try await world.store.verifyAuditLog()
            #expect(found.isWhole && found.unchained == 0 && found.anchor != nil, "\(found.faults)")
            try await world.prepare([insert("cccc", "2020-01-01T00:00:00.000000Z")])
            found = try await world.store.verifyAuditLog()
            #expect(found.faults.map(\.message) == ["a record was slipped in: no link of the chain knows it"])
        }
    }

    @Test("shows what somebody did to the log", arguments: engines, tamperings)
    func tampered(_ engine: SQLDialect, _ tampering: Tampering) async throws {
        try await TestStore.with(engine) { world in
            _ = try await world.store.grant([ApprovalTests.approval("a")])
            _ = try await world.store.revokeApprovals(
                of: ApprovalTests.key.description, audit: Self.record("change.revoke", minute: 1))
            _ = try await world.store.grant([ApprovalTests.approval("b")])
            #expect(try await world.store.verifyAuditLog().faults == [])
            try await world.prepare([tampering.statement])
            let verification = try await world.store.verifyAuditLog()
            #expect(verification.faults.contains { $0.message.contains(tampering.word) }, "\(verification.faults)")
        }
    }
}
