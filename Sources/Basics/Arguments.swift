/// One option of the command line.
public struct OptionSpec: Sendable {
    /// Without the dashes: `dry-run`.
    public let name: String
    /// What stands for its value in the help, `FILE`; nil: it takes none.
    public let placeholder: String?
    public let help: String
    public let choices: [String]
    public let repeats: Bool

    public init(
        _ name: String, _ placeholder: String? = nil, _ help: String, choices: [String] = [], repeats: Bool = false
    ) {
        self.name = name
        self.placeholder = placeholder
        self.help = help
        self.choices = choices
        self.repeats = repeats
    }
}

/// One command: data, from which the parser, the help and the completion are made alike.
public struct CommandSpec: Sendable {
    /// The words that name it, `env extend`; empty for what the program does without a command.
    public let name: String
    /// One line.
    public let summary: String
    public let discussion: String
    /// Names of positional arguments; `NAME` has to be there, `[PATH]` may be.
    public let positionals: [String]
    public let options: [OptionSpec]
    public let examples: [(command: String, meaning: String)]
    public let isHidden: Bool

    public init(
        _ name: String, _ summary: String, discussion: String = "", positionals: [String] = [],
        options: [OptionSpec] = [], examples: [(command: String, meaning: String)] = [], isHidden: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.positionals = positionals
        self.options = options
        self.examples = examples
        self.isHidden = isHidden
    }
}

/// What the command line said.
public struct ParsedArguments: Sendable {
    public let command: CommandSpec
    public let positionals: [String]
    public let wantsHelp: Bool
    private let values: [String: [String]]

    init(command: CommandSpec, positionals: [String], wantsHelp: Bool, values: [String: [String]]) {
        self.command = command
        self.positionals = positionals
        self.wantsHelp = wantsHelp
        self.values = values
    }

    /// Whether an option without a value was given.
    public func has(_ option: String) -> Bool { values[option] != nil }

    /// The value of an option, the last one where it was given again.
    public func value(_ option: String) -> String? { values[option]?.last }

    /// All values of an option that may be repeated.
    public func all(_ option: String) -> [String] { values[option] ?? [] }
}

/// The command line was wrong: exit status 64.
public struct ArgumentFault: Fault {
    public let code = "USAGE-0001"
    public let message: String
    public let place: String? = nil
    public let hint: String?
    public var disposition: Disposition { .stop }

    public init(_ message: String, hint: String?) {
        self.message = message
        self.hint = hint
    }
}

/// The commands of a program and the options that all of them know.
public struct CommandTable: Sendable {
    public let program: String
    public let commands: [CommandSpec]
    public let common: [OptionSpec]
    /// What a shell offers for values: by the option (`--context`), the command and its argument (`context use NAME`),
    /// or what stands for it in the help (`TIER`).
    public let values: [String: CompletionValues]

    public init(
        program: String, commands: [CommandSpec], common: [OptionSpec], values: [String: CompletionValues] = [:]
    ) {
        self.program = program
        self.commands = commands
        self.common = common
        self.values = values
    }

    /// Reads the arguments after the program's name.
    ///
    /// - Throws: `ArgumentFault` that says which word is wrong and what was probably meant.
    public func parse(_ arguments: [String]) throws(ArgumentFault) -> ParsedArguments {
        var rest = ArraySlice(arguments)
        let command = try takeCommand(&rest)
        let specs = command.options + common
        var values: [String: [String]] = [:]
        var positionals: [String] = []
        var wantsHelp = false
        var onlyPositionals = false
        while let argument = rest.popFirst() {
            if onlyPositionals || argument == "-" || !argument.hasPrefix("-") {
                positionals.append(argument)
            } else if argument == "--" {
                onlyPositionals = true
            } else if argument == "--help" || argument == "-h" {
                wantsHelp = true
            } else {
                let (name, spec, attached) = try option(argument, specs, command)
                guard spec.placeholder != nil else {
                    if attached != nil {
                        throw ArgumentFault("--\(name) takes no value", hint: helpHint(command))
                    }
                    values[name] = []
                    continue
                }
                // A value that begins like an option was most likely left out; --name=--value still says it.
                let follows = rest.first.map { !$0.hasPrefix("--") } ?? false
                guard let value = attached ?? (follows ? rest.popFirst() : nil), !value.isEmpty else {
                    throw ArgumentFault(
                        "--\(name) needs a value",
                        hint: "Write --\(name) \(spec.placeholder ?? ""). \(helpHint(command))")
                }
                if !spec.choices.isEmpty, !spec.choices.contains(value) {
                    let near = Suggestion.nearest(to: value, in: spec.choices).map { "Did you mean \($0)? " } ?? ""
                    throw ArgumentFault(
                        "--\(name) can't be \(value)",
                        hint: "\(near)It is one of \(spec.choices.joined(separator: ", ")).")
                }
                if values[name] != nil, !spec.repeats {
                    throw ArgumentFault("--\(name) was given twice", hint: helpHint(command))
                }
                values[name, default: []].append(value)
            }
        }
        if !wantsHelp { try check(positionals, command) }
        return ParsedArguments(command: command, positionals: positionals, wantsHelp: wantsHelp, values: values)
    }

