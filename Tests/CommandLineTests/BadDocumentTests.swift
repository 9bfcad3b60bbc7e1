import Basics
import Formats
import TestKit
import Testing

/// A document that can't be used as it is, and the place and code that `validate` has to name.
struct BadDocument: Sendable, CustomTestStringConvertible {
    let name: String
    let file: String
    let text: String
    /// `LINE:COLUMN: SEVERITY[CODE]` and other texts.
    let says: [String]

    init(_ name: String, _ file: String, _ text: String, _ says: [String]) {
        self.name = name
        self.file = file
        self.text = text
        self.says = says
    }

    var testDescription: String { name }

    private static let policies = ".odooops/policies.yaml"
    private static let environments = "ssot/environments.yaml"
    private static let inventory = "ssot/infra/digitalocean/inventory.yaml"

    private static func ttl(_ text: String) -> BadDocument {
        BadDocument(
            "a time to live of \(text)", policies, "ttl_policies: {dev_ephemeral: \(text)}\n", ["1:31: error[SSOT-"])
    }

    static let all: [BadDocument] = [
        BadDocument("broken YAML", environments, "environments: {a: [\n", ["2:1: error[FMT-0002]"]),
        BadDocument(
            "a key twice", environments, "environments:\n  a: {tier: dev}\n  a: {tier: dev}\n",
            ["3:3: error[FMT-0003]", "2:3"]),
        BadDocument("a tab", environments, "environments:\n\ta: 1\n", ["2:1: error[FMT-"]),
        BadDocument("bytes that are no text", environments, "environments: \u{0}\n", ["1:15: error[FMT-"]),
        BadDocument(
            "a list where a mapping belongs", environments, "environments: [1, 2]\n", ["1:15: error[SSOT-0004]"]),
        BadDocument("a number where a text belongs", inventory, "droplets: [{name: 7}]\n", ["1:19: error[SSOT-"]),
        BadDocument(
            "an unknown tier", environments, "environments:\n  a: {tier: stagign}\n",
            ["2:13: error[SSOT-0022]", "id you mean", "staging"]),
        ttl("0d"), ttl("-1d"), ttl("1w2x"), ttl("7"), ttl("99999999999999999999d"),
        BadDocument(
            "a quantity of no unit", policies, "resource_quotas: {dev: {memory: \"9GiB\"}}\n",
            ["1:33: error[SSOT-0025]"]),
        BadDocument(
            "a regular expression", policies, "branch_mappings: [{pattern: \"^feature/.*$\", tier: dev}]\n",
            ["1:29: error[SSOT-", "globs"]),
        BadDocument("an alias bomb", environments, bomb, ["error[FMT-"]),
        BadDocument(
            "a merge conflict", environments,
            "environments:\n  a: {tier: dev}\n<<<<<<< HEAD\n  b: {tier: dev}\n=======\n  c: {tier: dev}\n>>>>>>> x\n",
            ["3:1: error[FMT-0002]", "merge conflict", "<<<<<<<"]),
        BadDocument("too deep", environments, "a: " + String(repeating: "[", count: 20_000), ["error[FMT-"]),
    ]

    private static let bomb: String = {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let items = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        return text
    }()
}

