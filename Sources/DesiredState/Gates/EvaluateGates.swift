import Basics
import Formats

/// Evaluates every policy gate, and lists those that a document requires but nobody can evaluate.
///
/// Pure: the same tree and inputs give the same results, sorted by name. Nothing passes that was not looked at: a
/// missing or broken input is unknown, unless nothing speaks of what the gate is about: then it is not asked.
///
/// - Parameters:
///   - tree: the files of one commit; gates also read those of `GateDocuments` where they are among them.
///   - inputs: values from outside of the repository.
///   - named: gates that somebody asks for by name, whatever the repository speaks of.
///   - cache: what was parsed before.
/// - Returns: one result a gate.
public func evaluateGates(
    _ tree: SourceTree, _ inputs: GateInputs, named: Set<String> = [], cache: DocumentCache = DocumentCache()
) -> [GateResult] {
    let context = GateContext(
        library: Library(cache.files(of: tree), Report()), listing: tree.listing, inputs: inputs, cache: cache)
    let required = requiredGates(context.library)
    var results = Gate.all.map { gate in
        let report = GateReport()
        let summary = gate.evaluate(context, report)
        let result = report.result(gate, summary: summary, requiredAt: required[gate.name] ?? [])
        guard result.verdict == .unknown, result.requiredAt.isEmpty, !named.contains(gate.name),
            let subject = GateSubject.all[gate.name], !subject.isUsed(context)
        else { return result }
        return result.notAsked(of: subject.name)
    }
    let known = Set(Gate.all.map(\.name))
    for (name, places) in required where !known.contains(name) {
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
    return results.sorted { $0.name.precedesByBytes($1.name) }
}

/// The gates that environments require, with the places.
private func requiredGates(_ library: Library) -> [String: [SourceMark]] {
    var found: [String: [SourceMark]] = [:]
    guard let entry = library.document(.convergence), let environments = entry.root?["environments"]?.value.entries
    else {
        return found
    }
    for environment in environments where !environment.isAmbiguous {
        for gate in environment.value["required"]?.value["gates"]?.value.items ?? [] {
            guard let name = gate.filledText else { continue }
            found[name, default: []].append(gate.mark(in: entry.path))
        }
    }
    return found
}
