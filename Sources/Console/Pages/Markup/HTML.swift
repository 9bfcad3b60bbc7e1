import Basics

/// Markup whose every text was escaped when it became part of it.
///
/// There is no way to put text into it as it is: names of elements and attributes come from closed sets or from literals,
/// everything else is escaped here.
struct HTML: Sendable, Hashable {
    private(set) var source: String

    /// Nothing.
    init() { source = "" }

    /// A text, escaped; what would turn the direction of the text after it becomes the character for what can't be shown, and
    /// what is written from right to left stands in an element of its own, for it would turn what stands around it.
    init(_ text: some StringProtocol) {
        // None of them begins with a smaller byte.
        guard text.utf8.contains(where: { $0 >= 0xD6 }) else {
            source = Self.escaped(text)
            return
        }
        var shown = String.UnicodeScalarView()
        var isMixed = false
        for scalar in text.unicodeScalars {
            shown.append(Self.turns(scalar) ? "\u{FFFD}" : scalar)
            isMixed = isMixed || scalar.isRightToLeft
        }
        source = isMixed ? Isolation.isolated(String(shown)) : Self.escaped(String(shown))
    }

    /// An element with its end.
    init(_ tag: Tag, _ attributes: [Attribute], _ content: HTML) {
        source = "<\(tag.rawValue)"
        for attribute in attributes { attribute.write(to: &source) }
        let plain = tag.holdsTextAlone ? Isolation.removed(from: content.source) : nil
        source += plain == nil ? ">" : " dir=\"auto\">"
        guard !tag.isVoid else { return }
        source += plain ?? content.source
        source += "</\(tag.rawValue)>"
    }

    static func += (a: inout HTML, b: HTML) { a.source += b.source }

    var isEmpty: Bool { source.isEmpty }

    /// A whole document.
    func document() -> String { "<!doctype html>\n\(source)\n" }

    /// The text with what could end a text or an attribute made harmless.
    ///
    /// Control characters, which HTML has no way to write, become the character for what can't be shown.
    static func escaped(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(where: isSpecial) else { return String(text) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 32)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            case 9, 10: bytes.append(byte)
            case 0..<32, 127: bytes += "\u{FFFD}".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func turns(_ scalar: Unicode.Scalar) -> Bool { scalar.value > 0x200B && scalar.actsUnseen }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case 9, 10: false
        case 0..<32, 127, UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""),
            UInt8(ascii: "'"):
            true
        default: false
        }
    }

    /// The elements that pages are made of.
    enum Tag: String, Sendable, Hashable {
        case html, head, meta, link, title, script, body, header, footer, nav, main, section, aside, article, div, span
        case h1, h2, h3, h4, p, a, ul, ol, li, dl, dt, dd, strong, em, code, pre, time, hr, br, blockquote
        case table, caption, thead, tbody, tr, th, td, details, summary, form, label, input, select, option, button
        case svg, path, rect, line

        var isVoid: Bool {
            switch self {
            case .meta, .link, .hr, .br, .input: true
            default: false
            }
        }

        /// Whether an element in it would be read as a part of the text, or be left out.
        var holdsTextAlone: Bool { self == .title || self == .option }
    }
}

/// One attribute of an element: a name from a literal, a value that is escaped.
struct Attribute: Sendable {
    private let name: StaticString
    private let value: String?

    private init(_ name: StaticString, _ value: String?) {
        self.name = name
        self.value = value
    }

    func write(to source: inout String) {
        source += " \(name)"
        if let value { source += "=\"\(HTML.escaped(value))\"" }
    }

    static func id(_ value: String) -> Attribute { Attribute("id", value) }
    static func `class`(_ value: String) -> Attribute { Attribute("class", value) }
    static func role(_ value: StaticString) -> Attribute { Attribute("role", "\(value)") }
    static func title(_ value: String) -> Attribute { Attribute("title", value) }
    static func label(_ value: String) -> Attribute { Attribute("aria-label", value) }
    static func labelled(by id: String) -> Attribute { Attribute("aria-labelledby", id) }
    static func named(_ value: String) -> Attribute { Attribute("name", value) }
    static func value(_ value: String) -> Attribute { Attribute("value", value) }
    static func type(_ value: StaticString) -> Attribute { Attribute("type", "\(value)") }
    static func href(_ link: Link) -> Attribute { Attribute("href", link.text) }
    static func src(_ link: Link) -> Attribute { Attribute("src", link.text) }
    static func action(_ link: Link) -> Attribute { Attribute("action", link.text) }
    static func lang(_ value: StaticString) -> Attribute { Attribute("lang", "\(value)") }
    static func datetime(_ value: String) -> Attribute { Attribute("datetime", value) }
    static func target(_ id: String) -> Attribute { Attribute("for", id) }
    static func flag(_ name: StaticString) -> Attribute { Attribute(name, nil) }
    static let hidden = Attribute("aria-hidden", "true")

    /// Any other attribute by a name that is a literal; not for addresses, and no handler of events.
    static func set(_ name: StaticString, _ value: String) -> Attribute { Attribute(name, value) }
}

/// An address that a page may lead to: a path of this service, or an `https` address.
struct Link: Sendable, Hashable {
    let text: String

    /// A path of this service; `parts` follow it, each escaped as one segment.
    init(_ path: StaticString, _ parts: String..., query: [(String, String)] = [], fragment: String? = nil) {
        var text = "\(path)"
        for part in parts { text += (text.hasSuffix("/") ? "" : "/") + Self.encoded(part) }
        let pairs = query.filter { !$0.1.isEmpty }.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }
        if !pairs.isEmpty { text += "?" + pairs.joined(separator: "&") }
        if let fragment { text += "#" + Self.encoded(fragment) }
        self.text = text
    }

    /// A place on the same page.
    init(fragment: String) { text = "#" + Self.encoded(fragment) }

    /// The path of a page that is known here.
    init(_ page: PageSpec, query: [(String, String)] = []) {
        self.init(page.path, query: query)
    }

    /// An address elsewhere; nil for every scheme but `https`.
    init?(outside address: String) {
        guard address.hasPrefix("https://"), address.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        text = address
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
