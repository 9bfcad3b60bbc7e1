import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing

@testable import ConsoleAPI

/// Answers of which all is said that can be, for what is left out of an answer can't be missed in its form.
@Suite("Answers that leave nothing out") struct FullAnswerTests {
    @Test("A plan of which all is said has no member that the document doesn't know, whole and cut to an environment")
    func plan() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let plan = FullPlan.plan
        #expect(FullPlan.gaps(in: plan) == [], "a member that is new has to be said in FullPlan too")
        try await world.store.savePlan(
            runID: world.runID, fingerprint: plan.fingerprint,
            document: PlanDocument.json(plan, runID: world.runID, plannedAt: APIWorld.now))
        let route = try #require(world.api.routes.first { $0.id == "getPlan" })
        var found: Set<String> = []
        for role in ["viewer", "developer@staging"] {
            let answer = try await world.send("GET", "/plans/\(world.runID)", as: role)
            #expect(answer.status == 200 && answer.data["drift"]?[0]?["finding"] == "PLAN-0023", "\(answer.body)")
            #expect(route.answer.problem(answer.data, at: "data") == nil)
            found.formUnion(LeftOut.found(in: answer.data, route.answer, at: route.id))
        }
        #expect(LeftOut.members(of: route.answer, in: route.id).subtracting(found).sorted() == [])
    }

    @Test("The status of a service with a loop, whose work several share, has the form that the document promises")
    func status() async throws {
        let directory = try TemporaryDirectory.inMemory()
        let world = try await APIWorld { store, time in
            Reconciler(
                source: NoDocuments(), drivers: [], store: store,
                evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
                random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1")
        }
        try await world.fill()
        var unread = try #require(try await world.store.environment("staging"))
        unread.weigh(doubt: "FMT-0002 at ssot/environments.yaml:66:1: a value is missing here")
        _ = try await world.store.saveEnvironments([unread])
        _ = try await world.store.claimShards(
            of: 2, holder: "one/1", service: "one", lasting: .hours(1), isOver: { _ in false }, choose: { _ in [0, 1] })
        let route = try #require(world.api.routes.first { $0.id == "getStatus" })
        var found: Set<String> = []
        for role in ["viewer", "developer@staging"] {
            let answer = try await world.send("GET", "/status", as: role)
            #expect(route.answer.problem(answer.data, at: "data") == nil)
            found.formUnion(LeftOut.found(in: answer.data, route.answer, at: route.id))
            let isWhole = role == "viewer"
            #expect((answer.data["shards"]?["leases"]?[1] != nil) == isWhole, "\(answer.body)")
            #expect((answer.data["loop"]?["last_fault"] != nil) == isWhole, "\(answer.body)")
        }
        let all = LeftOut.members(of: route.answer, in: route.id).filter { $0.hasPrefix("Status.") }
        #expect(all.subtracting(found).sorted() == [])
    }

    private struct NoDocuments: Source {
        func read(_ log: Log) async throws -> SourceSnapshot {
            SourceSnapshot(
                tree: SourceTree(revision: String(repeating: "a", count: 40), files: [], branches: .known([])))
        }
    }
}
