import Basics
import Formats

/// What the service does beside its passes; their crashes other scenarios enumerate.
extension Scenario {
    private static let passes: Set<String> = ["store", "git"]
    private static let little = Wish(hasDroplet: false, hasEnvironments: false)

    private static func setup(
        _ wish: Wish, _ part: SideWork.Part, providers: Set<String>, _ accounts: [String: Value]
    ) -> Setup {
        Setup(
            wish: wish,
            settings: Installation.Settings(
                providers: providers.union(["digitalocean"]), application: Installation.repository, sideWork: [part]),
            accounts: accounts)
    }

    /// An issue is opened, changed and closed, and its row follows by deliveries, or by the list where one is lost.
    static let issues = Scenario(
        name: "issues",
        setup: setup(little, .deliveries, providers: ["github"], ["github": Installation.gitHub]),
        inputs: [
            Input("open", word: { $0.issueWord("opened") }) { world, _ in try world.openIssue("Mail") },
            Input("change", word: { $0.issueWord("edited") }) { world, _ in
                try await world.changeIssue(["title": "Mail is late"])
            },
            Input("close", word: { $0.issueWord("closed") }) { world, _ in
                try await world.changeIssue(["state": "closed"])
            },
        ], sampled: passes)

    /// A workflow and a program of the machine are due on two evenings.
    static let scheduled = Scenario(
        name: "scheduled",
        setup: setup(
            Wish(hasDroplet: false, hasEnvironments: false, hasChores: true), .schedules, providers: ["github"],
            ["github": Installation.gitHub]),
        inputs: [.waiting("until the evening", .minutes(40)), .waiting("until the next", .hours(24))],
        // Of times at which nobody was there only the last one runs; and a run of which nobody sees the end within its time
        // is tried again.
        excluded: [.unseenInput, .unobserved], sampled: passes)

    /// Two environments come to their end together, and people hear of both in one message.
    static let told = Scenario(
        name: "told",
        setup: setup(
            Wish(branches: ["main", "feature/crm", "feature/loyalty"]), .notices, providers: ["slack"],
            ["slack": ["channels": [["name": "ops"]]]]),
        inputs: [.waiting("until they are warned of", .days(7) - .hours(13), passes: 3)], sampled: passes)
}
