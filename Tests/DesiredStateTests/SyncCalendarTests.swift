import Basics
import DesiredState
import Testing

@Suite struct SyncCalendarTests {
    private static let mark = SourceMark(file: ".odooops/policies.yaml", line: 4, column: 5)

    static func zones() throws -> TimeZones {
        TimeZones([
            try TimeZone(name: "Europe/Berlin", rule: "CET-1CEST,M3.5.0,M10.5.0/3"),
            try TimeZone(name: "America/New_York", rule: "EST5EDT,M3.2.0,M11.1.0"),
            try TimeZone(name: "Australia/Lord_Howe", rule: "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"),
        ])
    }

    private static func window(
        _ kind: SyncWindow.Kind, _ schedule: String, _ duration: Duration, _ zone: String = "UTC",
        _ scope: PolicyScope = PolicyScope(), manual: Bool = false
    ) throws -> SyncWindow {
        SyncWindow(
            kind: kind, schedule: try Cron(parsing: schedule), duration: duration, timeZone: zone, scope: scope,
            allowsManual: manual, source: mark)
    }

    private static let production = SyncSubject(environment: "live", tier: .production)
    private static let dev = SyncSubject(environment: "feature-crm", tier: .dev)
    private static let shared = SyncSubject(environment: nil, tier: nil)

    /// A policy in one word, an instant, and when it opens: `open`, an instant, or `never`.
    private static func policy(_ name: String) throws -> Policy {
        var policy = Policy()
        let live = PolicyScope(tiers: [.production])
        switch name {
        case "nights":
            policy.syncWindows = [try window(.allow, "0 22 * * *", .hours(6), "Europe/Berlin", live)]
        case "weekends":
            policy.syncWindows = [try window(.deny, "0 18 * * 5", .hours(62), "Europe/Berlin", live, manual: true)]
        case "both":
            policy.syncWindows = [
                try window(.allow, "0 8 * * *", .hours(10)), try window(.deny, "0 12 * * *", .hours(1)),
                try window(.deny, "30 12 * * *", .hours(1)),
            ]
        case "always": policy.syncWindows = [try window(.deny, "* * * * *", .minutes(1))]
        case "rare": policy.syncWindows = [try window(.allow, "0 0 29 2 *", .hours(1))]
        case "names":
            policy.syncWindows = [
                try window(
                    .deny, "0 0 * * *", .hours(24), "UTC", PolicyScope(environments: [try GlobPattern("feature-*")]))
            ]
        case "allow two":
            policy.syncWindows = [
                try window(.allow, "0 8 * * *", .hours(1)), try window(.allow, "0 20 * * *", .hours(1), manual: true),
            ]
        case "one more":
            policy.syncWindows = [
                try window(.allow, "0 3 1 1 *", .hours(1)), try window(.deny, "* * * * *", .hours(1), manual: true),
            ]
        case "freeze":
            policy.freezes = [
                Freeze(
                    from: Timestamp("2026-12-20T00:00:00Z"),
                    until: Timestamp("2027-01-05T00:00:00Z") ?? Timestamp(seconds: 0),
                    reason: "holidays", scope: live, source: mark)
            ]
            policy.syncWindows = [try window(.allow, "0 22 * * *", .hours(6), "UTC", live, manual: true)]
        case "lost":
            policy.syncWindows = [try window(.allow, "0 22 * * *", .hours(6), "Europe/Atlantis", live, manual: true)]
        case "unreadable":
            policy.unreadableWindows = [UnreadableWindow(scope: live, reason: "`kind` is \"alow\"", source: mark)]
        default: break
        }
        return policy
    }

