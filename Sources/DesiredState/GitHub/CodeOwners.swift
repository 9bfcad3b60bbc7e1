public import Basics
import Formats

/// Who has to review what: one entry of `codeowners`.
public struct CodeOwnerRule: Sendable, Hashable {
    /// As GitHub reads it, such as `infra/`.
    public let pattern: String
    /// As written: `@owner/team`, `@person` or an address.
    public let owners: [String]
    public let source: SourceMark

    public init(pattern: String, owners: [String], source: SourceMark) {
        self.pattern = pattern
        self.owners = owners
        self.source = source
    }
}

/// Reads `codeowners` of `github/branch-protection.yaml`, and holds it against the file that GitHub reads.
enum CodeOwners {
    /// Where GitHub looks, in its order; the first that is there counts.
    static let files = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"]

    static func read(_ root: Node, _ file: String, _ report: Report) -> [CodeOwnerRule] {
        guard let section = root["codeowners"], !section.isAmbiguous, !section.value.isEmptyScalar else { return [] }
        let fields = Fields(root, "the branch protection", in: file, report)
        var rules: [CodeOwnerRule] = []
        for node in fields.nodes("codeowners") ?? [] {
            let entry = Fields(node, "an owner of code", in: file, report)
            let pattern = entry.text("pattern", required: true)
            if let pattern { entry.describe(as: "the owner of \(quoted(pattern.value))") }
            let owners = entry.texts("owners", required: true) ?? []
            for owner in owners where !owner.value.contains("@") {
                entry.fail(
                    .invalidName, "\(quoted(owner.value)) is nobody who can own code", at: owner.mark,
                    hint: "Write `@owner/team`, `@person` or an address.")
            }
            guard entry.fault == nil, let pattern else { continue }
            rules.append(
                CodeOwnerRule(
                    pattern: pattern.value, owners: owners.map(\.value), source: node.mark(in: file)))
        }
        for (index, rule) in rules.enumerated() {
            guard let later = rules.dropFirst(index + 1).first(where: { hides($0.pattern, rule.pattern) }) else {
                continue
            }
            report.warning(
                .ruleBroken, "the owners of \(quoted(rule.pattern)) never count: a later entry covers it",
                at: rule.source, hint: "Put the wider pattern first: of those that fit a path the last counts.",
                notes: [Diagnostic.Note("it is covered here", at: later.source)])
        }
        return rules
    }

    /// Whether a pattern fits all that another one fits, as far as that can be told.
    private static func hides(_ later: String, _ earlier: String) -> Bool {
        later == "*" || later == earlier || later.hasSuffix("/") && earlier.hasPrefix(later)
    }

    // MARK: The file

    /// One line of the file.
    private struct Line {
        let pattern: String
        let owners: Set<String>
        let mark: SourceMark
    }

    static func compare(
        _ rules: [CodeOwnerRule], _ root: Node, _ document: String, _ library: Library, _ report: Report
    ) {
        guard let section = root["codeowners"], section.value.items != nil,
            let source = files.lazy.compactMap({ library.file(at: $0) }).first, case .bytes(let bytes) = source.content
        else { return }
        let lines = parse(bytes, source.path)
        let top = SourceMark(file: source.path, line: 1, column: 1)
        let wanted = Dictionary(rules.map { ($0.pattern, $0) }, uniquingKeysWith: { _, last in last })
        let there = Dictionary(lines.map { ($0.pattern, $0) }, uniquingKeysWith: { _, last in last })
        for rule in wanted.values {
            guard let line = there[rule.pattern] else {
                report.warning(
                    .documentDisagreement, "the owners of \(quoted(rule.pattern)) are not in \(source.path)",
                    at: rule.source, hint: "Make the file anew from the document.",
                    notes: [Diagnostic.Note("the file", at: top)])
                continue
            }
            guard line.owners != Set(rule.owners) else { continue }
            report.warning(
                .documentDisagreement, "\(source.path) has other owners of \(quoted(rule.pattern))", at: rule.source,
                hint: "Make the file anew from the document.",
                notes: [Diagnostic.Note("the file says so here", at: line.mark)])
        }
        for line in there.values where wanted[line.pattern] == nil {
            report.warning(
                .documentDisagreement,
                "\(source.path) has owners of \(quoted(line.pattern)), which the document doesn't",
                at: line.mark, hint: "Add them to the document, or make the file anew from it.",
                notes: [Diagnostic.Note("the document", at: section.keyMark(in: document))])
        }
        compareOrder(
            rules.map(\.pattern).filter { there[$0] != nil }, lines.filter { wanted[$0.pattern] != nil },
            section.keyMark(in: document), report)
    }

    /// Of several that fit a path the last counts, so that their order says something.
    private static func compareOrder(
        _ wanted: [String], _ lines: [Line], _ document: SourceMark, _ report: Report
    ) {
        guard wanted.count == lines.count,
            let first = zip(wanted, lines).first(where: { $0 != $1.pattern })
        else { return }
        report.warning(
            .documentDisagreement, "the owners stand in another order in \(first.1.mark.file)", at: first.1.mark,
            hint: "Make the file anew from the document: of those that fit a path the last counts.",
            notes: [Diagnostic.Note("the document", at: document)])
    }

    private static func parse(_ bytes: [UInt8], _ path: String) -> [Line] {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().compactMap { number, line in
            let words = line.split { $0.isWhitespace }.prefix { !$0.hasPrefix("#") }
            guard let pattern = words.first else { return nil }
            return Line(
                pattern: String(pattern), owners: Set(words.dropFirst().map { String($0) }),
                mark: SourceMark(file: path, line: number + 1, column: 1))
        }
    }
}

extension Node {
    /// Whether nothing is written.
    fileprivate var isEmptyScalar: Bool { scalar?.value.isNull == true }
}
