import Basics
import Formats

/// What a rubric of the advisor says.
struct RubricReading: DocumentReading {
    /// Nil where a part of it can't be read.
    private(set) var rubric: AdvisorRubric?

    init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
        let fields = Fields(root, "the rubric", in: file, report)
        let id = fields.text("id", required: true)
        let pillar = fields.text("pillar", required: true)
        var dimensions: [AdvisorRubric.Dimension] = []
        for node in fields.nodes("dimensions", required: true) ?? [] {
            let entry = Fields(node, "a dimension of the rubric", in: file, report)
            let name = entry.text("id", required: true)
            let title = entry.text("title", required: true)
            let highest = entry.integer("max_score", required: true, in: 1...1_000)
            guard entry.fault == nil, let name, let title, let highest else { continue }
            dimensions.append(
                AdvisorRubric.Dimension(
                    id: name.value, title: title.value, highestScore: Int(highest.value), source: node.mark(in: file)))
        }
        guard let scoring = fields.fields("scoring", required: true) else { return }
        let lowest = scoring.integer("min", in: 0...1_000_000)
        let highest = scoring.integer("max", required: true, in: 1...1_000_000)
        let bands = Self.readBands(scoring)
        guard fields.fault == nil, scoring.fault == nil, let id, let pillar, let highest else { return }
        let sum = dimensions.reduce(0) { $0 + $1.highestScore }
        if sum != Int(highest.value) {
            report.warning(
                .rubricGap, "the dimensions of \(quoted(id.value)) add up to \(sum), and `max` is \(highest.value)",
                at: highest.mark, hint: "Correct `max`, or the scores of the dimensions.")
        }
        Self.checkBands(bands, from: Int(lowest?.value ?? 0), through: Int(highest.value), scoring)
        rubric = AdvisorRubric(
            id: id.value, pillar: pillar.value, dimensions: dimensions, bands: bands.map(\.band), source: fields.mark)
    }

    private static func readBands(_ scoring: Fields) -> [(band: AdvisorRubric.Band, mark: SourceMark)] {
        var bands: [(band: AdvisorRubric.Band, mark: SourceMark)] = []
        for node in scoring.nodes("maturity_bands") ?? [] {
            let entry = Fields(node, "a band of the rubric", in: scoring.file, scoring.report)
            let label = entry.text("label", required: true)
            let severity = entry.word("advisor_severity", of: AdvisorRule.Severity.allCases.map(\.rawValue))
            let ends = entry.nodes("range", required: true)?.compactMap { $0.scalar?.value.intValue } ?? []
            guard entry.fault == nil, let label else { continue }
            guard ends.count == 2, ends[0] <= ends[1], ends[0] >= 0, ends[1] <= 1_000_000 else {
                scoring.report.error(
                    .outOfRange, "the range of the band \(quoted(label.value)) is none",
                    at: entry.mark(of: "range"), hint: "Write the lowest and the highest score: `range: [0, 5]`.")
                continue
            }
            bands.append(
                (
                    AdvisorRubric.Band(
                        label: label.value, range: Int(ends[0])...Int(ends[1]),
                        severity: severity.flatMap { AdvisorRule.Severity(rawValue: $0.value) }),
                    node.mark(in: scoring.file)
                ))
        }
        return bands.sorted { ($0.band.range.lowerBound, $0.mark) < ($1.band.range.lowerBound, $1.mark) }
    }

    /// Every score belongs to one band.
    private static func checkBands(
        _ bands: [(band: AdvisorRubric.Band, mark: SourceMark)], from lowest: Int, through highest: Int,
        _ scoring: Fields
    ) {
        guard !bands.isEmpty else { return }
        var next = lowest
        for (band, mark) in bands {
            if band.range.lowerBound != next {
                scoring.report.warning(
                    .rubricGap, "the band \(quoted(band.label)) begins at \(band.range.lowerBound), not at \(next)",
                    at: mark, hint: "Let each band begin right after the one before.")
            }
            next = max(next, band.range.upperBound + 1)
        }
        if next != highest + 1 {
            scoring.report.warning(
                .rubricGap, "the bands end at \(next - 1), and `max` is \(highest)",
                at: scoring.mark(of: "max") ?? scoring.mark, hint: "Let the last band end at `max`.")
        }
    }
}
