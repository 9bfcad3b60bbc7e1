import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing

@testable import ConsoleAPI
@testable import ConsoleAccess

/// Writes leave a line in the audit log, whichever routes there are.
@Suite("Every write is written down")
struct AuditedWriteTests {
    private struct Fixed: Source {
        func read(_ log: Log) async throws -> SourceSnapshot {
            let file = SourceFile(path: "ssot/supabase/project.yaml", text: "project_ref: abcdefghijklmnopqrst\n")
            return SourceSnapshot(
                tree: SourceTree(revision: String(repeating: "a", count: 40), files: [file], branches: .known([])))
        }
    }

    /// One write that is done, in the order in which each finds what it needs.
    private static let writes: [(id: String, path: String, body: Value?)] = [
        ("extendEnvironment", "/environments/feature-a/extend", ["days": 1]),
        ("pinEnvironment", "/environments/staging/pin", ["reason": "shown"]),
        ("unpinEnvironment", "/environments/staging/pin", nil),
        ("suspendEnvironment", "/environments/staging/suspend", [:]),
        ("resumeEnvironment", "/environments/staging/resume", nil),
        ("acknowledgeDrift", "/drift/acknowledge", ["key": "digitalocean.droplet/erp", "reason": "known"]),
        ("muteDrift", "/drift/mute", ["key": "digitalocean.droplet/erp", "reason": "known"]),
        ("unmuteDrift", "/drift/unmute", ["key": "digitalocean.droplet/erp"]),
        ("revokeApprovals", "/approvals/revoke", ["key": "digitalocean.droplet/erp"]),
        ("addKey", "/access/keys", ["name": "new", "roles": ["viewer"]]), ("revokeKey", "/access/keys/new", nil),
        ("addUser", "/access/users", ["name": "eve", "roles": ["viewer"], "password": "correct horse battery"]),
        ("changeUser", "/access/users/eve", ["roles": ["developer@staging"]]),
        ("revokeUser", "/access/users/eve", nil), ("reconcileNow", "/reconcile", ["reason": "why"]),
    ]
    /// Writes that need more than these rows, each with the suite that sends it and reads its line.
    private static let elsewhere = [
        "approve": "OrderedPassTests, after real passes", "enableSchedule": "AuditedOrderTests",
        "changePassword": "OwnLoginTests", "logIn": "AuditedOrderTests", "logOut": "OwnLoginTests",
        "retryDelivery": "AuditedOrderTests", "retryNotice": "AuditedOrderTests", "runSchedule": "AuditedOrderTests",
        "sweepNow": "OrderedPassTests", "syncSecrets": "SecretSyncTests",
    ]

