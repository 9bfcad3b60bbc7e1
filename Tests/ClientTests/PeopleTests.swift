import Basics
import Formats
import Glibc
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("People, what has ended, and what is shared")
struct PeopleTests {
    @Test("People are given access without their password being shown, and locked out only when that is confirmed")
    func users() async throws {
        let user: Value = ["name": "ada", "grants": ["admin"]]
        let service = FakeService([
            "POST /access/users": user, "PUT /access/users/ada": user, "DELETE /access/users/ada": ["revoked": "ada"],
            "GET /access/users": .list([user]),
        ])
        let world = try World(service, typed: ["correct horse battery"])
        let added = await world.run("users", "add", "ada", "--role", "admin", "--password-file", "-")
        #expect(added.exit == .done && !added.story.contains("horse"), "\(added.story)")
        let sent = try #require(service.requests.last?.json)
        #expect(sent == ["name": "ada", "roles": ["admin"], "password": "correct horse battery"])
        #expect((await world.run("users", "add", "eve")).exit == .usage)
        #expect((await world.run("users", "change", "ada")).exit == .usage)
        #expect((await world.run("users", "change", "ada", "--role", "admn")).exit == .usage)
        #expect((await world.run("users", "change", "ada", "--role", "admin")).exit == .done)
        #expect((await world.run("users", "list")).output.contains("ada"))
        let asked = service.routes.count
        #expect((await world.run("users", "revoke", "ada")).exit != .done && service.routes.count == asked)
        #expect((await world.run("users", "revoke", "ada", "--confirm")).exit == .done)
    }

    @Test("Who types a password into standard input is asked for it, and nobody reads along", arguments: [true, false])
    func typedPassword(isTyped: Bool) async throws {
        let user: Value = ["name": "ada", "grants": ["admin"]]
        let world = try World(
            FakeService(["POST /access/users": user]), terminal: isTyped, typed: ["correct horse battery"])
        let added = await world.run("users", "add", "ada", "--role", "admin", "--password-file", "-")
        #expect(added.exit == .done, "\(added.story)")
        #expect(added.error.contains("Secret: ") == isTyped)
        // A pipe is looked at for a second line, in which nobody would believe the password to end.
        #expect(world.unseen.withLock { $0 } == (isTyped ? [true] : [false, false]))
    }

    @Test("A password of several lines is refused before it is set, and the newline of an editor is none")
    func passwordLines() async throws {
        let user: Value = ["name": "ada", "grants": ["admin"]]
        let service = FakeService(["POST /access/users": user, "PUT /access/users/ada": user])
        let world = try World(service, typed: ["correct horse battery", "second line"])
        let file = try world.directory.write("correct horse battery\nsecond line\n", to: "two")
        let one = try world.directory.write("correct horse battery\n", to: "one")
        for path in [file, one] { chmod(path, 0o600) }
        for path in ["-", file] {
            for word in ["add", "change"] where path != "-" || word == "add" {
                let refused = await world.run("users", word, "ada", "--role", "admin", "--password-file", path)
                #expect(
                    refused.exit == .configuration && refused.error.contains("more than one line"), "\(refused.story)")
            }
        }
        #expect(service.routes.isEmpty)
        let added = await world.run("users", "add", "ada", "--role", "admin", "--password-file", one)
        #expect(added.exit == .done && service.requests.last?.json?["password"] == "correct horse battery")
    }

    @Test("What has ended is shown first, and deleted only as it was shown and confirmed")
    func sweep() async throws {
        let found: Value = [
            "targets": ["crm"],
            "ending": [
                [
                    "environment": "crm", "phase": "expired", "reason": "its time is over",
                    "going": ["digitalocean.droplet/crm"], "held": [],
                ]
            ],
            "others": [["key": "digitalocean.tag/old", "decision": "allowed", "reason": "nothing wants it"]],
            "marked": [
                ["key": "digitalocean.tag/late", "goes_at": "2001-01-01T00:00:00Z"],
                ["key": "digitalocean.tag/soon", "goes_at": "2099-01-01T00:00:00Z"],
                ["key": "digitalocean.database/pg/x", "goes_at": "2099-01-01T00:00:00Z", "needs_approval": true],
            ],
            "staying": [["slug": "staging", "reason": "it never ends"]],
        ]
        let service = FakeService(["GET /sweep": found, "POST /sweep": ["accepted": true, "environments": ["crm"]]])
        let world = try World(service)
        let shown = await world.run("sweep", "--dry-run")
        #expect(shown.exit == .done && shown.output.contains("digitalocean.droplet/crm"), "\(shown.story)")
        #expect(shown.output.contains("staging: it never ends"))
        #expect(
            shown.output.contains("Beside environments, by the next pass:\n  - digitalocean.tag/old: nothing wants it"))
        #expect(
            shown.output.contains("tag/late has had its grace since") && shown.output.contains("tag/soon goes after"))
        // Nobody is told that time alone lets go of what holds data.
        #expect(shown.output.contains("00 and an approval, unless something wants it again"), "\(shown.story)")
        #expect((await world.run("sweep")).exit != .done)
        #expect(!service.routes.contains("POST /sweep"))
        let asked = await world.run("sweep", "--confirm")
        #expect(asked.exit == .done && asked.output.contains("odooops reconcile --wait"), "\(asked.story)")
        #expect(
            !asked.output.contains("watch latest"), "that can be the pass that ends before this one: \(asked.story)")
        #expect(service.requests.last?.json == ["environments": ["crm"]])
    }

    @Test("What belongs to no environment is called shared in every list, whatever the API calls it")
    func sharedThings() async throws {
        let service = FakeService([
            "GET /drift": [["key": "digitalocean.domain/shop.example", "environment": .null]],
            "GET /inventory": [["key": "digitalocean.domain/shop.example", "environment": .null]],
            "GET /findings": [["key": "shop.example", "kind": "drift", "env": "global", "status": "open"]],
            "GET /upcoming": [["at": "2026-11-23T08:00:00Z", "what": "a pass begins", "environment": .null]],
        ])
        let world = try World(service)
        for command in [["drift", "list"], ["inventory", "list"], ["alerts", "list"], ["schedules", "upcoming"]] {
            let result = await world.run(command)
            #expect(result.exit == .done && result.output.contains("shared"), "\(command): \(result.story)")
            #expect(!result.output.contains("global"), "\(command): \(result.story)")
        }
    }
}
