import Basics
import DesiredState
import Diff
import Formats
import Store
import Testing

/// What runs by the clock, on both engines: each time once, whoever decides it.
@Suite("The ledger of schedules")
struct ScheduleStoreTests {
    private static func audit(_ action: String, _ instant: Timestamp) -> AuditRecord {
        AuditRecord(at: instant, action: action, target: "a", actor: "ada", detail: [:])
    }

    private static let terms = ScheduleTerms(name: "A", environment: "prod", alertsOnFailure: true, disableAfter: 2)

    @Test("a time is decided once, run by one, and its end followed by what it means", arguments: engines)
    func life(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            let other = Store(engine: try await test.another(), time: test.time)
            try await test.store.beginSchedules(["a", "b"])
            try await other.beginSchedules(["a"])
            let state = try #require(try await test.store.scheduleStates()["a"])
            #expect(state.cursor == start && state.lastState == nil)
            let slots = [
                NewScheduleSlot(start + .hours(1), lane: "main", skipReason: "nobody was there"),
                NewScheduleSlot(start + .hours(2), lane: "main"),
            ]
            test.time.advance(by: .hours(2))
            #expect(try await test.store.advance(state, to: start + .hours(2), slots: slots))
            #expect(try await !other.advance(state, to: start + .hours(2), slots: slots))
            #expect(try await test.store.scheduleSlots(limit: 9).map(\.state) == [.waiting, .skipped])

            let bounds = ScheduleBounds(timeLimit: .hours(1), deadline: .days(1))
            let limits = ["a": bounds]
            #expect(try await other.claimSlot(of: ["b": bounds], lane: "main", workers: 1, holder: "two") == nil)
            let claim = try #require(
                try await test.store.claimSlot(of: limits, lane: "main", workers: 1, holder: "one"))
            #expect(try await other.claimSlot(of: limits, lane: "main", workers: 1, holder: "two") == nil)
            let later = test.time.now + .minutes(5)
            #expect(
                try await test.store.settle(claim, .timedOut(code: "J", reason: "slow", retryAt: later), Self.terms)
                    .isOurs)
            #expect(try await !test.store.settle(claim, .succeeded(receipt: nil), Self.terms).isOurs)
            test.time.advance(by: .minutes(5))
            let again = try #require(try await other.claimSlot(of: limits, lane: "main", workers: 1, holder: "two"))
            #expect(again.slot.attempts == 2 && !again.wasAbandoned)
            #expect(
                try await other.settle(again, .timedOut(code: "J", reason: "slow", retryAt: nil), Self.terms).isOurs)
            let ended = try #require(try await test.store.scheduleStates()["a"])
            #expect(ended.timeouts == 2 && ended.lastState == .timedOut && ended.disabledAt == test.time.now)
            #expect(try await test.store.notices().map(\.kind) == [.scheduleDisabled])
            let shown = try await test.rows("select chore_id, status, error_message from ops.maintenance_runs")
            #expect(
                shown.map { [$0.optionalText(0), $0.optionalText(1), $0.optionalText(2)] } == [["a", "failed", "slow"]])

            #expect(try await test.store.enableSchedule("a", audit: Self.audit("schedules.enable", test.time.now)))
            _ = try await test.store.requestSlot(
                of: "a", lane: "main", audit: Self.audit("schedules.run", test.time.now))
            let asked = try #require(
                try await test.store.claimSlot(of: limits, lane: "main", workers: 1, holder: "one"))
            #expect(asked.slot.askedBy == "ada")
            test.time.advance(by: .hours(2))
            let taken = try #require(try await other.claimSlot(of: limits, lane: "main", workers: 1, holder: "two"))
            #expect(taken.wasAbandoned && taken.slot.id == asked.slot.id)
            #expect(try await other.settle(taken, .succeeded(receipt: "r"), Self.terms).isOurs)
            #expect(try await test.store.notices().map(\.kind) == [.scheduleDisabled, .scheduleRecovered])
            #expect(try await test.store.auditLog(limit: 9).count == 2)
            #expect(try await test.store.forgetSlots(before: test.time.now + .seconds(1)) == 3)
            await other.close()
        }
    }

    @Test(
        "a success ends what people were told of a schedule, whatever its runs before came to, and once",
        arguments: engines, [Notice.Kind.scheduleFailed, .scheduleBlocked, .scheduleEnded])
    func recovers(_ engine: SQLDialect, _ kind: Notice.Kind) async throws {
        try await TestStore.with(engine) { test in
            for (id, environment) in [("backup/lab", "lab"), ("gates", nil)] as [(String, String?)] {
                try await test.store.beginSchedules([id])
                let terms = ScheduleTerms(name: id, environment: environment, alertsOnFailure: false, disableAfter: 2)
                let bounds = ScheduleBounds(timeLimit: .hours(1), deadline: .days(1))
                func succeed() async throws {
                    test.time.advance(by: .hours(1))
                    let state = try #require(try await test.store.scheduleStates()[id])
                    _ = try await test.store.advance(
                        state, to: test.time.now, slots: [NewScheduleSlot(test.time.now, lane: "main")])
                    let claim = try await test.store.claimSlot(
                        of: [id: bounds], lane: "main", workers: 1, holder: "one")
                    let ours = try #require(claim)
                    #expect(try await test.store.settle(ours, .succeeded(receipt: nil), terms).isOurs)
                }
                func told() async throws -> [Notice.Kind] {
                    try await test.store.notices(limit: 99).filter { $0.subject == id }.map(\.kind)
                }
                try await succeed()
                #expect(try await told() == [])
                try await test.store.post([
                    Notice(kind, of: id, environment: environment, at: test.time.now, dedupe: "missing")
                ])
                for _ in 0..<2 { try await succeed() }
                #expect(try await told() == [kind, .scheduleRecovered])
            }
        }
    }

    @Test("what runs by the clock comes back as it was kept, and is written where it differs", arguments: engines)
    func timetable(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            #expect(try await test.store.timetable() == nil)
            let mark = SourceMark(file: "a.yaml", line: 3, column: 5)
            let chore = Chore(
                id: "gates", name: nil, cadence: nil, cron: try Cron(parsing: "0 2 * * 1"), runner: "ci", outputs: [],
                alertsOnFailure: false, secrets: [], source: mark)
            let whole = Timetable(
                chores: [chore],
                backups: [
                    Timetable.Backup(
                        of: "shop", "0 */6 * * *", .production, isProtected: true, database: "odoo", source: mark)
                ])
            try await test.store.rememberTimetable(Timetable(), from: nil, notices: [])
            #expect(try await test.store.timetable() == nil, "nothing is worth no write")
            let notice = Notice(.scheduleEnded, of: "backup/lab", environment: "lab", at: start, dedupe: "r")
            try await test.store.rememberTimetable(whole, from: nil, notices: [notice])
            #expect(try await test.store.timetable() == whole)
            try await test.store.rememberTimetable(whole, from: whole, notices: [notice])
            #expect(try await test.store.notices().count == 1)
            try await test.store.rememberTimetable(Timetable(), from: whole, notices: [])
            #expect(try await test.store.timetable() == Timetable())
        }
    }

    @Test("a time that is decided once more, as after a restore, is known by the same id", arguments: engines)
    func sameID(_ engine: SQLDialect) async throws {
        func ids(_ test: TestStore) async throws -> [String] {
            try await test.store.beginSchedules(["a", "b"])
            for id in ["a", "b"] {
                let state = try #require(try await test.store.scheduleStates()[id])
                let slots = [1, 2].map { NewScheduleSlot(start + .hours($0), lane: "main") }
                #expect(try await test.store.advance(state, to: start + .hours(2), slots: slots))
            }
            return try await test.store.scheduleSlots(limit: 9).map(\.id).sorted()
        }
        let known = Locked<[String]>([])
        try await TestStore.with(engine) { test in
            let first = try await ids(test)
            #expect(Set(first).count == 4 && first.allSatisfy { $0.utf8.count == 36 })
            try await test.prepare(["delete from ops.schedule_slots", "delete from ops.schedule_states"])
            test.time.advance(by: .days(1))
            #expect(try await ids(test) == first)
            known.withLock { $0 = first }
        }
        // Another store that looks at the same schedules runs them itself.
        try await TestStore.with(engine) { test in
            let others = try await ids(test)
            #expect(Set(others).isDisjoint(with: known.withLock { $0 }))
        }
    }

    @Test("a run has its end where the platform's table refuses to show it", arguments: engines)
    func refused(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            let refusal =
                switch engine {
                case .postgres: "alter table ops.maintenance_runs add constraint refusal check (false) not valid"
                case .sqlite:
                    "create trigger ops.refusal before insert on maintenance_runs "
                        + "begin select raise(abort, 'not here'); end"
                }
            try await test.prepare([refusal])
            try await test.store.beginSchedules(["a"])
            let state = try #require(try await test.store.scheduleStates()["a"])
            test.time.advance(by: .hours(1))
            let slot = NewScheduleSlot(start + .hours(1), lane: "main")
            #expect(try await test.store.advance(state, to: test.time.now, slots: [slot]))
            let limits = ["a": ScheduleBounds(timeLimit: .hours(1), deadline: .days(1))]
            let claim = try #require(
                try await test.store.claimSlot(of: limits, lane: "main", workers: 1, holder: "one"))
            let settlement = try await test.store.settle(
                claim, .failed(code: "JOB-0001", reason: "no room", retryAt: nil), Self.terms)
            #expect(settlement.isOurs && settlement.refusal?.code == "STORE-0032")
            #expect(try await test.store.scheduleSlots(limit: 9).map(\.state) == [.failed])
            #expect(try await test.store.scheduleStates()["a"]?.lastState == .failed)
            #expect(try await test.store.notices().map(\.kind) == [.scheduleFailed])
            #expect(try await test.rows("select count(*) from ops.maintenance_runs").first?.int(0) == 0)
        }
    }

    @Test(
        "a time that comes once more waits no longer, and of those that wait only the ones before it are left out",
        arguments: engines)
    func again(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await test.store.beginSchedules(["a"])
            let began = try #require(try await test.store.scheduleStates()["a"])
            let slots = [1, 2, 3].map { NewScheduleSlot(start + .hours($0), lane: "main") }
            test.time.advance(by: .hours(4))
            #expect(try await test.store.advance(began, to: start + .hours(4), slots: slots))
            test.time.jump(to: start + .hours(2))
            let ahead = try #require(try await test.store.scheduleStates()["a"])
            #expect(try await test.store.advance(ahead, to: start + .hours(2), slots: [slots[1]], dropping: "late"))
            let rows = try await test.store.scheduleSlots(limit: 9)
            #expect(rows.map(\.state) == [.waiting, .waiting, .skipped])
            #expect(rows.map(\.availableAt) == [start + .hours(4), start + .hours(2), start + .hours(4)])
        }
    }

    @Test("who asks in the same microsecond asks for the same run, until that has begun", arguments: engines)
    func ordersOfOneInstant(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            let other = Store(engine: try await test.another(), time: test.time)
            try await test.store.beginSchedules(["a"])
            let now = test.time.now
            func ask(_ store: Store) async throws -> String {
                try await store.requestSlot(of: "a", lane: "main", audit: Self.audit("schedules.run", now))
            }
            let first = try await ask(test.store)
            #expect(try await ask(other) == first)
            let limits = ["a": ScheduleBounds(timeLimit: .hours(1), deadline: .days(1))]
            let claim = try #require(
                try await test.store.claimSlot(of: limits, lane: "main", workers: 9, holder: "one"))
            #expect(claim.slot.id == first && claim.slot.askedBy == "ada")
            let second = try await ask(other)
            #expect(second != first)
            #expect(try await ask(test.store) == second)
            let slots = try await test.store.scheduleSlots(limit: 9)
            #expect(slots.map(\.slot) == [now + .microseconds(1), now])
            // Each of the four is in the log, whichever run it got.
            #expect(
                try await test.rows("select count(*) from ops.audit_log where action = 'schedules.run'").first?
                    .int(0) == 4)

            // One of the clock is as good.
            let state = try #require(try await test.store.scheduleStates()["a"])
            let due = now + .hours(1)
            test.time.advance(by: .hours(1))
            _ = try await test.store.advance(state, to: due, slots: [NewScheduleSlot(due, lane: "main")])
            let third = try await test.store.requestSlot(
                of: "a", lane: "main", audit: Self.audit("schedules.run", due))
            let latest = try #require(try await test.store.scheduleSlots(limit: 1).first)
            #expect(latest.id == third && latest.slot == due && latest.askedBy == "ada")
        }
    }
}
