import Basics
import Formats
import Web

/// At most so many requests in any span of one length; a refused request isn't counted.
struct SlidingWindow: Sendable {
    private var instants: [Timestamp] = []

    /// Counts a request if there is room.
    ///
    /// - Returns: nil when it was counted, or in how many whole seconds there is room again.
    mutating func admit(at now: Timestamp, limit: Int, per span: Duration) -> Int? {
        instants.removeAll { $0 <= now - span }
        guard instants.count >= limit, let oldest = instants.first else {
            instants.append(now)
            return nil
        }
        return max(1, Int((((oldest + span) - now).microseconds + 999_999) / 1_000_000))
    }

    /// How many requests there is room for.
    func remaining(of limit: Int) -> Int { max(0, limit - instants.count) }
}

extension WebResponse {
    /// An answer of JSON.
    static func document(_ status: Int, _ value: Value) -> WebResponse {
        WebResponse(status: status, headers: [("Content-Type", "application/json")], body: [UInt8](json: value))
    }
}

/// Ids that follow from a seed and a count.
enum SimulatedID {
    /// In the form of a UUID.
    static func uuid(_ purpose: String, seed: UInt64, _ count: UInt64) -> String {
        let hex = Array(Digest(of: "\(purpose) \(seed) \(count)").hex)
        let parts = [hex[0..<8], hex[8..<12], ["4"] + hex[13..<16], ["a"] + hex[17..<20], hex[20..<32]]
        return parts.map { String($0) }.joined(separator: "-")
    }

    /// Capitals and digits, as Slack has them.
    static func capitals(_ prefix: String, seed: UInt64, _ count: UInt64, length: Int = 10) -> String {
        prefix + String(Digest(of: "\(prefix) \(seed) \(count)").hex.uppercased().prefix(length))
    }
}
