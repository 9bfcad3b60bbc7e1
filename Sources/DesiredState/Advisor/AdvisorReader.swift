import Basics
import Formats

/// Reads `advisor/rulepacks/`, `advisor/rubrics/` and `advisor/workbooks/`.
struct AdvisorReader {
    let report: Report
    private var advisor = Advisor()
    private var rules: [String: AdvisorRule] = [:]
    private var workbookReferences: [Text] = []
    /// Whether every workbook could be read: only then is a reference known to lead nowhere.
    private var hasAllWorkbooks = true

    private init(_ report: Report) { self.report = report }

    static func read(_ library: inout Library, _ report: Report) -> Advisor {
        let packs = library.take(below: "advisor/rulepacks", domain: "advisor", scopes: [], report)
        let rubrics = library.take(below: "advisor/rubrics", domain: "advisor", scopes: [], report)
        let workbooks = library.take(below: "advisor/workbooks", domain: "advisor", scopes: [], report)
        return library.kept.read("advisor", packs + rubrics + workbooks, report) { report in
            var reader = AdvisorReader(report)
            for document in packs { if let root = document.root { reader.readPack(root, document.path) } }
            for document in rubrics { if let root = document.root { reader.readRubric(root, document.path) } }
            for document in workbooks {
                if let root = document.root {
                    reader.readWorkbook(root, document.path)
                } else {
                    reader.hasAllWorkbooks = false
                }
            }
            reader.resolveWorkbooks()
            reader.advisor.rules = reader.rules.values.sorted { $0.id.precedesByBytes($1.id) }
            reader.advisor.rubrics.sort { ($0.id, $0.source) < ($1.id, $1.source) }
            reader.advisor.workbooks.sort { ($0.id, $0.source) < ($1.id, $1.source) }
            return reader.advisor
        }
    }

    // MARK: Rules

    private mutating func readPack(_ root: Node, _ file: String) {
        let fields = Fields(root, "the rule pack", in: file, report)
        let id = fields.text("id", required: true)
        let pillar = fields.text("pillar", required: true)
        let origin = fields.text("source")
        let nodes = fields.nodes("rules", required: true)
        guard let id, let pillar else { return }
        for node in nodes ?? [] {
            let entry = Fields(node, "a rule of the pack \(quoted(id.value))", in: file, report)
            let name = entry.text("id", required: true)
            if let name { entry.describe(as: "the rule \(quoted(name.value))") }
            let severity = entry.word(
                "severity", of: AdvisorRule.Severity.allCases.map(\.rawValue), required: true)
            let title = entry.text("title", required: true)
            let check = entry.text("check", required: true)
            let evidence = entry.texts("evidence_fields")
            let workbook = entry.text("remediation_workbook")
            let own = entry.text("pillar")
            guard entry.fault == nil, let name, let title, let check,
                let known = severity.flatMap({ AdvisorRule.Severity(rawValue: $0.value) })
            else { continue }
            if let first = rules[name.value] {
                report.warning(
                    .duplicateRule, "the rule \(quoted(name.value)) stands in \(quoted(first.pack)) already",
                    at: name.mark, hint: "Give it an id of its own; until then only the first is looked at.",
                    notes: [Diagnostic.Note("first here", at: first.source)])
                continue
            }
            if let workbook { workbookReferences.append(workbook) }
            rules[name.value] = AdvisorRule(
                id: name.value, pack: id.value, pillar: (own ?? pillar).value, severity: known, origin: origin?.value,
                title: title.value, check: check.value, queries: Self.queries(in: check.value),
                evidence: (evidence ?? []).map(\.value), workbook: workbook?.value, source: node.mark(in: file))
        }
    }

    /// The requests that a text names: `GET` and what follows it, without a query and without punctuation.
    static func queries(in text: String) -> [String] {
        // Most texts name none, and their bytes tell so at once.
        guard text.utf8.contains(UInt8(ascii: "/")), text.utf8.firstRange(of: "GET".utf8) != nil else { return [] }
        let words = text.split(whereSeparator: { $0.isWhitespace })
        var found: [String] = []
        for (method, path) in zip(words, words.dropFirst()) where path.hasPrefix("/") {
            guard method == "GET" || method.hasSuffix(":GET") else { continue }
            var path = path.prefix { $0 != "?" && $0 != ";" && $0 != "," }
            while let last = path.last, last == "." || last == ")" { path = path.dropLast() }
            let query = "GET \(path)"
            if !found.contains(query) { found.append(query) }
        }
        return found
    }

