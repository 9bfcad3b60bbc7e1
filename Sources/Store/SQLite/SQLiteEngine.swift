import Basics
import Glibc
public import Store

/// The embedded engine: one file, attached as the schema `ops`, in write-ahead mode.
///
/// One thread writes and a few read; a transaction stays on its thread from begin to commit. Other processes may use
/// the same file: who writes holds the others off for the length of a transaction.
public final class SQLiteEngine: SQLEngine {
    /// What can be set.
    public struct Options: Sendable {
        /// How long to wait for another process that writes; a machine that is busy may take longer over it.
        public var busyTimeout: Duration
        /// The largest size of the file in pages; nil: as large as the disk allows.
        public var maximumPages: Int?
        /// How many threads read beside the one that writes.
        public var readers: Int
        /// Whether what was committed survives a loss of power; without it, only the end of the process.
        public var isDurable = true

        /// As many as can read at once, since requests are at home there too; 2 to 8.
        public static let processors = min(max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), 8)

        public init(
            busyTimeout: Duration = .seconds(5), maximumPages: Int? = nil, readers: Int = Options.processors
        ) {
            self.busyTimeout = busyTimeout
            self.maximumPages = maximumPages
            self.readers = readers
        }
    }

    private struct Connections {
        var writer: SQLiteConnection?
        var readers: [SQLiteConnection] = []
        /// Copies the write-ahead log into the file.
        var copier: SQLiteConnection?
        var isClosed = false
    }

    public let dialect = SQLDialect.sqlite
    public let place: String
    private let path: String
    private let isReadOnly: Bool
    private let options: Options
    private let connections = Locked(Connections())
    private let writing = ThreadPool(threads: 1)
    private let turns = Locked(WriterTurns())
    private let reading: ThreadPool
    /// The threads that read; what is in memory is read by the one that writes.
    public var home: (any TaskExecutor)? { path == ":memory:" ? nil : reading }
    /// The file that was opened; nil in memory, and where it can't be told.
    private let identity = Locked<FileIdentity?>(nil)
    private let watch = Locked(FileWatch())

    /// Opens a file, making it where it is missing, or `:memory:`.
    ///
    /// - Throws: `StoreFault`.
    public static func open(
        path: String, isReadOnly: Bool = false, options: Options = Options()
    ) async throws(StoreFault) -> SQLiteEngine {
        let engine = SQLiteEngine(path: path, isReadOnly: isReadOnly, options: options)
        try await engine.writing.run { () throws(StoreFault) -> Void in
            let connection = try engine.connect(isReader: false)
            // What is seen now is what was opened, unless it was moved by now.
            if path != ":memory:", case .file(let identity) = FileIdentity.look(at: path) {
                guard !connection.isMoved else { throw .replaced(path) }
                engine.identity.withLock { $0 = identity }
                engine.watch.withLock { $0.begin(path, connection) }
            }
            engine.connections.withLock { $0.writer = connection }
        }
        return engine
    }

    private init(path: String, isReadOnly: Bool, options: Options) {
        place = "sqlite:\(path)"
        self.path = path
        self.isReadOnly = isReadOnly
        self.options = options
        reading = ThreadPool(threads: options.readers)
    }

    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await write(body, waitsForDisk: true)
    }

    public func lightTransaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await write(body, waitsForDisk: false)
    }

    private func write<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T, waitsForDisk: Bool
    ) async throws(StoreFault) -> T {
        guard !isReadOnly else {
            throw StoreFault(
                .readOnly, code: "STORE-0003", message: "the store was opened for reading only", place: place,
                hint: "give --store without `?mode=ro`")
        }
        return try await writing.run { () throws(StoreFault) -> T in
            let writer = try self.writer()
            if self.options.isDurable { try writer.wait(forDisk: waitsForDisk) }
            self.turns.withLock { $0.leaveRoom() }
            defer { self.turns.withLock { $0.wrote() } }
            let value = try self.knowing { () throws(StoreFault) -> T in
                try writer.transaction("begin immediate", self.inPlace(body))
            }
            self.watch.withLock { $0.noteCommit(self.path, writer) }
            if writer.log.begin() { self.copy(writer.log) }
            return value
        }
    }

    /// Copies the write-ahead log into the file while others write on.
    private func copy(_ log: WriteAheadLog) {
        Task {
            await reading.run {
                // What fails here is tried again, or done by the last connection that is closed.
                if let copier = try? self.copier() { copier.checkpoint() }
                log.copied()
            }
        }
    }

    private func copier() throws(StoreFault) -> SQLiteConnection? {
        let known = connections.withLock { $0.isClosed ? nil : $0.copier }
        if let known { return known }
        guard !connections.withLock({ $0.isClosed }) else { return nil }
        let made = try connect(isReader: false)
        return connections.withLock { connections in
            guard !connections.isClosed else { return nil }
            connections.copier = made
            return made
        }
    }

    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        // What is in memory belongs to one connection.
        if path == ":memory:" {
            return try await writing.run { () throws(StoreFault) -> T in
                try self.writer().transaction("begin", body)
            }
        }
        let body = inPlace(body)
        return try await reading.run { () throws(StoreFault) -> T in
            var connection = try self.connections.withLock { connections throws(StoreFault) -> SQLiteConnection? in
                guard !connections.isClosed else { throw .closed(self.place) }
                return connections.readers.popLast()
            }
            if connection == nil { connection = try self.connect(isReader: true) }
            guard let connection else { throw .closed(self.place) }
            defer { self.connections.withLock { if !$0.isClosed { $0.readers.append(connection) } } }
            return try self.knowing { () throws(StoreFault) -> T in try connection.transaction("begin", body) }
        }
    }

    public func damage() async throws(StoreFault) -> StoreFault? {
        // A look at a larger one takes longer than whoever waits for it expects.
        guard path != ":memory:", let bytes = FileSystem.modified(path)?.bytes, bytes <= Self.quickLook else {
            return nil
        }
        return try await damage(isQuick: true).map { .damaged($0, path) }
    }

    /// The largest file that is looked through by the way: half a second from memory.
    private static let quickLook = 256 << 20

    func damage(isQuick: Bool) async throws(StoreFault) -> String? {
        try await aside { connection throws(StoreFault) in try connection.damage(isQuick: isQuick) }
    }

    public func close() async {
        await writing.run {
            self.connections.withLock { connections in
                connections.isClosed = true
                connections.readers = []
                connections.copier = nil
                // SQLite leaves the log of a file that was moved where it is; beside the file that came into its place it
                // would be taken for that one's, and written into it.
                if self.isReplaced { connections.writer?.foldLog() }
                connections.writer = nil
            }
        }
    }

    /// Runs `body` with a connection of its own, outside of any transaction.
    func aside<T: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await reading.run { () throws(StoreFault) -> T in
            guard !self.connections.withLock({ $0.isClosed }) else { throw .closed(self.place) }
            return try body(self.connect(isReader: true))
        }
    }

    /// `body`, unless the file is no longer the one that was opened, or somebody else has written to it.
    ///
    /// Connections keep what they opened, and new ones would open what came into its place: two stores as one.
    private func inPlace<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) -> @Sendable (any SQLConnection) throws(StoreFault) -> T {
        { [self] (db: any SQLConnection) throws(StoreFault) -> T in
            try confirmPlace()
            if let connection = db as? SQLiteConnection {
                try watch.withLock { watch throws(StoreFault) in try watch.confirm(path, connection) }
            }
            return try body(db)
        }
    }

    /// What `body` gives; a file that was a database when it was opened, and is none any more, was written over.
    private func knowing<T>(_ body: () throws(StoreFault) -> T) throws(StoreFault) -> T {
        do throws(StoreFault) {
            return try body()
        } catch {
            guard error.kind == .badAddress, identity.withLock({ $0 }) != nil else { throw error }
            throw watch.withLock { $0.condemn(path) }
        }
    }

    private var isReplaced: Bool {
        guard let identity = identity.withLock({ $0 }), case .file(let found) = FileIdentity.look(at: path) else {
            return false
        }
        return found != identity
    }

    private func confirmPlace() throws(StoreFault) {
        guard let identity = identity.withLock({ $0 }) else { return }
        switch FileIdentity.look(at: path) {
        case .file(identity), .unknown: return
        case .file: throw .replaced(path)
        case .nothing: throw .takenAway(path)
        }
    }

    private func writer() throws(StoreFault) -> SQLiteConnection {
        guard let writer = connections.withLock({ $0.writer }) else { throw .closed(place) }
        return writer
    }

    private func connect(isReader: Bool) throws(StoreFault) -> SQLiteConnection {
        // Before it: beside another file, the log of the one that is open would be taken for that one's.
        try confirmPlace()
        let connection = try knowing { () throws(StoreFault) -> SQLiteConnection in
            try SQLiteConnection(path: path, isReadOnly: isReadOnly, isReader: isReader, options: options)
        }
        try confirmPlace()
        return connection
    }
}
