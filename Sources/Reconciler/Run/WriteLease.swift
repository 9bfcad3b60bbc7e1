public import Basics
import HTTPClient
public import Store

/// The lease that lets one process at a time change something at a provider: a pass, or a command that writes by itself.
public struct WriteLease: Sendable {
    static let name = "reconcile"

    private let store: Store
    private let time: any TimeSource
    private let log: Log
    /// `host/process`, the beginning of the names of whoever holds it here.
    private let process: String
    private let lasting: Duration

    /// - Parameters:
    ///   - store: keeps the lease.
    ///   - time: the clocks by which it is renewed and proved.
    ///   - log: takes what goes wrong with it.
    ///   - process: names this process: `LeaseHolder.current()`.
    ///   - lasting: how long it lasts when nobody renews it.
    public init(store: Store, time: any TimeSource, log: Log, process: String, lasting: Duration) {
        self.store = store
        self.time = time
        self.log = log
        self.process = process
        self.lasting = lasting
    }

    /// Holds the lease for as long as `body` runs; each write of it proves it before it is sent.
    ///
    /// - Throws: a fault of code `RUN-0008` where another process holds it, `StoreFault`, and what `body` throws.
    public func hold<T: Sendable>(for purpose: String, _ body: () async throws -> T) async throws -> T {
        let watch = try await take(for: purpose)
        let keeper = Task { await watch.keep() }
        let result: Result<T, any Error>
        do {
            let permit = WritePermit { await watch.holds() }
            result = .success(try await WritePermit.$current.withValue(permit) { try await body() })
        } catch {
            result = .failure(error)
        }
        keeper.cancel()
        await keeper.value
        try? await store.releaseLease(watch.lease)
        return try result.get()
    }

    /// Takes it.
    ///
    /// - Throws: `LeaseFault` when somebody else holds it.
    func take(for purpose: String) async throws -> LeaseWatch {
        if let watch = try await acquire(purpose) { return watch }
        guard let current = try await store.lease(name: Self.name) else {
            throw LeaseFault(holder: "another process", until: nil)
        }
        // A process of this machine that is gone can't write any more: its lease is free. And this process makes one pass
        // at a time: a lease of an earlier one is left over from when the store could not be told of its end.
        if Self.isFree(current.holder, for: process) {
            try await store.releaseLease(current)
            log.warning("took over the lease of a pass that has ended", ["holder": current.holder])
            if let watch = try await acquire(purpose) { return watch }
        }
        throw LeaseFault(holder: current.holder, until: current.expiresAt)
    }

    private func acquire(_ purpose: String) async throws(StoreFault) -> LeaseWatch? {
        let asked = (time.uptime, time.now)
        return try await store.acquireLease(name: Self.name, holder: "\(process)/\(purpose)", lasting: lasting).map {
            LeaseWatch($0, store: store, time: time, log: log, asked: asked)
        }
    }

    /// Whether a holder is that process, or one of its machine that is gone.
    static func isFree(_ holder: String, for process: String) -> Bool {
        holder.hasPrefix("\(process)/") || LeaseHolder.isGone(holder, ours: process)
    }
}

/// Another pass is under way.
struct LeaseFault: Fault {
    let code = "RUN-0008"
    let message: String
    let place: String? = nil
    let hint: String? = "Wait for it to end; a dry run (reconcile --dry-run) needs no lease."
    let disposition = Disposition.retry(after: .seconds(10))

    init(holder: String, until: Timestamp?) {
        message = "another pass is under way: \(holder) holds the lease" + (until.map { " until \($0)" } ?? "")
    }
}
