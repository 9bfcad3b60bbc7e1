public import Basics

/// Looks again and again, with growing pauses: how the end of something asynchronous is waited for.
public struct Polling: Sendable {
    public let names: ProviderNames
    public let time: any TimeSource
    public let firstPause: Duration
    public let longestPause: Duration

    public init(_ names: ProviderNames, time: any TimeSource, firstPause: Duration, longestPause: Duration) {
        self.names = names
        self.time = time
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    /// Looks until `body` gives something.
    ///
    /// - Parameters:
    ///   - call: how faults name it.
    ///   - deadline: the longest that is waited.
    ///   - late: what the fault says when that has passed.
    ///   - hint: the way out then.
    ///   - body: one look; nil: not yet.
    /// - Returns: what `body` gave.
    /// - Throws: what `body` throws, and `tookTooLong` when the deadline passes or the wait is cancelled.
    public func poll<Result>(
        _ call: ProviderCall, until deadline: Duration, late: String, hint: String,
        _ body: () async throws(ProviderFault) -> Result?
    ) async throws(ProviderFault) -> Result {
        let end = time.uptime + deadline
        var pause = firstPause
        while true {
            if let result = try await body() { return result }
            guard time.uptime < end else {
                throw names.fault(.tookTooLong, call, late, hint: hint, .observeAgain)
            }
            try await rest(pause, call)
            pause = min(pause * 2, longestPause)
        }
    }

    /// Waits.
    ///
    /// - Throws: `tookTooLong` when the wait is cancelled.
    public func rest(_ pause: Duration, _ call: ProviderCall) async throws(ProviderFault) {
        do {
            try await time.sleep(for: pause)
        } catch {
            throw names.fault(.tookTooLong, call, "the wait was cancelled", .observeAgain)
        }
    }
}
