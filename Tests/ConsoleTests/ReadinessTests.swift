import Basics
import Console
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing
import Web

/// What `/readyz` says of the store, to those who ask at once and of one that is silent.
@Suite struct ReadinessTests {
    private struct Nothing: Source {
        func read(_ log: Log) async throws -> SourceSnapshot { throw CancellationError() }
    }

    /// A store whose reads wait for a gate.
    private struct Slow: SQLEngine {
        let inner: any SQLEngine
        let gate: Gate
        var dialect: SQLDialect { inner.dialect }
        var place: String { inner.place }

        func transaction<T: Sendable>(
            _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
        ) async throws(StoreFault) -> T { try await inner.transaction(body) }

        func read<T: Sendable>(
            _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
        ) async throws(StoreFault) -> T {
            await gate.pass()
            return try await inner.read(body)
        }

        func close() async { await inner.close() }
    }

    static func endpoints(_ store: Store, _ time: SimulatedTime) -> ServiceEndpoints {
        let service = Service(
            reconciler: Reconciler(
                source: Nothing(), drivers: [], store: store, evidence: EvidenceStore(directory: "/nonexistent"),
                time: time, random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1"),
            interval: .minutes(1))
        return ServiceEndpoints(
            service: service, store: store, metrics: Metrics(), time: time, interval: .minutes(1))
    }

    /// What `/readyz` names, besides that no pass has ended yet.
    static func reasons(_ endpoints: ServiceEndpoints) async -> String {
        let answer = await endpoints.answer(WebRequest(method: "GET", path: "/readyz", headers: [], peer: "192.0.2.1"))
        let body = String(decoding: answer.body, as: UTF8.self)
        return body.firstRange(of: "STORE-").map { String(body[$0.lowerBound...].prefix(10)) }
            ?? (body.contains("has not answered within 2s") ? "silent" : "")
    }

    @Test("Whoever asks while the store is being asked gets its answer, and isn't told that it is silent")
    func thoseWhoAskAtOnceShareAnAnswer() async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_800_000_000))
        let (gate, inner) = (Gate(), try await SQLiteEngine.open(path: ":memory:"))
        let endpoints = Self.endpoints(Store(engine: Slow(inner: inner, gate: gate), time: time), time)
        let first = Task { await Self.reasons(endpoints) }
        await gate.waitForOne()
        let begun = Locked(0)
        let others = (0..<8).map { _ in
            Task {
                begun.withLock { $0 += 1 }
                return await Self.reasons(endpoints)
            }
        }
        #expect(await eventually { begun.withLock { $0 } == 8 })
        // Time for those who don't wait to say so.
        try await Task.sleep(for: .milliseconds(50))
        gate.open()
        #expect(await first.value == "")
        for other in others { #expect(await other.value == "") }
        await inner.close()
    }

    @Test("Of a store that doesn't answer everybody is told after two seconds at most, until it answers again")
    func aSilentStoreIsTold() async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_800_000_000))
        let (gate, inner) = (Gate(), try await SQLiteEngine.open(path: ":memory:"))
        let endpoints = Self.endpoints(Store(engine: Slow(inner: inner, gate: gate), time: time), time)
        let early = (0..<3).map { _ in Task { await Self.reasons(endpoints) } }
        await gate.waitForOne()
        #expect(await eventually { time.sleeperCount == 1 })
        time.advance(by: .seconds(2))
        for one in early { #expect(await one.value == "silent") }
        // Nobody waits any more, and nothing sleeps for them.
        #expect(await Self.reasons(endpoints) == "silent")
        #expect(time.sleeperCount == 0)
        gate.open()
        #expect(await eventually { await Self.reasons(endpoints) == "" })
        #expect(await eventually { time.sleeperCount == 0 })
        await inner.close()
    }
}
