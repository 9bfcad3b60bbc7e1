import Basics

/// Commands that watch go on where the service is away for a while, or is asked too often.
extension CommandCall {
    /// How long is waited after each loss that follows another; the last of them from then on.
    private static let lossWaits: [Duration] = [
        .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15), .seconds(30),
    ]

    /// Reads, and reads again after waits that grow as long as only time is missing; says so once.
    ///
    /// - Parameters:
    ///   - end: when to give up, as uptime; nil: never, as long as anybody reads.
    ///   - read: asks the service.
    /// - Returns: what it answers.
    /// - Throws: what `read` throws, where waiting doesn't mend it or has taken too long.
    func tirelessly<Answer>(until end: Duration?, _ read: () async throws -> Answer) async throws -> Answer {
        var losses = 0
        while true {
            do {
                let answer = try await read()
                if losses > 0 { screen.remark(screen.errorPaint.dim("The service answers again.")) }
                return answer
            } catch let fault as ClientFault where fault.isPassing {
                let left = end.map { $0 - surroundings.time.uptime } ?? .seconds(3_600)
                guard left > .zero, !surroundings.isUnread() else { throw fault }
                if losses == 0 {
                    screen.progress("")
                    screen.remark(screen.errorPaint.yellow("Lost, trying again:") + " \(Paint.plain(fault.message))")
                }
                let wait = max(Self.lossWaits[min(losses, Self.lossWaits.count - 1)], fault.retryAfter ?? .zero)
                losses += 1
                try await surroundings.time.sleep(for: min(wait, left))
            }
        }
    }
}
