internal import Basics

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

/// The account of a credential that leads to the same one for as long as it is valid: asked for once.
public final class KnownAccount: Sendable {
    private let found = Locked<String?>(nil)

    public init() {}

    /// - Parameter ask: asks the provider; nil where its answer names none.
    /// - Returns: what was found now or before; nil where the credential may not see it.
    public func name(
        _ ask: () async throws(ProviderFault) -> String?
    ) async -> Result<String?, ProviderFault> {
        if let known = found.withLock({ $0 }) { return .success(known) }
        do throws(ProviderFault) {
            let name = try await ask()
            found.withLock { $0 = name }
            return .success(name)
        } catch {
            return error.problem == .notPermitted ? .success(nil) : .failure(error)
        }
    }
}
