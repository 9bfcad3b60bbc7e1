import Basics
import Formats

/// What came of the gates at one commit, each with the documents that it looked into.
final class KeptGates: Sendable {
    /// What any gate may rest on without looking into a document below a root.
    struct Ground: Sendable {
        let files: CommitFiles
        let listing: PathListing?
        let inputs: GateInputs
        /// Gates that somebody asks for by name.
        let named: Set<String>

        init(_ files: CommitFiles, _ tree: SourceTree, _ inputs: GateInputs, _ named: Set<String>) {
            self.files = files
            listing = tree.listing
            // A gate sees the day and not the instant: else what rests on it would hold for no other pass.
            var inputs = inputs
            inputs.now = inputs.now.map(\.startOfDay)
            self.inputs = inputs
            self.named = named
        }

        func isSame(as other: Ground) -> Bool {
            files.places.isSame(as: other.files.places) && files.bySchema == other.files.bySchema
                && files.others.count == other.files.others.count
                && zip(files.others, other.files.others).allSatisfy { $0.isSame(as: $1) }
                && listing == other.listing && inputs == other.inputs && named == other.named
        }
    }

    /// Something that was made of documents, with those that were looked into.
    private struct Kept<Value: Sendable>: Sendable {
        let value: Value
        let read: [(index: Int, parsed: ParsedFile)]

        init(_ files: CommitFiles, _ library: Library, _ body: () -> Value) {
            let looked = library.looking(body)
            value = looked.value
            read = looked.read.map { ($0, files.parsed[$0]) }
        }

        func holds(for files: CommitFiles) -> Bool { read.allSatisfy { files.parsed[$0.index] === $0.parsed } }
    }

    private let ground: Ground
    private let kept: [Kept<GateResult>]
    private let keptRequired: Kept<RequiredGates>

    /// One result a gate, sorted by name.
    var results: [GateResult] { kept.map(\.value) }
    /// The gates that environments require.
    var required: RequiredGates { keptRequired.value }

    /// Evaluates the gates that looked into what is not the same any more, or all where the ground is another.
    init(_ ground: Ground, _ cache: DocumentCache) {
        let files = ground.files
        let before = cache.gates.flatMap { $0.ground.isSame(as: ground) ? $0 : nil }
        lazy var context = GateContext(
            library: Library(files, Report(isUnheard: true)), listing: ground.listing, inputs: ground.inputs,
            cache: cache)
        let required =
            before.flatMap { $0.keptRequired.holds(for: files) ? $0.keptRequired : nil }
            ?? Kept(files, context.library) { RequiredGates(context.library) }
        let isRequiredAsBefore = before?.required == required.value
        var evaluations = 0
        var kept: [Kept<GateResult>] = []
        for (index, gate) in Gate.all.enumerated() {
            if isRequiredAsBefore, let known = before?.kept[index], known.holds(for: files) {
                kept.append(known)
                continue
            }
            evaluations += 1
            kept.append(
                Kept(files, context.library) {
                    Self.evaluate(
                        gate, context, requiredAt: required.value.places[gate.name] ?? [],
                        isAsked: required.value.areInDoubt || ground.named.contains(gate.name))
                })
        }
        self.ground = ground
        self.kept = kept
        keptRequired = required
        cache.keep(self, evaluations: evaluations)
    }

    private static func evaluate(
        _ gate: Gate, _ context: GateContext, requiredAt places: [SourceMark], isAsked: Bool
    ) -> GateResult {
        let report = GateReport()
        let summary = gate.evaluate(context, report)
        let result = report.result(gate, summary: summary, requiredAt: places)
        guard result.verdict == .unknown, places.isEmpty, !isAsked, let subject = GateSubject.all[gate.name],
            !subject.isUsed(context)
        else { return result }
        return result.notAsked(of: subject.name)
    }
}

extension Timestamp {
    /// The midnight at which its day began, in UTC.
    fileprivate var startOfDay: Timestamp {
        let rest = seconds % 86_400
        return Timestamp(seconds: seconds - (rest < 0 ? rest + 86_400 : rest))
    }
}
