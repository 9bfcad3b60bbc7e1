import Basics
import Formats

/// One piece of work in time, as OpenTelemetry has it.
struct Span: Sendable {
    /// What sort of work it is (`Span.SpanKind` of the protocol).
    enum Kind: Int64, Sendable {
        case inside = 1
        /// A request to somebody else.
        case client = 3
    }

    let id: String
    let parent: String?
    let name: String
    var kind = Kind.inside
    let begin: Timestamp
    let end: Timestamp
    var attributes: [(String, Value)] = []
    /// Nil: it went well; else a code, and never the text of a provider.
    var fault: String?

    /// As OTLP writes it in JSON: identifiers in hexadecimal, numbers of 64 bits as texts, enumerations as numbers.
    func value(of trace: String) -> Value {
        var object = Value.Object()
        object["traceId"] = .string(trace)
        object["spanId"] = .string(id)
        if let parent { object["parentSpanId"] = .string(parent) }
        object["name"] = .string(name)
        object["kind"] = .int(kind.rawValue)
        object["startTimeUnixNano"] = .string(Self.nanoseconds(begin))
        object["endTimeUnixNano"] = .string(Self.nanoseconds(max(begin, end)))
        object["attributes"] = Self.attributes(attributes)
        // STATUS_CODE_OK is for people to set; what went well is unset.
        var status = Value.Object()
        if let fault {
            status["code"] = .int(2)
            status["message"] = .string(fault)
        }
        object["status"] = .object(status)
        return .object(object)
    }

    static func attributes(_ items: [(String, Value)]) -> Value {
        .list(
            items.compactMap { name, value -> Value? in
                let wrapped: Value
                switch value {
                case .string: wrapped = .object(["stringValue": value])
                case .int(let number): wrapped = .object(["intValue": .string(String(number))])
                case .bool: wrapped = .object(["boolValue": value])
                default: return nil
                }
                return .object(["key": .string(name), "value": wrapped])
            })
    }

    private static func nanoseconds(_ instant: Timestamp) -> String { "\(max(0, instant.microseconds))000" }
}
