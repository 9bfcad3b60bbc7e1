/// What a manual page says beside the commands.
public struct ManualText: Sendable {
    /// The words after the program's name.
    public let synopsis: String
    public let summary: String
    public let description: String
    /// Sections after the commands, each with rows of a term and what it means.
    public let sections: [(title: String, rows: [(term: String, meaning: String)])]
    public let seeAlso: String

    public init(
        synopsis: String, summary: String, description: String,
        sections: [(title: String, rows: [(term: String, meaning: String)])],
        seeAlso: String
    ) {
        self.synopsis = synopsis
        self.summary = summary
        self.description = description
        self.sections = sections
        self.seeAlso = seeAlso
    }
}

extension CommandTable {
    /// The manual page in the man macros, see man(7); it holds no date, so that the same program gives the same bytes.
    public func manual(_ text: ManualText, version: String) -> String {
        var page = ".TH \(Self.roff(program).uppercased()) 1 \"\" \"\(Self.roff(program)) \(Self.roff(version))\"\n"
        page += ".SH NAME\n\(Self.roff(program)) \\- \(Self.roff(text.summary))\n"
        page += ".SH SYNOPSIS\n.B \(Self.roff(program))\n.I \(Self.roff(text.synopsis))\n[options]\n"
        page += ".SH DESCRIPTION\n\(Self.paragraphs(text.description))"
        page += ".SH COMMANDS\n"
        for command in commands where !command.isHidden && !command.name.isEmpty {
            let words = ([command.name] + command.positionals).joined(separator: " ")
            page += ".SS \"\(Self.roff("\(program) \(words)"))\"\n\(Self.paragraphs(command.summary))"
            if !command.discussion.isEmpty { page += ".PP\n\(Self.paragraphs(command.discussion))" }
            page += command.options.map(Self.term).joined()
            for example in command.examples {
                page += ".PP\n.EX\n\(Self.roff("$ \(example.command)"))\n.EE\n"
                if !example.meaning.isEmpty { page += Self.paragraphs(example.meaning) }
            }
        }
        page += ".SH OPTIONS\nEvery command knows these.\n" + common.map(Self.term).joined()
        page += Self.term(OptionSpec("help", nil, "Print the help of the command."))
        for section in text.sections {
            page += ".SH \"\(Self.roff(section.title.uppercased()))\"\n"
            for row in section.rows { page += ".TP\n.B \(Self.roff(row.term))\n\(Self.paragraphs(row.meaning))" }
        }
        return page + ".SH \"SEE ALSO\"\n\(Self.paragraphs(text.seeAlso))"
    }

    private static func term(_ option: OptionSpec) -> String {
        let value = option.choices.isEmpty ? option.placeholder : option.choices.joined(separator: "|")
        let shown = value.map { " \\fI\(roff($0))\\fR" } ?? ""
        return ".TP\n\\fB\(roff("--\(option.name)"))\\fR\(shown)\n\(paragraphs(option.help))"
    }

    private static func paragraphs(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                // A dot or an apostrophe at the beginning of a line would be a request.
                let isRequest = line.hasPrefix(".") || line.hasPrefix("'")
                return line.isEmpty ? ".PP\n" : (isRequest ? "\\&" : "") + roff(String(line)) + "\n"
            }.joined()
    }

    private static func roff(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "\"": result += "\\(dq"
            case "'": result += "\\(aq"
            default: result.append(character)
            }
        }
        return result
    }
}
