import Basics
import Diff
import Formats
import HTTPClient
import Store
import StoreSQLite
import TestKit
import Testing

@testable import Reconciler

@Suite("One process applies at a time")
struct LeaseTests {
    /// Takes the lease away from whoever has it, as when it ran out while its holder was paused.
    private static func steal(_ world: World, holder: String) async throws -> Lease {
        let current = try #require(try await world.store.lease(name: "reconcile"))
        try await world.store.releaseLease(current)
        return try #require(
            try await world.store.acquireLease(name: "reconcile", holder: holder, lasting: .minutes(5)))
    }

    @Test(
        "A process that lost its lease begins nothing more, says so, and its successor ends the work", arguments: 1...6)
    func stopsWhenTheLeaseIsLost(_ after: Int) async throws {
        let undisturbed = try await World()
        _ = await undisturbed.pass()
        let world = try await World()
        let writes = Locked(0)
        let stolen = Locked<Lease?>(nil)
        let first = world.reconciler(
            process: 5_000_001, concurrency: 1,
            onWrite: {
                let count = writes.withLock { count in
                    count += 1
                    return count
                }
                guard count == after else { return }
                let lease = try? await Self.steal(world, holder: "elsewhere/7/run")
                stolen.withLock { $0 = lease }
            })
        let report = await first.pass(PassOptions())
        guard case .failed(let fault) = report.outcome else {
            Issue.record("\(report.story)")
            return
        }
        #expect(fault.code == "STORE-0028")
        // The step whose intent was written under the lease was under way; nothing was begun after it.
        #expect(writes.withLock { $0 } == after)
        #expect(report.skipped.allSatisfy { $0.reason.contains("taken over") || $0.reason.contains("did not succeed") })

        let lease = try #require(stolen.withLock { $0 })
        let refused = await world.reconciler(process: 5_000_002).pass(PassOptions())
        guard case .failed(let busy) = refused.outcome else {
            Issue.record("\(refused.story)")
            return
        }
        #expect(busy.code == "RUN-0008" && busy.message.contains("elsewhere/7"))
        try await world.store.releaseLease(lease)
        world.time.advance(by: .minutes(3))
        _ = await world.reconciler(process: 5_000_002).pass(PassOptions())
        #expect(await world.holdings() == undisturbed.holdings())
        #expect(await world.pass().plan?.changes.isEmpty == true)
    }

    @Test("A command that writes by itself holds the lease of a pass, and proves it before each write")
    func holdsOutsideOfAPass() async throws {
        let world = try await World()
        func lease(_ process: String) -> WriteLease {
            WriteLease(
                store: world.store, time: world.time, log: .none, process: process, lasting: .minutes(5))
        }
        let proofs = try await lease("here/1").hold(for: "secrets-sync") {
            let permit = try #require(WritePermit.current)
            let isOurs = await permit.holds()
            // Neither a pass nor another command begins meanwhile.
            let pass = await world.reconciler(process: 5_000_002).pass(PassOptions())
            var codes: [String] = []
            if case .failed(let fault) = pass.outcome { codes.append(fault.code) }
            do { try await lease("there/2").hold(for: "secrets-sync") { codes.append("ran") } } catch let fault
                as any Fault
            {
                codes.append(fault.code)
            }
            #expect(codes == ["RUN-0008", "RUN-0008"])
            _ = try await Self.steal(world, holder: "elsewhere/7/run")
            world.time.advance(by: .seconds(270))
            return [isOurs, await permit.holds()]
        }
        #expect(proofs == [true, false])
        let other = try #require(try await world.store.lease(name: "reconcile"))
        #expect(other.holder == "elsewhere/7/run")
        try await world.store.releaseLease(other)
        #expect(await world.pass().isSuccess)
    }

    @Test("A lease is renewed for as long as its pass runs, however long that is")
    func renews() async throws {
        let world = try await World()
        let ends = Locked<[Timestamp]>([])
        let process = world.reconciler(
            onWrite: {
                guard ends.withLock({ $0.count }) < 5 else { return }
                guard let before = try? await world.store.lease(name: "reconcile") else { return }
                world.time.advance(by: .minutes(2))
                let isRenewed = await eventually {
                    (try? await world.store.lease(name: "reconcile")).map { $0.expiresAt > before.expiresAt } ?? false
                }
                if isRenewed { ends.withLock { $0.append(before.expiresAt) } }
            })
        let report = await process.pass(PassOptions())
        #expect(report.isSuccess, "\(report.story)")
        #expect(ends.withLock { $0.count } >= 5)
        #expect(report.duration > .minutes(10))
        #expect(try await world.store.lease(name: "reconcile") == nil)
    }

    @Test("Nobody waits for the next pass of a service that has ended")
    func takesItsSignBack() async throws {
        let world = try await World()
        let running = Locked<Service?>(nil)
        let signs = Locked(0)
        let service = Service(reconciler: world.reconciler(), interval: .hours(24)) { _ in
            let count = signs.withLock { signs in
                signs += 1
                return signs
            }
            if count == 2 { running.withLock { $0 }?.requestStop() }
        }
        running.withLock { $0 = service }
        await service.run()
        running.withLock { $0 = nil }
        let sign = try #require(try await world.store.serviceSign())
        #expect(sign.holder == "test/5000001" && sign.nextPassAt == nil)
        #expect(try await world.reconciler().explain("digitalocean.droplet/web").nextWake.at == nil)
        // What another one has said meanwhile stands.
        let next = world.time.now + .hours(1)
        try await world.store.note(ServiceSign(holder: "other/1", nextPassAt: next, failures: 0, at: world.time.now))
        try await world.store.endService("test/5000001")
        #expect(try await world.store.serviceSign()?.nextPassAt == next)
    }

    @Test("A service makes no run while another one works, and begins within a second of the end of its lease")
    func standsBy() async throws {
        let world = try await World()
        let other = try #require(
            try await world.store.acquireLease(name: "reconcile", holder: "elsewhere/7/run", lasting: .minutes(5)))
        let reports = Locked<[RunReport]>([])
        let running = Locked<Service?>(nil)
        let service = Service(reconciler: world.reconciler(), interval: .hours(1)) { report in
            reports.withLock { $0.append(report) }
            running.withLock { $0 }?.requestStop()
        }
        running.withLock { $0 = service }
        await service.run()
        let report = try #require(reports.withLock { $0.first })
        #expect(report.isSuccess, "\(report.story)")
        #expect(report.run.startedAt >= other.expiresAt)
        #expect(report.run.startedAt < other.expiresAt + .seconds(1))
        #expect(try await world.store.runs(limit: 10).count == 1)
        #expect(service.currentStatus.failures == 0)
    }

    @Test("A service whose clock is not the store's makes no pass, says why, and begins by itself once it is right")
    func standsStillByAWrongClock() async throws {
        let world = try await World()
        let (time, begin) = (world.time, world.time.now)
        let running = Locked<Service?>(nil)
        let before = Locked<Service.Status?>(nil)
        let reconciler = world.reconciler(serverClock: {
            if time.now < begin + .minutes(1) { return time.now - .minutes(10) }
            before.withLock { $0 = $0 ?? running.withLock { $0 }?.currentStatus }
            return time.now
        })
        let reports = Locked<[RunReport]>([])
        let service = Service(reconciler: reconciler, interval: .hours(1)) { report in
            reports.withLock { $0.append(report) }
            running.withLock { $0 }?.requestStop()
        }
        running.withLock { $0 = service }
        await service.run()
        let status = try #require(before.withLock { $0 })
        #expect(status.lastFault?.code == "STORE-0059" && status.passes == 0 && status.failures == 0)
        #expect(status.beatAt > begin && status.lastFault?.message.contains("10m ahead") == true)
        let report = try #require(reports.withLock { $0.first })
        #expect(report.isSuccess && report.run.startedAt >= begin + .minutes(1), "\(report.story)")
        #expect(service.currentStatus.lastFault == nil)
        #expect(try await world.store.runs(limit: 10).count == 1)
    }

    @Test("A pass whose machine's clock is set wrong in the middle of it renews no lease by that")
    func renewsNothingByAWrongClock() async throws {
        let world = try await World()
        let lead = Locked(Duration.zero)
        let time = world.time
        let store = Store(
            engine: FusedEngine(engine: world.engine, fuse: Fuse(), serverClock: { time.now - lead.withLock { $0 } }),
            time: time, comparesClocks: true)
        let lease = try #require(
            try await store.acquireLease(name: "reconcile", holder: "here/1/run", lasting: .minutes(5)))
        _ = try await store.renewLease(lease)
        for ahead in [Duration.seconds(11), .zero - .seconds(11)] {
            lead.withLock { $0 = ahead }
            await #expect { try await store.renewLeases([lease]) } throws: {
                ($0 as? StoreFault)?.code == "STORE-0059"
            }
        }
        // What is given back is given back by any clock.
        try await store.releaseLease(lease)
        #expect(try await world.store.lease(name: "reconcile") == nil)
    }

    @Test("A lease from a clock that was years ahead keeps nobody out for years")
    func forgivesClocks() async throws {
        let world = try await World()
        let now = world.time.now
        world.time.jump(to: now + .days(3_650))
        #expect(await world.pass().isSuccess)
        let left = try await world.store.acquireLease(
            name: "reconcile", holder: "elsewhere/9/run", lasting: .minutes(5))
        #expect(left != nil)
        world.time.jump(to: now)
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
    }

    @Test("Who comes too late writes no error: one works, and the others stand by")
    func standsByQuietly() async throws {
        let world = try await World()
        let taken = try await world.store.acquireLease(
            name: "reconcile", holder: "elsewhere/9/run", lasting: .minutes(5))
        #expect(taken != nil)
        let lines = Locked<[String]>([])
        let plain = world.reconciler()
        let log = Log(level: .info, format: .json, time: world.time) { line in lines.withLock { $0.append(line) } }
        let late = Reconciler(
            source: plain.source, drivers: plain.drivers, store: plain.store, evidence: plain.evidence,
            time: plain.time, random: plain.random, log: log, metrics: plain.metrics, holder: plain.holder)
        late.logEnd(of: await late.pass(PassOptions()))
        #expect(lines.withLock { $0 }.count { $0.contains("another process was faster") } == 1)
        #expect(!lines.withLock { $0 }.contains { $0.contains("error") }, "\(lines.withLock { $0 })")
        await world.engine.close()
    }

    @Test("A process of another boot or another container is never taken for one that is gone")
    func knowsWhoIsGone() async throws {
        let world = try await World()
        let name = LeaseHolder.current()
        let parts = name.split(separator: "/")
        #expect(parts.count == 2 && parts[0].contains(":"))
        // The number of a process that can't be there, on a host of the same name that was booted another time.
        let other = try await world.store.acquireLease(
            name: "reconcile", holder: "test:00000000/4194305/run", lasting: .minutes(5))
        #expect(other != nil)
        let report = await world.pass()
        guard case .failed(let fault) = report.outcome else {
            Issue.record("\(report.story)")
            return
        }
        #expect(fault.code == "RUN-0008")
    }
}
