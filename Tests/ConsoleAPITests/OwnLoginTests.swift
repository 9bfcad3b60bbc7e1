import Basics
import Formats
import Store
import Testing

@testable import ConsoleAccess

/// What a person does with their own logins.
@Suite struct OwnLoginTests {
    private static let password = "correct horse battery"

    private static func world() async throws -> APIWorld {
        let world = try await APIWorld()
        _ = try await world.access.putUser("ada", password: Secret(password), grants: [Grant(.viewer)], by: "test")
        return world
    }

    private static func token(_ world: APIWorld, _ password: String = password) async throws -> String {
        let answer = try await world.send("POST", "/auth/login", body: ["name": "ada", "password": .string(password)])
        return try #require(answer.data["token"]?.stringValue, "\(answer.body)")
    }

    @Test("Logging out ends the token that is sent, at once and with a line of the audit log, and no other")
    func logout() async throws {
        let world = try await Self.world()
        let (first, second) = (try await Self.token(world), try await Self.token(world))
        #expect(try await world.send("GET", "/auth/whoami", as: first).status == 200)
        let answer = try await world.send("POST", "/auth/logout", as: first)
        #expect(answer.status == 200 && answer.data["everywhere"] == false, "\(answer.body)")
        let after = try await world.send("GET", "/auth/whoami", as: first)
        #expect(after.status == 401 && after.code == "ACCESS-0002", "\(after.body)")
        #expect(try await world.send("GET", "/auth/whoami", as: second).status == 200)
        // Another service on the same store knows it too.
        let other = AccessControl(store: world.store, settings: world.access.settings, time: world.time)
        await #expect(throws: AccessFault.self) {
            _ = try await other.token(first, ClientOrigin(address: "192.0.2.7"))
        }
        let lines = try await world.store.auditLog(limit: 10)
        #expect(lines.count { $0.action == "access.logout" && $0.actor == "ada" } == 1)
    }

    @Test("Logging out everywhere ends every token and session")
    func everywhere() async throws {
        let world = try await Self.world()
        let tokens = [try await Self.token(world), try await Self.token(world)]
        let user = try #require(try await world.store.user(named: "ada"))
        let (_, cookie) = try await world.access.openSession(user, from: ClientOrigin(address: "192.0.2.7"))
        let pair = String(cookie.prefix { $0 != ";" })
        #expect(try await world.send("GET", "/environments", headers: [("Cookie", pair)]).status == 200)
        let answer = try await world.send("POST", "/auth/logout", as: tokens[0], body: ["everywhere": true])
        #expect(answer.status == 200 && answer.data["everywhere"] == true, "\(answer.body)")
        for token in tokens { #expect(try await world.send("GET", "/auth/whoami", as: token).status == 401) }
        #expect(try await world.send("GET", "/environments", headers: [("Cookie", pair)]).status == 401)
    }

    @Test("A session is ended by whoever has it, with the token of its forms")
    func session() async throws {
        let world = try await Self.world()
        let user = try #require(try await world.store.user(named: "ada"))
        let (session, cookie) = try await world.access.openSession(user, from: ClientOrigin(address: "192.0.2.7"))
        let pair = ("Cookie", String(cookie.prefix { $0 != ";" }))
        #expect(try await world.send("POST", "/auth/logout", headers: [pair]).code == "ACCESS-0004")
        let ended = try await world.send("POST", "/auth/logout", headers: [pair, ("X-CSRF-Token", session.csrfToken)])
        #expect(ended.status == 200, "\(ended.body)")
        #expect(try await world.send("GET", "/environments", headers: [pair]).status == 401)
    }

    @Test("A key is no login, and nobody has none", arguments: ["/auth/logout", "/auth/password"])
    func others(path: String) async throws {
        let world = try await Self.world()
        let (method, body): (String, Value?) =
            path == "/auth/logout"
            ? ("POST", nil) : ("PUT", ["password": "x", "new_password": "incorrect horse battery"])
        #expect(try await world.send(method, path, as: "owner", body: body).status == 409)
        #expect(try await world.send(method, path, body: body).status == 401)
        #expect(try await world.send("GET", "/environments", as: "owner").status == 200)
    }

    @Test("A person changes their own password with the present one, which ends every login")
    func password() async throws {
        let world = try await Self.world()
        let token = try await Self.token(world)
        func change(_ present: String, _ new: String) async throws -> APIWorld.Answer {
            try await world.send(
                "PUT", "/auth/password", as: token,
                body: ["password": .string(present), "new_password": .string(new)])
        }
        let wrong = try await change("wrong", "incorrect horse battery")
        #expect(wrong.status == 403 && wrong.code == "ACCESS-0006", "\(wrong.body)")
        #expect(try await change(Self.password, "short").status == 400)
        #expect(try await world.send("GET", "/auth/whoami", as: token).status == 200, "nothing was changed")
        #expect(try await change(Self.password, "incorrect horse battery").status == 200)
        #expect(try await world.send("GET", "/auth/whoami", as: token).status == 401)
        let old = try await world.send(
            "POST", "/auth/login", body: ["name": "ada", "password": .string(Self.password)])
        #expect(old.status == 401)
        _ = try await Self.token(world, "incorrect horse battery")
        let line = try await world.store.auditLog(limit: 20).first { $0.action == "access.user.put" }
        #expect(line?.actor == "ada" && line?.detail["from"] == "192.0.2.7" && line?.detail["via"] == "api")
        // Their role is what it was.
        #expect(try await world.store.user(named: "ada")?.grants == ["viewer"])
    }
}
