public import Basics

/// A driver that can tell whom its credential leads to, where the names of its objects don't say it.
///
/// In another account nothing is found of what is remembered. That is no reason to make it anew there, nor to forget it.
public protocol AccountTelling: Driver {
    /// Asks whose the objects are that the driver sees.
    ///
    /// - Returns: what it is and its lasting id at the provider, `team 5df3…`, the same for every credential of that account;
    ///   nil where this one may not see it.
    func account(_ context: DriverContext) async -> Result<String?, ProviderFault>
}

/// The account of a credential: asked for once, and again where the credential is another one.
public final class KnownAccount: Sendable {
    private let source: Secret
    /// The credential as it was when it was last asked for its account: what is planned for one account is not done in
    /// another, whose token took the place of its own meanwhile.
    public let credential: Secret
    private let asked: Locked<Digest>
    /// The name, and the credential that told it.
    private let found = Locked<(name: String, by: Digest)?>(nil)

    /// - Parameter source: by which the provider is asked; it may be followed.
    public init(of source: Secret) {
        self.source = source
        let asked = Locked(source.reveal { Digest(of: $0) })
        self.asked = asked
        credential = source.steady { Digest(of: $0) == asked.withLock { $0 } }
    }

    /// Takes the credential that is there now, and says whose it is.
    ///
    /// - Parameter ask: asks the provider; nil where its answer names none.
    /// - Returns: what was found now or before; nil where the credential may not see it.
    public func name(
        _ ask: () async throws(ProviderFault) -> String?
    ) async -> Result<String?, ProviderFault> {
        let now = source.reveal { Digest(of: $0) }
        asked.withLock { $0 = now }
        if let known = found.withLock({ $0 }), known.by == now { return .success(known.name) }
        do throws(ProviderFault) {
            guard let name = try await ask() else { return .success(nil) }
            found.withLock { $0 = (name, now) }
            return .success(name)
        } catch {
            return error.problem == .notPermitted ? .success(nil) : .failure(error)
        }
    }
}
