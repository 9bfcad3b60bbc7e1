public import Store

/// The embedded engine: one file, attached as the schema `ops`.
public final class SQLiteEngine: SQLEngine {
    /// What can be set.
    public struct Options: Sendable {
        /// How long to wait for another process that writes.
        public var busyTimeout: Duration
        /// The largest size of the file in pages; nil: as large as the disk allows.
        public var maximumPages: Int?
        /// How many threads read beside the one that writes.
        public var readers: Int

        public init(busyTimeout: Duration = .seconds(5), maximumPages: Int? = nil, readers: Int = 2) {
            self.busyTimeout = busyTimeout
            self.maximumPages = maximumPages
            self.readers = readers
        }
    }

    public let dialect = SQLDialect.sqlite
    public let place: String

    /// Opens a file, making it where it is missing, or `:memory:`.
    ///
    /// - Throws: `StoreFault`.
    public static func open(
        path: String, isReadOnly: Bool = false, options: Options = Options()
    ) async throws(StoreFault) -> SQLiteEngine {
        SQLiteEngine(place: "sqlite:\(path)")
    }

    init(place: String) { self.place = place }

    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        throw StoreFault(.refused, code: "STORE-0099", message: "under construction")
    }

    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        throw StoreFault(.refused, code: "STORE-0099", message: "under construction")
    }

    public func close() async {}
}
