import Basics
import Formats
import Testing

@testable import Client

@Suite("Tables that are narrower than what they show")
struct TableTests {
    @Test(
        "Rows whose keys differ at their ends only are told apart at every width, and each key is there whole",
        arguments: [40, 80, 100, 120, 200])
    func keysAreWhole(_ columns: Int) async throws {
        let keys = ["eastern", "western"].flatMap { side in
            ["", "-of-the-company"].map { "digitalocean.record/brightwater.example/A/erp-of-the-\(side)-branch\($0)" }
        }
        let rows = Value.list(
            keys.map {
                [
                    "key": .string($0), "cause": "external_change", "environment": "production", "action": "delete",
                    "first_seen": "2026-11-21T17:06:00Z", "provider_id": "1770000005", "standing": "approved",
                    "detail": [
                        "summary": "data differs",
                        "attributes": [["path": "data", "before": "198.51.100.66", "after": "198.18.159.1"]],
                    ],
                ]
            })
        let service = FakeService(["GET /drift": rows, "GET /inventory": rows, "GET /approvals": rows])
        for list in ["drift", "inventory", "approvals"] {
            let shown = await (try World(service, terminal: true, columns: columns)).run(
                list, "list", "--color", "never")
            let lines = shown.output.split(separator: "\n")
            let header = try #require(lines.first)
            #expect(header.hasPrefix("KEY"), "\(shown.story)")
            for line in lines { #expect(Paint.width(String(line)) <= columns, "\(shown.story)") }
            // What stands below the header of the first column, line after line.
            let gap = header.dropFirst(3).prefix { $0 == " " }.count
            let width = gap == 0 ? columns : 3 + gap
            let below = lines.dropFirst().map { $0.prefix(width).filter { $0 != " " } }.joined()
            #expect(below == keys.joined(), "\(shown.story)")
        }
    }

    @Test("A key goes on after one of its parts, set in, and in a narrow column wherever it has to")
    func wrapping() {
        let key = "digitalocean.record/brightwater.example/A/erp"
        #expect(Table.wrap(key, to: 23) == ["digitalocean.record/", "  brightwater.example/", "  A/erp"])
        #expect(Table.wrap("aaaaaaaaaaaaaaa", to: 12) == ["aaaaaaaaaaaa", "  aaa"])
        #expect(Table.wrap("abcdef", to: 4) == ["abcd", "ef"] && Table.wrap("abc", to: 3) == ["abc"])
        var table = Table(columns: [.init("KEY", importance: 2, wraps: true), .init("WHY", importance: 1)])
        table.add(cells: [key, "because"])
        #expect(
            table.text(Paint(isOn: false), width: 32) == """
                KEY                      WHY
                digitalocean.record/     because
                  brightwater.example/
                  A/erp

                """)
        #expect(table.text(Paint(isOn: false)).contains(key), "where nobody looks nothing is wrapped")
    }
}
