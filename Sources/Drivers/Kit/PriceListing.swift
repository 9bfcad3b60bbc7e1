public import Diff

/// A driver that can tell what sizes cost, and how much of them the account may have.
public protocol PriceListing: Driver {
    /// Reads the provider's list of sizes and the limits of the account.
    ///
    /// - Returns: what it says; a limit that the token may not see is not in it.
    func priceList(_ context: DriverContext) async -> Result<PriceList, ProviderFault>
}
