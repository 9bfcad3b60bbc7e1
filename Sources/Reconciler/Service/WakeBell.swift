public import Basics
public import Store

/// Wakes the loops of all processes that share a store, whichever of them heard the knock.
///
/// A number in the store grows with each ring; every process looks at it from time to time and wakes up when it has grown.
/// Who rings wakes up at once.
public final class WakeBell: Sendable {
    private let store: Store
    private let wakeup: Wakeup
    private let time: any TimeSource
    private let log: Log
    /// The number that this process has heeded; nil before its first look.
    private let heeded = Locked<Int64?>(nil)
    private let stop = StopSignal()

    /// Between two looks at the number.
    static let pause = Duration.seconds(1)

    /// - Parameters:
    ///   - store: holds the number.
    ///   - wakeup: of this process's loop.
    ///   - time: measures the pause between two looks.
    ///   - log: hears when the number can't be read.
    public init(store: Store, wakeup: Wakeup, time: any TimeSource, log: Log = .none) {
        self.store = store
        self.wakeup = wakeup
        self.time = time
        self.log = log
    }

    /// Wakes every loop.
    ///
    /// - Throws: `StoreFault` when the others can't be told; this process's loop is awake then all the same.
    public func ring() async throws(StoreFault) {
        wakeup.raise(.webhook)
        let number = try await store.ring()
        // Rings of others up to ours are heeded by the pass that begins now.
        heeded.withLock { $0 = max($0 ?? 0, number) }
    }

    /// Wakes the loops of the other processes.
    ///
    /// - Throws: `StoreFault` when they can't be told.
    func tell() async throws(StoreFault) {
        let number = try await store.ring()
        // Only our own ring is no news to us: what somebody else rang meanwhile is still to be heard.
        heeded.withLock { heeded in
            if heeded == nil || heeded == number - 1 { heeded = number }
        }
    }

    /// Looks at the number once.
    ///
    /// - Returns: whether somebody rang since the last look; what was before the first one is of no interest.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func look() async throws(StoreFault) -> Bool {
        let number = try await store.rings()
        let isNews = heeded.withLock { heeded in
            defer { heeded = max(heeded ?? 0, number) }
            return heeded.map { number > $0 } ?? false
        }
        if isNews { wakeup.raise(.webhook) }
        return isNews
    }

    /// Ends `run` after its pause.
    public func requestStop() { stop.raise() }

    /// Looks again and again until `requestStop`, or until the task is cancelled.
    @concurrent
    public func run() async {
        var isDeaf = false
        while !stop.isRaised {
            do throws(StoreFault) {
                try await look()
                isDeaf = false
            } catch {
                // Once is enough: the loop itself tells of a store that is gone.
                if !isDeaf { log.warning("rings of other processes can't be heard", ["fault": error.message]) }
                isDeaf = true
            }
            do { try await time.idle(for: isDeaf ? Self.pause * 10 : Self.pause) } catch { return }
        }
    }
}
