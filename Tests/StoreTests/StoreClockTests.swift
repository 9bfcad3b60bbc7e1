import Basics
import Store
import StorePostgres
import TestKit
import Testing

/// The machine's clock, set wrong by so much.
private struct ShiftedTime: TimeSource {
    let shift: Duration

    var now: Timestamp { SystemTime().now + shift }
    var uptime: Duration { SystemTime().uptime }
    func sleep(for duration: Duration) async throws { try await SystemTime().sleep(for: duration) }
}

@Suite struct StoreClockTests {
    @Test(
        .enabled(if: PostgresServer.isInstalled),
        arguments: [
            (Duration.minutes(10), Duration.minutes(5), "10m ahead of"),
            (.zero - .minutes(10), .minutes(5), "10m behind"),
            (.seconds(15), .minutes(5), "ahead of"), (.seconds(6), .seconds(6), "ahead of"), (.zero, .minutes(5), nil),
            (.seconds(6), .minutes(5), nil), (.zero - .seconds(6), .minutes(5), nil),
        ] as [(Duration, Duration, String?)])
    func `no lease is taken, renewed or waited for by a clock that is not the server's`(
        _ shift: Duration, _ lasting: Duration, _ told: String?
    ) async throws {
        try await TestStore.with(.postgres) { test in
            let right = Store(engine: test.engine, time: SystemTime(), comparesClocks: true)
            let held = try #require(
                try await right.acquireLease(name: "reconcile", holder: "other/1/run", lasting: lasting))
            let store = Store(engine: test.engine, time: ShiftedTime(shift: shift), comparesClocks: true)
            let lead = try #require(try await store.clockLead())
            #expect(lead <= shift + .seconds(1) || shift < .zero, "\(lead)")

            func tell(_ body: () async throws -> Void) async throws -> String? {
                do { try await body() } catch let fault as StoreFault {
                    #expect(fault.code == "STORE-0059" && fault.kind == .wrongClock && fault.hint != nil, "\(fault)")
                    return fault.message
                }
                return nil
            }
            let messages = [
                try await tell {
                    let lease = try await store.acquireLease(name: "reconcile", holder: "here/1/run", lasting: lasting)
                    #expect(lease == nil)
                },
                try await tell {
                    let claim = try await store.claimShards(
                        of: 1, holder: "here/1/run", service: nil, lasting: lasting, isOver: { _ in false },
                        choose: { _ in [0] })
                    #expect(claim.leases.isEmpty)
                },
                try await tell { try await store.renewLeases([held]) },
                try await tell { try await store.keepService("here/1", shards: 1, lasting: lasting) },
                try await tell { try await store.confirmClock(lasting: lasting) },
            ]
            for message in messages {
                #expect((message == nil) == (told == nil), "\(messages)")
                if let told { #expect(message?.contains(told) == true, "\(messages)") }
            }
            try await right.confirmLeases([held])
            // Where time is a test's own nobody asks.
            let simulated = Store(engine: test.engine, time: ShiftedTime(shift: .days(400)))
            try await simulated.confirmClock(lasting: lasting)
            let none = try await simulated.clockLead()
            #expect(none == nil)
        }
    }

    @Test func `a file has no clock of its own`() async throws {
        try await TestStore.with(.sqlite) { test in
            let store = Store(engine: test.engine, time: ShiftedTime(shift: .days(1)), comparesClocks: true)
            let lead = try await store.clockLead()
            let lease = try await store.acquireLease(name: "a", holder: "b", lasting: .seconds(9))
            #expect(lead == nil && lease != nil)
        }
    }
}
