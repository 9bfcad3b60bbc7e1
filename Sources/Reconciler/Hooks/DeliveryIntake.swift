public import Basics
public import Store

/// Keeps deliveries as they come: what arrives while the store writes goes into its next transaction together.
///
/// One commit waits for the disk once, however many deliveries it holds. Who sent a delivery hears of it only after the
/// commit; when the store doesn't answer in time they all hear that, and send it again.
public final class DeliveryIntake: Sendable {
    private typealias Answer = Result<DeliveryReceipt, DeliveryRefusal>

    private struct Waiting {
        let delivery: DeliveryRecord
        let continuation: CheckedContinuation<Answer, Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        /// What the transaction under way holds; empty once it was given up.
        var writing: [Waiting] = []
        var isWriting = false
        /// Counts transactions, so that a late timer knows whose it was.
        var turn = 0
        /// The transaction under way was given up, and nobody waits behind it.
        var isStuck = false
    }

    /// The longest that a sender waits; Slack gives up after three seconds.
    static let patience = Duration.milliseconds(2_500)
    /// The most that wait in memory.
    static let limit = 2_000
    private static let batch = 64

    private let store: Store
    private let time: any TimeSource
    private let state = Locked(State())
    private let onKept: @Sendable () -> Void

    /// An intake that calls `onKept` after each commit.
    public init(store: Store, time: any TimeSource, onKept: @escaping @Sendable () -> Void = {}) {
        self.store = store
        self.time = time
        self.onKept = onKept
    }

    /// Keeps one delivery.
    ///
    /// - Returns: its receipt, when the commit is done; why it wasn't kept otherwise.
    public func keep(_ delivery: DeliveryRecord) async -> Result<DeliveryReceipt, DeliveryRefusal> {
        await withCheckedContinuation { continuation in
            let (fault, begins) = state.withLock { state -> (HookFault?, Bool) in
                if state.isStuck { return (.silent(Self.patience), false) }
                let count = state.waiting.count + state.writing.count
                guard count < Self.limit else { return (.crowded(count), false) }
                state.waiting.append(Waiting(delivery: delivery, continuation: continuation))
                defer { state.isWriting = true }
                return (nil, !state.isWriting)
            }
            if let fault { continuation.resume(returning: .failure(DeliveryRefusal(fault))) }
            if begins { Task { await self.write() } }
        }
    }

    /// Writes until nobody waits.
    @concurrent
    private func write() async {
        while true {
            let (deliveries, turn) = state.withLock { state -> ([DeliveryRecord], Int) in
                state.writing = Array(state.waiting.prefix(Self.batch))
                state.waiting.removeFirst(state.writing.count)
                if state.writing.isEmpty { state.isWriting = false }
                state.turn += 1
                return (state.writing.map(\.delivery), state.turn)
            }
            guard !deliveries.isEmpty else { return }
            let timer = Task { [self] in
                do { try await time.idle(for: Self.patience) } catch { return }
                giveUp(turn)
            }
            let answers = await answers(to: deliveries)
            timer.cancel()
            let waiting = state.withLock { state in
                defer { (state.writing, state.isStuck) = ([], false) }
                return state.writing
            }
            for (waiting, answer) in zip(waiting, answers) { waiting.continuation.resume(returning: answer) }
            onKept()
        }
    }

    private func answers(to deliveries: [DeliveryRecord]) async -> [Answer] {
        do throws(StoreFault) {
            return try await store.keep(deliveries).map { .success($0) }
        } catch {
            guard error.kind == .refused, deliveries.count > 1 else {
                return deliveries.map { _ in .failure(DeliveryRefusal(error)) }
            }
        }
        // One that the store won't have must not take the others with it.
        var answers: [Answer] = []
        for delivery in deliveries { answers += await self.answers(to: [delivery]) }
        return answers
    }

    /// Answers everybody who waits, though the store may still come to an end.
    private func giveUp(_ turn: Int) {
        let waiting = state.withLock { state -> [Waiting] in
            guard state.turn == turn, !state.writing.isEmpty else { return [] }
            defer { (state.writing, state.waiting, state.isStuck) = ([], [], true) }
            return state.writing + state.waiting
        }
        for waiting in waiting {
            waiting.continuation.resume(returning: .failure(DeliveryRefusal(HookFault.silent(Self.patience))))
        }
    }
}

/// Why a delivery was not kept.
public struct DeliveryRefusal: Error {
    public let fault: any Fault

    init(_ fault: any Fault) { self.fault = fault }
}
