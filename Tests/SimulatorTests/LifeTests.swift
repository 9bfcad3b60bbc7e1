import Basics
import Formats
import Simulator
import TestKit
import Testing

/// What takes a while, and what stays.
@Suite struct LifeTests {
    @Test func aDropletComesUpByItsAction() async throws {
        let (client, time) = try makeClient { $0.lifecycle = .timed(.seconds(30)) }
        let made = await client.post("/v2/droplets", droplet("odoo"))
        let id = made["droplet"]["id"]?.intValue ?? 0
        let action = made["links"]["actions"]?[0]?["id"]?.intValue ?? 0
        #expect(made["links"]["actions"]?[0]?["href"]?.stringValue == "http://127.0.0.1:8090/v2/actions/\(action)")
        #expect(made["droplet"]["status"]?.stringValue == "new")
        #expect(made["droplet"]["networks"]?["v4"]?.listValue == [])
        for _ in 0..<5 {
            #expect(await client.get("/v2/actions/\(action)")["action"]["status"]?.stringValue == "in-progress")
        }
        time.advance(by: .seconds(30))
        let done = await client.get("/v2/actions/\(action)")["action"]
        #expect(done["status"]?.stringValue == "completed")
        #expect(done["completed_at"]?.stringValue == "\(start + .seconds(30))")
        let droplet = await client.get("/v2/droplets/\(id)")["droplet"]
        #expect(droplet["status"]?.stringValue == "active")
        #expect(droplet["networks"]?["v4"]?.listValue?.count == 2)
        #expect((1_500...3_500).contains(droplet.json.utf8.count), "\(droplet.json.utf8.count) bytes")
    }

    @Test(arguments: 0..<4)
    func looksFinishWhatIsInProgress(looks: Int) async throws {
        let (client, _) = try makeClient { $0.lifecycle = Lifecycle(looks: looks, duration: .hours(1)) }
        let made = await client.post("/v2/droplets", droplet("odoo"))
        let action = made["links"]["actions"]?[0]?["id"]?.intValue ?? 0
        var seen = 0
        while await client.get("/v2/actions/\(action)")["action"]["status"]?.stringValue == "in-progress", seen < 9 {
            seen += 1
        }
        #expect(seen == looks)
    }

    @Test func aDeletedDropletStaysListedForAWhile() async throws {
        let (client, time) = try makeClient { $0.lifecycle = .timed(.seconds(5)) }
        let ids = client.simulator.seedDroplets(count: 3, tags: ["env:pr-7"])
        #expect(await client.delete("/v2/droplets/\(ids[0])").status == 204)
        #expect(await client.get("/v2/droplets/\(ids[0])").status == 200)
        #expect(await client.get("/v2/droplets")["meta"]["total"]?.intValue == 3)
        time.advance(by: .seconds(5))
        #expect(await client.get("/v2/droplets/\(ids[0])").status == 404)
        #expect(await client.delete("/v2/droplets/\(ids[0])").status == 404)
        #expect(await client.delete("/v2/droplets?tag_name=env:pr-7").status == 204)
        time.advance(by: .seconds(5))
        #expect(await client.get("/v2/droplets")["meta"]["total"]?.intValue == 0)
        #expect(await client.delete("/v2/droplets?tag_name=env:pr-7").status == 204)
    }

    @Test func aResizeNeedsADropletThatIsOff() async throws {
        let (client, _) = try makeClient { $0.lifecycle = Lifecycle(looks: 0, duration: .hours(1)) }
        let id = client.simulator.seedDroplets(count: 1)[0]
        func act(_ body: String) async -> Int { await client.post("/v2/droplets/\(id)/actions", json(body)).status }
        func show() async -> Value { await client.get("/v2/droplets/\(id)")["droplet"] }
        #expect(await act(#"{"type": "power_off"}"#) == 201)
        #expect(await show()["status"]?.stringValue == "off")
        #expect(await act(#"{"type": "resize", "size": "s-2vcpu-4gb"}"#) == 201)
        var droplet = await show()
        #expect(droplet["size_slug"]?.stringValue == "s-2vcpu-4gb")
        #expect(droplet["disk"]?.intValue == 25, "the disk is kept unless told")
        #expect(droplet["memory"]?.intValue == 4_096)
        #expect(await act(#"{"type": "resize", "size": "s-4vcpu-8gb", "disk": true}"#) == 201)
        #expect(await act(#"{"type": "power_on"}"#) == 422, "something is in progress")
        droplet = await show()
        #expect(droplet["disk"]?.intValue == 160)
        #expect(await act(#"{"type": "power_on"}"#) == 201)
        #expect(await show()["status"]?.stringValue == "active")
    }

