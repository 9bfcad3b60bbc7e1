import Basics
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import Web

/// What people do at the host of the application, and what it sends of it.
extension Installation {
    static let repository = "acme/odoo"

    /// An account with the application's repository.
    static let gitHub: Value = [
        "repositories": [
            [
                "name": .string(repository), "branches": ["main": .string(String(repeating: "a", count: 40))],
                "workflows": [["name": "gates.yml"]],
            ]
        ]
    ]

    /// Opens pull request 7, or changes it.
    func pull(_ members: KeyValuePairs<String, Value>) throws {
        var object = Value.Object()
        object["number"] = 7
        for member in members { object[member.key] = member.value }
        try simulator.seed(
            "github", ["repositories": [["name": .string(Self.repository), "pulls": [.object(object)]]]])
    }

    /// Now, as GitHub writes it.
    var instant: Value { .string(Timestamp(seconds: time.now.seconds).description) }

    /// Opens an issue.
    func openIssue(_ title: String) throws {
        let issue: Value = ["number": 1, "title": .string(title), "state": "open"]
        try simulator.seed("github", ["repositories": [["name": .string(Self.repository), "issues": [issue]]]])
    }

    /// Changes the issue, as somebody does in a browser.
    func changeIssue(_ members: Value) async throws {
        _ = try await InProcessTransport(simulator).send(
            HTTPRequest(
                "PATCH", "http://github.test/repos/\(Self.repository)/issues/1",
                headers: [
                    HTTPHeader("Authorization", "Bearer somebody-else"), HTTPHeader("User-Agent", "browser"),
                    HTTPHeader("Content-Type", "application/json"),
                ], body: Array(members.json.utf8)))
    }

    /// What the repository holds of one kind, oldest first.
    func gitHubItems(_ list: String) -> [Value] {
        simulator.account("github")["repositories"]?.listValue?.first?["lists"]?[list]?.listValue ?? []
    }

    /// A delivery about the pull request.
    static func pullRequestWord(_ action: String) -> WebRequest {
        word("pull_request", id: "pull-\(action)", ["action": .string(action), "number": 7])
    }

    /// A delivery about the issue as it is now; nil where there is none yet.
    func issueWord(_ action: String) -> WebRequest? {
        guard let issue = gitHubItems("issues").first else { return nil }
        return Self.word(
            "issues", id: "issue-\(action)",
            [
                "action": .string(action),
                "issue": [
                    "number": issue["number"] ?? .null, "title": issue["title"] ?? .null,
                    "state": issue["state"] ?? .null, "updated_at": issue["updated_at"] ?? .null,
                    "html_url": .string("https://github.com/\(Self.repository)/issues/1"),
                ],
            ])
    }

    private static func word(_ event: String, id: String, _ body: Value) -> WebRequest {
        var body = body.objectValue ?? Value.Object()
        body["repository"] = ["full_name": .string(repository)]
        let bytes = Array(Value.object(body).json.utf8)
        let signature = "sha256=" + Hex.encode(hmacSHA256(key: hookSecret.utf8, bytes))
        return WebRequest(
            method: "POST", path: "/hooks/github", query: [],
            headers: [("X-Hub-Signature-256", signature), ("X-GitHub-Event", event), ("X-GitHub-Delivery", id)],
            body: bytes)
    }
}
