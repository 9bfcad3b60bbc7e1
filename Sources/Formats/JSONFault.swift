public import Basics
import SimdjsonShim

/// JSON that can't be read.
///
/// The text of the document is never part of the message: it may hold a secret.
public struct JSONFault: Fault {
    /// FMT-0101 syntax, FMT-0102 encoding, FMT-0103 duplicate name, FMT-0104 limit.
    public let code: String
    public let message: String
    /// `byte 17, line 2, column 3`; nil for a document that is too large.
    public let place: String?
    public let hint: String?
    /// The byte of the document at which the fault is, counted from 0.
    public let offset: Int

    public var disposition: Disposition { .stop }

    init(_ code: String, _ message: String, at offset: Int, in bytes: [UInt8], hint: String? = nil) {
        self.code = code
        self.message = message
        self.offset = offset
        self.hint = hint
        let (line, column) = Self.position(of: offset, in: bytes)
        place = "byte \(offset), line \(line), column \(column)"
    }

    init(tooLarge count: Int, limit: Int) {
        code = "FMT-0104"
        message = "the JSON has \(count) bytes; at most \(limit) are read"
        place = nil
        hint = nil
        offset = limit
    }

    init(_ tape: json_tape, in bytes: [UInt8], limits: JSONLimits) {
        let problem = json_problem(rawValue: UInt32(bitPattern: tape.problem))
        let (code, message) = Self.words(problem, bytes.isEmpty, limits)
        if problem == JSON_PROBLEM_DUPLICATE_NAME {
            let (line, column) = Self.position(of: tape.first_offset, in: bytes)
            self.init(
                code, "\(message); the first is at byte \(tape.first_offset), line \(line), column \(column)",
                at: tape.problem_offset, in: bytes)
        } else {
            self.init(code, message, at: tape.problem_offset, in: bytes)
        }
    }

    private static func words(
        _ problem: json_problem, _ isEmpty: Bool, _ limits: JSONLimits
    ) -> (code: String, message: String) {
        switch problem {
        case JSON_PROBLEM_EMPTY:
            ("FMT-0101", isEmpty ? "the JSON document is empty" : "the JSON document is only white space")
        case JSON_PROBLEM_TOO_LARGE: ("FMT-0104", "the JSON document is too large")
        case JSON_PROBLEM_TOO_DEEP: ("FMT-0104", "the JSON is nested deeper than \(limits.maximumDepth) levels")
        case JSON_PROBLEM_MEMORY: ("FMT-0104", "there is not enough memory to read the JSON")
        case JSON_PROBLEM_UTF8: ("FMT-0102", "the JSON is not valid UTF-8")
        case JSON_PROBLEM_CONTROL_CHARACTER: ("FMT-0101", "a JSON string holds a control character that is not escaped")
        case JSON_PROBLEM_UNCLOSED_STRING: ("FMT-0101", "a JSON string is not closed")
        case JSON_PROBLEM_ESCAPE: ("FMT-0101", "a JSON string has an escape that does not exist")
        case JSON_PROBLEM_SURROGATE: ("FMT-0102", "a JSON string has half of a surrogate pair")
        case JSON_PROBLEM_NUMBER: ("FMT-0101", "a JSON number is malformed")
        case JSON_PROBLEM_LITERAL:
            ("FMT-0101", "a word that is not true, false or null stands where a JSON value should be")
        case JSON_PROBLEM_EXPECTED_NAME: ("FMT-0101", "a name in double quotes is missing in a JSON object")
        case JSON_PROBLEM_EXPECTED_COLON: ("FMT-0101", "a colon is missing after a name in a JSON object")
        case JSON_PROBLEM_EXPECTED_COMMA_OR_BRACKET:
            ("FMT-0101", "a comma or the closing bracket of a JSON array is missing")
        case JSON_PROBLEM_EXPECTED_COMMA_OR_BRACE:
            ("FMT-0101", "a comma or the closing brace of a JSON object is missing")
        case JSON_PROBLEM_UNCLOSED_CONTAINER: ("FMT-0101", "a JSON array or object is not closed")
        case JSON_PROBLEM_TRAILING_TEXT: ("FMT-0101", "there is more text after the end of the JSON document")
        case JSON_PROBLEM_DUPLICATE_NAME: ("FMT-0103", "a name stands twice in one JSON object")
        default: ("FMT-0101", "a JSON value is missing")
        }
    }

    private static func position(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }
}
