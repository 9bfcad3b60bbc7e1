internal import Basics
internal import CPq
internal import Glibc

/// One connection; used by one thread at a time.
final class ServerConnection: @unchecked Sendable {  // Handed from thread to thread, never shared.
    /// The longest that is waited for one statement where nothing shorter is said: the server ends each after ten minutes,
    /// and one that says nothing after that stands still.
    static let longestStatement = Duration.minutes(11)

    private let pointer: OpaquePointer
    /// Within what everything has to be answered; nil: each statement has its own time.
    private let bound: TimeBound?

    /// Connects, step by step, so that the deadline holds for all hosts of the address together.
    ///
    /// - Parameters:
    ///   - uri: the address; what it says wins over the settings given here.
    ///   - database: takes the place of the address's own.
    ///   - timeout: the longest to connect.
    ///   - limit: the longest that all of it may take, from connecting on; nil: no such bound.
    ///   - isReadOnly: whether each transaction may only read.
    /// - Throws: `ServerError`.
    init(
        _ uri: Secret, database: String?, timeout: Duration, limit: Duration? = nil, isReadOnly: Bool = false
    ) throws(ServerError) {
        guard ServerAddress(uri) != nil else {
            // libpq's own message is left out, for it quotes the address.
            throw ServerError(
                state: "", message: "the server's address can't be read", wasSent: false, isBadAddress: true)
        }
        // Names are looked up before libpq gives anything to wait for: that counts too.
        bound = limit.map { TimeBound($0) }
        let seconds = max(2, timeout.components.seconds)
        let pointer = uri.reveal { uri in
            // `dbname` last would win over the URI's, and first be overridden: the URI goes first, the name after it.
            var pairs = [
                ("application_name", "odooops"), ("connect_timeout", "\(seconds)"), ("tcp_user_timeout", "30000"),
                ("keepalives_idle", "15"), ("dbname", uri),
            ]
            if let database { pairs.append(("dbname", database)) }
            return withCStrings(pairs.map(\.0)) { names in
                withCStrings(pairs.map(\.1)) { PQconnectStartParams(names, $0, 1) }
            }
        }
        guard let pointer else { throw ServerError(state: "", message: "no memory for a connection", wasSent: false) }
        self.pointer = pointer
        PQsetNoticeProcessor(pointer, { _, _ in }, nil)
        // The code of a refused login is only in the verbose text.
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        let connecting = TimeBound(timeout).sooner(bound)
        var step = PGRES_POLLING_WRITING
        while PQstatus(pointer) != CONNECTION_BAD, step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING {
            let events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT
            guard connecting.waits(for: events, at: PQsocket(pointer)) else {
                // What waits to read was taken by somebody, who says nothing.
                throw ServerError(
                    state: "08001", message: "no answer within \(connecting.limit.shortText)", isBroken: true,
                    wasSent: false, isSilent: step == PGRES_POLLING_READING)
            }
            step = PQconnectPoll(pointer)
        }
        guard PQstatus(pointer) == CONNECTION_OK else {
            let text = Self.errorText(pointer)
            throw ServerError(
                state: Self.state(inText: text), message: Self.firstLine(text), isBroken: true, wasSent: false)
        }
        PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        // The owner of a database may say for all who connect where names are looked for: theirs would run with our rights.
        // Said here and not while connecting: poolers refuse settings there.
        do throws(ServerError) {
            _ = try query(
                "set search_path = pg_catalog; set statement_timeout = '\(isReadOnly ? "5s" : "10min")'; "
                    + "set lock_timeout = '\(isReadOnly ? "2s" : "10s")'; set timezone = 'UTC'"
                    + (isReadOnly ? "; set default_transaction_read_only = on" : ""), within: timeout)
        } catch {
            // Nothing of what the connection is for.
            var unsent = error
            unsent.wasSent = false
            throw unsent
        }
    }

    deinit { PQfinish(pointer) }

    var isBroken: Bool { PQstatus(pointer) != CONNECTION_OK }

    /// Whether the server has closed it while it lay idle, as far as this end has heard.
    var isStale: Bool { PQconsumeInput(pointer) == 0 || isBroken || PQtransactionStatus(pointer) != PQTRANS_IDLE }

