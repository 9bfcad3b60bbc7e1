// Damages the documents of a real source of truth by seed: no crash, no plan that deletes, none that takes longer than its bound.
//
// usage: mutation-harness [--from SEED] [--mutants COUNT]
import Basics
import Glibc
import MutationKit
import TestKit

var (from, count): (UInt64, UInt64) = (0, 100_000)
var rest = CommandLine.arguments.dropFirst()
while let argument = rest.popFirst() {
    let number = rest.popFirst().flatMap { UInt64($0) }
    switch (argument, number) {
    case ("--from", let number?): from = number
    case ("--mutants", let number?): count = number
    default:
        StandardStreams.error("usage: mutation-harness [--from SEED] [--mutants COUNT]\n")
        exit(64)
    }
}
guard corpusDirectory != nil else {
    StandardStreams.error("mutation-harness: the corpus is not there; name its folder with ODOOOPS_SHARED\n")
    exit(69)
}

/// What came of the mutants of one worker.
struct Harvest: Sendable {
    var failures: [String] = []
    var deleting = 0
    /// In microseconds, each mutant's.
    var times: [Int64] = []
}

@concurrent func run(_ seeds: StrideTo<UInt64>) async throws -> Harvest {
    let world = DamagedWorld(try DamagedWorld.whole.get())
    var harvest = Harvest()
    for seed in seeds {
        let outcome = world.outcome(of: seed)
        harvest.times.append(outcome.time.microseconds)
        if !outcome.deleted.isEmpty { harvest.deleting += 1 }
        for fault in outcome.faults { harvest.failures.append("\(fault)\n  \(outcome.label)") }
        if outcome.time > DamagedWorld.bound {
            harvest.failures.append("it took \(outcome.time), more than \(DamagedWorld.bound)\n  \(outcome.label)")
        }
    }
    return harvest
}

let workers: UInt64 = 2
let harvests = try await withThrowingTaskGroup(of: Harvest.self) { group in
    for worker in 0..<workers {
        let seeds = stride(from: from + worker, to: from + count, by: Int(workers))
        group.addTask { try await run(seeds) }
    }
    var all: [Harvest] = []
    for try await harvest in group { all.append(harvest) }
    return all
}
let failures = harvests.flatMap(\.failures)
for failure in failures { StandardStreams.output("FAILED \(failure)\n") }
let times = harvests.flatMap(\.times).sorted()
func milliseconds(_ share: Double) -> String {
    guard !times.isEmpty else { return "0" }
    let hundredths = times[min(times.count - 1, Int(Double(times.count) * share))] / 10
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}
StandardStreams.output(
    "\(times.count) mutants, \(failures.count) failed; \(harvests.reduce(0) { $0 + $1.deleting }) rightly delete what they take out; "
        + "processor time of one: median \(milliseconds(0.5)) ms, 99 of 100 within \(milliseconds(0.99)) ms, at most "
        + "\(milliseconds(1)) ms (bound \(DamagedWorld.bound))\n")
exit(failures.isEmpty ? 0 : 1)
