public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver: PriceListing {
    /// The sizes with their prices, by page, and the account's limit of droplets.
    ///
    /// DigitalOcean's API says nothing of what database clusters cost.
    public func priceList(_ context: DriverContext) async -> Result<PriceList, ProviderFault> {
        do throws(ProviderFault) {
            var list = PriceList()
            try await eachSize(context) { size throws(ProviderFault) in
                if let slug = size["slug"].string {
                    list.droplets[slug] = PriceList.cents(size["price_monthly"].value)
                }
                return false
            }
            // What the token may not see limits nothing here; the provider itself will.
            let account = try? await api.get("/v2/account", "account.get", "account:read", context)
            list.dropletLimit = account?.root?["account"]["droplet_limit"].int.flatMap { Int(exactly: $0) }
            return .success(list)
        } catch {
            return .failure(error)
        }
    }

    /// Reads the sizes by page, until one is said to be the last that is needed.
    func eachSize(
        _ context: DriverContext, isLast: (JSONView) throws(ProviderFault) -> Bool
    ) async throws(ProviderFault) {
        for page in 1...10 {
            let answer = try await api.get(
                "/v2/sizes", query: [("per_page", String(Self.pageSize)), ("page", String(page))], "sizes.list",
                "sizes:read", context)
            for size in answer.root?["sizes"].items.map(Array.init) ?? [] {
                if try isLast(size) { return }
            }
            guard answer.root?["links"]["pages"]["next"].exists == true else { return }
        }
    }
}
