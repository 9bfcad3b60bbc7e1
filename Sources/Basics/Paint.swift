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

    /// What comes from outside can't move the cursor, change the colours or turn what stands beside it: what acts unseen is
    /// shown, not sent.
    public static func plain(_ text: String) -> String {
        shown(text) { $0.actsUnseen && $0 != "\n" }
    }

    /// The same of a text that is painted and laid out already: its colours and its tabs stay.
    public static func unturned(_ text: String) -> String {
        shown(text) { $0.value > 127 && $0.actsUnseen }
    }

    private static func shown(_ text: String, where isHidden: (Unicode.Scalar) -> Bool) -> String {
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isHidden(scalar) {
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

extension Unicode.Scalar {
    /// Whether it isn't seen and acts on what stands around it: a control character, one that turns the direction of writing,
    /// one that has no width, or one that ends a line or a paragraph.
    public var actsUnseen: Bool {
        switch value {
        case 0..<32, 127..<160, 0x200B, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