    @Test(
        arguments: [
            // 22:00 in Berlin is 21:00 in winter and 20:00 in summer; the end isn't in it any more.
            ("nights", production, "2026-03-06T20:59:59Z", "2026-03-06T21:00:00Z"),
            ("nights", production, "2026-03-06T21:00:00Z", "open"),
            ("nights", production, "2026-03-07T02:59:59Z", "open"),
            ("nights", production, "2026-03-07T03:00:00Z", "2026-03-07T21:00:00Z"),
            ("nights", production, "2026-06-06T19:59:00Z", "2026-06-06T20:00:00Z"),
            ("nights", dev, "2026-03-06T12:00:00Z", "open"),
            ("nights", shared, "2026-03-06T12:00:00Z", "open"),
            // The night in which clocks are put forward: six hours all the same.
            ("nights", production, "2026-03-29T02:59:59Z", "open"),
            ("nights", production, "2026-03-29T03:00:00Z", "2026-03-29T20:00:00Z"),
            ("weekends", production, "2026-03-06T16:59:59Z", "open"),
            ("weekends", production, "2026-03-06T17:00:00Z", "2026-03-09T07:00:00Z"),
            ("weekends", production, "2026-03-09T06:59:59Z", "2026-03-09T07:00:00Z"),
            ("weekends", production, "2026-03-09T07:00:00Z", "open"),
            ("both", shared, "2026-03-06T11:59:59Z", "open"),
            ("both", shared, "2026-03-06T12:00:00Z", "2026-03-06T13:30:00Z"),
            ("both", dev, "2026-03-06T18:00:00Z", "2026-03-07T08:00:00Z"),
            ("always", dev, "2026-03-06T18:00:00Z", "never"),
            ("rare", dev, "2026-03-06T18:00:00Z", "never"),
            ("rare", dev, "2027-06-06T18:00:00Z", "2028-02-29T00:00:00Z"),
            ("names", dev, "2026-03-06T18:00:00Z", "never"), ("names", production, "2026-03-06T18:00:00Z", "open"),
            ("names", shared, "2026-03-06T18:00:00Z", "open"),
            ("allow two", dev, "2026-03-06T09:00:00Z", "2026-03-06T20:00:00Z"),
            ("freeze", production, "2026-12-19T23:59:59Z", "open"),
            ("freeze", production, "2026-12-20T00:00:00Z", "2027-01-05T00:00:00Z"),
            ("freeze", production, "2027-01-05T00:00:00Z", "open"),
            ("freeze", production, "2027-01-05T05:00:00Z", "2027-01-05T22:00:00Z"),
            ("lost", production, "2026-03-06T23:00:00Z", "never"), ("lost", dev, "2026-03-06T23:00:00Z", "open"),
            ("unreadable", production, "2026-03-06T23:00:00Z", "never"),
            ("unreadable", dev, "2026-03-06T23:00:00Z", "open"),
            // Whoever has a tier that nobody knows may be of any.
            ("unreadable", SyncSubject(environment: "x", tier: nil), "2026-03-06T23:00:00Z", "never"),
        ])
    func anInstantIsOpenOrSaysWhenItOpens(
        _ name: String, _ subject: SyncSubject, _ instant: String, _ opens: String
    ) throws {
        let calendar = SyncCalendar(try Self.policy(name), zones: try Self.zones())
        let now = try #require(Timestamp(instant))
        let opening = calendar.nextOpening(of: [subject], from: now)
        #expect((opening.map { $0 == now ? "open" : $0.description } ?? "never") == opens)
        #expect((calendar.closure(of: [subject], at: now) == nil) == (opens == "open"))
    }

