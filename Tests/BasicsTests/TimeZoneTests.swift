import Basics
import TestKit
import Testing

@Suite struct TimeZoneTests {
    private static let berlin = "CET-1CEST,M3.5.0,M10.5.0/3"
    private static let newYork = "EST5EDT,M3.2.0,M11.1.0"

    /// Each by hand from the published dates of the changes.
    @Test(
        arguments: [
            (berlin, "2026-03-29T00:59:59Z", 3_600), (berlin, "2026-03-29T01:00:00Z", 7_200),
            (berlin, "2026-10-25T00:59:59Z", 7_200), (berlin, "2026-10-25T01:00:00Z", 3_600),
            (newYork, "2026-03-08T06:59:59Z", -18_000), (newYork, "2026-03-08T07:00:00Z", -14_400),
            (newYork, "2026-11-01T05:59:59Z", -14_400), (newYork, "2026-11-01T06:00:00Z", -18_000),
            // The southern half of the world: summer time goes over the end of the year.
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39_600),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T15:59:59Z", 39_600),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T16:00:00Z", 36_000),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-10-03T16:00:00Z", 39_600),
            // Half hours, quoted names, times before midnight and beyond a day (RFC 8536, 3.3.1).
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01T00:00:00Z", 39_600),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7_200),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3_600),
            ("IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", 7_200),
            ("IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", 10_800),
            // Summer time that never ends.
            ("XXX3EDT4,0/0,J365/23", "2026-06-01T00:00:00Z", -14_400), ("<+0545>-5:45", "2026-06-01T00:00:00Z", 20_700),
            // Days by their number: J60 is the 1st of March in each year, 59 the 29th of February where there is one.
            ("AAA0BBB,J60/0,300/0", "2028-02-29T23:59:59Z", 0), ("AAA0BBB,J60/0,300/0", "2028-03-01T00:00:00Z", 3_600),
            ("AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z", 3_600), ("AAA0BBB,59/0,300/0", "2027-02-28T23:59:59Z", 0),
        ])
    func aRuleSaysHowFarClocksAreFromUTC(_ rule: String, _ instant: String, _ offset: Int64) throws {
        let zone = try TimeZone(name: "Test", rule: rule)
        let seconds = try #require(Timestamp(instant)).seconds
        #expect(zone.offset(at: seconds) == offset)
    }

    @Test(
        arguments: [
            "", "CE", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M13.1.0", "CET-1CEST,M3.6.0,M10.5.0",
            "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1", "CET-1CEST,366,1", "CET-1CEST,M3.5.0,M10.5.0/168", "<CET-1",
            "CET-1CEST,M3.5.0,M10.5.0 ", "CET-25", "C3T-1",
        ])
    func whatIsNoRuleIsRefused(_ text: String) {
        #expect(throws: TimeZoneFault.self) { try TimeZone(name: "Test", rule: text) }
    }

    /// The periods cover all time without a hole, and each instant of one says the same.
    @Test(arguments: [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
    ])
    func periodsFollowEachOther(_ name: String) throws {
        guard FileSystem.isDirectory(TimeZones.directory) else { try Test.cancel("there are no time zones") }
        let zone = try #require(TimeZones.load([name])[name])
        var period = zone.period(at: -2_000_000_000)
        var count = 0
        while let end = period.end, end < 4_500_000_000 {
            let next = zone.period(at: end)
            #expect(next.start == end && zone.period(at: end - 1) == period)
            if let start = period.start {
                #expect(zone.period(at: start + (end - start) / 2) == period)
            }
            period = next
            count += 1
        }
        #expect(count > (name == "UTC" ? -1 : 0))
    }

    @Test func aFileThatIsNoneIsRefused() throws {
        #expect(throws: TimeZoneFault.self) { try TimeZone(name: "Test", file: []) }
        #expect(throws: TimeZoneFault.self) { try TimeZone(name: "Test", file: Array("TZif2 and nothing more".utf8)) }
        let path = "\(TimeZones.directory)/Europe/Berlin"
        guard let bytes = try? FileSystem.read(path) else { try Test.cancel("there are no time zones") }
        // Whatever is cut off or turned over: no trap, and never a zone out of half a file.
        for count in stride(from: 0, to: bytes.count, by: 31) {
            #expect(throws: TimeZoneFault.self) { try TimeZone(name: "Test", file: Array(bytes.prefix(count))) }
        }
        let random = RandomSource(seed: 7)
        for _ in 0..<300 {
            var broken = bytes
            broken[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            guard let zone = try? TimeZone(name: "Test", file: broken) else { continue }
            for instant in [Int64.min, -1, 0, 1_780_000_000, 4_000_000_000, .max] { _ = zone.period(at: instant) }
        }
    }

    @Test(arguments: ["../etc/passwd", "/etc/passwd", "", "Europe//Berlin", "Europe/..", "a/b/c/d", "Évian", ".hidden"])
    func aNameThatLeadsElsewhereIsNone(_ name: String) {
        #expect(!TimeZones.isName(name))
        #expect(TimeZones.load([name]).faults[name] == "it is no name of a time zone")
    }

    @Test func aZoneThatIsMissingIsNamed() throws {
        let directory = try TemporaryDirectory()
        let zones = TimeZones.load(["Europe/Atlantis", "UTC"], from: directory.path)
        #expect(zones["UTC"] != nil && zones["Europe/Atlantis"] == nil)
        #expect(zones.faults["Europe/Atlantis"] == "the tz database of this machine has no such zone")
        let none = TimeZones.load(["Europe/Berlin"], from: directory.path + "/none")
        #expect(none.faults["Europe/Berlin"]?.contains("install the package tzdata") == true)
    }

    @Test func theTextNamesTheDistance() throws {
        let berlin = try TimeZone(name: "Europe/Berlin", rule: Self.berlin)
        #expect(berlin.minuteText(try #require(Timestamp("2026-03-29T01:00:00Z"))) == "2026-03-29 03:00 +02:00")
        let newYork = try TimeZone(name: "America/New_York", rule: Self.newYork)
        #expect(newYork.minuteText(try #require(Timestamp("2026-01-01T00:30:00Z"))) == "2025-12-31 19:30 -05:00")
        #expect(TimeZone.utc.minuteText(Timestamp(seconds: 0)) == "1970-01-01 00:00 UTC")
        for (zone, instant, text) in [
            (berlin, "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
            (berlin, "2026-10-25T01:00:00.25Z", "2026-10-25T02:00:00.250+01:00"),
            (newYork, "2026-01-01T00:30:00Z", "2025-12-31T19:30:00-05:00"),
            (.utc, "2026-01-01T00:30:00Z", "2026-01-01T00:30:00Z"),
        ] {
            let instant = try #require(Timestamp(instant))
            #expect(zone.text(instant) == text)
            #expect(Timestamp(zone.text(instant)) == instant, "it is the same instant")
        }
    }
}

/// The machine's own C library knows the same zones: `date` says what it thinks of them.
@Suite struct LiveTimeZoneTests {
    @Test(
        arguments: [
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Manila", "America/St_Johns",
            "Africa/Casablanca", "Pacific/Apia", "Asia/Tehran", "America/Nuuk", "Europe/Dublin",
        ])
    func everyOffsetIsThatOfTheSystem(_ name: String) throws {
        guard let zone = TimeZones.load([name])[name] else { try Test.cancel("there are no time zones") }
        let random = RandomSource(seed: 11)
        var instants: [Int64] = (0..<400).map { _ in Int64(random.next() % 5_500_000_000) - 1_000_000_000 }
        // Around each change of the next years as well.
        var period = zone.period(at: 1_700_000_000)
        while let end = period.end, end < 2_600_000_000 {
            instants += [end - 1, end, end + 1]
            period = zone.period(at: end)
        }
        let directory = try TemporaryDirectory()
        let input = "\(directory.path)/instants"
        try FileSystem.write(instants.map { "@\($0)\n" }.joined().utf8, to: input)
        let answer = Shell.run("TZ=\(name) date -f \(Shell.quote(input)) '+%s %::z'")
        let lines = answer.output.split(separator: "\n")
        try #require(lines.count == instants.count)
        for (instant, line) in zip(instants, lines) {
            let parts = line.split(separator: " ")
            let digits = parts[1].dropFirst().split(separator: ":").compactMap { Int64($0) }
            let offset = (digits[0] * 3_600 + digits[1] * 60 + digits[2]) * (parts[1].hasPrefix("-") ? -1 : 1)
            #expect(zone.offset(at: instant) == offset, "\(name) @\(instant)")
        }
    }
}
