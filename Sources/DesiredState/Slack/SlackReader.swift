import Basics
import Formats

/// Reads what Slack apps need: `integrations/slack/apps.yaml`, `integrations/*.install.yaml` of Slack, and `slack/`.
struct SlackReader {
    let drafts: DraftSet
    private var report: Report { drafts.report }
    private var commands: [String: (app: String, mark: SourceMark)] = [:]

    private init(_ drafts: DraftSet) { self.drafts = drafts }

    static func read(_ library: inout Library, _ drafts: DraftSet) {
        var reader = SlackReader(drafts)
        let scopes: [UnknownScope.Extent] = [.kind(.slackApp), .kind(.slackChannel)]
        var documents = library.take(below: "integrations/slack", domain: "slack", scopes: scopes, drafts.report)
        documents += library.take(below: "slack", domain: "slack", scopes: scopes, drafts.report)
        if let install = library.take(
            "integrations/slack_agent.install", domain: "slack", scopes: scopes, drafts.report)
        {
            documents.append(install)
        }
        // Where the results of tests are told; nothing else of it is wanted.
        if let routes = library.take(
            "qa/autonoma_slack", domain: "slack", scopes: [.kind(.slackChannel)], drafts.report),
            let root = routes.root
        {
            reader.readRoutes(root, routes.path)
        }
        for document in documents {
            guard let root = document.root else { continue }
            // Under a name nearly as theirs they are told there.
            let hasChannels = root.hasKey(near: SlackChannels.keys)
            if hasChannels { SlackChannels(file: document.path, drafts: drafts).read(root) }
            if root["slack_apps"] != nil {
                reader.readApps(root, document.path)
            } else if root["app"] != nil || root["required_scopes"] != nil {
                reader.readInstall(root, document.path)
            } else if !hasChannels || root.hasKey(near: Self.sections) {
                reader.readUnclear(root, document.path)
            }
        }
    }

    private static let sections = ["slack_apps", "required_scopes"]

    /// A document without apps: one that is no mapping, or whose section has nearly their name.
    private func readUnclear(_ root: Node, _ file: String) {
        let fields = Fields(root, "the document of Slack apps", in: file, report)
        for section in Self.sections { _ = fields.entry(section) }
        fields.finishLeniently()
        if let cause = fields.fault { report.unknown(.kind(.slackApp), cause) }
    }

    private func readRoutes(_ root: Node, _ file: String) {
        let fields = Fields(root, "the table of routes for test results", in: file, report)
        guard let slack = fields.fields("slack") else {
            if let cause = fields.fault { report.unknown(.kind(.slackChannel), cause) }
            return
        }
        SlackChannels(file: file, drafts: drafts).read(slack)
    }

    // MARK: Several apps in one document

    private mutating func readApps(_ root: Node, _ file: String) {
        let fields = Fields(root, "the document of Slack apps", in: file, report)
        guard let apps = fields.fields("slack_apps", required: true), apps.fault == nil || !apps.keys.isEmpty else {
            if let cause = fields.fault { report.unknown(.kind(.slackApp), cause) }
            return
        }
        for section in apps.allEntries() {
            let entry = Fields(section.value, "the Slack app \(quoted(section.key))", in: file, report)
            let key = ResourceKey(.slackApp, section.key)
            if section.isAmbiguous {
                drafts.lose(
                    key,
                    Cause(
                        code: "FMT-0003", reason: "\(entry.subject) stands more than once",
                        mark: section.keyMark(in: file)), at: section.keyMark(in: file))
                continue
            }
            var attributes = WantedAttribute.of("socket_mode", entry.flag("socket_mode"))
            let command = entry.text("command")
            attributes += WantedAttribute.of(
                "commands", set: command.map { [$0] }, at: entry.mark(of: "command"))
            if let scopes = entry.fields("scopes") {
                let (bot, user) = (scopes.texts("bot"), scopes.texts("user"))
                SlackScopes.check((bot ?? []) + (user ?? []), of: entry, report)
                attributes += WantedAttribute.of("bot_scopes", set: bot, at: scopes.mark(of: "bot"))
                attributes += WantedAttribute.of("user_scopes", set: user, at: scopes.mark(of: "user"))
                attributes += WantedAttribute.of("events", set: scopes.texts("events"), at: scopes.mark(of: "events"))
                entry.absorb(scopes)
            }
            if let endpoints = entry.fields("endpoints") {
                for item in endpoints.allEntries() {
                    attributes += WantedAttribute.of("endpoints.\(item.key)", endpoints.text(item.key))
                }
                entry.absorb(endpoints)
            }
            if let command { claim(command, section.key) }
            guard drafts.isSound(entry, key, .slackApp) else { continue }
            add(Draft(key, attributes, source: section.keyMark(in: file)))
        }
    }

