import Basics

/// What a deadline says when it has passed.
public struct DeadlinePassed: Error, CustomStringConvertible {
    public let deadline: Duration

    public var description: String { "nothing came within \(deadline.shortText)" }
}

/// Runs `body` and fails when it has not returned by the deadline, so that a test can't hang.
///
/// - Throws: `DeadlinePassed`, or what `body` throws. A body that ignores its cancellation is waited for.
@concurrent
public func within<Result: Sendable>(
    _ deadline: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: deadline)
            throw DeadlinePassed(deadline: deadline)
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw DeadlinePassed(deadline: deadline) }
        return result
    }
}

/// Asks until the answer is yes; false when the deadline passes first.
///
/// Only for what happens outside of the process, or on a thread that offers nothing to wait for. The deadline is there so
/// that a test ends at all: on a machine that does nothing else, each answer is there within a second.
@concurrent
public func eventually(
    _ deadline: Duration = .seconds(300), _ condition: @escaping @Sendable () async -> Bool
) async -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + deadline
    var pause = Duration.milliseconds(1)
    while clock.now < end {
        if await condition() { return true }
        try? await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(50))
    }
    return await condition()
}
