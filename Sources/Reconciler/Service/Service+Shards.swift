import Basics
import Formats
public import Store

/// What a service has to do with the others of its store.
extension Service {
    /// Asks for a pass as soon as the present one has ended; where services share the work, of each of them.
    public func ask(_ trigger: RunTrigger) async {
        wakeup.raise(trigger)
        if isOneOfSeveral { await tellOthers() }
    }

    /// Wakes the other services; where they can't be told, they look again by themselves.
    func tellOthers() async {
        do throws(StoreFault) {
            try await bell.tell()
        } catch {
            reconciler.log.debug("the other services could not be told", ["fault": error.description])
        }
    }

    /// Whether others may be those who keep the records.
    var isOneOfSeveral: Bool { reconciler.shards.count > 1 }

    /// How the pass ended that brings findings and other records of the whole up to date; where services share the work it
    /// may be another's.
    ///
    /// - Parameter asked: earlier passes haven't seen what is there now.
    /// - Returns: nil while none has ended; also where this service does all.
    func recordsPass(since asked: Timestamp) async -> JobAnswer? {
        guard isOneOfSeveral, let runs = try? await reconciler.store.runPage(limit: 100, since: asked).rows
        else { return nil }
        let passes = runs.filter { run in
            let held = run.metadata["shards"]?["held"]?.listValue ?? []
            return !run.isDryRun && run.startedAt >= asked && run.completedAt != nil && held.contains(.int(0))
        }
        guard let last = passes.first else { return nil }
        switch last.phase {
        case .failed:
            let message = last.error["message"]?.stringValue ?? "see reconcile show \(last.id)"
            return .failed(code: last.error["code"]?.stringValue ?? "RUN-0003", reason: message)
        case .canceled: return nil
        default: return .succeeded(receipt: last.id)
        }
    }

    /// Whether others are at work on all that is ours, so that there is nothing to begin before they end or fall silent.
    func isHeldElsewhere() async -> Bool {
        do {
            guard isOneOfSeveral else { return try await reconciler.otherHolder() != nil }
            let view = try await reconciler.shardView()
            return view.share == view.busy
        } catch {
            // The pass finds it out as well, and says so.
            return false
        }
    }

    /// Says that this service is there, and wakes the loop as soon as another one has left something to it.
    ///
    /// With one shard, and a lease that lasts longer than the loop waits, the loop finds that out in time by itself.
    func lookAfterOthers() async {
        let isCut = isOneOfSeveral
        guard looksAfterOthers, isCut || reconciler.leaseTime < interval + interval / 10 else { return }
        var before: Reconciler.ShardView?
        var signedAt: Duration?
        while !stop.isRaised {
            do throws(StoreFault) {
                let now = reconciler.time.uptime
                if isCut, signedAt.map({ now - $0 >= reconciler.leaseTime / 3 }) ?? true {
                    try await reconciler.store.keepService(
                        reconciler.holder, shards: reconciler.shards.count, lasting: reconciler.leaseTime,
                        isAside: isAside.withLock { $0 })
                    signedAt = now
                }
                let view = try await reconciler.shardView()
                // Each is told once: what a pass can't take is not tried again and again.
                if let before, !view.left.isSubset(of: before.left) || !view.share.isSubset(of: before.share) {
                    wakeup.raise(.schedule)
                }
                before = view
            } catch {
                reconciler.log.debug("nobody can tell how the other services fare", ["fault": error.description])
            }
            do { try await reconciler.time.idle(for: Self.standbyPause) } catch { return }
        }
    }

    /// Leaves the share to the others while passes fail here and not there, or a provider's credential is only there, and
    /// takes it again after a pass that succeeded with all that they have.
    ///
    /// A credential that only this one lacks, a disk that is full, a repository that only it can't reach: without that its
    /// share of the environments would stand still for as long as it is alive.
    func considerShare() async {
        guard isOneOfSeveral else { return }
        let status = currentStatus
        var (isLeaving, isLacking) = (false, false)
        do throws(StoreFault) { isLacking = try await lacksMoreThanOthers() } catch { return }
        // A commit that can't be read fails everybody, and so does a number of shards that others don't share.
        let isCommon = status.lastFault is InvalidFault || status.lastFault is ShardFault
        if status.failures >= Self.failuresToTell, !isCommon {
            do throws(StoreFault) {
                let holder = reconciler.holder
                isLeaving = try await reconciler.store.shardStanding().present(seenFrom: holder)
                    .contains { $0.holder != holder && $0.failures < Self.failuresToTell }
            } catch {
                return
            }
        }
        isLeaving = isLeaving || isLacking
        let wasAside = isAside.withLock { isAside in
            defer { isAside = isLeaving }
            return isAside
        }
        if isLeaving, !wasAside {
            reconciler.log.warning(
                isLacking
                    ? "another service takes over the share of this one, which lacks a credential that it has"
                    : "the other services take over the share of this one, whose passes fail",
                ["failures": status.failures])
        } else if wasAside, !isLeaving {
            reconciler.log.info("this service takes its share again", ["failures": status.failures])
        }
    }
}