    @Test func aClusterComesOnlineAndAFirewallIsApplied() async throws {
        let (client, time) = try makeClient { $0.lifecycle = .timed(.seconds(60)) }
        let cluster = await client.post(
            "/v2/databases",
            json(#"{"name": "pg-main", "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "sgp1", "num_nodes": 1}"#))
        let path = "/v2/databases/\(cluster["database"]["id"]?.stringValue ?? "")"
        let id = client.simulator.seedDroplets(count: 1)[0]
        let firewall = await client.post(
            "/v2/firewalls",
            json(
                #"""
                {"name": "web", "droplet_ids": [\#(id)], "tags": ["web"],
                 "inbound_rules": [{"protocol": "tcp", "ports": "all", "sources": {"addresses": ["0.0.0.0/0"]}}]}
                """#))["firewall"]
        #expect(firewall["status"]?.stringValue == "waiting")
        #expect(firewall["pending_changes"]?[0]?["droplet_id"]?.intValue == Int64(id))
        #expect(firewall["inbound_rules"]?[0]?["ports"]?.stringValue == "0", "all ports are kept as 0")
        #expect(await client.get(path)["database"]["status"]?.stringValue == "creating")
        time.advance(by: .seconds(60))
        #expect(await client.get(path)["database"]["status"]?.stringValue == "online")
        let rules = "/v2/firewalls/\(firewall["id"]?.stringValue ?? "")"
        #expect(await client.get(rules)["firewall"]["status"]?.stringValue == "succeeded")
        // What a PUT doesn't name is reset.
        let put = await client.put(
            rules,
            json(
                #"{"name": "web", "outbound_rules": [{"protocol": "icmp", "destinations": {"addresses": ["0.0.0.0/0"]}}]}"#
            ))
        for field in ["inbound_rules", "droplet_ids", "tags"] { #expect(put["firewall"][field]?.listValue == []) }
        #expect(put["firewall"]["pending_changes"]?[0]?["removing"]?.boolValue == true)
    }

    @Test func recordsAreStoredAsTheProviderStoresThem() async throws {
        let (client, _) = try makeClient()
        _ = await client.post("/v2/domains", json(#"{"name": "example.com"}"#))
        let path = "/v2/domains/example.com/records"
        let fresh = await client.get(path)["domain_records"].listValue ?? []
        #expect(fresh.compactMap { $0["type"]?.stringValue } == ["SOA", "NS", "NS", "NS"])
        // The last dot is dropped, the domain itself becomes @, and a repetition is a duplicate.
        for (given, kept) in [("erp.example.net.", "erp.example.net"), ("example.com.", "@"), ("@", "@")] {
            let body: Value = json(#"{"type": "MX", "name": "@", "data": "\#(given)", "priority": 5}"#)
            #expect(await client.post(path, body)["domain_record"]["data"]?.stringValue == kept)
        }
        let text = json(#"{"type": "TXT", "name": "spf", "data": "v=spf1 -all", "ttl": 60}"#)
        let first = await client.post(path, text)["domain_record"]["id"]?.intValue ?? 0
        let second = await client.post(path, text)["domain_record"]["id"]?.intValue ?? 0
        #expect(first != second)
        let patched = await client.patch("\(path)/\(first)", json(#"{"type": "TXT", "data": "new"}"#))
        #expect(patched["domain_record"]["ttl"]?.intValue == 60, "PATCH keeps")
        let put = await client.put("\(path)/\(first)", json(#"{"type": "TXT", "data": "newer"}"#))
        #expect(put["domain_record"]["ttl"]?.intValue == 1_800, "PUT resets")
    }

    @Test func theStateOutlivesTheProcess() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("state.json")
        let (first, _) = try makeClient {
            $0.statePath = path
            $0.lifecycle = .timed(.seconds(30))
        }
        first.simulator.seedDroplets(count: 2, tags: ["env:prod"])
        _ = await first.post("/v2/droplets", droplet("coming", tags: ["x"]))
        try first.simulator.seed(
            world: json(
                """
                {"domains": [{"name": "example.com"}], "firewalls": [{"name": "web", "outbound_rules":
                   [{"protocol": "icmp", "destinations": {"addresses": ["::/0"]}}]}],
                 "databases": [{"name": "pg-main", "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "sgp1",
                   "num_nodes": 1, "dbs": [{"name": "odoo"}], "users": [{"name": "odoo"}],
                   "pools": [{"name": "p", "mode": "session", "size": 5, "db": "odoo"}],
                   "rules": [{"type": "ip_addr", "value": "203.0.113.7"}]}]}
                """))
        _ = await first.post("/v2/droplets", droplet("coming-too"))
        #expect(first.simulator.saveFault == nil)

        let (second, time) = try makeClient {
            $0.statePath = path
            $0.lifecycle = .timed(.seconds(30))
        }
        #expect(second.simulator.snapshot() == first.simulator.snapshot())
        for target in [
            "droplets?per_page=200", "tags", "domains/example.com/records", "firewalls", "databases", "actions",
        ] {
            #expect(await second.get("/v2/\(target)").bytes == first.get("/v2/\(target)").bytes, "\(target)")
        }
        time.advance(by: .seconds(30))
        let list = await second.get("/v2/droplets")
        #expect(list["droplets"].listValue?.allSatisfy { $0["status"]?.stringValue == "active" } == true)
        #expect(second.simulator.issuedSecrets.count == 2)
        #expect(second.simulator.issuedSecrets.allSatisfy { $0.hasPrefix("AVNS_") })
    }

    @Test(arguments: ["", "{", "[]", "{\"format\": 99}"])
    func aStateThatCannotBeReadIsRefused(text: String) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text, to: "state.json")
        var options = SimulatorOptions()
        options.statePath = path
        let fault = #expect(throws: SimulatorFault.self) { try Simulator(options: options) }
        #expect(fault?.code == "SIM-0001")
        #expect(fault?.place == path)
    }

    @Test func theSameSeedGivesTheSameAnswers() async throws {
        func run(_ seed: UInt64) async throws -> [[UInt8]] {
            let (client, _) = try makeClient { $0.seed = seed }
            var bytes: [[UInt8]] = []
            bytes.append(await client.post("/v2/droplets", droplet("a")).bytes)
            let body = json(
                #"{"name": "pg-main", "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "sgp1", "num_nodes": 1}"#)
            bytes.append(await client.post("/v2/databases", body).bytes)
            return bytes
        }
        let first = try await run(1)
        #expect(try await run(1) == first)
        #expect(try await run(2)[1] != first[1])
    }
}
