// Times the pure plan and prints one line a figure: name, value, unit, ratio to its baseline.
//
// The baseline is one copy of the same resources, held in dictionaries by key: the least that a planner which looks
// things up would do.
import Basics
import DesiredState
import Diff
import Formats
import Glibc

func milliseconds(_ body: () -> Void) -> Double {
    let start = ContinuousClock.now
    body()
    return (ContinuousClock.now - start).milliseconds
}

/// The fastest of some runs, after one that counts for nothing: the one that other programs disturbed least.
func fastest(_ runs: Int, _ body: () -> Void) -> Double {
    body()
    return (0..<runs).map { _ in milliseconds(body) }.min() ?? 0
}

/// Resident memory at its peak, in MiB.
func peakMemory() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1_024
}

func format(_ value: Double) -> String {
    let thousandths = Int((value * 1_000).rounded())
    let fraction = String(thousandths % 1_000)
    return "\(thousandths / 1_000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
}

func report(_ name: String, _ value: Double, _ unit: String, _ ratio: Double? = nil) {
    print("\(name) \(format(value)) \(unit) \(ratio.map { "\(format($0))x" } ?? "-")")
}

/// One copy of what is wanted and of what is there, into dictionaries with storage of their own.
func copyOnce(_ desired: [ResourceKey: DesiredResource], _ observed: [ResourceKey: ObservedResource]) -> Int {
    var one: [ResourceKey: DesiredResource] = [:]
    var other: [ResourceKey: ObservedResource] = [:]
    one.reserveCapacity(desired.count)
    other.reserveCapacity(observed.count)
    for (key, resource) in desired { one[key] = resource }
    for (key, resource) in observed { other[key] = resource }
    return one.count + other.count
}

var times: [Int: Double] = [:]
for count in [1_000, 10_000, 100_000] {
    let world = PlanWorld(count: count)
    let input = world.input
    let before = peakMemory()
    var changes = 0
    let time = fastest(count > 50_000 ? 5 : 15) { changes = makePlan(input).changes.count }
    let growth = peakMemory() - before
    times[count] = time

    let desired = Dictionary(uniqueKeysWithValues: world.desired.map { ($0.key, $0) })
    let observed = Dictionary(uniqueKeysWithValues: world.observed.values.joined().map { ($0.key, $0) })
    var copied = 0
    let baseline = fastest(count > 50_000 ? 5 : 15) { copied = copyOnce(desired, observed) }
    precondition(copied > 0 && changes == count / 100, "\(changes) changes of \(count)")

    report("plan_\(count)_copy_baseline", baseline, "ms")
    report("plan_\(count)", time, "ms", time / baseline)
    report("plan_\(count)_memory_growth", growth, "MiB")
    if count == 10_000 {
        let plan = makePlan(input)
        var bytes = 0
        let text = fastest(15) {
            bytes = PlanText.render(plan, style: TextStyle(), context: .init(now: input.now)).utf8.count
        }
        precondition(bytes > 0)
        report("plan_\(count)_text", text, "ms", text / baseline)
        let referring = PlanWorld(count: count, refers: true).input
        let references = fastest(15) { changes = makePlan(referring).changes.count }
        report("plan_\(count)_half_refer", references, "ms", references / baseline)
        let empty = PlanWorld(count: count, refers: true, isEmpty: true).input
        let creation = fastest(5) { changes = makePlan(empty).changes.count }
        precondition(changes == count)
        report("plan_\(count)_all_to_create", creation, "ms", creation / baseline)
    }
}
if let small = times[10_000], let large = times[100_000] {
    report("plan_growth_10000_to_100000", log(large / small) / log(10), "exponent", large / small)
}
