import Basics
import DesiredState
import Formats
import Store
import Testing
import Web

@testable import ConsoleAPI
@testable import ConsoleAccess

/// Who comes without a key, with a wrong one, too often, or with a token whose time is over.
@Suite struct ProofTests {
    @Test func wrongProofsAreCounted() async throws {
        let world = try await APIWorld()
        var statuses: [Int] = []
        for index in 0..<150 {
            let made = Hex.encode(UInt64(index))
            let key = "odops_" + String(repeating: "0", count: 64 - made.utf8.count) + made
            statuses.append(try await world.send("GET", "/runs", as: key, peer: "2001:db8::\(index)").status)
        }
        #expect(statuses.first == 401 && statuses.last == 429 && statuses.count { $0 == 401 } == 100)
        // Others, and whoever has a right key, are not held up by it.
        #expect(try await world.send("GET", "/runs", as: "odops_x", peer: "192.0.2.9").status == 401)
        #expect(try await world.send("GET", "/runs", as: "viewer", peer: "2001:db8::1").status == 200)
    }

    @Test func atLoopbackEverybodyReadsUntilSomebodyIsGivenAccess() async throws {
        let world = try await APIWorld(isLoopback: true, withKeys: false)
        #expect(try await world.send("GET", "/environments", peer: "127.0.0.1").status == 200)
        // Nobody can log in: all that mends it is the first owner, also for whoever tries, and for who reads by a proxy.
        let write = try await world.send("POST", "/reconcile", body: [:], peer: "127.0.0.1")
        let login = try await world.send(
            "POST", "/auth/login", body: ["name": "me", "password": "correct horse"], peer: "127.0.0.1")
        let behind = try await world.send(
            "GET", "/environments", headers: [("X-Forwarded-For", "203.0.113.9")], peer: "127.0.0.1")
        for answer in [write, login, behind] {
            #expect(answer.status == 401 && answer.code == "ACCESS-0007", "\(answer.body)")
            let remedy = answer.remedy
            #expect(remedy.contains("access user add NAME --role owner --password-file FILE"), "\(remedy)")
        }
        let proxied = [("X-Forwarded-For", "203.0.113.9")]
        #expect(try await world.send("GET", "/environments", headers: proxied, peer: "127.0.0.1").status == 401)
        let rebound = await world.api.answer(
            WebRequest(method: "GET", path: "/api/v1/runs", headers: [("Host", "evil.example")], peer: "127.0.0.1"))
        #expect(rebound.status == 403)
        _ = try await world.access.putUser(
            "ada", password: Secret("correct horse battery"), grants: [Grant(.owner)], by: "test")
        world.time.advance(by: .seconds(2))
        #expect(try await world.send("GET", "/environments", peer: "127.0.0.1").code == "ACCESS-0001")
        let wrong = try await world.send(
            "POST", "/auth/login", body: ["name": "me", "password": "correct horse"], peer: "127.0.0.1")
        #expect(wrong.status == 401 && wrong.code == "ACCESS-0006", "\(wrong.body)")
    }

    @Test func elsewhereNobodyIsAnsweredBeforeSomebodyIsGivenAccess() async throws {
        let world = try await APIWorld(withKeys: false)
        for peer in ["127.0.0.1", "192.0.2.1"] {
            #expect(try await world.send("GET", "/environments", peer: peer).code == "ACCESS-0007")
            #expect(try await world.send("GET", "/openapi.json", peer: peer).code == "ACCESS-0007")
        }
    }

    @Test func aLoginGivesATokenThatCountsTwelveHours() async throws {
        let world = try await APIWorld()
        _ = try await world.access.putUser(
            "ada", password: Secret("correct horse battery"), grants: [Grant(.viewer)], by: "test")
        let wrong = try await world.send("POST", "/auth/login", body: ["name": "ada", "password": "wrong"])
        let nobody = try await world.send("POST", "/auth/login", body: ["name": "eve", "password": "wrong"])
        #expect(wrong.status == 401 && wrong.body["errors"] == nobody.body["errors"])
        let right = try await world.send(
            "POST", "/auth/login", body: ["name": "ada", "password": "correct horse battery"])
        let token = try #require(right.data["token"]?.stringValue)
        #expect(try await world.send("GET", "/environments", as: token).status == 200)
        #expect(try await world.send("POST", "/reconcile", as: token, body: [:]).status == 403)
        world.time.advance(by: .hours(12) + .minutes(2))
        #expect(try await world.send("GET", "/environments", as: token).code == "ACCESS-0002")
    }

