import Basics
import DesiredState
import Formats
import Store

extension Scenario {
    /// A pull request gets a preview, moves, is closed, and a list that is behind shows it open once more.
    static let pullRequest = Scenario(
        name: "pull-request",
        setup: Setup(
            wish: Wish(hasPreviews: true),
            settings: Installation.Settings(
                providers: ["digitalocean", "github"], application: Installation.repository, sideWork: [.deliveries]),
            accounts: ["github": Installation.gitHub]),
        inputs: [
            Input("open", word: { _ in Installation.pullRequestWord("opened") }) { world, _ in
                try world.pull(
                    [
                        "title": "Loyalty points", "head": "feature/points", "base": "main", "labels": ["preview"],
                        "head_sha": .string(String(repeating: "1", count: 40)), "state": "open",
                    ])
            },
            Input("push", word: { _ in Installation.pullRequestWord("synchronize") }) { world, _ in
                try world.pull(["head_sha": .string(String(repeating: "2", count: 40))])
            },
            Input("close", word: { _ in Installation.pullRequestWord("closed") }) { world, _ in
                try world.pull(["state": "closed", "closed_at": world.instant])
            },
            // It says nothing new, and is no news but for who has not heard yet that it was closed.
            Input("late list", word: { _ in Installation.pullRequestWord("edited") }) { world, _ in
                guard let row = try await world.store.pullRequests(of: Installation.repository).first,
                    row.state == .closed
                else { throw NotYet() }
                let before = Timestamp(seconds: row.pullRequest.updatedAt.seconds) - .minutes(20)
                try world.pull(["state": "open", "updated_at": .string(before.description)])
            },
        ])
}
