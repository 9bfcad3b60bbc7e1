import Basics
import Formats
import Simulator
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
        // Whoever made the head changed neither this line nor this file: they are named as the revision's author alone.
        try site.commit(["ssot/notes.yaml": "schema: notes\n"])
        let head = site.git("rev-parse HEAD").split(separator: "\n").last.map { String($0) }
        let later = await site.run("explain", "digitalocean.record/shop.example/A/erp", "--json")
        #expect(later.json?["revision"]?.stringValue == head && later.json?["commit"]?["id"]?.stringValue == first)
        #expect(later.json?["head"]?["subject"] == "change", "\(later.story)")
        let people = await site.run("explain", "digitalocean.record/shop.example/A/erp")
        let wanted = people.output.split(separator: "\n").drop { !$0.hasPrefix("  wanted by") }.prefix(3)
        #expect(wanted.dropFirst().first?.contains("changed last by \(first?.prefix(12) ?? "?")") == true)
        #expect(wanted.last?.hasPrefix("  revision     \(head?.prefix(12) ?? "?")") == true, "\(people.story)")
    }

    @Test("Documents that contradict each other can be read, and all of them are named")
    func contradiction() async throws {
        let site = try Site()
        try site.commit([
            "ssot/odoo/mail.yaml": "production: {smtp_server: a.example, smtp_port: 587}\n",
            "ssot/runtime/prod_settings.yaml": "email: {config: {smtp_host: b.example, smtp_port: 587}}\n",
        ])
        let mail = await site.run("explain", "mail.transport/production")
        #expect(mail.output.contains("documents contradict each other on the mail of production: "), "\(mail.story)")
        #expect(!mail.output.contains("can't be read") && mail.output.contains("until they agree"), "\(mail.story)")
    }

    @Test(
        "An environment's attributes are told with line, commit and what decided; entries without resources are known")
    func attributesOfAnEnvironment() async throws {
        let site = try Site()
        try site.commit(["ssot/environments.yaml": "environments:\n  desk:\n    tier: dev\n    workers: 2\n"])
        let first = site.git("rev-parse HEAD").split(separator: "\n").last.map { String($0) }
        try site.commit([
            ".odooops.yaml": "environments:\n  desk: {workers: 3}\n",
            "ssot/integrations/_index.yaml": "integrations: [{id: chat, file: chat.yaml, status: planned}]\n",
            "ssot/maintenance/convergence.yaml":
                "environments:\n  dev:\n    required:\n      functions: [ops-scan]\n",
        ])
        let second = site.git("rev-parse HEAD").split(separator: "\n").last.map { String($0) }
        try site.commit(["ssot/notes.yaml": "schema: notes\n"])
        for name in ["desk", "environment/desk", "backup/desk"] {
            let answer = await site.run("explain", name, "--json")
            let attributes = answer.json?["attributes"]?.listValue ?? []
            let workers = attributes.first { $0["name"] == "workers" }
            #expect(
                workers?["value"] == "3" && workers?["from"] == "the override of the environment", "\(answer.story)")
            #expect(
                workers?["source"]?.stringValue == ".odooops.yaml:2:19"
                    && workers?["commit"]?["id"]?.stringValue == second)
            #expect(workers?["before"]?[0]?["value"] == "2")
            let tier = attributes.first { $0["name"] == "tier" }
            #expect(tier?["commit"]?["id"]?.stringValue == first && answer.json?["commit"]?["id"]?.stringValue == first)
        }
        let text = await site.run("explain", "desk")
        #expect(text.output.contains("workers = 3  .odooops.yaml:2:19"), "\(text.story)")
        #expect(text.output.contains("before 2 of the environment's own entry"), "\(text.story)")
        for (key, line) in [
            ("ops.integration/chat", "ssot/integrations/_index.yaml:1:"),
            ("ops.convergence_check/dev/function_missing/ops-scan", "ssot/maintenance/convergence.yaml:4:"),
        ] {
            let answer = await site.run("explain", key, "--json")
            #expect(answer.json?["type"] == "entry" && answer.json?["key"]?.stringValue == key, "\(answer.story)")
            #expect(answer.json?["source"]?.stringValue?.hasPrefix(line) == true, "\(answer.story)")
            #expect(answer.json?["commit"]?["id"]?.stringValue == second)
            let text = await site.run("explain", key)
            #expect(text.output.contains("changed last by \(second?.prefix(12) ?? "?")"), "\(text.story)")
        }
        let wrong = await site.run("explain", "ops.integration/chatt")
        #expect(wrong.status == 64 && wrong.error.contains("ops.integration/chat?"), "\(wrong.story)")
        let code = await Program.run(["explain", "SSOT-9999"], in: site.directory.path)
        #expect(code.status == 64 && code.error.contains("no code SSOT-9999"), "\(code.story)")
    }

    @Test("Each field of an integration and of a check is told with its own line and who changed that last")
    func fieldsOfEntries() async throws {
        let site = try Site()
        let index = "integrations:\n  - id: chat\n    file: integrations/chat.yaml\n    status: planned\n"
        let checks = "environments:\n  dev:\n    required:\n      functions:\n        - ops-scan\n"
        try site.commit([
            "ssot/integrations/_index.yaml": index, "ssot/integrations/chat.yaml": "id: chat\n",
            "ssot/maintenance/convergence.yaml": checks,
        ])
        func head() -> String { String(site.git("rev-parse HEAD").split(separator: "\n").last ?? "?") }
        let first = head()
        try site.commit([
            "ssot/integrations/_index.yaml": index.replacing("planned", with: "active"),
            "ssot/integrations/chat.yaml": "id: chat\nbaseline_allowed: true\n",
            "ssot/maintenance/convergence.yaml": checks + "        - ops-sync\n",
        ])
        let second = head()
        let scan = "ops.convergence_check/dev/function_missing/ops-scan"
        for (key, name, value, source, commit) in [
            ("ops.integration/chat", "status", "\"active\"", "ssot/integrations/_index.yaml:4:", second),
            (
                "ops.integration/chat", "file", "\"ssot/integrations/chat.yaml\"", "ssot/integrations/_index.yaml:3:",
                first
            ),
            ("ops.integration/chat", "baseline_allowed", "true", "ssot/integrations/chat.yaml:2:", second),
            (scan, "environment", "\"dev\"", "ssot/maintenance/convergence.yaml:2:", first),
            (scan, "kind", "\"function_missing\"", "ssot/maintenance/convergence.yaml:4:", first),
            (
                scan.replacing("scan", with: "sync"), "key", "\"ops-sync\"", "ssot/maintenance/convergence.yaml:6:",
                second
            ),
        ] {
            let answer = await site.run("explain", key, "--json")
            let attribute = answer.json?["attributes"]?.listValue?.first { $0["name"]?.stringValue == name }
            #expect(attribute?["value"]?.stringValue == value, "\(name): \(answer.story)")
            #expect(attribute?["source"]?.stringValue?.hasPrefix(source) == true, "\(name): \(answer.story)")
            #expect(attribute?["commit"]?["id"]?.stringValue == commit, "\(name): \(answer.story)")
            let text = await site.run("explain", key)
            #expect(text.output.contains("\(name) = \(value)  \(source)"), "\(text.story)")
        }
        let chat = await site.run("explain", "ops.integration/chat", "--json")
        let files = chat.json?["precedence"]?.listValue?.compactMap { $0.stringValue?.split(separator: " ").first }
        #expect(files == ["ssot/integrations/_index.yaml", "ssot/integrations/chat.yaml"], "\(chat.story)")
    }

    @Test("A person says that a difference is known, and takes it back")
    func acknowledges() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        await site.point("www", at: "203.0.113.9")
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

    @Test(
        "After a pass with a failed step, drift is told as of that pass; an environment and an unread line are explained"
    )
    func answers() async throws {
        let site = try Site()
        #expect(await site.run("drift").output.hasPrefix("No pass was made yet"))
        let refusal = FaultOrder("POST", "/v2/domains/*/records", .preconditionFailed)
        site.provider.simulator.order(refusal)
        let failed = await site.run("--json")
        #expect(failed.status == 1, "\(failed.story)")
        let told = await site.run("drift")
        #expect(told.output.contains("1 difference as of run "), "\(told.story)")
        site.provider.simulator.order(refusal)
        #expect(await site.run().status == 1)
        // Nor is it made by this one: it stays told, as of the newer pass.
        let after = await site.run("drift")
        #expect(after.output.contains("1 difference as of run ") && after.output != told.output, "\(after.story)")
        #expect(await site.run().status == 0)

        let lab = await site.run("explain", "lab")
        #expect(lab.status == 0 && lab.output.hasPrefix("environment lab\n  as wanted"), "\(lab.story)")
        #expect(await site.run("env", "suspend", "lab", "--reason", "a demo").status == 0)
        let left = await site.run("explain", "lab", "--json")
        #expect(left.json?["state"] == "suspended" && left.json?["command"] == "reconcile env resume lab")
        let environments = try #require(Site.files["ssot/environments.yaml"])
        try site.commit(["ssot/environments.yaml": environments.replacing("{tier: dev,", "{tier: [dev],")])
        let both = await site.run("explain", "lab")
        for text in ["  unknown ", "at ssot/environments.yaml:", "  suspended ", "a demo", "reconcile env resume lab"] {
            #expect(both.output.contains(text), "\(both.story)")
        }
        try site.commit([
            "ssot/environments.yaml": environments,
            "ssot/infra/digitalocean/inventory.yaml": Site.inventory + "droplets: {{\n",
        ])
        let unread = await site.run("explain", "digitalocean.droplet/new")
        #expect(
            unread.status == 0 && unread.output.contains("in the way   unknown_wish: nothing that"), "\(unread.story)")
        #expect(unread.output.contains("at ssot/infra/digitalocean/inventory.yaml:"), "\(unread.story)")
        #expect(unread.output.contains("reconcile validate"), "\(unread.story)")
    }

    @Test("One gate exits as its script does: 0 right, 1 violated, 2 without an input")
    func judges() async throws {
        let site = try Site()
        for (environment, bucket, status) in [
            ("production", "prod-a", Int32(0)), ("production", "a", 1), ("production", ",", 2), ("", "", 2),
        ] {
            let result = await site.run(
                "gates", "--gate", "supabase_bucket_env", "--json",
                with: ["DEPLOY_ENV": environment, "SUPABASE_STORAGE_BUCKET": bucket])
            #expect(result.status == status, "\(result.story)")
            #expect(result.json?["gates"]?.listValue?.count == 1)
        }
        let several = await site.run(
            "gates", "--gate", "supabase_bucket_env", "--gate", "domains",
            with: ["DEPLOY_ENV": "staging", "SUPABASE_STORAGE_BUCKET": "prod-a"])
        #expect(several.status == 4, "\(several.story)")
        // What nobody uses doesn't hold up those who use something else.
        let all = await site.run("gates")
        #expect(all.status == 0 && all.output.contains("not asked"), "\(all.story)")
        // A violation stands beside its line at the code host, with both commands.
        try site.commit([
            "ssot/domains/shop.example.yaml": "apex: shop.example\ncanonical_subdomains:\n  - {host: erp, service: s}\n"
        ])
        for command in ["gates", "validate"] {
            let sarif = await site.run(command, "--sarif")
            let results = sarif.json?["runs"]?[0]?["results"]?.listValue ?? []
            let result = results.first { $0["ruleId"] == "GATE-0006" }
            #expect(result?["level"]?.stringValue == (command == "gates" ? "error" : "warning"))
            let found = result?["locations"]?[0]?["physicalLocation"]
            #expect(found?["artifactLocation"]?["uri"] == "ssot/domains/shop.example.yaml", "\(sarif.story)")
            #expect(found?["region"]?["startLine"] == 3)
        }
        // Text, JSON, exit and SARIF say the same of it: nothing is wrong with the documents, unless that is asked strictly.
        for (option, status, isValid) in [("--list", Int32(0), true), ("--strict", 65, false)] {
            let text = await site.run("validate", option)
            #expect(text.status == status && text.output.contains("1 fail (domains)"), "\(text.story)")
            #expect(text.output.contains(isValid ? "Valid: 0 errors" : ", 1 failing gate."))
            let json = await site.run("validate", option, "--json")
            #expect(json.status == status && json.json?["valid"]?.boolValue == isValid)
            let sarif = await site.run("validate", option, "--sarif")
            let results = sarif.json?["runs"]?[0]?["results"]?.listValue ?? []
            #expect(results.contains { $0["level"] == "error" } == !isValid && sarif.status == status, "\(sarif.story)")
        }
        // What Cloudflare holds is given in a file; without one nothing was observed.
        try site.commit([
            "infra/cloudflare/shop.example.records.yaml":
                "records: [{type: A, name: erp, content: 192.0.2.7, proxied: true}]\n"
        ])
        let live = "\(site.directory.path)/live.json"
        let record = "{\"type\": \"A\", \"name\": \"erp.shop.example\", \"content\": \"192.0.2.7\", \"proxied\": false}"
        try FileSystem.write(Array("{\"success\": true, \"result\": [\(record)]}".utf8), to: live)
        let unseen = await site.run("gates", "--gate", "cloudflare_dns_drift")
        #expect(unseen.status == 2 && unseen.output.contains("nobody observed"), "\(unseen.story)")
        let seen = await site.run("gates", "--gate", "cloudflare_dns_drift", "--dns-records", live)
        #expect(seen.status == 1 && seen.output.contains("GATE-0082"), "\(seen.story)")
        let gone = await site.run("gates", "--dns-records", "\(live).none")
        #expect(gone.status != 0 && gone.output.isEmpty && gone.error.contains("live.json.none"), "\(gone.story)")
        // Every document is listed; inside of a root people are told where the top is.
        let list = await site.run("validate", "--list")
        #expect(
            list.output.contains("DOCUMENT") && list.output.contains("ssot/domains/shop.example.yaml"), "\(list.story)")
        let inside = await Program.run(["validate", "ssot/ssot"], in: site.directory.path)
        #expect(inside.status == 64 && inside.error.contains("top of the repository"), "\(inside.story)")
        let unknown = await site.run("gates", "--gate", "supabase_bucket")
        #expect(unknown.status == 64 && unknown.error.contains("supabase_bucket_env"), "\(unknown.story)")
    }

    @Test("A pasted secret is an error at its line, and no output shows it")
    func hidesSecrets() async throws {
        let site = try Site()
        let token = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
        // A name is made into other names, of which nobody can tell any more that it was a token.
        let named = "ghp_" + "Q7mV2xK9pR4tW6yB8nD3fH5jL1sZ0c"
        let hex = "sbp_" + "4f9a1c7e3b8d2056af1e9c3b7d5f2a8046e1c9b3"
        try site.commit([
            "ssot/notes.yaml": "# a token: \(token)\nname: \(token)\n",
            "ssot/environments.yaml":
                "environments: {\(named): {tier: dev, branch: b}, \(hex): {tier: dev, branch: c}}\n",
            // Behind an escape, and in the names of a file and a branch.
            "ssot/escaped.yaml": "name: \"\\x67\(named.dropFirst())\"\n",
            "ssot/qa/\(named).yaml": "see: ssot/nowhere.yaml\n",
        ])
        site.git("branch \(hex)")
        for arguments in [
            ["validate"], ["validate", "--json"], ["validate", "--sarif"], ["validate", "--list"], ["--dry-run"],
        ] {
            let result = await Program.run(arguments, in: site.directory.path, site.environment)
            let shown = (result.output + result.error).lowercased()
            for part in ["0123456789abcdef", "q7mv2xk9", "4f9a1c7e"] { #expect(!shown.contains(part), "\(arguments)") }
            if arguments[0] == "validate" {
                #expect(result.status == 65, "\(arguments): \(result.story)")
                #expect(result.output.contains("SSOT-0300"))
                #expect(
                    result.output.contains("ssot/escaped.yaml") && result.output.contains("redacted"))
            }
        }
        // Nor does what a pass keeps.
        let kept = Places.files(under: site.directory.path, endingWith: "").filter { !$0.contains(".git/") }
        try #require(kept.contains { $0.contains("evidence/") }, "\(kept)")
        for path in kept where !path.hasPrefix("ssot/") {
            let bytes = try FileSystem.read("\(site.directory.path)/\(path)")
            for part in ["Q7mV2xK9", "q7mv2xk9", "4f9a1c7e"] {
                #expect(bytes.firstRange(of: Array(part.utf8)) == nil, "\(path)")
            }
        }
    }

    @Test("A code that is printed can be looked up where the program is, and its page goes along to code hosts")
    func explainsCodes() async throws {
        let directory = try TemporaryDirectory(prefix: "odooops-codes")
        let page = await Program.run(["explain", "SSOT-0300"], in: directory.path)
        #expect(page.status == 0 && page.output.contains("## Remedy"), "\(page.story)")
        let json = await Program.run(["explain", "SSOT-0300", "--json"], in: directory.path)
        #expect(json.json?["page"]?.stringValue?.contains("## Remedy") == true, "\(json.story)")
        for name in ["SSOT-9999", "../SSOT-0300", "SSOT-030"] {
            let other = await Program.run(["explain", name], in: directory.path)
            #expect(other.status != 0 && !other.output.contains("## Remedy"), "\(name): \(other.story)")
        }
        try directory.write("environments: {lab: {tier: stagign}}\n", to: "ssot/environments.yaml")
        let told = await Program.run(["validate", "."], in: directory.path)
        #expect(told.output.contains("what to do: reconcile explain SSOT-0022"), "\(told.story)")
        let sarif = await Program.run(["validate", ".", "--sarif"], in: directory.path)
        let rules = sarif.json?["runs"]?[0]?["tool"]?["driver"]?["rules"]?.listValue ?? []
        let rule = rules.first { $0["id"] == "SSOT-0022" }
        #expect(rule?["help"]?["markdown"]?.stringValue?.contains("## Remedy") == true, "\(sarif.story)")
    }

    @Test("The line is shown whatever ends the lines of its file", arguments: ["\r\n", "\r", "\r\n|\n", "\n"])
    func showsTheLine(_ ends: String) async throws {
        let site = try Site()
        let lines = ["# one", "# two", "environments:", "  lab: {tier: stagging, branch: x}", ""]
        let kinds = ends.split(separator: "|").map(String.init)
        let text = lines.enumerated().map { $1 + ($0 + 1 < lines.count ? kinds[min($0 / 2, kinds.count - 1)] : "") }
        try site.commit(["ssot/environments.yaml": text.joined()])
        let result = await site.run("validate")
        let shown = result.output.split(separator: "\n").map(String.init)
        let line = try #require(
            shown.firstIndex { $0.hasSuffix("4 |   lab: {tier: stagging, branch: x}") }, "\(result.story)")
        #expect(shown[line - 1].contains("environments.yaml:4:15: error[SSOT-"))
        #expect(shown[line + 1].hasSuffix("|" + String(repeating: " ", count: 15) + "^"), "\(shown[line + 1])")
    }
}
