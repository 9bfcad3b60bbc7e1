import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import SimulatorKit
import Testing

@Suite("Comparing and planning steps")
struct TableTests {
    @Test("What the policy's rules are about, its kinds have")
    func ruledAttributes() throws {
        for kind in SurfacePolicy.kinds.values.joined() where kind.provider == "digitalocean" {
            let schema = try #require(DigitalOceanKinds.all.first { $0.kind == kind })
            #expect(schema.rule("region") != nil)
            #expect((schema.rule("tags") != nil) == !SurfacePolicy.untagged.contains(kind), "\(kind)")
        }
    }

    @Test(
        "one thing written in two ways is the same",
        arguments: [
            ("record", "data", #""mail.example.com.""#, #""Mail.Example.com""#, true),
            ("record", "data", #""\"v=spf1 -all\"""#, #""v=spf1 -all""#, true),
            ("record", "data", #""\"a\" \"b\"""#, #""ab""#, true),
            ("record", "data", #""v=DKIM1; p=AbC""#, #""v=dkim1; p=abc""#, false),
            ("record", "data", #""2001:DB8:0:0::1""#, #""2001:db8::1""#, true),
            ("record", "data", #""@""#, #""@""#, true),
            ("record", "data", #""203.0.113.7""#, #""203.0.113.70""#, false),
            ("record", "tag", #""Issue""#, #""issue""#, true),
            ("record", "ttl", "1800", "1800", true), ("record", "ttl", "1800", "3600", false),
            (
                "firewall", "inbound_rules",
                #"[{"protocol":"TCP","ports":443,"sources":{"addresses":["::/0","0.0.0.0/0"]}}]"#,
                #"[{"sources":{"addresses":["0.0.0.0/0","::/0"],"tags":[]},"ports":"443","protocol":"tcp"}]"#, true
            ),
            (
                "firewall", "inbound_rules",
                #"[{"protocol":"tcp","ports":"all","sources":{"addresses":["192.0.2.1/32"]}}]"#,
                #"[{"protocol":"tcp","ports":"0","sources":{"addresses":["192.0.2.1"]}}]"#, true
            ),
            (
                "firewall", "outbound_rules", #"[{"protocol":"icmp","destinations":{"addresses":["::/0"]}}]"#,
                #"[{"protocol":"icmp","ports":"0","destinations":{"addresses":["0::0/0"]}}]"#, true
            ),
            (
                "firewall", "inbound_rules",
                #"[{"protocol":"tcp","ports":"22","sources":{"tags":["a"]}},{"protocol":"tcp","ports":"80","sources":{}}]"#,
                #"[{"protocol":"tcp","ports":"80","sources":{}},{"protocol":"tcp","ports":"22-22","sources":{"tags":["a"]}}]"#,
                true
            ),
            (
                "firewall", "inbound_rules",
                #"[{"protocol":"tcp","ports":"22","sources":{"addresses":["192.0.2.0/24"]}}]"#,
                #"[{"protocol":"tcp","ports":"22","sources":{"addresses":["0.0.0.0/0"]}}]"#, false
            ),
            ("firewall", "tags", #"["a","b"]"#, #"["b","a"]"#, true),
            ("firewall", "tags", #"["a"]"#, #"["b","a"]"#, false),
            ("droplet", "tags", #"["a"]"#, #"["b","a","odooops:managed"]"#, true),
            ("droplet", "tags", #"["a","c"]"#, #"["b","a"]"#, false),
            ("droplet", "image", "12345", #""12345""#, true), ("droplet", "user_data", #""x""#, #""y""#, true),
            ("database_cluster", "version", "16", #""16""#, true),
            ("database_pool", "mode", #""Session""#, #""session""#, true),
            (
                "database_firewall", "rules", #"["ip_addr:192.0.2.1/32","droplet:web"]"#,
                #"["droplet:web","ip_addr:192.0.2.1"]"#, true
            ),
        ])
    func normal(kind: String, attribute: String, wanted: String, observed: String, isSame: Bool) throws {
        let schema = try #require(DigitalOceanKinds.all.first { $0.kind.name == "digitalocean.\(kind)" })
        let differences = schema.differences(
            wanted: Attributes([Attributes.Item(attribute, try JSON.parse(wanted))]),
            observed: Attributes([Attributes.Item(attribute, try JSON.parse(observed))]))
        #expect(differences.isEmpty == isSame)
        // What is normal stays as it is.
        let rule = try #require(schema.rule(attribute))
        for text in [wanted, observed] {
            let once = rule.normalise(try JSON.parse(text))
            #expect(rule.normalise(once) == once)
        }
    }

    @Test("what no deletion takes away at the provider says so, so that nobody is asked for one")
    func whatIsLeftAsItIs() {
        for schema in DigitalOceanKinds.all where schema.attributes.contains(where: { !$0.isComputed }) {
            #expect(schema.requests(.delete, []) > 0 || schema.hindrance(.delete, []) != nil, "\(schema.kind)")
        }
    }

    @Test(
        "normalisers take any value and never trap", arguments: DigitalOceanKinds.all.flatMap(\.attributes).map(\.name))
    func anyValue(name: String) throws {
        let values = [
            "null", "true", "1", "1.5", #""""#, #""\"""#, #"".""#, #""::""#, "[]", "[null,1,[],{}]", "{}",
            #"[{"protocol":1,"ports":{},"sources":[1]}]"#,
        ]
        for schema in DigitalOceanKinds.all {
            guard let rule = schema.rule(name) else { continue }
            for text in values {
                let once = rule.normalise(try JSON.parse(text))
                #expect(rule.normalise(once) == once)
            }
        }
    }

    @Test(
        "a change becomes these steps",
        arguments: [
            ("droplet", ChangeAction.create, "[]", "create!"), ("droplet", .delete, "[]", "delete"),
            ("droplet", .replace, "[]", "delete create!"), ("droplet", .adopt, "[]", "tag:odooops:managed"),
            (
                "droplet", .update, #"[["size","a","b"]]"#,
                "tag:odooops:resizing power_off resize power_on untag:odooops:resizing"
            ),
            ("droplet", .update, #"[["tags",["a"],["a","c","b"]]]"#, "tag:b tag:c"),
            ("droplet", .update, #"[["ipv6",false,true],["backups",true,false]]"#, "disable_backups enable_ipv6"),
            (
                "database_cluster", .update, #"[["num_nodes",1,2],["size","a","b"],["version","15","16"]]"#,
                "upgrade resize"
            ),
            ("database_cluster", .update, #"[["region","sgp1","fra1"]]"#, "migrate"),
            ("database_firewall", .create, "[]", "replace_rules"), ("database_firewall", .delete, "[]", "leave"),
            ("record", .update, #"[["ttl",60,120]]"#, "update"), ("record", .adopt, "[]", ""),
            ("firewall", .adopt, "[]", ""),
            ("firewall", .update, #"[["tags",[],["a"]]]"#, "update"), ("tag", .noop, "[]", ""),
            ("domain", .forget, "[]", ""),
        ])
    func steps(kind: String, action: ChangeAction, attributes: String, expected: String) throws {
        let changes = try JSON.parse(attributes).listValue?.compactMap { item -> AttributeChange? in
            guard let path = item[0]?.stringValue else { return nil }
            return AttributeChange(path: path, before: item[1], after: item[2])
        }
        let key = ResourceKey(ResourceKind("digitalocean.\(kind)"), "thing")
        let change = change(key, action, attributes: changes ?? []).change
        let steps = makeDriver(TableTransport { _, _ in .missing }).steps(for: change)
        #expect(steps.map { $0.operation + ($0.creates ? "!" : "") }.joined(separator: " ") == expected)
        #expect(Set(steps.map(\.id)).count == steps.count)
        #expect(steps.allSatisfy { !$0.title.isEmpty && $0.id.hasPrefix("\(key)#") })
    }

    @Test(
        "every answer has its code and its consequence",
        arguments: [
            (401, "unauthorized", "DO-0001", Disposition.stop), (403, "forbidden", "DO-0002", .stop),
            (409, "conflict", "DO-0004", .retry(after: nil)),
            (412, "precondition", "DO-0004", .retry(after: .seconds(60))),
            (422, "unprocessable_entity", "DO-0005", .waitForNewCommit),
            (400, "bad_request", "DO-0005", .waitForNewCommit),
            (500, "server_error", "DO-0007", .observeAgain), (503, "service_unavailable", "DO-0007", .observeAgain),
            (302, "found", "DO-0019", .stop),
        ])
    func faults(status: Int, id: String, code: String, disposition: Disposition) async throws {
        let transport = TableTransport { _, _ in .error(status, id, "the provider's own words") }
        let wanted = change(ResourceKey(.domain, "example.com"), .create)
        let outcome = await run(makeDriver(transport), wanted)
        let fault = try #require(outcome.fault)
        #expect(fault.code == code)
        #expect(fault.disposition == disposition)
        #expect(fault.status == status)
        #expect(fault.place == "POST /v2/domains")
        if code != "DO-0019" {
            #expect(fault.message.contains("the provider's own words"))
            #expect(fault.providerCode == id)
            #expect(fault.requestID == "req-1")
        }
        #expect(outcome.word.hasPrefix("unknown") == (disposition == .observeAgain))
        // A POST is never sent twice on its own.
        #expect(transport.writes.count == 1)
    }

    @Test("401 names the variable, 403 the scope, HTML the address")
    func hints() async throws {
        for (answer, part) in [
            (TableTransport.Answer.error(401, "unauthorized", "x"), "DIGITALOCEAN_ACCESS_TOKEN"),
            (.error(403, "forbidden", "x"), "domain:create"),
            (.raw(404, [HTTPHeader("Content-Type", "text/html")], "<html>"), "DIGITALOCEAN_API_URL"),
        ] {
            let fault = await run(
                makeDriver(TableTransport { _, _ in answer }), change(ResourceKey(.domain, "example.com"), .create)
            ).fault
            #expect(fault?.hint?.contains(part) == true)
        }
    }

    @Test("the second form of error bodies is understood")
    func rootCauses() async {
        let body = #"{"error":"not allowed","messages":["first","second"],"root_causes":[]}"#
        let transport = TableTransport { _, _ in .raw(422, [HTTPHeader("Content-Type", "application/json")], body) }
        let fault = await run(makeDriver(transport), change(ResourceKey(.domain, "example.com"), .create)).fault
        #expect(fault?.message.contains("first; second") == true)
    }

    @Test("a retired image keeps the slug that it had, so that nothing is replaced for it")
    func retiredImage() async {
        let image: Value = .object(
            ["id": 9, "slug": .null, "type": "base", "distribution": "Ubuntu", "name": "20.04 (LTS) x64"]
                as Value.Object)
        let old = droplet(1, "old").objectValue.map { object -> Value in
            var object = object
            object["image"] = image
            return .object(object)
        }
        let transport = TableTransport { call, _ in page("droplets", [old ?? .null], call) }
        #expect(await observe([.droplet], [:], transport).first(.droplet)?.attributes["image"] == "ubuntu-20-04-x64")
    }

    @Test("drivers know the rules of their kinds and their versions together, and without a credential nothing is seen")
    func together() async {
        let unconfigured = UnconfiguredDriver(
            provider: "digitalocean", schemas: DigitalOceanKinds.all, reason: "DIGITALOCEAN_ACCESS_TOKEN is not set")
        let drivers: [any Driver] = [unconfigured, makeDriver(TableTransport { _, _ in .missing })]
        #expect(drivers.versions == ["digitalocean": "unconfigured"])
        #expect(drivers.schemas.count == DigitalOceanKinds.all.count)
        let seen = await unconfigured.observe(ObserveRequest(kinds: [.droplet, .spacesBucket]), context)
        #expect(seen.map(\.completeness) == [.unknown(reason: "DIGITALOCEAN_ACCESS_TOKEN is not set")])
    }
}
