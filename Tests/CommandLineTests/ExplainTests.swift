import Basics
import Formats
import TestKit
import Testing

@Suite("Explain and gates")
struct ExplainTests {
    @Test("Each attribute is told with file, line, what decided and the commit that changed it last")
    func namesWhoWantedIt() async throws {
        let site = try Site()
        let first = site.git("rev-parse HEAD").split(separator: "\n").last.map { String($0) }
        let text = Site.inventory.replacing("www, data: 203.0.113.7", with: "www, data: 203.0.113.9")
        try site.commit(["ssot/infra/digitalocean/inventory.yaml": text])
        let result = await site.run("explain", "digitalocean.record/shop.example/A/www", "--json")
        let attributes = try #require(result.json?["attributes"]?.listValue, "\(result.story)")
        func attribute(_ name: String) -> Value? { attributes.first { $0["name"]?.stringValue == name } }
        let data = try #require(attribute("data"), "\(result.story)")
        #expect(data["source"]?.stringValue?.hasPrefix("ssot/infra/digitalocean/inventory.yaml:6:") == true)
        #expect(data["from"] == "the document's own entry")
        let commit = try #require(data["commit"])
        #expect(commit["subject"] == "change" && commit["author"] == "T <t@t>")
        #expect(commit["id"]?.stringValue?.utf8.count == 40 && commit["id"]?.stringValue != first)
        #expect(commit["at"]?.stringValue?.isEmpty == false)
        #expect(result.json?["precedence"]?[0]?.stringValue?.contains("under the root") == true)
        let other = await site.run("explain", "digitalocean.record/shop.example/A/erp", "--json")
        #expect(other.json?["attributes"]?[0]?["commit"]?["id"]?.stringValue == first, "\(other.story)")
        let people = await site.run("explain", "digitalocean.record/shop.example/A/www")
        #expect(people.output.contains("changed last by"), "\(people.story)")
    }

    @Test("A person says that a difference is known, and takes it back")
    func acknowledges() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        try site.commit([
            "ssot/infra/digitalocean/inventory.yaml": Site.inventory.replacing(
                "www, data: 203.0.113.7", with: "www, data: 203.0.113.9")
        ])
        let key = "digitalocean.record/shop.example/A/www"
        func mark() async -> Value? { await site.run("drift", "--json").json?["drift"]?[0]?["mark"] }
        func status() async -> String? {
            _ = await site.run("--dry-run")
            return await site.run("findings", "--json").json?[0]?["status"]?.stringValue
        }
        #expect(await status() == "open")
        #expect(await mark() == .null)
        let wordless = await site.run("drift", "ack", key)
        #expect(wordless.status == 64 && wordless.error.contains("--reason"), "\(wordless.story)")
        let unknown = await site.run("drift", "ack", key + "x", "--reason", "audit")
        #expect(unknown.status == 64 && unknown.error.contains("Did you mean \(key)?"), "\(unknown.story)")
        #expect(await site.run("drift", "ack", key, "--reason", "audit").status == 0)
        #expect(await mark()?["by"] == "tester")
        #expect(await status() == "acknowledged")
        #expect(await site.run("drift", "unmute", key, "--json").json?["ended"] == 1)
        #expect(await site.run("drift", "mute", key, "--reason", "audit", "--for", "2h").status == 0)
        #expect(await mark()?["kind"] == "muted")
        #expect(await site.run("drift", "unmute", key).status == 0)
        #expect(await site.run("drift", "unmute", key).status == 64)
        #expect(await status() == "open")
    }

    @Test("One gate fails with 4, passes with 0, and is unknown with 1")
    func judges() async throws {
        let site = try Site()
        for (environment, bucket, status) in [
            ("production", "prod-a", Int32(0)), ("production", "a", 4), ("production", ",", 1), ("", "", 1),
        ] {
            let result = await site.run(
                "gates", "--gate", "supabase_bucket_env", "--json",
                with: ["DEPLOY_ENV": environment, "SUPABASE_STORAGE_BUCKET": bucket])
            #expect(result.status == status, "\(result.story)")
            #expect(result.json?["gates"]?.listValue?.count == 1)
        }
        let unknown = await site.run("gates", "--gate", "supabase_bucket")
        #expect(unknown.status == 64 && unknown.error.contains("supabase_bucket_env"), "\(unknown.story)")
    }

    @Test("A pasted secret is an error at its line, and no output shows it")
    func hidesSecrets() async throws {
        let site = try Site()
        let token = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
        try site.commit(["ssot/notes.yaml": "# a token: \(token)\nname: \(token)\n"])
        for arguments in [["validate"], ["validate", "--json"], ["validate", "--sarif"], ["--dry-run"]] {
            let result = await Program.run(arguments, in: site.directory.path, site.environment)
            #expect(!(result.output + result.error).contains("0123456789abcdef"), "\(arguments)")
            if arguments[0] == "validate" {
                #expect(result.status == 65, "\(arguments): \(result.story)")
                #expect(result.output.contains("SSOT-0300"))
            }
        }
    }
}
