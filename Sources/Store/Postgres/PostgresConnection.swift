import Basics
import CPq
import Glibc
import Store

/// One connection with its prepared statements; used by one thread at a time.
final class PostgresConnection: SQLConnection, @unchecked Sendable {  // Handed from thread to thread, never shared.
    private let pointer: OpaquePointer
    private let target: PostgresTarget
    /// The names of prepared statements by their text; nil where a pooler between us can't keep them.
    private var prepared: [String: String]?
    /// Set by the first statement of a transaction that the server refused for the lack of a prepared statement.
    private(set) var lostPrepared = false
    /// Set by a statement that the server refused to let two transactions out of each other's way.
    private(set) var wasDeadlock = false
    /// Set when the connection turned out to be broken before anything was asked of it.
    private(set) var brokeAtBegin = false
    /// Set by a statement for which the server still had things in mind that are gone: a restore made them anew beside us.
    private(set) var isOutdated = false
    /// How often such connections were thrown away before this one was made.
    let generation: Int
    /// What a transaction begins with.
    private var settings = ""

    /// Connects.
    ///
    /// - Throws: `StoreFault` without the password.
    init(_ target: PostgresTarget, usesPrepared: Bool, generation: Int) throws(StoreFault) {
        self.target = target
        self.generation = generation
        prepared = usesPrepared ? [:] : nil
        pointer = try Self.connect(target)
        // From here on `deinit` closes.
        PQsetNoticeProcessor(pointer, { _, _ in }, nil)
        let options = target.options
        settings = """
            set local statement_timeout = \(options.statementTimeout.microseconds / 1_000);
            set local lock_timeout = \(options.lockTimeout.microseconds / 1_000);
            set local idle_in_transaction_session_timeout = \(options.idleTimeout.microseconds / 1_000);
            set local timezone = 'UTC'; set local datestyle = 'ISO'; set local client_min_messages = 'error';
            """
        // Row level security answers a stranger with no rows, which would read as "we own nothing". Switched off, such
        // a query is an error instead. The role for services sees everything through its policy.
        let role = try simple(
            """
            select exists (select 1 from pg_catalog.pg_roles where rolname = 'service_role'
              and pg_catalog.pg_has_role(current_user, oid, 'member')) and not rolsuper
            from pg_catalog.pg_roles where rolname = current_user
            """)
        if role.first?.optionalText(0) != "t" { settings += "set local row_security = off;" }
    }

    deinit { PQfinish(pointer) }

    var isBroken: Bool { PQstatus(pointer) != CONNECTION_OK }

    /// Whether the server has closed it while it lay idle, as far as this end has heard.
    var isStale: Bool {
        PQconsumeInput(pointer) == 0 || isBroken || PQtransactionStatus(pointer) != PQTRANS_IDLE
    }

    /// Connects step by step, for only so the error's code can be asked for and the deadline holds for all hosts.
    private static func connect(_ target: PostgresTarget) throws(StoreFault) -> OpaquePointer {
        let pointer = target.uri.reveal { uri in
            let names = ["connect_timeout", "application_name", "tcp_user_timeout", "keepalives_idle", "dbname"]
            let seconds = max(2, target.options.connectTimeout.components.seconds)
            let values = ["\(seconds)", "odooops", "15000", "15", uri]
            return withCStrings(names) { names in withCStrings(values) { PQconnectStartParams(names, $0, 1) } }
        }
        guard let pointer else { throw target.fault(code: "", "no memory for a connection") }
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        let time = SystemTime()
        let deadline = time.uptime + target.options.connectTimeout
        var step = PGRES_POLLING_WRITING
        var isLate = false
        while PQstatus(pointer) != CONNECTION_BAD, step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING {
            let left = (deadline - time.uptime).microseconds / 1_000
            var descriptor = pollfd(
                fd: PQsocket(pointer), events: Int16(step == PGRES_POLLING_READING ? POLLIN : POLLOUT), revents: 0)
            guard left > 0, poll(&descriptor, 1, Int32(clamping: left)) != 0 else {
                isLate = true
                break
            }
            step = PQconnectPoll(pointer)
        }
        guard PQstatus(pointer) == CONNECTION_OK else {
            let message = isLate ? "no answer within \(target.options.connectTimeout.shortText)" : errorText(pointer)
            PQfinish(pointer)
            throw target.connectFault(message)
        }
        PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        return pointer
    }

