// Runs every plan of every scenario, or those that are named, or random ones by seed.
//
// usage: fault-harness [SCENARIO…] [--share N] [--count | --list] [--plan PLAN] [--seeds COUNT [--from SEED]] [--mutant NAME]
// With a mutant, what fails are the plans that would show that mistake.
import Basics
import FaultKit
import Glibc

var scenarios: [String] = []
var plans: [String] = []
var (seeds, from): (UInt64, UInt64) = (0, 0)
var share: UInt64 = 1
var onlyCounts = false
var onlyLists = false
var mutant: String?
var rest = CommandLine.arguments.dropFirst()
while let argument = rest.popFirst() {
    switch argument {
    case "--plan": plans += rest.popFirst().map { [$0] } ?? []
    case "--seeds": seeds = rest.popFirst().flatMap { UInt64($0) } ?? 0
    case "--share": share = rest.popFirst().flatMap { UInt64($0) } ?? 1
    case "--count": onlyCounts = true
    case "--list": onlyLists = true
    case "--mutant": mutant = rest.popFirst()
    case "--from": from = rest.popFirst().flatMap { UInt64($0) } ?? 0
    default: scenarios.append(argument)
    }
}

/// Prints a line at once, whoever reads it.
func say(_ line: String) { StandardStreams.output(line + "\n") }

let campaign = try Campaign(mutant: mutant)
let time = SystemTime()
// A third beside the two threads that compute: while one waits for the store, another goes on.
let lanes = 3
var (passed, failed) = (0, 0)

/// Counts what came of some plans, and says how to see again what failed.
@MainActor func count(_ results: [(replay: String, faults: [String])]) {
    for result in results where !result.faults.isEmpty {
        say("FAILED \(result.faults.joined(separator: "\n  "))\n  replay it with: \(result.replay)")
    }
    let wrong = results.count { !$0.faults.isEmpty }
    passed += results.count - wrong
    failed += wrong
}

if !plans.isEmpty {
    for plan in plans {
        guard let trial = Trial(plan) else {
            say("\(plan) is no plan: write SCENARIO: DISTURBANCE at KIND LABEL #NUMBER")
            exit(64)
        }
        count([("make faults PLAN='\(trial)'", await campaign.outcome(of: trial))])
    }
} else if seeds > 0 {
    var next = from
    while next < from + seeds {
        let batch = Array(next..<min(next + 500, from + seeds))
        let results = await batch.mapBounded(limit: lanes) { seed in
            ("make soak SEED=\(seed) SEEDS=1 MUTANTS=0 LEAKS=0", await campaign.outcome(ofSeed: seed))
        }
        count(results.map { (replay: $0.0, faults: $0.1) })
        next += UInt64(batch.count)
        say("seeds \(from) to \(next - 1): \(passed) passed, \(failed) failed")
    }
} else {
    for scenario in Campaign.scenarios where scenarios.isEmpty || scenarios.contains(scenario) {
        let began = time.uptime
        let trials: [Trial]
        do {
            trials = try await campaign.trials(of: scenario, share: max(1, share))
        } catch {
            say("FAILED \(error)")
            failed += 1
            continue
        }
        if onlyLists {
            for trial in trials { say("\(trial)") }
            continue
        }
        if onlyCounts {
            say("\(scenario): \(trials.count) plans")
            continue
        }
        let results = await trials.mapBounded(limit: lanes) { trial in
            ("make faults PLAN='\(trial)'", await campaign.outcome(of: trial))
        }
        let before = failed
        count(results.map { (replay: $0.0, faults: $0.1) })
        say("\(scenario): \(trials.count) plans, \(failed - before) failed, \((time.uptime - began).shortText)")
    }
}
say("\(passed) passed, \(failed) failed")
exit(failed == 0 ? 0 : 1)
