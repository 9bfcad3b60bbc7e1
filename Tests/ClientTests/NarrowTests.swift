import Basics
import Formats
import Testing

@testable import Client

/// What a person on a narrow terminal needs: which value, and at which file and line it is wanted.
@Suite("On a narrow terminal nothing is lost by which people go on")
struct NarrowTests {
    private static let run = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11"
    private static let key = "digitalocean.record/brightwater.example/A/erp-of-the-eastern-branch"
    private static let place = "ssot/maintenance/convergence.yaml:112"
    private static let source: Value = ["file": "ssot/maintenance/convergence.yaml", "line": 112]
    private static let commit: Value = [
        "id": "b0e91911cdd1aaaa", "author": "Ada Lovelace", "at": "2026-11-21T17:06:00Z",
        "subject": "Give the eastern branch an address of its own, and tell everybody about it",
    ]

    private static let explanation: Value = [
        "type": "resource", "key": .string(key), "source": .string(place), "environment": "production",
        "attributes": .list(
            ["data", "ttl_in_seconds"].map {
                [
                    "name": .string($0), "value": "198.51.100.66", "from": "the environment's own entry",
                    "source": .string(place), "commit": commit,
                ]
            }),
    ]

    private static let drift: Value = [
        [
            "key": .string(key), "cause": "external_change", "environment": "production", "run_id": .string(run),
            "first_seen": "2026-11-21T17:06:00Z", "last_seen": "2026-11-21T18:06:00Z", "mark": .null,
            "attributes_since": ["data": "2026-11-21T17:06:00Z"],
            "detail": [
                "summary": "data differs", "source": source,
                "attributes": [
                    ["path": "data", "before": "198.51.100.66", "after": "198.18.159.1", "source": source]
                ],
            ],
        ]
    ]

    private static let plan: Value = [
        "run_id": .string(run), "revision": "c07f07137d78aaaa", "planned_at": "2026-11-21T17:06:00Z",
        "summary": ["update": 1],
        "changes": [
            [
                "key": .string(key), "action": "update", "decision": "needs_approval", "reason": "data differs",
                "decision_reason": "production is changed by people's yes alone", "cause": "external_change",
                "environment": "production", "source": source,
                "attributes": [
                    ["path": "data", "before": "198.51.100.66", "after": "198.18.159.1", "source": source]
                ],
            ]
        ],
    ]

    private static let log: Value = [
        [
            "id": "1", "at": "2026-11-21T17:06:00Z", "service": "reconciler", "level": "info", "type": "step",
            "payload": ["key": .string(key), "title": "update the record", "state": "done"],
        ],
        [
            "id": "2", "at": "2026-11-21T17:05:00Z", "service": "audit", "level": "info", "type": "run.approve",
            "message": .string("run.approve ada approved \(run)"),
        ],
    ]

    private static let environments: Value = [
        ["name": "erp", "tier": "production", "status": "active", "suspended": true, "sync": "in_sync"]
    ]

    /// A command, what has to be there whole, and on one line where a line has room for it.
    private static let shown: [([String], [String])] = [
        (["explain", "x"], [key, place, "198.51.100.66", "ttl_in_seconds"]),
        (["drift", "show", "x"], [key, place, "198.51.100.66", "198.18.159.1"]),
        (["plan", "show", run], [key, place, run, "2026-11-21 17:06", "production is changed by people's yes alone"]),
        (["logs"], [key, run, "update the record"]),
        (["env", "list"], ["production", "suspended"]),
    ]

    @Test("Keys, ids, and the file and line of each value are whole at every width", arguments: [40, 60, 80, 120, 200])
    func whole(_ columns: Int) async throws {
        let service = FakeService([
            "GET /explanations": Self.explanation, "GET /drift": Self.drift, "GET /plans/\(Self.run)": Self.plan,
            "GET /logs": Self.log, "GET /environments": Self.environments,
        ])
        for (words, parts) in Self.shown {
            for color in ["never", "always"] {
                let shown = await (try World(service, terminal: true, columns: columns)).run(
                    words + ["--color", color])
                #expect(!shown.output.contains("…"), "\(words): \(shown.story)")
                guard color == "never" else { continue }
                let joined = shown.output.filter { !$0.isWhitespace }
                for part in parts {
                    #expect(joined.contains(part.filter { !$0.isWhitespace }), "\(part): \(shown.story)")
                }
                // Only the columns of a table have to wrap them, and these keep a place whole from 60 columns on.
                if columns >= 60 {
                    #expect(words[0] == "logs" || words[0] == "env" || shown.output.contains(Self.place))
                }
            }
        }
    }

