public import Basics
import DesiredState
public import Store

/// How long what runs leave behind is kept.
public struct RetentionRule: Sendable, Hashable {
    /// The audit log, the chain of evidence with its manifests, runs and their steps; and what has come to its end: findings,
    /// differences, what people said of them, approvals, notices, messages, maintenance and pull requests.
    public var audit = Duration.days(90)
    /// What evidence is about (plans, observations, exchanges), and the events of runs.
    public var artifacts = Duration.days(30)

    public init() {}
}

/// Cuts what is older than its time, and leaves both chains verifiable: what the first link that stays has to follow is
/// kept as an anchor.
public struct Retention: Sendable {
    let store: Store
    let evidence: EvidenceStore
    let rule: RetentionRule
    let time: any TimeSource
    /// Who cuts, for the audit log and the lease.
    let holder: String

    public init(store: Store, evidence: EvidenceStore, rule: RetentionRule, time: any TimeSource, holder: String) {
        self.store = store
        self.evidence = evidence
        self.rule = rule
        self.time = time
        self.holder = holder
    }

    /// What was cut, or would be.
    public struct Report: Sendable {
        /// Everything of the audit before it goes.
        public let auditBefore: Timestamp
        public let artifactsBefore: Timestamp
        public var auditRecords = 0
        public var evidenceLinks = 0
        /// Those of them whose evidence isn't on this disk, and was not looked at: another process has it.
        public var evidenceElsewhere = 0
        public var runs = Store.RunRemains()
        /// What had come to its end, by table.
        public var past: [Store.PastRows] = []
        public var objects = 0
        public var bytes = 0
        /// Another process was at it.
        public var isTaken = false
    }

    private static let leaseName = "retention"
    /// Between two cuts of a service.
    static let interval = Duration.days(1)

    /// Cuts, when the last cut was a day ago; nil where it was not.
    ///
    /// The rows of the store are one matter of all processes that share it, the objects of evidence one of each disk.
    ///
    /// - Throws: `StoreFault`, or an `EvidenceFault` where the chain isn't whole: a cut would hide that.
    public func runIfDue() async throws -> Report? {
        let now = time.now
        // A last cut in the future was written by a clock that went wrong.
        func isFresh(_ last: Timestamp) -> Bool { last <= now && now - last < Self.interval }
        guard try await store.lastRetention().map(isFresh) ?? false else { return try await run(isDryRun: false) }
        guard await Self.files.run({ [evidence] in evidence.lastCut }).map(isFresh) != true,
            let anchor = try await store.anchor(of: .artifacts)
        else { return nil }
        // No further than the chain says by now that its objects went.
        var report = Report(auditBefore: now - rule.audit, artifactsBefore: min(anchor.before, artifactsEnd(now)))
        try await cutObjects(&report, isDryRun: false)
        return report
    }

    /// Cuts everything that is older than its time.
    ///
    /// - Parameter isDryRun: only counts.
    /// - Returns: how much goes.
    /// - Throws: `StoreFault`, or an `EvidenceFault` where the chain isn't whole: a cut would hide that.
    public func run(isDryRun: Bool) async throws -> Report {
        let now = time.now
        var report = Report(auditBefore: now - rule.audit, artifactsBefore: artifactsEnd(now))
        var lease: Lease?
        if !isDryRun {
            lease = try await store.acquireLease(
                name: Self.leaseName, holder: "\(holder)/\(Self.leaseName)", lasting: .hours(1))
            guard lease != nil else {
                report.isTaken = true
                return report
            }
        }
        do {
            try await cut(&report, isDryRun: isDryRun)
            if !isDryRun { try await store.noteRetention() }
        } catch {
            if let lease { try? await store.releaseLease(lease) }
            throw error
        }
        if let lease { try? await store.releaseLease(lease) }
        return report
    }

    private func cut(_ report: inout Report, isDryRun: Bool) async throws {
        report.auditRecords = try await store.cutAuditLog(
            before: report.auditBefore, isDryRun: isDryRun, by: holder)
        if let link = try await store.lastEvidence(before: report.auditBefore) {
            let anchor = try await store.anchor(of: .evidence)
            let horizon = EvidenceHorizon(anchor, artifacts: link.sequence)
            let chain = try await store.evidenceChain(limit: .max).sorted { $0.sequence < $1.sequence }
            let going = chain.prefix { $0.sequence <= link.sequence }.count
            let links = Array(chain.prefix(going + 1))
            let remains = try await Self.files.run { [evidence] () throws(EvidenceFault) in
                try evidence.check(links, through: link.sequence, since: horizon)
            }
            report.evidenceElsewhere = remains.elsewhere
            report.evidenceLinks = link.sequence - (anchor?.sequence ?? 0)
            if !isDryRun {
                try await store.cutEvidence(.evidence, through: link, before: report.auditBefore, by: holder)
            }
        }
        // What stands in the chain first says that its objects went, then they go: a crash between leaves too much.
        if !isDryRun, let link = try await store.lastEvidence(before: report.artifactsBefore) {
            try await store.cutEvidence(.artifacts, through: link, before: report.artifactsBefore, by: holder)
        }
        report.runs = try await store.cutRuns(
            artifacts: report.artifactsBefore, runs: report.auditBefore, isDryRun: isDryRun)
        report.past = try await store.cutPast(before: report.auditBefore, isDryRun: isDryRun)
        try await cutObjects(&report, isDryRun: isDryRun)
    }

    private func artifactsEnd(_ now: Timestamp) -> Timestamp { now - min(rule.artifacts, rule.audit) }

    /// Deletes what is old on this disk.
    private func cutObjects(_ report: inout Report, isDryRun: Bool) async throws {
        var manifests: Set<Digest> = []
        for link in try await store.evidenceChain(limit: .max)
        where !isDryRun || link.at >= report.auditBefore { manifests.insert(link.manifest) }
        let (evidence, before, kept, now) = (evidence, report.artifactsBefore, manifests, time.now)
        (report.objects, report.bytes) = await Self.files.run {
            let cut = evidence.cut(before: before, keeping: kept, isDryRun: isDryRun)
            if !isDryRun { evidence.noteCut(at: now) }
            return cut
        }
    }

    /// A walk over the objects blocks.
    private static let files = ThreadPool(threads: 1)
}
