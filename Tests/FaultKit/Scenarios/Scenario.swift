import Basics
import Store

/// What people do to an installation, and what comes of it when nothing goes wrong is the measure of all else.
struct Scenario: Sendable {
    /// Something that people do, and that a hook tells of.
    struct Input: Sendable {
        let name: String
        /// The process has to be started anew to notice: its configuration changed.
        var restarts = false
        /// How many passes follow before the next input.
        var passes = 1
        let apply: @Sendable (Installation, Work) async throws -> Void

        init(
            _ name: String, restarts: Bool = false, passes: Int = 1,
            _ apply: @escaping @Sendable (Installation, Work) async throws -> Void
        ) {
            self.name = name
            self.restarts = restarts
            self.passes = passes
            self.apply = apply
        }

        /// A push to the repository.
        static func push(_ name: String, passes: Int = 1, _ wish: Wish) -> Input {
            Input(name, passes: passes) { world, _ in world.repository.push(wish.tree) }
        }

        /// Time goes by without anything else.
        static func waiting(_ name: String, _ duration: Duration) -> Input {
            Input(name) { world, _ in world.time.advance(by: duration) }
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
    /// What would rightly end otherwise here; the scenario says why.
    var excluded: Set<Disturbance> = []
}

/// What an input needs is not there yet: who does it waits for another pass, and tries again.
struct NotYet: Error {}
