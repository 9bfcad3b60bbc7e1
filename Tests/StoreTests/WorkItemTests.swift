import Basics
import Formats
import Store
import TestKit
import Testing

/// An issue as it was at a minute.
func workItem(
    _ minute: Int, _ title: String, status: String? = "open", number: Int = 7, assignee: String? = nil
) -> WorkItemRecord {
    WorkItemRecord(
        reference: "github:acme/odoo#\(number)", system: "github", externalID: String(number), project: "acme/odoo",
        title: title, status: status, assignee: assignee, url: "https://github.com/acme/odoo/issues/\(number)",
        updatedAt: start + .minutes(minute))
}

@Suite("Work items")
struct WorkItemTests {
    /// Brings an event through the ledger.
    private func tell(_ world: TestStore, _ effect: DeliveryEffect) async throws -> MirrorOutcome? {
        _ = try await world.store.keep([delivery("d\(world.time.uptime.microseconds)", at: world.time.uptime)])
        world.time.advance(by: .seconds(1))
        let claims = try await world.store.claimDeliveries(limit: 1, holder: "a", lasting: .seconds(60))
        return try await world.store.settle([DeliverySettlement(try #require(claims.first), .processed, effect: effect)]
        )[
            0]
    }

    private func rows(_ world: TestStore) async throws -> [[String]] {
        try await world.rows(
            "select title, status, coalesce(assignee, '-'), deleted_at is null from ops.work_items order by work_item_ref"
        ).map { row in
            [
                row.optionalText(0) ?? "", row.optionalText(1) ?? "", row.optionalText(2) ?? "",
                try row.bool(3) ? "here" : "gone",
            ]
        }
    }

    @Test("a token in a title or a subject is kept nowhere")
    func hidesTokens() {
        let token = "ghp_" + "Q7mV2xK9pR4tW6yB8nD3fH5jL1sZ0c"
        #expect(workItem(0, "use \(token)").title == "use <redacted>")
        let event = MailEventRecord(
            eventID: "e", event: "delivered", at: start, messageID: "m", environment: "dev", subject: "Re: \(token)",
            sender: nil, recipient: nil, transport: nil, stamp: nil, raw: .null)
        #expect(event.subject == "Re: <redacted>")
    }

    @Test("the newest counts, in whatever order events come, and each as often as it comes", arguments: engines)
    func newestCounts(_ engine: SQLDialect) async throws {
        let story = [
            workItem(0, "Mail"), workItem(1, "Mail is slow"), workItem(2, "Mail is slow", assignee: "ada"),
            workItem(3, "Mail is slow", status: "closed", assignee: "ada"),
        ]
        for seed in UInt64(0)..<6 {
            try await TestStore.with(engine) { world in
                var random = RandomSource(seed: seed)
                var events = story + story
                events.shuffle(using: &random)
                for event in events { _ = try await tell(world, .workItem(event)) }
                #expect(try await rows(world) == [["Mail is slow", "closed", "ada", "here"]], "seed \(seed)")
            }
        }
    }

    @Test("what is gone stays gone until the provider's own list has it again", arguments: engines)
    func staysGone(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            // The deletion overtakes all that came before it.
            #expect(try await tell(world, .workItemGone(workItem(5, "Mail"))) == .buried)
            #expect(try await tell(world, .workItem(workItem(4, "Mail is slow"))) == .outdated)
            #expect(try await tell(world, .workItem(workItem(6, "Mail is slow"))) == .outdated)
            #expect(try await tell(world, .workItemGone(workItem(5, "Mail"))) == .unchanged)
            #expect(try await rows(world) == [["Mail", "deleted", "-", "gone"]])
            // A list that was asked for before the deletion came in proves nothing.
            let early = try await world.store.putWorkItems([workItem(6, "Mail again")], listedAt: start - .seconds(1))
            #expect(early.outcomes == [.outdated: 1])
            let late = try await world.store.putWorkItems(
                [workItem(6, "Mail again")], listedAt: start + .minutes(9))
            #expect(late.outcomes == [.updated: 1])
            #expect(try await rows(world) == [["Mail again", "open", "-", "here"]])
        }
    }

    @Test(
        "two tales of one instant are told apart by a list; an unknown status leaves the known one", arguments: engines)
    func contests(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            #expect(try await tell(world, .workItem(workItem(1, "Mail"))) == .created)
            #expect(try await tell(world, .workItem(workItem(1, "Mail"))) == .unchanged)
            #expect(try await tell(world, .workItem(workItem(1, "Post"))) == .contested)
            let tally = try await world.store.putWorkItems([workItem(1, "Mail")], listedAt: start + .minutes(2))
            #expect(tally.outcomes == [.updated: 1] && tally.written == 1)
            let again = try await world.store.putWorkItems([workItem(1, "Mail")], listedAt: start + .minutes(3))
            #expect(again.outcomes == [.unchanged: 1] && again.written == 0)
            #expect(try await tell(world, .workItem(workItem(2, "Mail", status: "closed"))) == .updated)
            #expect(try await tell(world, .workItem(workItem(3, "Mail!", status: nil))) == .updated)
            #expect(try await rows(world) == [["Mail!", "closed", "-", "here"]])
        }
    }

