import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("Why something is as it is, as it is printed")
struct ExplanationPrintingTests {
    @Test("A difference is shown with what is there, what is wanted by which line, why, and what ends it")
    func oneDifference() async throws {
        let key = "digitalocean.record/brightwater.example/A/erp"
        let row: Value = [
            "key": .string(key), "cause": "external_change", "environment": "production",
            "first_seen": "2026-11-21T17:06:00Z", "last_seen": "2026-11-21T18:06:00Z", "run_id": "r-1", "mark": .null,
            "attributes_since": ["data": "2026-11-21T17:06:00Z"],
            "detail": [
                "summary": "data differs", "source": ["file": "ssot/environments.yaml", "line": 9],
                "attributes": [
                    [
                        "path": "data", "sensitive": false, "before": "198.51.100.66", "after": "198.18.159.1",
                        "source": ["file": "ssot/environments.yaml", "line": 9],
                    ], ["path": "password", "sensitive": true],
                ],
            ],
        ]
        func shown(_ explanation: Value?) async throws -> World.Result {
            var table: [String: Value] = ["GET /drift": [row]]
            if let explanation { table["GET /explanations"] = explanation }
            let world = try World(FakeService(table))
            let result = await world.run("drift", "show", key)
            #expect(world.service.routes.first == "GET /drift?key=\(key.percentEncoded)")
            return result
        }
        let allowed = try await shown([
            "decision": "allowed", "action": "update",
            "next_wake": ["at": "2026-11-21T19:00:00Z", "reason": "interval"],
        ])
        for text in [
            "external change", "data differs", "198.51.100.66", "198.18.159.1", "ssot/environments.yaml:9",
            "(sensitive)",
            "2026-11-21 17:06", "odooops reconcile --wait", "2026-11-21 19:00", "odooops drift ack \(key)",
        ] { #expect(allowed.output.contains(text), "\(text)\n\(allowed.story)") }
        let waiting = try await shown(["decision": "needs_approval", "action": "update"])
        #expect(waiting.output.contains("odooops approve latest --key \(key)"), "\(waiting.story)")
        let blocked = try await shown([
            "decision": "blocked",
            "obstacle": ["reason": "production is suspended", "command": "reconcile env resume production"],
        ])
        #expect(blocked.output.contains("odooops env resume production"), "\(blocked.story)")
        #expect((try await shown(nil)).output.contains("odooops explain \(key)"))
        let none = try World(FakeService(["GET /drift": [], "GET /explanations": ["action": "noop"]]))
        let same = await none.run("drift", "show", key)
        #expect(same.exit == .done && same.output.contains("as git wants it"), "\(same.story)")
        let unknown = await (try World(FakeService(["GET /drift": []]))).run("drift", "show", "nonsense")
        #expect(unknown.exit == .notFound && unknown.error.contains("odooops drift list"), "\(unknown.story)")
    }

    @Test(
        "A finding is shown with its code, its line and what people can do; a code's page is read by the same command")
    func finding() async throws {
        let key = "digitalocean.droplet/stray"
        let (hint, message) = ("delete it by hand, or write it down", "the droplet stray is wanted by nothing")
        let explanation: Value = [
            "type": "resource", "key": .string(key), "action": "noop", "decision": "allowed", "obstacle": .null,
            "reason": .string(message), "observed": "there, provider id 7",
            "findings": [
                [
                    "code": "PLAN-0023", "message": .string(message), "source": "ssot/policy.yaml:4:3",
                    "hint": .string(hint), "command": "reconcile explain PLAN-0023",
                ]
            ],
        ]
        let row: Value = [
            "key": .string(key), "cause": "finding", "environment": .null, "first_seen": "2026-11-21T17:06:00Z",
            "last_seen": "2026-11-21T18:06:00Z", "run_id": "r-1", "mark": .null, "attributes_since": [:],
            "detail": ["summary": .string("PLAN-0023: \(message)"), "attributes": [], "finding": "PLAN-0023"],
        ]
        let world = try World(
            FakeService([
                "GET /explanations": explanation, "GET /drift": [row],
                "GET /errors/PLAN-0023": ["code": "PLAN-0023", "text": "# PLAN-0023: What it means."],
            ]))
        let told = await world.run("explain", key)
        for text in [
            "PLAN-0023: \(message)", "at ssot/policy.yaml:4:3", hint, "odooops explain PLAN-0023",
            "no change of ours mends it",
        ] { #expect(told.output.contains(text), "\(text)\n\(told.story)") }
        #expect(!told.output.contains("as wanted"), "\(told.story)")
        let shown = await world.run("drift", "show", key)
        for text in [hint, "odooops explain PLAN-0023", "odooops drift ack \(key)"] {
            #expect(shown.output.contains(text), "\(text)\n\(shown.story)")
        }
        let page = await world.run("explain", "PLAN-0023")
        #expect(page.exit == .done && page.output.contains("# PLAN-0023: What it means."), "\(page.story)")
        // As branches of a tracker's items are called: no code begins with so many letters.
        #expect(await world.run("explain", "ENTERPRISE-1234").exit == .done)
        #expect(world.service.routes.last == "GET /explanations?key=ENTERPRISE-1234")
    }

    @Test(
        "Who changed the line last is told apart from who made the revision, also of each attribute",
        arguments: [("resource", "mail.transport/dev"), ("entry", "ops.integration/mail")])
    func explanation(type: String, key: String) async throws {
        func commit(_ id: String?, _ author: String) -> Value {
            ["id": .text(id), "author": .string(author), "at": "2026-11-21T17:06:00Z", "subject": "Move it"]
        }
        let explanation: Value = [
            "type": .string(type), "key": .string(key), "source": "ssot/odoo/mail.yaml:9:3",
            "revision": "ffffffffffffffff", "head": commit(nil, "Bob"), "commit": commit("aaaaaaaaaaaaaaaa", "Ada"),
            "attributes": [["name": "port", "value": "587", "commit": commit("cccccccccccccccc", "Eve")]],
        ]
        let shown = await (try World(FakeService(["GET /explanations": explanation]))).run(
            "explain", key)
        for text in [
            "changed last  aaaaaaaaaaaa Ada, 2026-11-21 17:06: \"Move it\"", "revision      ffffffffffff Bob, ",
            "cccccccccccc Eve",
        ] { #expect(shown.output.contains(text), "\(text)\n\(shown.story)") }
    }

    @Test("All that keeps an environment as it is is said, each with its line and with what ends it")
    func severalReasons() async throws {
        let explanation: Value = [
            "type": "environment", "key": "crm", "state": "unknown", "reason": "what is wanted of it can't be read",
            "source": "ssot/environments.yaml:4:9", "until": .null, "command": "reconcile validate",
            "obstacle": .null, "next_wake": ["at": .null, "reason": "nobody looks"],
            "also": [
                [
                    "state": "suspended", "reason": "ann has it left alone: a demo", "source": .null,
                    "until": "2026-11-23T08:00:00Z", "command": "reconcile env resume crm",
                ]
            ],
        ]
        let shown = await (try World(FakeService(["GET /explanations": explanation]))).run("explain", "crm")
        for text in [
            "unknown", "ssot/environments.yaml:4:9", "and also", "suspended", "ann has it left alone: a demo",
            "2026-11-23 08:00", "odooops env resume crm",
        ] { #expect(shown.output.contains(text), "\(text)\n\(shown.story)") }
    }

    @Test("env explain gives the answer of explain: what is in the way, the freeze, what differs and what comes")
    func environmentExplained() async throws {
        let explanation: Value = [
            "type": "environment", "key": "crm", "state": "window", "reason": "2 changes of it may not be made now",
            "source": "ssot/.odooops/policies.yaml:4:3", "until": "2026-11-23T08:00:00Z", "command": .null, "also": [],
            "obstacle": [
                "kind": "approval", "reason": "it holds data that only it has", "source": .null,
                "command": "reconcile approve latest --key digitalocean.database/pg/crm",
            ], "window": ["reason": "the freeze `november`", "source": .null, "until": "2026-11-23T08:00:00Z"],
            "next_wake": ["at": .null, "reason": "nobody looks"], "tier": "staging",
        ]
        let service = FakeService([
            "GET /environments/crm": ["name": "crm"], "GET /explanations": explanation, "GET /findings": [],
            "GET /drift": [
                ["key": "digitalocean.record/shop/A/crm", "cause": "external_change", "environment": "crm"]
            ],
            "GET /upcoming": [["at": "2026-11-23T08:00:00Z", "what": "it is looked at", "environment": "crm"]],
        ])
        let world = try World(service, columns: 120)
        let shown = await world.run("env", "explain", "crm")
        #expect(shown.exit == .done && service.routes.contains("GET /explanations?key=crm"), "\(shown.story)")
        for text in [
            "2 changes of it may not be made now", "the freeze `november`", "2026-11-23 08:00",
            "it holds data that only it has", "odooops approve latest --key digitalocean.database/pg/crm",
            "digitalocean.record/shop/A/crm", "it is looked at",
        ] { #expect(shown.output.contains(text), "\(text)\n\(shown.story)") }
        let json = await world.run("env", "explain", "crm", "--json")
        #expect(json.json?["explanation"] == explanation, "\(json.story)")
    }
}
