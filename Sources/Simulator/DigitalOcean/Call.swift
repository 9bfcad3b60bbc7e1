import Basics
import Formats
import Web

/// One request as the handlers see it.
struct Call: Sendable {
    let method: String
    /// The path after `/v2/`, without empty parts.
    let path: [String]
    let query: [(name: String, value: String)]
    let body: Value.Object
    /// What links begin with, such as `http://127.0.0.1:8090/v2`.
    let base: String
    /// Whether the action that the call starts shall end as errored.
    var actionFails = false
    /// By how much pages after the first are moved.
    var shift = 0

    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The text of a body field; nil when it is missing, null or no text.
    func text(_ name: String) -> String? { body[name]?.stringValue }

    func has(_ name: String) -> Bool { body[name].map { !$0.isNull } ?? false }
}

/// What a handler answers.
struct Answer: Sendable {
    var status: Int
    var body: [UInt8]

    static let noContent = Answer(status: 204, body: [])

    /// One thing under its name.
    static func one(_ name: String, _ value: Value) -> Answer { made(200, name, value) }

    @_disfavoredOverload
    static func one(_ name: String, _ object: Value.Object) -> Answer { made(200, name, .object(object)) }

    /// The same with another status.
    static func made(_ status: Int, _ name: String, _ value: Value) -> Answer {
        Answer(status: status, body: [UInt8](json: .object(Value.Object([.init(name, value)]))))
    }

    @_disfavoredOverload
    static func made(_ status: Int, _ name: String, _ object: Value.Object) -> Answer {
        made(status, name, .object(object))
    }

    /// Something whose JSON is ready.
    static func one(_ name: String, json: [UInt8]) -> Answer {
        var body = Array("{\"\(name)\":".utf8)
        body.append(contentsOf: json)
        body.append(UInt8(ascii: "}"))
        return Answer(status: 200, body: body)
    }
}

/// An answer that says no, in the provider's shape: `{"id", "message", "request_id"}`.
struct Refusal: Error {
    let status: Int
    let id: String
    let message: String

    static let notFound = Refusal(
        status: 404, id: "not_found", message: "The resource you requested could not be found.")
    static let unauthorized = Refusal(status: 401, id: "unauthorized", message: "Unable to authenticate you.")
    static let forbidden = Refusal(
        status: 403, id: "forbidden", message: "You are not authorized to perform this operation")
    static let serverError = Refusal(status: 500, id: "server_error", message: "Unexpected server-side error")
    static let tooManyRequests = Refusal(status: 429, id: "too_many_requests", message: "API rate limit exceeded.")
    static let badBody = Refusal(status: 400, id: "bad_request", message: "error parsing request body")

    /// 422: the provider understood and won't.
    static func unprocessable(_ message: String) -> Refusal {
        Refusal(status: 422, id: "unprocessable_entity", message: message)
    }

    static func conflict(_ message: String) -> Refusal { Refusal(status: 409, id: "conflict", message: message) }

    static func precondition(_ message: String) -> Refusal {
        Refusal(status: 412, id: "precondition_failed", message: message)
    }

    func body(requestID: String) -> [UInt8] {
        [UInt8](json: .members(["id": .string(id), "message": .string(message), "request_id": .string(requestID)]))
    }
}
