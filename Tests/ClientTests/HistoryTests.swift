import Basics
import Formats
import Testing

@testable import Client

@Suite("Figures over time")
struct HistoryTests {
    private static let runs: Value = [
        "figure": "runs", "label": "phase", "from": "2026-05-28T17:00:00Z", "to": "2026-05-28T21:00:00Z",
        "step_seconds": 3_600, "known_since": "2026-05-28T18:10:00Z",
        "at": ["2026-05-28T17:00:00Z", "2026-05-28T18:00:00Z", "2026-05-28T19:00:00Z", "2026-05-28T20:00:00Z"],
        "series": [
            ["label": "failed", "values": [.null, 0, 1, 0]], ["label": "succeeded", "values": [.null, 60, 30, 60]],
        ],
    ]

    @Test("A figure over time is asked for with its time and step, and drawn as a line for each series")
    func drawn() async throws {
        let service = FakeService(["GET /metrics/range": Self.runs])
        let shown = await (try World(service, terminal: true)).run(
            ["metrics", "--metric", "runs", "--since", "4h", "--step", "1h", "--color", "never"])
        #expect(shown.exit == .done, "\(shown.story)")
        let asked = service.routes.last ?? ""
        for part in ["figure=runs", "step=60m", "from="] { #expect(asked.contains(part), "\(asked)") }
        #expect(!asked.contains("to="), "\(asked)")
        for text in [
            "runs from 2026-05-28 17:00 to 2026-05-28 21:00 UTC, each 1h", "PHASE", "·▁▂▁", "·█▅█",
            "succeeded  60    30     60",
        ] { #expect(shown.output.contains(text), "\(text)\n\(shown.story)") }
        #expect(shown.error.contains("since 2026-05-28 18:10 UTC"), "\(shown.story)")
        let json = await (try World(service)).run("metrics", "--since", "4h", "--json")
        #expect(json.json == Self.runs && service.routes.last?.contains("figure=runs") == true, "\(json.story)")
    }

    @Test(
        "A step or a time that can't be is refused before anybody is asked",
        arguments: [
            ["--step", "90s"], ["--step", "x"], ["--since", "yesterday"], ["--since", "1h", "--range", "24h"],
            ["production", "--since", "1h"],
        ])
    func refused(_ options: [String]) async throws {
        let service = FakeService([:])
        let shown = await (try World(service)).run(["metrics"] + options)
        #expect(shown.exit == .usage && service.requests.isEmpty, "\(shown.story)")
    }

    @Test(
        "A line is as wide as there is room, and whatever is more than nothing stands out",
        arguments: [
            ([0, 1, 2, 3], 3, 10, "▁▄▆█"), ([1, nil, 1_000], 1_000, 10, "▂·█"), ([0, 0], 0, 10, "▁▁"),
            ([1, 8, 2, 3, nil], 8, 3, "█▄·"), ([], 5, 10, ""), ([1], 1, 1, "█"),
        ] as [([Int64?], Int64, Int, String)])
    func lines(_ values: [Int64?], _ most: Int64, _ width: Int, _ line: String) {
        #expect(Sparkline.text(values, most: most, width: width) == line)
    }
}
