import Basics
import Store

/// Asks the store whether it is there, and does not wait longer for it than somebody who asks would.
final class StoreProbe: Sendable {
    /// One question at a time: a store that hangs is not asked again for each who wants to know.
    private struct Question {
        var number = 0
        var isOpen = false
        /// Whether it has been open for longer than anybody waits.
        var isLate = false
        var waiting: [CheckedContinuation<String?, Never>] = []
    }

    private let store: Store
    private let time: any TimeSource
    private let question = Locked(Question())

    /// The longest that an answer is waited for, from when the store was asked.
    static let patience = Duration.seconds(2)
    private static let silent = "the store has not answered within \(patience.shortText)"

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
    ///
    /// Whoever comes while it is being asked waits for the same answer.
    func fault() async -> String? {
        await withCheckedContinuation { (continuation: CheckedContinuation<String?, Never>) in
            let (isLate, begun) = question.withLock { question -> (Bool, Int?) in
                if question.isLate { return (true, nil) }
                question.waiting.append(continuation)
                if question.isOpen { return (false, nil) }
                question.isOpen = true
                question.number += 1
                return (false, question.number)
            }
            if isLate { continuation.resume(returning: Self.silent) }
            if let begun { ask(begun) }
        }
    }

    private func ask(_ number: Int) {
        let (store, time) = (store, time)
        let watch = Task {
            do { try await time.sleep(for: Self.patience) } catch { return }
            self.answer(number, Self.silent, isLate: true)
        }
        Task {
            var fault: String?
            do throws(StoreFault) {
                try await store.ping()
            } catch {
                fault = Self.public(error)
            }
            watch.cancel()
            self.answer(number, fault, isLate: false)
        }
    }

    private func answer(_ number: Int, _ fault: String?, isLate: Bool) {
        let waiting = question.withLock { question -> [CheckedContinuation<String?, Never>] in
            guard question.isOpen, question.number == number else { return [] }
            question.isOpen = isLate
            question.isLate = isLate
            defer { question.waiting = [] }
            return question.waiting
        }
        for one in waiting { one.resume(returning: fault) }
    }
}
