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
