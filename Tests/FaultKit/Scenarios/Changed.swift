import Basics

extension Scenario {
    /// A machine grows, a record lives longer, a note and a firewall come.
    static let changed = Scenario(
        name: "changed",
        inputs: [.push("grow", Wish(size: "s-2vcpu-4gb", ttl: 3600, hasNote: true, hasFirewall: true))])

    /// From A over B to C, with as little time in between as there may be.
    static let thrice = Scenario(
        name: "thrice",
        inputs: [
            .push("b", Wish(ttl: 300, branches: ["main", "feature/b"], hasNote: true)),
            .push("c", Wish(ttl: 3600, branches: ["main", "feature/c"])),
        ])

    /// An alias takes the name of an address, which has to go first; a note goes after its grace.
    static let replaced = Scenario(
        name: "replaced", setup: Setup(wish: Wish(hasNote: true, shop: Wish.address, grace: "1h")),
        inputs: [
            .push("alias", Wish(shop: Wish.alias, grace: "1h")),
            // Twice, for what comes between may be that it isn't marked in the first one.
            .waiting("two hours", .hours(2)), .waiting("two more", .hours(2)),
        ],
        // Who sees the commit before it once more is right to turn the name back.
        excluded: [.staleSource])

    /// A file can't be read for a while, and then everything is wanted otherwise.
    static let damaged = Scenario(
        name: "damaged", setup: Setup(wish: Wish(branches: ["main", "feature/loyalty"])),
        inputs: [
            .push("damage", Wish(branches: ["main"], isDamaged: true)),
            .push("repair", Wish(ttl: 3600, branches: ["main"])),
        ])

    /// The documents move to another folder, and less is wanted at once.
    static let moved = Scenario(
        name: "moved", setup: Setup(wish: Wish(branches: ["main", "feature/loyalty"], hasNote: true)),
        inputs: [
            .push("move", Wish(root: "infra/ssot", branches: ["main", "feature/loyalty"])),
            .push("go on", Wish(root: "infra/ssot", ttl: 3600, branches: ["main", "feature/loyalty"])),
        ])
}
