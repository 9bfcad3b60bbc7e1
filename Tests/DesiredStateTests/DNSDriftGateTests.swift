import Basics
import DesiredState
import Testing

/// What Cloudflare holds, as somebody fetched it, against what the documents want.
@Suite struct DNSDriftGateTests {
    private static let records = """
        zone: shop.example
        records:
          - {type: A, name: erp, content: 192.0.2.7, proxied: true}
          - {type: cname, name: WWW.shop.example., content: Host.Example., proxied: false}
          - {type: TXT, name: "@", content: '"v=spf1 -all"'}
          - {type: MX, name: "@", content: mx.shop.example, priority: 10}
        """

    private static let registry = """
        domain: shop.example
        subdomains:
          - {name: erp, type: A, cloudflare_proxied: true}
          - {name: later, type: A, lifecycle: planned, cloudflare_proxied: true}
          - {name: old, type: A}
        """

    private static let edge = """
        zone: {name: shop.example, provider: cloudflare}
        hostnames:
          - {hostname: shop.example, aliases: [erp.shop.example], cloudflare: {proxied: true}}
        """

    /// One answer of the API; each record as `TYPE NAME CONTENT PROXIED [PRIORITY]`.
    private static func answer(_ records: [String], total: Int? = nil, page: Int = 1) -> String {
        let rows = records.map { record in
            let words = record.split(separator: " ").map { $0.replacing("_", with: " ") }
            let proxied = words[3] == "-" ? "" : ", \"proxied\": \(words[3])"
            let priority = words.count > 4 ? ", \"priority\": \(words[4])" : ""
            return
                "{\"type\": \"\(words[0])\", \"name\": \"\(words[1])\", \"content\": \"\(words[2])\"\(proxied)\(priority)}"
        }
        return "{\"success\": true, \"result\": [\(rows.joined(separator: ",\n"))], "
            + "\"result_info\": {\"page\": \(page), \"total_count\": \(total ?? records.count)}}"
    }

    private static let whole = [
        "A erp.shop.example 192.0.2.7 true", "CNAME www.shop.example host.example false",
        "TXT shop.example v=spf1_-all false", "MX shop.example mx.shop.example false 10",
    ]

    private static let second = answer(whole, total: 12, page: 2)
    private static let elsewhere = whole.map { $0.replacing("shop.", with: "other.") }

    private static func evaluate(_ files: [String: String], _ live: String?) -> GateResult? {
        var files = files
        files["ssot/notes.yaml"] = "a: 1"
        let tree = SourceTree(
            revision: "r", files: files.map { SourceFile(path: $0.key, text: $0.value + "\n") }, branches: .none)
        let given = live.map { GateInputs.Observation(name: "live.json", bytes: Array($0.utf8)) }
        return evaluateGates(tree, GateInputs(dnsRecords: given)).first { $0.name == "cloudflare_dns_drift" }
    }

    private static func text(_ result: GateResult?) -> String {
        guard let result else { return "-" }
        let places = result.findings.filter { $0.severity == .error }.map { finding in
            "\(finding.code) \(finding.mark?.file.split(separator: "/").last ?? ""):\(finding.mark?.line ?? 0)"
        }
        return (["\(result.verdict.rawValue) \(result.exitStatus)"] + places.sorted()).joined(separator: ", ")
    }

    @Test(
        arguments: [
            (whole, "pass 0"),
            // The script's own hole: the same record, with and without the proxy.
            (
                ["A erp.shop.example 192.0.2.7 false"] + whole.dropFirst(),
                "fail 1, GATE-0082 shop.example.records.yaml:3"
            ),
            (
                whole.dropLast(2) + ["MX shop.example mx.shop.example false 10"],
                "fail 1, GATE-0081 shop.example.records.yaml:5"
            ),
            (
                whole.dropLast() + ["MX shop.example mx.shop.example false 20"],
                "fail 1, GATE-0081 live.json:4, GATE-0081 shop.example.records.yaml:6"
            ),
            (whole + ["A new.shop.example 192.0.2.8 false"], "fail 1, GATE-0081 live.json:5"),
            (whole + ["A new.other.example 192.0.2.8 false"], "pass 0"),
            (["A erp.shop.example 192.0.2.7 -"] + whole.dropFirst(), "unknown 2"),
        ] as [([String], String)])
    func recordsAreComparedWithTheirProxy(_ live: [String], _ expected: String) {
        let files = ["infra/cloudflare/shop.example.records.yaml": Self.records]
        #expect(Self.text(Self.evaluate(files, Self.answer(live))) == expected)
        // The same below a root.
        let moved = ["ssot/cloudflare/shop.example.records.yaml": Self.records]
        #expect(Self.text(Self.evaluate(moved, Self.answer(live))) == expected)
    }

