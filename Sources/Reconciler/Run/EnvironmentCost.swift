import DesiredState
import Diff
import Formats

/// What environments cost a month, where that is known: an equal share of the droplet that runs each.
struct EnvironmentCost {
    /// Cents by slug; an environment whose host has no known price is not in it.
    private let cents: [String: Int]

    init(_ environments: [Environment], _ observed: ObservedState) {
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
