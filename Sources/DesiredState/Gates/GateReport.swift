import Basics
import Formats

/// Collects what one gate finds.
final class GateReport {
    private(set) var findings: [Diagnostic] = []
    /// Why something could not be looked at; nil while everything could.
    private(set) var gap: String?
    private(set) var violations = 0
    /// Set where the script that is subsumed exits otherwise than by the rule.
    var exitStatus: Int?

    func fail(_ code: GateCode, _ message: String, at mark: SourceMark?, hint: String, notes: [Diagnostic.Note] = []) {
        violations += 1
        findings.append(Diagnostic(.error, code.rawValue, message, at: mark, hint: hint, notes: notes))
    }

    func warn(_ code: GateCode, _ message: String, at mark: SourceMark?, hint: String) {
        findings.append(Diagnostic(.warning, code.rawValue, message, at: mark, hint: hint))
    }

    /// Something is not there or can't be decided: the gate doesn't pass.
    func unknown(_ code: GateCode, _ message: String, at mark: SourceMark?, hint: String) {
        add(unknown: Diagnostic(.warning, code.rawValue, message, at: mark, hint: hint))
    }

    func add(unknown finding: Diagnostic) {
        if gap == nil { gap = finding.message }
        // What can't be told of a value is told once, however often a gate looks at it.
        if !findings.contains(finding) { findings.append(finding) }
    }

    /// A document is there and can't be read.
    func unreadable(_ file: String, _ cause: Cause?) {
        unknown(
            .unreadableInput, "\(file) can't be read: \(cause?.reason ?? "it is no YAML")",
            at: cause?.mark ?? SourceMark(file: file, line: 1, column: 1),
            hint: "Mend the document: reconcile validate shows where.")
    }

    func result(_ gate: Gate, summary: String, requiredAt: [SourceMark]) -> GateResult {
        let verdict: GateResult.Verdict = violations > 0 ? .fail : gap != nil ? .unknown : .pass
        let why: String =
            switch verdict {
            case .pass: summary
            case .unknown, .notAsked: gap ?? summary
            case .fail:
                violations == 1
                    ? findings.first { $0.severity == .error }?.message ?? summary
                    : "\(violations) violations, the first: "
                        + (findings.filter { $0.severity == .error }.min()?.message ?? summary)
            }
        let status = exitStatus ?? (verdict == .pass ? 0 : verdict == .fail ? 1 : 2)
        return GateResult(
            name: gate.name, title: gate.title, verdict: verdict, exitStatus: status, why: why,
            findings: findings.sorted(), requiredAt: requiredAt)
    }
}

extension GateResult {
    /// The same gate where nobody uses what it is about.
    func notAsked(of subject: String) -> GateResult {
        GateResult(
            name: name, title: title, verdict: .notAsked, exitStatus: 0,
            why: "no document speaks of \(subject), and none requires it", findings: [], requiredAt: [])
    }
}

/// One gate: its name, and how it is evaluated.
struct Gate: Sendable {
    let name: String
    let title: String
    /// Reports what it finds, and gives the sentence that stands for it when it passes.
    let evaluate: @Sendable (GateContext, GateReport) -> String

    /// All gates, by name.
    static let all: [Gate] = [
        .addonAllowlist, .bucketPrefix, .dnsDrift, .dnsProviderClaims, .domains, .allowlist, .orphanAddons,
        .parityMatrices, .prodSettings, .secretsInventory, .secretsRegistry, .vercelMonorepo,
    ].sorted { $0.name.precedesByBytes($1.name) }
}

/// What gates look at.
struct GateContext {
    let library: Library
    let listing: PathListing?
    let inputs: GateInputs
    let cache: DocumentCache

    /// The registry of subdomains: that which `validate` reads, below a root; else that at its old place.
    var subdomainRegistry: Library.Entry? {
        library.document(.subdomainRegistry) ?? library.entry(at: GateDocuments.subdomainRegistry)
    }

    /// A document below a root; where it is missing or broken the gate is unknown.
    func document(_ stem: String, _ report: GateReport) -> GateValue? {
        guard let entry = library.entry(under: stem) else {
            report.unknown(
                .missingInput, "\(stem).yaml is not below any root", at: nil,
                hint: "Add the document; without it there is nothing that could pass.")
            return nil
        }
        guard let root = entry.root else {
            report.unreadable(entry.path, entry.cause)
            return nil
        }
        return GateValue(root, in: entry.path, report)
    }

    /// A list or mapping that a gate can't do without.
    func section(_ key: String, of document: GateValue, _ report: GateReport) -> GateValue? {
        let section = document[key]
        if section.isAbsent {
            report.unknown(
                .missingInput, "\(document.file) has no `\(key)`",
                at: SourceMark(file: document.file, line: 1, column: 1),
                hint: "Write it, or an empty one where there is nothing.")
        }
        return section.node == nil ? nil : section
    }

    /// Reports a path that is missing, or that nobody could look for.
    func require(path: String, of what: String, at mark: SourceMark, _ report: GateReport) {
        func isNotKnown(_ why: String, _ hint: String) {
            report.unknown(
                .undecided, "whether \(quoted(path)) of \(what) is there is not known: \(why)", at: mark, hint: hint)
        }
        switch listing?.presence(of: path) {
        case .there?: break
        case .missing?:
            report.fail(
                .missingPath, "\(what) names \(quoted(path)), which is not in the repository", at: mark,
                hint: "Correct the path, or add what it names.")
        case nil:
            isNotKnown("no paths were listed", "Give the whole repository: reconcile gates --ssot URL.")
        case .beside(let top)?:
            isNotKnown(
                "of the top of the repository only folders are listed, and \(quoted(top)) is none",
                "Correct the path, unless \(quoted(top)) is a file, a link or a submodule.")
        case .within(let entry)?:
            isNotKnown(
                "\(quoted(entry)) is a submodule, a link or a file, and nothing in it is listed",
                "Look there, or name what the repository itself holds.")
        }
    }

    /// The ids of the registry; nil, and the gate unknown, where it can't be read.
    func secretIDs(_ report: GateReport) -> Set<String>? {
        guard let registry = document("secrets/registry", report) else { return nil }
        let sections = [registry["secrets"], registry["v2_entries"]]
        let members = sections.map { $0.members(tellTwice: false) }
        guard zip(sections, members).allSatisfy({ $0.isAbsent || $1 != nil }) else { return nil }
        // Which of two entries counts is nothing to whoever asks whether there is one.
        let ids = members.flatMap { $0?.map(\.entry.key) ?? [] }
        guard !ids.isEmpty else {
            report.unknown(
                .missingInput, "\(registry.file) holds no secret",
                at: SourceMark(file: registry.file, line: 1, column: 1),
                hint: "Write the secrets that there are.")
            return nil
        }
        return Set(ids)
    }
}

extension Node {
    /// A text that isn't empty; nil for everything else.
    var filledText: String? {
        guard case .string(let text)? = scalar?.value, !text.isEmpty else { return nil }
        return text
    }

    /// Whether something is written: an empty list is something, nothing and an empty text are not.
    var isFilled: Bool {
        guard let scalar else { return true }
        return !scalar.value.isNull && scalar.value != .string("")
    }
}
