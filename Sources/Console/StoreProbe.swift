import Basics
import Store

/// Asks the store whether it is there, and does not wait longer for it than somebody who asks would.
final class StoreProbe: Sendable {
    private let store: Store
    private let time: any TimeSource
    private let isAsking = Locked(false)

    /// The longest that an answer is waited for.
    static let patience = Duration.seconds(2)

    init(_ store: Store, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// A fault as anybody may read it: what it says of itself names servers, files and users.
    private static func `public`(_ fault: StoreFault) -> String {
        switch fault.kind {
        case .wrongClock: "\(fault.code): \(fault.message)"
        case .unreachable: "\(fault.code): the store can't be reached"
        default: "\(fault.code): the store can't be used"
        }
    }

    /// What is wrong with the store, for everybody; nil when nothing is.
    func fault() async -> String? {
        // One question at a time: a store that hangs is not asked again for each who wants to know.
        let isFirst = isAsking.withLock { isAsking in
            defer { isAsking = true }
            return !isAsking
        }
        let silent = "the store has not answered within \(Self.patience.shortText)"
        guard isFirst else { return silent }
        let (store, time) = (store, time)
        return await withCheckedContinuation { (continuation: CheckedContinuation<String?, Never>) in
            let waiting = Locked<CheckedContinuation<String?, Never>?>(continuation)
            Task {
                var fault: String?
                do throws(StoreFault) {
                    try await store.ping()
                } catch {
                    fault = Self.public(error)
                }
                self.isAsking.withLock { $0 = false }
                waiting.withLock { $0.take() }?.resume(returning: fault)
            }
            Task {
                try? await time.sleep(for: Self.patience)
                waiting.withLock { $0.take() }?.resume(returning: silent)
            }
        }
    }
}
