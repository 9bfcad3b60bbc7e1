import Basics
import Formats

/// The thresholds and droplets of the monitoring, against which rule packs are held.
///
/// What is wrong with the monitoring itself is told where its alerts are read.
final class MonitoringFigures: DocumentReading, Equatable {
    let file: String
    /// In per cent by metric and level, as `disk_warn`, with the droplet that they are for.
    let thresholds: [String: [(droplet: String, value: Value, mark: SourceMark)]]
    let droplets: [Text]

    init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
        var monitoring = MonitoringReader(file, DraftSet(Report()))
        monitoring.read(root)
        self.file = file
        thresholds = monitoring.thresholds
        droplets = monitoring.droplets
    }

    /// Whether both are of one reading: it is kept with its document.
    static func == (a: MonitoringFigures, b: MonitoringFigures) -> Bool { a === b }
}

/// A rule pack of the advisor held against the monitoring: one that says other thresholds, or other droplets, would find
/// faults where everything is as wanted.
struct PackComparison: DocumentReading {
    init(_ root: Node, in file: String, given monitoring: MonitoringFigures, _ report: Report) {
        let pack = PackThresholds(root, in: file)
        for said in pack.thresholds {
            let places = (monitoring.thresholds[said.name] ?? []).filter { $0.value != said.value }
            guard let first = places.first else { continue }
            report.warning(
                .thresholdDisagreement,
                "the rule pack says `\(said.name)_pct` \(said.text), and monitoring \(ValueText.of(first.value))",
                at: said.mark, hint: "Make both say the same. Monitoring is taken until then.",
                notes: places.map { Diagnostic.Note("monitoring of \(quoted($0.droplet))", at: $0.mark) })
        }
        guard let listed = pack.droplets else { return }
        for droplet in monitoring.droplets where !listed.names.contains(where: { $0.value == droplet.value }) {
            report.warning(
                .thresholdDisagreement,
                "the rule pack doesn't look at the droplet \(quoted(droplet.value)), which monitoring names",
                at: listed.mark, hint: "Add it to `monitored_droplets`, or remove its alerts.",
                notes: [Diagnostic.Note("monitoring is here", at: droplet.mark)])
        }
        for name in listed.names where !monitoring.droplets.contains(where: { $0.value == name.value }) {
            report.warning(
                .thresholdDisagreement,
                "the rule pack looks at the droplet \(quoted(name.value)), for which monitoring wants no alerts",
                at: name.mark, hint: "Add its alerts, or remove it here.",
                notes: [
                    Diagnostic.Note(
                        "monitoring is there", at: SourceMark(file: monitoring.file, line: 1, column: 1))
                ])
        }
    }
}

/// What a rule pack says that monitoring says too.
struct PackThresholds {
    /// One threshold in per cent, by metric and level.
    struct Threshold {
        let name: String
        let text: String
        let value: Value
        let mark: SourceMark

        /// Nil where it is none.
        var number: Double? { value.doubleValue }
    }

    let thresholds: [Threshold]
    /// The droplets that it looks at; nil where it doesn't list them.
    let droplets: (names: [Text], mark: SourceMark)?

    init(_ root: Node, in file: String) {
        thresholds = (root["thresholds"]?.value.entries ?? []).compactMap { item in
            guard item.key.hasSuffix("_pct"), let scalar = item.value.scalar else { return nil }
            return Threshold(
                name: String(item.key.dropLast(4)), text: scalar.text, value: scalar.value,
                mark: item.value.mark(in: file))
        }
        droplets = root["monitored_droplets"]?.value.items.flatMap { items in
            let names = items.compactMap { item in
                item.scalar.map { Text(value: $0.text, mark: item.mark(in: file)) }
            }
            return root["monitored_droplets"].map { (names, $0.value.mark(in: file)) }
        }
    }
}

/// A number as people write it, for messages.
private enum ValueText {
    static func of(_ value: Value) -> String {
        switch value {
        case .int(let number): String(number)
        case .number(let text): text
        default: "something else"
        }
    }
}
