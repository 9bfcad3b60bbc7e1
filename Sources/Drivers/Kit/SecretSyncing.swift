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
    /// What has a value and isn't there as it should be, or of which nobody knows; sorted by name.
    public var left: [SecretWish] = []
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

    /// Names the command that brings what is left, which leaves what is there, where asking once more can help.
    ///
    /// - Parameter command: what is written to bring these secrets to this project.
    /// - Returns: the same outcome, with another way out in its fault.
    public func pointing(to command: (_ project: String?, _ wishes: [SecretWish]) -> String) -> SecretSyncOutcome {
        guard let fault, !left.isEmpty else { return self }
        switch fault.disposition {
        case .stop, .waitForNewCommit: return self
        case .retry, .observeAgain: break
        }
        // What no answer told is neither mended nor awaited: bringing it again is what there is to do.
        let own = fault.mayHaveHappened ? nil : fault.hint.map { "\($0); then run: " }
        var outcome = self
        outcome.fault = ProviderFault(
            provider: fault.provider, operation: fault.operation, code: fault.code, message: fault.message,
            place: fault.place,
            hint: (own ?? "run again, which leaves what is there as it is: ") + command(project, left),
            status: fault.status, providerCode: fault.providerCode, requestID: fault.requestID,
            disposition: fault.disposition, problem: fault.problem)
        return outcome
    }

    /// What was not set: as it should be already, or without a value.
    public var skipped: [String] { (unchanged + missing).sorted { $0.precedesByBytes($1) } }
}

/// A driver whose provider keeps secrets for functions.
public protocol SecretSyncing: Driver {
    /// Sets those of the secrets whose value is another than the one that the project has, all in one request.
    ///
    /// Doing it twice sets nothing the second time. Where no answer tells what became of it, it is looked at before
    /// anything is said.
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
