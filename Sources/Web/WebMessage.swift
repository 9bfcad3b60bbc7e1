internal import Basics

/// One request to our own server.
public struct WebRequest: Sendable {
    public let method: String
    /// Percent-decoded, without the query; starts with a slash.
    public let path: String
    /// The parts of the path between its slashes, each percent-decoded on its own, so that an escaped slash stays inside.
    public let segments: [String]
    /// In order, percent-decoded.
    public let query: [(name: String, value: String)]
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]
    /// The address of the other end, without its port.
    public let peer: String

    /// A request; without segments the path is taken apart at its slashes.
    public init(
        method: String, path: String, segments: [String]? = nil, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8] = [], peer: String = "127.0.0.1"
    ) {
        self.method = method
        self.path = path
        self.segments =
            segments
            ?? path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst()
            .map { String($0) ?? "" }
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The first header of a name, whatever the case of its letters; nil when it holds a control character.
    public func header(_ name: String) -> String? {
        guard let value = headers.first(where: { $0.name.matchesIgnoringCase(name) })?.value,
            value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 })
        else { return nil }
        return value
    }

    /// The first value of a query parameter.
    public func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// What our server answers.
public struct WebResponse: Sendable {
    /// How an answer is spoiled on purpose, for tests of clients.
    public enum Fault: Sendable, Hashable {
        /// Closes the connection without an answer.
        case drop
        /// Announces the whole length, sends this many bytes of the body, and closes.
        case truncate(after: Int)
    }

    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]
    /// Wait this long before the first byte.
    public var delay: Duration
    /// For simulators: spread the body over this long, in pieces.
    public var pace: Duration = .zero
    /// For simulators: break the answer on purpose.
    public var fault: Fault?
    /// What is sent instead of a body, piece by piece, until it ends.
    public var stream: WebStream?

    public init(
        status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = [], delay: Duration = .zero,
        fault: Fault? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.delay = delay
        self.fault = fault
    }

    /// An answer with a text body.
    public static func text(_ status: Int, _ text: String, type: String = "text/plain; charset=utf-8") -> WebResponse {
        WebResponse(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
    }
}
