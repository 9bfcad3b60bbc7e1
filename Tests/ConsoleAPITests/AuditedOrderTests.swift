import Basics
import DesiredState
import Formats
import Reconciler
import Store
import Testing

@testable import ConsoleAPI
@testable import ConsoleAccess

/// Writes that find something that waits: a delivery, a message, a schedule, an account.
@Suite("Every order is written down")
struct AuditedOrderTests {
    /// A write, and the line that it leaves.
    private struct Order {
        let id: String
        let path: String
        var body: Value?
        let action: String
        let target: String
        /// Who sends it; nil: nobody who is known yet.
        var role: String? = "owner"
        var actor = "key:owner"
    }

    private static let password = "correct horse battery"
    private static let bounds = ["gates": ScheduleBounds(timeLimit: .hours(1), deadline: .days(1))]

    private static func jobs() -> [ScheduledJob] {
        var settings = ScheduleSettings()
        settings.runners = ["ci": .command(["/bin/true"], variables: [])]
        let text = """
            version: "1.0"
            schema: ssot.maintenance.schedules.v1
            chores:
              - {id: gates, name: N, cron: "*/10 * * * *", runner: ci, outputs: [x], alert_on_failure: true}

            """
        let tree = SourceTree(
            revision: String(repeating: "a", count: 40),
            files: [SourceFile(path: "ssot/maintenance/schedules.yaml", text: text)], branches: .known([]))
        return ScheduledJob.all(in: readDesiredState(tree), settings) { _ in TimeZones() }
    }

    /// Something that waits for each order, and the orders themselves.
    private static func orders(in world: APIWorld) async throws -> [Order] {
        let store = world.store
        try await world.fill()
        _ = try await world.access.putUser("ada", password: Secret(password), grants: [Grant(.viewer)], by: "test")
        let delivery = try #require(
            try await store.keep([
                DeliveryRecord(
                    provider: "github", deliveryID: "1", event: "push", scope: nil, lane: .record, body: "{}",
                    bodyDigest: Digest(of: "{}"), bodyBytes: 2, receivedAt: APIWorld.now)
            ]).first?.id)
        let claims = try await store.claimDeliveries(limit: 1, holder: "test", lasting: .minutes(1))
        _ = try await store.settle(claims.map { DeliverySettlement($0, .dead(code: "HOOK-0001", reason: "no")) })
        try await store.post([
            Notice(.approvalWaiting, of: "erp", environment: nil, at: APIWorld.now, dedupe: "1")
        ])
        _ = try await store.routeNotices(notBefore: APIWorld.now - .hours(1)) { _ in
            [NoticePosting(channel: "ops", group: "", window: .zero)]
        }
        let message = try #require(
            try await store.claimNoticeMessage(of: "ops", rate: nil, holder: "test", lasting: .minutes(1)))
        _ = try await store.settle(message, .dead(code: "NOTICE-0001", reason: "refused", mayHaveArrived: false))
        let notice = try #require(try await store.noticeMessages(limit: 1, states: [.dead], before: nil).first?.id)
        // A schedule that took too long once, and runs by itself no more.
        try await store.beginSchedules(["gates"])
        let asked = AuditRecord(at: APIWorld.now, action: "test", target: "gates", actor: "test", detail: [:])
        _ = try await store.requestSlot(of: "gates", lane: ScheduledJob.mainLane, audit: asked)
        let slot = try #require(
            try await store.claimSlot(of: bounds, lane: ScheduledJob.mainLane, workers: 4, holder: "test"))
        _ = try await store.settle(
            slot, .timedOut(code: "JOB-0003", reason: "slow", retryAt: nil),
            ScheduleTerms(name: "N", environment: nil, alertsOnFailure: true, disableAfter: 1))
        // A schedule runs once in an instant.
        world.time.advance(by: .seconds(1))
        return [
            Order(
                id: "retryDelivery", path: "/webhooks/deliveries/\(delivery)/retry", action: "hooks.retry",
                target: delivery),
            Order(id: "retryNotice", path: "/notices/\(notice)/retry", action: "notices.retry", target: notice),
            Order(
                id: "enableSchedule", path: "/schedules/gates/enable", action: "schedules.enable", target: "gates"),
            Order(id: "runSchedule", path: "/schedules/gates/run", action: "schedules.run", target: "gates"),
            Order(
                id: "logIn", path: "/auth/login", body: ["name": "ada", "password": .string(password)],
                action: "access.token", target: "ada", role: nil, actor: "ada"),
        ]
    }

    @Test("What waits for an order gets it once, and the audit log says who gave it and where from")
    func lines() async throws {
        let world = try await APIWorld(schedules: Self.jobs())
        for order in try await Self.orders(in: world) {
            let route = try #require(world.api.routes.first { $0.id == order.id })
            let before = try await world.store.auditLog(limit: 100).count
            let answer = try await world.send(route.method, order.path, as: order.role, body: order.body)
            #expect(answer.status == route.status, "\(order.id): \(answer.body)")
            #expect(route.answer.problem(answer.data, at: order.id) == nil)
            let log = try await world.store.auditLog(limit: 100)
            #expect(log.count == before + 1, "\(order.id)")
            #expect(log[0].action == order.action && log[0].target == order.target, "\(order.id): \(log[0])")
            #expect(log[0].actor == order.actor && log[0].detail["from"] == "192.0.2.7", "\(order.id): \(log[0])")
            #expect(log[0].detail["via"] == "api", "\(order.id): \(log[0])")
            #expect(!JSON.write(log[0].detail).contains("horse"), "\(order.id)")
        }
        #expect(try await world.store.verifyAuditLog().isWhole)
        #expect(try await world.store.scheduleStates()["gates"]?.disabledAt == nil)
    }

    @Test("An order that is refused leaves no line")
    func refusals() async throws {
        let world = try await APIWorld(schedules: Self.jobs())
        let orders = try await Self.orders(in: world)
        let before = try await world.store.auditLog(limit: 100).count
        for order in orders {
            let route = try #require(world.api.routes.first { $0.id == order.id })
            var body = order.body
            if order.id == "logIn" { body = ["name": "ada", "password": "wrong"] }
            let answer = try await world.send(
                route.method, order.path, as: order.role == nil ? nil : "viewer", body: body)
            #expect(answer.status == (order.role == nil ? 401 : 403), "\(order.id): \(answer.body)")
        }
        #expect(try await world.store.auditLog(limit: 100).count == before)
    }
}
