public import Basics
import Formats

/// What goes into a statement and comes out of a row.
///
/// Instants, UUIDs and JSON travel as text: PostgreSQL infers their types from the columns, SQLite keeps the text.
public enum SQLValue: Sendable, Hashable {
    case null
    case int(Int64)
    case text(String)
    case bool(Bool)

    /// An instant with six digits of fraction, so that its text sorts by time; nil is null.
    ///
    /// What lies beyond the years that can be read back, such as a lifetime without end, becomes the last instant of them.
    public static func time(_ instant: Timestamp?) -> SQLValue {
        guard let instant else { return .null }
        let text = instant.writable.description
        guard let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) else {
            return .text("\(text.dropLast()).000000Z")
        }
        let digits = text[text.index(after: dot)...].dropLast()
        return .text("\(text[..<dot]).\(digits)\(String(repeating: "0", count: max(0, 6 - digits.utf8.count)))Z")
    }

    /// A text; nil is null.
    public static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }

    /// JSON for a column that keeps the text as it is (`json`).
    static func json(_ value: Value) -> SQLValue { .text(StoredJSON.text(value)) }

    /// JSON for a column that orders members itself (`jsonb`): ordered here, so that both engines give the same back.
    static func jsonb(_ value: Value) -> SQLValue { .text(StoredJSON.sortedText(value)) }

    /// The same of a text that is ordered already; read only where it may hold a NUL, which `jsonb` refuses.
    static func jsonb(canonical text: String) -> SQLValue {
        guard text.contains("\\u0000"), let value = StoredJSON.value(text) else { return .text(text) }
        return .jsonb(value)
    }

    /// What a thing's name is in a message.
    var typeName: String {
        switch self {
        case .null: "null"
        case .int: "an integer"
        case .text: "a text"
        case .bool: "a boolean"
        }
    }
}

/// Where rows come from, for messages: shared by all rows of an answer.
public final class RowSource: Sendable {
    /// The first table that the statement names, with its schema; empty where it names none.
    let table: String
    let columns: [String]

    public init(sql: String, columns: [String]) {
        let name = sql.firstRange(of: "ops.").map { sql[$0.upperBound...].prefix { $0.isLetter || $0 == "_" } }
        table = name.map { "ops.\($0)" } ?? ""
        self.columns = columns
    }
}

/// One row of an answer, by position.
public struct SQLRow: Sendable {
    public let values: [SQLValue]
    private let source: RowSource?

    public init(_ values: [SQLValue], of source: RowSource? = nil) {
        self.values = values
        self.source = source
    }

    private func value(_ column: Int) -> SQLValue { column >= 0 && column < values.count ? values[column] : .null }

    /// A text, or a number or boolean as text; nil for null and for a column that is not there.
    public func optionalText(_ column: Int) -> String? {
        switch value(column) {
        case .text(let text): text
        case .int(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        case .null: nil
        }
    }

    /// - Throws: `StoreFault` when it is null.
    public func text(_ column: Int) throws(StoreFault) -> String {
        guard let text = optionalText(column) else { throw unreadable(column, "a text") }
        return text
    }

    /// A whole number; nil for null and for a column that is not there.
    ///
    /// - Throws: `StoreFault` when it is something else.
    public func optionalInt(_ column: Int) throws(StoreFault) -> Int64? {
        switch value(column) {
        case .null: return nil
        case .int(let number): return number
        case .bool(let flag): return flag ? 1 : 0
        case .text(let text):
            guard let number = Int64(text) else { throw unreadable(column, "an integer") }
            return number
        }
    }

    /// - Throws: `StoreFault` when it is null or no integer.
    public func int(_ column: Int) throws(StoreFault) -> Int64 {
        guard let number = try optionalInt(column) else { throw unreadable(column, "an integer") }
        return number
    }

    /// - Throws: `StoreFault` when it is null or no boolean.
    public func bool(_ column: Int) throws(StoreFault) -> Bool {
        switch value(column) {
        case .bool(let flag): return flag
        case .int(let number): return number != 0
        case .text("t"), .text("true"): return true
        case .text("f"), .text("false"): return false
        default: throw unreadable(column, "a boolean")
        }
    }

    /// - Throws: `StoreFault` when it is neither null nor an instant.
    public func optionalTime(_ column: Int) throws(StoreFault) -> Timestamp? {
        guard let text = optionalText(column) else { return nil }
        if let instant = Timestamp(text) { return instant }
        // Years of five digits, as an older version could write: one row must not make every other one unreadable.
        let year = text.utf8.prefix { (48...57).contains($0) }.count
        guard (5...6).contains(year), text.utf8.dropFirst(year).first == UInt8(ascii: "-") else {
            throw unreadable(column, "an instant")
        }
        return .lastWritable
    }

    /// - Throws: `StoreFault` when it is null or no instant.
    public func time(_ column: Int) throws(StoreFault) -> Timestamp {
        guard let instant = try optionalTime(column) else { throw unreadable(column, "an instant") }
        return instant
    }

    /// The JSON as it was stored; null where the column is.
    func json(_ column: Int) throws(StoreFault) -> Value {
        guard let text = optionalText(column) else { return .null }
        guard let value = StoredJSON.value(text) else { throw unreadable(column, "JSON") }
        return value
    }

    /// JSON of a column that orders members itself, in the order of both engines.
    func jsonb(_ column: Int) throws(StoreFault) -> Value { StoredJSON.sorted(try json(column)) }

    /// Says table, column, and the row by its first column.
    func unreadable(_ column: Int, _ wanted: String) -> StoreFault {
        let what = "\(value(column).typeName) that is not \(wanted)"
        guard let source, source.columns.indices.contains(column), !source.table.isEmpty else {
            return .unreadable("column \(column + 1) of an answer holds \(what)")
        }
        let name = optionalText(0).map { $0.utf8.count > 80 ? "\($0.prefix(80))…" : $0 } ?? "null"
        let row = column == 0 ? "a row" : "the row with \(source.columns[0]) \(name)"
        return .unreadable("\(source.columns[column]) of \(source.table) holds \(what), in \(row)")
    }
}
