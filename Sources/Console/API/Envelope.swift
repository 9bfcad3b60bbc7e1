public import Basics
public import Formats
public import Web

/// The form of each answer of the API: `data`, `meta` and `errors`, whatever became of the request.
public struct Envelope: Sendable {
    public static let mediaType = "application/vnd.odooops.v1+json"
    static let plainMediaType = "application/json"

    public var status: Int
    public var data: Value
    /// Members of `meta` beside `request_id` and `timestamp`.
    public var meta: Value.Object
    public var errors: [APIFault]
    public var headers: [(name: String, value: String)] = []

    public init(_ status: Int = 200, _ data: Value, meta: Value.Object = [:]) {
        self.status = status
        self.data = data
        self.meta = meta
        errors = []
    }

    public init(_ fault: APIFault) {
        status = fault.status
        data = .null
        meta = [:]
        errors = [fault]
        headers = fault.headers
    }

    /// The refusal of a write that is answered without the usual members: `{"ok": false, "error": "…"}`.
    init(bare fault: any Fault) {
        let refusal = APIFault(fault)
        self.init(
            refusal.status, ["ok": false, "error": .string("\(fault.code): \(fault.messageAndHint)")])
        headers = refusal.headers
    }

    /// The answer as bytes.
    ///
    /// - Parameters:
    ///   - requestID: names the request in the log too.
    ///   - now: when it is answered.
    ///   - type: the media type of JSON.
    ///   - address: with which links begin; nil: they are paths at the address that was asked.
    /// - Returns: the answer.
    public func response(
        requestID: String, at now: Timestamp, type: String = "application/json", address: String? = nil
    ) -> WebResponse {
        var meta = Value.Object()
        meta["request_id"] = .string(requestID)
        meta["timestamp"] = .string(now.description)
        for member in self.meta.members { meta[member.name] = member.value }
        var object = Value.Object()
        object["data"] = data
        object["meta"] = .object(meta)
        object["errors"] = .list(errors.map { $0.value(at: address) })
        let fields = [("Content-Type", "\(type); charset=utf-8"), ("X-Request-Id", requestID)] + headers
        return WebResponse(
            status: status, headers: fields, body: Self.line(.object(object), rows: data.listValue?.count ?? 0))
    }

    /// A value as bytes, with a newline at their end.
    static func line(_ value: Value, rows: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        // About what they take: to grow by halves would copy a long list again and again.
        bytes.reserveCapacity(500 * (1 + rows))
        JSON.append(value, to: &bytes, sortsMembers: false)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}

/// Why the API did not do what it was asked for, with what to do instead.
public struct APIFault: Fault {
    /// Stable, for programs: `NOT_FOUND`.
    public let name: String
    public let code: String
    public let status: Int
    public let message: String
    public let hint: String?
    public var details: Value.Object
    public var headers: [(name: String, value: String)] = []

    public var place: String? { nil }
    public var disposition: Disposition { .stop }

    public init(
        _ name: String, _ code: String, _ status: Int, _ message: String, hint: String?, details: Value.Object = [:]
    ) {
        self.name = name
        self.code = code
        self.status = status
        // It may quote what came, which can hold anything.
        self.message = Paint.plain(message)
        self.hint = hint
        self.details = details
    }

    func value(at address: String?) -> Value {
        var object = Value.Object()
        object["error"] = .string(name)
        object["code"] = .string(code)
        object["message"] = .string(message)
        object["details"] = .object(details)
        object["remediation"] = hint.map { .string($0) } ?? .null
        object["docs"] = .string("\(address ?? "")\(APIEndpoints.prefix)/errors/\(code)")
        return .object(object)
    }
}