    /// Runs SQL; several statements in one text are one transaction.
    ///
    /// - Parameters:
    ///   - sql: what is run.
    ///   - parameters: its values.
    ///   - time: the longest that its answer may take; the end of all of it may come before.
    /// - Returns: the rows of the last statement.
    /// - Throws: `ServerError`.
    func query(
        _ sql: String, _ parameters: [String] = [], within time: Duration = longestStatement
    ) throws(ServerError) -> [[String?]] {
        guard let result = try answer(to: sql, parameters, within: TimeBound(time).sooner(bound)) else {
            throw ServerError(state: "", message: Self.firstLine(Self.errorText(pointer)), isBroken: isBroken)
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return []
        case PGRES_TUPLES_OK: break
        default:
            // PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY, character literals that aren't imported.
            let state = PQresultErrorField(result, 67).map { String(cString: $0) } ?? ""
            let message = PQresultErrorField(result, 77).map { String(cString: $0) } ?? ""
            throw ServerError(
                state: state, message: message.isEmpty ? Self.firstLine(Self.errorText(pointer)) : message,
                isBroken: isBroken)
        }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                guard PQgetisnull(result, row, column) == 0, let text = PQgetvalue(result, row, column) else {
                    return nil
                }
                return String(cString: text)
            }
        }
    }

    /// As `PQexec` and `PQexecParams`, but that it ends: a server that stands still keeps its connections open.
    private func answer(
        to sql: String, _ parameters: [String], within bound: TimeBound
    ) throws(ServerError) -> OpaquePointer? {
        let isSent =
            if parameters.isEmpty {
                PQsendQuery(pointer, sql)
            } else {
                withCStrings(parameters) { values in
                    PQsendQueryParams(pointer, sql, Int32(clamping: parameters.count), nil, values, nil, nil, 0)
                }
            }
        guard isSent == 1 else { return nil }
        var last: OpaquePointer?
        while true {
            while PQisBusy(pointer) == 1 {
                guard bound.waits(for: POLLIN, at: PQsocket(pointer)) else {
                    PQclear(last)
                    throw ServerError(
                        state: "08006", message: "no answer within \(bound.limit.shortText)", isBroken: true,
                        isSilent: true)
                }
                guard PQconsumeInput(pointer) == 1 else {
                    // Why it hangs up; what went well before says nothing of what came after.
                    if last != nil, PQresultStatus(last) == PGRES_FATAL_ERROR { return last }
                    PQclear(last)
                    return nil
                }
            }
            guard let result = PQgetResult(pointer) else { return last }
            PQclear(last)
            last = result
        }
    }

    /// The server's version, and whether whoever is logged in may do everything there.
    var standing: (version: String, isSuperuser: Bool) {
        func told(_ name: String) -> String { PQparameterStatus(pointer, name).map { String(cString: $0) } ?? "" }
        return (told("server_version"), told("is_superuser") == "on")
    }

    /// What the server keeps of a password, made on this side, so that the password itself is in no log of the server.
    func verifier(of password: Secret, user: String) throws(ServerError) -> Secret {
        let verifier = password.reveal { PQencryptPasswordConn(pointer, $0, user, "scram-sha-256") }
        guard let verifier else {
            throw ServerError(state: "", message: "the password can't be used", wasSent: false)
        }
        defer { PQfreemem(verifier) }
        return Secret(String(cString: verifier))
    }

    /// `postgres://admin@db.example:5432`, for messages.
    var place: String {
        let text = { (pointer: UnsafeMutablePointer<CChar>?) in pointer.map { String(cString: $0) } ?? "" }
        return "postgres://\(text(PQuser(pointer)))@\(text(PQhost(pointer))):\(text(PQport(pointer)))"
    }

    private static func errorText(_ pointer: OpaquePointer) -> String {
        PQerrorMessage(pointer).map { String(cString: $0) } ?? ""
    }

    private static func firstLine(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }

    /// `… FATAL:  28P01: password authentication failed …`.
    private static func state(inText text: String) -> String {
        guard let range = text.firstRange(of: "FATAL:  ") else { return "" }
        let state = text[range.upperBound...].prefix { $0 != ":" }
        return state.utf8.count == 5 ? String(state) : ""
    }
}

/// How long all of something may take, counted from its beginning.
private struct TimeBound {
    let limit: Duration
    /// As uptime.
    private let end: Duration

    init(_ limit: Duration) {
        self.limit = limit
        end = SystemTime().uptime + limit
    }

    /// Whichever ends first.
    func sooner(_ other: TimeBound?) -> TimeBound { other.map { $0.end < end ? $0 : self } ?? self }

    /// Waits until a socket is ready; false where the time is over before.
    func waits(for events: Int32, at socket: Int32) -> Bool {
        let left = (end - SystemTime().uptime).microseconds / 1_000
        var descriptor = pollfd(fd: socket, events: Int16(events), revents: 0)
        return left > 0 && poll(&descriptor, 1, Int32(clamping: left)) != 0
    }
}

/// Gives `body` a null-terminated array of C strings that live as long as the call.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let pointers = copies.map { UnsafePointer($0) } + [nil]
    return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
}
