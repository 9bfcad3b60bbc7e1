import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import SimulatorKit
import Testing

@Suite("Applying")
struct PerformTests {
    static let wanted: [Attributes.Item] = [
        Attributes.Item("region", "sgp1"), Attributes.Item("size", "s-1vcpu-2gb"),
        Attributes.Item("image", "ubuntu-24-04-x64"), Attributes.Item("tags", ["project:ipai"]),
        Attributes.Item("user_data", "#!/bin/sh"),
    ]
    static let created = change(ResourceKey(.droplet, "odoo"), .create, wanted: wanted)

    /// A droplet that is made with the action 5.
    static func world(
        _ create: TableTransport.Answer? = nil, actions: [String] = ["in-progress", "completed"], hidden: Int = 0,
        status: String = "active"
    ) -> TableTransport {
        TableTransport { call, count in
            switch (call.method, call.path) {
            case ("POST", "/v2/droplets"):
                create
                    ?? .json(
                        202,
                        .object([
                            "droplet": droplet(42, "odoo", status: "new"),
                            "links": .object(["actions": [.object(["id": 5, "rel": "create", "href": "x"])]]),
                        ]))
            case ("GET", "/v2/actions/5"):
                .json(
                    200,
                    .object(["action": .object(["id": 5, "status": .string(actions[min(count, actions.count - 1)])])]))
            case ("GET", "/v2/droplets/42"):
                count < hidden
                    ? .missing
                    : .json(
                        200,
                        .object([
                            "droplet": droplet(42, "odoo", status: status, tags: ["odooops:managed", "project:ipai"])
                        ]))
            default: .missing
            }
        }
    }

