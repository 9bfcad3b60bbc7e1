import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Testing

/// Looks for secrets in everything that the program leaves behind.
private struct Hunt {
    /// What must be found nowhere, as it is and as base64.
    let canaries: [String]

    /// The places at which one of them stands: files below a directory, and texts by their names.
    func places(below directory: String, texts: [String: String]) -> [String] {
        var found = texts.filter { entry in canaries.contains { entry.value.contains($0) } }.map(\.key)
        let words = canaries.map { "-e \(Shell.quote($0))" }.joined(separator: " ")
        // `-a`: the store is no text.
        found += Shell.run("grep -rlaF \(words) \(Shell.quote(directory))").output.split(separator: "\n").map(
            String.init)
        return found.sorted()
    }
}

@Suite("Secrets stay secret")
struct CanaryTests {
    private static let credentials = [
        "DIGITALOCEAN_ACCESS_TOKEN", "SUPABASE_ACCESS_TOKEN", "VERCEL_TOKEN", "GITHUB_TOKEN", "MAILGUN_API_KEY",
        "SLACK_BOT_TOKEN", "PLANE_API_KEY", "HOOK_KEY",
    ]

    @Test("No credential, secret value or password answer is in any output, log, record, evidence, store or metric")
    func leavesNone() async throws {
        let site = try Site()
        try site.commit([
            "ssot/infra/digitalocean/inventory.yaml": Site.inventory + """
                droplets:
                  - {name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64, user_data_file: ssot/cloud.yaml}
                databases:
                  - name: shop-pg
                    engine: pg
                    version: "16"
                    region: sgp1
                    size: db-s-1vcpu-1gb
                    num_nodes: 1
                    dbs: [odoo]
                    users: [odoo]

                """,
            "ssot/cloud.yaml": "#cloud-config\nwrite_files: [{path: /key, content: canary-in-user-data}]\n",
        ])
        var environment = ["ODOOOPS_HOOK_SECRET": "env:HOOK_KEY"]
        for name in Self.credentials { environment[name] = "canary-\(name.lowercased())-5b1f" }
        // Nobody answers there; what is said about that is searched as well.
        for name in ["SUPABASE", "VERCEL", "GITHUB", "MAILGUN", "SLACK", "PLANE"] {
            environment["\(name)_API_URL"] = "http://127.0.0.1:9"
        }
        let out = try TemporaryDirectory(prefix: "odooops-canary")
        var texts: [String: String] = [:]
        let record = out.path("traffic.jsonl")
        let commands: [[String]] = [
            ["doctor"], ["--dry-run", "--out", out.path("plan.json")], [], ["--json"], ["drift"], ["runs"],
            ["show", "latest"], ["show", "latest", "--json"], ["explain", "digitalocean.database_cluster/shop-pg"],
            ["validate"], ["env", "list"],
        ]
        for arguments in commands {
            let result = await Program.run(
                arguments + ["--record", record, "--log-level", "debug"], in: site.directory.path,
                site.environment.merging(environment) { $1 })
            texts[arguments.joined(separator: " ")] = result.output + result.error
        }
        let port = try #require(FreePort.find())
        let service = try BackgroundProgram(
            ["run", "--listen", "127.0.0.1:\(port)", "--record", record, "--log-level", "debug"],
            in: site.directory.path, site.environment.merging(environment) { $1 })
        let isUp = await eventually(.seconds(60)) {
            await Answer.to("GET", "/readyz", port: UInt16(port))?.status == 200
        }
        #expect(isUp, "\(service.story)")
        for path in ["/metrics", "/readyz", "/healthz"] {
            texts[path] = await Answer.to("GET", path, port: UInt16(port))?.body
        }
        service.send(SIGTERM)
        #expect(await service.end(within: .seconds(60))?.status == 0, "\(service.story)")
        texts["service"] = service.story

        let passwords = Self.passwords(site.provider.simulator.snapshot())
        #expect(passwords.count >= 2, "the provider has given passwords away")
        let plain = Self.credentials.compactMap { environment[$0] } + ["canary-in-user-data"] + passwords
        let hunt = Hunt(canaries: plain + plain.map { Self.base64($0) })
        Shell.run("cp -r \(Shell.quote(site.state)) \(Shell.quote(out.path("state")))")
        // The mirror holds the repository, and with it what people have put there themselves.
        Shell.run("rm -rf \(Shell.quote(out.path("state/git")))")
        #expect(FileSystem.exists(out.path("state/ops.sqlite")) && FileSystem.exists(out.path("state/evidence")))
        let lines = String(decoding: try FileSystem.read(record), as: UTF8.self).split(separator: "\n")
        #expect(
            lines.contains { $0.contains("/v2/databases") } && lines.contains { $0.contains("\"run_id\":\"doctor\"") })
        #expect(hunt.places(below: out.path, texts: texts) == [])

        // The hunt itself: what is planted is found, in a text, in a file and in the store.
        try out.write("x \(passwords[0]) y", to: "planted.log")
        Shell.run("sqlite3 \(out.path("state/ops.sqlite")) \"update runs set agent = '\(plain[0])'\"")
        texts["planted"] = "token=\(plain[1])"
        let found = hunt.places(below: out.path, texts: texts)
        #expect(found.contains("planted") && found.contains(out.path("planted.log")))
        #expect(found.contains { $0.hasPrefix(out.path("state/ops.sqlite")) })
        for name in ["planted.log", "state"] { FileSystem.remove(out.path(name)) }
    }

    private static func base64(_ text: String) -> String {
        Shell.run("printf %s \(Shell.quote(text)) | base64 -w0").output
    }

    /// Every password that the provider keeps.
    private static func passwords(_ value: Value) -> [String] {
        switch value {
        case .list(let items): items.flatMap(passwords)
        case .object(let object):
            object.members.flatMap { member in
                if member.name == "password", case .string(let text) = member.value, !text.isEmpty { return [text] }
                return passwords(member.value)
            }
        default: []
        }
    }
}
