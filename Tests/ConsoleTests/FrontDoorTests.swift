import Basics
import Console
import ConsoleAPI
import ConsoleAccess
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing
import Web

/// What the service answers to whom, before any endpoint is asked.
@Suite struct FrontDoorTests {
    private struct Nothing: Source {
        func read(_ log: Log) async throws -> SourceSnapshot { throw CancellationError() }
    }

    /// A store whose server is gone, and which says where that was.
    private struct Gone: SQLEngine {
        let fault: StoreFault
        var dialect: SQLDialect { .sqlite }
        var place: String { "ops@db.internal:5432" }

        func transaction<T: Sendable>(
            _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
        ) async throws(StoreFault) -> T { throw fault }

        func read<T: Sendable>(
            _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
        ) async throws(StoreFault) -> T { throw fault }

        func close() async {}
    }

    private static func door(
        asking engine: (any SQLEngine)? = nil
    ) async throws -> (door: FrontDoor, access: AccessControl, store: Store) {
        let time = SimulatedTime(now: Timestamp(seconds: 1_800_000_000))
        let store = Store(engine: try await SQLiteEngine.open(path: ":memory:", isReadOnly: false), time: time)
        _ = try await store.migrate()
        let metrics = Metrics()
        metrics.declare("test_total", .counter, "A figure.")
        metrics.add("test_total")
        let service = Service(
            reconciler: Reconciler(
                source: Nothing(), drivers: [], store: store, evidence: EvidenceStore(directory: "/nonexistent"),
                time: time, random: RandomSource(seed: 1), log: .none, metrics: metrics, holder: "test/1"),
            interval: .minutes(1))
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        let endpoints = ServiceEndpoints(
            service: service, store: engine.map { Store(engine: $0, time: time) } ?? store, metrics: metrics,
            time: time,
            interval: .minutes(1))
        let api = APIEndpoints(APIServices(store: store, access: access, metrics: metrics, time: time))
        return (FrontDoor(access: access, api: api, service: endpoints), access, store)
    }

    /// The form that scrapers read: a key needs the scope, whatever its role.
    @Test(
        arguments: [
            (nil, 401), ([], 403), ([.read, .readAudit], 403), ([.readMetrics], 200), (Permission.allCases, 200),
        ] as [([Permission]?, Int)])
    func figuresAreForWhomTheyAreMeant(scopes: [Permission]?, status: Int) async throws {
        let (door, access, store) = try await Self.door()
        let key = try await access.addKey(
            "scraper", grants: [Grant(.owner)], scopes: scopes, lasting: nil, by: "test"
        ).key.reveal { $0 }
        for (name, value) in [("Authorization", "Bearer \(key)"), ("X-API-Key", key)] {
            let answer = await door.answer(
                WebRequest(
                    method: "GET", path: "/metrics",
                    headers: [(name: "Host", value: "ops")] + (scopes == nil ? [] : [(name: name, value: value)]),
                    peer: "192.0.2.1"))
            #expect(answer.status == status)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("test_total") == (status == 200))
            #expect(
                answer.headers.contains {
                    $0.name == "Content-Security-Policy" && $0.value == SecurityHeaders.dataPolicy
                })
        }
        await store.close()
    }

    @Test(
        "Readiness, which everybody may read, names no server, user or file of a store that can't be reached",
        arguments: [
            (StoreFault.Kind.unreachable, "STORE-0010: the store can't be reached"),
            (.readOnly, "STORE-0010: the store can't be used"),
        ])
    func readinessNamesNoPlace(kind: StoreFault.Kind, reason: String) async throws {
        let fault = StoreFault(
            kind, code: "STORE-0010",
            message: "connection to server at \"db.internal\", port 5432 failed: no password for user ops")
        let (door, _, store) = try await Self.door(asking: Gone(fault: fault))
        let answer = await door.answer(
            WebRequest(
                method: "GET", path: "/readyz", headers: [(name: "Host", value: "service")], peer: "192.0.2.1"))
        let body = String(decoding: answer.body, as: UTF8.self)
        #expect(answer.status == 503 && body.contains("\"\(reason)\""), "\(body)")
        for word in ["db.internal", "5432", "ops"] { #expect(!body.contains(word), "\(body)") }
        await store.close()
    }

    @Test func aWrongKeyReadsNoFiguresAndNobodyNeedsOneForHealth() async throws {
        let (door, access, store) = try await Self.door()
        _ = try await access.addKey("any", grants: [Grant(.owner)], scopes: nil, lasting: nil, by: "test")
        func status(_ path: String, _ headers: [(name: String, value: String)] = []) async -> Int {
            await door.answer(
                WebRequest(
                    method: "GET", path: path, headers: [(name: "Host", value: "ops")] + headers, peer: "192.0.2.1")
            ).status
        }
        let wrong = [(name: "X-API-Key", value: "odops_" + String(repeating: "0", count: 64))]
        #expect(await status("/metrics", wrong) == 401)
        #expect(await status("/api/v1/metrics", wrong) == 401)
        for path in ["/healthz", "/readyz"] { #expect(![401, 403].contains(await status(path)), "\(path)") }
        await store.close()
    }
}
