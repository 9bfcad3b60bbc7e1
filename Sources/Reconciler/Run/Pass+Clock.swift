import Basics
public import DesiredState
import Diff
import Formats
public import Store

/// What runs by the clock while a commit is doubted, or can't be read.
extension Pass {
    /// Says what runs by the clock from now on.
    mutating func setClock(_ desired: DesiredState, _ grounds: Grounds) async throws {
        let before = ClockBefore(
            wanted: desired, timetable: try await reconciler.store.timetable(), running: reconciler.latestDesired)
        clockBefore = before
        try await setClock(after: before, grounds)
    }

    private mutating func setClock(after before: ClockBefore, _ grounds: Grounds) async throws {
        let clock = try await reconciler.clock(before, grounds)
        self.clock = clock
        if !options.isDryRun { reconciler.latest.withLock { $0 = clock } }
    }

    /// Remembers what runs by the clock where it can be trusted, once what it rests on is remembered.
    ///
    /// What ends although its environment was treated with care is told, whatever the documents say. A backup that ended by
    /// an approval which fell meanwhile goes on.
    mutating func rememberClock() async throws {
        guard let before = clockBefore, let grounds else { return }
        if !grounds.withdrawn.isEmpty { try await setClock(after: before, grounds) }
        // By a commit that isn't trusted nothing begins and nothing ends.
        guard let clock, !grounds.isInDoubt, share.keepsRecords else { return }
        let (ran, desired) = (before.timetable, before.wanted)
        let next = Timetable(of: clock)
        let ended = (ran ?? Timetable()).ended(with: next, desired)
        for one in ended {
            reconciler.log.warning("backups end", ["environment": one.slug, "why": one.reason])
        }
        try await reconciler.store.rememberTimetable(
            next, from: ran,
            notices: ended.map { one in
                let id = ScheduledJob.backupPrefix + one.slug
                return Notice(
                    .scheduleEnded, of: id, environment: one.slug, at: reconciler.time.now, runID: run.id,
                    payload: [
                        "name": .string(ScheduledJob.backupName(of: one.slug)),
                        "reason": .string(one.reason),
                    ],
                    dedupe: run.id)
            })
    }

    /// Has what ran by the clock before this process go on, where it could read no commit yet.
    func recallClock() async {
        guard !options.isDryRun, reconciler.latestDesired == nil else { return }
        do throws(StoreFault) {
            guard let timetable = try await reconciler.store.timetable() else { return }
            reconciler.latest.withLock { $0 = $0 ?? DesiredState(running: timetable) }
        } catch {
            reconciler.log.warning("what runs by the clock waits for the store", ["fault": error.description])
        }
    }
}

/// What runs by the clock as a pass found it, and what its commit wants of it.
struct ClockBefore: Sendable {
    let wanted: DesiredState
    /// Nil where the store knows none yet.
    let timetable: Timetable?
    /// In this process; nil where nothing runs yet.
    let running: DesiredState?
}

extension Reconciler {
    /// What runs by the clock: what a commit wants as far as it can be told and is trusted, else what ran before.
    func clock(_ before: ClockBefore, _ grounds: Grounds) async throws(StoreFault) -> DesiredState {
        let desired = before.wanted
        guard grounds.isInDoubt else { return try await store.recalled(desired, grounds, before.timetable) }
        if let running = before.running { return running }
        if let timetable = before.timetable { return desired.running(timetable) }
        // A store of before knows nothing: backups do no harm, and what an older commit has done by the clock may.
        let looked = desired.keeping(grounds.keptCare)
        return grounds.isInDoubt(of: .history) ? looked.with(chores: []) : looked
    }
}

extension Store {
    /// What is looked after by the clock, as the last pass that counted an approval left it: with the care that environments
    /// keep, and the backups of those of which it can't be told whether they are wanted.
    ///
    /// - Parameters:
    ///   - desired: what a commit wants.
    ///   - source: tells whether that commit comes after the one that was trusted last; nil where nothing can.
    /// - Returns: what the service looks after.
    /// - Throws: `StoreFault`.
    public func clock(
        of desired: DesiredState, from source: (any Source)? = nil
    ) async throws(StoreFault) -> DesiredState {
        var grounds = Grounds(try await lineage(), countsStored: false)
        // A name that has become free meanwhile is let go of by the next pass. What belongs to no environment changes no tier.
        try await grounds.weighCommit(
            desired, try await inventory(), from: source, at: Timestamp(microseconds: 0), self,
            holdsData: { _ in false })
        let before = try await timetable()
        if let before, grounds.isInDoubt { return desired.running(before) }
        return try await recalled(desired, grounds, before)
    }

    fileprivate func recalled(
        _ desired: DesiredState, _ grounds: Grounds, _ before: Timetable?
    ) async throws(StoreFault) -> DesiredState {
        let looked = desired.keeping(grounds.keptCare)
        guard let before else { return looked }
        var living = Set(looked.environments.map(\.slug))
        // Only rows know whether what nothing wants any more is there yet; what keeps its care may come back.
        if !before.backups.allSatisfy({ living.contains($0.slug) }) {
            living = Set(try await environments().lazy.filter { $0.status != .gone }.map(\.slug))
            living.formUnion((grounds.next.care ?? [:]).keys)
        }
        return looked.recalling(before, living: living, kept: grounds.keptCare)
    }
}
