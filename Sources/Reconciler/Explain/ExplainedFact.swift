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
    public let outlook: Outlook
    /// Which roots and documents stood against each other, and which won.
    public let precedence: [String]
    /// What a pass found of a check; nil where it found nothing, and for an integration.
    public let finding: FindingRecord?
    public let nextWake: Explanation.Wake
    /// The command that shows it among the others.
    public let command: String
}

extension DesiredState {
    /// The entries from which no resource is made, by the key under which they are explained.
    var entries: [ResourceKey: (title: String, source: SourceMark, command: String)] {
        var entries: [ResourceKey: (title: String, source: SourceMark, command: String)] = [:]
        for one in integrations {
            let vendor = one.vendor.map { " of \($0)" } ?? ""
            entries[ResourceKey(.integration, one.id)] = (
                "an integration\(vendor) of the catalogue, \(one.status), described in \(one.file)", one.source,
                "reconcile integrations"
            )
        }
        for check in checks {
            entries[ResourceKey(.convergenceCheck, "\(check.environment)/\(check.kind)/\(check.key)")] = (
                "required of \(check.environment): \(check.key), or there is the finding \(check.kind)", check.source,
                "reconcile findings"
            )
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
        let commits = await source.origins(of: [entry.source], at: outlook.desired.revision)
        let services = try await explainBasis(outlook, of: []).services
        var finding: FindingRecord?
        if key.kind == .convergenceCheck {
            finding = try await store.findings(includesResolved: true).first { finding in
                let identity = finding.identity
                return "\(identity.environment)/\(identity.kind)/\(identity.key)" == key.name
            }
        }
        return EntryExplanation(
            key: key, title: entry.title, source: entry.source, commit: commits[entry.source], outlook: outlook,
            precedence: Provenance.precedence(of: [entry.source.file], outlook.desired), finding: finding,
            nextWake: nextWake(nil, services.min { $0.key < $1.key }?.value), command: entry.command)
    }
}
