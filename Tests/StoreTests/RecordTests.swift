import Basics
import DesiredState
import Diff
import Formats
import Testing

@testable import Store

@Suite struct RecordTests {
    @Test(arguments: engines) func `what a write came to is remembered with the resource`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            var entry = owned("a")
            entry.echoes = [
                Echo("size", .null, times: 2, isAnswer: true, at: start),
                Echo("tags", ["a"], times: 1, isAnswer: false, at: start),
            ]
            try await test.store.changeInventory([.put(entry), .put(owned("b"))])
            #expect(try await test.store.inventory().entries == [entry, owned("b")])
            entry.echoes = []
            try await test.store.changeInventory([.put(entry)])
            #expect(try await test.store.inventory().entries.first?.echoes == [])
        }
    }

    @Test(arguments: engines) func `a run is read as it was written, and ended only once`(_ dialect: SQLDialect)
        async throws
    {
        try await TestStore.with(dialect) { test in
            var first = run(1)
            try await test.store.beginRun(first)
            try await test.store.beginRun(run(2, at: start + .seconds(1)))
            first.phase = .applying
            try await test.store.updateRun(first)
            first.completedAt = start + .milliseconds(1_500)
            first.phase = .failed
            first.error = .object(["code": "X-1"])
            try await test.store.updateRun(first)
            let read = try #require(try await test.store.run(matching: runID(1)))
            #expect(read.completedAt == first.completedAt)
            #expect(
                read.metadata
                    == .object(["a": .object(["y": true, "z": "1"] as KeyValuePairs), "b": 1] as KeyValuePairs))
            #expect(read.error == first.error && read.phase == .failed && read.trigger == .manual)
            first.phase = .applying
            await #expect { try await test.store.updateRun(first) } throws: { ($0 as? StoreFault)?.kind == .fenced }
            #expect(try await test.store.runs(limit: 10).map(\.id) == [runID(2), runID(1)])
            #expect(try await test.store.runs(limit: 10, before: runID(2)).map(\.id) == [runID(1)])
            #expect(try await test.store.run(matching: "latest")?.id == runID(2))
            #expect(try await test.store.run(matching: "ff") == nil)
            #expect(try await test.store.run(matching: "x'; --") == nil)
            await #expect { try await test.store.run(matching: "0199") } throws: {
                ($0 as? StoreFault)?.code == "STORE-0026"
            }
            await #expect { try await test.store.events(ofRun: "nonsense") } throws: {
                ($0 as? StoreFault)?.code == "STORE-0024"
            }
        }
    }

    @Test(arguments: engines) func `runs of a dead process are ended, also after a month`(_ dialect: SQLDialect)
        async throws
    {
        try await TestStore.with(dialect) { test in
            for (number, phase) in RunPhase.allCases.enumerated() {
                try await test.store.beginRun(run(number + 1, phase: phase))
            }
            try await test.store.beginRun(run(99, phase: .applying))
            let ended = try await test.store.abandonRuns(except: runID(99), at: start + .days(40))
            #expect(ended.map(\.id) == [runID(1), runID(2), runID(5)])
            #expect(ended.allSatisfy { $0.phase == .failed && $0.error["code"] == "STORE-0040" })
            #expect(try await test.store.abandonRuns(except: runID(99), at: start + .days(41)).isEmpty)
            #expect(try await test.store.run(matching: runID(99))?.phase == .applying)
        }
    }

    @Test(arguments: engines) func `events keep their order and are not repeated within a run`(_ dialect: SQLDialect)
        async throws
    {
        try await TestStore.with(dialect) { test in
            for number in 1...2 { try await test.store.beginRun(run(number)) }
            let events = (0..<50).map { index in
                RunEvent(
                    runID: runID(1), type: "step",
                    payload: .object(["n": .int(Int64(index)), "nul": "a\0b"] as KeyValuePairs),
                    at: start, idempotencyKey: "k\(index)")
            }
            try await test.store.appendEvents(events)
            try await test.store.appendEvents(events)
            try await test.store.appendEvents([
                RunEvent(runID: runID(2), type: "step", payload: .null, at: start, idempotencyKey: "k1")
            ])
            let read = try await test.store.events(ofRun: runID(1))
            #expect(read.map { $0.payload["n"]?.intValue } == (0..<50).map { Int64($0) })
            #expect(read[7].idempotencyKey == "k7" && read[7].payload["nul"] == "a\u{FFFD}b")
            #expect(try await test.store.events(ofRun: runID(2)).count == 1)
        }
    }

    @Test(arguments: engines) func `a plan comes back with the order of its members`(_ dialect: SQLDialect) async throws
    {
        try await TestStore.with(dialect) { test in
            let document = Value.object(
                ["zeta": .number("1.50"), "alpha": [.object(["b": 1, "a": 2] as KeyValuePairs)], "revision": "f00"]
                    as KeyValuePairs)
            try await test.store.beginRun(run(1))
            for _ in 0..<2 {
                try await test.store.savePlan(runID: runID(1), fingerprint: document.digest, document: document)
            }
            #expect(try await test.store.plan(ofRun: runID(1)) == document)
            #expect(try await test.store.plan(ofRun: runID(2)) == nil)
            let rows = try await test.rows(
                "select sha, run_id, status from ops.artifacts where kind = 'reconcile_plan'")
            #expect(rows.map(\.values) == [[.text("f00"), .text(runID(1)), .text("success")]])
        }
    }

    @Test(arguments: engines) func `plans are listed without their documents, each with how people stand to it`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            // A text that names the decision is none.
            func change(_ name: String, _ decision: String) -> Value {
                [
                    "key": .string("digitalocean.droplet/\(name)"), "reason": "\"decision\":\"needs_approval\"",
                    "decision": .string(decision),
                ]
            }
            let decided = [["allowed"], ["needs_approval"], ["needs_approval", "needs_approval", "allowed"]]
            for (number, decisions) in decided.enumerated() {
                try await store.beginRun(run(number + 1))
                let changes = decisions.enumerated().map { change("\($0.offset)", $0.element) }
                try await store.savePlan(
                    runID: runID(number + 1), fingerprint: Digest(of: "\(number)"),
                    document: ["changes": .list(changes)])
            }
            func told(_ approval: PlanRow.Approval? = nil, at now: Timestamp = start) async throws -> [String] {
                try await store.planPage(limit: 9, approval: approval, at: now).rows.map {
                    let number = $0.runID == runID(3) ? 3 : $0.runID == runID(2) ? 2 : 1
                    return "\(number) \($0.approval) \($0.approved)/\($0.needed) \($0.used)"
                }
            }
            #expect(try await told() == ["3 waiting 0/2 0", "2 superseded 0/1 0", "1 unneeded 0/0 0"])
            #expect(try await store.planPage(limit: 1, at: start).rows.first?.run?.id == runID(3))
            for name in ["0", "1"] {
                _ = try await store.grant([
                    ApprovalRecord(
                        runID: runID(3), key: ResourceKey(.droplet, name), action: "delete", change: Digest(of: name),
                        approvedBy: "ann", createdAt: start, expiresAt: start + .hours(name == "0" ? 1 : 2))
                ])
                #expect(try await told(.approved).count == (name == "1" ? 1 : 0))
            }
            #expect(try await told().first == "3 approved 2/2 0")
            #expect(try await store.approvals(ofRun: runID(3)).count == 2)
            #expect(try await store.approvals(ofRun: runID(2)).isEmpty)
            // An approval ends, and then the change waits again.
            #expect(try await told(.waiting, at: start + .hours(1)) == ["3 waiting 1/2 0"])
            #expect(try await store.latestPlanRow(at: start + .hours(1))?.waiting == 1)
            #expect(try await told(.superseded) == ["2 superseded 0/1 0"])
            #expect(try await told(.unneeded) == ["1 unneeded 0/0 0"])
            // Part by part, and none twice.
            var (seen, cursor): ([String], PageCursor?) = ([], nil)
            repeat {
                let page = try await store.planPage(limit: 1, after: cursor, at: start)
                seen += page.rows.map(\.runID)
                cursor = page.next
            } while cursor != nil
            #expect(seen == [runID(3), runID(2), runID(1)])
            // A plan of before is counted by the migration as it would be now.
            let counted = try await told()
            let repairs = try #require(Migration.all.first { $0.name == "plans that wait" }?.repairs)
            try await test.prepare(["update ops.plans set waits = 9"] + repairs)
            #expect(try await told() == counted)
        }
    }

    @Test(arguments: engines) func `the journal knows what is open, and inventory moves with its outcome`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            try await test.store.intend(entry("a", step: "1"))
            try await test.store.intend(entry("b", step: "2"))
            // The process dies here; another one looks.
            let engine = try await test.another()
            let other = Store(engine: engine, time: test.time)
            #expect(try await other.openEntries().map(\.stepID) == ["1", "2"])
            var done = entry("a", step: "1", state: .done)
            done.output = .object(["id": 7])
            done.finishedAt = start + .seconds(2)
            try await other.settle(done, inventory: .put(owned("a")))
            try await other.settle(done, inventory: .put(owned("a")))
            try await other.settle(entry("b", step: "2", state: .unknown))
            #expect(try await test.store.openEntries().map(\.key) == [key("b")])
            #expect(try await test.store.journal(ofRun: runID(1)).first == done)
            #expect(try await test.store.inventory().entries == [owned("a")])
            await #expect { try await other.settle(entry("a", step: "1", state: .failed)) } throws: {
                ($0 as? StoreFault)?.code == "STORE-0030"
            }
            await #expect { try await other.intend(entry("a", step: "1")) } throws: {
                ($0 as? StoreFault)?.code == "STORE-0030"
            }
            // The outcome and the inventory move together or not at all.
            await #expect(throws: StoreFault.self) {
                try await other.settle(entry("c", step: "9", state: .done), inventory: .put(owned("c")))
            }
            #expect(try await other.inventory().entries.count == 1)
            try await other.settle(entry("b", step: "2", state: .failed), inventory: .remove(key("a")))
            #expect(try await other.inventory().entries.isEmpty)
            await engine.close()
        }
    }

    @Test(arguments: engines) func `environments are written when they differ and keep what people set`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            var row = EnvironmentRow(
                slug: "dev-a", tier: .dev, ttlClass: .ephemeral, branch: "feat/a", host: "h", domain: "a.example.com",
                database: "d", headCommit: "c1", createdAt: nil, expiresAt: start + .days(7),
                metadata: .object(["b": 1, "a": 2] as KeyValuePairs))
            #expect(
                try await test.store.saveEnvironments([row, EnvironmentRow(slug: "production", tier: .production)]) == 2
            )
            #expect(try await test.store.saveEnvironments([row]) == 0)
            let audit = AuditRecord(
                at: start, action: "env.extend", target: "dev-a", actor: "me", detail: .object(["days": 3]))
            try await test.store.extendEnvironment("dev-a", days: 3, audit: audit)
            row.expiresAt = start + .days(10)
            #expect(try await test.store.saveEnvironments([row]) == 0, "the known end moves with the extension")
            #expect(try await test.store.setPinned("dev-a", true, audit: audit).row.expiresAt == nil, "a pin has none")
            try await test.store.setSuspended("dev-a", true, audit: audit)
            row.status = .expired
            row.warnedFor = row.expiresAt
            #expect(try await test.store.saveEnvironments([row]) == 1)
            let read = try #require(try await test.store.environments().first)
            #expect(read.extensionDays == 3 && read.isPinned && read.isSuspended && read.createdAt == nil)
            #expect(read.warnedFor == row.expiresAt && read.expiresAt == row.expiresAt && read.host == "h")
            #expect(read.record.expiredHead == "c1")
            #expect(try await test.store.auditLog(limit: 9) == [audit, audit, audit])
            await #expect { try await test.store.setPinned("nope", true, audit: audit) } throws: {
                ($0 as? StoreFault)?.code == "STORE-0025"
            }
            #expect(try await test.store.auditLog(limit: 9).count == 3)
            #expect(
                try await test.rows("select type, url from ops.environments where slug = 'dev-a'").first?.values
                    == [.text("development"), .text("https://a.example.com")])
        }
    }

    @Test(arguments: engines) func `drift keeps since when, and a pass that changes nothing writes nothing`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            func record(
                _ items: [DriftItem], unseen: Set<ResourceKey> = [], run number: Int, _ seconds: Int
            ) async throws -> [Int] {
                let at = start + .seconds(seconds)
                try await store.beginRun(run(number, phase: .planned, at: at))
                let delta = try await store.recordDrift(items, runID: runID(number), at: at) { key, _ in
                    !unseen.contains(key)
                }
                return [delta.opened, delta.changed, delta.resolved]
            }
            #expect(try await record([drift("a"), drift("b", isSensitive: true)], run: 1, 0) == [2, 0, 0])
            let before = try await test.rows("select * from ops.drift_items order by id").map(\.values)
            #expect(try await record([drift("b", isSensitive: true), drift("a")], run: 2, 10) == [0, 0, 0])
            #expect(try await test.rows("select * from ops.drift_items order by id").map(\.values) == before)
            #expect(try await record([drift("a", after: "s-3")], unseen: [key("b")], run: 3, 20) == [0, 1, 0])
            let open = try await store.openDrift()
            #expect(open.map(\.key) == [key("a"), key("b")])
            #expect(open[0].firstSeen == start && open[0].lastSeen == start + .seconds(20) && open[0].runID == runID(3))
            #expect(open[1].firstSeen == start && open[1].lastSeen == start + .seconds(20))
            #expect(open[1].detail["attributes"]?[0] == .object(["path": "size", "sensitive": true] as KeyValuePairs))
            #expect(try await record([], unseen: [key("b")], run: 4, 30) == [0, 0, 1])
            #expect(try await store.openDrift().map(\.key) == [key("b")])
            #expect(try await record([drift("a"), drift("b", isSensitive: true)], run: 5, 40) == [1, 0, 0])
            #expect(try await store.openDrift().map(\.firstSeen) == [start + .seconds(40), start])
        }
    }

    @Test(arguments: engines) func `the last look is the newest pass that had a plan, whatever became of its steps`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            func begin(_ number: Int, _ phase: RunPhase, plans: Bool = false) async throws -> String? {
                test.time.advance(by: .seconds(10))
                try await store.beginRun(run(number, phase: phase, at: test.time.now))
                if plans {
                    try await store.savePlan(runID: runID(number), fingerprint: Digest(of: "p"), document: .object([:]))
                }
                return try await store.lastLook()?.id
            }
            #expect(try await begin(1, .failed) == nil, "it had no plan")
            _ = try await store.recordDrift([drift("a")], runID: runID(1), at: start) { _, _ in false }
            #expect(try await store.openDrift().first?.lastSeen == start)
            #expect(try await begin(2, .planned) == runID(2), "a dry run, as long as there is nothing else")
            #expect(try await begin(3, .failed, plans: true) == runID(3))
            #expect(try await store.openDrift().first?.lastSeen == start + .seconds(30))
            #expect(try await begin(4, .failed) == runID(3))
            #expect(try await begin(5, .planned) == runID(3))
            #expect(try await begin(6, .canceled, plans: true) == runID(6))
        }
    }

    @Test(arguments: engines) func `evidence is appended only to the end that the caller knows`(_ dialect: SQLDialect)
        async throws
    {
        try await TestStore.with(dialect) { test in
            let (a, b) = (Digest(of: "a"), Digest(of: "b"))
            #expect(try await test.store.evidenceHead() == nil)
            for _ in 0..<2 {
                let head = try await test.store.appendEvidence(runID: runID(1), manifest: a, previous: nil)
                #expect(head == EvidenceHead(runID: runID(1), manifest: a, sequence: 1))
            }
            await #expect { try await test.store.appendEvidence(runID: runID(2), manifest: b, previous: nil) } throws: {
                ($0 as? StoreFault)?.kind == .fenced
            }
            #expect(try await test.store.appendEvidence(runID: runID(2), manifest: b, previous: a).sequence == 2)
            #expect(try await test.store.evidenceChain(limit: 5).map(\.previous) == [a, nil])
            #expect(try await test.store.evidence(ofRun: runID(2))?.previous == a)
            #expect(try await test.store.evidence(ofRun: runID(3)) == nil)
        }
    }

    @Test(arguments: engines) func `a lease has one holder and its token only grows`(_ dialect: SQLDialect) async throws
    {
        try await TestStore.with(dialect) { test in
            let store = test.store
            let first = try #require(try await store.acquireLease(name: "r", holder: "a", lasting: .seconds(10)))
            #expect(try await store.acquireLease(name: "r", holder: "b", lasting: .seconds(10)) == nil)
            test.time.advance(by: .seconds(8))
            let renewed = try await store.renewLease(first)
            #expect(renewed.expiresAt == start + .seconds(18) && renewed.token == 1)
            test.time.advance(by: .seconds(10))
            let second = try #require(try await store.acquireLease(name: "r", holder: "b", lasting: .seconds(10)))
            #expect(second.token == 2)
            await #expect { try await store.renewLease(renewed) } throws: { ($0 as? StoreFault)?.kind == .fenced }
            try await store.releaseLease(renewed)
            #expect(try await store.acquireLease(name: "r", holder: "c", lasting: .seconds(10)) == nil)
            try await store.releaseLease(second)
            #expect(try await store.acquireLease(name: "r", holder: "c", lasting: .seconds(10))?.token == 3)
        }
    }

    @Test(arguments: engines) func `each row is read once, however many the last part of them holds`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            var slugs: [String] = []
            for more in [0, 499, 1, 1, 499] {
                let added = (0..<more).map { "e-\(slugs.count + $0)" }
                slugs += added
                try await test.store.saveEnvironments(added.map { EnvironmentRow(slug: $0, tier: .dev) })
                try await test.store.changeInventory(added.map { .put(owned($0)) })
                #expect(try await test.store.environments().map(\.slug) == slugs.sorted { $0.precedesByBytes($1) })
                let inventory = try await test.store.inventory()
                #expect(inventory.entries.map(\.key.name).sorted() == slugs.sorted(), "\(slugs.count)")
                #expect(inventory.environments.map(\.slug).sorted() == slugs.sorted(), "\(slugs.count)")
            }
        }
    }

    @Test(arguments: engines) func `the inventory of ten thousand is read in one piece`(_ dialect: SQLDialect)
        async throws
    {
        try await TestStore.with(dialect) { test in
            let entries = (0..<10_000).map { owned("d-\($0)") }
            try await test.store.changeInventory(entries.map { .put($0) })
            try await test.store.rememberDesired(roots: ["ssot", "infra"], count: 12, revision: "abc")
            let rows = try await test.rows("select * from ops.reconcile_state").map(\.values)
            test.time.advance(by: .seconds(1))
            try await test.store.rememberDesired(roots: ["ssot", "infra"], count: 12, revision: "abc")
            #expect(try await test.rows("select * from ops.reconcile_state").map(\.values) == rows)
            let clock = SystemTime()
            let began = clock.uptime
            let inventory = try await test.store.inventory()
            print("store inventory read, 10,000 entries, \(dialect):", (clock.uptime - began).milliseconds, "ms")
            #expect(inventory.entries.count == 10_000 && inventory.entries[0] == owned("d-0"))
            #expect(inventory.lastRoots == ["ssot", "infra"] && inventory.lastDesiredCount == 12)
        }
    }
}
