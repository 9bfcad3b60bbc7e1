import Basics
import DesiredState
import Reconciler
import Store
import TestKit
import Testing

/// What the configuration says of notifications, and what it may not say.
@Suite("Configuration of notifications")
struct NotificationSettingsTests {
    private static func read(_ text: String) throws -> NotificationSettings {
        let directory = try TemporaryDirectory(prefix: "odooops-notices")
        try FileSystem.write(Array(text.utf8), to: directory.path("reconciler.yaml"))
        var reader = ConfigurationReader(environment: [:], workingDirectory: directory.path)
        return try reader.read(ConfigurationFlags()).notifications
    }

    @Test("channels and routes are read as they are written")
    func whole() throws {
        let settings = try Self.read(
            """
            notifications:
              channels:
                ops: {type: slack, channel: "#ops", window: 2m, rate: 5/1h, group_by: kind, attempts: 3, title: "{count}"}
                n8n: {type: webhook, url: "https://n8n.example.com/x", secret: "file:key"}
                mail: {type: email, from: "Ops <o@mg.example.com>", to: a@example.com}
                work: {type: plane, project: OPS, state: Todo, done_state: Done, labels: [drift]}
              routes:
                - {to: [ops, mail], severity: critical, kinds: ["deletion.*"], environments: [production]}
                - {to: n8n, severity: info}
              max_age: 1d
            """)
        let ops = try #require(settings.channels.first)
        #expect(ops.window == .minutes(2) && ops.rate == NoticeRate(limit: 5, per: .hours(1)) && ops.attempts == 3)
        #expect(ops.grouping == .kind && ops.target == .slack(channel: "#ops"))
        #expect(
            settings.channels[2].target
                == .email(domain: "mg.example.com", from: "Ops <o@mg.example.com>", to: ["a@example.com"]))
        guard case .webhook(_, .file(let path)) = settings.channels[1].target else {
            Issue.record("\(settings.channels[1].target)")
            return
        }
        guard case .plane(let items) = settings.channels[3].target else {
            Issue.record("\(settings.channels[3].target)")
            return
        }
        #expect(
            items.project == "OPS" && items.state == "Todo" && items.doneState == "Done" && items.labels == ["drift"])
        #expect(path.hasPrefix("/") && path.hasSuffix("/key"))
        #expect(settings.routes.map(\.severity) == [.critical, .info] && settings.oldest == .days(1))
        #expect(try Self.read("interval: 60s").channels.isEmpty)
        let bare = try Self.read("notifications: {channels: {ops: {type: slack, channel: ops}}}")
        #expect(bare.routes.map(\.channels) == [["ops"]] && bare.routes[0].severity == .warning)
    }

    @Test(
        "what can't be meant is refused, with its place",
        arguments: [
            ("channels: []", "CONF-0003"), ("channels: {ops: x}", "CONF-0003"), ("routes: {}", "CONF-0003"),
            ("channels: {ops: {type: sms}}", "CONF-0007"), ("channels: {ops: {channel: x}}", "CONF-0015"),
            ("channels: {ops: {type: slack}}", "CONF-0015"),
            ("channels: {Ops: {type: slack, channel: x}}", "CONF-0015"),
            ("channels: {ops: {type: slack, channel: x, url: y}}", "CONF-0004"),
            ("channels: {ops: {type: slack, channel: x, rate: 5}}", "CONF-0005"),
            ("channels: {w: {type: plane, project: OPS, state: Todo}}", "CONF-0015"),
            ("channels: {w: {type: plane, project: OPS, state: Todo, done_state: Todo}}", "CONF-0015"),
            ("channels: {ops: {type: slack, channel: x, attempts: 0}}", "CONF-0005"),
            ("channels: {ops: {type: slack, channel: x, line: '{sevirity}'}}", "CONF-0016"),
            ("channels: {ops: {type: slack, channel: x, title: '{'}}", "CONF-0016"),
            ("channels: {w: {type: webhook, url: 'ftp://x', secret: 'env:A'}}", "CONF-0009"),
            ("channels: {w: {type: webhook, url: 'https://u:p@x', secret: 'env:A'}}", "CONF-0006"),
            ("channels: {w: {type: webhook, url: 'https://x', secret: plain}}", "CONF-0006"),
            ("channels: {w: {type: webhook, url: 'https://x'}}", "CONF-0015"),
            ("channels: {m: {type: email, from: 'a@b.c'}}", "CONF-0015"),
            ("channels: {m: {type: email, from: a, to: 'a@b.c'}}", "CONF-0015"),
            (##"channels: {m: {type: email, from: 'a@b.c', to: ["a@b.c\nBcc: x@y.z"]}}"##, "CONF-0015"),
            ("routes: [{to: ops}]", "CONF-0015"), ("routes: [{severity: info}]", "CONF-0015"),
            ("channels: {o: {type: slack, channel: x}}\n  routes: [{to: o, kinds: [nope.*]}]", "CONF-0015"),
        ])
    func refused(text: String, code: String) throws {
        do {
            _ = try Self.read("notifications:\n  \(text)\n")
            Issue.record("\(text) was taken")
        } catch let fault as ConfigurationFault {
            #expect(fault.code == code, "\(text): \(fault.message)")
            #expect(fault.place?.contains("reconciler.yaml:") == true && fault.hint != nil)
            // What is proposed for a secret is never the secret itself.
            guard fault.message.hasSuffix("lacks secret") else { return }
            #expect(fault.hint == "Write secret: env:NAME or file:PATH below it.")
        }
    }
}
