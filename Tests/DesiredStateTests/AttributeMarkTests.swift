import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// `reconcile explain` names the line of an attribute and who changed it last: it has to be the line that says the value.
@Suite("Marks of attributes") struct AttributeMarkTests {
    /// What no document writes in the words of its value, and the line that it has in place of its own.
    private static let derived: [String: String] = [
        "digitalocean.alert_policy compare": "the entry: what a threshold is compared by follows from the metric",
        "digitalocean.alert_policy enabled": "the entry: a policy that stands there is on",
        "digitalocean.alert_policy type": "the entry: the provider's name of the metric",
        "digitalocean.alert_policy window": "`duration_min`, in the provider's words",
        "digitalocean.droplet user_data": "the file's name; the file has too many lines for one mark",
        "mail.transport is_caught": "the provider that catches, or the flag that says so",
        "mailgun.domain sending_dns": "the sender whose domain it is",
        "secrets.presence is_name_assumed": "the store for which no name is written",
        "supabase.function environments": "the function's name; the environments are keys above it",
    ]

    @Test("An attribute's line holds its value, in the example")
    func example() throws {
        let tree = try exampleTree()
        let strays = Self.strays(in: readDesiredState(tree), tree).filter { Self.derived[$0.key] == nil }
        #expect(strays == [:])
    }

    @Test(
        "An attribute's line holds its value in every real document, and what is derived is listed",
        .enabled(if: Corpus.isAvailable))
    func corpus() throws {
        let tree = SourceTree(
            revision: String(repeating: "c", count: 40), files: try Corpus.history.files(),
            branches: branches("main", "staging", "develop", "feature/x"))
        let state = readDesiredState(tree)
        #expect(state.resources.count > 200)
        let example = try exampleTree()
        let strays = Self.strays(in: state, tree).merging(Self.strays(in: readDesiredState(example), example)) { a, _ in
            a
        }
        #expect(strays.filter { Self.derived[$0.key] == nil } == [:])
        #expect(Set(strays.keys) == Set(Self.derived.keys))
    }

    /// A chore's cron, a name's target, mail's security and a secret's projects each have a line of their own.
    @Test(
        "A value has its own line, and not that of its entry",
        arguments: [
            ("ops.schedule/scan", "cron", 4), ("ops.schedule/scan", "runner", 3),
            ("ops.schedule/scan", "alert_on_failure", 5), ("dns.record/shop.example/A/erp", "data", 4),
            ("dns.record/shop.example/CNAME/www", "data", 8), ("dns.record/shop.example/CNAME/www", "is_proxied", 9),
            ("mail.transport/production", "security", 5), ("mail.transport/staging", "is_caught", 7),
            ("secrets.presence/vercel_env/API_KEY", "projects", 7),
            ("secrets.presence/vercel_env/API_KEY", "severity_if_missing", 8),
        ])
    func ownLine(key: String, name: String, line: Int) throws {
        let state = read([
            "ssot/maintenance/schedules.yaml": """
            chores:
              - id: scan
                runner: ops-scan
                cron: "*/20 * * * *"
                alert_on_failure: true
            """,
            "ssot/domains/shop.example.yaml": """
            apex: shop.example
            canonical_subdomains:
              - host: erp.shop.example
                resolves_to: 203.0.113.9
            """,
            "ssot/infra/dns/subdomain-registry.yaml": """
            domain: shop.example
            subdomains:
              - name: api
                type: A
                lifecycle: planned
              - name: www
                type: CNAME
                target: shop.example.net
                cloudflare_proxied: true
            """,
            "ssot/odoo/mail.yaml": """
            production:
              provider: mailgun_smtp
              smtp_server: smtp.mailgun.org
              smtp_port: 587
              smtp_ssl: starttls
            staging:
              provider: catcher
              smtp_server: mail.shop.example
              smtp_port: 2525
            """,
            "ssot/secrets/registry.yaml": """
            schema: ssot.secrets.registry.v2
            secrets:
              api_key:
                storage: [{kind: vercel_env, name: API_KEY}]
                consumers:
                  - {kind: vercel_env, name: API_KEY,
                     project: console}
                status: {severity_if_missing: high}
            """,
        ])
        let resource = try #require(state.resource(key), "\(state.faults) \(state.resources.map(\.key))")
        #expect(resource[name]?.mark?.line == line)
    }

