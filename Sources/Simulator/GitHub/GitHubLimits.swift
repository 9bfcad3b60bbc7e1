import Basics
import Formats

/// The limits of one token: 5,000 an hour, and the secondary ones of a minute.
struct GitHubLimits: Sendable {
    static let secondaryMessage =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."

    let areEnforced: Bool
    private(set) var used = 0
    /// Epoch seconds at which the hour ends.
    private(set) var reset: Int64 = 0
    /// Points of the last minute: 1 for a read, 5 for a write.
    private var points: [(at: Timestamp, cost: Int)] = []
    /// Writes of the last hour, which create content.
    private var contents: [Timestamp] = []

    init(areEnforced: Bool) { self.areEnforced = areEnforced }

    /// Whoever reads it keeps to it: where nothing is refused nothing may seem to run out either.
    var perHour: Int { areEnforced ? 5_000 : RateLimits.generous.perHour }

    var remaining: Int { max(0, perHour - used) }

    /// Counts a request; gives the words of a refusal, and the seconds to wait where GitHub says them.
    mutating func admit(_ request: SimulatedRequest) -> (message: String, seconds: Int?)? {
        let now = request.now
        if now.seconds >= reset {
            used = 0
            reset = now.seconds + 3_600
        }
        points.removeAll { $0.at <= now - .seconds(60) }
        contents.removeAll { $0 <= now - .seconds(3_600) }
        let isWrite = request.method != "GET"
        if areEnforced {
            guard remaining > 0 else { return ("API rate limit exceeded for user ID 1001.", nil) }
            if points.reduce(0, { $0 + $1.cost }) + (isWrite ? 5 : 1) > 900 { return (Self.secondaryMessage, 60) }
            let minute = contents.count { $0 > now - .seconds(60) }
            if isWrite, minute >= 80 || contents.count >= 500 { return (Self.secondaryMessage, 60) }
        }
        used += 1
        points.append((now, isWrite ? 5 : 1))
        if isWrite { contents.append(now) }
        return nil
    }

    /// A 304 isn't counted.
    mutating func giveBack() { used = max(0, used - 1) }

    var document: Value {
        .members([
            "limit": .int(Int64(perHour)), "remaining": .int(Int64(remaining)), "reset": .int(reset),
            "used": .int(Int64(used)),
        ])
    }
}
