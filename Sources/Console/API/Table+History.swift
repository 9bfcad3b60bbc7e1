import Basics
import ConsoleAccess
import Formats
import Reconciler
import Store

/// The route that tells what became of figures over time.
extension APIEndpoints {
    static func history(_ services: APIServices) -> [APIRoute] {
        let figures = RangedFigure.allCases.map(\.rawValue)
        let answer = APISchema.object([
            .init("figure", .choice(figures), "the figure"),
            .init("label", Answer.text, "what tells its series apart, such as phase"),
            .init("from", .instant, "when the first step begins"), .init("to", .instant, "the end that was asked for"),
            .init("step_seconds", .count, "how long each step is"),
            .init(
                "known_since", Answer.instantOrNull,
                "from when on the figure is kept whole: before, and after now, values are null"),
            .init("at", .list(.instant, most: TimeSteps.most), "when each step begins"),
            .init(
                "series",
                Answer.many(
                    .object([
                        .init("label", Answer.text, "which series it is, such as succeeded"),
                        .init(
                            "values", .list(.nullable(.count), most: TimeSteps.most),
                            "one for each step; null where nobody knows"),
                    ])), "the figure, cut by its label"),
        ])
        let summary =
            "What became of a figure over time, derived from the runs, differences and deliveries that are kept: "
            + "`runs` that began by phase, `run_duration_ms` by quantile (0.5, 0.95, 1), `drift` that was open at the "
            + "end of each step by cause, `deliveries` of hooks by provider. A value is null where nobody knows: "
            + "before `known_since`, after now, and where nothing was measured."
        let names = figures.joined(separator: ", ")
        let figure = APISchema.pattern(
            "^(\(figures.joined(separator: "|")))$",
            about: "one of \(names): of no other figure the past is kept here; have Prometheus scrape /metrics for it",
            matches: { figures.contains($0) })
        let step = APISchema.pattern(
            "^[1-9][0-9]{0,4}[mhd]$", about: "a time such as 5m, 1h or 1d", matches: { seconds(ofStep: $0) != nil })
        let parameters = [
            APIParameter("figure", figure, "the figure: \(names)", required: true),
            APIParameter(
                "from", .instantOrDay, "the beginning: an instant, or a day at 00:00 UTC; a day before the end"),
            APIParameter("to", .instantOrDay, "the end: an instant, or a day at 00:00 UTC; now"),
            APIParameter(
                "step", step,
                "how long each step is; where nothing is said, so long that there are at most \(fewSteps) of them"),
        ]
        return [
            APIRoute(
                "GET", "/metrics/range", "queryMetricsRange", "metrics", summary, needs: .readMetrics,
                parameters: parameters, answer: answer
            ) { call in
                guard let figure = call.text("figure").flatMap(RangedFigure.init(rawValue:)) else {
                    throw APIFault.badParameter("figure is missing")
                }
                let to = call.instant("to") ?? call.now
                let from = call.instant("from") ?? to - .days(1)
                guard from < to else { throw APIFault.badRange("from has to lie before to") }
                let step = call.text("step").flatMap { seconds(ofStep: $0) } ?? usualStep(from: from, to: to)
                guard let steps = TimeSteps(from: from, to: to, seconds: step) else {
                    throw APIFault.badRange("from and to lie more than \(TimeSteps.most) steps apart")
                }
                let kept = figure == .deliveries ? HookProcessor.memory : services.retention.audit
                guard
                    let history = try await services.store.history(
                        of: figure, over: steps, until: to, keptSince: call.now - kept)
                else {
                    throw APIFault.badRange("more than \(Store.mostHistoryRows) rows lie between from and to")
                }
                return Envelope(200, document(figure, steps, to, history))
            }
        ]
    }

    private static func document(
        _ figure: RangedFigure, _ steps: TimeSteps, _ to: Timestamp, _ history: FigureHistory
    ) -> Value {
        var object = Value.Object()
        object["figure"] = .string(figure.rawValue)
        object["label"] = .string(figure.label)
        object["from"] = .string(steps.first.writable.description)
        object["to"] = .string(to.description)
        object["step_seconds"] = .int(steps.seconds)
        object["known_since"] = .text(history.knownSince?.description)
        object["at"] = .list((0..<steps.count).map { .string(steps.begin($0).writable.description) })
        object["series"] = .list(
            history.series.map { label, values in
                [
                    "label": .string(label),
                    "values": .list(values.map { value in value.map { Value.int(Int64($0)) } ?? .null }),
                ]
            })
        return .object(object)
    }

    /// As many points as a line on a page shows.
    private static let fewSteps: Int64 = 120

    /// The shortest of the usual lengths by which a time is cut into few steps.
    private static func usualStep(from: Timestamp, to: Timestamp) -> Int64 {
        let usual: [Int64] = [60, 300, 900, 3_600, 21_600, 86_400]
        return usual.first { (to.seconds - from.seconds) / $0 < fewSteps - 1 } ?? 604_800
    }

    /// `5m` as 300; nil for another form.
    private static func seconds(ofStep text: String) -> Int64? {
        let units: [Character: Int64] = ["m": 60, "h": 3_600, "d": 86_400]
        guard (2...6).contains(text.utf8.count), text.first != "0", let unit = text.last.flatMap({ units[$0] }),
            let count = Int64(text.dropLast()), count > 0
        else { return nil }
        return count * unit
    }
}