    /// Takes the words that name a command; options may stand before them.
    private func takeCommand(_ rest: inout ArraySlice<String>) throws(ArgumentFault) -> CommandSpec {
        var leading: [String] = []
        var scan = rest
        while let first = scan.first, first.hasPrefix("-"), first != "-", first != "--" {
            scan.removeFirst()
            leading.append(first)
            if first == "--help" || first == "-h" || first.contains("=") { continue }
            // Without knowing an option nobody knows whether a command or its value follows: say the option.
            let known = common + commands.flatMap(\.options)
            guard let spec = known.first(where: { "--\($0.name)" == first }) else { return bare() }
            if spec.placeholder != nil, let value = scan.popFirst() { leading.append(value) }
        }
        guard let first = scan.first, first != "--" else { return bare() }
        let second = scan.dropFirst().first
        let three = scan.prefix(3).joined(separator: " ")
        if scan.count >= 3, let command = commands.first(where: { $0.name == three }) {
            rest = leading + scan.dropFirst(3)
            return command
        }
        if let second, let command = commands.first(where: { $0.name == "\(first) \(second)" }) {
            rest = leading + scan.dropFirst(2)
            return command
        }
        if let command = commands.first(where: { $0.name == first }) {
            rest = leading + scan.dropFirst()
            return command
        }
        if let group = group(first) {
            let names = commands(in: group).map { String($0.name.dropFirst(first.count + 1)) }
            if scan.contains("--help") || scan.contains("-h") {
                rest = leading + scan.dropFirst()
                return group
            }
            guard let second, !second.hasPrefix("-") else {
                throw ArgumentFault(
                    "\(program) \(first) needs one of \(names.joined(separator: ", "))",
                    hint: "Run: \(program) \(first) --help")
            }
            let near = Suggestion.nearest(to: second, in: names)
            throw ArgumentFault(
                "\(program) \(first) has no command \(second)",
                hint: near.map { "Did you mean: \(program) \(first) \($0)" }
                    ?? "It has \(names.joined(separator: ", ")).")
        }
        throw unknown(first)
    }

    private func unknown(_ word: String) -> ArgumentFault {
        let names = commands.filter { !$0.isHidden && !$0.name.isEmpty }.map(\.name)
        let groups = names.compactMap { $0.split(separator: " ").first.map(String.init) }
        let near = Suggestion.nearest(to: word, in: names + groups)
        return ArgumentFault(
            "there is no command \(word)",
            hint: near.map { "Did you mean: \(program) \($0)" } ?? "Run: \(program) --help")
    }

    /// What the words of a group have in common: `env` stands before `env list`; nil where no command begins so.
    private func group(_ word: String) -> CommandSpec? {
        guard commands.contains(where: { $0.name.hasPrefix(word + " ") && !$0.isHidden }) else { return nil }
        return CommandSpec(word, "The commands of \(program) \(word).", positionals: ["COMMAND"])
    }

    /// The commands that the help of another lists: all for the program itself, those of the group for a group.
    public func commands(in command: CommandSpec) -> [CommandSpec] {
        if command.name.isEmpty { return commands.filter { !$0.name.isEmpty && !$0.isHidden } }
        return commands.filter { $0.name.hasPrefix(command.name + " ") && !$0.isHidden }
    }

    /// The command, or the group of commands, that the words name; none of them: the program itself.
    ///
    /// - Throws: `ArgumentFault` when they name none.
    public func find(_ words: [String]) throws(ArgumentFault) -> CommandSpec {
        let name = words.joined(separator: " ")
        if let command = commands.first(where: { $0.name == name && !$0.isHidden }) { return command }
        if words.count == 1, let group = group(name) { return group }
        var rest = ArraySlice(words)
        if words.count > 1 { _ = try takeCommand(&rest) }
        throw unknown(name)
    }

    private func bare() -> CommandSpec {
        commands.first { $0.name.isEmpty } ?? CommandSpec("", "")
    }

