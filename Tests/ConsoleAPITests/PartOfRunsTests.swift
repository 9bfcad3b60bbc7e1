import Basics
import DesiredState
import Diff
import Formats
import Store
import Testing

@testable import ConsoleAPI
@testable import ConsoleAccess

/// Whose role holds at one environment gets of runs, plans and gates what is that one's.
@Suite("Runs, plans and gates of one environment")
struct PartOfRunsTests {
    /// The run of the world did something for staging and for feature-a; the later one for feature-a alone.
    private static let other = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e12"
    private static let hidden = ["feature-a", "hidden", "brightwater", "RUN-0003: it", "1900"]

    private func filled() async throws -> APIWorld {
        let world = try await APIWorld()
        try await world.fill()
        try await world.store.beginRun(
            RunRecord(
                id: Self.other, trigger: .schedule, phase: .failed, isDryRun: false,
                startedAt: APIWorld.now + .seconds(5), metadata: ["summary": ["delete": 1]],
                error: ["code": "RUN-0003", "message": "RUN-0003: it was hidden"]))
        for (run, name, environment) in [
            (world.runID, "mine", "staging"), (world.runID, "hidden", "feature-a"), (world.runID, "hidden-shared", nil),
            (Self.other, "hidden-later", "feature-a"),
        ] as [(String, String, String?)] {
            try await world.store.intend(
                JournalEntry(
                    runID: run, stepID: name, key: ResourceKey(.droplet, name), action: .update, operation: "resize",
                    title: "resize \(name)", environment: environment, input: [:], intendedAt: APIWorld.now))
            var payload: Value.Object = ["title": .string(name)]
            if let environment { payload["environment"] = .string(environment) }
            try await world.store.appendEvents([
                RunEvent(runID: run, type: "step", payload: .object(payload), at: APIWorld.now)
            ])
        }
        for (run, environments) in [(world.runID, ["staging", "feature-a", nil]), (Self.other, ["feature-a", nil])] {
            try await world.store.savePlan(
                runID: run, fingerprint: Digest(of: run), document: Self.plan(of: run, environments))
        }
        return world
    }

    private static func plan(of run: String, _ environments: [String?]) -> Value {
        func item(_ environment: String?) -> Value.Object {
            let name = environment == "staging" ? "mine" : "hidden"
            return [
                "key": .string("digitalocean.droplet/\(name)"), "cause": "external_change",
                "environment": .text(environment), "attributes": [], "source": .null,
            ]
        }
        func change(_ environment: String?) -> Value {
            var object = item(environment)
            object["action"] = "delete"
            object["reason"] = "it differs"
            object["decision"] = "needs_approval"
            object["decision_reason"] = .null
            object["depends_on"] = []
            object["requests"] = 1
            object["provider_id"] = .null
            object["protected"] = false
            return .object(object)
        }
        func drift(_ environment: String?) -> Value {
            var object = item(environment)
            object["summary"] = "size differs"
            return .object(object)
        }
        func outlook(_ environment: String) -> Value {
            ["slug": .string(environment), "phase": "active", "expires_at": .null, "reason": "none", "begun": true]
        }
        return [
            "format_version": "1.0", "run_id": .string(run), "revision": "abc",
            "planned_at": .string(APIWorld.now.description), "fingerprint": "sha256:00",
            "changes": .list(environments.map(change)), "summary": ["noop": 1900, "blocked": 3],
            "drift": .list(environments.map(drift)),
            "diagnostics": [
                [
                    "severity": "error", "code": "SSOT-0007", "message": "hidden", "file": .null, "line": .null,
                    "column": .null, "hint": .null,
                ]
            ],
            "requests": ["digitalocean": 1900],
            "environments": .list(environments.compactMap { $0.map(outlook) }),
            "basis": [
                "desired": "a", "observed": "b", "inventory": "c", "policy": "d", "drivers": ["digitalocean": "1"],
            ],
            "secrets": [["key": "ops.secret/hidden", "state": "present", "reason": "hidden", "set_at": .null]],
            "targets": ["hidden"],
        ]
    }