    /// A command answers for one app only.
    private mutating func claim(_ command: Text, _ app: String) {
        guard let first = commands[command.value] else {
            commands[command.value] = (app, command.mark)
            return
        }
        report.warning(
            .duplicateAttribute,
            "the command \(quoted(command.value)) of the Slack app \(quoted(app)) is that of "
                + quoted(first.app), at: command.mark, hint: "Give each app its own command.",
            notes: [Diagnostic.Note("first here", at: first.mark)])
    }

    // MARK: One app that is to be installed

    private func readInstall(_ root: Node, _ file: String) {
        let entry = Fields(root, "the Slack installation of \(file)", in: file, report)
        let app = entry.fields("app", required: true)
        let name = app?.text("name", required: true)
        if let app { entry.absorb(app) }
        if let name { entry.describe(as: "the Slack app \(quoted(name.value))") }
        var attributes: [WantedAttribute] = []
        if let scopes = entry.fields("required_scopes", required: true) {
            let bot = scopes.texts("bot", required: true)
            let user = scopes.texts("user")
            SlackScopes.check((bot ?? []) + (user ?? []), of: entry, report)
            attributes += WantedAttribute.of("bot_scopes", set: bot, at: scopes.mark(of: "bot"))
            attributes += WantedAttribute.of("user_scopes", set: user, at: scopes.mark(of: "user"))
            entry.absorb(scopes)
        }
        if let events = entry.fields("event_subscriptions") {
            // What is switched off subscribes to nothing.
            let isEnabled = events.flag("enabled")?.value ?? true
            let subscribed = events.texts("subscribed_events")
            attributes += WantedAttribute.of(
                "events", set: isEnabled ? subscribed : [], at: events.mark(of: "subscribed_events") ?? events.mark)
            entry.absorb(events)
        }
        if let endpoints = entry.fields("endpoints") {
            for item in endpoints.allEntries() {
                guard let endpoint = endpoints.fields(item.key) else { continue }
                attributes += WantedAttribute.of("endpoints.\(item.key)", endpoint.text("path", required: true))
                endpoints.absorb(endpoint)
            }
            entry.absorb(endpoints)
        }
        if let contract = entry.fields("ack_contract") {
            attributes += WantedAttribute.of("ack_within_ms", contract.integer("ack_within_ms", in: 1...3_000))
            entry.absorb(contract)
        }
        let key = name.map { ResourceKey(.slackApp, $0.value) }
        guard drafts.isSound(entry, key, .slackApp), let key else { return }
        add(Draft(key, attributes, source: app?.mark ?? entry.mark))
    }

    private func add(_ draft: Draft) {
        var draft = draft
        draft.isProtected = true
        drafts.add(draft)
    }
}

extension Node {
    /// Whether a mapping has one of some keys, or one that may be meant for it.
    fileprivate func hasKey(near keys: [String]) -> Bool {
        (entries ?? []).contains { closest(to: $0.key, among: keys) != nil }
    }
}
