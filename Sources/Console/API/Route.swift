import Basics
public import ConsoleAccess
import Formats
import Reconciler
public import Web

/// One parameter of a path or a query.
public struct APIParameter: Sendable {
    let name: String
    let schema: APISchema
    let about: String
    let isRequired: Bool

    init(_ name: String, _ schema: APISchema, _ about: String, required: Bool = false) {
        self.name = name
        self.schema = schema
        self.about = about
        isRequired = required
    }
}

/// One route: what is dispatched, checked, documented and tested, from one place.
public struct APIRoute: Sendable {
    /// Where a permission is needed.
    public enum Place: Sendable, Hashable {
        case project
        /// A list of which each sees what is theirs.
        case list
        /// The environment that the parameter `environment` of the path names.
        case environment
    }

    public let method: String
    /// Below `/api/v1`, with names in braces.
    public let path: String
    /// Names it for programs that are made from the document.
    public let id: String
    public let tag: String
    public let summary: String
    /// Nil: everybody may.
    public let permission: Permission?
    public let place: Place
    var parameters: [APIParameter] = []
    var body: APISchema?
    var answer: APISchema = .anything
    var status = 200
    /// Whether the answer is a list in parts.
    var isPaged = false
    /// Whether the answer is no envelope but the document itself.
    var isBare = false
    /// The names in braces.
    let pathNames: [String]
    let handler: @Sendable (APICall) async throws -> Envelope

    init(
        _ method: String, _ path: String, _ id: String, _ tag: String, _ summary: String,
        needs permission: Permission?, at place: Place = .project, parameters: [APIParameter] = [],
        body: APISchema? = nil, answer: APISchema = .anything, status: Int = 200, isPaged: Bool = false,
        isBare: Bool = false, handler: @escaping @Sendable (APICall) async throws -> Envelope
    ) {
        self.method = method
        self.path = path
        self.id = id
        self.tag = tag
        self.summary = summary
        self.permission = permission
        self.place = place
        self.parameters = parameters + (isPaged ? [Self.limit] : [])
        self.body = body
        self.answer = answer
        self.status = status
        self.isPaged = isPaged
        self.isBare = isBare
        pathNames = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
        self.handler = handler
    }

    /// Whether it changes something.
    public var isWrite: Bool { method != "GET" }

    /// Whether it lets something go, or gives access: nobody may whose access was taken back a moment ago.
    var isGrave: Bool { isWrite && permission.map { $0.minimumRole >= .admin } == true }

    /// Whether its refusals are bare as well.
    var isBareWrite: Bool { isBare && isWrite }

    private static let limit = APIParameter(
        "limit", .integer(1...200), "how many at the most; 50 where nothing is said")
}

/// One request that a route takes: known, allowed and checked.
public struct APICall: Sendable {
    public let request: WebRequest
    public let caller: Caller
    let route: APIRoute
    /// By name: of path and query, each of the type that the route says.
    let parameters: [String: Value]
    /// The body; null where there is none.
    let body: Value
    let now: Timestamp

    /// A text of path or query.
    func text(_ name: String) -> String? { parameters[name]?.stringValue }

    /// The name after which a part of a list begins that is ordered by names.
    var nameCursor: String? { text("cursor").flatMap(NameCursor.name) }

    /// An instant of the query, or the beginning of a day of it.
    func instant(_ name: String) -> Timestamp? { text(name).flatMap { Timestamp($0) ?? Timestamp(date: $0) } }

    /// The time that `since` and `until` of the query ask for.
    var askedTime: AskedTime { AskedTime(since: instant("since"), until: instant("until")) }

    /// How many rows are wanted.
    var limit: Int { parameters["limit"]?.intValue.flatMap { Int(exactly: $0) } ?? 50 }

    /// Which environments the caller sees of a list.
    var visible: VisibleEnvironments { caller.environments(for: route.permission ?? .read) }

    /// The names of them; nil: all.
    var visibleNames: [String]? { if case .only(let names) = visible { names } else { nil } }

    /// What of runs, plans and gates is theirs; nil: all.
    var share: EnvironmentShare? { visibleNames.map { EnvironmentShare(of: $0) } }

    /// Who it is, for the audit log.
    var actor: Actor { Actor(caller.name, via: "api", address: caller.origin.address) }
}

/// A time that is asked for: all of it where neither end is said.
struct AskedTime {
    let since: Timestamp?
    let until: Timestamp?

    /// Whether an instant is in it; what has none is in all of time alone.
    func has(_ instant: Timestamp?) -> Bool {
        guard let instant else { return since == nil && until == nil }
        return since.map { $0 <= instant } ?? true && until.map { instant < $0 } ?? true
    }
}
