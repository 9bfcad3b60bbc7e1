import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Reconciler
import Store
import TestKit
import Testing

/// Lets somebody act while a pass observes.
struct Overtaken: Driver {
    let inner: any Driver
    let act: @Sendable () async -> Void

    var provider: String { inner.provider }
    var version: String { inner.version }
    var schemas: [KindSchema] { inner.schemas }

    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        await act()
        return await inner.observe(request, context)
    }

    func steps(for change: PlannedChange) -> [Step] { inner.steps(for: change) }

    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        await inner.perform(step, of: change, context)
    }

    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        await inner.look(at: key, context)
    }
}

@Suite("What ends was told before")
struct WarningTests {
    private static let database = "database shop-pg odoo_feature_loyalty"

    @Test(
        "A service that stood still over an end, or a time to live that was made shorter, warns first",
        arguments: [true, false])
    func warnsFirst(_ stoodStill: Bool) async throws {
        let world = try await World()
        _ = await world.pass()
        if stoodStill {
            world.time.advance(by: .days(40))
        } else {
            world.time.advance(by: .days(4))
            let policies = World.policies.replacing("7d", with: "2d")
            #expect(policies != World.policies)
            world.source.set(World.tree(policies: policies, revision: "b"))
        }
        let told = await world.pass()
        #expect(told.isSuccess, "\(told.story)")
        #expect(await world.holdings().contains(Self.database))
        let outlook = try #require(told.plan?.environments.first { $0.slug == "feature-loyalty" })
        #expect(outlook.phase == .ending && outlook.reason.contains("nobody was told in time"), "\(outlook)")
        #expect(outlook.goesAt == told.run.startedAt + .hours(12))
        let notice = try #require(
            try await world.store.notices(limit: 1_000).first {
                $0.kind == .environmentExpiring && $0.subject == "feature-loyalty"
            })
        let end = try #require(outlook.expiresAt)
        #expect(
            notice.summary.hasPrefix(
                "the time of environment feature-loyalty was over at \(end.minuteText) UTC, and it goes at "
                    + "\((told.run.startedAt + .hours(12)).minuteText) UTC: reconcile env "), "\(notice.summary)")

        world.time.jump(to: told.run.startedAt + .hours(12) - .seconds(1))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database))
        world.time.advance(by: .minutes(5))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
    }

    @Test(
        "Who keeps an environment while a pass is at work has kept it", arguments: ["pin", "extend", "nobody"])
    func keptMeanwhile(_ how: String) async throws {
        let world = try await World()
        _ = await world.pass()
        world.time.advance(by: .days(7) - .hours(13))
        _ = await world.pass()
        world.time.advance(by: .days(1) + .hours(13))
        let audit = AuditRecord(
            at: world.time.now, action: "env.\(how)", target: "feature-loyalty", actor: "ada", detail: .null)
        let store = world.store
        // After the store was read, and before the first step.
        let report = await world.reconciler(
            seed: 77,
            wrap: {
                Overtaken(inner: $0) {
                    switch how {
                    case "pin": _ = try? await store.setPinned("feature-loyalty", true, audit: audit)
                    case "extend": _ = try? await store.extendEnvironment("feature-loyalty", days: 5, audit: audit)
                    default: break
                    }
                }
            }
        ).pass(PassOptions())
        #expect(report.plan?.changes.contains { $0.cause == .expired } == true)
        #expect(await world.holdings().contains(Self.database) == (how != "nobody"), "\(report.story)")
        if how != "nobody" {
            #expect(report.skipped.contains { $0.reason.contains("before it could be done") }, "\(report.story)")
            _ = await world.pass()
            #expect(await world.holdings().contains(Self.database))
        }
    }
}
