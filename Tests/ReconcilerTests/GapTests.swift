import Basics
import Reconciler
import Store
import StoreSQLite
import Testing

@Suite("How often the loop passes")
struct GapTests {
    @Test("A storm of knocks gives no pass closer to the last than the gap, and the last knock is heeded")
    func storm() async throws {
        let world = try await World()
        let gap = Duration.seconds(5)
        let starts = Locked<[Duration]>([])
        let holder = Locked<Service?>(nil)
        let service = Service(reconciler: world.reconciler(), interval: .minutes(10), gap: gap) { report in
            let count = starts.withLock { starts in
                starts.append(world.time.uptime)
                return starts.count
            }
            let service = holder.withLock { $0 }
            if count >= 6 {
                service?.requestStop()
            } else {
                for _ in 0..<100 { service?.wakeup.raise(.webhook) }
            }
        }
        holder.withLock { $0 = service }
        await service.run()
        let ends = starts.withLock { $0 }
        #expect(ends.count == 6)
        for (before, after) in zip(ends, ends.dropFirst()) {
            #expect(after - before >= gap && after - before < .minutes(2), "\(ends)")
        }
        await world.engine.close()
    }

    @Test("What a person asks for doesn't wait for the gap")
    func person() async throws {
        let world = try await World()
        let ends = Locked<[Duration]>([])
        let holder = Locked<Service?>(nil)
        let service = Service(reconciler: world.reconciler(), interval: .minutes(10), gap: .hours(1)) { _ in
            let count = ends.withLock { ends in
                ends.append(world.time.uptime)
                return ends.count
            }
            let service = holder.withLock { $0 }
            if count >= 3 { service?.requestStop() } else { service?.wakeup.raise(.manual) }
        }
        holder.withLock { $0 = service }
        await service.run()
        let all = ends.withLock { $0 }
        #expect(all.count == 3 && all[2] - all[0] < .hours(1), "\(all)")
        await world.engine.close()
    }
}
