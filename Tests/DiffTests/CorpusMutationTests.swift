import Basics
import DesiredState
import Diff
import Formats
import Glibc
import MutationKit
import TestKit
import Testing

/// A real source of truth with one place damaged at a time: a plan never deletes what the damage only hides.
///
/// All that the undamaged documents want is there, is ours, and every delete has been approved, so that nothing but the
/// reading stands between a fault and a delete. `MUTANTS` says how many (1,000 where it isn't set), `SEED` where they
/// begin.
///
/// Which deletes are right: damage can leave a text that is as sound as before and says something else, such as a list
/// without one of its lines or a name with another letter. That is a wish like any other, and git knows who made it. So
/// a plan may delete what
///
/// 1. stood in the damaged document and isn't wanted any more,
/// 2. while nothing in that document has a fault of form: broken syntax, a key twice, a wrong type, a missing or misspelt
///    key, an end in the middle of a line. With one of these nobody can tell what it was meant to say.
///
/// Everything else that it would delete is a bug of the reading.
@Suite(.enabled(if: corpusDirectory != nil)) struct CorpusMutationTests {
    private static let variables = ProcessEnvironment.variables()
    private static let mutants = variables["MUTANTS"].flatMap { Int($0) } ?? 1_000
    private static let firstSeed = variables["SEED"].flatMap { UInt64($0) } ?? 0
    /// Whether all documents are read together, as it takes longer.
    private static let isLong = variables["MUTANTS"] != nil
    /// Whether to print the mutants that delete something, to look at them.
    private static let isShown = variables["SHOW_DELETES"] != nil
    private static let workers = 2

    /// Each worker takes every other seed; a seed names one mutant.
    @Test(arguments: 0..<workers) func noFaultMakesAPlanDelete(_ worker: Int) throws {
        let originals = try (Self.isLong ? DamagedWorld.whole : DamagedWorld.parts).get()
        #expect(originals.reduce(0) { $0 + $1.state.resources.count } > 300)
        let world = DamagedWorld(originals)
        var slowest = Duration.zero
        for index in stride(from: worker, to: Self.mutants, by: Self.workers) {
            let outcome = world.outcome(of: Self.firstSeed + UInt64(index))
            slowest = max(slowest, outcome.time)
            #expect(outcome.faults == [], "\(outcome.label)")
            if Self.isShown, !outcome.deleted.isEmpty { print("deletes \(outcome.deleted.count): \(outcome.label)") }
            #expect(outcome.time < DamagedWorld.bound, "\(outcome.label)")
        }
        if Self.isLong { print("worker \(worker): the slowest of its mutants took \(slowest)") }
    }
}
