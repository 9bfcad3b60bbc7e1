import Basics
import Formats

extension CommandCall {
    /// Options that ask for what became of a figure, and not for what it is now.
    private static let rangeOptions = ["since", "until", "step"]

    /// Whether a figure is asked for over time.
    var asksForHistory: Bool { Self.rangeOptions.contains { arguments.value($0) != nil } }

    /// What became of a figure: a line drawn for each of its series, with its least, most and last value.
    func metricsHistory() async throws -> ClientExit {
        guard target.isEmpty else {
            throw ArgumentFault(
                "--since, --until and --step go without an environment",
                hint: "Of an environment: odooops metrics TARGET --range 24h")
        }
        let data = try await connection().get(
            "/metrics/range",
            [
                ("figure", arguments.value("metric") ?? "runs"), ("from", try instant("since", back: true)),
                ("to", try instant("until", back: true)), ("step", try step()),
            ]
        ).data
        if screen.isJSON {
            screen.json(data)
            return .done
        }
        let step = Duration.seconds(data["step_seconds"]?.intValue ?? 0).shortText
        var text = screen.paint.bold(data.shown("figure"))
        text += " from \(data.minute("from")) to \(data.minute("to")) UTC, each \(step)\n"
        let series = data["series"]?.listValue ?? []
        text += series.isEmpty ? "Nothing was counted in that time.\n" : table(ofSeries: series, data.shown("label"))
        screen.print(text)
        let since = data["known_since"]?.instantValue
        let begin = data["from"]?.instantValue
        if let since, let begin, since > begin {
            screen.remark(
                screen.errorPaint.dim("It is kept since \(since.minuteText) UTC; what was before nobody knows."))
        } else if since == nil {
            screen.remark(screen.errorPaint.dim("Nothing of it is kept yet."))
        }
        return .done
    }

    /// `--step` as the API takes it, in minutes.
    private func step() throws(ArgumentFault) -> String? {
        guard let duration = try duration("step") else { return nil }
        let seconds = duration.components.seconds
        guard seconds % 60 == 0, (1...99_999).contains(seconds / 60) else {
            throw ArgumentFault(
                "--step can't be \(arguments.value("step") ?? "")", hint: "Write whole minutes, from 1m to 69d.")
        }
        return "\(seconds / 60)m"
    }

    private func table(ofSeries series: [Value], _ label: String) -> String {
        // What stands beside a line takes its room first.
        let room = max(10, (screen.width ?? 100) - 46)
        let values = series.map { one in (one["values"]?.listValue ?? []).map(\.intValue) }
        let most = values.joined().compactMap { $0 }.max() ?? 0
        var table = Table(columns: [
            Table.Column(label.uppercased(), importance: 9, wraps: true), Table.Column("LAST", importance: 8, least: 4),
            Table.Column("LEAST", importance: 5, least: 5), Table.Column("MOST", importance: 6, least: 4),
            Table.Column("COURSE", importance: 7, least: 10),
        ])
        for (one, own) in zip(series, values) {
            let known = own.compactMap { $0 }
            func shown(_ value: Int64?) -> String { value.map { String($0) } ?? "-" }
            table.add(cells: [
                one.shown("label"), shown(known.last), shown(known.min()), shown(known.max()),
                Sparkline.text(own, most: most, width: room),
            ])
        }
        return table.text(screen.paint, width: screen.width)
    }
}

/// A line of blocks, each as high as its value.
enum Sparkline {
    private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// Draws values from left to right.
    ///
    /// - Parameters:
    ///   - values: nil where nobody knows, drawn as a dot.
    ///   - most: what is drawn at full height.
    ///   - width: so many blocks at the most; each is then the highest of several values.
    /// - Returns: one line.
    static func text(_ values: [Int64?], most: Int64, width: Int) -> String {
        let group = max(1, (values.count + max(1, width) - 1) / max(1, width))
        return String(
            stride(from: 0, to: values.count, by: group).map { begin -> Character in
                let highest = values[begin..<min(begin + group, values.count)].compactMap { $0 }.max()
                guard let highest else { return "·" }
                guard most > 0, highest > 0 else { return blocks[0] }
                // Rounded up: whatever is more than nothing stands out from it.
                let top = Int64(blocks.count - 1)
                return blocks[Int((min(highest, most) * top + most - 1) / most)]
            })
    }
}
