/// Columns of text that line up.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: String...) { self.header = header }

    mutating func add(_ cells: String...) { rows.append(cells) }

    /// The table with a dim header; the last column is as long as it is.
    func text(_ paint: Paint) -> String {
        let all = [header] + rows
        var widths = [Int](repeating: 0, count: header.count)
        for row in all {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], Paint.width(cell)) }
        }
        func line(_ row: [String]) -> String {
            var text = ""
            for (column, cell) in row.enumerated() {
                text += cell
                if column < row.count - 1 {
                    text += String(repeating: " ", count: widths[column] - Paint.width(cell) + 2)
                }
            }
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }
        return paint.dim(String(line(header).dropLast())) + "\n" + rows.map(line).joined()
    }
}
