public import Basics
public import Formats

/// A fault as programs get it at the edge: `{"ok": false, "error": "…", "code": 429}`.
public struct ErrorEnvelope: Sendable, Hashable {
    /// What happened, where, and the way out, in one line.
    public let error: String
    /// The status that the provider answered with; nil where no answer came.
    public let code: Int?

    public init(error: String, code: Int?) {
        self.error = error
        self.code = code
    }

    public init(_ fault: ProviderFault) {
        var text = "\(fault.provider) \(fault.operation): \(fault.message)"
        let details = [fault.providerCode.map { "code \($0)" }, fault.requestID.map { "request \($0)" }].compactMap {
            $0
        }
        if !details.isEmpty { text += " (\(details.joined(separator: ", ")))" }
        if let hint = fault.hint { text += "; \(hint)" }
        self.init(error: text, code: fault.status > 0 ? fault.status : nil)
    }

    /// Of what ended it before a provider could answer.
    public init(of fault: any Fault) {
        let place = fault.place.map { "\($0): " } ?? ""
        self.init(error: "\(place)\(fault.code): \(fault.messageAndHint)", code: nil)
    }

    /// One object, always with `ok` and `error`.
    public var value: Value {
        var object = Value.Object()
        object["ok"] = .bool(false)
        object["error"] = .string(error)
        if let code { object["code"] = .int(Int64(code)) }
        return .object(object)
    }
}
