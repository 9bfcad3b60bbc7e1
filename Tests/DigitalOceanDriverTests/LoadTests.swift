import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import Testing

@Suite("Rehearsing")
struct LoadTests {
    /// What was seen, as evidence keeps it.
    private func lines(_ state: ObservedState) -> [UInt8] {
        var text = ""
        for kind in state.kinds.values.sorted(by: { $0.kind < $1.kind }) {
            let head: Value = .object(["completeness": "complete", "kind": .string(kind.kind.name)] as Value.Object)
            text += head.json + "\n"
            for resource in kind.resources {
                var line: Value.Object = ["attributes": resource.attributes.value]
                line["id"] = .string(resource.providerID)
                line["key"] = .string("\(resource.key)")
                line["owned"] = .bool(resource.isOwned)
                text += Value.object(line).json + "\n"
            }
        }
        return Array(text.utf8)
    }

    @Test("a simulator that was loaded from an observation shows the same again, ids and all, and lets it be changed")
    func roundTrip() async throws {
        let field = try SimulatorTests.World()
        for life in Life.all { #expect(await field.engine.apply(life.create).word == "done", "\(life.key)") }
        let seen = await field.observe()
        let copy = try SimulatorTests.World()
        try copy.simulator.load(observation: lines(seen))
        let again = await copy.observe()
        for kind in seen.kinds.values where kind.kind != .databaseBackup {
            let other = try #require(again.kinds[kind.kind])
            #expect(other.completeness == .complete && other.resources.count == kind.resources.count, "\(kind.kind)")
            for (before, after) in zip(kind.resources, other.resources) {
                #expect(before.key == after.key && before.providerID == after.providerID, "\(before.key)")
                #expect(before.isOwned == after.isOwned, "\(before.key)")
                let schema = try #require(field.driver.schemas.first { $0.kind == kind.kind })
                // What comes from a moment or from what was never seen is made up.
                let wanted = Attributes(
                    before.attributes.items.filter { schema.rule($0.name)?.isComputed != true })
                #expect(
                    schema.differences(wanted: wanted, observed: after.attributes) == [], "\(before.key)")
                for name in ["id", "ipv4", "ipv4_private", "vcpus", "price_monthly"] {
                    #expect(before.attributes[name] == after.attributes[name], "\(before.key) \(name)")
                }
            }
        }
        for life in Life.all where !life.changed.isEmpty {
            let current = try #require(again.kinds[life.key.kind]?.resources.first { $0.key == life.key })
            #expect(await copy.engine.apply(life.update(from: current)).word == "done", "\(life.key)")
        }
        // What the copy went through never reached the field.
        #expect(lines(await field.observe()) == lines(seen))
    }

    @Test("what is no observation is refused", arguments: ["", "{}", "[1]", "{\"kind\":\"x\"\n"])
    func refuses(text: String) async throws {
        let world = try SimulatorTests.World()
        #expect(throws: SimulatorFault.self) { try world.simulator.load(observation: Array(text.utf8)) }
    }
}