    private func option(
        _ argument: String, _ specs: [OptionSpec], _ command: CommandSpec
    ) throws(ArgumentFault) -> (name: String, spec: OptionSpec, attached: String?) {
        let body = argument.drop { $0 == "-" }
        let name = String(body.prefix { $0 != "=" })
        let attached =
            body.contains("=") ? String(body[body.index(after: body.firstIndex(of: "=") ?? body.startIndex)...]) : nil
        if argument.hasPrefix("--"), let spec = specs.first(where: { $0.name == name }) {
            return (name, spec, attached)
        }
        let near = Suggestion.nearest(to: name, in: specs.map(\.name))
        let elsewhere = commands.first { candidate in candidate.options.contains { $0.name == name } }
        let shown = command.name.isEmpty ? program : "\(program) \(command.name)"
        throw ArgumentFault(
            "\(shown) has no option \(argument)",
            hint: elsewhere.map { "It belongs to: \(program) \($0.name)".trimmed }
                ?? near.map { "Did you mean --\($0)?" } ?? helpHint(command))
    }

    private func check(_ positionals: [String], _ command: CommandSpec) throws(ArgumentFault) {
        let required = command.positionals.filter { !$0.hasPrefix("[") }
        if positionals.count < required.count {
            throw ArgumentFault("\(required[positionals.count]) is missing", hint: "Usage: \(usage(command))")
        }
        if positionals.count > command.positionals.count {
            throw ArgumentFault(
                "\(positionals[command.positionals.count]) is one argument too many", hint: "Usage: \(usage(command))")
        }
    }

    private func helpHint(_ command: CommandSpec) -> String {
        "Run: \(program) \(command.name.isEmpty ? "" : command.name + " ")--help"
    }

    // MARK: Help

    /// `reconcile env extend NAME --days N [options]`.
    public func usage(_ command: CommandSpec) -> String {
        ([program, command.name] + command.positionals + ["[options]"]).filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The help of one command, or of the program where the command has no name.
    ///
    /// - Parameters:
    ///   - command: of which it is.
    ///   - width: columns of the terminal into which running text is fitted; nil: each text is on one line.
    /// - Returns: the text; commands and names of options are never broken.
    public func help(_ command: CommandSpec, width: Int? = nil) -> String {
        var text = "\(Self.filled(command.summary, width))\n\nUsage: \(usage(command))\n"
        if !command.discussion.isEmpty { text += "\n\(Self.filled(command.discussion, width))\n" }
        let listed = commands(in: command)
        if !listed.isEmpty {
            text += "\nCommands:\n"
            text += Self.columns(
                listed.map { (([$0.name] + $0.positionals).joined(separator: " "), $0.summary) }, width)
        }
        if !command.options.isEmpty { text += "\nOptions:\n" + Self.columns(command.options.map(Self.row), width) }
        let shared = common.map(Self.row) + [("--help", "Print this help.")]
        text += "\nOptions of every command:\n" + Self.columns(shared, width)
        if !command.examples.isEmpty {
            text += "\nExamples:\n"
            for example in command.examples {
                text += "  \(example.command)\n"
                if !example.meaning.isEmpty { text += "      \(example.meaning)\n" }
            }
        }
        return text
    }

    private static func row(_ option: OptionSpec) -> (String, String) {
        let value = option.choices.isEmpty ? option.placeholder : option.choices.joined(separator: "|")
        return ("--\(option.name)" + (value.map { " \($0)" } ?? ""), option.help)
    }

    private static func columns(_ rows: [(String, String)], _ whole: Int?) -> String {
        let width = min(34, rows.map(\.0.count).max() ?? 0)
        // Beside the names or, where that leaves no room for it, below them.
        let isBelow = whole.map { $0 - width - 4 < 24 } ?? false
        let margin = String(repeating: " ", count: isBelow ? 6 : width + 4)
        return rows.map { name, help in
            let isBeside = name.count <= width && !isBelow
            let gap = isBeside ? String(repeating: " ", count: width - name.count + 2) : "\n" + margin
            let lines = whole.map { words(of: help, in: $0 - margin.count) } ?? [help]
            return "  \(name)\(gap)\(lines.joined(separator: "\n" + margin))\n"
        }.joined()
    }

    /// Running text in lines of a width, paragraph by paragraph; lines that are set in stay as they are.
    private static func filled(_ text: String, _ width: Int?) -> String {
        guard let width else { return text }
        var lines: [String] = []
        var paragraph: [Substring] = []
        func end() {
            if !paragraph.isEmpty { lines += words(of: paragraph.joined(separator: " "), in: width) }
            paragraph = []
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty || line.hasPrefix(" ") {
                end()
                lines.append(String(line))
            } else {
                paragraph.append(line)
            }
        }
        end()
        return lines.joined(separator: "\n")
    }

    /// A text broken between words; a word that is longer than a line has one for itself.
    private static func words(of text: String, in width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.isEmpty ? [""] : lines
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