    private func world() async throws -> APIWorld {
        let directory = try TemporaryDirectory.inMemory()
        return try await APIWorld { store, time in
            Reconciler(
                source: Fixed(), drivers: [], store: store,
                evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
                random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1")
        }
    }

    @Test("Each route that writes is in this test's table, and leaves one line with who and where from")
    func lines() async throws {
        let world = try await world()
        try await world.fillEveryList()
        let known = Self.writes.map(\.id) + Self.elsewhere.keys
        #expect(world.api.routes.filter(\.isWrite).map(\.id).sorted() == known.sorted())
        _ = try await world.send(
            "POST", "/drift/unmute", as: "owner", body: ["key": "digitalocean.droplet/erp"])
        for write in Self.writes {
            let route = try #require(world.api.routes.first { $0.id == write.id })
            let before = try await world.store.auditLog(limit: 100).count
            let answer = try await world.send(route.method, write.path, as: "owner", body: write.body)
            #expect(answer.status == route.status, "\(write.id): \(answer.body)")
            #expect(route.answer.problem(answer.data, at: write.id) == nil)
            let log = try await world.store.auditLog(limit: 100)
            #expect(log.count == before + 1, "\(write.id)")
            #expect(log[0].actor == "key:owner" && log[0].detail["from"] == "192.0.2.7", "\(write.id)")
            #expect(log[0].detail["via"] == "api", "\(write.id)")
            #expect(!JSON.write(log[0].detail).contains("horse"), "\(write.id)")
        }
        #expect(try await world.store.verifyAuditLog().isWhole)
        let shown = try await world.send("GET", "/audit-logs?user=key:owner&action=env.pin", as: "viewer")
        #expect(shown.data.listValue?.count == 1 && shown.data[0]?["detail"]?["reason"] == "shown")
    }

    @Test("A user is added once, changed while they have access, and nobody takes an owner's role from themselves")
    func users() async throws {
        let world = try await world()
        func put(_ method: String, _ path: String, _ body: Value?, as who: String = "owner") async throws -> Int {
            try await world.send(method, "/access/users\(path)", as: who, body: body).status
        }
        let ada: Value = ["name": "ada", "roles": ["owner"], "password": "correct horse battery"]
        for role in ["viewer", "developer", "admin"] { #expect(try await put("POST", "", ada, as: role) == 403) }
        #expect(try await put("PUT", "/ada", ["roles": ["viewer"]]) == 404)
        #expect(try await put("POST", "", ["name": "ada", "roles": ["owner"], "password": "short"]) == 400)
        #expect(try await put("POST", "", ["name": "key:ci", "roles": ["owner"]]) == 400)
        #expect(try await put("POST", "", ["name": "eve", "roles": []]) == 400)
        #expect(try await put("POST", "", ["name": "ada", "roles": ["king"]]) == 400)
        #expect(try await put("POST", "", ada) == 201)
        let twice = try await world.send("POST", "/access/users", as: "owner", body: ada)
        #expect(twice.status == 409 && twice.code == "API-0017")
        #expect(try await put("PUT", "/ada", [:]) == 400)
        let login = try await world.send(
            "POST", "/auth/login", body: ["name": "ada", "password": "correct horse battery"])
        let token = try #require(login.data["token"]?.stringValue)
        #expect(try await put("PUT", "/ada", ["roles": ["viewer"]], as: token) == 409)
        #expect(try await put("DELETE", "/ada", nil, as: token) == 409)
        #expect(try await put("PUT", "/ada", ["roles": ["admin"]]) == 200)
        #expect(try await put("POST", "", ["name": "eve", "roles": ["viewer"]], as: token) == 403)
        #expect(try await put("DELETE", "/ada", nil) == 200)
        #expect(try await world.send("GET", "/environments", as: token).status == 401)
        #expect(try await put("DELETE", "/ada", nil) == 404)
    }

    @Test("Of a password that is sent with a key nothing can be guessed faster than of one that is kept")
    func digests() async throws {
        let world = try await world()
        func add(_ password: String) async throws -> APIWorld.Answer {
            try await world.send(
                "POST", "/access/users", as: "owner",
                body: ["name": "ada", "roles": ["viewer"], "password": .string(password)],
                headers: [("Idempotency-Key", "0123456789abcdef")])
        }
        let first = try await add("correct horse battery")
        let again = try await add("correct horse battery")
        #expect(first.status == 201 && again.data == first.data, "\(again.body)")
        #expect(again.headers["Idempotent-Replayed"] == "true")
        #expect(try await add("incorrect horse battery").code == "API-0008")
        let owner = try #require(try await world.store.keys().first { $0.name == "owner" })
        let plain = Digest(
            of: Array("POST /api/v1/access/users\n".utf8)
                + JSON.canonical(["name": "ada", "roles": ["viewer"], "password": "correct horse battery"]))
        let claim = try await world.store.claimRequest(
            "0123456789abcdef", of: "key \(owner.id)", digest: plain, at: APIWorld.now)
        #expect(claim == .other, "the digest of the body itself is not what is kept")
    }

    @Test("What has not ended is not swept, whatever is confirmed")
    func sweep() async throws {
        let world = try await world()
        try await world.fill()
        let found = try await world.send("GET", "/sweep", as: "viewer")
        let route = try #require(world.api.routes.first { $0.id == "getSweep" })
        #expect(found.status == 200 && found.data["targets"] == [], "\(found.body)")
        #expect(route.answer.problem(found.data, at: "data") == nil)
        let before = try await world.store.auditLog(limit: 100).count
        for (names, role, status) in [
            (["staging"], "developer", 409), ([], "developer", 409), (["staging"], "viewer", 403),
            (["staging"], "developer@staging", 403),
        ] as [([String], String, Int)] {
            let answer = try await world.send("POST", "/sweep", as: role, body: ["environments": .strings(names)])
            #expect(answer.status == status, "\(names) as \(role): \(answer.body)")
            if status == 409 { #expect(answer.code == "API-0017") }
        }
        #expect(try await world.send("POST", "/sweep", as: "developer", body: [:]).status == 400)
        #expect(try await world.store.auditLog(limit: 100).count == before)
        #expect(try await APIWorld().send("GET", "/sweep", as: "viewer").code == "API-0012")
    }
}
