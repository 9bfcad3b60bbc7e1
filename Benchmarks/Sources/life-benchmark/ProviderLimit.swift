import Basics
import Simulator

/// One limit as a provider publishes it: so much within any span, of each thing that it counts by.
struct ProviderLimit: Sendable {
    let name: String
    private let count: Int
    private let span: Duration
    /// What a request counts by, and how much; nil where it doesn't fall under the limit.
    private let counts: @Sendable (LoggedRequest) -> (key: String, weight: Int)?

    init(
        _ name: String, _ count: Int, per span: Duration,
        counts: @escaping @Sendable (LoggedRequest) -> (key: String, weight: Int)?
    ) {
        self.name = name
        self.count = count
        self.span = span
        self.counts = counts
    }

    /// The largest share of it that fell into any span, from 0 to 1.
    func largestShare(of log: [LoggedRequest]) -> Double {
        var counted: [String: [(at: Timestamp, weight: Int)]] = [:]
        for request in log {
            guard let (key, weight) = counts(request) else { continue }
            counted[key, default: []].append((request.time, weight))
        }
        var most = 0
        for requests in counted.values {
            let sorted = requests.sorted { $0.at < $1.at }
            var (first, sum) = (0, 0)
            for request in sorted {
                sum += request.weight
                while sorted[first].at + span <= request.at {
                    sum -= sorted[first].weight
                    first += 1
                }
                most = max(most, sum)
            }
        }
        return Double(most) / Double(count)
    }
}

extension LoggedRequest {
    /// The path without its query.
    var resource: Substring { path.prefix { $0 != "?" } }
}
