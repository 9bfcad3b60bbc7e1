// Times the pure plan and prints one line a figure: name, value, unit, ratio to its baseline.
//
// The baseline is one copy of the same resources, held in dictionaries by key: the least that a planner which looks
// things up would do.
import Basics
import DesiredState
import Diff
import Figures
import Formats
import Glibc

/// Resident memory at its peak, in MiB.
func peakMemory() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1_024
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

var figures = Figures()
/// Processor time by count.
var times: [Int: Double] = [:]
for count in [1_000, 10_000, 100_000] {
    let world = PlanWorld(count: count)
    let input = world.input
    let before = peakMemory()
    var changes = 0
    let time = fastest(15) { changes = makePlan(input).changes.count }
    let growth = peakMemory() - before
    times[count] = fastest(15, by: .processor) { changes = makePlan(input).changes.count }

    let desired = Dictionary(uniqueKeysWithValues: world.desired.map { ($0.key, $0) })
    let observed = Dictionary(uniqueKeysWithValues: world.observed.values.joined().map { ($0.key, $0) })
    var copied = 0
    let baseline = fastest(15) { copied = copyOnce(desired, observed) }
    precondition(copied > 0 && changes == count / 100, "\(changes) changes of \(count)")

    figures.report("plan_\(count)_copy_baseline", baseline, "ms")
    figures.report("plan_\(count)", time, "ms", baseline: baseline, atMost: count == 10_000 ? 100 : nil)
    figures.report("plan_\(count)_memory_growth", growth, "MiB")
    if count == 10_000 {
        let plan = makePlan(input)
        var bytes = 0
        let text = fastest(15) {
            bytes = PlanText.render(plan, style: TextStyle(), context: .init(now: input.now)).utf8.count
        }
        precondition(bytes > 0)
        figures.report("plan_\(count)_text", text, "ms", baseline: baseline)
        let referring = PlanWorld(count: count, refers: true).input
        let references = fastest(15) { changes = makePlan(referring).changes.count }
        figures.report("plan_\(count)_half_refer", references, "ms", baseline: baseline)
        let empty = PlanWorld(count: count, refers: true, isEmpty: true).input
        let creation = fastest(5) { changes = makePlan(empty).changes.count }
        precondition(changes == count)
        figures.report("plan_\(count)_all_to_create", creation, "ms", baseline: baseline)
    }
}
if let small = times[10_000], let large = times[100_000] {
    figures.report("plan_growth_10000_to_100000", log(large / small) / log(10), "exponent", atMost: 1.05)
}
figures.end()