    @Test(arguments: [
        (
            "A shop.example 192.0.2.7 true|A erp.shop.example 192.0.2.7 true|A more.shop.example 192.0.2.9 false",
            "pass 0"
        ),
        (
            "A shop.example 192.0.2.7 true|A erp.shop.example 192.0.2.7 false",
            "fail 1, GATE-0082 nginx_cloudflare_map.yaml:3, GATE-0082 subdomain-registry.yaml:3"
        ),
        ("A erp.shop.example 192.0.2.7 true", "fail 1, GATE-0081 nginx_cloudflare_map.yaml:3"),
        ("TXT shop.example a false|A erp.shop.example 192.0.2.7 true", "fail 1, GATE-0081 nginx_cloudflare_map.yaml:3"),
    ])
    func otherDocumentsSayOnlyWhoGoesThroughTheProxy(_ live: String, _ expected: String) {
        let files = [
            "infra/dns/subdomain-registry.yaml": Self.registry, "ssot/edge/nginx_cloudflare_map.yaml": Self.edge,
        ]
        #expect(Self.text(Self.evaluate(files, Self.answer(live.split(separator: "|").map(String.init)))) == expected)
    }

    /// Nothing passes that was not seen whole.
    @Test(
        arguments: [
            (nil, "GATE-0001"), ("", "GATE-0002"), ("[]", "GATE-0002"), ("{}", "GATE-0002"),
            ("{\"success\": false, \"errors\": [], \"result\": null}", "GATE-0002"),
            (answer(whole, total: 5), "GATE-0002"), (answer(["A a.other.example 192.0.2.1 true"]), "GATE-0002"),
            // A second page without the first, and one of two zones only.
            ("[\(answer(whole)), \(answer([], total: 4, page: 2))]", "pass"),
            ("[\(answer(whole)), {\"success\": false}]", "GATE-0002"),
            // A page without the first one, alone and beside another zone; one twice in the place of another.
            (answer(whole, total: 104, page: 2), "GATE-0002"),
            ("[\(answer(whole)), \(answer(elsewhere, total: 104, page: 2))]", "GATE-0002"),
            ("[\(answer(whole, total: 12)), \(second), \(second)]", "GATE-0002"),
            // Two zones of the same size.
            ("[\(answer(whole)), \(answer(elsewhere))]", "pass"),
        ] as [(String?, String)])
    func whatWasNotObservedIsUnknown(_ live: String?, _ expected: String) {
        let result = Self.evaluate(["infra/cloudflare/shop.example.records.yaml": Self.records], live)
        #expect(result?.verdict == (expected == "pass" ? .pass : .unknown))
        #expect(result?.codes == (expected == "pass" ? [] : [expected]))
    }

    @Test(arguments: [
        ("infra/cloudflare/shop.example.records.yaml", "records: [", "GATE-0002"),
        ("infra/cloudflare/shop.example.records.yaml", "records: []", "GATE-0001"),
        ("ssot/edge/nginx_cloudflare_map.yaml", "hostnames: [", "GATE-0002"),
        ("ssot/dns/subdomain-registry.yaml", "subdomains: [", "GATE-0002"),
    ])
    func whatCanNotBeReadIsUnknown(_ path: String, _ text: String, _ expected: String) {
        let result = Self.evaluate([path: text], Self.answer(Self.whole))
        #expect(result?.verdict == .unknown)
        #expect(result?.codes == [expected])
    }

    @Test(arguments: [
        ("ssot/notes.yaml", "a: 1", "not_asked"),
        ("ssot/dns/subdomain-registry.yaml", "subdomains: [{name: a}]", "not_asked"),
        ("ssot/dns/subdomain-registry.yaml", "subdomains: [{name: a, cloudflare_proxied: false}]", "unknown"),
        ("ssot/edge/nginx_cloudflare_map.yaml", "hostnames: []", "unknown"),
    ])
    func whoeverDoesNotUseItIsNotAsked(_ path: String, _ text: String, _ expected: String) {
        #expect(Self.evaluate([path: text], nil)?.verdict.rawValue == expected)
    }
}
