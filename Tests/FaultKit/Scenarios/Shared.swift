import Formats

extension Scenario {
    /// Two services share the store and take turns.
    static let twoServices = Scenario(
        name: "two-services",
        inputs: [
            .push("grow", Wish(size: "s-2vcpu-4gb", branches: ["main", "feature/loyalty"])),
            .push("shrink", Wish(size: "s-2vcpu-4gb", ttl: 3600)),
        ], services: 2)
}
