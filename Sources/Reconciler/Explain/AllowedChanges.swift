import Basics
import DesiredState
import Diff

/// What is allowed in a plan, by what it waits for.
struct AllowedChanges {
    private let changes: [ResourceKey: PlannedChange]

    init(_ plan: Plan) {
        changes = Dictionary(
            plan.changes.lazy.filter { $0.verdict == .allowed }.map { ($0.key, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    subscript(key: ResourceKey) -> PlannedChange? { changes[key] }

    /// All that comes before a change, the nearest first.
    func before(_ change: PlannedChange) -> [ResourceKey] { walk(from: change) { _ in false }.order }

    /// The way from a change to the nearest of what comes before it of which something holds.
    ///
    /// - Returns: the keys on the way, without that of the change; nil where it holds of none.
    func path(from change: PlannedChange, where holds: (ResourceKey) -> Bool) -> [ResourceKey]? {
        let (order, cameFrom) = walk(from: change, until: holds)
        guard let found = order.last, holds(found) else { return nil }
        var path = [found]
        while let next = path.last.flatMap({ cameFrom[$0] }), next != change.key { path.append(next) }
        return path.reversed()
    }

    private func walk(
        from change: PlannedChange, until isEnd: (ResourceKey) -> Bool
    ) -> (order: [ResourceKey], cameFrom: [ResourceKey: ResourceKey]) {
        var order: [ResourceKey] = []
        var cameFrom = [change.key: change.key]
        var queue = [change]
        var next = 0
        while next < queue.count {
            let current = queue[next]
            next += 1
            for key in current.dependsOn where cameFrom[key] == nil {
                guard let other = changes[key] else { continue }
                cameFrom[key] = current.key
                order.append(key)
                if isEnd(key) { return (order, cameFrom) }
                queue.append(other)
            }
        }
        return (order, cameFrom)
    }
}
