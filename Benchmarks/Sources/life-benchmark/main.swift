// Lives through a simulated week: a hundred environments, one pass a minute, commits by day, everything looked at
// again and again; counts what the provider was asked, and whether memory grows. Then the other providers, each looked at
// and written to by two processes as often as its budget lets them, for an hour each and for one of both.
//
// Before that a day, whose memory at the end is held against that after its first hour; and commits while very much waits.
//
// usage: life-benchmark [PASSES]
import Basics
import Figures
import Glibc
import Reconciler
import Simulator
import Store

let passes = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_080

/// Everything in its order, in a directory that is removed afterwards.
func measure(in work: String) async throws -> Figures {
    var figures = Figures()
    let day = "\(work)/day"
    try FileSystem.createDirectory(day)
    try await Soak.live(min(1_440, max(120, passes)), in: day, &figures)
    let commits = "\(work)/commits"
    try FileSystem.createDirectory(commits)
    try await CommitToPlan.measure(min(100, passes), in: commits, &figures)
    let world = try await LifeWorld(directory: work)
    let began = world.time.uptime
    let start = SystemTime().uptime
    var (instants, refusals, failures) = ([Timestamp](), 0, 0)
    var (early, late) = (0.0, 0.0)
    for minute in 0..<passes {
        if minute % 30 == 29 { world.source.commit("feature/week-\(minute)") }
        let report = await world.reconciler.pass(PassOptions(trigger: .schedule))
        if case .succeeded = report.outcome {} else { failures += 1 }
        for request in world.simulator.requestLog {
            // All that is made at first may take a whole window; what counts is the life after it.
            if minute > 15 { instants.append(request.time) }
            if request.status == 429 { refusals += 1 }
        }
        world.simulator.clearRequestLog()
        let rest = Duration.seconds(60) * (minute + 1) - (world.time.uptime - began)
        if rest > .zero { world.time.advance(by: rest) }
        if minute == min(1_000, passes / 10) { early = residentMemory() }
        if minute == min(2_000, passes - 1) { late = residentMemory() }
    }
    figures.report("week_passes", Double(passes), "passes")
    figures.report("week_pass", (SystemTime().uptime - start).milliseconds / Double(passes), "ms")
    // While a hundred environments are made at first, steps wait for the budget and go on in the next pass.
    figures.report("week_passes_unfinished", Double(failures), "passes", atMost: Double(passes) / 100 + 15)
    figures.report("week_requests", Double(instants.count), "requests")
    figures.report("week_refusals", Double(refusals), "429s", atMost: 0)
    figures.report(
        "week_largest_minute", largest(in: .seconds(60), of: instants), "requests", baseline: 250, atMost: 200)
    figures.report(
        "week_largest_hour", largest(in: .hours(1), of: instants), "requests", baseline: 5_000, atMost: 4_000)
    figures.report("week_memory_of_1000_passes", late - early, "MiB", atMost: 4)
    for provider in ProviderHours.all {
        let result = try await provider.live(directory: work)
        figures.report("hours_of_\(provider.name)_requests", Double(result.requests), "requests")
        figures.report("hours_of_\(provider.name)_writes", Double(result.writes), "writes")
        figures.report("hours_of_\(provider.name)_refusals", Double(result.refusals), "429s", atMost: 0)
        for limit in provider.limits {
            let share = result.shares[limit.name] ?? 0
            figures.report("hours_of_\(provider.name)_share_of_\(limit.name)", share * 100, "%", atMost: 80)
        }
    }
    return figures
}

let work = try FileSystem.makeTemporaryDirectory(prefix: "odooops-life")
do {
    let figures = try await measure(in: work)
    FileSystem.remove(work)
    figures.end()
} catch {
    StandardStreams.error("life-benchmark: \(error)\n")
    FileSystem.remove(work)
    exit(1)
}

/// The most that fell into any span.
func largest(in span: Duration, of instants: [Timestamp]) -> Double {
    let sorted = instants.sorted()
    var (first, most) = (0, 0)
    for (index, instant) in sorted.enumerated() {
        while sorted[first] + span <= instant { first += 1 }
        most = max(most, index - first + 1)
    }
    return Double(most)
}

/// Gives the pages back that the allocator keeps for later, so that what is held can be told from what was.
///
/// The module of the C library leaves the function out, so that it is looked for by its name.
func trimMemory() {
    typealias Trim = @convention(c) (Int) -> CInt
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    _ = unsafeBitCast(symbol, to: Trim.self)(0)
}

/// What this process holds now, in MiB.
func residentMemory() -> Double {
    let bytes = (try? FileSystem.read("/proc/self/statm")) ?? []
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    return Double(words.count > 1 ? Int(words[1]) ?? 0 : 0) * 4_096 / 1_048_576
}
