/// Colours, where the reader wants them.
public struct Paint: Sendable {
    public let isOn: Bool

    public init(isOn: Bool) { self.isOn = isOn }

    /// What `--color` and the environment say of a standard stream: colours on a terminal, unless somebody minds.
    ///
    /// - Parameters:
    ///   - when: `always`, `never`, or anything else for `auto`.
    ///   - isTerminal: whether the stream is one.
    ///   - environment: of it `NO_COLOR` (no-color.org) and `TERM` count.
    public init(_ when: String, isTerminal: Bool, environment: [String: String]) {
        switch when {
        case "always": isOn = true
        case "never": isOn = false
        default:
            isOn =
                isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        }
    }

    /// Heavier letters.
    public func bold(_ text: String) -> String { wrap(text, "1") }
    /// Fainter letters.
    public func dim(_ text: String) -> String { wrap(text, "2") }
    /// For what failed.
    public func red(_ text: String) -> String { wrap(text, "31") }
    /// For what is well.
    public func green(_ text: String) -> String { wrap(text, "32") }
    /// For what needs a look.
    public func yellow(_ text: String) -> String { wrap(text, "33") }
    /// For what goes on.
    public func cyan(_ text: String) -> String { wrap(text, "36") }

    private func wrap(_ text: String, _ code: String) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

    /// How many columns a text takes on a terminal, without its colour codes.
    public static func width(_ text: String) -> Int {
        guard text.utf8.contains(0x1B) else { return text.displayWidth }
        var shown = String.UnicodeScalarView()
        var isEscape = false
        for scalar in text.unicodeScalars {
            if isEscape {
                if scalar == "m" { isEscape = false }
            } else if scalar == "\u{1B}" {
                isEscape = true
            } else {
                shown.append(scalar)
            }
        }
        return String(shown).displayWidth
    }

    /// What comes from outside can't move the cursor or change the colours: control characters are shown, not sent.
    public static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 32 && scalar != "\n" || (127..<160).contains(scalar.value)
            if isControl {
                result.append(
                    contentsOf: (scalar == "\t" ? " " : "\\u{\(String(scalar.value, radix: 16))}").unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// A fault for people: code and sentence, place, and what to do.
    public func fault(_ fault: any Fault, word: String = "error") -> String {
        var text = red(word) + bold(" \(fault.code)") + ": \(Self.plain(fault.message))\n"
        if let place = fault.place { text += "  at \(Self.plain(place))\n" }
        if let hint = fault.hint { text += "  \(Self.plain(hint))\n" }
        return text
    }
}
