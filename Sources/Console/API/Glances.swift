import Basics
import Reconciler
import Store

/// What a look at everything showed, and when that began.
struct Glance: Sendable {
    let outlook: Outlook
    let at: Timestamp
    fileprivate let endedAt: Timestamp
    fileprivate let ground: Glances.Ground
}

/// Looks at everything for those who ask, and no oftener than something can have changed.
///
/// Each look takes of the budgets at providers, which are everybody's, and a pass that finds none left waits for a minute.
final class Glances: Sendable {
    /// What this program changes by itself, and what people change through it: a look before it is none any more.
    fileprivate struct Ground: Hashable, Sendable {
        let change: AuditRecord?
        let run: String?
        let phase: RunPhase?
    }

    private struct Looking {
        let isManual: Bool
        let ground: Ground
        let task: Task<Glance, any Error>
    }

    private struct State {
        /// The last one: of what the service's next pass would do, and of what one by hand would.
        var kept: [Bool: Glance] = [:]
        var looking: Looking?
    }

    private enum Way {
        case kept(Glance)
        case shared(Task<Glance, any Error>)
        case busy
    }

    private let state = Locked(State())

    /// So old a look may be for those who may change something, and for those who only read.
    private static let age = (fresh: Duration.seconds(15), other: Duration.minutes(1))

    /// A look; those who ask while there is one under way share it.
    ///
    /// - Throws: `APIFault` while another look is under way; what the look throws.
    func look(
        _ reconciler: Reconciler, _ store: Store, _ time: any TimeSource, isFresh: Bool, isManual: Bool
    ) async throws -> Glance {
        let run = try await store.runs(limit: 1).first
        let ground = Ground(
            change: try await store.auditLog(limit: 1).first, run: run?.id, phase: run?.phase)
        let now = time.now
        let way = state.withLock { state -> Way in
            if let kept = state.kept[isManual], kept.at <= now, kept.endedAt <= now {
                if !isFresh, now - kept.at < Self.age.other { return .kept(kept) }
                if kept.ground == ground, now - kept.endedAt < Self.age.fresh { return .kept(kept) }
            }
            if let looking = state.looking {
                guard looking.isManual == isManual, looking.ground == ground || !isFresh else { return .busy }
                return .shared(looking.task)
            }
            let task = Task {
                do {
                    let outlook = try await reconciler.look(isManual: isManual)
                    let glance = Glance(outlook: outlook, at: now, endedAt: time.now, ground: ground)
                    self.end(glance, isManual)
                    return glance
                } catch {
                    self.end(nil, isManual)
                    throw error
                }
            }
            state.looking = Looking(isManual: isManual, ground: ground, task: task)
            return .shared(task)
        }
        switch way {
        case .kept(let glance): return glance
        case .shared(let task): return try await task.value
        case .busy: throw APIFault.busy
        }
    }

    private func end(_ glance: Glance?, _ isManual: Bool) {
        state.withLock { state in
            if let glance { state.kept[isManual] = glance }
            state.looking = nil
        }
    }
}
