import Basics
import Diff
import Reconciler
import Simulator
import Store

/// Runs scenarios, undisturbed and disturbed, and holds what comes of them against each other.
public final class Campaign: Sendable {
    /// What a scenario is when nothing goes wrong.
    private struct Reference: Sendable {
        let prepared: Installation.Prepared
        let record: Record
        let points: [EffectPoint]

        /// Those before which nothing has changed since a point after which a crash is tried.
        ///
        /// - Parameter sampled: labels of points at which not every crash is.
        /// - Returns: points of which a crash before them is the same once more.
        func repeatedCrashes(_ sampled: Set<String>) -> Set<EffectPoint> {
            var result: Set<EffectPoint> = []
            var isSame = false
            for point in points {
                switch point.kind {
                case .write, .commit:
                    if isSame { result.insert(point) }
                    isSame = !sampled.contains(point.label)
                case .read: break
                // Before a pass other services have worked, and before an input is over people have.
                case .fetch, .input: isSame = false
                }
            }
            return result
        }
    }

    /// How many passes a disturbed installation may take until nothing is left to be done.
    private static let patience = 8

    private let mutant: any Mutant
    private let references = Locked<[String: Reference]>([:])

    /// The names of all scenarios.
    public static var scenarios: [String] { Scenario.all.map(\.name) }

    /// The mistakes that can be built in, each with a trial that shows it.
    public static var mutants: [(name: String, trial: String)] {
        MutantCase.all.map { ($0.make().name, $0.trial) }
    }

    /// A campaign against the program as it is, or with a mistake that is built in.
    ///
    /// - Throws: when there is no such mistake.
    public init(mutant name: String? = nil) throws {
        guard let name else {
            mutant = Sound()
            return
        }
        guard let mutant = MutantCase.all.lazy.map({ $0.make() }).first(where: { $0.name == name }) else {
            throw CampaignFault("there is no mutant \(name)")
        }
        self.mutant = mutant
    }

    /// Lives a scenario once without a disturbance, and names everything that can come between.
    ///
    /// - Throws: when there is no such scenario, or when it fails by itself.
    public func trials(of name: String) async throws -> [Trial] {
        let reference = try await reference(name)
        let excluded = try scenario(name).excluded
        var trials: [Trial] = []
        for point in reference.points {
            for disturbance in Disturbance.all(at: point.kind) where !excluded.contains(disturbance) {
                trials.append(Trial(scenario: name, disturbance: disturbance, point: point))
            }
        }
        return trials
    }

    /// Those trials that every run of the tests makes: each crash at each point, and a share of all else.
    ///
    /// A crash before a point leaves the world as the crash after the last point did that changed anything: where that one
    /// is tried, this one is the same once more, and counts to the rest.
    ///
    /// - Parameters:
    ///   - name: of the scenario.
    ///   - share: one in so many of the rest, always the same ones.
    /// - Returns: the trials, in the order of their points.
    /// - Throws: when there is no such scenario, or when it fails by itself.
    public func trials(of name: String, share: UInt64) async throws -> [Trial] {
        let sampled = try scenario(name).sampled
        let repeated = try await reference(name).repeatedCrashes(sampled)
        return try await trials(of: name).filter { trial in
            switch trial.disturbance {
            case .crashBefore where !repeated.contains(trial.point) && !sampled.contains(trial.point.label): true
            case .crashAfter where !sampled.contains(trial.point.label): true
            case .hookLost, .hookDoubled, .hookEarly, .hookLate, .unseenInput: true
            default: Self.number(of: trial) % share == 0
            }
        }
    }

