/// Columns of text that line up.
public struct Table: Sendable {
    /// One column.
    public struct Column: Sendable {
        public let title: String
        /// The higher, the later it is cut where the terminal is too narrow.
        public let importance: Int
        /// The least width in which it still says something: where there is less room it is left out rather than cut.
        public let least: Int
        /// Whether a cell that is too long goes on in the next line: what rows are told apart by is never cut.
        public let wraps: Bool

        /// - Parameters:
        ///   - title: its header.
        ///   - importance: the higher, the later it is cut or left out.
        ///   - least: nil: enough for its title, and for the beginning of a word.
        ///   - wraps: whether a cell goes on in the next line rather than being cut; it has to be without colours.
        public init(_ title: String, importance: Int = 0, least: Int? = nil, wraps: Bool = false) {
            self.title = title
            self.importance = importance
            self.least = max(1, least ?? max(8, title.count))
            self.wraps = wraps
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    public init(_ header: String...) { columns = header.map { Column($0) } }

    public init(columns: [Column]) { self.columns = columns }

    /// Adds a row.
    public mutating func add(_ cells: String...) { rows.append(cells) }

    /// Adds a row with as many cells as there are columns.
    public mutating func add(cells: [String]) { rows.append(cells) }

    /// The table with a dim header; the last column is as long as it is.
    ///
    /// - Parameters:
    ///   - paint: for the header; cells are painted by whoever adds them.
    ///   - width: columns of the terminal, which no line exceeds; nil: nothing is cut.
    /// - Returns: lines that each end in a newline.
    public func text(_ paint: Paint, width: Int? = nil) -> String {
        let all = [columns.map(\.title)] + rows
        var widths = [Int](repeating: 0, count: columns.count)
        for row in all {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], Paint.width(cell)) }
        }
        if let width { fit(&widths, into: width) }
        let last = widths.lastIndex { $0 > 0 } ?? 0
        func line(_ cells: [String]) -> String {
            var text = ""
            for (column, cell) in cells.enumerated() where widths[column] > 0 {
                text += cell
                if column < last {
                    text += String(repeating: " ", count: widths[column] - Paint.width(cell) + 2)
                }
            }
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }
        func lines(_ row: [String]) -> String {
            guard width != nil else { return line(row) }
            let parts = row.enumerated().map { column, cell in
                columns[column].wraps
                    ? Self.wrap(cell, to: widths[column]) : [Self.cut(cell, to: widths[column])]
            }
            return (0..<(parts.map(\.count).max() ?? 0)).map { index in
                line(parts.map { index < $0.count ? $0[index] : "" })
            }.joined()
        }
        let header = line(width == nil ? all[0] : zip(all[0], widths).map { Self.cut($0, to: $1) })
        return paint.dim(String(header.dropLast())) + "\n" + rows.map(lines).joined()
    }

    /// Narrows the least important columns, and leaves them out where even that is not enough; a width of 0 is left out.
    private func fit(_ widths: inout [Int], into width: Int) {
        let whole = widths
        func excess() -> Int { widths.filter { $0 > 0 }.map { $0 + 2 }.reduce(-2, +) - max(1, width) }
        let order = columns.indices.sorted { (columns[$0].importance, $1) < (columns[$1].importance, $0) }
        for gone in order.indices {
            widths = whole
            for column in order.prefix(gone) { widths[column] = 0 }
            for column in order where excess() > 0 && widths[column] > 0 {
                widths[column] = max(min(widths[column], columns[column].least), widths[column] - excess())
            }
            if excess() <= 0 { return }
        }
        if let column = order.last { widths[column] = max(1, width) }
    }

    /// A text without colours in lines, broken after a part of a key or a word where one ends, the later ones set in.
    public static func wrap(_ text: String, to width: Int) -> [String] {
        guard Paint.width(text) > width, width > 0 else { return [text] }
        let indent = width < 12 ? "" : "  "
        var lines: [String] = []
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            let margin = lines.isEmpty ? "" : indent
            let room = width - margin.unicodeScalars.count
            var part = rest.prefix(room)
            if part.endIndex != rest.endIndex, let end = part.lastIndex(where: { "/ ,-".unicodeScalars.contains($0) }) {
                part = part[...end]
            }
            rest = rest[part.endIndex...]
            lines.append(margin + String(part))
        }
        return lines
    }

    /// As much of a text as fits, with an ellipsis where some is missing; colour codes stay whole.
    public static func cut(_ text: String, to width: Int) -> String {
        guard Paint.width(text) > width else { return text }
        var result = String.UnicodeScalarView()
        var count = 0
        var isEscape = false
        var hasColor = false
        for scalar in text.unicodeScalars {
            if isEscape || scalar == "\u{1B}" {
                isEscape = scalar != "m"
                hasColor = true
                result.append(scalar)
            } else if count < width - 1 {
                result.append(scalar)
                count += 1
            } else {
                break
            }
        }
        return String(result) + "…" + (hasColor ? "\u{1B}[0m" : "")
    }
}
