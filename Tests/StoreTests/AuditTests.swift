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
