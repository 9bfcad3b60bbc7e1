import Basics
import Reconciler
import Store
import StoreSQLite
import Testing

@Suite("Whom a hook wakes")
struct WakeTests {
    @Test("A knock that one process hears wakes every process on the store, each once")
    func everyProcess() async throws {
        let world = try await HookWorld.make()
        let (near, far) = (Wakeup(), Wakeup())
        let bells = [near, far].map { WakeBell(store: world.store, wakeup: $0, time: world.time) }
        // What was before a process began is of no interest to it: it begins with a pass.
        try await WakeBell(store: world.store, wakeup: Wakeup(), time: world.time).ring()
        for bell in bells { #expect(try await !bell.look()) }
        try await bells[0].ring()
        #expect(near.isRaised && !far.isRaised)
        #expect(try await bells[0].look() == false)
        #expect(try await bells[1].look() == true && far.isRaised)
        #expect(try await bells[1].look() == false)
        await world.close()
    }

    @Test("The hint is heeded before it counts as done, also where the others can't be told")
    func order() async throws {
        let world = try await HookWorld.make()
        let other = Wakeup()
        let bell = WakeBell(store: world.store, wakeup: other, time: world.time)
        try await bell.look()
        _ = await world.gitHub("push", #"{"repository": {"full_name": "Acme/odoo"}}"#, id: "1")
        try await world.processor.work()
        #expect(world.wakeup.isRaised)
        #expect(try await bell.look() && other.isRaised)
        await world.close()
    }

    /// An event of Slack, and whether a pass begins for it.
    static let slack: [(event: String, wakes: Bool)] = [
        (#"{"type": "app_mention", "text": "<@U1> where is pr-7?", "user": "U2"}"#, true),
        (#"{"type": "message", "channel_type": "im", "text": "again, please", "user": "U2"}"#, true),
        (#"{"type": "message", "channel_type": "im", "text": "done", "bot_id": "B1"}"#, false),
        (#"{"type": "message", "channel_type": "im", "subtype": "message_changed"}"#, false),
        (#"{"type": "message", "channel_type": "channel", "text": "lunch?", "user": "U2"}"#, false),
        (#"{"type": "channel_archive", "channel": "C1"}"#, true),
        (#"{"type": "channel_rename", "channel": {"id": "C1", "name": "ops"}}"#, true),
        (#"{"type": "reaction_added", "reaction": "tada"}"#, false),
    ]

    @Test("What is said to us in Slack, and what becomes of channels, makes a pass begin", arguments: slack)
    func slackEvents(_ event: String, _ wakes: Bool) async throws {
        let world = try await HookWorld.make()
        let body = #"{"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": \#(event)}"#
        #expect(await world.post(.slack, body).status == 202)
        #expect(await world.post(.slack, body).status == 200)
        try await world.processor.work()
        #expect(world.wakeup.isRaised == wakes)
        #expect(try await world.deliveries().map(\.state) == [wakes ? .processed : .ignored])
        await world.close()
    }
}
