import Formats

extension Scenario {
    /// Two services share the store and take turns.
    static let twoServices = Scenario(
        name: "two-services",
        inputs: [
            .push("grow", Wish(size: "s-2vcpu-4gb", branches: ["main", "feature/loyalty"])),
            .push("shrink", Wish(size: "s-2vcpu-4gb", ttl: 3600)),
        ], services: 2)

    /// Two services work side by side, each on its shards, and what one makes the other needs.
    ///
    /// The machine keeps its size: one that comes late would come in the later size, with a disk to match.
    static let sharded = Scenario(
        name: "sharded", isFulfilled: false,
        inputs: [
            .waiting("go on", .seconds(10)),
            .push("grow", passes: 2, Wish(branches: ["main", "feature/loyalty", "feature/crm"])),
            .push("shrink", passes: 2, Wish(ttl: 3600, branches: ["main", "feature/crm"])),
        ], services: 2, shards: 3)

    /// What one service is about to make for an environment of its shard is wanted by one of another's in the next commit.
    static let handedOver = Scenario(
        name: "handed-over",
        inputs: [.push("want", Wish(till: "crm")), .push("hand over", passes: 2, Wish(till: "north"))], services: 2,
        shards: 3, isHasty: true, sampled: ["store", "git"])
}
