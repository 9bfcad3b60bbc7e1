import Basics
import Formats
import Store
import Testing

@testable import ConsoleAPI

@Suite("Figures over time, by the API") struct HistoryTests {
    @Test("A figure is told step by step, null where nobody knows, in the form that the document promises")
    func figures() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let route = try #require(world.api.routes.first { $0.id == "queryMetricsRange" })
        for figure in RangedFigure.allCases {
            let answer = try await world.send(
                "GET", "/metrics/range?figure=\(figure.rawValue)&step=1h", as: "viewer")
            #expect(answer.status == 200, "\(answer.body)")
            #expect(route.answer.problem(answer.data, at: "data") == nil)
            #expect(answer.data["label"]?.stringValue == figure.label && answer.data["step_seconds"] == 3_600)
            #expect(answer.data["at"]?.listValue?.count == 24)
        }
        // The only run began now: nothing is known of the time before.
        let later = APIWorld.now + .hours(1)
        let runs = try await world.send(
            "GET", "/metrics/range?figure=runs&to=\(later)&from=\(APIWorld.now - .hours(2))&step=1h", as: "viewer")
        #expect(runs.data["known_since"]?.stringValue == APIWorld.now.description)
        let succeeded = runs.data["series"]?.listValue?.first { $0["label"] == "succeeded" }
        #expect(succeeded?["values"] == [.null, .null, 1], "\(runs.body)")
        let whole = try await world.send("GET", "/metrics/range?figure=runs", as: "viewer")
        #expect(whole.data["step_seconds"] == 900 && whole.data["at"]?.listValue?.count == 96, "\(whole.body)")
    }

    @Test(
        "What has no past, no length or too many points is refused with what can be asked",
        arguments: [
            ("figure=reconciler_queue_depth", "API-0003", "one of runs, run_duration_ms, drift, deliveries"),
            ("figure=findings", "API-0003", "have Prometheus scrape /metrics"), ("", "API-0003", "figure is missing"),
            ("figure=runs&from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "API-0015", "from has to lie before to"),
            ("figure=runs&step=1m&from=2020-01-01T00:00:00Z", "API-0015", "more than 1000 steps"),
            ("figure=runs&step=0m", "API-0003", "a time such as 5m"),
            ("figure=runs&step=5x", "API-0003", "a time such as 5m"),
        ])
    func refused(_ query: String, _ code: String, _ reason: String) async throws {
        let world = try await APIWorld()
        let answer = try await world.send("GET", "/metrics/range?\(query)", as: "viewer")
        #expect(answer.status == (code == "API-0003" ? 400 : 422) && answer.code == code, "\(answer.body)")
        let message = answer.body["errors"]?[0]?["message"]?.stringValue ?? ""
        #expect(message.contains(reason), "\(message)")
    }
}
