import Basics
import DesiredState
import Formats

/// One mapping of the configuration whose keys are its own, such as a channel of the notifications.
struct ConfigurationFields {
    /// For messages: `notifications.channels.ops`.
    let path: String
    let entries: [Node.Entry]
    private let node: Node
    private let file: String

    init(_ node: Node, _ path: String, _ file: String) throws(ConfigurationFault) {
        guard let entries = node.entries else {
            throw ConfigurationFault(
                "CONF-0003", "\(path) is \(node.shapeName) and has to be a mapping",
                place: node.mark(in: file).description, hint: "Write keys and values below it.")
        }
        self.node = node
        self.path = path
        self.entries = entries
        self.file = file
    }

    /// The mapping below a key.
    func fields(of entry: Node.Entry) throws(ConfigurationFault) -> ConfigurationFields {
        try ConfigurationFields(entry.value, "\(path).\(entry.key)", file)
    }

    func fault(_ code: String, _ message: String, at key: String? = nil, hint: String?) -> ConfigurationFault {
        let place = key.flatMap { key in entries.first { $0.key == key } }?.value ?? node
        return ConfigurationFault(code, message, place: place.mark(in: file).description, hint: hint)
    }

    /// Refuses keys that mean nothing here.
    func allow(_ keys: [String]) throws(ConfigurationFault) {
        for entry in entries where !keys.contains(entry.key) {
            throw ConfigurationFault(
                "CONF-0004", "the key \(path).\(entry.key) is not known", place: entry.keyMark(in: file).description,
                hint: Suggestion.nearest(to: entry.key, in: keys).map { "Did you mean \($0)?" }
                    ?? "It knows \(keys.joined(separator: ", ")).")
        }
    }

    func text(_ key: String) throws(ConfigurationFault) -> String? {
        guard let value = entries.first(where: { $0.key == key })?.value, value.scalar?.value.isNull != true else {
            return nil
        }
        guard let text = value.scalar?.text else {
            throw fault(
                "CONF-0003", "\(path).\(key) is \(value.shapeName) and has to be a text", at: key,
                hint: "Write \(key): VALUE on one line.")
        }
        return text
    }

    // The form is as what it is written: of a secret never the value itself.
    func required(_ key: String, as form: String = "VALUE") throws(ConfigurationFault) -> String {
        guard let text = try text(key), !text.isEmpty else {
            throw fault("CONF-0015", "\(path) lacks \(key)", hint: "Write \(key): \(form) below it.")
        }
        return text
    }

    /// A list of texts, or one text alone; empty where the key is missing.
    func texts(_ key: String) throws(ConfigurationFault) -> [String] {
        guard let items = entries.first(where: { $0.key == key })?.value.items else {
            return try text(key).map { [$0] } ?? []
        }
        var texts: [String] = []
        for item in items {
            guard let text = item.scalar?.text else {
                throw fault(
                    "CONF-0003", "an entry of \(path).\(key) is \(item.shapeName) and has to be a text", at: key,
                    hint: "Write \(key): [A, B].")
            }
            texts.append(text)
        }
        return texts
    }

    func optionalWord(_ key: String, _ choices: [String]) throws(ConfigurationFault) -> String? {
        guard let text = try text(key) else { return nil }
        guard choices.contains(text) else {
            let near = Suggestion.nearest(to: text, in: choices).map { "Did you mean \($0)? " } ?? ""
            throw fault(
                "CONF-0007", "\(path).\(key) can't be \(text)", at: key,
                hint: "\(near)It is one of \(choices.joined(separator: ", ")).")
        }
        return text
    }

    func word(_ key: String, _ choices: [String]) throws(ConfigurationFault) -> String {
        guard let word = try optionalWord(key, choices) else {
            throw fault(
                "CONF-0015", "\(path) lacks \(key)", hint: "Write \(key): one of \(choices.joined(separator: ", ")).")
        }
        return word
    }

    func duration(_ key: String, _ range: ClosedRange<Duration>) throws(ConfigurationFault) -> Duration? {
        guard let text = try text(key) else { return nil }
        guard let duration = ConfigurationReader.duration(text), range.contains(duration) else {
            throw fault(
                "CONF-0005", "\(path).\(key) can't be \(text)", at: key,
                hint: "Write a time from \(range.lowerBound.shortText) to \(range.upperBound.shortText), such as 5m.")
        }
        return duration
    }

    func number(_ key: String, _ range: ClosedRange<Int>) throws(ConfigurationFault) -> Int? {
        guard let text = try text(key) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw fault(
                "CONF-0005", "\(path).\(key) can't be \(text)", at: key,
                hint: "Write a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func patterns(_ key: String) throws(ConfigurationFault) -> [GlobPattern] {
        var patterns: [GlobPattern] = []
        for text in try texts(key) {
            do throws(GlobPattern.Fault) {
                patterns.append(try GlobPattern(text))
            } catch {
                throw fault(
                    "CONF-0015", "\(path).\(key) holds \(text), which is no pattern", at: key,
                    hint: "Write a name, or a part of it and *.")
            }
        }
        return patterns
    }

    func template(_ key: String, _ names: [String]) throws(ConfigurationFault) -> NoticeTemplate? {
        guard let text = try text(key) else { return nil }
        do throws(NoticeTemplate.Fault) {
            return try NoticeTemplate(text, fields: names)
        } catch {
            switch error {
            case .brace:
                throw fault(
                    "CONF-0016", "\(path).\(key) has a brace without its partner", at: key,
                    hint: "Write {NAME}, and {{ or }} for a brace itself.")
            case .unknownField(let name):
                let near = Suggestion.nearest(to: name, in: names).map { "Did you mean {\($0)}? " } ?? ""
                throw fault(
                    "CONF-0016", "\(path).\(key) names {\(name)}, which nothing stands for", at: key,
                    hint: "\(near)It may name \(names.map { "{\($0)}" }.joined(separator: ", ")).")
            }
        }
    }
}
