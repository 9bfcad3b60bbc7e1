import Basics
import DesiredState
import Testing

/// What slid to another place, or stands there twice, is still meant: nothing is lifted and nothing goes for it.
@Suite struct DisplacedTests {
    /// What a policy has to be, wherever the section stands that says so.
    enum Loss: Sendable { case windows, prune, limit, approvals }

    private static func isLost(_ loss: Loss, in policy: Policy) -> Bool {
        switch loss {
        case .windows: policy.unreadableWindows.contains { $0.scope.isEverything }
        case .prune: policy.prune.unreadable != nil
        case .limit: policy.maximumDeletes == 0
        // What can't be read holds for an hour.
        case .approvals: policy.approvals.longest <= .hours(1)
        }
    }

    private static let sections: [(text: String, loss: Loss)] = [
        ("freeze:\n  production: {from: 2026-11-01, until: 2027-01-03, reason: holidays}\n", .windows),
        ("sync_windows:\n  - {kind: deny, schedule: \"0 0 * * *\", duration: 12h}\n", .windows),
        ("prune:\n  grace: 24h\n  guarded_grace: 72h\n", .prune), ("limits:\n  max_deletes: 1\n", .limit),
        ("approvals:\n  longest: 12h\n  valid_for: 30m\n", .approvals),
    ]

    private static let others = [
        "github_integration:\n  comment_on_pr: true\n", "limits:\n  max_deletes: 5\n", "prune:\n  grace: 2h\n",
        "approvals:\n  valid_for: 30m\n", "previews:\n  allow: [{base: \"**\"}]\n  limit: 3\n",
        "ttl_policies:\n  dev_named: never\n", "resource_quotas:\n  dev: {workers: 2}\n",
        "backups:\n  production: \"0 2 * * *\"\n", "health_gates:\n  production: [{type: tests}]\n",
        "freeze:\n  dev: {until: 2026-01-01, reason: past}\n",
    ]

    @Test("A section of the policies that slid into another one is in force, or what it forbids is forbidden whole")
    func sectionsByIndentation() {
        for (text, loss) in Self.sections {
            let name = text.prefix { $0 != ":" }
            for other in Self.others where !other.hasPrefix(name) {
                let slid = text.split(separator: "\n").map { "  \($0)\n" }.joined()
                let policy = read([Paths.policies: other + slid]).policy
                #expect(Self.isLost(loss, in: policy), "\(name) below \(other)")
                // Where it belongs it is read, and nothing is lost.
                #expect(read([Paths.policies: other + text]).policy.unreadableWindows.isEmpty, "\(name) after \(other)")
            }
        }
    }

    @Test("A section of the policies whose first line is lost is in force, or what it forbids is forbidden whole")
    func sectionsWithoutHead() {
        for (text, loss) in Self.sections where !text.contains("\n  - ") {
            let rest = text.split(separator: "\n").dropFirst().map { "\($0)\n" }.joined()
            let name = text.prefix { $0 != ":" }
            for other in Self.others where !other.hasPrefix(name) {
                // What the other section knows under the same name can't be told from its own.
                if other.hasPrefix("prune"), name == "prune" { continue }
                let policy = read([Paths.policies: other + rest]).policy
                let isSwallowed =
                    name == "freeze" && ["resource_quotas", "backups", "health_gates"].contains { other.hasPrefix($0) }
                guard !isSwallowed else { continue }
                #expect(Self.isLost(loss, in: policy), "\(name) below \(other)")
            }
        }
    }

    @Test("An unknown word beside the settings of a section lifts and forbids nothing")
    func unknownWords() {
        for other in Self.others where !other.hasPrefix("freeze") && !other.hasPrefix("backups") {
            guard !other.hasPrefix("resource"), !other.hasPrefix("health") else { continue }
            let policy = read([Paths.policies: other + "  colour: red\n"]).policy
            let known = read([Paths.policies: other]).policy
            #expect(policy.unreadableWindows.isEmpty && policy.maximumDeletes == known.maximumDeletes, "\(other)")
            #expect(policy.prune.unreadable == nil || other.hasPrefix("prune"), "\(other)")
        }
    }

    // MARK: Records

    private static func records(_ lines: String...) -> DesiredState {
        read([
            Paths.inventory: "domains:\n  - name: shop.example\n    records:\n"
                + lines.map { "      - \($0)\n" }.joined() + "spaces: []\n"
        ])
    }

    @Test(
        "A record that can't be told lets no record go",
        arguments: [
            // Written twice, alone and beside another one of its name.
            ["{type: A, name: \"@\", data: 203.0.113.10}", "{type: A, name: \"@\", data: 203.0.113.10}"],
            [
                "{type: A, name: \"@\", data: 203.0.113.10}", "{type: A, name: \"@\", data: 203.0.113.10}",
                "{type: A, name: \"@\", data: 203.0.113.11}",
            ],
            ["{type: AAAA, name: \"@\", data: 203.0.113.10}"], ["{type: NS, name: wiki, data: 203.0.113.10}"],
            ["{type: CNAME, name: wiki, data: 203.0.113.10}"], ["{type: MX, name: \"@\", data: mx1.mail..example.}"],
            ["{type: MX, name: wiki, data: 203.0.113.10}"], ["{type: A, name: wiki, data: 203.0.113.10, ttl: 1}"],
        ])
    func records(_ lines: [String]) {
        let state = read([
            Paths.inventory: "domains:\n  - name: shop.example\n    records:\n"
                + lines.map { "      - \($0)\n" }.joined() + "spaces: []\n"
        ])
        let scopes = state.scopes + state.keptScopes
        #expect(scopes.contains("kind digitalocean.record"), "\(scopes)")
        #expect(!state.scopes.contains("kind digitalocean.domain"))
    }

    @Test("A record that is written twice goes by the name that it has alone")
    func doubledRecord() {
        let line = "{type: A, name: \"@\", data: 203.0.113.10}"
        #expect(Self.records(line, line).scopes.contains("resource digitalocean.record/shop.example/A/@"))
    }

    // MARK: Others

    @Test("The rules that follow a line which slid into a list are not taken into that list")
    func firewallRules() {
        let state = read([
            Paths.inventory: """
            firewalls:
              - name: ci
                inbound_rules:
                  - protocol: tcp
                    ports: "22"
                    sources: {addresses: ["203.0.113.40/32"]}
                    outbound_rules:
                  - {protocol: tcp, ports: all, addresses: ["0.0.0.0/0", "::/0"]}
            spaces: []
            """
        ])
        #expect(state.scopes.contains("resource digitalocean.firewall/ci"), "\(state.scopes) \(state.faults)")
        #expect(state.resource("digitalocean.firewall/ci") == nil)
    }

    @Test("Alerts of a droplet that nobody lists let no alert go")
    func alerts() {
        let state = read([
            Paths.inventory: "droplets: [{name: web, region: r, image: i, size: s}]\nspaces: []\n",
            "ssot/infra/digitalocean/monitoring.yaml": """
            schema: ssot.infra.digitalocean.monitoring.v1
            alert_policies:
              web:
                droplet_name: wbe
                disk_utilization:
                  warn: {threshold_pct: 80, duration_min: 5}
            """,
        ])
        #expect(state.keptScopes.contains("kind digitalocean.alert_policy"), "\(state.keptScopes) \(state.faults)")
    }
}