    private func check(_ answer: APIWorld.Answer, as id: String, of world: APIWorld) throws {
        let route = try #require(world.api.routes.first { $0.id == id })
        #expect(answer.status == 200, "\(id): \(answer.body)")
        #expect(route.answer.problem(answer.data, at: id) == nil)
        let text = JSON.write(answer.data)
        for word in Self.hidden { #expect(!text.contains(word), "\(id) tells of \(word): \(text)") }
        for row in answer.data.listValue ?? [answer.data] where id != "listRunEvents" && id != "listGates" {
            #expect(row["only_environments"] == ["staging"], "\(id): \(row)")
        }
    }

    @Test("Runs are those that did something for their environment, cut to its steps and lines")
    func runs() async throws {
        let world = try await filled()
        let list = try await world.send("GET", "/runs", as: "developer@staging")
        try check(list, as: "listRuns", of: world)
        #expect(list.data.listValue?.map { $0["id"]?.stringValue } == [world.runID])
        for name in ["latest", world.runID] {
            let run = try await world.send("GET", "/runs/\(name)", as: "developer@staging")
            try check(run, as: "getRun", of: world)
            #expect(run.data["steps"]?.listValue?.map { $0["key"] } == ["digitalocean.droplet/mine"], "\(run.body)")
            let events = try await world.send("GET", "/runs/\(name)/events", as: "developer@staging")
            try check(events, as: "listRunEvents", of: world)
            #expect(events.data.listValue?.count == 1, "\(events.body)")
        }
        for path in ["/runs/\(Self.other)", "/runs/\(Self.other)/events"] {
            let answer = try await world.send("GET", path, as: "developer@staging")
            #expect(answer.status == 404 && answer.code == "API-0007", "\(path): \(answer.body)")
        }
        let whole = try await world.send("GET", "/runs", as: "viewer")
        #expect(whole.data.listValue?.count == 2 && whole.data[0]?["only_environments"] == nil)
        #expect(whole.data[0]?["error"]?["message"] == "RUN-0003: it was hidden")
        #expect(try await world.send("GET", "/runs/latest", as: "viewer").data["id"]?.stringValue == Self.other)
    }

    @Test("A run that only planned something for an environment is listed for it, and found by its id")
    func plannedRuns() async throws {
        let world = try await filled()
        let listed = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e13"
        let looked = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e14"
        for (index, run) in [listed, looked].enumerated() {
            try await world.store.beginRun(
                RunRecord(
                    id: run, trigger: .schedule, phase: index == 0 ? .succeeded : .planned, isDryRun: index == 1,
                    startedAt: APIWorld.now + .seconds(10 + index), metadata: ["summary": ["delete": 1900]]))
        }
        try await world.store.savePlan(
            runID: listed, fingerprint: Digest(of: listed), document: Self.plan(of: listed, ["staging", "feature-a"]))
        try await world.store.noteEnvironments(["staging"], ofRun: looked)
        let list = try await world.send("GET", "/runs", as: "developer@staging")
        try check(list, as: "listRuns", of: world)
        #expect(list.data.listValue?.map { $0["id"]?.stringValue } == [looked, listed, world.runID], "\(list.body)")
        #expect(try await world.send("GET", "/runs?phase=planned", as: "developer@staging").data.listValue?.count == 1)
        for name in ["latest", looked, listed] {
            let run = try await world.send("GET", "/runs/\(name)", as: "developer@staging")
            try check(run, as: "getRun", of: world)
            #expect(run.data["steps"] == [], "\(run.body)")
        }
    }

    @Test("A run of a part says of what ended it the code alone")
    func faults() async throws {
        let world = try await filled()
        try await world.store.intend(
            JournalEntry(
                runID: Self.other, stepID: "s", key: ResourceKey(.droplet, "mine"), action: .update,
                operation: "resize", title: "resize", environment: "staging", input: [:], intendedAt: APIWorld.now))
        let run = try await world.send("GET", "/runs/latest", as: "developer@staging")
        try check(run, as: "getRun", of: world)
        #expect(run.data["id"]?.stringValue == Self.other && run.data["error"] == ["code": "RUN-0003"])
    }

    @Test("Plans are cut to the changes of their environment, and counted anew")
    func plans() async throws {
        let world = try await filled()
        let list = try await world.send("GET", "/plans", as: "developer@staging")
        try check(list, as: "listPlans", of: world)
        #expect(list.data.listValue?.map { $0["run"]?.stringValue } == [world.runID])
        #expect(list.data[0]?["needed"] == 1 && list.data[0]?["approval"] == "superseded", "\(list.body)")
        #expect(try await world.send("GET", "/plans?approval=waiting", as: "developer@staging").data == [])
        let plan = try await world.send("GET", "/plans/\(world.runID)", as: "developer@staging")
        try check(plan, as: "getPlan", of: world)
        #expect(plan.data["changes"]?.listValue?.map { $0["key"] } == ["digitalocean.droplet/mine"])
        #expect(plan.data["drift"]?.listValue?.count == 1 && plan.data["environments"]?.listValue?.count == 1)
        #expect(plan.data["summary"]?["blocked"] == 1 && plan.data["diagnostics"] == [])
        for name in ["latest", Self.other] {
            let answer = try await world.send("GET", "/plans/\(name)", as: "developer@staging")
            #expect(answer.status == 404 && answer.code == "API-0007", "\(name): \(answer.body)")
        }
        let whole = try await world.send("GET", "/plans", as: "viewer")
        #expect(whole.data.listValue?.map { $0["needed"] } == [2, 3])
        #expect(try await world.send("GET", "/plans/latest", as: "viewer").data["changes"]?.listValue?.count == 2)
    }

    @Test("An approval of another environment's change counts for that one alone")
    func approvals() async throws {
        let world = try await filled()
        try await world.store.savePlan(
            runID: Self.other, fingerprint: Digest(of: "p"),
            document: Self.plan(of: Self.other, ["staging", "feature-a"]))
        func approve(_ name: String) async throws -> Value? {
            _ = try await world.store.grant([
                ApprovalRecord(
                    runID: Self.other, key: ResourceKey(.droplet, name), action: "delete", change: Digest(of: name),
                    approvedBy: "ann", createdAt: APIWorld.now, expiresAt: APIWorld.now + .hours(1))
            ])
            return try await world.send("GET", "/plans", as: "developer@staging").data[0]?["approval"]
        }
        #expect(try await approve("hidden") == "waiting")
        #expect(try await approve("mine") == "approved")
        #expect(
            try await world.send("GET", "/plans?approval=approved", as: "developer@staging").data[0]?["needed"] == 1)
    }

