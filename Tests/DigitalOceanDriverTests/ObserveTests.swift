import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Testing

@Suite("Observing")
struct ObserveTests {
    @Test(
        "a list of N takes ceil(N/200) requests and is complete",
        arguments: [(0, 1), (1, 1), (200, 1), (201, 2), (450, 3)])
    func pages(count: Int, requests: Int) async {
        let items = (0..<count).map { droplet($0 + 1, "d-\($0)") }
        let transport = TableTransport { call, _ in page("droplets", items, call) }
        let seen = await observe([.droplet], [:], transport)
        #expect(transport.calls.count == requests)
        #expect(transport.lines.contains("GET /v2/droplets?per_page=200&page=\(requests)"))
        #expect(seen.completeness(.droplet) == .complete)
        #expect(seen.names(.droplet).count == count)
    }

    @Test("a droplet's fields come out under our names, and only those")
    func dropletFields() async throws {
        let transport = TableTransport { call, _ in page("droplets", [droplet(42, "odoo")], call) }
        let seen = try #require(await observe([.droplet], [:], transport).first(.droplet))
        #expect(seen.providerID == "42")
        #expect(seen.isOwned)
        #expect(seen.createdAt?.description == "2026-03-01T10:00:00Z")
        let text = seen.attributes.items.map { "\($0.name)=\($0.value.json)" }.joined(separator: " ")
        #expect(
            text
                == #"backups=false disk_gb=50 id=42 image="ubuntu-24-04-x64" ipv4="203.0.113.7" ipv4_private="10.0.0.5" "#
                + #"ipv6=true memory_mb=2048 monitoring=true price_monthly=12 region="sgp1" size="s-1vcpu-2gb" "#
                + #"status="active" tags=["odooops:managed"] vcpus=1 vpc_uuid="0b2e""#)
    }

    @Test("pages that shift while they are read are read once more, and counted once by id")
    func shift() async {
        // Between the first and the second page something new came to the front: an item comes twice, one total more.
        let before = (1...401).map { droplet($0, "d-\($0)") }
        let after = [droplet(999, "new")] + before
        let transport = TableTransport { call, count in
            page("droplets", count == 0 && call.parameter("page") == "1" ? before : after, call)
        }
        let seen = await observe([.droplet], [:], transport)
        #expect(seen.completeness(.droplet) == .complete)
        #expect(seen.names(.droplet).count == 402)
        #expect(transport.calls.count == 6)
    }

    @Test("pages that never fit together are partial and say so")
    func neverFits() async throws {
        let items = (1...300).map { droplet($0, "d-\($0)") }
        let transport = TableTransport { call, _ in page("droplets", items, call, total: 301) }
        let seen = await observe([.droplet], [:], transport)
        guard case .partial(let reason)? = seen.completeness(.droplet) else { Issue.record("not partial"); return }
        #expect(reason.contains("GET /v2/droplets"))
        #expect(seen.names(.droplet).count == 300)
        #expect(transport.calls.count == 4)
    }

    @Test("an item that comes twice, in the place of one that is missed, makes the list partial")
    func missedItem() async {
        let items = (1...400).map { droplet($0, "d-\($0)") }
        let transport = TableTransport { call, _ in
            // The second page begins one item early, always: the last item of all is never shown.
            let shown = call.parameter("page") == "1" ? items : [items[0]] + items
            return page("droplets", Array(shown.prefix(400)), call)
        }
        let seen = await observe([.droplet], [:], transport)
        #expect(seen.completeness(.droplet)?.isComplete == false)
        #expect(Set(seen.names(.droplet)).count == 399 && seen.names(.droplet).count == 399)
    }

