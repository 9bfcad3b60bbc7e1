import Basics

/// Reads `advisor/rulepacks/`, `advisor/rubrics/` and `advisor/workbooks/`.
enum AdvisorReader {
    /// - Returns: what the advisor looks for, and the rule packs that can be read.
    static func read(_ library: inout Library, _ report: Report) -> (advisor: Advisor, packs: [DocumentContent]) {
        let packs = library.take(below: "advisor/rulepacks", domain: "advisor", scopes: [], report).map(\.content)
        let rubrics = library.take(below: "advisor/rubrics", domain: "advisor", scopes: [], report).map(\.content)
        let workbooks = library.take(below: "advisor/workbooks", domain: "advisor", scopes: [], report).map(\.content)
        let rules = library.kept.read(AdvisorRules.self, packs, report)
        let books = library.kept.read(AdvisorWorkbooks.self, workbooks, report)
        var advisor = Advisor()
        advisor.rules = rules.rules
        advisor.packs = rules.packs
        advisor.rubrics = rubrics.compactMap { $0.reading(RubricReading.self, report)?.rubric }
            .sorted { ($0.id, $0.source) < ($1.id, $1.source) }
        advisor.workbooks = books.workbooks
        if books.areAll { resolve(rules.references, books, report) }
        return (advisor, packs)
    }

    /// Only where every workbook could be read, a reference is known to lead nowhere.
    private static func resolve(_ references: [Text], _ books: AdvisorWorkbooks, _ report: Report) {
        for reference in references where !books.ids.contains(reference.value) {
            report.warning(
                .unknownReference, "the workbook \(quoted(reference.value)) is not there", at: reference.mark,
                hint: didYouMean(
                    reference.value, among: books.idsAsRead, else: "Add it to advisor/workbooks, or remove it here."))
        }
    }
}

/// The rules of all packs, each id once.
struct AdvisorRules: DocumentsReading {
    /// Sorted by id.
    private(set) var rules: [AdvisorRule] = []
    /// The workbooks that they name.
    private(set) var references: [Text] = []
    /// In the order of their documents.
    private(set) var packs: [AdvisorPack] = []

    init(_ documents: [DocumentContent?], _ report: Report) {
        let readings = documents.compactMap { $0?.reading(RulePack.self, report) }
        packs = readings.compactMap(\.pack)
        let all = readings.flatMap(\.rules)
        var first: [String: Int] = [:]
        first.reserveCapacity(all.count)
        for (index, rule) in all.enumerated() {
            if let known = first[rule.rule.id] {
                report.warning(
                    .duplicateRule,
                    "the rule \(quoted(rule.rule.id)) stands in \(quoted(all[known].rule.pack)) already", at: rule.name,
                    hint: "Give it an id of its own; until then only the first is looked at.",
                    notes: [Diagnostic.Note("first here", at: all[known].rule.source)])
                continue
            }
            first[rule.rule.id] = index
            if let workbook = rule.workbook { references.append(workbook) }
        }
        rules = first.sorted { $0.key.precedesByBytes($1.key) }.map { all[$0.value].rule }
    }
}

/// The workbooks, each id once.
struct AdvisorWorkbooks: DocumentsReading {
    /// Sorted by id.
    private(set) var workbooks: [AdvisorWorkbook] = []
    private(set) var ids: Set<String> = []
    /// In the order of their documents.
    private(set) var idsAsRead: [String] = []
    /// Whether every one could be read.
    private(set) var areAll = true

    init(_ documents: [DocumentContent?], _ report: Report) {
        var first: [String: SourceMark] = [:]
        for document in documents {
            guard let reading = document?.reading(WorkbookReading.self, report), let workbook = reading.workbook else {
                areAll = false
                continue
            }
            if let source = first[workbook.id] {
                report.warning(
                    .duplicateRule, "the workbook \(quoted(workbook.id)) is there twice", at: reading.name,
                    hint: "Give it an id of its own.", notes: [Diagnostic.Note("first here", at: source)])
                continue
            }
            first[workbook.id] = workbook.source
            idsAsRead.append(workbook.id)
            workbooks.append(workbook)
        }
        ids = Set(idsAsRead)
        workbooks.sort { $0.id.precedesByBytes($1.id) }
    }
}
