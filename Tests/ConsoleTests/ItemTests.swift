import Basics
import Formats
import Reconciler
import Simulator
import Store
import Testing

/// Notices as items of work: one for each matter, and as the matter stands now.
@Suite("Notices as items of work")
struct ItemTests {
    typealias World = NoticeWorld

    private func tell(
        _ world: World, _ kind: Notice.Kind, _ dedupe: String, of subject: String = "digitalocean.droplet/x"
    ) async throws {
        try await world.store.post([
            Notice(
                kind, of: subject, environment: "prod", at: world.time.now,
                payload: ["kind": "drift", "why": "it is <b>"],
                dedupe: dedupe)
        ])
    }

    /// Lets windows and pauses pass, and sends what is due.
    private func turn(_ world: World, _ service: NoticeService, _ settings: NotificationSettings) async throws {
        try await service.route()
        world.time.advance(by: .minutes(2))
        for channel in settings.channels { try await service.send(channel) }
    }

    @Test("a finding is one item: made, raised, closed at its end, and opened again; what people did to it stays")
    func life() async throws {
        let world = try await World()
        let settings = try World.settings([World.plane])
        let service = world.service(settings)
        let name = "finding/prod/drift/digitalocean.droplet/x"
        try await tell(world, .findingOpened, "1")
        try await turn(world, service, settings)
        #expect(world.items == ["\(name) Todo medium"])
        let made = try #require(world.workItems.first)
        #expect(made["description_html"]?.stringValue?.contains("&lt;b&gt;") == true)
        #expect(made["labels"]?.listValue?.count == 1)

        // Somebody begins to work on it, and gives it another title.
        try await world.change("Doing", title: "Mine")
        try await tell(world, .findingEscalated, "1")
        try await turn(world, service, settings)
        #expect(world.items == ["\(name) Doing urgent"])
        #expect(world.workItems.first?["name"] == "Mine")

        // Its end matters little by itself, and goes the way of its beginning.
        try await tell(world, .findingResolved, "1")
        try await turn(world, service, settings)
        #expect(world.items == ["\(name) Done urgent"])

        try await tell(world, .findingOpened, "2")
        try await turn(world, service, settings)
        #expect(world.items == ["\(name) Todo medium"])
        #expect(world.workItems.first?["name"] != "Mine")
        await world.close()
    }

    @Test("what was over before it could be told makes no item, and old news opens none")
    func late() async throws {
        let world = try await World()
        let settings = try World.settings([World.plane]) { $0.window = .zero }
        let service = world.service(settings)
        try await tell(world, .findingOpened, "1")
        world.simulator.order(try FaultOrder(text: "GET /plane/** 500-before x50"))
        try await turn(world, service, settings)
        #expect(world.items == [])
        // The message waits for its second attempt; meanwhile the finding is over, and that is told first.
        try await tell(world, .findingResolved, "1")
        world.simulator.clearFaults()
        try await turn(world, service, settings)
        world.time.advance(by: .hours(1))
        try await turn(world, service, settings)
        #expect(try await world.store.noticeMessages(limit: 10).allSatisfy { $0.state == .sent })
        #expect(world.items == [])
        await world.close()
    }

    @Test("matters stay apart, and a message that is sent again makes nothing twice")
    func matters() async throws {
        let world = try await World()
        let settings = try World.settings([World.plane]) { $0.window = .minutes(1) }
        let service = world.service(settings)
        let long = "droplet/" + String(repeating: "x", count: 400)
        try await tell(world, .findingOpened, "1")
        try await tell(world, .deletionStuck, "1")
        try await tell(world, .findingOpened, "1", of: long)
        world.simulator.order(try FaultOrder(text: "POST /plane/**/work-items/ drop-after"))
        try await turn(world, service, settings)
        world.time.advance(by: .hours(1))
        try await turn(world, service, settings)
        #expect(world.items.count == 3 && Set(world.items).count == 3, "\(world.items)")
        #expect(world.items.contains("deletion/prod/digitalocean.droplet/x Todo urgent"))

        try await tell(world, .deletionDone, "1")
        try await turn(world, service, settings)
        #expect(world.items.count == 3)
        #expect(world.items.contains("deletion/prod/digitalocean.droplet/x Done urgent"), "\(world.items)")
        await world.close()
    }
}
