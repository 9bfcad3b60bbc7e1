/// A small part of Markdown as markup: headings, paragraphs, lists, code, quotes, tables, rules, links, emphasis.
///
/// Everything else, raw HTML above all, is text. A link leads only to `https` addresses, to places on the same page or to
/// other runbooks.
struct Markdown {
    private var lines: [Substring]
    private var position = 0
    private let dropsTitle: Bool

    /// - Parameters:
    ///   - text: the document.
    ///   - dropsTitle: whether its first heading is shown elsewhere.
    init(_ text: String, dropsTitle: Bool = false) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.last == "\r" ? $0.dropLast() : $0
        }
        self.dropsTitle = dropsTitle
        if lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") { position = end + 1 }
    }

    var html: HTML {
        var reader = self
        return reader.blocks(until: { _ in false }, isTop: true)
    }

    /// The first paragraph, as far as some sentences go; empty where there is none.
    var lead: HTML {
        var reader = self
        while reader.position < reader.lines.count {
            let line = reader.lines[reader.position].trimmedStart
            if line.hasPrefix("```") || line.hasPrefix("~~~") {
                // What is between the marks is no text either.
                _ = reader.fence(line.prefix(3))
                continue
            }
            let isText =
                !line.isEmpty && Self.heading(line) == nil && !Self.isRule(line) && !line.hasPrefix("|")
                && !line.hasPrefix(">") && Self.marker(line) == nil
            guard isText else {
                reader.position += 1
                continue
            }
            let text = reader.paragraphText()
            guard text.count > 320 else { return Self.inline(Substring(text)) }
            // Cut where a sentence ends, so that no emphasis stays open.
            let end = text.prefix(320).lastIndex(of: ".").map { text.index(after: $0) }
            return Self.inline(text[..<(end ?? text.index(text.startIndex, offsetBy: 320))])
        }
        return HTML()
    }

    // MARK: Blocks

    private mutating func blocks(until isEnd: (Substring) -> Bool, isTop: Bool = false) -> HTML {
        var all = HTML()
        var isFirst = isTop && dropsTitle
        while position < lines.count, !isEnd(lines[position]) {
            let line = lines[position].trimmedStart
            if line.isEmpty {
                position += 1
            } else if let level = Self.heading(line) {
                position += 1
                if isFirst, level == 1 { isFirst = false } else { all += heading(line.dropFirst(level), level) }
            } else if line.hasPrefix("```") || line.hasPrefix("~~~") {
                all += fence(line.prefix(3))
            } else if Self.isRule(line) {
                position += 1
                all += element(.hr)
            } else if line.hasPrefix(">") {
                all += quote()
            } else if Self.marker(line) != nil {
                all += list(lines[position].indent)
            } else if line.hasPrefix("|"), position + 1 < lines.count, Self.isTableRule(lines[position + 1]) {
                all += table()
            } else {
                all += paragraph()
            }
        }
        return all
    }

    private static func heading(_ line: Substring) -> Int? {
        let count = line.prefix { $0 == "#" }.count
        return (1...6).contains(count) && line.dropFirst(count).first == " " ? count : nil
    }

    private func heading(_ text: Substring, _ level: Int) -> HTML {
        // The page's own heading is the first.
        let tag: HTML.Tag = level <= 2 ? .h2 : level == 3 ? .h3 : .h4
        return element(tag, "", .id("s-" + Anchor.id(String(text)))) { Self.inline(text.trimmedStart) }
    }

    private static func isRule(_ line: Substring) -> Bool {
        let marks = line.filter { $0 != " " }
        guard marks.count >= 3, let first = marks.first, "-*_".contains(first) else { return false }
        return marks.allSatisfy { $0 == first }
    }

    private mutating func fence(_ mark: Substring) -> HTML {
        position += 1
        var text = ""
        while position < lines.count, !lines[position].trimmedStart.hasPrefix(mark) {
            text += lines[position] + "\n"
            position += 1
        }
        position += 1
        return element(.pre, "", .set("tabindex", "0")) { element(.code) { text } }
    }

    private mutating func quote() -> HTML {
        var inner: [Substring] = []
        while position < lines.count, lines[position].trimmedStart.hasPrefix(">") {
            inner.append(lines[position].trimmedStart.dropFirst().trimmedStart)
            position += 1
        }
        return element(.blockquote) { Self.inline(Substring(inner.joined(separator: " "))) }
    }

    private mutating func paragraph() -> HTML { element(.p) { Self.inline(Substring(paragraphText())) } }

    private mutating func paragraphText() -> String {
        var text = ""
        while position < lines.count {
            let line = lines[position].trimmedStart
            if line.isEmpty || Self.heading(line) != nil || line.hasPrefix("```")
                || !text.isEmpty && Self.marker(line) != nil
            {
                break
            }
            text += (text.isEmpty ? "" : " ") + line
            position += 1
        }
        return text
    }

    /// How many characters the mark of a list's entry takes, and whether it counts.
    private static func marker(_ line: Substring) -> (width: Int, isOrdered: Bool)? {
        if let first = line.first, "-*+".contains(first), line.dropFirst().first == " " { return (2, false) }
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.count) else { return nil }
        let rest = line.dropFirst(digits.count)
        return (rest.hasPrefix(". ") || rest.hasPrefix(") ")) ? (digits.count + 2, true) : nil
    }

    private mutating func list(_ indent: Int) -> HTML {
        let isOrdered = Self.marker(lines[position].trimmedStart)?.isOrdered ?? false
        var entries: [HTML] = []
        while position < lines.count {
            let line = lines[position]
            guard let marker = Self.marker(line.trimmedStart), line.indent >= indent, line.indent < indent + 2 else {
                break
            }
            var text = String(line.trimmedStart.dropFirst(marker.width))
            var nested = HTML()
            position += 1
            while position < lines.count {
                let next = lines[position]
                let words = next.trimmedStart
                if words.isEmpty {
                    // A blank line ends the entry, unless what follows is still indented.
                    guard position + 1 < lines.count, lines[position + 1].indent > indent,
                        !lines[position + 1].trimmedStart.isEmpty
                    else { break }
                    position += 1
                } else if next.indent <= indent {
                    break
                } else if Self.marker(words) != nil {
                    nested += list(next.indent)
                } else if words.hasPrefix("```") {
                    nested += fence("```")
                } else {
                    text += " " + words
                    position += 1
                }
            }
            let content = Self.inline(Substring(text))
            entries.append(
                element(.li) {
                    content
                    nested
                })
            while position + 1 < lines.count, lines[position].trimmedStart.isEmpty,
                Self.marker(lines[position + 1].trimmedStart) != nil, lines[position + 1].indent >= indent
            {
                position += 1
            }
        }
        return element(isOrdered ? .ol : .ul) { for entry in entries { entry } }
    }

    // MARK: Tables

    private static func isTableRule(_ line: Substring) -> Bool {
        let marks = line.trimmedStart
        return marks.contains("-") && marks.allSatisfy { "|:- ".contains($0) }
    }

    private static func cells(_ line: Substring) -> [Substring] {
        var cells = line.trimmedStart.dropFirst().split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed)
        if cells.last?.isEmpty ?? false { cells.removeLast() }
        return cells
    }

    private mutating func table() -> HTML {
        let columns = Self.cells(lines[position])
        position += 2
        var rows: [[Substring]] = []
        while position < lines.count, lines[position].trimmedStart.hasPrefix("|") {
            rows.append(Self.cells(lines[position]))
            position += 1
        }
        return element(.div, "table-wrap", .set("tabindex", "0"), .role("region"), .label("Table")) {
            element(.table) {
                element(.thead) {
                    element(.tr) {
                        for column in columns { element(.th, "", .set("scope", "col")) { Self.inline(column) } }
                    }
                }
                element(.tbody) {
                    for row in rows { element(.tr) { for cell in row { element(.td) { Self.inline(cell) } } } }
                }
            }
        }
    }

    // MARK: Within a line

    /// Code, emphasis and links; whatever isn't closed is text.
    static func inline(_ text: Substring) -> HTML {
        var all = HTML()
        var plain = ""
        var rest = text
        while let first = rest.first {
            if let (markup, end) = span(rest, first) {
                all += HTML(plain)
                plain = ""
                all += markup
                rest = rest[end...]
            } else {
                plain.append(first)
                rest = rest.dropFirst()
            }
        }
        all += HTML(plain)
        return all
    }

    private static func span(_ rest: Substring, _ first: Character) -> (HTML, Substring.Index)? {
        switch first {
        case "`":
            guard let (inner, end) = between(rest, "`") else { return nil }
            return (element(.code) { String(inner) }, end)
        case "*":
            if let (inner, end) = between(rest, "**") { return (element(.strong) { inline(inner) }, end) }
            guard let (inner, end) = between(rest, "*"), inner.first != " " else { return nil }
            return (element(.em) { inline(inner) }, end)
        case "[": return link(rest)
        default: return nil
        }
    }

    private static func between(_ rest: Substring, _ mark: String) -> (Substring, Substring.Index)? {
        guard rest.hasPrefix(mark) else { return nil }
        let inner = rest.dropFirst(mark.count)
        guard let range = inner.firstRange(of: mark), range.lowerBound > inner.startIndex else { return nil }
        return (inner[..<range.lowerBound], range.upperBound)
    }

    private static func link(_ rest: Substring) -> (HTML, Substring.Index)? {
        guard let close = rest.firstIndex(of: "]") else { return nil }
        let after = rest[rest.index(after: close)...]
        guard after.first == "(", let end = after.firstIndex(of: ")") else { return nil }
        let words = String(rest[rest.index(after: rest.startIndex)..<close])
        let address = String(after.dropFirst()[..<end])
        let past = after.index(after: end)
        if let link = Link(outside: address) {
            return (element(.a, "", .href(link), .set("rel", "noreferrer noopener")) { words }, past)
        }
        if address.hasPrefix("#") { return (a(Link(fragment: "s-" + Anchor.id(address)), words), past) }
        let name = address.split(separator: "/").last ?? ""
        if name.hasSuffix(".md"), !address.contains(":") {
            return (a(Link("/runbooks", String(name.dropLast(3))), words), past)
        }
        // An address of another sort is shown and leads nowhere.
        return (HTML("\(words) (\(address))"), past)
    }
}

extension Substring {
    fileprivate var trimmedStart: Substring { drop { $0 == " " || $0 == "\t" } }

    fileprivate var trimmed: Substring {
        var text = trimmedStart
        while text.last == " " { text.removeLast() }
        return text
    }

    fileprivate var indent: Int { prefix { $0 == " " }.count }
}
