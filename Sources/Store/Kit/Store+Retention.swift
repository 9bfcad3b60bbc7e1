public import Basics
internal import Formats

/// Where a chain begins after its oldest links were cut: what the first link that is left has to follow.
public struct ChainAnchor: Sendable, Hashable {
    /// The chains of which old links are cut.
    public enum Chain: String, Sendable, Hashable, CaseIterable {
        case audit, evidence
        /// The objects of evidence: their manifests stay in the chain for longer.
        case artifacts
    }

    /// The number of the last link that was cut.
    public let sequence: Int
    /// Its digest.
    public let digest: String
    /// Everything before this instant was cut.
    public let before: Timestamp
    public let cutAt: Timestamp

    public init(sequence: Int, digest: String, before: Timestamp, cutAt: Timestamp) {
        self.sequence = sequence
        self.digest = digest
        self.before = before
        self.cutAt = cutAt
    }

    var value: Value {
        [
            "sequence": .int(Int64(sequence)), "digest": .string(digest), "before": .string(before.description),
            "cut_at": .string(cutAt.description),
        ]
    }

    init?(_ value: Value) {
        guard let sequence = value["sequence"]?.intValue.flatMap({ Int(exactly: $0) }),
            let digest = value["digest"]?.stringValue,
            let before = value["before"]?.instantValue,
            let cutAt = value["cut_at"]?.instantValue
        else { return nil }
        self.init(sequence: sequence, digest: digest, before: before, cutAt: cutAt)
    }
}

