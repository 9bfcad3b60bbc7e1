internal import Basics

/// Lets one task at a time through for each key, in the order in which they came.
///
/// A lock and no actor, for an actor lets others in wherever it awaits.
public final class KeyedLock: Sendable {
    private let waiting = Locked<[String: [CheckedContinuation<Void, Never>]]>([:])

    public init() {}

    /// Runs `body` while no other body of the same key runs; bodies have to end by themselves.
    public func withLock<Result: Sendable>(_ key: String, _ body: () async -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[key] != nil else {
                    waiting[key] = []
                    return true
                }
                waiting[key]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
        let result = await body()
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard var queue = waiting[key], !queue.isEmpty else {
                waiting[key] = nil
                return nil
            }
            let next = queue.removeFirst()
            waiting[key] = queue
            return next
        }
        next?.resume()
        return result
    }
}
