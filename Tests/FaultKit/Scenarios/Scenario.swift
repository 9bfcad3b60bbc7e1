import Basics
import Store
import Web

/// What people do to an installation, and what comes of it when nothing goes wrong is the measure of all else.
struct Scenario: Sendable {
    /// Something that people do, and that a hook tells of.
    struct Input: Sendable {
        let name: String
        /// The process has to be started anew to notice: its configuration changed.
        var restarts = false
        /// How many passes follow before the next input.
        var passes = 1
        /// What a provider sends to tell of it, where that is something else than the wish for a pass; nil: nothing yet.
        var word: (@Sendable (Installation) -> WebRequest?)?
        let apply: @Sendable (Installation, Work) async throws -> Void

        init(
            _ name: String, restarts: Bool = false, passes: Int = 1,
            word: (@Sendable (Installation) -> WebRequest?)? = nil,
            _ apply: @escaping @Sendable (Installation, Work) async throws -> Void
        ) {
            self.name = name
            self.restarts = restarts
            self.passes = passes
            self.word = word
            self.apply = apply
        }

        /// A push to the repository.
        static func push(_ name: String, passes: Int = 1, _ wish: Wish) -> Input {
            Input(name, passes: passes) { world, _ in world.repository.push(wish.tree) }
        }

        /// Time goes by without anything else.
        static func waiting(_ name: String, _ duration: Duration, passes: Int = 1) -> Input {
            Input(name, passes: passes) { world, _ in world.time.advance(by: duration) }
        }
    }

    /// What an input may do through the process: a person's command runs on the same machine.
    struct Work: Sendable {
        let store: Store
        let process: ServiceProcess
    }

    let name: String
    var setup = Setup()
    /// Whether the first wish is fulfilled before anything can go wrong.
    var isFulfilled = true
    /// What else happens before, undisturbed.
    var before: [Input] = []
    var inputs: [Input]
    /// How many services share the store.
    var services = 1
    /// Into how many shards they cut the work.
    var shards = 1
    /// Whether people do the next thing while a process stands still for a moment, so that another one sees it first.
    var isHasty = false
    /// What would rightly end otherwise here; the scenario says why.
    var excluded: Set<Disturbance> = []
    /// Labels of points that other scenarios enumerate: of their crashes a share is tried here as of all else.
    var sampled: Set<String> = []
}

/// What an input needs is not there yet: who does it waits for another pass, and tries again.
struct NotYet: Error {}