    @Test func severalSubjectsWaitForTheLast() throws {
        let calendar = SyncCalendar(try Self.policy("nights"), zones: try Self.zones())
        let now = try #require(Timestamp("2026-03-06T12:00:00Z"))
        #expect(
            calendar.nextOpening(of: [Self.dev, Self.production], from: now)?.description == "2026-03-06T21:00:00Z")
    }

    @Test(
        arguments: [
            ("weekends", "2026-03-07T12:00:00Z", true), ("nights", "2026-03-06T12:00:00Z", false),
            // All that close have to let it through.
            ("allow two", "2026-03-06T12:00:00Z", false), ("one more", "2026-03-06T12:00:00Z", false),
            ("freeze", "2026-12-24T22:30:00Z", false),
            ("freeze", "2027-01-06T12:00:00Z", true), ("lost", "2026-03-06T12:00:00Z", false),
        ])
    func aPersonGetsThroughOnlyWhereAllThatCloseLetHerThrough(_ name: String, _ instant: String, _ passes: Bool) throws
    {
        let calendar = SyncCalendar(try Self.policy(name), zones: try Self.zones())
        let now = try #require(Timestamp(instant))
        #expect(calendar.closure(of: [Self.production], at: now) != nil)
        #expect((calendar.closure(of: [Self.production], at: now, isManual: true) == nil) == passes)
    }

    @Test func theReasonNamesWhatClosesAndWhere() throws {
        let zones = try Self.zones()
        let calendar = SyncCalendar(try Self.policy("freeze"), zones: zones)
        let frozen = calendar.closure(of: [Self.production], at: try #require(Timestamp("2026-12-24T22:30:00Z")))
        #expect(
            frozen?.reason
                == "the tier production is frozen until 2027-01-05 00:00 UTC (.odooops/policies.yaml:4:5): holidays")
        let closed = SyncCalendar(try Self.policy("nights"), zones: zones)
            .closure(of: [Self.production], at: try #require(Timestamp("2026-03-06T12:00:00Z")))
        #expect(
            closed?.reason
                == "no allow window is open: not 0 22 * * * for 6h, Europe/Berlin (.odooops/policies.yaml:4:5)")
    }

    // MARK: Against a scan by minutes

    /// What is open, minute by minute, from nothing but offsets and labels.
    private struct Scan {
        let first: Int64
        /// One for each minute.
        let isOpen: [Bool]

        init(_ windows: [SyncWindow], _ zones: TimeZones, _ range: Range<Int64>) {
            first = range.lowerBound
            var open = [Bool](repeating: true, count: range.count)
            var allowed = [Bool](repeating: !windows.contains { $0.kind == .allow }, count: range.count)
            for window in windows {
                guard let zone = zones[window.timeZone] else { continue }
                let length = window.duration.components.seconds / 60
                let from = range.lowerBound - length
                let labels = (from - 181..<range.upperBound).map { $0 + zone.offset(at: $0 * 60) / 60 }
                let isFixed = !window.schedule.description.split(separator: " ")[1].hasPrefix("*")
                for minute in from..<range.upperBound {
                    let place = Int(minute - from) + 181
                    let shown =
                        isFixed
                        ? Array(labels[place - 1] + 1..<max(labels[place], labels[place - 1] + 1)) + [labels[place]]
                        : [labels[place]]
                    guard shown.contains(where: { Self.fits(window.schedule, $0) }) else { continue }
                    if isFixed, labels[(place - 180)..<place].contains(labels[place]) { continue }
                    for covered in max(minute, range.lowerBound)..<min(minute + length, range.upperBound)
                    where covered >= range.lowerBound {
                        let index = Int(covered - range.lowerBound)
                        if window.kind == .deny { open[index] = false } else { allowed[index] = true }
                    }
                }
            }
            isOpen = zip(open, allowed).map { $0 && $1 }
        }

        private static func fits(_ cron: Cron, _ label: Int64) -> Bool {
            cron.next(after: Timestamp(seconds: label * 60 - 60)) == Timestamp(seconds: label * 60)
        }
    }

    @Test(arguments: UInt64(0)..<10) func everyMinuteIsThatOfTheScan(_ seed: UInt64) throws {
        let random = RandomSource(seed: seed)
        func pick<T>(_ items: [T]) -> T { items[Int(random.next() % UInt64(items.count))] }
        let zones = try Self.zones()
        let names = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
        var windows: [SyncWindow] = []
        for _ in 0..<(1 + random.next() % 3) {
            let minute = pick(["0", "30", "15,45", "*/20", "7"])
            let hour = pick(["*", "2", "1-3", "*/6", "22", "0,12"])
            windows.append(
                try Self.window(
                    pick([.allow, .deny]), "\(minute) \(hour) * * \(pick(["*", "0", "1-5", "6,0"]))",
                    .minutes(pick([1, 10, 45, 60, 150, 600, 1_500])), pick(names)))
        }
        var policy = Policy()
        policy.syncWindows = windows
        let calendar = SyncCalendar(policy, zones: zones)
        let zone = try #require(zones[pick(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])])
        let change = try #require(zone.period(at: 1_775_000_000 + Int64(random.next() % 60_000_000)).end)
        let range = (change / 60 - 1_000)..<(change / 60 + 3_000)
        let scan = Scan(windows, zones, range)
        let story = "\(windows.map { "\($0.kind) \($0.schedule) \($0.duration.shortText) \($0.timeZone)" })"
        for _ in 0..<60 {
            let minute = range.lowerBound + Int64(random.next() % 1_500)
            let now = Timestamp(microseconds: minute * 60_000_000 + Int64(random.next() % 60_000_000))
            let index = Int(minute - range.lowerBound)
            #expect((calendar.closure(of: [Self.dev], at: now) == nil) == scan.isOpen[index], "\(now) \(story)")
            let opening = calendar.nextOpening(of: [Self.dev], from: now)
            if let next = scan.isOpen[index...].firstIndex(of: true) {
                let expected = next == index ? now : Timestamp(seconds: (range.lowerBound + Int64(next)) * 60)
                #expect(opening == expected, "\(now) \(story)")
            } else {
                #expect(opening.map { $0.seconds / 60 >= range.upperBound } ?? true, "\(now) \(story)")
            }
        }
    }
}
