import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Testing
import Web

/// The documents name a thing in another way, and it is the same thing at the provider.
@Suite("Names that change, and objects that stay")
struct RenamingTests {
    private static let one = "{type: A, name: www, data: 203.0.113.1, ttl: 1800}"
    private static let two = "{type: A, name: www, data: 203.0.113.2, ttl: 1800}"
    private static let six = "{type: AAAA, name: six, data: \"2001:db8::1\", ttl: 1800}"
    private static let other = "{type: AAAA, name: six, data: \"2001:db8::2\", ttl: 1800}"

    private static func inventory(_ records: String...) -> String {
        World.inventory.replacing("ttl: 1800}]", "ttl: 1800}, \(records.joined(separator: ", "))]")
    }

    /// Documents before and after, and which records go or come besides.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let before: String
        let after: String
        let gone: Set<String>
        let new: Set<String>
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "two addresses, one is taken out", before: inventory(one, two), after: inventory(one),
            gone: ["A www 203.0.113.2"], new: []),
        Case(
            name: "the other one is", before: inventory(one, two), after: inventory(two),
            gone: ["A www 203.0.113.1"], new: []),
        Case(
            name: "one address, and a second", before: inventory(one), after: inventory(one, two), gone: [],
            new: ["A www 203.0.113.2"]),
        Case(
            name: "an IPv6 address in another spelling, of two", before: inventory(six, other),
            after: inventory(six.replacing("2001:db8::1", "2001:DB8:0::1"), other), gone: [], new: []),
    ]

    @Test(arguments: cases)
    func nothingThatIsWantedGoes(_ testCase: Case) async throws {
        func tree(_ inventory: String, _ revision: Character) -> SourceTree {
            World.tree(inventory: inventory, branches: ["main"], revision: revision)
        }
        let world = try await World(tree(testCase.before, "a"))
        #expect(await world.pass().isSuccess)
        let before = await world.records()
        world.source.set(tree(testCase.after, "b"))
        world.time.advance(by: .minutes(10))
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        let after = await world.records()
        // Told by the provider's id: what is the same is the same object, not one that was made anew.
        #expect(Set(before.keys).subtracting(after.keys).compactMap { before[$0] }.sorted() == testCase.gone.sorted())
        #expect(Set(after.keys).subtracting(before.keys).compactMap { after[$0] }.sorted() == testCase.new.sorted())
        for number in 2...3 {
            world.time.advance(by: .minutes(10))
            let again = await world.pass()
            #expect(again.isSuccess && again.journal.isEmpty, "pass \(number): \(again.story)")
            #expect(again.plan?.changes.isEmpty == true, "pass \(number): \(again.story)")
        }
        #expect(await world.records() == after)
        // And back.
        world.source.set(tree(testCase.before, "c"))
        #expect(await world.pass().isSuccess)
        world.time.advance(by: .minutes(10))
        let last = await world.pass()
        #expect(last.isSuccess && last.plan?.changes.isEmpty == true, "\(last.story)")
        #expect(await world.records().values.sorted() == before.values.sorted())
    }
}

extension World {
    /// The records of shop.example but those of the zone itself, by the provider's id.
    fileprivate func records() async -> [Int64: String] {
        let answer = await call("GET", "/v2/domains/shop.example/records")
        var records: [Int64: String] = [:]
        for record in (try? JSON.parse(answer.body))?["domain_records"]?.listValue ?? [] {
            let (type, name) = (record["type"]?.stringValue ?? "", record["name"]?.stringValue ?? "")
            guard type != "NS", type != "SOA", let id = record["id"]?.intValue else { continue }
            records[id] = "\(type) \(name) \(record["data"]?.stringValue ?? "")"
        }
        return records
    }
}
