import Basics
import Formats

/// What a workbook of the advisor says.
struct WorkbookReading: DocumentReading {
    /// Nil where it has no id, or can't be read.
    private(set) var workbook: AdvisorWorkbook?
    /// Where its id stands.
    private(set) var name: SourceMark?

    init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
        let fields = Fields(root, "the workbook", in: file, report)
        let id = fields.text("id", required: true)
        let pillar = fields.text("pillar", required: true)
        let nodes = fields.nodes("steps", required: true)
        guard fields.fault == nil, let id, let pillar else { return }
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
        name = id.mark
        workbook = AdvisorWorkbook(id: id.value, pillar: pillar.value, steps: steps, source: fields.mark)
    }
}
