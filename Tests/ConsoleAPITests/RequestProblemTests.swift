import Formats
import Testing

@testable import ConsoleAPI

/// What a refused request is told: a sentence that names the field, the remedy, and the fields for programs.
@Suite struct RequestProblemTests {
    @Test(
        "What is wrong with a request is a sentence with its field, its remedy and its details",
        arguments: [
            (
                "POST", "/access/keys", ["roles": ["viewer"]], "the body lacks name", "Add name.",
                ["problem": "name is missing", "member": "name"]
            ),
            (
                "POST", "/access/keys", ["name": "ci", "roles": ["viewer"], "days": 0],
                "days of the body has to be from 1 to 3650", "Correct days.",
                ["problem": "days has to be from 1 to 3650", "member": "days"]
            ),
            (
                "POST", "/access/keys", ["name": "ci", "roles": ["viewer"], "day": 1],
                "day of the body is not known; did you mean days?", "Correct the name day, or leave it out.",
                ["problem": "day is not known; did you mean days?", "member": "day"]
            ),
            (
                "POST", "/access/keys", ["name": "ci", "roles": ["viewer"], "a b": 1],
                "the body is not as the route takes it: a b is not known", "See what",
                ["problem": "the body is not as the route takes it: a b is not known"]
            ),
            (
                "POST", "/access/keys", [1], "the body has to be an object", "See what",
                ["problem": "the body has to be an object"]
            ),
            (
                "POST", "/webhooks/deliveries/0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11/retry", [:],
                "the body has to be empty: this route takes none",
                "See what",
                ["problem": "the body has to be empty: this route takes none"]
            ),
            (
                "GET", "/runs?limit=0", nil, "the parameter limit has to be from 1 to 200", "Correct limit.",
                ["problem": "limit has to be from 1 to 200", "parameter": "limit"]
            ),
            (
                "GET", "/runs?limt=1", nil, "the parameter limt is not known; did you mean limit?",
                "Correct the name limt, or leave it out.",
                ["problem": "limt is not known; did you mean limit?", "parameter": "limt"]
            ),
            (
                "GET", "/runs?limit=1&limit=2", nil, "the parameter limit is given twice", "Give limit once.",
                ["problem": "limit is given twice", "parameter": "limit"]
            ),
            (
                "GET", "/metrics/range", nil, "the parameter figure is missing", "Add figure.",
                ["problem": "figure is missing", "parameter": "figure"]
            ),
            (
                "POST", "/environments/staging/pin", [:],
                "the header Idempotency-Key has to have 16 to 64 letters, digits, - and _", "Correct Idempotency-Key.",
                [
                    "problem": "Idempotency-Key has to have 16 to 64 letters, digits, - and _",
                    "header": "Idempotency-Key",
                ]
            ),
        ] as [(String, String, Value?, String, String, Value)])
    func sentences(
        _ method: String, _ path: String, _ body: Value?, _ message: String, _ remedy: String, _ details: Value
    ) async throws {
        let world = try await APIWorld()
        try await world.fill()
        let headers = path.hasSuffix("/pin") ? [("Idempotency-Key", "short")] : []
        let answer = try await world.send(method, path, as: "owner", body: body, headers: headers)
        let error = try #require(answer.body["errors"]?[0], "\(answer.body)")
        #expect(answer.status == 400 && error["message"]?.stringValue == message, "\(answer.body)")
        #expect(error["remediation"]?.stringValue?.hasPrefix(remedy) == true, "\(answer.body)")
        #expect(error["remediation"]?.stringValue?.hasSuffix("GET /api/v1/openapi.json") == true)
        #expect(error["details"] == details, "\(answer.body)")
    }

    @Test("The latest plan of a service that has planned nothing is none, and a plan that there isn't is not found")
    func latestPlan() async throws {
        let world = try await APIWorld()
        for role in ["viewer", "developer@staging"] {
            let latest = try await world.send("GET", "/plans/latest", as: role)
            #expect(latest.status == 200 && latest.data == .null, "\(latest.body)")
            #expect(latest.body["errors"] == [])
        }
        #expect(try await world.send("GET", "/plans/\(world.runID)", as: "viewer").status == 404)
        // A run that planned nothing makes no difference.
        try await world.fill()
        #expect(try await world.send("GET", "/plans/latest", as: "viewer").data == .null)
        #expect(try await world.send("GET", "/plans/\(world.runID)", as: "viewer").status == 404)
    }
}
