import Basics
import Formats

/// Reads `maintenance/schedules.yaml`.
struct SchedulesReader {
    let file: String
    let report: Report
    private var chores: [String: Chore] = [:]
    private var seen: [String: SourceMark] = [:]

    private init(file: String, _ report: Report) {
        self.file = file
        self.report = report
    }

    /// - Returns: the chores, sorted by id.
    static func read(_ library: Library, _ report: Report) -> [Chore] {
        library.document(.schedules)?.content.reading(Schedules.self, report)?.chores ?? []
    }

    private struct Schedules: DocumentReading {
        let chores: [Chore]

        init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
            var reader = SchedulesReader(file: file, report)
            reader.read(root)
            chores = reader.chores.values.sorted { $0.id.precedesByBytes($1.id) }
        }
    }

    static func draft(_ chore: Chore) -> Draft {
        func attribute(_ name: String, _ value: Value) -> WantedAttribute {
            WantedAttribute(name, .literal(value), at: chore.marks[name] ?? chore.source)
        }
        return Draft(
            ResourceKey(.schedule, chore.id),
            [
                attribute("cron", .string(chore.cron.description)), attribute("runner", .string(chore.runner)),
                attribute("alert_on_failure", .bool(chore.alertsOnFailure)),
            ], source: chore.source)
    }

    private mutating func read(_ root: Node) {
        let fields = Fields(root, "the document of schedules", in: file, report)
        let nodes = fields.nodes("chores", required: true)
        if let cause = fields.broken["chores"] ?? (nodes == nil ? fields.fault : nil) {
            report.unknown(.kind(.schedule), cause)
        }
        for node in nodes ?? [] { readChore(node) }
        checkRunners()
    }

    /// A runner of one chore that is written nearly as that of several others: nobody would run it.
    private func checkRunners() {
        let counts = Dictionary(chores.values.map { ($0.runner, 1) }, uniquingKeysWith: +)
        let known = Set(counts.filter { $0.value > 1 }.keys).union(["manual"])
        for chore in chores.values where counts[chore.runner] == 1 && !known.contains(chore.runner) {
            // Names that count up are near to each other and none is meant for another.
            let letters = chore.runner.filter { !$0.isNumber }
            let others = known.filter { $0.filter { !$0.isNumber } != letters }
            guard let meant = closest(to: chore.runner, among: others), chore.runner.utf8.count > 4 else { continue }
            report.warning(
                .unknownWord, "`runner` of the chore \(quoted(chore.id)) is \(quoted(chore.runner))",
                at: chore.marks["runner"] ?? chore.source,
                hint: "Did you mean `\(meant)`?"
                    + (counts[meant].map { " \($0.of("other chore has", "other chores have")) that." } ?? ""))
        }
    }

    private mutating func readChore(_ node: Node) {
        let entry = Fields(node, "a chore", in: file, report)
        let id = entry.text("id", required: true)
        if let id { entry.describe(as: "the chore \(quoted(id.value))") }
        let name = entry.text("name")
        let runner = entry.text("runner", required: true)
        let cadence = entry.text("cadence")
        let written = entry.text("cron", required: true)
        let cron = written.flatMap { parse($0, entry) }
        let outputs = entry.texts("outputs")
        let alerts = entry.flag("alert_on_failure")
        let secrets = entry.texts("secrets_required")
        guard entry.fault == nil, let id, let runner, let cron else {
            if let cause = entry.fault { lose(id?.value, cause, swallowsNext: entry.hasDuplicates) }
            return
        }
        if let cadence, let written { compare(cadence, with: cron, written, entry) }
        let mark = node.mark(in: file)
        if let first = seen[id.value] {
            chores[id.value] = nil
            let cause = report.error(
                .duplicateName, "\(entry.subject) stands twice", at: id.mark,
                hint: "Keep one of the two; until then it is left alone.",
                notes: [Diagnostic.Note("first here", at: first)])
            lose(id.value, cause, swallowsNext: false)
            return
        }
        seen[id.value] = id.mark
        var chore = Chore(
            id: id.value, name: name?.value, cadence: cadence?.value, cron: cron, runner: runner.value,
            outputs: outputs?.map(\.value) ?? [], alertsOnFailure: alerts?.value ?? false,
            secrets: secrets?.map(\.value) ?? [], source: mark)
        chore.marks["cron"] = written?.mark
        chore.marks["runner"] = runner.mark
        chore.marks["alert_on_failure"] = alerts?.mark
        chores[id.value] = chore
    }

    private mutating func lose(_ id: String?, _ cause: Cause, swallowsNext: Bool) {
        guard let id, !swallowsNext else {
            report.unknown(.kind(.schedule), cause)
            return
        }
        chores[id] = nil
        if seen[id] == nil { seen[id] = cause.mark }
        report.unknown(.resource(ResourceKey(.schedule, id)), cause)
    }

    private func parse(_ text: Text, _ entry: Fields) -> Cron? {
        do {
            return try Cron(parsing: text.value)
        } catch {
            entry.fail(
                .invalidSchedule, "`cron` of \(entry.subject) is \(quoted(text.value)): \(error.reason)", at: text.mark,
                hint: "Write minute, hour, day, month and weekday: `0 */6 * * *`.")
            return nil
        }
    }

    private func compare(_ cadence: Text, with cron: Cron, _ written: Text, _ entry: Fields) {
        guard let said = Cron.Cadence(word: cadence.value) else {
            // Any other word is for people; one that is nearly known was meant to be compared.
            let meant = closest(to: cadence.value, among: Cron.Cadence.words + Cron.Cadence.unevenWords)
            guard let meant, Cron.Cadence.words.contains(meant) else { return }
            report.warning(
                .unknownWord, "`cadence` of \(entry.subject) is \(quoted(cadence.value)), which is no cadence",
                at: cadence.mark, hint: "Did you mean `\(meant)`? Until then nothing holds it against `cron`.")
            return
        }
        guard said != cron.cadence else { return }
        report.warning(
            .cadenceDisagreement,
            "\(entry.subject) is said to run \(cadence.value), and \(quoted(cron.description)) runs "
                + (cron.cadence.map { "\($0)" } ?? "at uneven distances"),
            at: written.mark, hint: "Make both say the same. The cron expression is taken until then.",
            notes: [Diagnostic.Note("the cadence is here", at: cadence.mark)])
    }
}
