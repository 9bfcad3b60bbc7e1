/// Cron expressions of five fields.
enum Schedule {
    private static let ranges: [ClosedRange<Int>] = [0...59, 0...23, 1...31, 1...12, 0...7]

    /// Whether a text is one: numbers in their range, `*`, ranges, steps and lists of them.
    static func isValid(_ text: String) -> Bool {
        let fields = text.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count == 5 else { return false }
        return zip(fields, ranges).allSatisfy { field, range in
            field.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { isValid($0, range) }
        }
    }

    private static func isValid(_ item: Substring, _ range: ClosedRange<Int>) -> Bool {
        let parts = item.split(separator: "/", omittingEmptySubsequences: false)
        guard let base = parts.first, parts.count <= 2 else { return false }
        if parts.count == 2 {
            guard let step = number(parts[1]), step > 0, step <= range.upperBound else { return false }
        }
        if base == "*" { return true }
        let ends = base.split(separator: "-", omittingEmptySubsequences: false).map { number($0) }
        guard (1...2).contains(ends.count), let first = ends.first ?? nil, let last = ends.last ?? nil else {
            return false
        }
        return range.contains(first) && range.contains(last) && first <= last
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.count <= 2 && text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }
}