    @Test("A field of an integration has its own line, in the index or in its file, and a field of a check too")
    func entries() throws {
        let state = read([
            "ssot/integrations/_index.yaml": """
            integrations:
              - id: chat
                file: integrations/chat.yaml
                status: planned
                vendor: acme
            """,
            "ssot/integrations/chat.yaml": """
            id: chat
            status: planned
            baseline_allowed: true
            required_secrets:
              - chat_token
            """,
            "ssot/maintenance/convergence.yaml": """
            environments:
              dev:
                required:
                  functions:
                    - ops-scan
                thresholds:
                  max_deploy_age_hours: 24
            security_settings:
              - id: secret_scanning
                kind: security_setting_disabled
              - id: push_protection
            """,
        ])
        func lines(_ attributes: [WantedAttribute]) -> [String] {
            attributes.map { "\($0.name) \($0.mark.map { "\($0.file):\($0.line)" } ?? "-")" }
        }
        let chat = try #require(state.integrations.first)
        let (index, file) = ("ssot/integrations/_index.yaml", "ssot/integrations/chat.yaml")
        #expect(
            lines(chat.attributes) == [
                "baseline_allowed \(file):3", "file \(index):3", "required_secrets \(file):5", "status \(index):4",
                "vendor \(index):5",
            ])
        let convergence = "ssot/maintenance/convergence.yaml"
        #expect(
            state.checks.map { "\($0.key): \(lines($0.attributes).joined(separator: ", "))" } == [
                "max_deploy_age_hours: environment \(convergence):2, key \(convergence):7, limit \(convergence):7",
                "ops-scan: environment \(convergence):2, key \(convergence):5, kind \(convergence):4",
                "push_protection: key \(convergence):11",
                "secret_scanning: key \(convergence):9, kind \(convergence):10",
            ])
        #expect(
            state.checks.prefix(2).map { $0.attributes.map(\.value) } == [
                [.literal("dev"), .literal("max_deploy_age_hours"), .literal(.int(24))],
                [.literal("dev"), .literal("ops-scan"), .literal("function_missing")],
            ])
    }

    /// Attributes whose line says something else, by kind and name: `value at line: text`.
    private static func strays(in state: DesiredState, _ tree: SourceTree) -> [String: String] {
        var lines: [String: [Substring]] = [:]
        for file in tree.files {
            guard case .bytes(let bytes) = file.content else { continue }
            lines[file.path] = String(decoding: bytes, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false)
        }
        var strays: [String: String] = [:]
        for resource in state.resources {
            for attribute in resource.attributes {
                guard case .literal(let value) = attribute.value, let mark = attribute.mark else { continue }
                let words = Self.words(value)
                guard !words.isEmpty else { continue }
                let text = lines[mark.file].flatMap { mark.line <= $0.count ? $0[mark.line - 1] : nil }
                guard !words.contains(where: { text?.contains($0) == true }) else { continue }
                strays["\(resource.key.kind) \(attribute.name)"] = "\(words) at \(mark): \(text ?? "no such line")"
            }
        }
        return strays
    }

    /// The scalars of a value, as a document may write them.
    private static func words(_ value: Value) -> [String] {
        switch value {
        case .null: []
        case .bool(let flag): [flag ? "true" : "false"]
        case .int(let number): ["\(number)"]
        case .list(let items): items.flatMap(words)
        case .object(let object): object.members.flatMap { [$0.name] + words($0.value) }
        case .string(let text): [text]
        case .number(let text): [text]
        }
    }
}
