import Basics
import Formats

extension GateContext {
    /// What the environments of `maintenance/convergence.yaml` require below a key.
    ///
    /// Nil, and the gate unknown, where there is no such document, or none that can be read.
    func required(_ key: String, _ report: GateReport) -> [GateValue]? {
        guard let entry = library.document(.convergence) else {
            report.unknown(
                .missingInput, "no \(ManagedDocument.convergence.stem).yaml says what environments require", at: nil,
                hint: "Add it below a root.")
            return nil
        }
        let lists = RequiredGates.lists(key, of: entry, report).compactMap(\.self)
        guard !lists.isEmpty else {
            report.unknown(
                .missingInput, "no environment of \(entry.path) says which `\(key)` it requires",
                at: SourceMark(file: entry.path, line: 1, column: 1),
                hint: "Write `\(key): []` below its `required` where it is none.")
            return nil
        }
        return lists.flatMap(\.self)
    }
}

/// The gates that environments require.
struct RequiredGates: Sendable, Equatable {
    /// Each with the places where it is named.
    private(set) var places: [String: [SourceMark]] = [:]
    /// Why there may be more of them; empty where all are known.
    let doubts: [Diagnostic]

    /// Whether any gate may be required.
    var areInDoubt: Bool { !doubts.isEmpty }

    init(_ library: Library) {
        guard let entry = library.document(.convergence) else {
            doubts = []
            return
        }
        let report = GateReport()
        for gate in Self.lists("gates", of: entry, report).compactMap(\.self).joined() {
            guard let name = gate.writtenText else { continue }
            places[name, default: []].append(gate.mark)
        }
        doubts = report.findings
        guard areInDoubt else { return }
        for (name, mark) in Self.named(in: entry) where places[name]?.contains(where: { $0.line == mark.line }) != true
        {
            places[name, default: []].append(mark)
        }
    }

    /// What each environment requires below a key, nil where it doesn't say; what of it can't be told is reported.
    fileprivate static func lists(_ key: String, of entry: Library.Entry, _ report: GateReport) -> [[GateValue]?] {
        guard let root = entry.root else {
            report.unreadable(entry.path, entry.cause)
            return []
        }
        let environments = GateValue(root, in: entry.path, report)["environments"]
        if environments.isAbsent {
            report.unknown(
                .missingInput, "\(entry.path) names no environment", at: environments.mark,
                hint: "Write `environments`, each with what it requires.")
        }
        return (environments.members() ?? []).map { environment, value in
            if value.isUnclear { return nil }
            let required = value["required"]
            if required.isAbsent {
                report.unknown(
                    .missingInput, "the environment \(quoted(environment.key)) doesn't say what it requires",
                    at: environment.keyMark(in: entry.path), hint: "Write `required: {}` where it is nothing.")
            }
            return required[key].items
        }
    }

    /// The gates that lines name below a `gates:`, of a document of which not all can be told.
    ///
    /// Nothing is read out of it but names, so that none of them is left out of the list only because of a slip nearby.
    private static func named(in entry: Library.Entry) -> [(name: String, mark: SourceMark)] {
        guard case .bytes(let bytes) = entry.parsed.source.content else { return [] }
        var found: [(String, SourceMark)] = []
        /// How far the `gates:` is indented of which items may follow.
        var indent: Int?
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let text = String(decoding: line, as: UTF8.self)
            let depth = text.utf8.prefix { $0 == 0x20 }.count
            let rest = text.dropFirst(depth)
            func take(_ names: Substring) {
                let names = names.prefix { $0 != "#" && $0 != "]" }
                for word in names.split(whereSeparator: { ",[\"' \r\t".contains($0) }) where isName(word) {
                    found.append((String(word), SourceMark(file: entry.path, line: index + 1, column: depth + 1)))
                }
            }
            if rest.isEmpty || rest.hasPrefix("#") { continue }
            if let range = text.firstRange(of: "gates:"),
                text[..<range.lowerBound].last.map({ " {,".contains($0) }) ?? true
            {
                indent = depth
                take(text[range.upperBound...])
            } else if let least = indent, depth >= least, rest.hasPrefix("-") {
                take(rest.dropFirst())
            } else {
                indent = nil
            }
        }
        return found
    }

    private static func isName(_ word: Substring) -> Bool {
        word.utf8.first.map { (97...122).contains($0) } == true
            && word.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
    }
}