    @Test("what is in a domain or a cluster that can't be asked is not known", arguments: [500, 403, 422])
    func unknownChildren(status: Int) async {
        let transport = TableTransport { call, _ in
            switch call.path {
            case "/v2/domains":
                page("domains", ["a.example", "b.example"].map { .object(["name": .string($0)]) }, call)
            case "/v2/domains/a.example/records": page("domain_records", [record(1, "A", "@", "203.0.113.1")], call)
            case "/v2/databases": .json(200, .object(["databases": [cluster("pg-a", "id-a")]]))
            default: .error(status, "broken", "x")
            }
        }
        let nested: Set<ResourceKind> = [.database, .databaseUser, .databasePool, .databaseFirewall]
        let seen = await observe(
            nested.union([.record]),
            [.domain: ["a.example", "b.example"], .databaseCluster: ["pg-a"]], transport)
        guard case .partial(let reason)? = seen.completeness(.record) else {
            Issue.record("records are \(seen.completeness(.record) as Any)")
            return
        }
        #expect(reason.contains("GET /v2/domains/b.example/records"))
        #expect(nested.allSatisfy { seen.completeness($0)?.isComplete == false })
    }

    @Test("a page that fails makes the list partial, the first one unknown; the reason names page and status")
    func failingPage() async {
        let items = (1...500).map { droplet($0, "d-\($0)") }
        for bad in ["1", "3"] {
            let transport = TableTransport { call, _ in
                call.parameter("page") == bad
                    ? .error(500, "server_error", "Unexpected server-side error") : page("droplets", items, call)
            }
            let seen = await observe([.droplet], [:], transport)
            let reason = "GET /v2/droplets page \(bad): DigitalOcean answered 500 after 5 attempts"
            #expect(seen.completeness(.droplet).map { "\($0)" }?.contains(reason) == true)
            #expect(seen.names(.droplet).count == (bad == "1" ? 0 : 400))
            #expect(seen.completeness(.droplet)?.isComplete == false)
        }
    }

    @Test("without a total the pages are followed by their links")
    func withoutTotal() async {
        let items = (1...450).map { droplet($0, "d-\($0)") }
        let transport = TableTransport { call, _ in
            guard case .json(let status, .object(var body)) = page("droplets", items, call) else { return .missing }
            body["meta"] = nil
            return .json(status, .object(body))
        }
        let seen = await observe([.droplet], [:], transport)
        #expect(seen.completeness(.droplet) == .complete)
        #expect(seen.names(.droplet).count == 450)
    }