    /// Runs `body` between `begin` and `commit`.
    ///
    /// - Throws: `StoreFault`; nothing was written then, but for kind `unknown`, where the commit's answer was lost.
    func transaction<T>(
        _ begin: String, _ body: (any SQLConnection) throws(StoreFault) -> T
    ) throws(StoreFault) -> T {
        (lostPrepared, wasDeadlock, isOutdated) = (false, false, false)
        do throws(StoreFault) {
            try simple("\(begin); \(settings)")
        } catch {
            brokeAtBegin = isBroken
            throw error
        }
        let value: T
        do throws(StoreFault) {
            value = try body(self)
        } catch {
            if !isBroken { _ = try? simple("rollback") }
            throw error
        }
        guard PQtransactionStatus(pointer) == PQTRANS_INTRANS else {
            // A commit would answer with a rollback, and without an error.
            if !isBroken { _ = try? simple("rollback") }
            throw target.fault(code: "25P02", "a statement of the transaction had failed")
        }
        do throws(StoreFault) {
            try simple("commit")
        } catch {
            guard isBroken else {
                _ = try? simple("rollback")
                throw error
            }
            throw target.commitLost(error)
        }
        return value
    }

    @discardableResult
    func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow] {
        var texts: [String?] = []
        texts.reserveCapacity(binds.count)
        for bind in binds {
            switch bind {
            case .null: texts.append(nil)
            case .int(let number): texts.append(String(number))
            case .bool(let flag): texts.append(flag ? "t" : "f")
            case .text(let text):
                guard !text.utf8.contains(0) else { throw .holdsNUL }
                texts.append(text)
            }
        }
        let count = Int32(clamping: texts.count)
        guard prepared != nil, let name = try prepare(sql) else {
            return try rows(
                withCStrings(texts) { PQexecParams(pointer, sql, count, nil, $0, nil, nil, 0) }, of: sql)
        }
        return try rows(withCStrings(texts) { PQexecPrepared(pointer, name, count, $0, nil, nil, 0) }, of: sql)
    }

    func serverClock() throws(StoreFault) -> Timestamp? { try run("select clock_timestamp()", []).first?.time(0) }

    private func prepare(_ sql: String) throws(StoreFault) -> String? {
        if let name = prepared?[sql] { return name }
        guard let number = prepared?.count, number < 256 else { return nil }
        let name = "odooops_\(number + 1)"
        _ = try rows(PQprepare(pointer, name, sql, 0, nil))
        prepared?[sql] = name
        return name
    }

    @discardableResult
    private func simple(_ sql: String) throws(StoreFault) -> [SQLRow] { try rows(PQexec(pointer, sql), of: sql) }

    private func rows(_ result: OpaquePointer?, of sql: String = "") throws(StoreFault) -> [SQLRow] {
        guard let result else { throw target.fault(code: "", Self.errorText(pointer)) }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return []
        case PGRES_TUPLES_OK: break
        default:
            let code = Self.field(result, 67)  // PG_DIAG_SQLSTATE, a character literal that isn't imported.
            let message = Self.field(result, 77)  // PG_DIAG_MESSAGE_PRIMARY
            if code == "26000" || code == "42P05" { lostPrepared = prepared != nil }
            // An internal error (of a type, a table, a function that is no more), and a plan whose result has another shape.
            if code == "XX000" || code == "0A000" { isOutdated = true }
            if code == "40P01" || code == "40001" { wasDeadlock = true }
            throw target.fault(code: code, message.isEmpty ? Self.errorText(pointer) : message)
        }
        let (count, columns) = (PQntuples(result), PQnfields(result))
        guard count > 0 else { return [] }
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(count))
        let source = RowSource(
            sql: sql, columns: (0..<columns).map { PQfname(result, $0).map { String(cString: $0) } ?? "" })
        for row in 0..<count {
            var values: [SQLValue] = []
            values.reserveCapacity(Int(columns))
            for column in 0..<columns {
                guard PQgetisnull(result, row, column) == 0, let text = PQgetvalue(result, row, column) else {
                    values.append(.null)
                    continue
                }
                let length = Int(PQgetlength(result, row, column))
                let bytes = UnsafeRawBufferPointer(start: text, count: length)
                values.append(.text(String(decoding: bytes, as: UTF8.self)))
            }
            rows.append(SQLRow(values, of: source))
        }
        return rows
    }

    private static func field(_ result: OpaquePointer, _ field: Int32) -> String {
        PQresultErrorField(result, field).map { String(cString: $0) } ?? ""
    }

    private static func errorText(_ pointer: OpaquePointer) -> String {
        PQerrorMessage(pointer).map { String(cString: $0) } ?? ""
    }
}

/// Gives `body` a null-terminated array of C strings that live as long as the call.
private func withCStrings<Result>(
    _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    let copies = texts.map { text in text.map { strdup($0) } ?? nil }
    defer { for copy in copies { free(copy) } }
    let pointers = copies.map { UnsafePointer($0) } + [nil]
    return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
}