    private func resolveWorkbooks() {
        guard hasAllWorkbooks else { return }
        let ids = advisor.workbooks.map(\.id)
        for reference in workbookReferences where !ids.contains(reference.value) {
            report.warning(
                .unknownReference, "the workbook \(quoted(reference.value)) is not there", at: reference.mark,
                hint: didYouMean(reference.value, among: ids, else: "Add it to advisor/workbooks, or remove it here."))
        }
    }

    // MARK: Rubrics

    private mutating func readRubric(_ root: Node, _ file: String) {
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
        let bands = readBands(scoring)
        guard fields.fault == nil, scoring.fault == nil, let id, let pillar, let highest else { return }
        let sum = dimensions.reduce(0) { $0 + $1.highestScore }
        if sum != Int(highest.value) {
            report.warning(
                .rubricGap, "the dimensions of \(quoted(id.value)) add up to \(sum), and `max` is \(highest.value)",
                at: highest.mark, hint: "Correct `max`, or the scores of the dimensions.")
        }
        checkBands(bands, from: Int(lowest?.value ?? 0), through: Int(highest.value), scoring)
        advisor.rubrics.append(
            AdvisorRubric(
                id: id.value, pillar: pillar.value, dimensions: dimensions, bands: bands.map(\.band),
                source: fields.mark))
    }

    private func readBands(_ scoring: Fields) -> [(band: AdvisorRubric.Band, mark: SourceMark)] {
        var bands: [(band: AdvisorRubric.Band, mark: SourceMark)] = []
        for node in scoring.nodes("maturity_bands") ?? [] {
            let entry = Fields(node, "a band of the rubric", in: scoring.file, report)
            let label = entry.text("label", required: true)
            let severity = entry.word("advisor_severity", of: AdvisorRule.Severity.allCases.map(\.rawValue))
            let ends = entry.nodes("range", required: true)?.compactMap { $0.scalar?.value.intValue } ?? []
            guard entry.fault == nil, let label else { continue }
            guard ends.count == 2, ends[0] <= ends[1], ends[0] >= 0, ends[1] <= 1_000_000 else {
                report.error(
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
    private func checkBands(
        _ bands: [(band: AdvisorRubric.Band, mark: SourceMark)], from lowest: Int, through highest: Int,
        _ scoring: Fields
    ) {
        guard !bands.isEmpty else { return }
        var next = lowest
        for (band, mark) in bands {
            if band.range.lowerBound != next {
                report.warning(
                    .rubricGap, "the band \(quoted(band.label)) begins at \(band.range.lowerBound), not at \(next)",
                    at: mark, hint: "Let each band begin right after the one before.")
            }
            next = max(next, band.range.upperBound + 1)
        }
        if next != highest + 1 {
            report.warning(
                .rubricGap, "the bands end at \(next - 1), and `max` is \(highest)",
                at: scoring.mark(of: "max") ?? scoring.mark, hint: "Let the last band end at `max`.")
        }
    }

    // MARK: Workbooks

    private mutating func readWorkbook(_ root: Node, _ file: String) {
        let fields = Fields(root, "the workbook", in: file, report)
        let id = fields.text("id", required: true)
        let pillar = fields.text("pillar", required: true)
        let nodes = fields.nodes("steps", required: true)
        guard fields.fault == nil, let id, let pillar else {
            hasAllWorkbooks = false
            return
        }
        if let first = advisor.workbooks.first(where: { $0.id == id.value }) {
            report.warning(
                .duplicateRule, "the workbook \(quoted(id.value)) is there twice", at: id.mark,
                hint: "Give it an id of its own.", notes: [Diagnostic.Note("first here", at: first.source)])
            return
        }
        var steps: [AdvisorWorkbook.Step] = []
        for node in nodes ?? [] {
            let entry = Fields(node, "a step of the workbook \(quoted(id.value))", in: file, report)
            let number = entry.integer("step_no", required: true, in: 1...10_000)
            let evidence = entry.flag("evidence_required")
            let automation = entry.text("automation_ref")
            guard entry.fault == nil, let number else { continue }
            if Int(number.value) != steps.count + 1 {
                report.warning(
                    .rubricGap, "the step \(number.value) stands where step \(steps.count + 1) is due", at: number.mark,
                    hint: "Number the steps from 1 in their order.")
            }
            steps.append(
                AdvisorWorkbook.Step(
                    number: Int(number.value), needsEvidence: evidence?.value ?? false, automation: automation?.value))
        }
        advisor.workbooks.append(
            AdvisorWorkbook(id: id.value, pillar: pillar.value, steps: steps, source: fields.mark))
    }
}