    @Test("No line of a table, a plan or a log is longer than the terminal", arguments: [40, 60, 80, 120, 200])
    func fits(_ columns: Int) async throws {
        let service = FakeService([
            "GET /plans/\(Self.run)": Self.plan, "GET /logs": Self.log, "GET /environments": Self.environments,
        ])
        for words in [["plan", "show", Self.run], ["logs"], ["env", "list"]] {
            let shown = await (try World(service, terminal: true, columns: columns)).run(words + ["--color", "always"])
            for line in shown.output.split(separator: "\n") {
                #expect(Paint.width(String(line)) <= columns, "\(words): \(shown.story)")
            }
        }
    }

    @Test("Who changed a value last is said once below where a column has no room for it, and in the row where it has")
    func commits() async throws {
        func explained(_ ids: [String]) -> FakeService {
            let attributes = ids.enumerated().map { index, id -> Value in
                [
                    "name": .string("value-\(index)"), "value": "198.51.100.66", "from": "the environment's own entry",
                    "source": .string(Self.place),
                    "commit": [
                        "id": .string(id + "aaaaaaaaa"), "author": "Ada", "at": "2026-11-21T17:06:00Z",
                        "subject": "Give the eastern branch an address of its own",
                    ],
                ]
            }
            return FakeService(["GET /explanations": ["type": "entry", "key": "x", "attributes": .list(attributes)]])
        }
        func shown(_ ids: [String], _ columns: Int?) async throws -> World.Result {
            await (try World(explained(ids), terminal: columns != nil, columns: columns ?? 80)).run(
                "explain", "x", "--color", "never")
        }
        for columns in [60, 80, 120] {
            let one = try await shown(["ccc", "ccc"], columns).output
            #expect(one.contains("All of it changed last by\ncccaaaaaaaaa Ada, ") && !one.contains("CHANGED"), "\(one)")
        }
        let two = try await shown(["ccc", "ddd"], 120)
        let rows = two.output.split(separator: "\n").filter { $0.hasPrefix("value-") }
        #expect(
            rows.count == 2 && rows[0].hasSuffix("cccaaaaaaaaa") && rows[1].hasSuffix("dddaaaaaaaaa"), "\(two.story)")
        #expect(
            two.output.contains("\nChanged last by\ncccaaaaaaaaa Ada, ") && two.output.contains("\ndddaaaaaaaaa Ada"))
        let piped = try await shown(["ccc", "ccc"], nil)
        #expect(!piped.output.contains("hanged last by"), "\(piped.story)")
        #expect(piped.output.split(separator: "\n").count { $0.contains("Ada, ") } == 2, "\(piped.story)")
    }

    @Test("What has room beside a column that has none is shown")
    func smallColumns() {
        var table = Table(columns: [
            .init("KEY", importance: 9, wraps: true), .init("WHAT", importance: 8, least: .max),
            .init("SINCE", importance: 7), .init("RUN", importance: 1, least: .max),
        ])
        table.add("dns.record/shop", "what is much too long for that", "2026-11-21", "0199a1b2-7b1c")
        let text = table.text(Paint(isOn: false), width: 30)
        #expect(text.hasPrefix("KEY              SINCE\n") && text.contains("2026-11-21"), "\(text)")
    }

    @Test("Where a table has no room for what it is for, each row stands below its first cell")
    func stacked() {
        var table = Table(columns: [
            .init("ATTRIBUTE", importance: 9, least: 9, wraps: true, isNeeded: true),
            .init("VALUE", importance: 8, least: 11, wraps: true, isNeeded: true),
            .init("SOURCE", importance: 7, least: .max, wraps: true, isNeeded: true),
            .init("AT (UTC)", importance: 1),
        ])
        table.add("data", "198.51.100.66", "ssot/environments.yaml:12", "today")
        table.add("ttl", "-", "ssot/a.yaml:1", "-")
        let paint = Paint(isOn: false)
        #expect(
            table.text(paint, width: 50) == """
                ATTRIBUTE  VALUE         SOURCE
                data       198.51.100.6  ssot/environments.yaml:12
                             6
                ttl        -             ssot/a.yaml:1

                """)
        #expect(
            table.text(paint, width: 32) == """
                data
                  value     198.51.100.66
                  source
                    ssot/environments.yaml:12
                  at (UTC)  today

                ttl
                  source    ssot/a.yaml:1

                """)
    }

    @Test("Text is broken after words, inside of a longer word after a part of it, and keeps its colours line by line")
    func wrapping() {
        #expect(Table.wrap("  at ssot/a.yaml:1 of main", to: 18, indent: 4) == ["  at ssot/a.yaml:1", "    of main"])
        #expect(Table.wrap("a-b c", to: 4) == ["a-b", "c"])
        #expect(Table.wrap("+ dns.record/shop/www", to: 14, indent: 0) == ["+ dns.record/", "shop/www"])
        let red = Paint(isOn: true).red("one two")
        #expect(
            Table.wrap("x \(red) y", to: 6, indent: 0) == [
                "x \u{1B}[31mone\u{1B}[0m", "\u{1B}[31mtwo\u{1B}[0m y",
            ])
        #expect(Table.wrap("\(red) ", to: 7) == [red], "a space at the end makes no line")
    }
}
