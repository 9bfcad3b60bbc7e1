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
            var page = 1
            while true {
                let answer = try await sizes(page: page, context)
                for size in answer.root?["sizes"].items.map(Array.init) ?? [] {
                    guard let slug = size["slug"].string else { continue }
                    list.droplets[slug] = PriceList.cents(size["price_monthly"].value)
                }
                guard answer.root?["links"]["pages"]["next"].exists == true, page < 10 else { break }
                page += 1
            }
            // What the token may not see limits nothing here; the provider itself will.
            let account = try? await api.get("/v2/account", "account.get", "account:read", context)
            list.dropletLimit = account?.root?["account"]["droplet_limit"].int.flatMap { Int(exactly: $0) }
            return .success(list)
        } catch {
            return .failure(error)
        }
    }

    func sizes(page: Int, _ context: DriverContext) async throws(ProviderFault) -> ProviderAnswer {
        try await api.get(
            "/v2/sizes", query: [("per_page", String(Self.pageSize)), ("page", String(page))], "sizes.list",
            "sizes:read", context)
    }
}