    /// A number that belongs to a trial, in every process the same.
    private static func number(of trial: Trial) -> UInt64 {
        trial.description.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 } >> 17
    }

    /// Lives a scenario with one disturbance.
    ///
    /// - Returns: what is wrong afterwards; empty where all is as it should be.
    /// - Throws: when there is no such scenario, or when the harness itself fails.
    public func run(_ trial: Trial) async throws -> [String] {
        try await run(trial.scenario, [trial.point: trial.disturbance])
    }

    /// Lives a scenario with a few disturbances together, as a seed once chose them.
    ///
    /// - Returns: what is wrong afterwards; empty where all is as it should be.
    /// - Throws: when they are none or of several scenarios, or when the harness itself fails.
    public func run(together trials: [Trial]) async throws -> [String] {
        guard let name = trials.first?.scenario, trials.allSatisfy({ $0.scenario == name }) else {
            throw CampaignFault("what happens together happens in one scenario")
        }
        return try await run(name, Dictionary(trials.map { ($0.point, $0.disturbance) }) { first, _ in first })
    }

    /// What is wrong after one disturbance; also where the harness itself fails.
    public func outcome(of trial: Trial) async -> [String] {
        do { return try await run(trial) } catch { return ["\(error)"] }
    }

    /// What is wrong after a few disturbances that a seed chooses: one scenario, one to four points of it.
    public func outcome(ofSeed seed: UInt64) async -> [String] {
        let random = RandomSource(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 23)
        let scenario = Self.scenarios[Int(random.next() % UInt64(Self.scenarios.count))]
        do {
            let trials = try await trials(of: scenario)
            var strikes: [EffectPoint: Disturbance] = [:]
            for _ in 0...(random.next() % 4) {
                let trial = trials[Int(random.next() % UInt64(trials.count))]
                strikes[trial.point] = trial.disturbance
            }
            let faults = try await run(scenario, strikes)
            guard !faults.isEmpty else { return [] }
            let story = strikes.map { "\(scenario): \($0.value.rawValue) at \($0.key)" }.sorted()
            return story + faults
        } catch {
            return ["\(error)"]
        }
    }

    /// Lives a scenario with any number of disturbances.
    ///
    /// - Returns: what is wrong afterwards; empty where all is as it should be.
    /// - Throws: when there is no such scenario, or when the harness itself fails.
    public func run(_ name: String, _ strikes: [EffectPoint: Disturbance]) async throws -> [String] {
        let scenario = try scenario(name)
        let reference = try await reference(name)
        let life = Lifetime(try await Installation(reference.prepared), scenario, scenario.inputs, mutant: mutant)
        await life.run(strikes)
        life.world.simulator.clearFaults()
        let withheld = reference.record.withheld
        let isAtRest: @Sendable (RunReport) -> Bool = { report in
            Self.isQuiet(report) && Self.changes(report) == withheld
        }
        let rest = await life.rest(atMost: Self.patience, isAtRest: isAtRest)
        let record = try await Record(life, rest: rest)
        return record.faults(
            against: reference.record, isAtRest: rest.last.map(isAtRest) ?? false,
            timeMoved: strikes.values.contains { $0.movesTime })
    }

    private func scenario(_ name: String) throws -> Scenario {
        guard let scenario = Scenario.named(name) else { throw CampaignFault("there is no scenario \(name)") }
        return scenario
    }

    /// The undisturbed life, lived once.
    private func reference(_ name: String) async throws -> Reference {
        if let known = references.withLock({ $0[name] }) { return known }
        let scenario = try scenario(name)
        let origin = try await Installation(scenario.setup)
        if scenario.isFulfilled {
            let before = Lifetime(origin, scenario, scenario.before, mutant: Sound())
            await before.run()
            if let fault = before.fault { throw CampaignFault("\(name): \(fault)") }
        }
        let prepared = try await Installation.Prepared(origin)
        let life = Lifetime(try await Installation(prepared), scenario, scenario.inputs, mutant: Sound())
        let gate = await life.run()
        let rest = await life.rest(atMost: Self.patience, isAtRest: Self.isQuiet)
        let record = try await Record(life, rest: rest)
        guard let last = rest.last, Self.isQuiet(last), record.violations.isEmpty, record.beside.violations.isEmpty
        else {
            let violations = record.violations + record.beside.violations
            throw CampaignFault("\(name) fails by itself: \(violations) \(record.withheld)")
        }
        let reference = Reference(prepared: prepared, record: record, points: gate.points)
        references.withLock { $0[name] = reference }
        return reference
    }

    /// A pass that had nothing to do and went well.
    @Sendable private static func isQuiet(_ report: RunReport) -> Bool {
        guard case .succeeded = report.outcome else { return false }
        return report.journal.isEmpty && report.plan?.allowedChanges.isEmpty == true
    }

    private static func changes(_ report: RunReport) -> [String] {
        report.plan?.changes.map { "\($0.action.rawValue) \($0.key) \($0.verdict)" }.sorted() ?? []
    }
}

/// The harness could not do its work.
struct CampaignFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
