public import Basics
internal import DesiredState
public import Formats

/// A secret that a project shall have, and where its value is.
public struct SecretWish: Sendable, Hashable {
    public let name: String
    public let reference: SecretReference

    public init(_ name: String, _ reference: SecretReference) {
        self.name = name
        self.reference = reference
    }
}

/// What came of bringing secrets to a project.
public struct SecretSyncOutcome: Sendable {
    /// Names that were set, sorted.
    public var pushed: [String] = []
    /// Names that were as they should be, sorted.
    public var unchanged: [String] = []
    /// Names whose reference holds no value, sorted.
    public var missing: [String] = []
    /// The project that they were brought to, as soon as it is known.
    public var project: String?
    /// Nil when all that has a value is as it should be.
    public var fault: ProviderFault?

    public init() {}

    /// `{ok, pushed, skipped}`, or `{ok, error, code}` when it failed.
    public var envelope: Value {
        if let fault { return ErrorEnvelope(fault).value }
        var object = Value.Object()
        object["ok"] = true
        object["pushed"] = .strings(pushed)
        object["skipped"] = .strings(skipped)
        return .object(object)
    }

    /// What was not set: as it should be already, or without a value.
    public var skipped: [String] { (unchanged + missing).sorted { $0.precedesByBytes($1) } }
}

/// A driver whose provider keeps secrets for functions.
public protocol SecretSyncing: Driver {
    /// Sets those of the secrets whose value is another than the one that the project has, all in one request.
    ///
    /// Doing it twice sets nothing the second time.
    ///
    /// - Parameters:
    ///   - wishes: names are unique; of several with one name the first counts.
    ///   - reference: the project's; nil takes the one that the driver looks after.
    ///   - context: where the call comes from.
    /// - Returns: what was set and what was left, also of an attempt that failed on its way.
    func syncSecrets(
        _ wishes: [SecretWish], to reference: String?, _ context: DriverContext
    ) async -> SecretSyncOutcome
}
