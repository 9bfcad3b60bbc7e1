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
    @Test("a simulator that was loaded from an observation shows the same again, ids and all, and lets it be changed")
    func roundTrip() async throws {
        let field = try SimulatorTests.World()
        for life in Life.all { #expect(await field.engine.apply(life.create).word == "done", "\(life.key)") }
        let seen = await field.observe()
        let copy = try SimulatorTests.World()
        try copy.simulator.load(observation: Rehearsal.lines(seen))
        let again = await copy.observe()
        #expect(Rehearsal.differences(seen, again, field.driver.schemas, but: [.databaseBackup]) == [])
        for kind in seen.kinds.values where kind.kind != .databaseBackup {
            for (before, after) in zip(kind.resources, again.kinds[kind.kind]?.resources ?? []) {
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
        #expect(Rehearsal.lines(await field.observe()) == Rehearsal.lines(seen))
    }

    @Test(
        "a copy says that it is the account that was seen, so that the store of a rehearsal trusts it",
        arguments: ["team t-9", "account u-9"])
    func copiesAccount(_ account: String) async throws {
        let field = try SimulatorTests.World()
        let own = try #require(try await field.driver.account(context).get())
        #expect(own.hasPrefix("team ") && own != account)
        let line = #"{"account":"\#(account)","provider":"digitalocean"}"# + "\n"
        let copy = try SimulatorTests.World()
        try copy.simulator.load(observation: Array(line.utf8) + Rehearsal.lines(await field.observe()))
        #expect(try await copy.driver.account(context).get() == account)
        let kept = try SimulatorTests.World()
        try kept.simulator.seed(world: copy.simulator.snapshot())
        #expect(try await kept.driver.account(context).get() == account)
    }

    @Test("what is no observation is refused", arguments: ["", "{}", "[1]", "{\"kind\":\"x\"\n"])
    func refuses(text: String) async throws {
        let world = try SimulatorTests.World()
        #expect(throws: SimulatorFault.self) { try world.simulator.load(observation: Array(text.utf8)) }
    }
}
