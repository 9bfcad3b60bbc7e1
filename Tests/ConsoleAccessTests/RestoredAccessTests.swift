import Basics
import Formats
import Store
import StoreSQLite
import TestKit
import Testing
import Web

@testable import ConsoleAccess

@Suite struct RestoredAccessTests {
    /// Who somebody is with a header; nil where they may not come in.
    private static func name(_ access: AccessControl, _ header: String, _ value: String) async -> String? {
        let request = WebRequest(
            method: "GET", path: "/", headers: [(name: header, value: value)], peer: "192.0.2.1")
        return try? await access.caller(of: request).name
    }

    @Test func aStoreOfYesterdayLetsNobodyInByASessionOrATokenOfBefore() async throws {
        let time = SimulatedTime(now: TokenTests.now)
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(path: directory.path("ops.sqlite"))
        let store = Store(engine: engine, time: time)
        _ = try await store.migrate()
        var settings = AccessSettings(isLoopback: false)
        settings.signingKey = TokenKey(Secret(String(repeating: "k", count: 32)))
        let access = AccessControl(store: store, settings: settings, time: time)
        let (password, origin) = (Secret("correct horse battery"), ClientOrigin(address: "192.0.2.1", isSecure: true))
        _ = try await access.putUser("mallory", password: password, grants: [Grant(.admin)], by: "test")
        let user = try await access.logIn(name: "mallory", password: password, from: origin)
        let token = try await access.giveToken(to: user, from: origin).token.reveal { $0 }
        let cookie = String(try await access.openSession(user, from: origin).cookie.prefix { $0 != ";" })
        #expect(await Self.name(access, "Authorization", "Bearer \(token)") == "mallory")
        #expect(await Self.name(access, "Cookie", cookie) == "mallory")
        _ = try await engine.backup(to: directory.path("copy.sqlite"))
        _ = try await store.disableUser(
            "mallory", audit: AuditRecord(at: time.now, action: "revoke", target: "mallory", actor: "boss", detail: [:])
        )
        await engine.close()

        let older = Store(engine: try await SQLiteEngine.open(path: directory.path("copy.sqlite")), time: time)
        #expect(try await older.settleRestored(by: "ann").users == ["mallory"])
        let restored = AccessControl(store: older, settings: settings, time: time)
        #expect(await Self.name(restored, "Authorization", "Bearer \(token)") == nil)
        #expect(await Self.name(restored, "Cookie", cookie) != "mallory")
        // The password of then counts again: that is what those who restore are told.
        _ = try await restored.logIn(name: "mallory", password: password, from: origin)
        await older.close()
    }
}