    @Test("a whole list buries what it doesn't have, and nothing that came after it was asked for", arguments: engines)
    func buries(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            _ = try await store.putWorkItems(
                [workItem(1, "a", number: 1), workItem(1, "b", number: 2)], listedAt: start)
            let asked = start + .minutes(1)
            world.time.advance(by: .minutes(2))
            _ = try await store.putWorkItems([workItem(1, "c", number: 3)], listedAt: start + .minutes(2))
            let references: Set = ["github:acme/odoo#1"]
            #expect(
                try await store.buryWorkItems(of: "github", in: "acme/odoo", notIn: [], listedAt: asked) == 0,
                "an empty list proves nothing")
            #expect(
                try await store.buryWorkItems(of: "plane", in: "acme/odoo", notIn: references, listedAt: asked) == 0)
            #expect(
                try await store.buryWorkItems(of: "github", in: "acme/odoo", notIn: references, listedAt: asked) == 1)
            #expect(try await rows(world).map { $0[3] } == ["here", "gone", "here"])
            #expect(try await store.workItemProjects(of: "github") == ["acme/odoo"])
            #expect(try await store.workItemProjects(of: "plane").isEmpty)
        }
    }

    @Test("a table of another shape is left alone, and deliveries end all the same", arguments: engines)
    func leavesOtherShapesAlone(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine, migrated: false) { world in
            let schema = engine == .postgres ? ["create schema ops"] : []
            try await world.prepare(
                schema + ["create table ops.work_items (key text primary key, payload text not null)"])
            let report = try await world.store.migrate()
            #expect(report.notes.contains { $0.contains("ops.work_items") }, "\(report.notes)")
            #expect(try await tell(world, .workItem(workItem(1, "Mail"))) == .unmirrored)
            #expect(
                try await world.store.putWorkItems([workItem(1, "a")], listedAt: start).outcomes == [.unmirrored: 1])
            #expect(try await world.store.workItemProjects(of: "github").isEmpty)
            #expect(try await world.rows("select key from ops.work_items").isEmpty)
        }
    }
}

@Suite("Mail events")
struct MailEventTests {
    private func event(
        _ id: String, _ name: String, second: Int, environment: String = "unknown", subject: String? = nil
    ) -> MailEventRecord {
        MailEventRecord(
            eventID: id, event: name, at: start + .seconds(second), messageID: "m1@mg.example.com",
            environment: environment, subject: subject, sender: "no-reply@mg.example.com",
            recipient: "ada@example.com", transport: nil, stamp: nil, raw: .object(["event": .string(name)]))
    }

    @Test(
        "each counts once in its message's row, which shows the newest, in whatever order they come", arguments: engines
    )
    func countsOnce(_ engine: SQLDialect) async throws {
        for seed in UInt64(0)..<4 {
            try await TestStore.with(engine) { world in
                var random = RandomSource(seed: seed)
                var events = [
                    event("1", "accepted", second: 1, subject: "Hello"), event("2", "failed", second: 2),
                    event("3", "delivered", second: 3, environment: "stage"),
                ]
                events += events
                events.shuffle(using: &random)
                var written = 0
                for one in events { written += try await world.store.putMailEvents([one]) }
                #expect(written == 3)
                #expect(try await world.store.putMailEvents(events) == 0)
                let rows = try await world.rows(
                    "select env, subject, recipient, message_id, raw, stamp from ops.mail_events")
                #expect(rows.count == 1)
                let row = try #require(rows.first)
                #expect(row.optionalText(0) == "stage" && row.optionalText(1) == "Hello")
                #expect(row.optionalText(2) == "ada@example.com" && row.optionalText(3) == "m1@mg.example.com")
                let raw = try JSON.parse(try row.text(4))
                #expect(
                    raw["events"]?.listValue?.compactMap { $0["event"]?.stringValue } == [
                        "accepted", "failed", "delivered",
                    ])
                #expect(raw["latest"]?["event"]?.stringValue == "delivered")
                #expect(row.optionalText(5) == events[0].at.description)
            }
        }
    }
}
