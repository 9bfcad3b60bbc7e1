import DesiredState
import Diff
import Drivers
import Formats
import PlaneDriver
import Testing

extension PlaneTests {
    @Test("a project is asked for by its id, and another one that bears its identifier in a list is not it")
    func identity() async throws {
        let world = try PlaneWorld()
        _ = try await world.ask("POST", "", ["name": "Sales", "identifier": "SALES"])
        let request = ObserveRequest(kinds: [.planeProject], names: [:])
        let seen = await world.driver.observe(request, world.context).flatMap(\.resources)
        let ids = Dictionary(seen.map { ($0.key.name, $0.providerID) }, uniquingKeysWith: { first, _ in first })
        let (ours, other) = (try #require(ids["OPS"]), try #require(ids["SALES"]))
        let key = ResourceKey(.planeProject, "OPS")
        guard case .present(let found) = await world.driver.ask(for: key, id: ours, world.context) else {
            Issue.record("the project is there")
            return
        }
        #expect(found.providerID == ours && found.key == key)
        let gone = "00000000-0000-4000-8000-000000000000"
        for id in [other, gone] {
            guard case .absent = await world.driver.ask(for: key, id: id, world.context) else {
                Issue.record("\(id) is not OPS")
                continue
            }
        }
        // A state has no such question.
        guard case .absent = await world.driver.ask(for: ResourceKey(.planeState, "OPS/Todo"), id: ours, world.context)
        else {
            Issue.record("only projects are asked for")
            return
        }
    }
}
