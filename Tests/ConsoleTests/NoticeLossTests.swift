import Basics
import Formats
import Reconciler
import Simulator
import SimulatorKit
import Store
import TestKit
import Testing

/// Messages of which nobody would ever hear: they are given up, and seen.
@Suite("Messages that are lost")
struct NoticeLossTests {
    typealias World = NoticeWorld

    @Test(
        "a mail that may have arrived, and that can't be looked for, is given up in the end and never sent twice",
        arguments: [(nil, NoticeMessage.State.dead), (90, .sent)] as [(Int?, NoticeMessage.State)])
    func unseen(minutes: Int?, end: NoticeMessage.State) async throws {
        let world = try await World()
        let settings = try World.settings([World.mail])
        let service = world.service(settings)
        try await world.post()
        world.simulator.order(try FaultOrder(text: "POST ** drop-after"))
        try await world.turn(service, settings)
        world.simulator.clearFaults()
        world.simulator.order(try FaultOrder(text: "GET ** 500-before x9999"))
        let start = world.time.now
        while world.time.now < start + .hours(12) {
            if let minutes, world.time.now > start + .minutes(minutes) { world.simulator.clearFaults() }
            world.time.advance(by: .minutes(1))
            try await world.turn(service, settings)
            if world.time.now < start + .minutes(25) {
                #expect(try await world.store.noticeMessages(limit: 1).first?.attempts == 1, "it may show up yet")
            }
        }
        #expect(world.mails.count == 2, "one mail, to two")
        let message = try #require(try await world.store.noticeMessages(limit: 1).first)
        #expect(message.state == end)
        #expect(end == .sent || message.attempts == 10 && message.errorCode?.isEmpty == false)
        #expect(world.metrics.value("reconciler_notice_messages_total", ["channel": "mail", "outcome": "\(end)"]) == 1)
        await world.close()
    }

    @Test("what waits for a channel that was renamed is shown, then given up, and forgotten after its time")
    func renamed() async throws {
        let world = try await World()
        let before = try World.settings([World.slack, World.hook])
        try await world.post()
        try await world.service(before).route()
        let after = try World.settings([World.slack, ("hooks", World.hook.1)])
        let service = world.service(after)
        func shown(_ name: String) -> Double? {
            world.metrics.value("reconciler_notice_\(name)", ["channel": "n8n"])
        }
        try await service.tend()
        // A service of before may send it yet.
        #expect(shown("waiting") == 1 && shown("dead") == 0)
        world.time.advance(by: .minutes(16))
        try await world.service(before).send(before.channels[0])
        try await service.tend()
        #expect(shown("waiting") == 0 && shown("dead") == 1)
        #expect(
            world.metrics.value("reconciler_notice_messages_total", ["channel": "n8n", "outcome": "dead"]) == 1)
        let dead = try #require(try await world.store.noticeMessages(limit: 9, states: [.dead]).first)
        #expect(dead.channel == "n8n" && dead.errorCode == "NOTICE-0004" && dead.finishedAt == world.time.now)
        #expect(dead.reason == "there is no channel n8n any more: it was renamed or removed")
        #expect(try await world.store.noticeMessages(limit: 9, channel: "ops").map(\.state) == [.sent])
        // Who names it so again has the message sent.
        let audit = AuditRecord(at: world.time.now, action: "notices.retry", target: "x", actor: "ada", detail: [:])
        #expect(try await world.store.retryNoticeMessage(dead.id, audit: audit))
        try await world.service(before).send(before.channels[1])
        #expect(world.receiver.all.count == 1)
        await world.close()
    }

    @Test("a message whose channel is gone is forgotten as one that was sent")
    func forgotten() async throws {
        let world = try await World()
        let before = try World.settings([World.hook])
        try await world.post()
        try await world.service(before).route()
        let service = world.service(try World.settings([World.slack]))
        world.time.advance(by: .minutes(16))
        try await service.tend()
        world.time.advance(by: .days(29))
        try await service.tend()
        #expect(try await world.store.noticeMessages(limit: 9).map(\.state) == [.dead])
        world.time.advance(by: .days(2))
        try await service.tend()
        #expect(try await world.store.noticeMessages(limit: 9).isEmpty)
        try await service.tend()
        world.time.advance(by: .minutes(1))
        try await service.tend()
        #expect(world.metrics.value("reconciler_notice_dead", ["channel": "n8n"]) == nil)
        await world.close()
    }

    @Test("where no channel is left the service looks after what there was, and routes nothing")
    func noChannel() async throws {
        let world = try await World(advancesBySleeping: false)
        try await world.post()
        try await world.service(try World.settings([World.hook])).route()
        world.time.advance(by: .minutes(16))
        try await world.post("another")
        let service = world.service(NotificationSettings())
        let running = Task { await service.run() }
        #expect(
            await eventually {
                world.metrics.value("reconciler_notice_dead", ["channel": "n8n"]) == 1
            })
        #expect(try await world.store.noticeQueue().unrouted == 1)
        service.requestStop()
        await running.value
        await world.close()
    }
}
