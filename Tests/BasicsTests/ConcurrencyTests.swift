import Basics
import Glibc
import TestKit
import Testing

@Suite struct ConcurrencyTests {
    @Test func aProgramEndsWithoutTheFarewellOfItsLibrariesAndKeepsWhatItSaid() async throws {
        let result = await #expect(processExitsWith: .exitCode(3), observing: [\.standardOutputContent]) {
            // What libraries do here is done while other threads still use them.
            atexit { abort() }
            print("said", terminator: "")
            ProcessEnvironment.end(3)
        }
        let said = try #require(result).standardOutputContent
        #expect(String(decoding: said, as: UTF8.self).contains("said"))
    }

    @Test func aLockedValueLosesNoUpdate() async {
        let count = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<10_000 { count.withLock { $0 += 1 } } } }
        }
        #expect(count.withLock { $0 } == 80_000)
        struct Refused: Error {}
        #expect(throws: Refused.self) { try count.withLock { (_: inout Int) throws(Refused) in throw Refused() } }
        #expect(count.withLock { $0 } == 80_000)
    }

    @Test func aPoolRunsBlockingWorkSideBySideAndReturnsWhatItThrows() async {
        struct Refused: Error {}
        let pool = ThreadPool(threads: 4)
        let both = Locked(0)
        // Each of the four waits until all are there: fewer threads would never finish.
        let results = try? await within(.seconds(20)) {
            await (0..<4).mapBounded(limit: 4) { index in
                await pool.run { () -> Int in
                    both.withLock { $0 += 1 }
                    while both.withLock({ $0 }) < 4 {}
                    return index
                }
            }
        }
        #expect(results == [0, 1, 2, 3])
        await #expect(throws: Refused.self) { try await pool.run { () throws(Refused) -> Int in throw Refused() } }
    }

    @Test func whoIsAtHomeInAPoolStaysOnItsThreadAndOthersComeAndGo() async {
        let (home, other) = (ThreadPool(threads: 1), ThreadPool(threads: 1))
        await Task(executorPreference: home) {
            let mine = pthread_self()
            #expect(await home.run { pthread_self() } == mine)
            #expect(await other.run { pthread_self() } != mine)
            // And whatever was awaited elsewhere, it goes on at home.
            await Task { await Task.yield() }.value
            #expect(pthread_self() == mine)
            async let child = home.run { pthread_self() }
            #expect(await child == mine)
            // Nobody else is at home by being begun here.
            await Task { #expect(pthread_self() != mine) }.value
        }.value
        struct Refused: Error {}
        await Task(executorPreference: home) {
            _ = await #expect(throws: Refused.self) {
                try await home.run { () throws(Refused) -> Int in throw Refused() }
            }
        }.value
        let here = pthread_self()
        #expect(await home.run { pthread_self() } != here)
    }

    @Test(arguments: [1, 3, 100]) func aBoundedMapKeepsOrderAndItsBound(limit: Int) async {
        let running = Locked((now: 0, most: 0))
        let results = await (0..<50).mapBounded(limit: limit) { value in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            await Task.yield()
            running.withLock { $0.now -= 1 }
            return value * 2
        }
        #expect(results == (0..<50).map { $0 * 2 })
        #expect(running.withLock { $0.most } <= limit)
        #expect(await [Int]().mapBounded(limit: limit) { $0 }.isEmpty)
    }

    @Test func aSeedRepeatsItsNumbers() {
        // The first numbers of SplitMix64 for seed 0, as in its reference code.
        let random = RandomSource(seed: 0)
        #expect(
            [random.next(), random.next(), random.next()] == [
                0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F,
            ])
        let other = RandomSource(seed: 7)
        for _ in 0..<1_000 { #expect((0.0..<1.0).contains(other.unit())) }
        for _ in 0..<100 { #expect((Duration.zero...Duration.seconds(3)).contains(other.jitter(.seconds(3)))) }
        #expect(other.jitter(.seconds(-1)) == .zero)
    }

    @Test func aVersion7UUIDSortsByItsTime() {
        let random = RandomSource(seed: 1)
        // The timestamp of the example in RFC 9562, appendix A.6.
        let early = random.uuid(at: Timestamp(microseconds: 1_645_557_742_000_000))
        let late = random.uuid(at: Timestamp(microseconds: 1_645_557_742_001_000))
        #expect(early.hasPrefix("017f22e2-79b0-7"))
        #expect(early.utf8.count == 36)
        #expect(["8", "9", "a", "b"].contains(String(Array(early)[19])))
        #expect(early < late)
    }
}
