import Basics
import Figures
import Formats
import Reconciler
import Simulator
import Store

/// A simulated day: whether the memory after it is the memory after its first hour.
enum Soak {
    /// Lives `minutes` passes of a minute each, with a commit now and then and a hand at the provider.
    ///
    /// - Parameters:
    ///   - minutes: at least 120.
    ///   - directory: an empty one.
    ///   - figures: takes what was measured.
    /// - Throws: what keeps the world from being made.
    static func live(_ minutes: Int, in directory: String, _ figures: inout Figures) async throws {
        let world = try await LifeWorld(directory: directory)
        var (first, failures) = (0.0, 0)
        for minute in 0..<minutes {
            if minute % 30 == 29 { world.source.commit("feature/day-\(minute)") }
            let report = await world.reconciler.pass(PassOptions(trigger: .schedule))
            if case .succeeded = report.outcome {} else { failures += 1 }
            world.simulator.clearRequestLog()
            world.time.advance(by: .seconds(60))
            if minute == 59 { first = await settled() }
        }
        let last = await settled()
        figures.report("day_passes", Double(minutes), "passes")
        figures.report("day_passes_unfinished", Double(failures), "passes")
        figures.report("day_memory_after_the_first_hour", first, "MiB")
        figures.report("day_memory_growth", last - first, "MiB", baseline: first, atMost: 4)
    }

    /// What is held once the allocator has given back what it keeps for later.
    private static func settled() async -> Double {
        trimMemory()
        return residentMemory()
    }
}
