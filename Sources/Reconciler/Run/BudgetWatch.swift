public import Basics
internal import DesiredState
internal import HTTPClient

/// Tells a person who looks on that a command waits for a provider's rate limit, once for each provider.
public struct BudgetWatch: Sendable {
    /// What is over sooner needs no word.
    static let shortest = Duration.seconds(5)

    private let book: BudgetBook
    private let time: any TimeSource

    public init(_ book: BudgetBook, time: any TimeSource) {
        self.book = book
        self.time = time
    }

    /// Looks until its task is cancelled.
    ///
    /// - Parameter tell: takes each remark.
    public func run(_ tell: @Sendable (String) -> Void) async {
        var told: Set<String> = []
        while !Task.isCancelled {
            for text in look(&told) { tell(text) }
            do { try await time.sleep(for: .seconds(1)) } catch { return }
        }
    }

    /// What there is to tell now; of the providers in `told` it was told already.
    func look(_ told: inout Set<String>) -> [String] {
        let (now, uptime) = (time.now, time.uptime)
        var remarks: [String] = []
        for (provider, wait) in book.waiting().sorted(by: { $0.key.precedesByBytes($1.key) }) {
            guard wait.until - wait.since > Self.shortest, told.insert(provider).inserted else { continue }
            let left = wait.until - uptime
            // Whole seconds are all that a person needs.
            let end = Timestamp(seconds: (now + left + .milliseconds(999)).seconds)
            remarks.append(
                "waiting for the rate limit of \(provider): the next request may go at \(end), in \(left.shortText). "
                    + "Let it wait: nothing is lost. It takes less where fewer programs use the same credential.")
        }
        return remarks
    }
}