extension Store {
    /// Where a chain begins; nil where nothing of it was ever cut.
    ///
    /// - Throws: `StoreFault`.
    public func anchor(of chain: ChainAnchor.Chain) async throws(StoreFault) -> ChainAnchor? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> ChainAnchor? in
            try Self.anchor(of: chain, in: db)
        }
    }

    static func anchor(of chain: ChainAnchor.Chain, in db: any SQLConnection) throws(StoreFault) -> ChainAnchor? {
        guard let value = try state(key(of: chain), in: db) else { return nil }
        guard let anchor = ChainAnchor(value) else {
            throw .unreadable("the anchor of the chain \(chain.rawValue) in ops.reconcile_state")
        }
        return anchor
    }

    private static func key(of chain: ChainAnchor.Chain) -> String { "anchor.\(chain.rawValue)" }

    private static func write(
        _ anchor: ChainAnchor, of chain: ChainAnchor.Chain, in db: any SQLConnection
    ) throws(StoreFault) {
        try setState(key(of: chain), anchor.value, at: anchor.cutAt, in: db)
    }

    // MARK: The audit log

    /// Cuts the records of the audit log that are older than an instant, and keeps what the next one follows.
    ///
    /// The cut is itself a record of the log, which names the digest of the last link that went.
    ///
    /// - Parameters:
    ///   - instant: what is older goes, as far as nothing newer stands before it.
    ///   - isDryRun: only counts.
    ///   - actor: who cuts, for the log.
    /// - Returns: how many records go.
    /// - Throws: `StoreFault`, of code `STORE-0050` where the chain isn't whole: a cut would hide that.
    public func cutAuditLog(
        before instant: Timestamp, isDryRun: Bool, by actor: String
    ) async throws(StoreFault) -> Int {
        let verification = try await verifyAuditLog()
        guard verification.isWhole else { throw .brokenChain("audit log", verification.faults.first?.message ?? "") }
        let now = time.now
        let id = identifiers.next(at: now)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            var old: Set<String> = []
            for row in try db.run("select id from ops.audit_log where at < $1", [.time(instant)]) {
                old.insert(try row.text(0))
            }
            var last: (sequence: Int64, digest: String)?
            var chained: Set<String> = []
            var isCutting = true
            for row in try db.run("select audit_id, sequence, digest from ops.audit_chain order by sequence") {
                let audit = try row.text(0)
                isCutting = isCutting && old.contains(audit)
                if isCutting { last = (try row.int(1), try row.text(2)) } else { old.remove(audit) }
                chained.insert(audit)
            }
            guard !isDryRun, !old.isEmpty else { return old.count }
            for record in old.sorted() { try db.run("delete from ops.audit_log where id = $1", [.text(record)]) }
            // What no link knows is of before the chain; what of it stays is still that.
            let older = old.count { !chained.contains($0) }
            if older > 0 {
                try db.run(
                    "update ops.audit_head set sequence = sequence - $1 where name = 'unchained'", [.int(Int64(older))])
            }
            if let last {
                try db.run("delete from ops.audit_chain where sequence <= $1", [.int(last.sequence)])
                try Self.write(
                    ChainAnchor(
                        sequence: Int(clamping: last.sequence), digest: last.digest, before: instant, cutAt: now),
                    of: .audit, in: db)
            }
            try Self.write(
                Self.record(
                    of: .audit, cut: old.count, through: last?.sequence, last?.digest, before: instant, at: now, actor),
                id: id, in: db)
            return old.count
        }
    }

    private static func record(
        of chain: ChainAnchor.Chain, cut: Int, through sequence: Int64?, _ digest: String?, before instant: Timestamp,
        at now: Timestamp, _ actor: String
    ) -> AuditRecord {
        AuditRecord(
            at: now, action: "retention.cut", target: chain.rawValue, actor: actor,
            detail: [
                "before": .string(instant.description), "records": .int(Int64(cut)),
                "through": sequence.map { .int($0) } ?? .null, "digest": digest.map { .string($0) } ?? .null,
            ])
    }

    // MARK: Evidence

    /// The last link of the evidence chain that is older than an instant; nil where none is, or only the newest.
    ///
    /// - Throws: `StoreFault`.
    public func lastEvidence(before instant: Timestamp) async throws(StoreFault) -> EvidenceLink? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> EvidenceLink? in
            // The newest stays whatever its age: the next link follows from it.
            try Self.links(
                in: db,
                """
                where sequence < (select coalesce(min(kept.sequence), 9223372036854775807)
                    from ops.evidence_chain kept where kept.created_at >= $1)
                  and sequence < (select max(newest.sequence) from ops.evidence_chain newest)
                order by sequence desc limit 1
                """, [.time(instant)]
            ).first
        }
    }

    /// Cuts the chain of evidence up to a link, and keeps what the next one follows; of `artifacts`, only says so.
    ///
    /// - Parameters:
    ///   - chain: `evidence`, or `artifacts` where only the objects of those runs go.
    ///   - link: the last that goes.
    ///   - instant: everything before it went.
    ///   - actor: who cuts, for the audit log.
    /// - Returns: how many links went.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func cutEvidence(
        _ chain: ChainAnchor.Chain, through link: EvidenceLink, before instant: Timestamp, by actor: String
    ) async throws(StoreFault) -> Int {
        let now = time.now
        let id = identifiers.next(at: now)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            let first = try Self.anchor(of: chain, in: db)?.sequence ?? 0
            guard link.sequence > first else { return 0 }
            if chain == .evidence {
                try db.run("delete from ops.evidence_chain where sequence <= $1", [.int(Int64(link.sequence))])
            }
            try Self.write(
                ChainAnchor(
                    sequence: link.sequence, digest: link.manifest.description, before: instant, cutAt: now),
                of: chain, in: db)
            try Self.write(
                Self.record(
                    of: chain, cut: link.sequence - first, through: Int64(link.sequence), link.manifest.description,
                    before: instant, at: now, actor), id: id, in: db)
            return link.sequence - first
        }
    }

    // MARK: Runs

    /// What runs left in the store, and how much of it there is.
    public struct RunRemains: Sendable, Hashable {
        public var events = 0
        public var plans = 0
        public var runs = 0
        public var steps = 0

        public init() {}
    }

    /// Deletes what runs left that is older than an instant: of `artifacts` their events and plans, of `runs` also they
    /// themselves and their settled steps.
    ///
    /// A run of which evidence is left, or a step that is open, stays, and so does whatever another program wrote.
    ///
    /// - Parameters:
    ///   - artifacts: the end of events and plans.
    ///   - runs: the end of runs and steps.
    ///   - isDryRun: only counts.
    /// - Returns: how much.
    /// - Throws: `StoreFault`.
    public func cutRuns(
        artifacts: Timestamp, runs: Timestamp, isDryRun: Bool
    ) async throws(StoreFault) -> RunRemains {
        let ours = "select id from ops.runs where agent = 'odooops-reconciler'"
        let isOver = """
            completed_at < $1 and agent = 'odooops-reconciler'
            and not exists (select 1 from ops.evidence_chain e where e.run_id = ops.runs.id)
            and not exists (select 1 from ops.reconcile_steps s where s.run_id = ops.runs.id)
            """
        var remains = RunRemains()
        remains.events = try await cut(
            "ops.run_events", "id", "timestamp < $1 and run_id in (\(ours))", artifacts, isDryRun)
        remains.plans = try await cut("ops.plans", "run_id", "created_at < $1", artifacts, isDryRun)
        remains.steps = try await cut(
            "ops.reconcile_steps", "run_id", "finished_at < $1 and state in ('done', 'failed')", runs, isDryRun)
        // With a plan goes that it planned something for an environment, unless it also did something for that.
        if !isDryRun {
            let didNothing = """
                began_at < $1 and not exists (select 1 from ops.reconcile_steps s
                  where s.run_id = ops.run_environments.run_id and s.environment = ops.run_environments.environment)
                """
            _ = try await cut("ops.run_environments", "run_id", didNothing, artifacts, isDryRun)
        }
        // Copies for the existing console, which say nothing that isn't counted already.
        for (table, condition, end) in [
            ("artifacts", "kind = 'reconcile_plan'", artifacts),
            ("deployments", "artifacts_json ->> 'run_id' is not null", runs),
        ] {
            guard !isDryRun, try await isMirrored(table) else { continue }
            _ = try await cut("ops.\(table)", "id", "created_at < $1 and \(condition)", end, isDryRun)
        }
        remains.runs = try await cut("ops.runs", "id", isOver, runs, isDryRun)
        return remains
    }

    func isMirrored(_ table: String) async throws(StoreFault) -> Bool {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in try Self.mirrors(table, in: db) }
    }

    /// Deletes rows in portions, so that whoever writes meanwhile never waits long.
    func cut(
        _ table: String, _ key: String, _ condition: String, _ instant: Timestamp, _ isDryRun: Bool
    ) async throws(StoreFault) -> Int {
        if isDryRun {
            return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Int in
                let row = try db.run("select count(*) from \(table) where \(condition)", [.time(instant)]).first
                return try Int(clamping: row?.int(0) ?? 0)
            }
        }
        var total = 0
        while true {
            let count = try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
                try db.run(
                    """
                    delete from \(table) where \(condition) and \(key) in
                      (select \(key) from \(table) where \(condition) limit 2000)
                    returning 1
                    """, [.time(instant)]
                ).count
            }
            total += count
            if count == 0 { return total }
        }
    }

    // MARK: When

    /// When what is old was last cut; nil: never.
    ///
    /// - Throws: `StoreFault`.
    public func lastRetention() async throws(StoreFault) -> Timestamp? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Timestamp? in
            try db.run("select updated_at from ops.reconcile_state where key = 'retention'").first?.time(0)
        }
    }

    /// Remembers that what is old was cut.
    ///
    /// - Throws: `StoreFault`.
    public func noteRetention() async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                insert into ops.reconcile_state (key, value, updated_at) values ('retention', $1, $2)
                on conflict (key) do update set updated_at = excluded.updated_at
                """, [.json(.object([:])), .time(now)])
        }
    }
}
