public import Basics

/// Where a page of a list that is ordered by time ended, so that the next one begins there.
public struct PageCursor: Sendable, Hashable, CustomStringConvertible {
    public let at: Timestamp
    public let id: String

    /// What its text looks like, as a regular expression for those who write documents of the API.
    public static let pattern =
        "^[0-9]{1,16}\\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

    public init(at: Timestamp, id: String) {
        self.at = at
        self.id = id
    }

    /// Nil where the text is none of ours.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count <= 16, let time = UInt64(parts[0]), parts[0].first != "+",
            IdentifierSource.isUUID(String(parts[1]))
        else { return nil }
        at = Timestamp(microseconds: Int64(time))
        id = String(parts[1])
    }

    public var description: String { "\(max(0, at.microseconds)).\(id)" }
}

/// A part of a list that is ordered by time, newest first.
public struct Page<Row: Sendable>: Sendable {
    public let rows: [Row]
    /// Where the next part begins; nil at the end of the list.
    public let next: PageCursor?

    /// Of one row more than was asked for, where there is one.
    init(_ found: [(cursor: PageCursor, row: Row)], limit: Int) {
        rows = found.prefix(limit).map(\.row)
        next = found.count > limit && limit > 0 ? found[limit - 1].cursor : nil
    }
}

/// Conditions of a query with their values.
struct Conditions {
    private(set) var texts: [String] = []
    private(set) var binds: [SQLValue]

    init(_ binds: [SQLValue] = []) { self.binds = binds }

    /// Adds a condition in which `?` stands for the value; nothing where there is none.
    mutating func add(_ text: String, _ value: SQLValue?) {
        guard let value, value != .null else { return }
        binds.append(value)
        texts.append(text.split(separator: "?", omittingEmptySubsequences: false).joined(separator: "$\(binds.count)"))
    }

    /// One of several values; nil: any.
    ///
    /// - Parameters:
    ///   - column: what is compared, and what stands before it.
    ///   - values: of which it has to be one.
    ///   - end: closes what `column` opened.
    mutating func add(_ column: String, oneOf values: [String]?, end: String = "") {
        guard let values else { return }
        guard !values.isEmpty else { return texts.append("1 = 0") }
        var names: [String] = []
        for value in values {
            binds.append(.text(value))
            names.append("$\(binds.count)")
        }
        texts.append("\(column) in (\(names.joined(separator: ", ")))\(end)")
    }

    /// Only rows after a cursor, newest first.
    mutating func add(after cursor: PageCursor?, _ time: String, _ id: String) {
        guard let cursor else { return }
        binds += [.time(cursor.at), .text(cursor.id)]
        texts.append("(\(time), \(id)) < ($\(binds.count - 1), $\(binds.count))")
    }

    /// Only rows after a place, by two columns of text.
    mutating func add(after place: (String, String)?, _ columns: String) {
        guard let place else { return }
        binds += [.text(place.0), .text(place.1)]
        texts.append("(\(columns)) > ($\(binds.count - 1), $\(binds.count))")
    }

    /// All of them after `where` or `and`, or nothing.
    func clause(_ word: String) -> String { texts.isEmpty ? "" : "\(word) \(texts.joined(separator: " and "))" }
}

extension Store {
    /// What is wanted of each row of a table, in the database's order of a column that names the row.
    ///
    /// Some rows at a time: ten thousand at once take several times the memory of what is made of them.
    ///
    /// - Parameters:
    ///   - column: names each row; its text is the row's place.
    ///   - place: what the column holds of a row.
    ///   - element: what is wanted of a row.
    ///   - part: reads the rows that fulfil the conditions, with this end of the query.
    /// - Returns: one element a row.
    /// - Throws: what `part` throws.
    static func everyRow<Row, Element>(
        by column: String, at place: (Row) -> String, _ element: (Row) -> Element,
        part: (_ after: Conditions, _ end: String) throws(StoreFault) -> [Row]
    ) throws(StoreFault) -> [Element] {
        let size = 500
        var elements: [Element] = []
        var after = Conditions()
        while true {
            let rows = try part(after, "order by \(column) limit \(size)")
            elements += rows.map(element)
            guard rows.count == size, let last = rows.last else { return elements }
            after = Conditions()
            after.add("\(column) > ?", .text(place(last)))
        }
    }
}
