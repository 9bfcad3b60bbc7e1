import Basics
import DesiredState
import Formats
import Store

extension ConfigurationReader {
    private static let day = Duration.seconds(1)...Duration.hours(24)

    /// Who is told of what.
    func notifications() throws(ConfigurationFault) -> NotificationSettings {
        var settings = NotificationSettings()
        if let age = try duration("notifications.max_age", at: 60...2_592_000) { settings.oldest = age }
        if let (node, _) = values["notifications.channels"], node.scalar?.value.isNull != true {
            let fields = try ConfigurationFields(node, "notifications.channels", file)
            for entry in fields.entries {
                settings.channels.append(try channel(entry.key, try fields.fields(of: entry)))
            }
        }
        if let (node, mark) = values["notifications.routes"], node.scalar?.value.isNull != true {
            guard let items = node.items else {
                throw ConfigurationFault(
                    "CONF-0003", "notifications.routes is \(node.shapeName) and has to be a list",
                    place: mark.description, hint: "Write routes: [{to: CHANNEL, severity: warning}].")
            }
            for (index, item) in items.enumerated() {
                let fields = try ConfigurationFields(item, "notifications.routes[\(index)]", file)
                settings.routes.append(try route(fields, settings.channels.map(\.name)))
            }
        } else if !settings.channels.isEmpty {
            settings.routes = [NotificationSettings.Route(to: settings.channels.map(\.name))]
        }
        return settings
    }

