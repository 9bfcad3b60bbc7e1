import Basics
import Testing

@Suite struct TimestampTests {
    private static let known: [(String, Int64, String)] = [
        ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"),
        ("2026-03-06T14:05:00.12+00:00", 1_772_805_900_120_000, "2026-03-06T14:05:00.120Z"),
        ("2026-03-06 14:05:00.12+00", 1_772_805_900_120_000, "2026-03-06T14:05:00.120Z"),
        ("2026-03-06t15:05:00+01:00", 1_772_805_900_000_000, "2026-03-06T14:05:00Z"),
        ("2026-03-06T08:35:00-0530", 1_772_805_900_000_000, "2026-03-06T14:05:00Z"),
        ("2000-02-29T00:00:00Z", 951_782_400_000_000, "2000-02-29T00:00:00Z"),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000, "2017-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.123456789Z", 1_767_225_600_123_456, "2026-01-01T00:00:00.123456Z"),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000_000, "9999-12-31T23:59:59Z"),
    ]

    @Test(arguments: known) func aKnownInstantIsReadAndWritten(text: String, microseconds: Int64, written: String) {
        #expect(Timestamp(text) == Timestamp(microseconds: microseconds))
        #expect(Timestamp(microseconds: microseconds).description == written)
    }

    @Test(arguments: [
        "", "2026-03-06", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2026-03-06T24:00:00Z", "2026-03-06T00:60:00Z",
        "2026-03-06T00:00:00", "2026-03-06T00:00:00.Z", "2026-03-06T00:00:00Zx", "2026-03-06T00:00:00+24:00",
        "2026-3-6T00:00:00Z", "now",
        "٢٠٢٦-03-06T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "+026-01-01T00:00:00Z",
    ]) func whatIsNoInstantIsRefused(text: String) { #expect(Timestamp(text) == nil) }

    @Test(arguments: UInt64(0)..<20) func writingAndReadingAreInverse(seed: UInt64) {
        var random = RandomSource(seed: seed)
        for _ in 0..<500 {
            let instant = Timestamp(
                microseconds: .random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &random))
            #expect(Timestamp(instant.description) == instant)
            let later = instant + .microseconds(Int64.random(in: 1...1_000_000_000, using: &random))
            #expect(instant < later)
            let (a, b) = (instant.calendar, later.calendar)
            #expect(
                [a.year, a.month, a.day, a.hour, a.minute, a.second].lexicographicallyPrecedes([
                    b.year, b.month, b.day, b.hour, b.minute, b.second + 1,
                ]))
        }
    }

    @Test func extremesDoNotTrap() {
        for microseconds in [Int64.min, .min + 1, .max] {
            #expect(!Timestamp(microseconds: microseconds).description.isEmpty)
            #expect(Timestamp(microseconds: microseconds).seconds < Int64.max)
        }
        let end = Timestamp(microseconds: .max)
        let start = Timestamp(microseconds: .min)
        #expect(Timestamp(microseconds: 1) + .days(.max) == end)
        #expect(Timestamp(microseconds: -5) - .days(.max) == start)
        #expect(end - .seconds(-1) == end)
        #expect(start + .hours(.min) == start)
        #expect(end - start > .days(200_000_000))
        #expect(Timestamp(seconds: .max) == end)
        #expect(Timestamp(seconds: .min) == start)
        #expect(Timestamp(date: "2026-03-06")?.minuteText == "2026-03-06 00:00")
        #expect(Timestamp(date: "2026-03-6") == nil)
    }

    @Test(arguments: [
        (Duration.zero, "0ms"), (.milliseconds(320), "320ms"), (.milliseconds(1_500), "1.5s"), (.seconds(9), "9s"),
        (.seconds(45), "45s"),
        (.seconds(192), "3m 12s"), (.minutes(60), "1h"), (.minutes(192), "3h 12m"), (.hours(24), "1d"),
        (.hours(148), "6d 4h"),
        (.seconds(-45), "-45s"), (.milliseconds(-320), "-320ms"), (.minutes(59) + .seconds(59), "59m 59s"),
    ]) func aDurationIsShownByItsTwoLargestUnits(duration: Duration, text: String) {
        #expect(duration.shortText == text)
    }
}

