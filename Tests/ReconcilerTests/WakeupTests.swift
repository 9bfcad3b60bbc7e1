import Basics
import Store
import Testing

@testable import Reconciler

@Suite("Waiting for the next pass")
struct WakeupTests {
    /// A clock whose sleeper hears somebody ask, and is over only when it is no longer waited for.
    private final class LateTime: TimeSource {
        let now = Timestamp(seconds: 1_780_000_000)
        let uptime = Duration.zero
        private let wakeup: Wakeup
        private let counts = Locked<(begun: Int, ended: Int)>((0, 0))

        init(_ wakeup: Wakeup) { self.wakeup = wakeup }

        var begun: Int { counts.withLock { $0.begun } }
        var ended: Int { counts.withLock { $0.ended } }

        func sleep(for duration: Duration) async throws {
            counts.withLock { $0.begun += 1 }
            wakeup.raise(.webhook)
            while !Task.isCancelled { await Task.yield() }
            for _ in 0..<1_000 { await Task.yield() }
            // Its time has come at the very moment at which it was called off.
            counts.withLock { $0.ended += 1 }
        }
    }

    @Test("When a wait is over nothing of it goes on, and it leaves no wish to the next one")
    func endsWhole() async {
        let wakeup = Wakeup()
        let time = LateTime(wakeup)
        let trigger = await wakeup.wait(for: .minutes(1), time)
        #expect(trigger == .webhook)
        #expect(time.begun == 1 && time.ended == 1)
        #expect(!wakeup.isRaised)
    }

    @Test("Whom somebody has asked already doesn't begin to wait")
    func doesNotBegin() async {
        let wakeup = Wakeup()
        let time = LateTime(wakeup)
        wakeup.raise(.manual)
        let trigger = await wakeup.wait(for: .minutes(1), time)
        for _ in 0..<1_000 { await Task.yield() }
        #expect(trigger == .manual)
        #expect(time.begun == 0)
        #expect(!wakeup.isRaised)
    }
}