    private func channel(
        _ name: String, _ fields: ConfigurationFields
    ) throws(ConfigurationFault) -> NotificationSettings.Channel {
        guard !name.isEmpty, name.utf8.count <= 64,
            name.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 })
        else {
            throw fields.fault(
                "CONF-0015", "\(name) can't be the name of a channel",
                hint: "Write small letters, digits, - and _, such as ops.")
        }
        let type = try fields.word("type", ["slack", "webhook", "email", "plane"])
        let common = ["type", "window", "rate", "group_by", "attempts"]
        let target: NotificationSettings.Target
        switch type {
        case "slack":
            try fields.allow(common + ["channel", "title", "line", "footer"])
            target = .slack(channel: try fields.required("channel"))
        case "webhook":
            // Its body is JSON: no template.
            try fields.allow(common + ["url", "secret"])
            target = try webhook(fields)
        case "plane":
            try fields.allow(common + ["project", "state", "done_state", "labels", "title", "line", "footer"])
            var items = NotificationSettings.Items(
                project: try fields.required("project"), state: try fields.required("state"),
                doneState: try fields.required("done_state"))
            guard items.state != items.doneState else {
                throw fields.fault(
                    "CONF-0015", "\(fields.path) opens and closes items in one state", at: "done_state",
                    hint: "Name two states of the project, such as Todo and Done.")
            }
            items.labels = try fields.texts("labels")
            target = .plane(items)
        default:
            try fields.allow(common + ["domain", "from", "to", "title", "line", "footer"])
            target = try mail(fields)
        }
        var channel = NotificationSettings.Channel(name: name, target: target)
        if let window = try fields.duration("window", Self.day) { channel.window = window }
        if let text = try fields.text("rate") {
            let parts = text.split(separator: "/").map(String.init)
            guard parts.count == 2, let limit = Int(parts[0]), (1...10_000).contains(limit),
                let span = Self.duration(parts[1]), Self.day.contains(span)
            else {
                throw fields.fault(
                    "CONF-0005", "the rate can't be \(text)", at: "rate", hint: "Write COUNT/TIME, such as 10/1m.")
            }
            channel.rate = NoticeRate(limit: limit, per: span)
        }
        if let word = try fields.optionalWord("group_by", NotificationSettings.Grouping.allCases.map(\.rawValue)),
            let grouping = NotificationSettings.Grouping(rawValue: word)
        {
            channel.grouping = grouping
        }
        if let count = try fields.number("attempts", 1...50) { channel.attempts = count }
        let (over, of) = (NoticeTemplates.messageFields, NoticeTemplates.noticeFields)
        if let title = try fields.template("title", over) { channel.templates.title = title }
        if let line = try fields.template("line", of) { channel.templates.line = line }
        if let footer = try fields.template("footer", over) { channel.templates.footer = footer }
        return channel
    }

    private func webhook(_ fields: ConfigurationFields) throws(ConfigurationFault) -> NotificationSettings.Target {
        let url = try fields.required("url")
        let rest = url.range(of: "://").map { url[$0.upperBound...] } ?? ""
        let host = rest.prefix { $0 != "/" && $0 != "?" }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), !host.isEmpty, !host.hasPrefix(":"),
            url.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else {
            throw fields.fault(
                "CONF-0009", "a webhook can't go to this address", at: "url", hint: "Write https://HOST/PATH.")
        }
        guard !host.contains("@") else {
            throw fields.fault(
                "CONF-0006", "the address of a webhook holds a credential", at: "url",
                hint: "Take it out; the receiver proves by the signature who sends.")
        }
        let text = try fields.required("secret", as: "env:NAME or file:PATH")
        guard let secret = SecretReference(text) else {
            throw fields.fault(
                "CONF-0006", "\(fields.path).secret has to be a reference to a secret and never the secret itself",
                at: "secret", hint: "Write env:NAME or file:PATH, and rotate the value if it was a real one.")
        }
        return .webhook(url: url, secret: located(secret))
    }

    private func mail(_ fields: ConfigurationFields) throws(ConfigurationFault) -> NotificationSettings.Target {
        let from = try fields.required("from")
        let to = try fields.texts("to")
        for (key, address) in [("from", from)] + to.map({ ("to", $0) }) {
            let parts = address.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, parts[1].contains("."),
                address.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
            else {
                throw fields.fault(
                    "CONF-0015", "\(address) is no mail address", at: key, hint: "Write NAME@DOMAIN.")
            }
        }
        guard !to.isEmpty else {
            throw fields.fault("CONF-0015", "\(fields.path) has nobody to send to", hint: "Write to: [NAME@DOMAIN].")
        }
        let given = try fields.text("domain")
        let own = from.split(separator: "@").last.map { String($0.filter { $0 != ">" && $0 != " " }) } ?? ""
        return .email(domain: given ?? own, from: from, to: to)
    }

    private func route(
        _ fields: ConfigurationFields, _ channels: [String]
    ) throws(ConfigurationFault) -> NotificationSettings.Route {
        try fields.allow(["to", "severity", "kinds", "environments"])
        let to = try fields.texts("to")
        for name in to.isEmpty ? ["nobody"] : to where !channels.contains(name) {
            let near = Suggestion.nearest(to: name, in: channels).map { "Did you mean \($0)?" }
            throw fields.fault(
                "CONF-0015", "\(fields.path) leads to \(name), which is no channel", at: "to",
                hint: near ?? "Name channels of notifications.channels: \(channels.joined(separator: ", ")).")
        }
        var route = NotificationSettings.Route(to: to)
        if let word = try fields.optionalWord("severity", Notice.Severity.allCases.map(\.rawValue)),
            let severity = Notice.Severity(rawValue: word)
        {
            route.severity = severity
        }
        route.kinds = try fields.texts("kinds")
        let kinds = Notice.Kind.allCases.filter { $0 != .test }
        for pattern in route.kinds where !kinds.contains(where: { NotificationSettings.Route.fits(pattern, $0) }) {
            throw fields.fault(
                "CONF-0015", "no notice is of the kind \(pattern)", at: "kinds",
                hint: Suggestion.nearest(to: pattern, in: kinds.map(\.rawValue)).map { "Did you mean \($0)?" }
                    ?? "The kinds are \(kinds.map(\.rawValue).joined(separator: ", ")).")
        }
        route.environments = try fields.patterns("environments")
        return route
    }
}
