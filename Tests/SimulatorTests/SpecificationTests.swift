import Basics
import Formats
import Simulator
import TestKit
import Testing

/// Every operation, with every answer held against the provider's own specification.
@Suite struct SpecificationTests {
    @Test func everyAnswerAgreesWithTheSpecification() async throws {
        var (client, time) = try makeClient { $0.lifecycle = .timed(.seconds(5)) }
        let record = Locked<[Value]>([])
        client.record = record
        try await Walk(client: client, time: time).run()
        let lines = record.withLock { $0 }
        #expect(lines.count > 130)
        let breaches = try Recordings.check(lines.map(\.json), name: "simulator")
        #expect(breaches == nil, "\(breaches ?? "")")
    }
}

/// A walk over all operations.
private struct Walk {
    let client: Client
    let time: SimulatedTime

    func run() async throws {
        try await account()
        let ids = try await droplets()
        try await storage(ids)
        try await tags(ids)
        try await domains()
        try await firewalls(ids)
        try await databases(ids)
        try await rest()
        try await keys()
    }

    private func storage(_ ids: [Int64]) async throws {
        let made = await expect(
            201, "POST", "/v2/volumes",
            json(
                """
                {"name": "data", "region": "sgp1", "size_gigabytes": 10, "filesystem_type": "ext4", "tags": ["prod"]}
                """))
        let id = made["volume"]?["id"]?.stringValue ?? ""
        for list in ["/v2/volumes", "/v2/volumes?name=data&region=sgp1", "/v2/volumes/\(id)"] {
            await expect(200, "GET", list)
        }
        for body in [
            #"{"type": "attach", "droplet_id": \#(ids[0]), "region": "sgp1"}"#,
            #"{"type": "resize", "size_gigabytes": 20, "region": "sgp1"}"#,
            #"{"type": "detach", "droplet_id": \#(ids[0]), "region": "sgp1"}"#,
        ] {
            let started = await expect(202, "POST", "/v2/volumes/\(id)/actions", json(body))
            time.advance(by: .seconds(6))
            await expect(200, "GET", "/v2/actions/\(started["action"]?["id"]?.intValue ?? 0)")
            await expect(200, "GET", "/v2/volumes/\(id)")
            await expect(200, "GET", "/v2/droplets/\(ids[0])")
        }
        let snapshot = await expect(
            201, "POST", "/v2/volumes/\(id)/snapshots", json(#"{"name": "data-1", "tags": []}"#))
        await expect(
            201, "POST", "/v2/droplets/\(ids[0])/actions", json(#"{"type": "snapshot", "name": "before-upgrade"}"#))
        time.advance(by: .seconds(6))
        for list in ["snapshots", "snapshots?resource_type=volume", "volumes/\(id)/snapshots"] {
            await expect(200, "GET", "/v2/\(list)")
        }
        let path = "/v2/snapshots/\(snapshot["snapshot"]?["id"]?.stringValue ?? "")"
        await expect(200, "GET", path)
        let resources = json(#"{"resources": [{"resource_id": "\#(id)", "resource_type": "volume"}]}"#)
        await expect(204, "POST", "/v2/tags/prod/resources", resources)
        await expect(200, "GET", "/v2/tags/prod")
        await expect(204, "DELETE", path)
        await expect(204, "DELETE", "/v2/volumes/\(id)")
        await expect(404, "GET", "/v2/volumes/\(id)")
    }

    private func keys() async throws {
        let made = await expect(
            201, "POST", "/v2/projects",
            json(#"{"name": "erp", "purpose": "Service or API", "environment": "Staging"}"#))
        let project = "/v2/projects/\(made["project"]?["id"]?.stringValue ?? "")"
        await expect(200, "GET", project)
        await expect(200, "PATCH", project, json(#"{"description": "ERP"}"#))
        let body = json(#"{"resources": ["do:domain:example.com", "do:domain:example.org"]}"#)
        await expect(200, "POST", "\(project)/resources", body)
        await expect(200, "GET", "\(project)/resources")
        await expect(412, "DELETE", project)
        await expect(200, "POST", "/v2/projects/default/resources", body)
        await expect(204, "DELETE", project)
        let key = json(#"{"name": "files", "grants": [{"bucket": "erp", "permission": "readwrite"}]}"#)
        let issued = await expect(201, "POST", "/v2/spaces/keys", key)
        #expect(issued["key"]?["secret_key"]?.stringValue?.isEmpty == false)
        let path = "/v2/spaces/keys/\(issued["key"]?["access_key"]?.stringValue ?? "")"
        for list in ["/v2/spaces/keys", path] {
            #expect(await expect(200, "GET", list).json.contains("secret_key") == false)
        }
        await expect(200, "PUT", path, key)
        await expect(200, "PATCH", path, json(#"{"grants": []}"#))
        await expect(204, "DELETE", path)
    }

    /// Expects a status and gives the body.
    @discardableResult
    private func expect(
        _ status: Int, _ method: String, _ target: String, _ body: Value? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async -> Value {
        let reply = await client.send(method, target, body)
        #expect(reply.status == status, "\(method) \(target): \(reply.text)", sourceLocation: sourceLocation)
        return reply.body
    }

    private func account() async throws {
        await expect(200, "GET", "/v2/account")
        let key: Value = json(#"{"name": "ops", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHV1 ops@example"}"#)
        let made = await expect(201, "POST", "/v2/account/keys", key)
        let id = made["ssh_key"]?["id"]?.intValue ?? 0
        await expect(200, "GET", "/v2/account/keys")
        await expect(200, "GET", "/v2/account/keys/\(id)")
        await expect(200, "PUT", "/v2/account/keys/\(id)", json(#"{"name": "ops-2"}"#))
        for list in [
            "sizes", "regions", "images", "images?type=distribution", "images?type=application", "volumes", "snapshots",
        ] {
            await expect(200, "GET", "/v2/\(list)")
        }
        await expect(200, "GET", "/v2/images/ubuntu-24-04-x64")
        await expect(200, "GET", "/v2/vpcs")
    }

    private func droplets() async throws -> [Int64] {
        let single = await expect(
            202, "POST", "/v2/droplets",
            json(
                """
                {"name": "odoo-production", "region": "sgp1", "size": "s-2vcpu-4gb", "image": "ubuntu-24-04-x64",
                 "tags": ["project:ipai", "prod"], "ipv6": true, "monitoring": true, "backups": true}
                """))
        let many = await expect(
            202, "POST", "/v2/droplets",
            json(
                """
                {"names": ["a", "b"], "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}
                """))
        let id = single["droplet"]?["id"]?.intValue ?? 0
        let others = many["droplets"]?.listValue?.compactMap { $0["id"]?.intValue } ?? []
        #expect(others.count == 2)
        let action = single["links"]?["actions"]?[0]?["id"]?.intValue ?? 0
        await expect(200, "GET", "/v2/droplets")
        await expect(200, "GET", "/v2/actions/\(action)")
        time.advance(by: .seconds(6))
        await expect(200, "GET", "/v2/actions/\(action)")
        await expect(200, "GET", "/v2/actions")
        for list in [
            "droplets", "droplets?tag_name=prod", "droplets?name=ODOO-production", "droplets?per_page=1&page=2",
        ] {
            await expect(200, "GET", "/v2/\(list)")
        }
        await expect(200, "GET", "/v2/droplets/\(id)")
        for body in [
            #"{"type": "power_off"}"#, #"{"type": "resize", "size": "s-4vcpu-8gb", "disk": true}"#,
            #"{"type": "power_on"}"#, #"{"type": "reboot"}"#, #"{"type": "disable_backups"}"#,
            #"{"type": "rename", "name": "odoo-production-1"}"#, #"{"type": "shutdown"}"#,
            #"{"type": "enable_backups"}"#, #"{"type": "rebuild", "image": "ubuntu-22-04-x64"}"#,
        ] {
            let started = await expect(201, "POST", "/v2/droplets/\(id)/actions", json(body))
            await expect(200, "GET", "/v2/droplets/\(id)/actions/\(started["action"]?["id"]?.intValue ?? 0)")
            time.advance(by: .seconds(6))
        }
        await expect(200, "GET", "/v2/droplets/\(id)/actions")
        for part in ["firewalls", "backups", "snapshots"] { await expect(200, "GET", "/v2/droplets/\(id)/\(part)") }
        await expect(201, "POST", "/v2/droplets/actions?tag_name=prod", json(#"{"type": "power_on"}"#))
        await expect(204, "DELETE", "/v2/droplets/\(others[1])")
        await expect(200, "GET", "/v2/droplets/\(others[1])")
        time.advance(by: .seconds(6))
        await expect(404, "GET", "/v2/droplets/\(others[1])")
        await expect(422, "POST", "/v2/droplets", json(#"{"name": "x", "size": "s-1vcpu-1gb", "image": "no-such"}"#))
        return [id, others[0]]
    }

    private func tags(_ ids: [Int64]) async throws {
        await expect(201, "POST", "/v2/tags", json(#"{"name": "env:staging"}"#))
        let resources = json(#"{"resources": [{"resource_id": "\#(ids[1])", "resource_type": "droplet"}]}"#)
        await expect(204, "POST", "/v2/tags/env:staging/resources", resources)
        await expect(200, "GET", "/v2/tags")
        await expect(200, "GET", "/v2/tags/env:staging")
        await expect(204, "DELETE", "/v2/tags/env:staging/resources", resources)
        await expect(204, "DELETE", "/v2/tags/env:staging")
        await expect(404, "GET", "/v2/tags/env:staging")
        await expect(204, "DELETE", "/v2/droplets?tag_name=nobody-has-it")
    }

    private func domains() async throws {
        await expect(201, "POST", "/v2/domains", json(#"{"name": "example.com", "ip_address": "203.0.113.7"}"#))
        await expect(200, "GET", "/v2/domains")
        await expect(200, "GET", "/v2/domains/example.com")
        let path = "/v2/domains/example.com/records"
        for body in [
            #"{"type": "A", "name": "erp", "data": "203.0.113.7", "ttl": 600}"#,
            #"{"type": "AAAA", "name": "erp", "data": "2001:db8::7"}"#,
            #"{"type": "CNAME", "name": "www", "data": "erp.example.com."}"#,
            #"{"type": "MX", "name": "@", "data": "mail.example.org.", "priority": 10}"#,
            #"{"type": "TXT", "name": "@", "data": "v=spf1 -all", "flags": null, "tag": null}"#,
            #"{"type": "SRV", "name": "_sip._tcp", "data": "sip.example.org.", "priority": 1, "port": 5060, "weight": 5, "flags": 0, "tag": ""}"#,
            #"{"type": "CAA", "name": "@", "data": "letsencrypt.org.", "flags": 0, "tag": "issue"}"#,
        ] {
            await expect(201, "POST", path, json(body))
        }
        let list = await expect(200, "GET", "\(path)?per_page=200")
        await expect(200, "GET", "\(path)?type=A&name=erp.example.com")
        let id = list["domain_records"]?.listValue?.last?["id"]?.intValue ?? 0
        await expect(200, "GET", "\(path)/\(id)")
        await expect(200, "PATCH", "\(path)/\(id)", json(#"{"type": "CAA", "ttl": 3600}"#))
        await expect(
            200, "PUT", "\(path)/\(id)",
            json(#"{"type": "CAA", "name": "@", "data": "letsencrypt.org.", "flags": 0, "tag": "issuewild"}"#))
        await expect(204, "DELETE", "\(path)/\(id)")
        await expect(404, "GET", "\(path)/\(id)")
        await expect(201, "POST", "/v2/domains", json(#"{"name": "example.net"}"#))
        await expect(204, "DELETE", "/v2/domains/example.net")
    }

    private func firewalls(_ ids: [Int64]) async throws {
        let body = json(
            """
            {"name": "web", "droplet_ids": [\(ids[0])], "tags": ["prod"],
             "inbound_rules": [{"protocol": "tcp", "ports": "443", "sources": {"addresses": ["0.0.0.0/0", "::/0"]}},
                               {"protocol": "icmp", "ports": "0", "sources": {"tags": ["prod"]}}],
             "outbound_rules": [{"protocol": "tcp", "ports": "all", "destinations": {"addresses": ["0.0.0.0/0"]}}]}
            """)
        let made = await expect(202, "POST", "/v2/firewalls", body)
        let path = "/v2/firewalls/\(made["firewall"]?["id"]?.stringValue ?? "")"
        await expect(200, "GET", "/v2/firewalls")
        await expect(200, "GET", path)
        time.advance(by: .seconds(6))
        await expect(200, "GET", path)
        await expect(200, "GET", "/v2/droplets/\(ids[0])/firewalls")
        await expect(200, "PUT", path, body)
        for method in ["POST", "DELETE"] {
            await expect(204, method, "\(path)/droplets", json(#"{"droplet_ids": [\#(ids[1])]}"#))
            await expect(204, method, "\(path)/tags", json(#"{"tags": ["project:ipai"]}"#))
            let rules = json(
                #"{"inbound_rules": [{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["18.0.0.0/8"]}}]}"#)
            await expect(204, method, "\(path)/rules", rules)
        }
        await expect(204, "DELETE", path)
        await expect(404, "GET", path)
    }

    private func databases(_ ids: [Int64]) async throws {
        await expect(200, "GET", "/v2/databases/options")
        let made = await expect(
            201, "POST", "/v2/databases",
            json(
                """
                {"name": "odoo-pg", "engine": "pg", "version": "16", "region": "sgp1", "size": "db-s-1vcpu-2gb",
                 "num_nodes": 1, "tags": ["prod"]}
                """))
        let path = "/v2/databases/\(made["database"]?["id"]?.stringValue ?? "")"
        await expect(200, "GET", path)
        time.advance(by: .seconds(6))
        for list in ["/v2/databases", "/v2/databases?tag_name=prod", path] { await expect(200, "GET", list) }
        await expect(201, "POST", "\(path)/dbs", json(#"{"name": "odoo"}"#))
        await expect(201, "POST", "\(path)/users", json(#"{"name": "odoo"}"#))
        await expect(
            201, "POST", "\(path)/pools",
            json(#"{"name": "odoo-pool", "mode": "transaction", "size": 10, "db": "odoo", "user": "odoo"}"#))
        for part in [
            "dbs", "dbs/odoo", "users", "users/odoo", "pools", "pools/odoo-pool", "firewall", "config", "ca", "backups",
            "replicas", "events",
        ] {
            await expect(200, "GET", "\(path)/\(part)")
        }
        await expect(
            201, "PUT", "\(path)/users/odoo", json(#"{"settings": {"pg_allow_replication": true}}"#))
        await expect(200, "POST", "\(path)/users/odoo/reset_auth", json("{}"))
        await expect(
            204, "PUT", "\(path)/pools/odoo-pool",
            json(#"{"mode": "session", "size": 12, "db": "odoo", "user": "odoo"}"#))
        await expect(
            204, "PUT", "\(path)/firewall",
            json(
                #"{"rules": [{"type": "ip_addr", "value": "203.0.113.7"}, {"type": "droplet", "value": "\#(ids[0])"}]}"#
            ))
        await expect(200, "GET", "\(path)/firewall")
        await expect(204, "PUT", "\(path)/maintenance", json(#"{"day": "tuesday", "hour": "14:00"}"#))
        await expect(200, "PATCH", "\(path)/config", json(#"{"config": {"jit": false}}"#))
        await expect(202, "PUT", "\(path)/resize", json(#"{"size": "db-s-2vcpu-4gb", "num_nodes": 2}"#))
        await expect(200, "GET", path)
        time.advance(by: .seconds(6))
        await expect(200, "GET", path)
        await expect(412, "POST", "\(path)/replicas", json(#"{"name": "reader", "size": "db-s-1vcpu-2gb"}"#))
        for part in ["pools/odoo-pool", "users/odoo", "dbs/odoo"] { await expect(204, "DELETE", "\(path)/\(part)") }
        await expect(204, "DELETE", path)
        await expect(404, "GET", path)
    }

    private func rest() async throws {
        let made = await expect(
            201, "POST", "/v2/vpcs", json(#"{"name": "ops", "region": "fra1", "ip_range": "10.20.0.0/20"}"#))
        let path = "/v2/vpcs/\(made["vpc"]?["id"]?.stringValue ?? "")"
        await expect(201, "POST", "/v2/vpcs", json(#"{"name": "ops-2", "region": "fra1"}"#))
        await expect(200, "GET", path)
        await expect(200, "PUT", path, json(#"{"name": "ops-1", "description": "kept"}"#))
        await expect(200, "PATCH", path, json(#"{"description": "changed"}"#))
        await expect(200, "GET", "\(path)/members")
        await expect(200, "GET", "/v2/vpcs?per_page=2")
        await expect(403, "DELETE", path)
        for part in ["", "/default", "/default/resources"] { await expect(200, "GET", "/v2/projects\(part)") }
        let policy = json(
            """
            {"alerts": {"email": ["ops@example.com"], "slack": [{"url": "https://hooks.example.com/x", "channel": "Ops"}]},
             "compare": "GreaterThan", "description": "CPU", "enabled": true,
             "entities": [], "tags": ["prod"], "type": "v1/insights/droplet/cpu", "value": 80,
             "window": "5m"}
            """)
        let alert = await expect(200, "POST", "/v2/monitoring/alerts", policy)
        let id = alert["policy"]?["uuid"]?.stringValue ?? ""
        await expect(200, "GET", "/v2/monitoring/alerts")
        await expect(200, "GET", "/v2/monitoring/alerts/\(id)")
        await expect(200, "PUT", "/v2/monitoring/alerts/\(id)", policy)
        await expect(204, "DELETE", "/v2/monitoring/alerts/\(id)")
        var unrecorded = client
        unrecorded.record = nil  // The specification at hand leaves this operation out.
        let balance = await unrecorded.get("/v2/customers/my/balance")
        #expect(balance.status == 200)
    }
}