    @Test(
        "an answer that can't be a list is never taken for an empty one",
        arguments: [
            ("<html>login</html>", "text/html", "DO-0008"),
            (#"{"droplets":[{"id":1}],"meta":{"total":1}}"#, "application/json", "DO-0009"),
            (#"{"droplets":[{"id":1,"na"#, "application/json", "DO-0009"),
            (#"{"meta":{"total":0}}"#, "application/json", "DO-0009"),
            ("", "application/json", "DO-0009"),
        ])
    func notAList(body: String, type: String, code: String) async {
        let transport = TableTransport { _, _ in .raw(200, [HTTPHeader("Content-Type", type)], body) }
        let driver = makeDriver(transport)
        let seen = await driver.observe(ObserveRequest(kinds: [.droplet]), context)
        #expect(seen.first?.completeness.isComplete == false)
        guard case .unknown(let fault) = await driver.look(at: ResourceKey(.droplet, "d"), context) else {
            Issue.record("the look was believed")
            return
        }
        #expect(fault.code == code)
    }

    @Test("two droplets of one name stay two")
    func sameName() async {
        let items = [droplet(1, "twin"), droplet(2, "twin")]
        let transport = TableTransport { call, _ in page("droplets", items, call) }
        #expect(await observe([.droplet], [:], transport).names(.droplet) == ["twin", "twin"])
    }

    @Test("records are read for wanted domains that exist, and for no others")
    func records() async {
        let transport = TableTransport { call, _ in
            switch call.path {
            case "/v2/domains":
                page(
                    "domains", ["a.example", "b.example", "foreign.example"].map { .object(["name": .string($0)]) },
                    call)
            case "/v2/domains/a.example/records":
                page(
                    "domain_records",
                    [
                        record(1, "A", "@", "203.0.113.1"), record(2, "MX", "@", "Mail.A.example."),
                        record(3, "TXT", "_dmarc.a.example", "\"v=DMARC1\""), record(4, "AAAA", "www", "2001:DB8:0::1"),
                    ], call)
            default: .missing
            }
        }
        let seen = await observe(
            [.domain, .record], [.domain: ["a.example", "gone.example"], .record: ["b.example/A/@"]], transport)
        #expect(
            seen.names(.record) == [
                "a.example/A/@", "a.example/AAAA/www", "a.example/MX/@/mail.a.example", "a.example/TXT/_dmarc/v=DMARC1",
            ])
        // b.example was listed and its records answer 404: one of the two is wrong, and nothing is forgotten for it.
        guard case .partial(let reason)? = seen.completeness(.record) else { Issue.record("records are known"); return }
        #expect(reason.contains("b.example"))
        #expect(!transport.lines.contains { $0.contains("foreign") || $0.contains("gone") })
        let address = seen.kinds[.record]?.resources.first { $0.key.name.contains("AAAA") }?.attributes["data"]
        #expect(address == "2001:db8::1")
    }

    @Test("when domains can't be listed, neither domains nor records are known")
    func unknownParents() async {
        let transport = TableTransport { _, _ in .error(403, "forbidden", "You are not authorized") }
        let seen = await observe([.domain, .record], [.domain: ["a.example"]], transport)
        for kind in [ResourceKind.domain, .record] {
            guard case .unknown(let reason)? = seen.completeness(kind) else { Issue.record("\(kind) is known"); return }
            #expect(reason.contains("GET /v2/domains"))
        }
    }

    @Test("what is in a cluster is read for wanted clusters, and no password is kept")
    func clusters() async {
        let transport = clusterTable()
        let seen = await observe(
            [.databaseCluster, .database, .databaseUser, .databasePool, .databaseFirewall],
            [.databaseCluster: ["pg-a"]], transport)
        #expect(seen.names(.databaseCluster) == ["pg-a", "pg-b"])
        #expect(seen.names(.database) == ["pg-a/defaultdb", "pg-a/odoo"])
        #expect(seen.names(.databaseUser) == ["pg-a/doadmin"])
        #expect(seen.names(.databasePool) == ["pg-a/odoo-pool"])
        #expect(seen.first(.databaseFirewall)?.attributes["rules"] == ["droplet:web", "ip_addr:192.0.2.1", "tag:erp"])
        #expect(seen.kinds.values.allSatisfy { $0.completeness.isComplete })
        #expect(!"\(seen)".contains("hunter2"))
        #expect(!transport.lines.contains { $0.contains("id-b") })
        #expect(transport.calls.count { $0.path == "/v2/droplets" } == 1)
    }

    @Test("firewalls name droplets; when droplets can't be read they are partial")
    func firewallNames() async {
        let firewall: Value = .object([
            "id": "fw-1", "name": "web", "status": "succeeded", "droplet_ids": [1, 77],
            "inbound_rules": [
                .object([
                    "protocol": "tcp", "ports": "443",
                    "sources": .object(["addresses": ["::/0", "0.0.0.0/0"], "droplet_ids": [1]]),
                ])
            ], "outbound_rules": .null, "tags": .null,
        ])
        for works in [true, false] {
            let transport = TableTransport { call, _ in
                switch call.path {
                case "/v2/firewalls": page("firewalls", [firewall], call)
                default: works ? page("droplets", [droplet(1, "web-1")], call) : .error(500, "server_error", "x")
                }
            }
            let seen = await observe([.firewall], [:], transport)
            #expect(seen.completeness(.firewall)?.isComplete == works)
            #expect(seen.kinds[.droplet] == nil)
            guard works else { continue }
            #expect(seen.first(.firewall)?.attributes["droplets"] == ["#77", "web-1"])
            #expect(
                seen.first(.firewall)?.attributes["inbound_rules"]?.json
                    == #"[{"protocol":"tcp","ports":"443","sources":{"addresses":["0.0.0.0/0","::/0"],"droplets":["web-1"]}}]"#
            )
        }
    }
}

func record(_ id: Int, _ type: String, _ name: String, _ data: String, priority: Int? = nil) -> Value {
    .object([
        "id": .int(Int64(id)), "type": .string(type), "name": .string(name), "data": .string(data),
        "priority": priority.map { .int(Int64($0)) } ?? .null, "port": .null, "ttl": 1800, "weight": .null,
        "flags": .null, "tag": .null,
    ])
}

func cluster(_ name: String, _ id: String, status: String = "online", size: String = "db-s-1vcpu-1gb") -> Value {
    .object([
        "id": .string(id), "name": .string(name), "engine": "pg", "version": "16", "num_nodes": 1,
        "size": .string(size), "region": "sgp1", "status": .string(status), "tags": ["odooops:managed"],
        "connection": .object(["uri": "postgres://doadmin:hunter2@host/db", "password": "hunter2"]),
    ])
}

/// Two clusters, the first with something in it.
func clusterTable() -> TableTransport {
    TableTransport { call, _ in
        switch call.path {
        case "/v2/databases": .json(200, .object(["databases": [cluster("pg-a", "id-a"), cluster("pg-b", "id-b")]]))
        case "/v2/databases/id-a/dbs":
            .json(200, .object(["dbs": [.object(["name": "defaultdb"]), .object(["name": "odoo"])]]))
        case "/v2/databases/id-a/users":
            .json(200, .object(["users": [.object(["name": "doadmin", "role": "primary", "password": "hunter2"])]]))
        case "/v2/databases/id-a/pools":
            .json(
                200,
                .object([
                    "pools": [
                        .object([
                            "name": "odoo-pool", "mode": "transaction", "size": 10, "db": "odoo", "user": "doadmin",
                            "connection": .object(["password": "hunter2"]),
                        ])
                    ]
                ]))
        case "/v2/databases/id-a/firewall":
            .json(
                200,
                .object([
                    "rules": [
                        .object(["type": "ip_addr", "value": "192.0.2.1/32"]),
                        .object(["type": "tag", "value": "erp"]),
                        .object(["type": "droplet", "value": "1"]),
                    ]
                ]))
        case "/v2/droplets": page("droplets", [droplet(1, "web")], call)
        default: .missing
        }
    }
}

@Suite("Names that are written in two ways")
struct NameTests {
    @Test("what is wanted is found under the key by which it is wanted, whatever the provider's way to write it")
    func wantedNames() async {
        let transport = TableTransport { call, _ in
            switch call.path {
            case "/v2/tags": page("tags", [.object(["name": "ERP"]), .object(["name": "other"])], call)
            case "/v2/domains": page("domains", [.object(["name": "example.com"])], call)
            default:
                page(
                    "domain_records",
                    [
                        record(1, "A", "@", "192.0.2.1"), record(2, "A", "@", "192.0.2.2"),
                        record(3, "A", "www", "192.0.2.3"),
                        record(4, "AAAA", "v6", "2001:db8::1"), record(5, "MX", "@", "mail.example.com"),
                        record(6, "A", "twin", "192.0.2.4"), record(7, "A", "twin", "192.0.2.5"),
                    ], call)
            }
        }
        let wanted: Set<String> = [
            "Example.com/A/@/192.0.2.1", "Example.com/A/@/192.0.2.9", "Example.com/A/www",
            "Example.com/AAAA/v6/2001:DB8:0::1", "Example.com/MX/@/Mail.example.com.", "Example.com/A/twin",
        ]
        let seen = await observe(
            [.tag, .domain, .record], [.tag: ["erp"], .domain: ["Example.com"], .record: wanted], transport)
        #expect(seen.names(.tag) == ["erp", "other"])
        #expect(seen.names(.domain) == ["Example.com"])
        #expect(
            seen.names(.record) == [
                "Example.com/A/@/192.0.2.1", "Example.com/A/@/192.0.2.2", "Example.com/A/twin", "Example.com/A/twin",
                "Example.com/A/www", "Example.com/AAAA/v6/2001:DB8:0::1", "Example.com/MX/@/Mail.example.com.",
            ])
    }
}
