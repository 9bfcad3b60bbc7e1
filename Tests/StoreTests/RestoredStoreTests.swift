import Basics
import DesiredState
import Diff
import Formats
import Store
import TestKit
import Testing

/// What a store of yesterday doesn't know of today, and must not act upon.
@Suite struct RestoredStoreTests {
    private static func audit(_ action: String, _ test: TestStore) -> AuditRecord {
        AuditRecord(at: test.time.now, action: action, target: "a", actor: "ada", detail: [:])
    }

    @Test(arguments: engines)
    func `a yes to what another environment takes over goes, and the care that it was about stays`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            var lineage = Lineage(revision: "a")
            lineage.care = ["production": Care(.production, isProtected: true)]
            lineage.granted = [
                Takeover(
                    ResourceKey(ResourceKind("digitalocean.database"), "erp/odoo"), of: "production", by: "archive",
                    Care(.dev, isProtected: false))
            ]
            try await test.store.rememberLineage(lineage, from: Lineage(), using: [], runID: "r")
            #expect(try await test.store.lineage() == lineage)
            _ = try await test.store.settleRestored(by: "ann")
            lineage.granted = []
            #expect(try await test.store.lineage() == lineage)
        }
    }

    @Test(arguments: engines)
    func `an end that comes within three days is put off, however it was put off before`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            func row(_ slug: String, ends: Duration?) -> EnvironmentRow {
                var row = EnvironmentRow(slug: slug, tier: .dev)
                row.expiresAt = ends.map { start + $0 }
                return row
            }
            var unread = row("unread", ends: nil)
            unread.status = .unknown
            var gone = row("gone", ends: .hours(1))
            gone.status = .gone
            var unwanted = row("unwanted", ends: .days(30))
            (unwanted.unwantedSince, unwanted.graceEnds) = (start, start + .days(5))
            _ = try await store.saveEnvironments([
                row("pin-over", ends: .days(2)), row("pin-ends", ends: .days(5)), row("pin-long", ends: .days(1)),
                row("pin-for-good", ends: nil), row("left-alone", ends: nil), row("free-again", ends: .days(30)),
                row("left-for-good", ends: nil), row("never", ends: nil), unread, gone,
                unwanted,
            ])
            for (slug, days) in [("pin-over", 1), ("pin-ends", 5), ("pin-long", 30)] {
                try await store.setPinned(slug, true, until: start + .days(days), audit: Self.audit("env.pin", test))
            }
            try await store.setPinned("pin-for-good", true, reason: "sold", audit: Self.audit("env.pin", test))
            for (slug, end) in [
                ("left-alone", start + .days(3)), ("free-again", start + .hours(1)), ("left-for-good", nil),
            ] {
                try await store.setSuspended(slug, true, until: end, audit: Self.audit("env.suspend", test))
            }
            // The last thing that the backup knows of, when one of the suspensions was over and the other was not.
            try await store.beginRun(run(1, at: start + .days(2)))
            test.time.jump(to: start + .days(4))
            let restoration = try await store.settleRestored(by: "ann")
            #expect(restoration.pinned == ["left-alone", "pin-ends", "pin-over", "unread", "unwanted"])
            #expect(restoration.suspended == ["left-alone"])
            let until = test.time.now + Store.restoreGrace
            let rows = Dictionary(uniqueKeysWithValues: try await store.environments().map { ($0.slug, $0) })
            for slug in restoration.pinned { #expect(rows[slug]?.pinnedUntil == until && rows[slug]?.isPinned == true) }
            #expect(rows["pin-long"]?.pinnedUntil == start + .days(30))
            #expect(rows["pin-for-good"]?.pinReason == "sold" && rows["pin-for-good"]?.pinnedUntil == nil)
            #expect(rows["left-alone"]?.suspendedUntil == until && rows["left-alone"]?.suspendedBy == "ann")
            #expect(rows["free-again"]?.suspendedUntil == start + .hours(1))
            #expect(rows["left-for-good"]?.isSuspended(at: until) == true)
            // Its marks are gone, and its grace begins anew.
            #expect(rows["unwanted"]?.isUnwanted == true && rows["unwanted"]?.graceEnds == nil)
            // Settled twice, nothing ends later than it would.
            let again = try await store.settleRestored(by: "ann")
            #expect(again.pinned.isEmpty && again.suspended.isEmpty)
        }
    }

    @Test(arguments: engines)
    func `who was let in by a session or a token has to prove it again, and who still may is named`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            for name in ["mallory", "boss", "out"] {
                try await store.putUser(name, passwordHash: "h", grants: ["admin"], audit: Self.audit("put", test))
            }
            #expect(try await store.disableUser("out", audit: Self.audit("revoke", test)) != nil)
            for (name, end) in [("robot", nil), ("over", start + .hours(1)), ("taken", nil)] as [(String, Timestamp?)] {
                _ = try await store.addKey(
                    KeyAccount(
                        name: name, digest: Digest(of: name), grants: ["admin"], scopes: nil, createdAt: start,
                        createdBy: "ada", expiresAt: end), audit: Self.audit("key", test))
            }
            #expect(try await store.revokeKey("taken", audit: Self.audit("revoke", test)) != nil)
            let mallory = try #require(try await store.user(named: "mallory"))
            let cookie = Digest(of: "cookie")
            _ = try await store.openSession(
                SessionRecord(
                    digest: cookie, userID: mallory.id, createdAt: start, expiresAt: start + .days(3),
                    origin: "192.0.2.1"), audit: Self.audit("login", test))
            test.time.advance(by: .hours(2))
            #expect(try await store.session(cookie, at: test.time.now) != nil)
            let restoration = try await store.settleRestored(by: "ann")
            #expect(restoration.users == ["boss", "mallory"] && restoration.keys == ["robot"])
            #expect(try await store.session(cookie, at: test.time.now) == nil)
            // Further than the tokens that were given out between the backup and now have come.
            let generation = try await store.user(named: "mallory")?.tokenGeneration ?? 0
            #expect(generation > mallory.tokenGeneration + 1_000)
            let told = try await store.auditLog(limit: 1).first?.detail
            #expect(told?["users"] == ["boss", "mallory"] && told?["keys"] == ["robot"])
        }
    }

    @Test(arguments: engines)
    func `no time of a schedule runs again, and neither does what waited or ran when the backup was made`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            try await store.beginSchedules(["a", "b"])
            let state = try #require(try await store.scheduleStates()["a"])
            test.time.advance(by: .hours(2))
            let slots = [1, 2].map { NewScheduleSlot(start + .hours($0), lane: "main") }
            #expect(try await store.advance(state, to: start + .hours(2), slots: slots))
            _ = try await store.requestSlot(of: "b", lane: "main", audit: Self.audit("schedules.run", test))
            let bounds = ScheduleBounds(timeLimit: .hours(1), deadline: .days(1))
            let limits = ["a": bounds, "b": bounds]
            let running = try #require(
                try await store.claimSlot(of: limits, lane: "main", workers: 4, holder: "before"))
            test.time.advance(by: .days(1))
            let restoration = try await store.settleRestored(by: "ann")
            #expect(restoration.schedules == 2 && restoration.scheduledRuns == 3)
            #expect(try await store.scheduleStates().values.allSatisfy { $0.cursor == test.time.now })
            #expect(try await store.claimSlot(of: limits, lane: "main", workers: 4, holder: "after") == nil)
            let rows = try await store.scheduleSlots(limit: 9)
            #expect(rows.allSatisfy { $0.finishedAt == test.time.now && $0.reason != nil })
            #expect(rows.filter { $0.state == .failed }.map(\.id) == [running.slot.id])
            #expect(rows.filter { $0.state == .skipped }.count == 2)
            // A clock that was ahead when the backup was made is for the service to mend.
            test.time.jump(to: start + .hours(1))
            #expect(try await store.settleRestored(by: "ann").schedules == 0)
        }
    }
}
