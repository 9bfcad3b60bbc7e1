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
        /// Whether the table says nothing without it: where there is no room, each row stands as lines below one another.
        public let isNeeded: Bool

        /// - Parameters:
        ///   - title: its header.
        ///   - importance: the higher, the later it is cut or left out.
        ///   - least: nil: enough for its title, and for the beginning of a word; `.max`: it is whole or left out.
        ///   - wraps: whether a cell goes on in the next line rather than being cut.
        ///   - isNeeded: whether rows are laid out as lines below one another before this is left out.
        public init(
            _ title: String, importance: Int = 0, least: Int? = nil, wraps: Bool = false, isNeeded: Bool = false
        ) {
            self.title = title
            self.importance = importance
            self.least = max(1, least ?? max(8, title.count))
            self.wraps = wraps
            self.isNeeded = isNeeded
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
        if let width, !fit(&widths, into: width) { return stacked(paint, width) }
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

    /// Whether every column has room for its longest cell.
    public func fits(_ width: Int?) -> Bool {
        guard let width else { return true }
        let widths = columns.indices.map { column in
            ([columns[column].title] + rows.map { $0[column] }).map { Paint.width($0) }.max() ?? 0
        }
        return widths.filter { $0 > 0 }.map { $0 + 2 }.reduce(-2, +) <= width
    }

    /// Each row as a block: its first cell, and below it each other one behind its title.
    private func stacked(_ paint: Paint, _ width: Int) -> String {
        let titles = columns.map { $0.title.lowercased().replacing("(utc)", with: "(UTC)") }
        let margin = (titles.dropFirst().map(\.count).max() ?? 0) + 4
        // Beside the title or, where that leaves too little, below it.
        let isBeside = margin <= width / 2
        let inset = String(repeating: " ", count: isBeside ? margin : 4)
        return rows.map { row in
            var lines = Self.wrap(row.first ?? "", to: width)
            for (column, cell) in row.enumerated().dropFirst() where !cell.isEmpty && cell != "-" {
                let title = titles[column]
                let head = "  " + paint.dim(title)
                let length = Paint.width(cell)
                // What can stand whole in a line of its own does.
                if columns[column].least == .max, length > width - inset.count, length <= width - 4 {
                    lines += [head, "    " + cell]
                    continue
                }
                var parts = Self.wrap(cell, to: width - inset.count, indent: 0).map { inset + $0 }
                if isBeside, let first = parts.first {
                    parts[0] = head + first.dropFirst(2 + title.count)
                } else {
                    parts.insert(head, at: 0)
                }
                lines += parts
            }
            return lines.map { $0 + "\n" }.joined()
        }.joined(separator: "\n")
    }

    /// Narrows the least important columns, and leaves them out where even that is not enough; a width of 0 is left out.
    ///
    /// - Returns: false where there is no room for what is needed.
    private func fit(_ widths: inout [Int], into width: Int) -> Bool {
        let whole = widths
        func excess() -> Int { widths.filter { $0 > 0 }.map { $0 + 2 }.reduce(-2, +) - max(1, width) }
        let order = columns.indices.sorted { (columns[$0].importance, $1) < (columns[$1].importance, $0) }
        for gone in order.indices {
            widths = whole
            for column in order.prefix(gone) {
                if columns[column].isNeeded { return false }
                widths[column] = 0
            }
            for column in order where excess() > 0 && widths[column] > 0 {
                widths[column] = max(min(widths[column], columns[column].least), widths[column] - excess())
            }
            guard excess() <= 0 else { continue }
            // What is left out for a wider one may have room beside it.
            for column in order.prefix(gone).reversed() {
                widths[column] = whole[column]
                if excess() > 0 { widths[column] = 0 }
            }
            return true
        }
        guard let column = order.last, !columns[column].isNeeded else { return false }
        widths[column] = max(1, width)
        return true
    }

    /// A text in lines, broken after a word, and inside of one that is longer than a line after a part of a key.
    ///
    /// Colours end with their line and begin again in the next one.
    ///
    /// - Parameters:
    ///   - text: one line.
    ///   - width: columns that a line may take.
    ///   - indent: how far the later lines are set in; nil: a little, where there is room.
    /// - Returns: lines without their newline, of which none lacks a letter of the text but the space where it is broken.
    public static func wrap(_ text: String, to width: Int, indent: Int? = nil) -> [String] {
        guard Paint.width(text) > width, width > 0 else { return [text] }
        let margin = String(repeating: " ", count: min(indent ?? (width < 12 ? 0 : 2), width / 2))
        var lines: [String] = []
        var rest = Array(text.unicodeScalars)[...]
        var color: [Unicode.Scalar] = []
        while Paint.width(String(String.UnicodeScalarView(rest))) > 0 {
            let lead = lines.isEmpty ? 0 : margin.count
            let end = lineEnd(rest, room: width - lead)
            var line = String.UnicodeScalarView((lines.isEmpty ? "" : margin).unicodeScalars)
            line.append(contentsOf: color)
            line.append(contentsOf: rest[..<end])
            color = lastColor(in: rest[..<end]) ?? color
            rest = rest[end...].drop { $0 == " " }
            while line.last == " " { line.removeLast() }
            lines.append(String(line) + (color.isEmpty ? "" : "\u{1B}[0m"))
        }
        return lines
    }

    /// Where a line of so many columns ends.
    private static func lineEnd(_ text: ArraySlice<Unicode.Scalar>, room: Int) -> Int {
        var (count, isEscape, isInside) = (0, false, false)
        var (word, part): (Int?, Int?) = (nil, nil)
        for index in text.indices {
            let scalar = text[index]
            if isEscape || scalar == "\u{1B}" {
                isEscape = scalar != "m"
                continue
            }
            // A word that ends with the line is whole, and one that no line has room for begins in this one.
            if count == room {
                guard scalar != " " else { return index }
                guard let word, let part, part > word else { return word ?? part ?? index }
                let length = text[(word + 1)...].prefix { $0 != " " }.count
                return length > room ? part : word
            }
            count += 1
            if scalar == " " {
                if isInside { word = index }
            } else {
                isInside = true
                if "/,-".unicodeScalars.contains(scalar) { part = index + 1 }
            }
        }
        return text.endIndex
    }

    /// The colour that holds where a text ends, empty for none; nil where the text changes none.
    private static func lastColor(in text: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar]? {
        guard let start = text.lastIndex(of: "\u{1B}") else { return nil }
        let code = Array(text[start...].prefix { $0 != "m" }) + ["m"]
        return code == Array("\u{1B}[0m".unicodeScalars) ? [] : code
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