    /// Another process took the access back, and this one remembers for some seconds that they had it.
    @Test func whoLostAccessAMomentAgoApprovesNothing() async throws {
        let world = try await APIWorld()
        let key = try await world.access.addKey(
            "late", grants: [Grant(.owner)], scopes: nil, lasting: nil, by: "test"
        ).key.reveal { $0 }
        #expect(try await world.send("GET", "/environments", as: key).status == 200)
        let audit = AuditRecord(
            at: world.time.now, action: "access.key.revoke", target: "late", actor: "test", detail: [:])
        #expect(try await world.store.revokeKey("late", audit: audit) != nil)
        let orders: [(String, Value)] = [
            ("/approvals", ["run": "latest", "keys": ["digitalocean.droplet/erp"]]),
            ("/access/keys", ["name": "more", "roles": ["owner"]]),
        ]
        // Whoever proves nothing has the service forget nobody: else each of them would send all others to the store.
        for (path, body) in orders {
            for stranger in [nil, "odops_x"] {
                #expect(try await world.send("POST", path, as: stranger, body: body).status == 401)
            }
        }
        #expect(try await world.send("GET", "/environments", as: key).status == 200)
        for (path, body) in orders {
            let answer = try await world.send("POST", path, as: key, body: body)
            #expect(answer.status == 401 && answer.code == "ACCESS-0002", "\(path): \(answer.body)")
        }
    }

    @Test func whoMayApproveNoMoreIsToldOfWithWhatTheyLeave() async throws {
        let world = try await APIWorld()
        func take(_ name: String) async throws -> (changed: Value, revoked: Value) {
            _ = try await world.access.putUser(name, password: nil, grants: [Grant(.owner)], by: "test")
            _ = try await world.access.addKey(
                "of-\(name)", grants: [Grant(.admin)], scopes: nil, lasting: nil, by: name)
            let unchanged = try await world.send(
                "PUT", "/access/users/\(name)", as: "owner", body: ["roles": ["owner"]])
            #expect(unchanged.data["keys"] == [] && unchanged.data["approvals"] == [], "\(unchanged.body)")
            let changed = try await world.send(
                "PUT", "/access/users/\(name)", as: "owner", body: ["roles": ["admin@staging"]])
            let revoked = try await world.send("DELETE", "/access/users/\(name)", as: "owner")
            return (changed.data, revoked.data)
        }
        let answers = try await take("eve")
        #expect(answers.changed["keys"] == ["of-eve"] && answers.revoked["keys"] == ["of-eve"], "\(answers)")
        #expect(answers.revoked["revoked"] == "eve")
    }

    enum Ending: CaseIterable { case newPassword, revoked, revokedAndAddedAgain }

    /// All within one second: what ends a token is no clock, whose seconds a token's `iat` couldn't tell apart.
    @Test(arguments: Ending.allCases) func aTokenEndsWithWhatItWasGivenFor(ending: Ending) async throws {
        let world = try await APIWorld()
        let (old, new) = (Secret("correct horse battery"), Secret("incorrect horse battery"))
        func token(_ password: Secret) async throws -> String {
            let body: Value = ["name": "ada", "password": password.reveal { .string($0) }]
            let answer = try await world.send("POST", "/auth/login", body: body)
            return answer.data["token"]?.stringValue ?? ""
        }
        _ = try await world.access.putUser("ada", password: old, grants: [Grant(.viewer)], by: "test")
        let first = try await token(old)
        #expect(try await world.send("GET", "/environments", as: first).status == 200)
        // Other grants end nothing.
        _ = try await world.access.putUser("ada", password: nil, grants: [Grant(.developer)], by: "test")
        if ending == .newPassword {
            _ = try await world.access.putUser("ada", password: new, grants: nil, by: "test")
        } else {
            let audit = AuditRecord(
                at: world.time.now, action: "access.user.revoke", target: "ada", actor: "test", detail: [:])
            #expect(try await world.store.disableUser("ada", audit: audit) != nil)
        }
        if ending == .revokedAndAddedAgain {
            _ = try await world.access.putUser("ada", password: nil, grants: [Grant(.viewer)], by: "test")
        }
        // A token that was given out since is known at once, and with it that the other has ended.
        if ending != .revoked {
            let second = try await token(ending == .newPassword ? new : old)
            #expect(try await world.send("GET", "/environments", as: second).status == 200)
        } else {
            world.access.forgetAll()
        }
        let refused = try await world.send("GET", "/environments", as: first)
        #expect(refused.status == 401 && refused.code == "ACCESS-0002")
    }

    @Test func whoAsksTooOftenIsToldWhenToComeBack() async throws {
        let world = try await APIWorld(keyLimit: 60)
        var last = try await world.send("GET", "/runs", as: "viewer")
        #expect(last.headers["RateLimit-Limit"] == "60" && last.headers["X-RateLimit-Remaining"] == "59")
        for _ in 0..<59 { last = try await world.send("GET", "/runs", as: "viewer") }
        #expect(last.status == 200 && last.headers["RateLimit-Remaining"] == "0")
        let refused = try await world.send("GET", "/runs", as: "viewer")
        #expect(refused.status == 429 && refused.headers["Retry-After"] == "1" && refused.error == "RATE_LIMITED")
        #expect(try await world.send("GET", "/runs", as: "admin").status == 200)
        world.time.advance(by: .seconds(1))
        #expect(try await world.send("GET", "/runs", as: "viewer").status == 200)
    }
}
