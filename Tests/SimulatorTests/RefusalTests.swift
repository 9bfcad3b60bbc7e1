import Basics
import Formats
import Simulator
import Testing

/// Each refusal has the provider's status, id and message.
@Suite struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: String
        let target: String
        let body: String
        let status: Int
        let message: String

        var testDescription: String { "\(method) \(target) \(body) → \(status)" }

        init(_ method: String, _ target: String, _ body: String, _ status: Int, _ message: String) {
            self.method = method
            self.target = target
            self.body = body
            self.status = status
            self.message = message
        }

        init(_ method: String, _ target: String, _ status: Int, _ message: String) {
            self.init(method, target, "", status, message)
        }
    }

    static let notFound = "The resource you requested could not be found."
    static let pg = #""engine": "pg", "num_nodes": 1"#

    static let cases: [Case] = [
        // Droplets. 412000001 is active, 412000002's neighbour is off; see `prepared`.
        Case("GET", "/v2/droplets/1", 404, notFound), Case("GET", "/v2/droplets/x", 404, notFound),
        Case("PATCH", "/v2/droplets", 404, notFound), Case("GET", "/v2/nothing", 404, notFound),
        Case("GET", "/v3/droplets", 404, notFound), Case("DELETE", "/v2/droplets", 422, "tag_name is required"),
        Case(
            "POST", "/v2/monitoring/alerts",
            #"{"alerts": {"email": [], "slack": [{"channel": "Ops"}]}, "compare": "LessThan", "description": "", "#
                + #""enabled": true, "entities": [], "tags": [], "type": "v1/x", "value": 1, "window": "5m"}"#, 422,
            "alerts is invalid"),
        Case("POST", "/v2/droplets", "{", 400, "error parsing request body"),
        Case("POST", "/v2/droplets", "[]", 400, "error parsing request body"),
        Case("POST", "/v2/droplets", #"{"name": ""}"#, 422, "Name can't be blank"),
        Case(
            "POST", "/v2/droplets", #"{"name": "a_b"}"#, 422,
            "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"),
        Case(
            "POST", "/v2/droplets", #"{"name": "a", "size": "huge"}"#, 422,
            "You specified an invalid size for Droplet creation."),
        Case(
            "POST", "/v2/droplets", #"{"name": "a", "size": "s-1vcpu-1gb", "image": 7}"#, 422,
            "You specified an invalid image for Droplet creation."),
        Case(
            "POST", "/v2/droplets", create(#""region": "mars1""#), 422,
            "You specified an invalid region for Droplet creation."),
        Case("POST", "/v2/droplets", create(#""region": "sfo1""#), 422, "Region is not available"),
        Case(
            "POST", "/v2/droplets", create(#""ssh_keys": [99]"#), 422,
            "99 are invalid key identifiers for Droplet creation."),
        Case(
            "POST", "/v2/droplets", create(#""tags": ["a.b"]"#), 422,
            "There was an error while trying to create your tags. Please try again."),
        Case("POST", "/v2/droplets", create(#""vpc_uuid": "none""#), 422, "VPC with the uuid none not found"),
        Case(
            "POST", "/v2/droplets", #"{"names": ["1","2","3","4","5","6","7","8","9","10","11"]}"#, 422,
            "You can create between 1 and 10 Droplets at a time."),
        Case("POST", "/v2/droplets/ON/actions", "{}", 422, "Type can't be blank"),
        Case("POST", "/v2/droplets/ON/actions", #"{"type": "fly"}"#, 422, "The action type is not valid."),
        Case(
            "POST", "/v2/droplets/ON/actions", #"{"type": "resize", "size": "s-2vcpu-4gb"}"#, 422,
            "Droplet is currently on. Please power it off to run this event."),
        Case(
            "POST", "/v2/droplets/OFF/actions", #"{"type": "resize", "size": "s-1vcpu-512mb-10gb"}"#, 422,
            "This size is not available because it has a smaller disk."),
        Case(
            "POST", "/v2/droplets/OFF/actions", #"{"type": "resize", "size": "s-1vcpu-512mb-10gb", "disk": true}"#, 422,
            "Size can not decrease size of Droplet's disk image"),
        Case("POST", "/v2/droplets/OFF/actions", #"{"type": "power_off"}"#, 422, "Droplet is already powered off."),
        Case("DELETE", "/v2/droplets/BUSY", 422, "Droplet already has a pending event."),
        Case("POST", "/v2/droplets/BUSY/actions", #"{"type": "reboot"}"#, 422, "Droplet already has a pending event."),
        // Tags
        Case(
            "POST", "/v2/tags", #"{"name": "a b"}"#, 422,
            "Tag name must only contain letters, numbers, colons, dashes and underscores"),
        Case("POST", "/v2/tags/none/resources", "{}", 404, notFound), Case("DELETE", "/v2/tags/none", 404, notFound),
        // Domains
        Case("POST", "/v2/domains", #"{"name": "example.com"}"#, 422, "Name already exists"),
        Case("POST", "/v2/domains", #"{"name": "nodot"}"#, 422, "Name is invalid"),
        Case("GET", "/v2/domains/none.com/records", 404, notFound),
        Case(
            "POST", records, #"{"type": "A", "name": "a", "data": "1.2.3"}"#, 422,
            "Data needs to be a valid IPv4 address"),
        Case(
            "POST", records, #"{"type": "CNAME", "name": "a", "data": "b.com"}"#, 422,
            "Data needs to end with a dot (.)"),
        Case("POST", records, #"{"type": "TXT", "name": "a"}"#, 422, "Data can't be blank"),
        Case("POST", records, #"{"type": "TXT", "data": "x"}"#, 422, "Name can't be blank"),
        Case("POST", records, #"{"type": "MX", "name": "@", "data": "m.b.com."}"#, 422, "Priority can't be blank"),
        Case("POST", records, #"{"type": "ALIAS", "name": "a", "data": "x"}"#, 422, "Type is not included in the list"),
        Case(
            "POST", records, #"{"type": "A", "name": "a", "data": "1.2.3.4", "ttl": 5}"#, 422,
            "TTL must be greater than or equal to 30"),
        Case(
            "POST", records, #"{"type": "CNAME", "name": "www", "data": "b.com."}"#, 422,
            "CNAME records cannot share a name with other records"),
        // Firewalls
        Case("POST", "/v2/firewalls", #"{"name": "web"}"#, 422, "must have at least one inbound or outbound rule"),
        Case(
            "POST", "/v2/firewalls", firewall(#""ports": "22", "sources": {"addresses": ["x"]}"#), 422,
            "invalid address"),
        Case(
            "POST", "/v2/firewalls", firewall(#""ports": "70000", "sources": {"addresses": ["::/0"]}"#), 422,
            "invalid port range"),
        Case("POST", "/v2/firewalls", firewall(#""ports": "22", "sources": {}"#), 422, "sources can't be blank"),
        Case("DELETE", "/v2/firewalls/none", 404, notFound),
        // Databases
        Case("POST", "/v2/databases", "{\(pg), \"name\": \"under_score\"}", 422, "invalid cluster name"),
        Case("POST", "/v2/databases", "{\(pg), \"name\": \"pg-main\"}", 422, "cluster name is not available"),
        Case("POST", "/v2/databases", "{\(pg), \"name\": \"new\", \"version\": \"9\"}", 422, "invalid version"),
        Case("POST", "/v2/databases", "{\(pg), \"name\": \"new\", \"size\": \"db\"}", 422, "invalid size"),
        Case(
            "POST", "/v2/databases", "{\(pg), \"name\": \"new\", \"size\": \"db-s-1vcpu-1gb\", \"region\": \"SGP1\"}",
            422, "invalid region"),
        Case("POST", "/v2/databases/MAIN/dbs", #"{"name": "odoo"}"#, 422, "database name is not available"),
        Case("POST", "/v2/databases/MAIN/users", #"{"name": "doadmin"}"#, 422, "user name is not available"),
        Case("DELETE", "/v2/databases/MAIN/users/doadmin", 422, "cannot delete the primary user"),
        Case(
            "POST", "/v2/databases/MAIN/pools", #"{"name": "p", "mode": "transaction", "size": 500, "db": "odoo"}"#,
            422,
            "pool size exceeds available connections"),
        Case(
            "PUT", "/v2/databases/MAIN/firewall", #"{"rules": [{"type": "ip_addr", "value": "::1"}]}"#, 422,
            "invalid IPv4 address or CIDR"),
        Case(
            "POST", "/v2/databases/NEW/dbs", #"{"name": "odoo"}"#, 412, "cluster status is not valid for this operation"
        ),
        Case("GET", "/v2/databases/none", 404, notFound),
    ]

    static let records = "/v2/domains/example.com/records"

    static func create(_ more: String) -> String {
        #"{"name": "a", "size": "s-1vcpu-1gb", "image": "debian-12-x64", \#(more)}"#
    }

    static func firewall(_ rule: String) -> String {
        #"{"name": "web", "inbound_rules": [{"protocol": "tcp", \#(rule)}]}"#
    }

    /// An account with something of each kind, in the states that the cases need.
    static func prepared() async throws -> (Client, [String: String]) {
        let (client, _) = try makeClient { $0.lifecycle = .timed(.seconds(60)) }
        try client.simulator.seed(
            world: json(
                """
                {"droplets": [{"name": "on", "size": "s-1vcpu-1gb", "image": "debian-12-x64"},
                              {"name": "off", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "status": "off"}],
                 "domains": [{"name": "example.com", "records": [{"type": "A", "name": "www", "data": "203.0.113.1"}]}],
                 "databases": [{"name": "pg-main", "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "sgp1",
                                "num_nodes": 1, "dbs": [{"name": "odoo"}]}]}
                """))
        let busy = await client.post("/v2/droplets", droplet("busy"))
        let new = await client.post(
            "/v2/databases",
            json(#"{"name": "pg-new", "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "sgp1", "num_nodes": 1}"#))
        let list = await client.get("/v2/droplets")
        func id(_ name: String) -> String {
            let found = list["droplets"].listValue?.first { $0["name"]?.stringValue == name }
            return "\(found?["id"]?.intValue ?? 0)"
        }
        let clusters = await client.get("/v2/databases")
        return (
            client,
            [
                "/BUSY": "/\(busy["droplet"]["id"]?.intValue ?? 0)", "/ON": "/" + id("on"), "/OFF": "/" + id("off"),
                "/NEW": "/\(new["database"]["id"]?.stringValue ?? "")",
                "/MAIN": "/\(clusters["databases"][0]?["id"]?.stringValue ?? "")",
            ]
        )
    }

    @Test func refusalsHaveStatusIdAndMessageAndChangeNothing() async throws {
        let (client, names) = try await Self.prepared()
        let ids = [400: "bad_request", 404: "not_found", 412: "precondition_failed", 422: "unprocessable_entity"]
        let before = client.simulator.snapshot()
        for item in Self.cases {
            var target = item.target
            for (name, value) in names {
                guard let range = target.firstRange(of: name), !target.hasPrefix("/v2/domains") else { continue }
                target.replaceSubrange(range, with: value)
            }
            let reply = await client.send(item.method, target, raw: Array(item.body.utf8))
            #expect(reply.status == item.status, "\(item.testDescription): \(reply.text)")
            #expect(reply["message"].stringValue == item.message, "\(item.testDescription)")
            #expect(reply["id"].stringValue == ids[item.status], "\(item.testDescription)")
            #expect(reply["request_id"].stringValue == reply.header("x-request-id"))
        }
        #expect(client.simulator.snapshot() == before)
    }

    @Test func aTokenIsAskedForAndItsScopesAreKept() async throws {
        var (client, _) = try makeClient {
            $0.token = "right"
            $0.scopes = ["droplet:read", "database:read", "database:create"]
        }
        for token in [nil, "wrong"] {
            client.token = token
            let reply = await client.get("/v2/droplets")
            #expect(reply.status == 401)
            #expect(reply["id"].stringValue == "unauthorized")
            #expect(reply["message"].stringValue == "Unable to authenticate you.")
        }
        client.token = "right"
        #expect(await client.get("/v2/droplets").status == 200)
        let refused = await client.post("/v2/droplets", droplet("a"))
        #expect(refused.status == 403)
        #expect(refused["id"].stringValue == "forbidden")
        let cluster = await client.post(
            "/v2/databases",
            json(#"{"name": "pg-new", "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "sgp1", "num_nodes": 1}"#))
        #expect(cluster.status == 201)
        #expect(!cluster.text.contains("password"), "the scope database:view_credentials is missing")
        #expect(client.simulator.issuedSecrets.allSatisfy { !cluster.text.contains($0) })
    }

    @Test func namesMayRepeatExceptWhereToldOtherwise() async throws {
        let (client, _) = try makeClient()
        let rules = RefusalTests.firewall(#""ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}"#)
        for _ in 0..<2 {
            #expect(await client.post("/v2/droplets", droplet("twin")).status == 202)
            #expect(await client.post("/v2/firewalls", json(rules)).status == 202)
        }
        let (strict, _) = try makeClient { $0.firewallNamesAreUnique = true }
        #expect(await strict.post("/v2/firewalls", json(rules)).status == 202)
        let second = await strict.post("/v2/firewalls", json(rules))
        #expect(second.status == 409)
        #expect(second["message"].stringValue == "duplicate name")
    }
}
