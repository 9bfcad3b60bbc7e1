/// Columns of text that line up.
public struct Table: Sendable {
    /// One column.
    public struct Column: Sendable {
        public let title: String
        /// The higher, the later it is cut where the terminal is too narrow.
        public let importance: Int
        /// The least width in which it still says something: where there is less room it is left out rather than cut.
        public let least: Int

        /// - Parameters:
        ///   - title: its header.
        ///   - importance: the higher, the later it is cut or left out.
        ///   - least: nil: enough for its title, and for the beginning of a word.
        public init(_ title: String, importance: Int = 0, least: Int? = nil) {
            self.title = title
            self.importance = importance
            self.least = max(1, least ?? max(8, title.count))
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
        func line(_ row: [String]) -> String {
            var text = ""
            for (column, cell) in row.enumerated() where widths[column] > 0 {
                let shown = width == nil ? cell : Self.cut(cell, to: widths[column])
                text += shown
                if column < last {
                    text += String(repeating: " ", count: widths[column] - Paint.width(shown) + 2)
                }
            }
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }
        return paint.dim(String(line(all[0]).dropLast())) + "\n" + rows.map(line).joined()
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
