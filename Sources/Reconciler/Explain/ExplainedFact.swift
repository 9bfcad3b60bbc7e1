public import Basics
public import DesiredState
public import Git
public import Store

/// One thing that holds for an environment, and who changed the line last that says it.
public struct ExplainedFact: Sendable, Hashable {
    public let fact: EnvironmentFact
    /// Nil where no document says it, or there is no history.
    public let commit: GitCommit?

    /// Who changed the line last, when and why, on one line; nil where that isn't known.
    public var lastChange: String? {
        commit.map { "\($0.id.prefix(12)) \($0.author), \($0.committedAt.minuteText): \"\($0.subject)\"" }
    }

    /// The lines whose history is worth knowing.
    static func marks(of environment: Environment?) -> Set<SourceMark> {
        guard let environment else { return [] }
        return Set(environment.facts.compactMap(\.mark) + [environment.source])
    }

    static func all(of environment: Environment?, _ commits: [SourceMark: GitCommit]) -> [ExplainedFact] {
        (environment?.facts ?? []).map { ExplainedFact(fact: $0, commit: $0.mark.flatMap { commits[$0] }) }
    }
}

/// Why an entry is there from which no resource is made: an integration of the catalogue, or a check that is required.
public struct EntryExplanation: Sendable {
    /// `ops.integration/ID` or `ops.convergence_check/ENVIRONMENT/KIND/KEY`.
    public let key: ResourceKey
    /// One sentence: what it is.
    public let title: String
    public let source: SourceMark
    /// The commit that changed its line last; nil where there is no history.
    public let commit: GitCommit?
    /// Each of its fields, with its own line and who changed that last.
    public let origins: [Provenance.Origin]
    public let outlook: Outlook
    /// Which roots and documents stood against each other, and which won.
    public let precedence: [String]
    /// What a pass found of a check; nil where it found nothing, and for an integration.
    public let finding: FindingRecord?
    public let nextWake: Explanation.Wake
    /// The command that shows it among the others.
    public let command: String

    /// The environment that requires it; nil for what is every environment's.
    public var environment: String? {
        guard key.kind == .convergenceCheck else { return nil }
        return outlook.desired.checks.first { $0.entryKey == key }?.environment
    }
}

/// An entry from which no resource is made, as documents have it.
struct CatalogEntry {
    let title: String
    let source: SourceMark
    let command: String
    let attributes: [WantedAttribute]
    /// What the line of an attribute is.
    let decider: @Sendable (WantedAttribute) -> String

    /// Every line that says something of it.
    var marks: Set<SourceMark> { Set(attributes.compactMap(\.mark) + [source]) }

    init(_ one: Integration) {
        let vendor = one.vendor.map { " of \($0)" } ?? ""
        title = "an integration\(vendor) of the catalogue, \(one.status), described in \(one.file)"
        source = one.source
        command = "reconcile integrations"
        attributes = one.attributes
        let index = one.source.file
        decider = { attribute in
            attribute.mark?.file == index ? "its row of the index, which goes before its file" : "its own file"
        }
    }

    init(_ check: WantedCheck) {
        title = "required of \(check.environment): \(check.key), or there is the finding \(check.kind)"
        source = check.source
        command = "reconcile findings"
        attributes = check.attributes
        decider = { attribute in
            switch attribute.name {
            case "environment": "the environment that requires it"
            case "kind": "what it is required as"
            default: "the document's own entry"
            }
        }
    }
}

extension WantedCheck {
    /// Under which it is explained.
    fileprivate var entryKey: ResourceKey { ResourceKey(.convergenceCheck, FindingIdentity(self).path) }
}

extension DesiredState {
    /// The entries from which no resource is made, by the key under which they are explained.
    var entries: [ResourceKey: CatalogEntry] {
        var entries: [ResourceKey: CatalogEntry] = [:]
        for one in integrations { entries[ResourceKey(.integration, one.id)] = CatalogEntry(one) }
        for check in checks {
            entries[check.entryKey] = CatalogEntry(check)
        }
        return entries
    }
}

extension Reconciler {
    /// Says where an entry is written from which no resource is made; nil where none is called so.
    ///
    /// - Throws: a `Fault` of the store.
    func explainEntry(_ name: String, in outlook: Outlook) async throws -> EntryExplanation? {
        guard let key = ResourceKey(name), let entry = outlook.desired.entries[key] else { return nil }
        let commits = await source.origins(of: entry.marks, at: outlook.desired.revision)
        let services = try await explainBasis(outlook, of: []).services
        var finding: FindingRecord?
        if key.kind == .convergenceCheck {
            finding = try await store.findings(includesResolved: true).first { $0.identity.path == key.name }
        }
        let origins = entry.attributes.map { attribute in
            let mark = attribute.mark ?? entry.source
            return Provenance.Origin(
                attribute: attribute, mark: mark, decider: entry.decider(attribute), commit: commits[mark],
                isHidden: false)
        }
        return EntryExplanation(
            key: key, title: entry.title, source: entry.source, commit: commits[entry.source], origins: origins,
            outlook: outlook,
            precedence: Provenance.precedence(of: Set(entry.marks.map(\.file)), outlook.desired), finding: finding,
            nextWake: nextWake(nil, services.min { $0.key < $1.key }?.value), command: entry.command)
    }
}
