import Basics
import Formats
import Simulator
import TestKit
import Testing

/// Every account that the documentation shows can be set up as it stands there.
@Suite struct SeedExampleTests {
    @Test(arguments: ["github", "mailgun", "plane", "slack", "spaces", "supabase", "vercel"])
    func documentedAccount(name: String) throws {
        let isOwnPage = ["github", "supabase", "vercel"].contains(name)
        let path = isOwnPage ? "docs/providers/\(name).md" : "docs/simulator.md"
        let text = String(decoding: try FileSystem.read("\(Places.packageRoot)/\(path)"), as: UTF8.self)
        let mark = isOwnPage ? "## In the simulator" : "(`\(name)`)"
        let place = try #require(text.firstRange(of: mark), "\(path) has no \(mark)")
        let start = try #require(text[place.upperBound...].firstRange(of: "```json\n"))
        let end = try #require(text[start.upperBound...].firstRange(of: "\n```"))
        let document = try JSON.parse(Array(text[start.upperBound..<end.lowerBound].utf8))
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        let simulator = try Simulator(options: SimulatorOptions(time: time))
        let before = simulator.account(name)
        try simulator.seed(name, document)
        #expect(simulator.account(name) != before)
    }
}
