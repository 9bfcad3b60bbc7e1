/// A driver that can tell whether its provider answers and lets it in: what `reconcile doctor` asks.
public protocol AccessChecking: Driver {
    /// Makes one cheap read.
    ///
    /// - Returns: one line about the account that names no person.
    func checkAccess() async -> Result<String, ProviderFault>
}
