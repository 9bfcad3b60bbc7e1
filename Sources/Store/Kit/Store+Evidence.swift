public import Basics
internal import Formats

extension Store {
    /// The end of the evidence chain; nil before the first link.
    ///
    /// - Throws: `StoreFault`.
    public func evidenceHead() async throws(StoreFault) -> EvidenceHead? {
        try await evidenceChain(limit: 1).first?.head
    }

    /// Adds a link, if the chain still ends where the caller believes; the same link again is given back as it is.
    ///
    /// - Parameters:
    ///   - runID: the run whose evidence it is.
    ///   - manifest: the digest of its manifest.
    ///   - previous: the manifest at the end of the chain; nil for the first link.
    /// - Returns: the new end.
    /// - Throws: `StoreFault` of kind `fenced` when the chain ends elsewhere.
    public func appendEvidence(
        runID: String, manifest: Digest, previous: Digest?
    ) async throws(StoreFault) -> EvidenceHead {
        try Self.check(runID: runID)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> EvidenceHead in
            // SQLite lets one transaction write at a time; here the second waits and then sees the moved end.
            if engine.dialect == .postgres { try db.run("lock table ops.evidence_chain in exclusive mode") }
            let head = try Self.links(in: db, "order by sequence desc limit 1", []).first
            if let head, head.runID == runID, head.manifest == manifest, head.previous == previous { return head.head }
            guard head?.manifest == previous else {
                throw .evidenceMoved(
                    expected: previous?.description ?? "nothing", found: head?.manifest.description ?? "nothing")
            }
            let sequence = (head?.sequence ?? 0) + 1
            try db.run(
                """
                insert into ops.evidence_chain (sequence, run_id, manifest, previous, created_at)
                values ($1, $2, $3, $4, $5)
                """,
                [
                    .int(Int64(sequence)), .text(runID), .text(manifest.description), .optional(previous?.description),
                    .time(time.now),
                ])
            return EvidenceHead(runID: runID, manifest: manifest, sequence: sequence)
        }
    }

    /// The link of one run; nil when it has none.
    ///
    /// - Throws: `StoreFault`.
    public func evidence(ofRun runID: String) async throws(StoreFault) -> EvidenceLink? {
        try Self.check(runID: runID)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> EvidenceLink? in
            try Self.links(in: db, "where run_id = $1 order by sequence desc limit 1", [.text(runID)]).first
        }
    }

    /// The latest links, newest first.
    ///
    /// - Throws: `StoreFault`.
    public func evidenceChain(limit: Int) async throws(StoreFault) -> [EvidenceLink] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [EvidenceLink] in
            try Self.links(in: db, "order by sequence desc limit $1", [.int(Int64(max(0, limit)))])
        }
    }

    static func links(
        in db: any SQLConnection, _ rest: String, _ binds: [SQLValue]
    ) throws(StoreFault) -> [EvidenceLink] {
        var links: [EvidenceLink] = []
        for row in try db.run(
            "select sequence, run_id, manifest, previous, created_at from ops.evidence_chain \(rest)", binds)
        {
            guard let manifest = Digest(try row.text(2)) else {
                throw .unreadable("link \(try row.int(0)) of ops.evidence_chain holds no digest")
            }
            links.append(
                EvidenceLink(
                    runID: try row.text(1), manifest: manifest, previous: row.optionalText(3).flatMap { Digest($0) },
                    sequence: Int(clamping: try row.int(0)), at: try row.time(4)))
        }
        return links
    }
}

/// What the store says of a run's evidence and of the chain that it is in, all as of one instant.
public struct EvidenceAccount: Sendable {
    /// The link of the run; nil when it has none.
    public let link: EvidenceLink?
    /// All links that are left, newest first.
    public let links: [EvidenceLink]
    /// Where the chain begins; nil: at its first link.
    public let anchor: ChainAnchor?
    /// The last link whose objects may be gone; 0: none.
    public let artifacts: Int
    /// The steps of the run.
    public let steps: [JournalEntry]
    /// What runs say that their evidence is, of which the chain has no link although it was not cut.
    public let lost: [EvidenceHead]
}

extension Store {
    /// What there is to hold a run's evidence against.
    ///
    /// - Throws: `StoreFault`.
    public func evidenceAccount(ofRun runID: String) async throws(StoreFault) -> EvidenceAccount {
        try Self.check(runID: runID)
        // At once: between two looks a pass adds a link, or retention cuts some, and one would seem to be missing.
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> EvidenceAccount in
            let anchor = try Self.anchor(of: .evidence, in: db)
            let links = try Self.links(in: db, "order by sequence desc", [])
            return EvidenceAccount(
                link: links.first { $0.runID == runID }, links: links, anchor: anchor,
                artifacts: try Self.anchor(of: .artifacts, in: db)?.sequence ?? 0,
                steps: try Self.steps(ofRun: runID, in: db),
                lost: try Self.lostLinks(in: db).filter { $0.sequence > anchor?.sequence ?? 0 })
        }
    }

    /// What runs say of evidence of which no link is left.
    private static func lostLinks(in db: any SQLConnection) throws(StoreFault) -> [EvidenceHead] {
        var lost: [EvidenceHead] = []
        // A run says so once its link is written, and never before.
        for row in try db.run(
            """
            select id, metadata from ops.runs
            where agent = 'odooops-reconciler' and metadata ->> 'evidence' is not null
              and not exists (select 1 from ops.evidence_chain e where e.run_id = ops.runs.id)
            order by id
            """)
        {
            let claim = try row.json(1)["evidence"]
            guard let manifest = claim?["manifest"]?.stringValue.flatMap({ Digest($0) }),
                let sequence = claim?["sequence"]?.intValue
            else { continue }
            lost.append(EvidenceHead(runID: try row.text(0), manifest: manifest, sequence: Int(clamping: sequence)))
        }
        return lost
    }
}
