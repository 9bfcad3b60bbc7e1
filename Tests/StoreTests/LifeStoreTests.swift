import Basics
import DesiredState
import Diff
import Formats
import Store
import TestKit
import Testing

@Suite("What the store remembers of things that end")
struct LifeStoreTests {
    private static let key = ResourceKey(.record, "e.com/A/a")

    private static func mark(_ id: String, _ at: Timestamp, goesAt: Timestamp? = nil) -> PruneMark {
        PruneMark(key: key, providerID: id, environment: "a", markedAt: at, revision: "abc", goesAt: goesAt)
    }

    private static func notice(_ dedupe: String, _ at: Timestamp = start) -> Notice {
        Notice(.environmentExpiring, of: "a", environment: "a", at: at, payload: ["expires_at": "x"], dedupe: dedupe)
    }

    private static func audit(_ action: String) -> AuditRecord {
        AuditRecord(at: start, action: action, target: "a", actor: "ada", detail: .object([:]))
    }

    @Test("A mark moves only on: to another object of its name, or to where its grace begins anew", arguments: engines)
    func marks(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            let first = Self.mark("1", start)
            try await store.changeMarks(add: [first], remove: [], runID: "r1")
            try await store.changeMarks(add: [Self.mark("1", start - .hours(1))], remove: [], runID: "r2")
            #expect(try await store.inventory().marks == [first])
            let completed = Self.mark("1", start, goesAt: start + .hours(2))
            try await store.changeMarks(add: [completed], remove: [], runID: "r2")
            #expect(try await store.inventory().marks == [completed])
            try await store.changeMarks(
                add: [Self.mark("1", start, goesAt: start + .hours(1))], remove: [], runID: "r2")
            #expect(try await store.inventory().marks == [completed])
            let anew = Self.mark("1", start + .hours(1), goesAt: start + .hours(3))
            try await store.changeMarks(add: [anew], remove: [], runID: "r2")
            #expect(try await store.inventory().marks == [anew])
            let other = Self.mark("2", start + .hours(2))
            try await store.changeMarks(add: [other], remove: [], runID: "r3")
            #expect(try await store.inventory().marks == [other])
            try await store.changeMarks(add: [], remove: [Self.key], runID: "r4")
            #expect(try await store.inventory().marks.isEmpty)
        }
    }

    @Test("No instant, however far, makes a row that can't be read", arguments: engines)
    func farInstants(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            _ = try await store.saveEnvironments([EnvironmentRow(slug: "a", tier: .dev)])
            for far in [Timestamp.lastWritable + .microseconds(1), Timestamp(microseconds: .max)] {
                try await store.setPinned("a", true, reason: nil, until: far, audit: Self.audit("env.pin"))
                try await store.setSuspended("a", true, reason: nil, until: far, audit: Self.audit("env.suspend"))
                let row = try #require(try await store.environments().first)
                #expect(row.pinnedUntil == .lastWritable && row.suspendedUntil == .lastWritable)
            }
            // As an older version wrote it: one such row stopped every command that reads environments.
            try await world.prepare(["update ops.environments set pinned_until = '10000-01-01T00:59:59.000000Z'"])
            #expect(try await store.environments().first?.pinnedUntil == .lastWritable)
            // What no version writes is told by table, column and row.
            guard engine == .sqlite else { return }
            try await world.prepare(["update ops.environments set pinned_until = 'soon'"])
            await #expect { _ = try await store.environments() } throws: { error in
                let message = (error as? StoreFault)?.message ?? ""
                return message.contains("pinned_until of ops.environments") && message.contains("slug a")
            }
        }
    }

    @Test("A notice is written once, and read in the order of writing from wherever one stands", arguments: engines)
    func notices(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            #expect(try await store.post([Self.notice("1"), Self.notice("2")]).count == 2)
            #expect(
                try await store.post([Self.notice("2", start + .hours(1)), Self.notice("3")]).map(\.dedupeKey) == [
                    "environment.expiring:a:3"
                ])
            // Together with the row that it tells of.
            #expect(
                try await store.saveEnvironments(
                    [EnvironmentRow(slug: "a", tier: .dev)], notices: [Self.notice("4"), Self.notice("1")]) == 1)
            let all = try await store.notices()
            #expect(all.map(\.dedupeKey).map { $0.suffix(1) } == ["1", "2", "3", "4"])
            #expect(all[0].payload["expires_at"] == "x" && all[0].at == start && all[0].environment == "a")
            #expect(try await store.notices(after: all[1].id).map(\.id) == all[2...].map(\.id))
            #expect(try await store.notices(after: all[3].id).isEmpty)
        }
    }

    @Test("People's reasons and ends survive every pass, and limits hold inside the transaction", arguments: engines)
    func people(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            var row = EnvironmentRow(slug: "a", tier: .dev, createdAt: start)
            (row.deployedAt, row.activeAt) = (start, start + .hours(1))
            try await store.saveEnvironments([row])
            try await store.setPinned("a", true, reason: "demo", until: start + .days(9), audit: Self.audit("env.pin"))
            try await store.setSuspended(
                "a", true, reason: "measured", until: start + .days(2), audit: Self.audit("env.suspend"))
            try await store.saveEnvironments([row])
            let read = try #require(try await store.environments().first)
            #expect(read.pinReason == "demo" && read.pinnedUntil == start + .days(9) && read.pinnedBy == "ada")
            #expect(read.suspendReason == "measured" && read.suspendedUntil == start + .days(2))
            #expect(read.deployedAt == start && read.activeAt == start + .hours(1))
            #expect(read.isPinned(at: start + .days(9) - .microseconds(1)) && !read.isPinned(at: start + .days(9)))
            #expect(read.isSuspended(at: start + .days(1)) && !read.isSuspended(at: start + .days(2)))
            #expect(try await store.inventory().environments.first?.pinnedUntil == start + .days(9))

            try await store.extendEnvironment("a", days: 3, most: 5, audit: Self.audit("env.extend"))
            await #expect(throws: StoreFault.self) {
                try await store.extendEnvironment("a", days: 3, most: 5, audit: Self.audit("env.extend"))
            }
            #expect(try await store.environments().first?.extensionDays == 3)
            try await store.setPinned("a", false, audit: Self.audit("env.unpin"))
            #expect(try await store.environments().first?.pinReason == nil)
            // What was refused left no trace.
            #expect(try await store.auditLog(limit: 10).count { $0.action == "env.extend" } == 1)
            #expect(
                try await store.notices().map(\.kind) == [
                    .environmentPinned, .environmentSuspended, .environmentExtended, .environmentUnpinned,
                ])
        }
    }

    @Test(
        "What is so already is neither written, audited nor told: each transition is told once", arguments: engines)
    func settledAlready(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            try await store.saveEnvironments([EnvironmentRow(slug: "a", tier: .dev)])
            let before = try await store.environments()
            #expect(try await !store.setPinned("a", false, audit: Self.audit("env.unpin")).isChanged)
            let resumed = try await store.setSuspended("a", false, audit: Self.audit("env.resume"))
            #expect(!resumed.isChanged && [resumed.row] == before)
            #expect(try await store.auditLog(limit: 9).isEmpty)
            #expect(try await store.notices().isEmpty)
            for isFirst in [true, false] {
                let pinned = try await store.setPinned(
                    "a", true, reason: "demo", until: start + .days(9), audit: Self.audit("env.pin"))
                let left = try await store.setSuspended("a", true, audit: Self.audit("env.suspend"))
                #expect(pinned.isChanged == isFirst && left.isChanged == isFirst)
                #expect(pinned.row.isPinned && left.row.isSuspended)
            }
            // Another reason is another word.
            #expect(
                try await store.setSuspended("a", true, reason: "audit", audit: Self.audit("env.suspend")).isChanged)
            for isFirst in [true, false] {
                #expect(try await store.setPinned("a", false, audit: Self.audit("env.unpin")).isChanged == isFirst)
                #expect(
                    try await store.setSuspended("a", false, audit: Self.audit("env.resume")).isChanged == isFirst)
            }
            #expect(
                try await store.notices().map(\.kind) == [
                    .environmentPinned, .environmentSuspended, .environmentSuspended, .environmentUnpinned,
                    .environmentResumed,
                ])
            #expect(try await store.auditLog(limit: 9).count == 5)
            await #expect(throws: StoreFault.self) {
                try await store.setPinned("nope", false, audit: Self.audit("env.unpin"))
            }
        }
    }

    @Test(
        "What a person decides moves the end and the status at once, as far as the last pass knew them",
        arguments: engines)
    func settles(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            let (soon, far) = (start + .hours(6), start + .days(30))
            var row = EnvironmentRow(
                slug: "a", tier: .dev, ttlClass: .named, status: .expiring, createdAt: start - .days(6),
                expiresAt: soon,
                metadata: ["warn_seconds": 86_400])
            row.warnedFor = soon
            try await store.saveEnvironments([row])
            func expect(
                _ end: Timestamp?, _ status: EnvironmentRow.Status, after change: LifeChange,
                _ location: SourceLocation = #_sourceLocation
            ) async throws {
                #expect(change.row.expiresAt == end && change.row.status == status, sourceLocation: location)
                #expect(try await store.tally(at: start, of: nil).environments == [status: 1], sourceLocation: location)
            }
            func audit(_ word: String) -> AuditRecord { Self.audit("env.\(word)") }
            try await expect(far, .active, after: try await store.setPinned("a", true, until: far, audit: audit("pin")))
            let unpinned = try await store.setPinned("a", false, audit: audit("unpin"))
            try await expect(soon, .expiring, after: unpinned)
            #expect(
                unpinned.row.record.promise == .until(far), "told of a later end, people are told of this one in time")
            try await expect(nil, .active, after: try await store.setPinned("a", true, audit: audit("pin")))
            try await expect(
                nil, .active, after: try await store.extendEnvironment("a", days: 1, audit: audit("extend")))
            let day = soon + .days(1)
            try await expect(day, .active, after: try await store.setPinned("a", false, audit: audit("unpin")))
            try await expect(nil, .active, after: try await store.setSuspended("a", true, audit: audit("suspend")))
            try await expect(day, .active, after: try await store.setSuspended("a", false, audit: audit("resume")))
            // By what it was: days move what is expiring out of the time of warning.
            try await store.saveEnvironments([row])
            try await expect(
                soon + .days(7), .active, after: try await store.extendEnvironment("a", days: 7, audit: audit("extend"))
            )
            // Of what no pass has remembered nothing is made up.
            row.metadata = .object([:])
            try await store.saveEnvironments([row])
            try await expect(
                soon + .days(7), .expiring,
                after: try await store.extendEnvironment("a", days: 7, audit: audit("extend")))
        }
    }

    @Test(
        "What its tier, its class or the last pass says has no end is promised none, and else the end that is known",
        arguments: [
            (.production, nil, false, true), (.staging, nil, false, true), (.dev, .production, false, true),
            (.dev, .staging, false, true), (.dev, .named, true, true), (.preview, .ephemeral, false, false),
            (.dev, .named, false, false), (.dev, nil, false, false),
        ] as [(Tier, TTLClass?, Bool, Bool)])
    func promises(_ tier: Tier, _ ttlClass: TTLClass?, _ remembered: Bool, _ neverEnds: Bool) {
        var row = EnvironmentRow(
            slug: "a", tier: tier, ttlClass: ttlClass, expiresAt: start,
            metadata: remembered ? ["never_ends": true] : [:])
        #expect(row.neverEnds == neverEnds)
        #expect(row.record.promise == (neverEnds ? .never : .until(start)))
        row.expiresAt = nil
        #expect(row.record.promise == (neverEnds ? .never : nil))
    }

    @Test(
        "A pin is offered where it ends later than the one that there is",
        arguments: [(nil, true), (-1, true), (1, true), (7, false), (300, false), (Int.max, false)] as [(Int?, Bool)],
        [false, true])
    func offers(_ pin: (days: Int?, isOffered: Bool), _ isUnwanted: Bool) {
        var row = EnvironmentRow(
            slug: "a", tier: .dev, ttlClass: .named, extensionDays: 3, metadata: ["most_extension_days": 3])
        if isUnwanted { row.unwantedSince = start }
        row.isPinned = pin.days != nil
        if let days = pin.days, days != .max { row.pinnedUntil = start + .days(days) }
        // One that is pinned without end has none.
        row.expiresAt = pin.days == .max ? nil : max(start + .days(1), row.pinnedUntil ?? start)
        #expect(row.keeping(at: start) == .pin)
        #expect((row.keepCommand(at: start) != nil) == pin.isOffered)
    }

    @Test("An approval ends at its instant, and only one that nobody used has lapsed", arguments: engines)
    func approvals(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            let granted = try await store.grant([ApprovalTests.approval("a", hours: 1)])
            world.time.jump(to: start + .hours(1) - .microseconds(1))
            #expect(try await store.standingApprovals().count == 1)
            #expect(try await store.lapsedApproval(of: Digest(of: "a")) == nil)
            world.time.jump(to: start + .hours(1))
            #expect(try await store.standingApprovals().isEmpty)
            #expect(try await store.lapsedApproval(of: Digest(of: "a"))?.id == granted[0].id)
            #expect(try await store.lapsedApproval(of: Digest(of: "b")) == nil)
            try await store.useApprovals([granted[0].id], runID: "r")
            #expect(try await store.lapsedApproval(of: Digest(of: "a")) == nil)
        }
    }
}
