import Basics
import DesiredState
import Formats
import Reconciler
import Simulator
import SimulatorKit
import Store
import SupabaseDriver
import TestKit
import Testing

/// Secrets that somebody brings to Supabase by the API.
@Suite("Secrets by the API")
struct SecretSyncTests {
    private static let ref = "abcdefghijklmnopqrst"
    private static let value = "canary-value-of-the-api"

    private struct Fixed: Source {
        let text: String

        func read(_ log: Log) async throws -> SourceSnapshot {
            let file = SourceFile(path: "ssot/supabase/project.yaml", text: text)
            return SourceSnapshot(
                tree: SourceTree(revision: String(repeating: "a", count: 40), files: [file], branches: .known([])))
        }
    }

    private static let document = """
        project_ref: \(ref)
        secrets:
          - {name: KEY, value_from: "env:API_KEY"}
          - {name: EMPTY, value_from: "env:NOWHERE"}
          - {name: BARE}

        """

    private func world(_ simulator: Simulator, hasDriver: Bool = true) async throws -> APIWorld {
        let directory = try TemporaryDirectory.inMemory()
        return try await APIWorld { store, time in
            let driver = SupabaseDriver(
                token: Secret("any"), baseURL: "http://supabase.test/supabase",
                transport: InProcessTransport(simulator),
                time: time, random: RandomSource(seed: 1),
                resolve: { "\($0)" == "env:API_KEY" ? Secret(Self.value) : nil })
            return Reconciler(
                source: Fixed(text: Self.document), drivers: hasDriver ? [driver] : [], store: store,
                evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
                random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1")
        }
    }

    private func simulator() throws -> Simulator {
        let simulator = try Simulator(options: SimulatorOptions(limits: .generous))
        try simulator.seed("supabase", ["projects": [["ref": .string(Self.ref), "name": "console"]]] as Value)
        return simulator
    }

    @Test(
        "The documents say where values are; the envelope what was set; the store keeps who asked; a key does it once")
    func sync() async throws {
        let simulator = try simulator()
        let world = try await world(simulator)
        func send(_ names: Value, as role: String = "admin", key: String? = nil) async throws -> APIWorld.Answer {
            try await world.send(
                "POST", "/secrets/sync", as: role, body: .object(["secrets": names]),
                headers: key.map { [("Idempotency-Key", $0)] } ?? [])
        }
        #expect(try await send(["KEY"], as: "developer").status == 403)
        let key = "0123456789abcdef"
        // What failed may be sent again by the same key.
        simulator.order(FaultOrder("GET", "/supabase/**", .html(status: 403), times: 9))
        let refused = try await send(["KEY", "EMPTY"], key: key)
        #expect(refused.status == 502 && refused.body["ok"] == false && refused.body["code"] == 403, "\(refused.body)")
        simulator.clearFaults()
        let first = try await send(["KEY", "EMPTY"], key: key)
        let pushed: Value = ["ok": true, "pushed": ["KEY"], "skipped": ["EMPTY"]]
        #expect(first.status == 200 && first.body == pushed, "\(first.body)")
        let writes = { simulator.requestLog.count { $0.method == "POST" } }
        let count = writes()
        let again = try await send(["KEY", "EMPTY"], key: key)
        #expect(again.body == pushed && again.headers["Idempotent-Replayed"] == "true" && writes() == count)
        let second = try await send(["KEY"])
        #expect(second.body == ["ok": true, "pushed": [], "skipped": ["KEY"]] as Value && writes() == count)

        let row = try #require(try await world.store.secretSyncs(limit: 3).first { $0.status == .error })
        #expect(refused.body["error"]?.stringValue == row.error && row.pushed.isEmpty)

        let rows = try await world.store.secretSyncs(limit: 10)
        #expect(rows.map(\.status).sorted { $0.rawValue < $1.rawValue } == [.error, .success, .success])
        #expect(rows.allSatisfy { $0.target == Self.ref && $0.finishedAt != nil })
        let audit = try await world.store.auditLog(limit: 10).filter { $0.action == "secrets.sync" }
        #expect(audit.count == 3 && audit.allSatisfy { $0.target == Self.ref && $0.detail["via"] == "api" })
        let all = "\(rows)\(audit)" + [refused, first, again, second].map { JSON.write($0.body) }.joined()
        #expect(!all.contains("canary"))
    }

    @Test("Where nothing came, the answer names the request that goes on")
    func goesOn() async throws {
        let simulator = try simulator()
        let world = try await world(simulator)
        simulator.order(FaultOrder("POST", "/supabase/**", .tooManyRequests(retryAfter: 3_600), times: 9))
        let refused = try await world.send("POST", "/secrets/sync", as: "owner", body: ["secrets": ["KEY"]])
        let command = #"odooops api POST /secrets/sync --data '{"project":"\#(Self.ref)","secrets":["KEY"]}'"#
        #expect(refused.status == 502 && refused.body["code"] == 429, "\(refused.body)")
        #expect(refused.body["error"]?.stringValue?.hasSuffix("then run: \(command)") == true, "\(refused.body)")
    }

    @Test(
        "What no document wants, or says the value of, is refused in the same envelope, and nothing is sent",
        arguments: [("OTHER", nil, 404), ("BARE", nil, 409), ("KEY", "zzzzzzzzzzzzzzzzzzzz", 404)]
            as [(String, String?, Int)])
    func refusals(name: String, project: String?, status: Int) async throws {
        let simulator = try simulator()
        let world = try await world(simulator)
        var body: Value.Object = ["secrets": .strings([name])]
        body["project"] = project.map { .string($0) }
        let answer = try await world.send("POST", "/secrets/sync", as: "owner", body: .object(body))
        #expect(answer.status == status && answer.body["ok"] == false, "\(answer.body)")
        #expect(answer.body["error"]?.stringValue?.contains("USAGE-0001") == true)
        #expect(simulator.requestLog.isEmpty)
        #expect(try await world.store.secretSyncs(limit: 1).isEmpty)
    }

    /// What is refused before the work begins, too: by the body's form, by a header.
    ///
    /// Who may not ask at all is told as everywhere.
    @Test(
        "Whatever is wrong with the request, the answer is the one that scripts parse",
        arguments: [
            (["secrets": []], "owner", nil, 400, "API-0004"), ([:], "owner", nil, 400, "API-0004"),
            (["secrets": ["KEY"], "more": 1], "owner", nil, 400, "API-0004"),
            (["secrets": ["KEY"]], "owner", "short", 400, "API-0003: the header Idempotency-Key has to have"),
        ] as [(Value, String, String?, Int, String)])
    func malformed(body: Value, role: String, key: String?, status: Int, words: String) async throws {
        let simulator = try simulator()
        let world = try await world(simulator)
        let answer = try await world.send(
            "POST", "/secrets/sync", as: role, body: body, headers: key.map { [("Idempotency-Key", $0)] } ?? [])
        #expect(answer.status == status && answer.body["ok"] == false, "\(answer.body)")
        #expect(answer.body["error"]?.stringValue?.contains(words) == true, "\(answer.body)")
        #expect(answer.body["errors"] == nil && simulator.requestLog.isEmpty)
    }

    @Test("While a pass is under way nothing is set, and without a credential neither; both leave their row")
    func underWay() async throws {
        let simulator = try simulator()
        let world = try await world(simulator)
        let other = try await world.store.acquireLease(
            name: Store.lease(ofShard: 0), holder: "elsewhere/7/run", lasting: .minutes(5))
        #expect(other != nil)
        let busy = try await world.send("POST", "/secrets/sync", as: "owner", body: ["secrets": ["KEY"]])
        #expect(busy.status == 503 && busy.body["ok"] == false, "\(busy.body)")
        #expect(busy.body["error"]?.stringValue?.contains("RUN-0008") == true && busy.headers["Retry-After"] != nil)
        #expect(simulator.requestLog.isEmpty)
        #expect(try await world.store.secretSyncs(limit: 1).first?.errorCode == "RUN-0008")
        let bare = try await self.world(simulator, hasDriver: false)
        let answer = try await bare.send("POST", "/secrets/sync", as: "owner", body: ["secrets": ["KEY"]])
        #expect(answer.status == 502 && answer.body["error"]?.stringValue?.contains("credential") == true)
        #expect(try await bare.store.secretSyncs(limit: 1).first?.errorCode == "PROVIDER-0001")
    }
}
