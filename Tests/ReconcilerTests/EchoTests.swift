import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Reconciler
import Store
import TestKit
import Testing

/// A provider that stores one attribute in a form of its own.
private struct Rewriting: Driver {
    let driver: any Driver
    let key: ResourceKey
    let attribute: String

    var provider: String { driver.provider }
    var version: String { driver.version }
    var schemas: [KindSchema] { driver.schemas }

    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        await driver.observe(request, context).map {
            ObservedKind(
                kind: $0.kind, completeness: $0.completeness, gaps: $0.gaps, resources: $0.resources.map(rewritten),
                isAside: $0.isAside)
        }
    }

    func steps(for change: PlannedChange) -> [Step] { driver.steps(for: change) }

    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        let outcome = await driver.perform(step, of: change, context)
        if case .done(let object?) = outcome { return .done(rewritten(object)) }
        return outcome
    }

    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        let outcome = await driver.look(at: key, context)
        if case .present(let object) = outcome { return .present(rewritten(object)) }
        return outcome
    }

    private func rewritten(_ object: ObservedResource) -> ObservedResource {
        guard object.key == key else { return object }
        return ObservedResource(
            key: object.key, providerID: object.providerID,
            attributes: Attributes(
                object.attributes.items.map { item in
                    guard item.name == attribute, let text = item.value.stringValue else { return item }
                    return Attributes.Item(item.name, .string("\(text)/32"))
                }), isOwned: object.isOwned, createdAt: object.createdAt)
    }
}

@Suite("What comes of a write")
struct EchoTests {
    private static let key = ResourceKey(.record, "shop.example/A/erp")

    @Test("A provider that keeps its own form of a value is written to twice, named, and then left in peace")
    func endsTheLoop() async throws {
        let world = try await World()
        var writes: [Int] = []
        var last: RunReport?
        for number in 1...5 {
            let reconciler = world.reconciler(
                seed: UInt64(number), wrap: { Rewriting(driver: $0, key: Self.key, attribute: "data") })
            let report = await reconciler.pass(PassOptions())
            #expect(report.isSuccess, "\(report.story)")
            writes.append(report.journal.count { $0.key == Self.key })
            last = report
        }
        #expect(writes == [1, 1, 0, 0, 0])
        #expect(last?.plan?.drift.map(\.cause) == [.providerNormalization])
        #expect(last?.plan?.diagnostics.contains { $0.code == "PLAN-0015" } == true)
        let entry = try #require(try await world.store.inventory().entries.first { $0.key == Self.key })
        #expect(entry.echoes.map(\.times) == [2])

        // With a provider that keeps what it is given, nothing is left to say.
        let plain = await world.pass()
        #expect(plain.plan?.drift.isEmpty == true && plain.journal.isEmpty)
        #expect(try await world.store.inventory().entries.allSatisfy(\.echoes.isEmpty))
    }

    @Test("Two who write one attribute are told apart from one hand, and the writes rest")
    func restsAContest() async throws {
        let world = try await World()
        _ = await world.pass()
        let record = try #require(await world.record("erp"))
        var story: [String] = []
        for _ in 1...5 {
            _ = await world.call(
                "PATCH", "/v2/domains/shop.example/records/\(record)", ["type": "A", "data": "198.51.100.9"])
            let report = await world.pass(PassOptions(trigger: .schedule))
            let change = report.plan?.changes.first { $0.key == Self.key }
            story.append("\(change?.verdict.rawValue ?? "nothing") \(change?.hold?.rawValue ?? "")")
            world.time.advance(by: .minutes(10))
        }
        #expect(story == ["allowed ", "allowed ", "allowed ", "blocked contested", "blocked contested"])
        world.time.advance(by: .hours(1))
        let report = await world.pass(PassOptions(trigger: .schedule))
        #expect(report.journal.map(\.key) == [Self.key])
        #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0016" } == true)
    }
}
