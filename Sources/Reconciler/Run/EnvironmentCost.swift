import DesiredState
import Diff
import Formats

/// What environments cost a month, where that is known: an equal share of the droplet that runs each.
struct EnvironmentCost {
    /// Cents by slug; an environment whose host has no known price is not in it.
    private let cents: [String: Int]

    /// - Parameters:
    ///   - wanted: the environments of the documents.
    ///   - plan: which of them have ended; where nothing is left of one either, the others pay for its host.
    ///   - inventory: what is left of each.
    ///   - observed: the prices of the droplets.
    init(_ wanted: [Environment], _ plan: Plan, _ inventory: Inventory, _ observed: ObservedState) {
        let owners = inventory.owners
        let over = Set(
            plan.environments.lazy.filter { $0.phase == .expired && !owners.contains($0.slug) }.map(\.slug))
        let environments = wanted.filter { !over.contains($0.slug) }
        var prices: [String: Int] = [:]
        for droplet in observed.kinds[.droplet]?.resources ?? [] {
            if let price = droplet.attributes["price_monthly"].flatMap(PriceList.cents) {
                prices[droplet.key.name] = price
            }
        }
        var tenants: [String: Int] = [:]
        for environment in environments { if let host = environment.host { tenants[host, default: 0] += 1 } }
        var result: [String: Int] = [:]
        for environment in environments {
            guard let host = environment.host, let price = prices[host], let count = tenants[host] else { continue }
            result[environment.slug] = (price + count / 2) / count
        }
        cents = result
    }

    /// Dollars with two decimals; nil where it is not known.
    subscript(slug: String) -> String? {
        cents[slug].map(PriceList.decimal)
    }
}
