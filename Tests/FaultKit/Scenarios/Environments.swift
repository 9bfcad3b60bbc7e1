import Basics
import Formats
import Store

extension Scenario {
    private static let withLoyalty = Setup(wish: Wish(branches: ["main", "feature/loyalty"]))

    /// A branch is pushed, and gets an environment.
    static let branch = Scenario(
        name: "branch", inputs: [.push("push", Wish(branches: ["main", "feature/loyalty"]))])

    /// A branch comes and goes, and its environment with it.
    static let branchClosed = Scenario(
        name: "branch-closed",
        inputs: [
            .push("open", Wish(branches: ["main", "feature/pr-7"])),
            .push("close", Wish(branches: ["main"])),
        ])

    /// An environment comes to its end.
    static let expired = Scenario(
        name: "expired", setup: withLoyalty,
        inputs: [
            .waiting("until it is warned of", .days(7) - .hours(13)), .waiting("a day more", .days(1) + .hours(13)),
            lateWarning,
        ])

    /// An environment is given five days more, outlives its end by them, and then goes.
    static let extended = Scenario(
        name: "extended", setup: withLoyalty,
        inputs: [
            .waiting("six days", .days(6) + .hours(6)),
            Input("extend") { world, work in
                let slug = "feature-loyalty"
                guard try await work.store.environments().first(where: { $0.slug == slug })?.extensionDays == 0 else {
                    return
                }
                try await work.store.extendEnvironment(
                    slug, days: 5,
                    audit: AuditRecord(
                        at: world.time.now, action: "env.extend", target: slug, actor: "ada", detail: .object([:])))
            },
            .waiting("two days", .days(2)),
            .waiting("three days", .days(3)),
            .waiting("two days more", .days(2)), lateWarning,
        ])

    /// Whose warning nobody heard in time lives on for half as long as a warning lasts.
    private static let lateWarning = Input.waiting("until a late warning has passed", .hours(13))
}