    @Test("a droplet is created once, marked, and waited for")
    func create() async throws {
        let transport = Self.world()
        let outcome = await run(makeDriver(transport), Self.created)
        #expect(outcome.word == "done")
        #expect(outcome.resource?.isOwned == true)
        #expect(outcome.resource?.attributes["user_data"] == nil)
        #expect(
            transport.lines == [
                "POST /v2/droplets", "GET /v2/actions/5", "GET /v2/actions/5", "GET /v2/droplets/42",
            ])
        let body = try #require(transport.calls[0].body)
        #expect(body["tags"] == ["project:ipai", "odooops:managed"])
        #expect(body["user_data"] == "#!/bin/sh")
        #expect(body["monitoring"] == nil)
    }

    @Test(
        "how a creation can end",
        arguments: [
            (world(hidden: 3), "done", 1), (world(actions: ["errored"]), "failed DO-0012", 1),
            (world(actions: ["in-progress"]), "unknown DO-0013", 1), (world(hidden: 9_999), "unknown DO-0003", 1),
            (world(status: "new"), "unknown DO-0013", 1), (world(.broken(.lost)), "unknown DO-0010", 1),
            (world(.broken(.notSent)), "failed DO-0011", 5),
            (world(.broken(.timedOut(sent: true))), "unknown DO-0010", 1),
            (world(.error(500, "server_error", "x")), "unknown DO-0007", 1),
            (world(.json(202, .object(["droplet": .null]))), "unknown DO-0009", 1),
            (world(.error(422, "unprocessable_entity", "size is invalid")), "failed DO-0005", 1),
            (world(.error(429, "too_many_requests", "x")), "failed DO-0006", 5),
            (world(.raw(202, [], #"{"droplet":{"id":4"#)), "unknown DO-0009", 1),
        ])
    func creationEnds(world: TableTransport, word: String, posts: Int) async {
        #expect(await run(makeDriver(world), Self.created).word == word)
        #expect(world.writes.count == posts)
    }

    @Test("a deletion ends when the droplet is gone; what is gone already is deleted", arguments: [0, 3])
    func delete(reads: Int) async {
        let transport = TableTransport { call, count in
            call.method == "DELETE"
                ? reads == 0 ? .missing : .empty
                : count < reads ? .json(200, .object(["droplet": droplet(42, "odoo")])) : .missing
        }
        let outcome = await run(makeDriver(transport), change(ResourceKey(.droplet, "odoo"), .delete, id: "42"))
        #expect(outcome.word == "done")
        #expect(outcome.resource == nil)
        #expect(transport.writes.map(\.line) == ["DELETE /v2/droplets/42"])
    }

    @Test("a resize is noted, powers off, resizes without the disk, powers on; one that died is taken up where it was")
    func resize() async throws {
        for died in 0...5 {
            let state = Locked((status: "active", size: "s-1vcpu-2gb", tags: ["odooops:managed"]))
            let transport = TableTransport { call, _ in
                state.withLock { state in
                    switch (call.method, call.path, call.body?["type"]?.stringValue) {
                    case ("POST", _, "power_off"?): state.status = "off"
                    case ("POST", _, "power_on"?): state.status = "active"
                    case ("POST", _, "resize"?) where state.status == "off":
                        state.size = call.body?["size"]?.stringValue ?? ""
                    case ("POST", "/v2/tags/odooops%3Aresizing/resources", _):
                        state.tags.append("odooops:resizing")
                        return .empty
                    case ("DELETE", _, _):
                        state.tags.removeAll { $0 == "odooops:resizing" }
                        return .empty
                    case ("GET", "/v2/actions/9", _):
                        return .json(200, .object(["action": .object(["id": 9, "status": "completed"])]))
                    case ("GET", "/v2/sizes", _):
                        return page(
                            "sizes", [.object(["slug": "s-2vcpu-4gb", "disk": 80, "available": true])], call)
                    case ("GET", "/v2/droplets", _):
                        let now = droplet(42, "odoo", status: state.status, size: state.size, tags: state.tags)
                        return page("droplets", [now], call)
                    case ("GET", _, _):
                        let now = droplet(42, "odoo", status: state.status, size: state.size, tags: state.tags)
                        return .json(200, .object(["droplet": now]))
                    default: break
                    }
                    return .json(201, .object(["action": .object(["id": 9, "status": "in-progress"])]))
                }
            }
            let driver = makeDriver(transport)
            func change(_ current: ObservedResource?) -> ResolvedChange {
                SimulatorKit.change(
                    ResourceKey(.droplet, "odoo"), .update, wanted: [Attributes.Item("size", "s-2vcpu-4gb")],
                    current: current,
                    attributes: [
                        AttributeChange(path: "size", before: current?.attributes["size"], after: "s-2vcpu-4gb")
                    ], id: "42")
            }
            // The process dies after so many steps.
            var current = ObservedState(await driver.observe(ObserveRequest(kinds: [.droplet]), context)).first(
                .droplet)
            let first = change(current)
            for step in driver.steps(for: first.change).prefix(died) {
                let input = ResolvedChange(change: first.change, wanted: first.wanted, current: current)
                current = await driver.perform(step, of: input, context).resource
            }
            // The next pass sees what is there, and goes on only where something is left.
            let seen = try #require(
                ObservedState(await driver.observe(ObserveRequest(kinds: [.droplet]), context)).first(.droplet))
            #expect((seen.attributes["size"] == "s-2vcpu-4gb") == (died == 5))
            let outcome = await run(driver, change(seen))
            #expect(outcome.resource?.attributes["size"] == "s-2vcpu-4gb")
            #expect(
                state.withLock { "\($0)" } == #"(status: "active", size: "s-2vcpu-4gb", tags: ["odooops:managed"])"#)
            let types = transport.writes.compactMap { $0.body?["type"]?.stringValue }
            #expect(types == ["power_off", "resize", "power_on"] || died == 5 && types.count == 3)
            #expect(transport.writes.first { $0.body?["type"] == "resize" }?.body?["disk"] == false)
        }
    }

    @Test("a firewall is replaced with all that the repository doesn't name as it is")
    func firewallKeepsTheRest() async throws {
        let rule: Value = .object(
            [
                "protocol": "tcp", "ports": "22",
                "sources": .object(
                    ["addresses": ["192.0.2.0/24"], "load_balancer_uids": ["lb-1"], "droplet_ids": [7]] as Value.Object),
            ] as Value.Object)
        let now: Value = .object([
            "firewall": .object([
                "id": "fw-1", "name": "web", "status": "succeeded", "inbound_rules": [rule], "outbound_rules": [],
                "droplet_ids": [7], "tags": ["keep"],
            ])
        ])
        let transport = TableTransport { call, _ in
            call.path == "/v2/droplets" ? page("droplets", [droplet(8, "new-web")], call) : .json(200, now)
        }
        let wanted = change(
            ResourceKey(.firewall, "web"), .update, wanted: [Attributes.Item("droplets", ["new-web", "#7"])],
            attributes: [AttributeChange(path: "droplets", before: [], after: ["new-web"])], id: "fw-1")
        #expect(await run(makeDriver(transport), wanted).word == "done")
        let body = try #require(transport.writes.first?.body)
        #expect(transport.writes.map(\.line) == ["PUT /v2/firewalls/fw-1"])
        #expect(body["inbound_rules"] == [rule])
        #expect(body["tags"] == ["keep"])
        #expect(body["droplet_ids"] == [8, 7])
        #expect(body["name"] == "web")
    }

    @Test(
        "a droplet that a firewall names has to exist exactly once",
        arguments: [(0, "failed DO-0015"), (2, "failed DO-0014")])
    func unknownDroplet(count: Int, word: String) async {
        let transport = TableTransport { call, _ in
            call.path == "/v2/droplets" ? page("droplets", (0..<count).map { droplet($0, "web") }, call) : .missing
        }
        let wanted = change(ResourceKey(.firewall, "fw"), .create, wanted: [Attributes.Item("droplets", ["web"])])
        #expect(await run(makeDriver(transport), wanted).word == word)
        #expect(transport.writes.isEmpty)
    }

    @Test(
        "a tag that something carries is never deleted",
        arguments: [("3", "failed DO-0017", 0), ("0", "done", 1), ("null", "failed DO-0009", 0)])
    func tagInUse(count: String, word: String, deletes: Int) async throws {
        let resources: Value = .object(["count": try JSON.parse(count)])
        let transport = TableTransport { call, _ in
            call.method == "GET"
                ? .json(200, .object(["tag": .object(["name": "erp", "resources": resources])])) : .empty
        }
        #expect(await run(makeDriver(transport), change(ResourceKey(.tag, "erp"), .delete)).word == word)
        #expect(transport.writes.count == deletes)
    }

    @Test("tagging makes the tag where there is none, and adoption of what is ours sends nothing")
    func tagging() async {
        let transport = TableTransport { call, count in
            switch call.path {
            case "/v2/tags": .json(201, .object(["tag": .object(["name": "odooops:managed"])]))
            case "/v2/tags/odooops%3Amanaged/resources": count == 0 ? .missing : .empty
            default: .missing
            }
        }
        let key = ResourceKey(.droplet, "odoo")
        let foreign = ObservedResource(
            key: key, providerID: "42", attributes: Attributes([Attributes.Item("tags", ["a"])]))
        let outcome = await run(makeDriver(transport), change(key, .adopt, current: foreign))
        #expect(outcome.resource?.isOwned == true)
        #expect(outcome.resource?.attributes["tags"] == ["a", "odooops:managed"])
        #expect(transport.writes.count == 3)
        let ours = await run(makeDriver(transport), change(key, .adopt, current: outcome.resource))
        #expect(ours.word == "done")
        #expect(transport.writes.count == 3)
    }

    @Test("a record goes out as the provider wants it")
    func record() async throws {
        for (name, data, written) in [
            ("example.com/CNAME/www", "erp.example.com", "erp.example.com."), ("example.com/CNAME/www", "@", "@"),
            ("example.com/MX/@/mail.example.com", "Mail.example.com.", "mail.example.com."),
            ("example.com/TXT/@/v=spf1 -all", "v=spf1 -all", "v=spf1 -all"),
            ("example.com/A/erp", "203.0.113.7", "203.0.113.7"),
        ] {
            let transport = TableTransport { call, _ in
                let type = call.body?["type"]?.stringValue ?? ""
                return .json(
                    201,
                    .object([
                        "domain_record": DigitalOceanDriverTests.record(
                            9, type, call.body?["name"]?.stringValue ?? "www", data)
                    ]))
            }
            let wanted = [Attributes.Item("data", .string(data)), Attributes.Item("ttl", 300)]
            let outcome = await run(makeDriver(transport), change(ResourceKey(.record, name), .create, wanted: wanted))
            #expect(outcome.resource?.key.name == name)
            #expect(transport.writes.first?.body?["data"] == .string(written))
            #expect(transport.writes.first?.line == "POST /v2/domains/example.com/records")
        }
    }

    @Test("a record's update names only what the repository names")
    func recordUpdate() async {
        let transport = TableTransport { _, _ in
            .json(200, .object(["domain_record": DigitalOceanDriverTests.record(9, "A", "erp", "203.0.113.9")]))
        }
        let wanted = change(
            ResourceKey(.record, "example.com/A/erp"), .update, wanted: [Attributes.Item("data", "203.0.113.9")],
            attributes: [AttributeChange(path: "data", before: "203.0.113.7", after: "203.0.113.9")], id: "9")
        #expect(await run(makeDriver(transport), wanted).word == "done")
        #expect(transport.writes.map(\.line) == ["PATCH /v2/domains/example.com/records/9"])
        #expect(transport.writes.first?.body == .object(["type": "A", "data": "203.0.113.9"] as Value.Object))
    }

    @Test("a unique name that is taken is adopted when equal, and refused when not")
    func duplicates() async {
        for (size, word) in [(10, "done"), (20, "unknown DO-0018")] {
            let transport = TableTransport { call, _ in
                switch (call.method, call.path) {
                case ("GET", "/v2/databases"): .json(200, .object(["databases": [cluster("pg", "id-a")]]))
                case ("POST", _): .error(422, "unprocessable_entity", "pool name is not unique")
                default:
                    .json(
                        200,
                        .object([
                            "pool": .object([
                                "name": "p", "mode": "session", "size": .int(Int64(size)), "db": "odoo", "user": "u",
                            ])
                        ]))
                }
            }
            let wanted = [
                Attributes.Item("mode", "session"), Attributes.Item("size", 10), Attributes.Item("db", "odoo"),
            ]
            let outcome = await run(
                makeDriver(transport), change(ResourceKey(.databasePool, "pg/p"), .create, wanted: wanted))
            #expect(outcome.word == word)
        }
    }

    @Test("users of one cluster are created one after the other")
    func usersInOrder() async {
        let underWay = Locked((now: 0, most: 0))
        let transport = SlowTransport { request in
            guard request.method == "POST" else {
                return .object(["databases": [cluster("pg", "id-a")]])
            }
            underWay.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
            for _ in 0..<20 { await Task.yield() }
            underWay.withLock { $0.now -= 1 }
            return .object(["user": .object(["name": "u", "password": "hunter2"])])
        }
        let driver = makeDriver(transport)
        let outcomes = await (0..<8).mapBounded(limit: 8) { number in
            await run(driver, change(ResourceKey(.databaseUser, "pg/u\(number)"), .create))
        }
        #expect(outcomes.allSatisfy { $0.word == "done" && !"\($0)".contains("hunter2") })
        #expect(underWay.withLock { $0.most } == 1)
    }

    @Test("a cluster's upgrade and migration go to their own operations and end when it shows them")
    func clusterChanges() async {
        for (member, value, path) in [("version", "17", "upgrade"), ("region", "fra1", "migrate")] {
            let transport = TableTransport { call, count in
                guard call.method == "GET" else { return .empty }
                var now = cluster("pg", "id-a").objectValue ?? Value.Object()
                if count > 1 { now[member] = .string(value) }
                return .json(200, .object(["database": .object(now)]))
            }
            let wanted = change(
                ResourceKey(.databaseCluster, "pg"), .update, wanted: [Attributes.Item(member, .string(value))],
                attributes: [AttributeChange(path: member, before: nil, after: .string(value))], id: "id-a")
            let outcome = await run(makeDriver(transport), wanted)
            #expect(outcome.resource?.attributes[member] == .string(value))
            #expect(transport.writes.map(\.line) == ["PUT /v2/databases/id-a/\(path)"])
        }
    }

    @Test("no secret of an answer is in the record, in an outcome or in what was seen")
    func secrets() async {
        let canary = "canary-9f3b"
        let secrets: Value = .object([
            "name": "u", "role": "normal", "password": .string(canary), "access_key": .string(canary),
            "connection": .object(["uri": .string("postgres://u:\(canary)@host/db"), "password": .string(canary)]),
            "standby_private_connection": .object(["uri": .string("postgres://u:\(canary)@host/db")]),
            "user_data": .string(canary), "secret_key": .string(canary),
        ])
        let transport = TableTransport { call, _ in
            switch (call.method, call.path) {
            case ("GET", "/v2/databases"): .json(200, .object(["databases": [cluster("odoo-pg", "id-a")]]))
            case ("GET", _): .json(200, .object(["users": [secrets], "user": secrets]))
            default: .json(201, .object(["user": secrets]))
            }
        }
        let lines = Locked<[String]>([])
        let context = DriverContext(runID: "test", log: .none) { exchange in
            lines.withLock { $0.append(ExchangeRecorder.line(exchange, runID: "test")) }
        }
        let driver = makeDriver(transport)
        let wanted = change(ResourceKey(.databaseUser, "odoo-pg/u"), .create)
        for step in driver.steps(for: wanted.change) {
            let outcome = await driver.perform(step, of: wanted, context)
            #expect(outcome.word == "done" && !"\(outcome)".contains(canary))
        }
        let request = ObserveRequest(kinds: [.databaseUser], names: [.databaseUser: ["odoo-pg/u"]])
        let seen = await driver.observe(request, context)
        #expect(seen.first?.resources.count == 1 && !"\(seen)".contains(canary))
        let record = lines.withLock { $0 }
        #expect(record.count == 4 && !record.contains { $0.contains(canary) || $0.contains("hunter2") })
        #expect(record.contains { $0.contains("<redacted>") })
    }

    @Test("what can't be done is refused before anything is sent")
    func impossible() async {
        let cases = [
            change(ResourceKey(.droplet, "d"), .create, wanted: [Attributes.Item("size", "s")]),
            change(ResourceKey(.databaseCluster, "c"), .create, wanted: [Attributes.Item("size", "s")]),
            change(
                ResourceKey(.droplet, "d"), .update,
                attributes: [AttributeChange(path: "ipv6", before: true, after: false)], id: "1"),
            change(ResourceKey(.record, "no-record"), .create),
        ]
        for change in cases {
            let transport = TableTransport { _, _ in .missing }
            #expect(await run(makeDriver(transport), change).word == "failed DO-0016")
            #expect(transport.calls.isEmpty)
        }
    }
}
