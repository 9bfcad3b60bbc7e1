import Testing
import Web

@Suite struct RouterTests {
    private let router = {
        var router = Router()
        router.add("GET", "/v2/droplets") { _, _ in .text(200, "list") }
        router.add("POST", "/v2/droplets") { _, _ in .text(202, "create") }
        router.add("GET", "/v2/droplets/{id}") { _, path in .text(200, "one \(path["id"])\(path["other"])") }
        router.add("DELETE", "/v2/droplets/{id}") { _, path in .text(204, "") }
        router.add("GET", "/v2/droplets/backups") { _, _ in .text(200, "backups") }
        router.add("GET", "/v2/domains/{domain}/records/{record}") { _, path in
            .text(200, "\(path["record"]) of \(path["domain"])")
        }
        return router
    }()

    @Test(arguments: [
        ("GET", "/v2/droplets", 200, "list"), ("POST", "/v2/droplets", 202, "create"),
        ("GET", "/v2/droplets/7", 200, "one 7"), ("HEAD", "/v2/droplets/7", 200, "one 7"),
        ("GET", "/v2/droplets/backups", 200, "backups"), ("DELETE", "/v2/droplets/backups", 204, ""),
        ("GET", "/v2/domains/a.b/records/1", 200, "1 of a.b"), ("GET", "/v2/droplets/", 404, "not found\n"),
        ("GET", "/v2", 404, "not found\n"), ("GET", "/v2/droplets/7/x", 404, "not found\n"),
        ("GET", "/", 404, "not found\n"),
        ("PUT", "/v2/droplets", 405, "method not allowed\n"),
    ])
    func `a path finds its route`(method: String, path: String, status: Int, body: String) async {
        let response = await router.respond(WebRequest(method: method, path: path))
        #expect(response.status == status)
        #expect(String(decoding: response.body, as: UTF8.self) == body)
    }

    @Test func `405 names what is allowed, and an escaped slash stays in its segment`() async {
        let response = await router.respond(WebRequest(method: "PUT", path: "/v2/droplets/backups"))
        #expect(response.headers.contains { $0.name == "Allow" && $0.value == "DELETE, GET, HEAD" })
        let escaped = WebRequest(
            method: "GET", path: "/v2/droplets/a/b", segments: ["v2", "droplets", "a/b"])
        #expect(await String(decoding: router.respond(escaped).body, as: UTF8.self) == "one a/b")
    }
}