    @Test("Gates tell everybody their verdicts, and what stands because of them to those whose it is")
    func gates() async throws {
        let world = try await filled()
        var findings: [Finding] = []
        for environment in ["staging", "feature-a", "global"] {
            findings.append(
                Finding(
                    FindingIdentity(environment: environment, kind: "gate_failed", key: "domains"), evidence: [:],
                    suggestedAction: "reconcile gates"))
        }
        _ = try await world.store.recordFindings(findings, at: APIWorld.now, isUnknown: { _ in false })
        let answer = try await world.send("GET", "/gates", as: "developer@staging")
        try check(answer, as: "listGates", of: world)
        #expect(answer.data["findings"]?.listValue?.map { $0["env"] } == ["staging"])
        #expect(try await world.send("GET", "/gates", as: "viewer").data["findings"]?.listValue?.count == 3)
    }

    @Test("An environment is found by its name, its id or its branch, by those alone whose it is")
    func names() async throws {
        let world = try await APIWorld()
        try await world.fill()
        var row = EnvironmentRow(slug: "payroll", tier: .dev, createdAt: APIWorld.now, expiresAt: nil)
        row.branch = "feature/payroll"
        var gone = EnvironmentRow(slug: "old", tier: .dev, createdAt: APIWorld.now, expiresAt: nil)
        gone.branch = "feature/payroll"
        gone.status = .gone
        _ = try await world.store.saveEnvironments([row, gone])
        for (word, role, status) in [
            ("payroll", "viewer", 200), ("feature/payroll", "viewer", 200), ("feature/none", "viewer", 404),
            ("feature/payroll", "developer@staging", 403), ("release/1", "developer@staging", 200),
            ("feature/none", "developer@staging", 403),
        ] {
            let answer = try await world.get(["environments", word], as: role)
            #expect(answer.status == status, "\(role) at \(word): \(answer.body)")
            guard status == 200 else { continue }
            #expect(answer.data["name"]?.stringValue == (word == "release/1" ? "staging" : "payroll"))
        }
        var twin = EnvironmentRow(slug: "twin", tier: .dev, createdAt: APIWorld.now, expiresAt: nil)
        twin.branch = "feature/payroll"
        _ = try await world.store.saveEnvironments([twin])
        #expect(try await world.get(["environments", "feature/payroll"], as: "viewer").status == 404, "it names two")
    }
}