@Suite struct WritableTimeTests {
    /// Whatever a text or a number of seconds is read as can be written and read again.
    @Test(arguments: UInt64(0)..<50) func whatIsReadIsReadAgainAsItIsWritten(seed: UInt64) {
        let random = RandomSource(seed: seed)
        let (first, last) = (Timestamp.firstWritable.microseconds, Timestamp.lastWritable.microseconds)
        for _ in 0..<40 {
            let instant = Timestamp(microseconds: Int64(random.next() % UInt64(last - first)) + first)
            #expect(Timestamp(instant.description) == instant)
            #expect(instant.writable == instant)
        }
    }

    @Test func theYearsThatCanBeWrittenAreOneToNineThousandNineHundredAndNinetyNine() {
        #expect(Timestamp.firstWritable.description == "0001-01-01T00:00:00Z")
        #expect(Timestamp.lastWritable.description == "9999-12-31T23:59:59.999999Z")
        for instant in [Timestamp.firstWritable, .lastWritable] { #expect(Timestamp(instant.description) == instant) }
        for beyond in [
            "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:60Z", "0001-01-01T00:00:00+00:01", "0000-12-31T00:00:00Z",
            "10000-01-01T00:00:00Z",
        ] { #expect(Timestamp(beyond) == nil, "\(beyond)") }
        #expect(Timestamp(date: "9999-12-31") != nil && Timestamp(date: "0000-01-01") == nil)
        #expect(Timestamp(decimalSeconds: "253402300799.999999") == .lastWritable)
        #expect(Timestamp(decimalSeconds: "253402300800") == nil && Timestamp(decimalSeconds: "1099511627776") == nil)
        #expect((Timestamp(seconds: 0) + .days(100_000_000)).writable == .lastWritable)
    }
}

@Suite struct SimulatedTimeTests {
    private static let start = Timestamp(microseconds: 1_772_805_900_000_000)

    @Test func sleepersWakeInTheOrderOfTheirDeadlines() async throws {
        let time = SimulatedTime(now: Self.start)
        let order = Locked<[Int]>([])
        await withTaskGroup(of: Void.self) { group in
            for seconds in [30, 10, 20] {
                group.addTask {
                    try? await time.sleep(for: .seconds(seconds))
                    order.withLock { $0.append(seconds) }
                }
            }
            while time.sleeperCount < 3 { await Task.yield() }
            time.advance(by: .seconds(9))
            #expect(time.sleeperCount == 3)
            for left in [2, 1, 0] {
                time.advance(by: .seconds(left == 2 ? 1 : 10))
                #expect(time.sleeperCount == left)
                while order.withLock({ $0.count }) < 3 - left { await Task.yield() }
            }
        }
        #expect(order.withLock { $0 } == [10, 20, 30])
        #expect(time.now == Self.start + .seconds(30) - .zero)
        #expect(time.uptime == .seconds(30))
    }

    @Test func aCancelledSleeperIsThrownOutAndForgotten() async {
        let time = SimulatedTime(now: Self.start)
        let task = Task { try await time.sleep(for: .seconds(10)) }
        while time.sleeperCount < 1 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(time.sleeperCount == 0)
        let early = Task {
            while !Task.isCancelled { await Task.yield() }
            try await time.sleep(for: .seconds(10))
        }
        early.cancel()
        await #expect(throws: CancellationError.self) { try await early.value }
    }

    @Test func aClockThatMovesBySleepingNeverWaits() async throws {
        let time = SimulatedTime(now: Self.start, advancesBySleeping: true)
        try await time.sleep(for: .days(30))
        #expect(time.now - Self.start == .days(30))
        time.jump(to: Self.start)
        #expect(time.now == Self.start)
        #expect(time.uptime == .days(30))
    }
}
