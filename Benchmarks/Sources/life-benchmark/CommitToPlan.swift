import Basics
import DesiredState
import Diff
import Figures
import Glibc
import HTTPClient
import Reconciler
import Store

/// How long it takes from a commit, told of by a hook, to the recorded plan for it, while ten thousand wishes for another
/// look wait: in real time, by the loop as the service has it, with the embedded store on the disk.
///
/// The baseline is the same without anything that waits.
enum CommitToPlan {
    static let queued = 10_000
    private static let holder = "benchmark"

    /// - Parameters:
    ///   - samples: how many commits are measured with the queue full.
    ///   - directory: an empty one.
    ///   - figures: takes what was measured.
    /// - Throws: what keeps the world from being made.
    static func measure(_ samples: Int, in directory: String, _ figures: inout Figures) async throws {
        let time = SystemTime()
        let source = LifeSource(branches: Array(LifeSource.hundred.prefix(20)))
        let world = try await LifeWorld(directory: directory, time: time, source: source, .unlimited)
        let store = world.reconciler.store
        let service = Service(reconciler: world.reconciler, interval: .seconds(60), gap: .seconds(1))
        let metrics = Metrics()
        metrics.declareHookMetrics()
        let processor = HookProcessor(
            store: store, repositories: HookRepositories([]),
            bell: WakeBell(store: store, wakeup: service.wakeup, time: time), time: time, random: .system(), log: .none,
            metrics: metrics, holder: holder)
        let intake = DeliveryIntake(store: store, time: time) { processor.notice() }
        let looping = Task { await service.run() }
        let working = Task { await processor.run() }

        let counter = Locked(0)
        /// A commit and its hook; the time until its plan is recorded.
        func sample() async throws -> Double {
            // Anywhere between two passes, and within one.
            try await time.sleep(for: .milliseconds(Int64.random(in: 100...1_200)))
            let number = counter.withLock { count in
                count += 1
                return count
            }
            let began = time.uptime
            let revision = source.commit("feature/commit-\(number)")
            _ = await intake.keep(delivery("commit-\(number)", .hint, at: time.now))
            while try await !isPlanned(revision, store) { try await time.sleep(for: .milliseconds(4)) }
            return (time.uptime - began).milliseconds
        }

        // All that is wanted is made, and the caches are warm.
        for _ in 0..<5 { _ = try await sample() }
        var quiet: [Double] = []
        for _ in 0..<samples / 2 { quiet.append(try await sample()) }

        let least = Locked(queued)
        let feeding = Task {
            var number = 0
            while !Task.isCancelled {
                let depth = try await store.deliveryQueue().depth
                if number > 0 { least.withLock { $0 = min($0, depth) } }
                var missing = queued - depth
                while missing > 0 {
                    // Half of them ask for a pass, half change a record.
                    let deliveries = (0..<min(missing, 500)).map { index in
                        delivery(
                            "resync-\(number + index)", index.isMultiple(of: 2) ? .hint : .record, at: time.now)
                    }
                    number += deliveries.count
                    missing -= deliveries.count
                    _ = try await store.keep(deliveries)
                }
                try await time.sleep(for: .milliseconds(50))
            }
        }
        while try await store.deliveryQueue().depth < queued * 9 / 10 { try await time.sleep(for: .milliseconds(50)) }
        var busy: [Double] = []
        for _ in 0..<samples { busy.append(try await sample()) }
        feeding.cancel()
        _ = await feeding.result
        processor.requestStop()
        service.requestStop()
        await working.value
        await looping.value

        figures.report("commit_to_plan_p50", percentile(0.5, of: busy), "ms", baseline: percentile(0.5, of: quiet))
        figures.report(
            "commit_to_plan_p99", percentile(0.99, of: busy), "ms", baseline: percentile(0.99, of: quiet), atMost: 2_000
        )
        figures.report("commit_to_plan_least_queued", Double(least.withLock { $0 }), "rows")
    }

    private static func isPlanned(_ revision: String, _ store: Store) async throws -> Bool {
        for run in try await store.runs(limit: 2) where run.revision == revision {
            if try await store.plan(ofRun: run.id) != nil { return true }
        }
        return false
    }

    private static func delivery(_ id: String, _ lane: DeliveryRecord.Lane, at now: Timestamp) -> DeliveryRecord {
        let body =
            lane == .hint
            ? "{\"ref\": \"refs/heads/main\", \"repository\": {\"full_name\": \"acme/odoo\"}}"
            : """
            {"action": "edited", "issue": {"number": \(abs(id.hashValue % 1_000)), "title": "Mail", "state": "open", \
            "updated_at": "\(now)"}, "repository": {"full_name": "acme/odoo"}}
            """
        return DeliveryRecord(
            provider: "github", deliveryID: id, event: lane == .hint ? "push" : "issues.edited", scope: "acme/odoo",
            lane: lane, body: body, bodyDigest: Digest(of: body), bodyBytes: body.utf8.count, receivedAt: now)
    }
}
