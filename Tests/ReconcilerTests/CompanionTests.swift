import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import PlaneDriver
import Simulator
import Store
import TestKit
import Testing
import Web

@testable import Reconciler

/// Plane gives a new project five states, Backlog and Done among them, and nobody has asked for them.
@Suite("What a provider makes unasked with what a run makes")
struct CompanionTests {
    /// What a person does at the provider while the pass runs.
    enum Meddling: Sendable, CaseIterable {
        case none
        /// Makes the project just before the run does: what it holds isn't the run's.
        case makesProject
        /// Makes a state of their own, of another system's mark, in the project that the run has made.
        case marksState
        /// Makes a wanted state in a project that was there before.
        case addsState
    }

    static func tree(states: [String]) -> SourceTree {
        let files = [
            (".odooops/policies.yaml", World.policies),
            ("ssot/plane/projects/ops.yaml", "workspace_slug: acme\nproject: {key: OPS, name: Operations}\n"),
            ("ssot/plane/taxonomy/states.yaml", "states: [\(states.joined(separator: ", "))]\n"),
            (
                "ssot/plane/contracts/ops.yaml",
                """
                contract:
                  workspace_slug: acme
                  project_ref: ssot/plane/projects/ops.yaml
                  taxonomy_refs: {states: ssot/plane/taxonomy/states.yaml}

                """
            ),
        ]
        return SourceTree(
            revision: String(repeating: "a", count: 40), files: files.map { SourceFile(path: $0.0, text: $0.1) },
            branches: .known([]))
    }

    /// A run over Plane alone, and what a person does before its writes.
    private func reconciler(
        _ world: World, seed: UInt64 = 1, _ onWrite: @escaping @Sendable (_ number: Int) async -> Void = { _ in }
    ) -> Reconciler {
        let writes = Locked(0)
        let transport = SimulatorTransport(
            simulator: world.simulator, fuse: Fuse(),
            onWrite: {
                await onWrite(
                    writes.withLock { count in
                        count += 1
                        return count
                    })
            })
        let driver = PlaneDriver(
            apiKey: Secret("any"), workspace: "acme", baseURL: "http://simulator.test/plane/api/v1",
            transport: transport, budget: RequestBudget(.unlimited, time: world.time), retry: .never, time: world.time,
            random: RandomSource(seed: 1))
        return world.reconciler(seed: seed, concurrency: 1, wrap: { _ in driver })
    }

    private func states(_ world: World) -> [Value] {
        world.simulator.account("plane")["projects"]?[0]?["states"]?.listValue ?? []
    }

    private func ask(_ world: World, _ path: String, _ body: Value) async {
        let answer = await world.simulator.answer(
            WebRequest(
                method: "POST", path: "/plane/api/v1/workspaces/acme/projects/\(path)", query: [],
                headers: [("X-API-Key", "any"), ("Host", "simulator.test")], body: Array(body.json.utf8)))
        #expect((200..<300).contains(answer.status), "a person: \(answer.status)")
    }

    @Test(
        "is taken over in the same run, and only where that run has made what it came with",
        arguments: Meddling.allCases)
    func taken(meddling: Meddling) async throws {
        let isThere = meddling == .addsState
        let world = try await World(Self.tree(states: ["Backlog", "Done", "Review", "Waiting"]))
        try world.simulator.seed(
            "plane",
            isThere
                ? ["workspaces": ["acme": ["projects": [["identifier": "OPS", "name": "Operations", "states": []]]]]]
                : ["workspaces": ["acme": ["projects": []]]])
        @Sendable func ownState(_ source: Value) async {
            let id = world.simulator.account("plane")["projects"]?[0]?["object"]?["id"]?.stringValue ?? ""
            await ask(
                world, "\(id)/states/",
                ["name": "Waiting", "color": "#112233", "external_source": source, "external_id": "W-1"])
        }
        let report = await reconciler(world) { number in
            switch (meddling, number) {
            case (.makesProject, 1): await ask(world, "", ["name": "Operations", "identifier": "OPS"])
            case (.marksState, 2): await ownState("jira")
            case (.addsState, 1): await ownState(.null)
            default: break
            }
        }.pass(PassOptions())

        let entries = try await world.store.inventory().entries.filter { $0.key.kind == .planeState }
        let refused = report.journal.filter { $0.state == .failed }
        #expect(refused.allSatisfy { $0.output["code"] == "RUN-0016" })
        let marked = states(world).filter { $0["external_source"] == "odooops" }.compactMap {
            $0["name"]?.stringValue
        }
        switch meddling {
        case .none:
            #expect(report.isSuccess, "\(report.story)")
            #expect(states(world).count == 7 && Set(marked) == ["Backlog", "Done", "Review", "Waiting"])
            #expect(entries.filter(\.isAdopted).map(\.key.name).sorted() == ["OPS/Backlog", "OPS/Done"])
            #expect(report.journal.filter { $0.action == .adopt }.count == 2)
        case .makesProject:
            #expect(Set(refused.map(\.key.name)) == ["OPS/Backlog", "OPS/Done"])
            #expect(Set(marked) == ["Review", "Waiting"])
        case .marksState, .addsState:
            #expect(refused.map(\.key.name) == ["OPS/Waiting"])
            #expect(!marked.contains("Waiting"))
        }
        // Whatever was refused is an adoption of the next plan, and then nothing is left to do.
        let second = await reconciler(world, seed: 2).pass(PassOptions())
        #expect(second.isSuccess, "\(second.story)")
        #expect(second.journal.allSatisfy { $0.action == .adopt } && second.journal.count == refused.count)
        #expect(await reconciler(world, seed: 3).pass(PassOptions()).journal.isEmpty)
    }
}