@Suite("A document that can't be used")
struct BadDocumentTests {
    @Test("is named with file, line, column and code; validate returns 65", arguments: BadDocument.all)
    func namesThePlace(_ bad: BadDocument) async throws {
        let place = try TemporaryDirectory()
        for (name, text) in Site.files where name != bad.file { try place.write(text, to: name) }
        try place.write(bad.text, to: bad.file)
        let result = await Program.run(["validate", "."], in: place.path, deadline: .seconds(10))
        #expect(result.status == 65, "\(result.story)")
        #expect(result.output.contains("\(bad.file):"), "\(result.story)")
        for text in bad.says { #expect(result.output.contains(text), "“\(text)” is missing: \(result.story)") }
        let json = await Program.run(["validate", ".", "--json"], in: place.path, deadline: .seconds(10))
        #expect(json.status == 65)
        #expect(json.json?["valid"]?.boolValue == false, "\(json.story)")
        #expect(json.error.isEmpty, "\(json.story)")
    }

    @Test("of 50 MB is set apart within seconds; the rest is planned")
    func setsApartWhatIsTooLarge() async throws {
        let site = try Site()
        let line = "- {name: a, text: " + String(repeating: "x", count: 80) + "}\n"
        try site.commit(["ssot/huge.yaml": "items:\n" + String(repeating: line, count: 500_000)])
        let result = await site.run("--dry-run")
        #expect(result.status == 0, "\(result.story.prefix(4000))")
        #expect(result.output.contains("ssot/huge.yaml"), "\(result.story.prefix(4000))")
        #expect(result.output.contains("digitalocean.record/shop.example/A/erp"), "\(result.story.prefix(4000))")
    }

    @Test("A wish beyond the quota is refused with both figures, and the rest is applied")
    func refusesBeyondTheQuota() async throws {
        let site = try Site()
        let wish = "environments:\n  lab: {tier: dev, branch: main, domain: lab.shop.example, workers: 3}\n"
        try site.commit(["ssot/environments.yaml": wish])
        let result = await site.run("--dry-run")
        #expect(result.output.contains("it wants 3 workers; the quota of dev is 2"), "\(result.story)")
    }

    @Test("takes nothing away: what it held is unknown, and nothing is deleted")
    func deletesNothing() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        let before = await site.records()
        #expect(before.count == 3, "\(before)")
        try site.commit(["ssot/infra/digitalocean/inventory.yaml": "domains: ["])
        let broken = await site.run()
        #expect(broken.output.contains("error[FMT-"), "\(broken.story)")
        #expect(await site.records() == before, "\(broken.story)")
        site.git("rm -rq . && git commit -q -m nothing --allow-empty")
        let empty = await site.run()
        #expect(empty.status == 65, "\(empty.story)")
        #expect(empty.error.contains("SSOT-0001"), "\(empty.story)")
        #expect(await site.records() == before, "\(empty.story)")
    }

    @Test("in UTF-16 is shown as it was meant, and no secret of it is")
    func showsWideText() async throws {
        let place = try TemporaryDirectory()
        for (name, text) in Site.files { try place.write(text, to: name) }
        let text = "environments: {}\n# ghp_" + "Q7mV2xK9pR4tW6yB8nD3fH5jL1sZ0c\n"
        let bytes = ([0xFEFF] + Array(text.utf16)).flatMap {
            [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
        }
        try FileSystem.write(bytes, to: place.path("ssot/environments.yaml"))
        let result = await Program.run(["validate", "."], in: place.path, deadline: .seconds(10))
        #expect(result.status == 65, "\(result.story)")
        for said in ["1:1: error[FMT-0001]: the file is UTF-16", "| environments: {}", "2:3: error[SSOT-0300]"] {
            #expect(result.output.contains(said), "“\(said)” is missing: \(result.story)")
        }
        #expect(!result.output.contains("Q7mV2xK9") && !result.output.contains("{0}"), "\(result.story)")
    }

    @Test("with a password in plain text shows its line without it")
    func hidesPasswords() async throws {
        let place = try TemporaryDirectory()
        for (name, text) in Site.files { try place.write(text, to: name) }
        let password = "Tr0ub4" + "dor&3xyz"
        try place.write("environments: {}\nx_smtp: {password: \"\(password)\"}\n", to: "ssot/environments.yaml")
        let result = await Program.run(["validate", "."], in: place.path, deadline: .seconds(10))
        #expect(result.output.contains("2:21: error[SSOT-0300]: a password stands here"), "\(result.story)")
        #expect(result.output.contains("x_smtp: {password: \"<redacted>\"}"), "\(result.story)")
        #expect(!result.output.contains(password), "\(result.story)")
    }
}
