import Basics
import CSQLite
import SQLiteShim
import Store

/// One connection with its prepared statements; used by one thread at a time.
final class SQLiteConnection: SQLConnection, @unchecked Sendable {  // Handed from thread to thread, never shared.
    private struct Statement {
        let pointer: OpaquePointer
        /// For each of SQLite's parameters the number behind its `$`.
        let numbers: [Int]
        let source: RowSource
    }

    /// Done once in the process, before its first connection; where somebody else was first, SQLite stays as it is.
    private static let isPrepared = sqlite_shim_without_statistics() == SQLITE_OK

    private let database: OpaquePointer
    private let path: String
    /// How long the write-ahead log is; only of the connection that writes.
    let log = WriteAheadLog()
    private var statements: [String: Statement] = [:]
    private var waitsForDisk = true

    /// Opens an empty database in memory and attaches the file as `ops`.
    ///
    /// - Throws: `StoreFault`.
    init(path: String, isReadOnly: Bool, isReader: Bool, options: SQLiteEngine.Options) throws(StoreFault) {
        self.path = path
        _ = Self.isPrepared
        var pointer: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI
        let status = sqlite3_open_v2(":memory:", &pointer, flags, nil)
        guard status == SQLITE_OK, let pointer else {
            sqlite3_close_v2(pointer)
            throw .sqlite(status, 0, String(cString: sqlite3_errstr(status)), path)
        }
        database = pointer
        sqlite3_extended_result_codes(database, 1)
        sqlite3_busy_handler(
            database, waitForWriter, UnsafeMutableRawPointer(bitPattern: Int(options.busyTimeout / WriterTurns.look)))
        // From here on `deinit` closes.
        try run("attach $1 as ops", [.text(Self.uri(path, isReadOnly: isReadOnly))])
        // Reading the header finds out whether the file is a database.
        try run("select count(*) from ops.sqlite_schema", [])
        if !isReadOnly, !isReader, path != ":memory:" {
            do throws(StoreFault) {
                try run("pragma ops.journal_mode = wal", [])
            } catch {
                // A file that can only be read stays as it is; writing to it says so.
                guard error.kind == .readOnly else { throw error }
            }
            sqlite3_wal_hook(database, noteLogLength, Unmanaged.passUnretained(log).toOpaque())
        }
        try run("pragma ops.synchronous = \(options.isDurable ? "full" : "off")", [])
        try run("pragma foreign_keys = on", [])
        try run("pragma trusted_schema = off", [])
        try run("pragma temp_store = memory", [])
        if isReadOnly || isReader { try run("pragma query_only = on", []) }
        if let pages = options.maximumPages { try run("pragma ops.max_page_count = \(pages)", []) }
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement.pointer) }
        sqlite3_close_v2(database)
    }

    /// The file as a URI, so that the way of opening can be said; every byte that means something in one is escaped.
    private static func uri(_ path: String, isReadOnly: Bool) -> String {
        if path == ":memory:" { return path }
        var uri = path.hasPrefix("/") ? "file:" : "file:./"
        for byte in path.utf8 {
            switch byte {
            case 45...57, 65...90, 95, 97...122: uri.unicodeScalars.append(Unicode.Scalar(byte))
            default: uri += "%" + Hex.encode([byte])
            }
        }
        return uri + (isReadOnly ? "?mode=ro" : "?mode=rwc")
    }

    /// Looks through the whole file.
    ///
    /// - Parameter isQuick: whether indexes are not held against their tables, which takes most of the time.
    /// - Returns: what is wrong with it, in SQLite's words; nil where all of it is whole.
    /// - Throws: `StoreFault` where the file can't be looked through.
    func damage(isQuick: Bool) throws(StoreFault) -> String? {
        do throws(StoreFault) {
            let found = try run("pragma ops.\(isQuick ? "quick_check" : "integrity_check")(1)", [])
            guard let text = try found.first?.text(0), text != "ok" else { return nil }
            // Its first line names the schema, which is `ops` for each of our files.
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("***") }
            return lines.isEmpty ? text : lines.joined(separator: "; ")
        } catch {
            // Some damage keeps the look itself from going on.
            guard error.isDamage else { throw error }
            return error.message
        }
    }

    /// Whether another file, or none, has the name of the one that this connection opened.
    var isMoved: Bool {
        var isMoved: CInt = 0
        return sqlite3_file_control(database, "ops", SQLITE_FCNTL_HAS_MOVED, &isMoved) == SQLITE_OK && isMoved != 0
    }

    /// The begin of the file as it is on the disk; nil where it can't be read.
    var head: FileHead? { FileHead(database) }

    /// How far the write-ahead log has come; nil where there is none.
    var logState: LogState? { LogState(database) }

    func leaveMark() throws(StoreFault) {
        let count = try run("pragma ops.user_version", []).first?.int(0) ?? 0
        guard count < Int64(Int32.max) else { return }
        // Never kept as a prepared statement: its text is another one each time.
        let status = sqlite3_exec(database, "pragma ops.user_version = \(count + 1)", nil, nil, nil)
        guard status == SQLITE_OK else { throw fault(status) }
    }

    /// Makes this the only connection to the file until it is closed, with nothing left beside the file.
    ///
    /// - Throws: `StoreFault` of kind `locked` where another one is open, however idle.
    func claim() throws(StoreFault) {
        try run("pragma ops.locking_mode = exclusive", [])
        // Copies the log into the file, which SQLite refuses as long as anybody else has it open.
        try run("pragma ops.journal_mode = delete", [])
        try run("pragma ops.journal_mode = memory", [])
        try run("begin exclusive", [])
        FileSystem.remove("\(path)-journal")
    }

    /// Copies what the write-ahead log holds into the file, as far as nobody is in the way.
    func checkpoint() { sqlite3_wal_checkpoint_v2(database, "ops", SQLITE_CHECKPOINT_PASSIVE, nil, nil) }

    /// Copies all that the write-ahead log holds into the file, wherever that is now, and leaves the log empty.
    func foldLog() { sqlite3_wal_checkpoint_v2(database, "ops", SQLITE_CHECKPOINT_TRUNCATE, nil, nil) }

    /// Says whether the commits from now on wait until they are on the disk.
    ///
    /// - Throws: `StoreFault`; it stays as it was then.
    func wait(forDisk waits: Bool) throws(StoreFault) {
        guard waits != waitsForDisk else { return }
        // Never kept as a prepared statement: this one takes effect as it is prepared.
        let status = sqlite3_exec(database, "pragma ops.synchronous = \(waits ? "full" : "normal")", nil, nil, nil)
        guard status == SQLITE_OK else { throw fault(status) }
        waitsForDisk = waits
    }

    /// Runs `body` between `begin` and `commit`.
    ///
    /// - Throws: `StoreFault`; nothing was written then.
    func transaction<T>(
        _ begin: String, _ body: (any SQLConnection) throws(StoreFault) -> T
    ) throws(StoreFault) -> T {
        try run(begin, [])
        do throws(StoreFault) {
            let value = try body(self)
            try run("commit", [])
            return value
        } catch {
            // Some faults roll back by themselves.
            if sqlite3_get_autocommit(database) == 0 { _ = try? run("rollback", []) }
            throw error
        }
    }

    @discardableResult
    func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow] {
        let statement = try prepare(sql)
        defer {
            sqlite3_reset(statement.pointer)
            sqlite3_clear_bindings(statement.pointer)
        }
        for (index, number) in statement.numbers.enumerated() {
            guard number >= 1, number <= binds.count else {
                throw StoreFault(
                    .refused, code: "STORE-0032", message: "a statement has no value for $\(number): \(sql)")
            }
            try bind(binds[number - 1], to: statement.pointer, at: Int32(index + 1))
        }
        var rows: [SQLRow] = []
        while true {
            let status = sqlite3_step(statement.pointer)
            if status == SQLITE_DONE { return rows }
            guard status == SQLITE_ROW else { throw fault(status) }
            rows.append(row(of: statement))
        }
    }

    private func prepare(_ sql: String) throws(StoreFault) -> Statement {
        if let statement = statements[sql] { return statement }
        var pointer: OpaquePointer?
        let status = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard status == SQLITE_OK, let pointer else { throw fault(status) }
        var numbers: [Int] = []
        for index in 0..<sqlite3_bind_parameter_count(pointer) {
            let name = sqlite3_bind_parameter_name(pointer, index + 1).map { String(cString: $0) } ?? ""
            numbers.append(Int(name.dropFirst()) ?? 0)
        }
        if statements.count >= 256 {
            for statement in statements.values { sqlite3_finalize(statement.pointer) }
            statements.removeAll()
        }
        let columns = (0..<sqlite3_column_count(pointer)).map { column in
            sqlite3_column_name(pointer, column).map { String(cString: $0) } ?? ""
        }
        let statement = Statement(
            pointer: pointer, numbers: numbers, source: RowSource(sql: sql, columns: columns))
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: SQLValue, to statement: OpaquePointer, at index: Int32) throws(StoreFault) {
        let status: Int32
        switch value {
        case .null: status = sqlite3_bind_null(statement, index)
        case .int(let number): status = sqlite3_bind_int64(statement, index, number)
        case .bool(let flag): status = sqlite3_bind_int(statement, index, flag ? 1 : 0)
        case .text(let text):
            guard !text.utf8.contains(0) else { throw .holdsNUL }
            status = sqlite_shim_bind_text(statement, index, text, Int32(clamping: text.utf8.count))
        }
        guard status == SQLITE_OK else { throw fault(status) }
    }

    private func row(of prepared: Statement) -> SQLRow {
        let statement = prepared.pointer
        var values: [SQLValue] = []
        let count = sqlite3_column_count(statement)
        values.reserveCapacity(Int(count))
        for column in 0..<count {
            switch sqlite3_column_type(statement, column) {
            case SQLITE_NULL: values.append(.null)
            case SQLITE_INTEGER: values.append(.int(sqlite3_column_int64(statement, column)))
            default:
                guard let text = sqlite3_column_text(statement, column) else {
                    values.append(.null)
                    continue
                }
                let length = Int(sqlite3_column_bytes(statement, column))
                values.append(
                    .text(String(decoding: UnsafeBufferPointer(start: text, count: length), as: UTF8.self)))
            }
        }
        return SQLRow(values, of: prepared.source)
    }

    private func fault(_ status: Int32) -> StoreFault {
        .sqlite(status, sqlite3_system_errno(database), String(cString: sqlite3_errmsg(database)), path)
    }
}
