import Basics
import DesiredState
import Diff
import Drivers
import Formats

/// What a process was told to delete counts as gone from then on, whatever the provider says.
final class DeleteUnobserved: Mutant {
    let name = "delete-unobserved"
    private let gone = Locked<Set<ResourceKey>>([])

    func driver(_ inner: any Driver) -> any Driver { Believing(inner: inner, gone: gone) }

    private struct Believing: Driver {
        let inner: any Driver
        let gone: Locked<Set<ResourceKey>>

        var provider: String { inner.provider }
        var version: String { inner.version }
        var schemas: [KindSchema] { inner.schemas }

        func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
            let gone = gone.withLock { $0 }
            return await inner.observe(request, context).map { kind in
                ObservedKind(
                    kind: kind.kind, completeness: kind.completeness,
                    resources: kind.resources.filter { !gone.contains($0.key) })
            }
        }

        func steps(for change: PlannedChange) -> [Step] { inner.steps(for: change) }

        func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
            if change.change.action == .delete { gone.withLock { _ = $0.insert(step.key) } }
            return await inner.perform(step, of: change, context)
        }

        func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
            gone.withLock { $0.contains(key) } ? .absent : await inner.look(at: key, context)
        }
    }
}

/// A driver gives more away than it should: its token stands in what the journal keeps.
struct SecretKept: Mutant {
    let name = "secret-kept"

    func driver(_ inner: any Driver) -> any Driver { Talking(inner: inner) }

    private struct Talking: Driver {
        let inner: any Driver

        var provider: String { inner.provider }
        var version: String { inner.version }
        var schemas: [KindSchema] { inner.schemas }

        func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
            await inner.observe(request, context)
        }

        func steps(for change: PlannedChange) -> [Step] { inner.steps(for: change) }

        func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
            let outcome = await inner.perform(step, of: change, context)
            guard case .done(let object?) = outcome else { return outcome }
            let token = Attributes.Item("token", .string(Installation.tokens[provider] ?? ""))
            return .done(
                ObservedResource(
                    key: object.key, providerID: object.providerID,
                    attributes: Attributes(object.attributes.items + [token]), isOwned: object.isOwned,
                    createdAt: object.createdAt))
        }

        func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
            await inner.look(at: key, context)
        }
    }
}

/// Lives are counted by a clock that is a month ahead.
struct WrongClock: Mutant {
    let name = "wrong-clock"

    func time(_ inner: any TimeSource, process: Int) -> any TimeSource { Ahead(inner: inner) }

    private struct Ahead: TimeSource {
        let inner: any TimeSource

        var now: Timestamp { inner.now + .days(30) }
        var uptime: Duration { inner.uptime }
        func sleep(for duration: Duration) async throws { try await inner.sleep(for: duration) }
        func idle(for duration: Duration) async throws { try await inner.idle(for: duration) }
    }
}
