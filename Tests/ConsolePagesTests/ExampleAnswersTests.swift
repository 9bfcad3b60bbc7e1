import Basics
import Formats
import Reconciler
import Store
import Testing
import Web

@testable import ConsoleAPI
@testable import ConsoleAccess

/// What the API answers about real passes has the form that its document promises.
@Suite struct ExampleAnswersTests {
    @Test("Runs, plans, evidence, gates and explanations of real passes hold what the document says, and nothing else")
    func answers() async throws {
        let world = try await ExampleWorld()
        // Against a rule, so that answers hold a finding too.
        try await world.addDroplet("stray")
        await world.pass()
        try await world.change(record: "erp", to: "198.51.100.66")
        let look = await world.look()
        var settings = AccessSettings(isLoopback: true)
        settings.keyLimit = 0
        let access = AccessControl(store: world.store, settings: settings, time: world.time)
        let key = try await access.addKey(
            "one", grants: [Grant(.owner)], scopes: nil, lasting: nil, by: "test"
        ).key.reveal { $0 }
        let api = APIEndpoints(
            APIServices(store: world.store, access: access, reconciler: world.reconciler(), time: world.time))
        func get(_ path: String, _ id: String, key of: String? = nil) async throws -> Value {
            let route = try #require(api.routes.first { $0.id == id })
            let response = await api.answer(
                WebRequest(
                    method: "GET", path: "/api/v1\(path)", query: of.map { [(name: "key", value: $0)] } ?? [],
                    headers: [("Host", "localhost"), ("Authorization", "Bearer \(key)")], peer: "127.0.0.1"))
            #expect(response.status == 200, "\(path): \(String(decoding: response.body, as: UTF8.self))")
            let data = try JSON.parse(response.body)["data"] ?? .null
            #expect(route.answer.problem(data, at: id) == nil)
            if let rows = data.listValue { #expect(!rows.isEmpty, "\(path) proves something") }
            return data
        }
        for (path, id) in [
            ("/status", "getStatus"), ("/environments", "listEnvironments"), ("/runs", "listRuns"),
            ("/runs/latest", "getRun"), ("/runs/latest/events", "listRunEvents"), ("/plans", "listPlans"),
            ("/plans/\(look.run.id)", "getPlan"), ("/drift", "listDrift"), ("/gates", "listGates"),
            ("/logs", "listLogs"), ("/integrations", "listIntegrations"), ("/providers", "listProviders"),
        ] {
            _ = try await get(path, id)
        }
        let deployment = try #require(try await get("/deployments", "listDeployments")[0]?["id"]?.stringValue)
        _ = try await get("/deployments/\(deployment)", "getDeployment")
        let evidence = try await get("/runs/latest/evidence", "getRunEvidence")
        #expect(evidence["items"]?.listValue?.isEmpty == false, "\(evidence)")
        func finding(_ items: Value?, _ path: (Value) -> Value?) -> Value? {
            items?.listValue?.first { $0["key"] == "digitalocean.droplet/stray" }.flatMap(path)
        }
        let drift = finding(try await get("/drift", "listDrift")) { $0["detail"]?["finding"] }
        #expect(drift?.stringValue?.hasPrefix("PLAN-") == true)
        let looked = try await get("/plans/\(look.run.id)", "getPlan")
        #expect(finding(looked["drift"]) { $0["finding"] } == drift)
        let plan = try await get("/plans/latest", "getPlan")
        #expect(plan["changes"]?.listValue?.isEmpty == false, "the first pass had something to do")
        let thing = try #require(try await get("/inventory", "listInventory")[0]?["key"]?.stringValue)
        let environment = try #require(try await get("/environments", "listEnvironments")[0]?["name"]?.stringValue)
        let integration = try #require(try await get("/integrations", "listIntegrations")[0]?["id"]?.stringValue)
        for (key, type) in [
            (thing, "resource"), ("digitalocean.record/brightwater.example/A/erp", "resource"),
            (environment, "environment"), ("ops.integration/\(integration)", "entry"),
        ] {
            let explanation = try await get("/explanations", "explain", key: key)
            #expect(explanation["type"]?.stringValue == type, "\(explanation)")
            let names = explanation["attributes"]?.listValue?.filter { $0["before"] != nil }
            #expect(names?.isEmpty == (type != "environment"), "\(explanation)")
        }
    }
}
