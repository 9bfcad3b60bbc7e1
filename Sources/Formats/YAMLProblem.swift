import Basics
import CYaml

/// A syntax error of libyaml in plain words, with a hint for what people really write.
struct YAMLProblem {
    private let source: YAMLSource
    private let problem: String
    private let mark: SourceMark
    private let context: String
    private let contextMark: SourceMark?

    init(_ parser: yaml_parser_t, _ source: YAMLSource) {
        func place(_ mark: yaml_mark_t) -> SourceMark {
            SourceMark(
                file: source.file, line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
        }
        self.source = source
        problem = parser.problem.map { String(cString: $0) } ?? "the text can't be read"
        context = parser.context.map { String(cString: $0) } ?? ""
        contextMark = parser.context == nil ? nil : place(parser.context_mark)
        // Of a bad alias or anchor the sign itself is the place, and not the character after it.
        let isName = context == "while scanning an alias" || context == "while scanning an anchor"
        mark = isName ? contextMark ?? place(parser.problem_mark) : place(parser.problem_mark)
    }

    func diagnostic() -> Diagnostic {
        let (message, hint) = words()
        var notes: [Diagnostic.Note] = []
        if let contextMark, contextMark != mark { notes.append(Diagnostic.Note(contextWords, at: contextMark)) }
        return Diagnostic(.error, FormatCode.syntax, message, at: mark, hint: hint, notes: notes)
    }

    /// The byte at the place of the problem; 0 past the end.
    private var byte: UInt8 {
        var column = 1
        for byte in source.line(mark.line) {
            if column == mark.column { return byte }
            if byte & 0xC0 != 0x80 { column += 1 }
        }
        return 0
    }

    private var isIndentedWithTab: Bool {
        source.line(mark.line).prefix { $0 == 0x20 || $0 == 0x09 }.contains(0x09)
    }

    private func words() -> (message: String, hint: String?) {
        if isIndentedWithTab {
            return ("a tab stands where the line is indented", "YAML is indented with spaces only: replace the tabs")
        }
        switch problem {
        case "found character that cannot start any token": return startWords()
        case "did not find expected alphabetic or numeric character":
            return context.contains("alias")
                ? (
                    "a text that starts with '*' is read as an alias, and this one has no valid name",
                    "quote it: \"*…\""
                )
                : (
                    "a text that starts with '&' is read as an anchor, and this one has no valid name",
                    "quote it: \"&…\""
                )
        case "did not find expected '-' indicator":
            return (
                "a list is followed by something at the same level that is no item of it",
                "keys and list items can't stand at one level: give the list a key of its own, or make each of them an item"
            )
        case "did not find expected key": return keyWords()
        case "mapping values are not allowed in this context":
            return (
                "a second colon stands in this line, or the line is indented too far", "quote a text that holds ': '"
            )
        case "could not find expected ':'":
            return (
                "a line that is neither a list item nor 'key: value' stands here",
                "add the colon, or quote or indent the text"
            )
        case "did not find expected ',' or ']'":
            return (
                "a comma or the closing ']' of a list is missing",
                "close the list; quote texts that hold ',', '[' or ']'"
            )
        case "did not find expected ',' or '}'":
            return (
                "a comma or the closing '}' of a mapping is missing", "close it; quote texts that hold ',', '{' or '}'"
            )
        case "did not find expected node content":
            return ("a value is missing here", "write the value, or quote the text")
        case "block sequence entries are not allowed in this context":
            return (
                "a list item ('- ') stands where no list can begin", "start the list on a line of its own under its key"
            )
        case "mapping keys are not allowed in this context":
            return ("a key stands where no mapping can begin", "start the mapping on a line of its own")
        case "found unexpected end of stream":
            return ("a quoted text is not closed before the file ends", "add the closing quote")
        case "found unexpected document indicator":
            return ("a quoted text runs into '---' or '...'", "add the closing quote")
        case "found unknown escape character":
            return (
                "a text in double quotes has an escape that does not exist",
                "double the backslash, or use single quotes"
            )
        case "did not find expected <document start>":
            return (
                "there is text after the end of the document", "check the indentation: the first key decides the level"
            )
        default: return ("the YAML is malformed: \(problem)", nil)
        }
    }

    private func keyWords() -> (message: String, hint: String?) {
        switch byte {
        case UInt8(ascii: "-"):
            (
                "a list item stands among the keys of a mapping",
                "give the list a key of its own, or indent it under its key"
            )
        case UInt8(ascii: ":"): ("a key is missing before the colon", "write the key, or quote the text")
        default:
            (
                "a key was expected here",
                "check the indentation of this line and the one above, and that no text follows a closing quote"
            )
        }
    }

    private func startWords() -> (message: String, hint: String?) {
        switch byte {
        case 0x09: ("a tab stands where a value should start", "YAML is indented with spaces only: replace the tab")
        case UInt8(ascii: "@"): ("a text can't start with '@' without quotes", "quote it: \"@…\"")
        case UInt8(ascii: "`"): ("a text can't start with a backtick without quotes", "quote it: \"`…\"")
        case UInt8(ascii: "%"): ("a text can't start with '%' without quotes", "quote it: \"%…\"")
        default: ("a character stands here that can't start a value", "quote the text")
        }
    }

    private var contextWords: String {
        switch context {
        case "while parsing a block collection", "while parsing a flow sequence": "the list starts here"
        case "while parsing a block mapping", "while parsing a flow mapping": "the mapping starts here"
        case "while scanning a quoted scalar": "the quoted text starts here"
        case "while scanning a simple key": "the line that should be a key"
        case "while scanning a block scalar": "the block of text starts here"
        case "while scanning a plain scalar": "the text starts here"
        default: "it began here"
        }
    }
}
