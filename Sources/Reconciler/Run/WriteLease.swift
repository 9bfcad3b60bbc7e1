public import Basics
import HTTPClient
public import Store

/// The lease that lets one process at a time change something at a provider: a pass, or a command that writes by itself.
public struct WriteLease: Sendable {
    private let store: Store
    private let time: any TimeSource
    private let log: Log
    /// `host/process`, the beginning of the names of whoever holds it here.
    private let process: String
    private let shards: Shards
    private let lasting: Duration

    /// - Parameters:
    ///   - store: keeps the lease.
    ///   - time: the clocks by which it is renewed and proved.
    ///   - log: takes what goes wrong with it.
    ///   - process: names this process: `LeaseHolder.current()`.
    ///   - shards: into how many parts the work is cut; whoever isn't one of the services that share it holds them all.
    ///   - lasting: how long it lasts when nobody renews it.
    public init(
        store: Store, time: any TimeSource, log: Log, process: String, shards: Shards = Shards(1), lasting: Duration
    ) {
        self.store = store
        self.time = time
        self.log = log
        self.process = process
        self.shards = shards
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
        await watch.release()
        return try result.get()
    }

    /// Takes the leases that keep two processes from applying to the same at once.
    ///
    /// Where services share the work, one or another of them is always at it: whoever wants all of it keeps what is free and
    /// waits for the rest, at most for as long as a lease lasts.
    ///
    /// - Parameters:
    ///   - purpose: the run, or what else they are held for.
    ///   - isShared: whether the other services have their share too; else all is taken, or nothing.
    ///   - isAside: whether this service only tries whether it could do its share again.
    ///   - waits: hears who is waited for, and whether for the first time; false ends it.
    /// - Returns: what keeps them.
    /// - Throws: `LeaseFault` when somebody else holds them, `ShardFault` where others count the shards otherwise.
    func take(
        for purpose: String, isShared: Bool = false, isAside: Bool = false,
        waits: @Sendable (Lease, Bool) -> Bool = { _, _ in true }
    ) async throws -> LeaseWatch {
        let end = time.uptime + lasting
        var awaited: String?
        var held: LeaseWatch?
        do {
            while true {
                let (watch, refused) = try await claim(purpose, isShared, isAside)
                held = watch
                guard watch.leases.isEmpty || !isShared && refused != nil else { return watch }
                let fault = LeaseFault(holder: refused?.holder ?? "another process", until: refused?.expiresAt)
                // With one shard it is known how that ends; and a service comes back by itself.
                guard let other = refused, !isShared, shards.count > 1, time.uptime < end,
                    waits(other, awaited != other.holder)
                else { throw fault }
                awaited = other.holder
                // Who is cancelled is told who was in the way.
                guard (try? await time.sleep(for: Self.pause)) != nil else { throw fault }
            }
        } catch {
            await held?.release()
            throw error
        }
    }

    /// Between two looks whether what is waited for is free.
    private static let pause = Duration.milliseconds(500)

    /// Takes what is free, and what it has already anew.
    private func claim(
        _ purpose: String, _ isShared: Bool, _ isAside: Bool
    ) async throws -> (LeaseWatch, refused: Lease?) {
        let asked = (time.uptime, time.now)
        let (shards, process) = (self.shards, self.process)
        let service = isShared && shards.count > 1 ? process : nil
        let claim = try await store.claimShards(
            of: shards.count, holder: "\(process)/\(purpose)", service: service, isAside: isAside,
            lasting: lasting, isOver: { Self.isFree($0, for: process) },
            choose: { isShared ? shards.share(of: process, among: $0) : Array(0..<shards.count) })
        if let conflict = claim.conflict { throw ShardFault(ours: shards.count, theirs: conflict) }
        for holder in claim.left { log.warning("took over the lease of a pass that has ended", ["holder": holder]) }
        let watch = LeaseWatch(
            claim.leases, of: shards, isPartial: claim.refused != nil, service: service, isAside: isAside,
            store: store, time: time, log: log, asked: asked)
        return (watch, claim.refused)
    }

    /// Whether a holder is an earlier pass of that process, or a process of its machine that is gone.
    ///
    /// What is gone can't write any more: its lease is free. And a process makes one pass at a time: a lease of an earlier
    /// one is left over from when the store could not be told of its end.
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

/// Processes of one store don't agree on how many shards there are.
struct ShardFault: Fault {
    let code = "RUN-0019"
    let message: String
    let place: String? = nil
    let hint: String? = "Give all of them the same number: `shards` in reconciler.yaml, or ODOOOPS_SHARDS."
    let disposition = Disposition.retry(after: .seconds(10))

    init(ours: Int, theirs: Int) {
        message = "this process counts \(ours.of("shard")), and those at work on the store \(theirs)"
    }
}
