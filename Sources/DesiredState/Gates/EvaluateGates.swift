import Basics
import Formats

/// Evaluates every policy gate, and lists those that a document requires but nobody can evaluate.
///
/// Pure: the same tree and inputs give the same results, sorted by name. Nothing passes that was not looked at: a
/// missing or broken input is unknown, unless nothing speaks of what the gate is about: then it is not asked. Where it
/// can't be told which gates are required, any may be, and that is a result of its own, `required_gates`. Of a commit that changes one file only the gates that looked into it are evaluated again.
///
/// - Parameters:
///   - tree: the files of one commit; gates also read those of `GateDocuments` where they are among them.
///   - inputs: values from outside of the repository.
///   - named: gates that somebody asks for by name, whatever the repository speaks of.
///   - cache: what was parsed before, and what came of gates.
/// - Returns: one result a gate.
public func evaluateGates(
    _ tree: SourceTree, _ inputs: GateInputs, named: Set<String> = [], cache: DocumentCache = DocumentCache()
) -> [GateResult] {
    let gates = KeptGates(KeptGates.Ground(cache.files(of: tree), tree, inputs, named), cache)
    let known = Set(Gate.all.map(\.name))
    var results = gates.results
    for (name, places) in gates.required.places where !known.contains(name) {
        let report = GateReport()
        let isSetting = SecuritySetting(named: name) != nil
        report.unknown(
            .noEvaluator,
            isSetting ? "no document says it: a pass asks the repository at GitHub" : "no program evaluates it",
            at: places.first,
            hint: isSetting
                ? "Look at its finding with `reconcile findings`."
                : "Take it out of the list, or let the program that knows it stop what it is to stop.")
        results.append(
            report.result(
                Gate(name: name, title: "Required by a document.") { _, _ in "" }, summary: "", requiredAt: places))
    }
    if gates.required.areInDoubt {
        let report = GateReport()
        for doubt in gates.required.doubts { report.add(unknown: doubt) }
        let gate = Gate(name: "required_gates", title: "Which gates environments require is known.") { _, _ in "" }
        results.append(report.result(gate, summary: "", requiredAt: []))
    }
    return results.sorted { $0.name.precedesByBytes($1.name) }
}
