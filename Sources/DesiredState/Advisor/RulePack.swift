import Basics
import Formats

/// What a rule pack of the advisor says by itself.
struct RulePack: DocumentReading {
    /// One rule, with where its id stands and the workbook that it names.
    struct Rule {
        let rule: AdvisorRule
        let name: SourceMark
        let workbook: Text?
    }

    /// Nil where it has no id or no pillar.
    private(set) var pack: AdvisorPack?
    /// In the order of the document; an id may stand in it twice.
    private(set) var rules: [Rule] = []

    init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
        let fields = Fields(root, "the rule pack", in: file, report)
        let id = fields.text("id", required: true)
        let pillar = fields.text("pillar", required: true)
        let origin = fields.text("source")
        let nodes = fields.nodes("rules", required: true)
        guard let id, let pillar else { return }
        let figures = PackThresholds(root, in: file)
        pack = AdvisorPack(
            id: id.value,
            thresholds: Dictionary(
                figures.thresholds.compactMap { said in said.number.map { (said.name, $0) } },
                uniquingKeysWith: { first, _ in first }),
            droplets: figures.droplets?.names.map(\.value))
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
            let rule = AdvisorRule(
                id: name.value, pack: id.value, pillar: (own ?? pillar).value, severity: known, origin: origin?.value,
                title: title.value, check: check.value, queries: Self.queries(in: check.value),
                evidence: (evidence ?? []).map(\.value), workbook: workbook?.value, source: node.mark(in: file))
            rules.append(Rule(rule: rule, name: name.mark, workbook: workbook))
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
}
