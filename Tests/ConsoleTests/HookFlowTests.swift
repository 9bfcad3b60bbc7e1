import Basics
import Console
import Formats
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing
import Web

@Suite("From a delivery to a row")
struct HookFlowTests {
    @Test("A delivery is kept before it is answered, and a repetition is a no-op that says so")
    func repetition() async throws {
        let world = try await HookWorld.make()
        let body = HookWorld.issue(7, "Mail", minute: 1)
        let first = await world.gitHub("issues", body, id: "guid-1")
        #expect(first.status == 202 && first.json["duplicate"]?.boolValue == false, "\(first)")
        #expect(try await world.deliveries().map(\.state) == [.received], "nothing is done before the answer")
        let second = await world.gitHub("issues", body, id: "guid-1")
        #expect(second.status == 200 && second.json["duplicate"]?.boolValue == true)
        #expect(second.json["delivery_id"] == first.json["delivery_id"])
        #expect(try await world.processor.work() == 1)
        #expect(await world.gitHub("issues", body, id: "guid-1").status == 200)
        #expect(try await world.processor.work() == 0)
        #expect(
            try await world.rows(
                "select work_item_ref, system, external_id, project_ref, title, status, assignee, url from ops.work_items"
            )
                == [
                    [
                        "github:Acme/odoo#7", "github", "7", "Acme/odoo", "Mail", "open", "ada",
                        "https://github.com/Acme/odoo/issues/7",
                    ]
                ])
        #expect(world.count("received") == 1 && world.count("duplicate") == 2)
        await world.close()
    }

    @Test(
        "Issues reach the same rows in whatever order, however often, and with however many at once", arguments: 0..<8)
    func order(_ seed: UInt64) async throws {
        let world = try await HookWorld.make()
        var random = RandomSource(seed: seed)
        var posts: [(id: String, body: String)] = []
        for number in 1...5 {
            for minute in 1...4 {
                let state = minute == 4 ? "closed" : "open"
                posts.append(
                    ("\(number)-\(minute)", HookWorld.issue(number, "v\(minute)", minute: minute, state: state)))
            }
        }
        posts.append(("gone", HookWorld.issue(5, "v4", minute: 4, action: "deleted")))
        posts += posts.prefix(10)
        posts.shuffle(using: &random)
        // All at once: what comes while the store writes goes into one transaction.
        let shuffled = posts
        let statuses = await withTaskGroup(of: Int.self) { group in
            for post in shuffled {
                group.addTask { await world.gitHub("issues", post.body, id: post.id).status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 202 } == 21 && statuses.count { $0 == 200 } == 10)
        #expect(try await world.processor.work() == 21)
        let rows = try await world.rows(
            "select external_id, title, status, deleted_at is null from ops.work_items order by external_id")
        #expect(rows.map { $0[0] } == ["1", "2", "3", "4", "5"])
        #expect(rows.prefix(4).allSatisfy { Array($0.dropFirst()) == ["v4", "closed", "1"] }, "\(rows)")
        #expect(Array(rows[4].dropFirst()) == ["v4", "deleted", "0"], "\(rows)")
        await world.close()
    }

    @Test("Pushes, branches, releases and pull requests of our repositories wake the loop; nothing of them is believed")
    func hints() async throws {
        func body(_ repository: String) -> String { #"{"repository": {"full_name": "\#(repository)"}, "after": "x"}"# }
        for event in ["push", "create", "delete", "release", "pull_request"] {
            let world = try await HookWorld.make()
            #expect(await world.gitHub(event, body("acme/Odoo"), id: event).status == 202)
            #expect(!world.wakeup.isRaised)
            try await world.processor.work()
            #expect(world.wakeup.isRaised, "\(event)")
            await world.close()
        }
        let world = try await HookWorld.make()
        _ = await world.gitHub("push", body("acme/other"), id: "other")
        _ = await world.gitHub("star", body("acme/odoo"), id: "star")
        _ = await world.gitHub("ping", body("acme/odoo"), id: "ping")
        _ = await world.post(.slack, #"{"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}}"#)
        _ = await world.post(
            .slack, "command=%2Fdeploy", headers: [("Content-Type", "application/x-www-form-urlencoded")])
        _ = await world.post(.vercel, #"{"type": "integration-configuration.removed", "id": "evt_0"}"#)
        try await world.processor.work()
        #expect(!world.wakeup.isRaised)
        let ignored = try await world.deliveries().filter { $0.state == .ignored }
        #expect(ignored.count == 6 && ignored.allSatisfy { $0.reason?.isEmpty == false }, "\(ignored.map(\.reason))")
        _ = await world.post(.vercel, #"{"type": "deployment.succeeded", "id": "evt_1", "payload": {}}"#)
        try await world.processor.work()
        #expect(world.wakeup.isRaised)
        #expect(try await world.rows("select * from ops.work_items").isEmpty)
        await world.close()
    }

    @Test("A push is not kept waiting by a thousand issues")
    func hintsFirst() async throws {
        let world = try await HookWorld.make()
        let old = DeliveryRecord(
            provider: "github", deliveryID: "", event: "issues.edited", scope: "acme/odoo", lane: .record, body: "{}",
            bodyDigest: Digest(of: ""), bodyBytes: 2, receivedAt: world.time.now)
        _ = try await world.store.keep(
            (0..<1_000).map { number in
                DeliveryRecord(
                    provider: old.provider, deliveryID: "i\(number)", event: old.event, scope: old.scope,
                    lane: old.lane,
                    body: old.body, bodyDigest: old.bodyDigest, bodyBytes: 2, receivedAt: old.receivedAt)
            })
        _ = await world.gitHub("push", "{}", id: "push")
        let claims = try await world.store.claimDeliveries(limit: 1, holder: "x", lasting: .seconds(1))
        #expect(claims.map(\.delivery.event) == ["push"])
        await world.close()
    }

    @Test("Plane's issues: attempts of one event are one delivery, whatever their header says; a deletion holds")
    func plane() async throws {
        let world = try await HookWorld.make()
        func event(_ action: String, _ name: String, _ minute: Int, state: String = #"{"name": "Todo"}"#) -> String {
            """
            {"event": "issue", "action": "\(action)", "workspace_id": "w", "data": {"id": "9f", "project": "p1", \
            "name": "\(name)", "state": \(state), "assignees": [{"display_name": "ada"}], \
            "updated_at": "\(Timestamp(seconds: 1_771_990_000) + .minutes(minute))"}}
            """
        }
        let first = event("update", "Mail", 2)
        #expect(await world.post(.plane, first, headers: [("X-Plane-Delivery", "uuid-1")]).status == 202)
        #expect(await world.post(.plane, first, headers: [("X-Plane-Delivery", "uuid-2")]).status == 200)
        #expect(await world.post(.plane, event("create", "Post", 1)).status == 202)
        try await world.processor.work()
        let query = "select work_item_ref, project_ref, title, status, assignee, deleted_at is null from ops.work_items"
        #expect(try await world.rows(query) == [["plane:9f", "p1", "Mail", "Todo", "ada", "1"]])
        // A state that comes as an id alone leaves the name that is known.
        _ = await world.post(.plane, event("update", "Mail!", 3, state: #""a-uuid""#))
        try await world.processor.work()
        #expect(try await world.rows(query) == [["plane:9f", "p1", "Mail!", "Todo", "ada", "1"]])
        _ = await world.post(.plane, #"{"event": "issue", "action": "delete", "data": {"id": "9f"}}"#)
        _ = await world.post(.plane, event("update", "late", 4))
        _ = await world.post(.plane, #"{"event": "cycle", "action": "create", "data": {"id": "c"}}"#)
        try await world.processor.work()
        #expect(try await world.rows(query) == [["plane:9f", "p1", "Mail!", "deleted", "ada", "0"]])
        await world.close()
    }

    @Test("Mail events count once; a token is used once, whatever stands beside it")
    func mail() async throws {
        let world = try await HookWorld.make()
        func data(_ event: String, _ id: String, _ second: Int) -> String {
            """
            {"id": "\(id)", "event": "\(event)", "timestamp": 17719900\(second).25, "recipient": "bob@example.com", \
            "tags": ["env:staging"], "domain": {"name": "mg.example.com"}, "envelope": {"transport": "smtp"}, \
            "message": {"headers": {"message-id": "<m1@mg.example.com>", "subject": "E2E", "from": "a@example.com"}}}
            """
        }
        let genuine = world.mail(data("delivered", "e2", 20), token: "t2")
        #expect(await world.post(.mailgun, genuine).status == 202)
        // The signature covers the token and nothing else: who saw it may write what he likes, once.
        let forged = world.mail(data("complained", "e9", 30), token: "t2")
        #expect(await world.post(.mailgun, forged).json["duplicate"]?.boolValue == true)
        #expect(await world.post(.mailgun, world.mail(data("accepted", "e1", 10), token: "t1")).status == 202)
        // The same event, sent again with another signature.
        #expect(await world.post(.mailgun, world.mail(data("delivered", "e2", 20), token: "t3")).status == 202)
        try await world.processor.work()
        let rows = try await world.rows(
            "select env, provider, message_id, subject, sender, recipient, transport, raw from ops.mail_events")
        #expect(
            rows.map { Array($0.dropLast()) } == [
                ["stage", "mailgun", "m1@mg.example.com", "E2E", "a@example.com", "bob@example.com", "smtp"]
            ])
        let raw = try JSON.parse(rows[0][7])
        #expect(raw["events"]?.listValue?.compactMap { $0["event"]?.stringValue } == ["accepted", "delivered"])
        #expect(raw["latest"]?["event"]?.stringValue == "delivered")
        await world.close()
    }

    @Test("Nothing that looks like a secret is kept, wherever people pasted it")
    func redacts() async throws {
        let world = try await HookWorld.make()
        let pasted = "ghp_canary0123456789abcdefABCDEF0123456789"
        _ = await world.gitHub(
            "issues",
            HookWorld.issue(7, "token \(pasted)", minute: 1, more: #", "body": "https://u:hunter2@host/""#), id: "1")
        _ = await world.post(
            .slack,
            #"{"type": "event_callback", "event_id": "Ev1", "token": "verify-me", "response_url": "https://hooks.slack.com/x"}"#
        )
        _ = await world.post(.mailgun, world.mail(#"{"id": "e", "event": "opened", "timestamp": 1}"#, token: "tok-1"))
        try await world.processor.work()
        for secret in [pasted, "hunter2", "verify-me", "https://hooks.slack.com/x"] + HookWorld.secrets.values {
            for table in ["webhook_deliveries", "work_items", "mail_events"] {
                let rows = try await world.rows("select * from ops.\(table)")
                #expect(!rows.isEmpty)
                #expect(!rows.joined().contains { $0.contains(secret) }, "\(table) holds \(secret)")
            }
        }
        #expect(try await world.deliveries()[0].body?.contains("<redacted>") == true)
        await world.close()
    }

    @Test("What lacks what it must have is dead at once and named; a person brings it back")
    func dead() async throws {
        let world = try await HookWorld.make()
        _ = await world.gitHub("issues", #"{"repository": {"full_name": "acme/odoo"}}"#, id: "1")
        _ = await world.gitHub("issues", #"{"issue": {"number": "seven"}}"#, id: "2")
        _ = await world.post(.plane, #"{"event": "issue", "action": "update", "data": {"name": "x"}}"#)
        _ = await world.post(.mailgun, world.mail(#"{"event": "opened"}"#, token: "t"))
        _ = await world.gitHub("issues", HookWorld.issue(7, "good", minute: 1), id: "3")
        #expect(try await world.processor.work() == 5)
        let states = try await world.deliveries().map { ($0.state, $0.errorCode) }
        #expect(states.map(\.0) == [.dead, .dead, .dead, .dead, .processed])
        #expect(states.prefix(4).allSatisfy { $0.1 == "HOOK-0001" })
        #expect(world.lines.withLock { $0.count { $0.contains("HOOK-0001") } } == 4)
        await world.close()
    }
}
