public import Basics
public import Formats
public import Store

/// Who does something by hand, and where from: what the audit log says of it.
public struct Actor: Sendable, Hashable {
    public let name: String
    /// `api` or `console`; nil: the command line.
    public let via: String?
    /// The address that it came from.
    public let address: String?

    public init(_ name: String, via: String? = nil, address: String? = nil) {
        self.name = name
        self.via = via
        self.address = address
    }

    /// The detail of an audit record, with what this says of where it came from.
    public func detail(_ object: Value.Object = [:]) -> Value {
        var object = object
        if let via { object["via"] = .string(via) }
        if let address { object["from"] = .string(address) }
        return .object(object)
    }
}

extension Actor {
    /// The record of something that they do.
    ///
    /// - Parameters:
    ///   - action: such as `env.pin`.
    ///   - target: what it is done to.
    ///   - now: when.
    ///   - detail: what else there is to say of it; nothing secret.
    /// - Returns: the record, which says where it came from too.
    public func audit(
        _ action: String, of target: String, at now: Timestamp, _ detail: Value.Object = [:]
    ) -> AuditRecord {
        AuditRecord(at: now, action: action, target: target, actor: name, detail: self.detail(detail))
    }
}

/// A person asked for something that can't be done as it stands.
public struct RequestFault: Fault {
    /// What is in the way.
    public enum Kind: Sendable, Hashable {
        /// What was named isn't there.
        case notFound
        /// It is there, in a state in which this can't be.
        case conflict
        /// What was said of it can't be.
        case invalid
    }

    public let kind: Kind
    public let code: String
    public let message: String
    public let place: String? = nil
    public let hint: String?
    public var disposition: Disposition { .stop }

    init(_ kind: Kind, _ message: String, hint: String?, code: String = "USAGE-0001") {
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint
    }
}
