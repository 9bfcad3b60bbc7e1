internal import Basics
internal import Formats

extension Store {
    /// Who changed what by hand, newest first.
    ///
    /// - Throws: `StoreFault`.
    public func auditLog(limit: Int) async throws(StoreFault) -> [AuditRecord] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [AuditRecord] in
            var records: [AuditRecord] = []
            for row in try db.run(
                "select at, action, target, actor, detail from ops.audit_log order by at desc, id desc limit $1",
                [.int(Int64(max(0, limit)))])
            {
                records.append(try Self.auditRecord(row))
            }
            return records
        }
    }

    /// Appends one record of something that changed nothing else of the store.
    ///
    /// - Throws: `StoreFault`.
    public func record(_ audit: AuditRecord) async throws(StoreFault) {
        let id = identifiers.next(at: audit.at)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.write(audit, id: id, in: db)
        }
    }

    /// Holds every record of the audit log against the chain: nothing changed, nothing missing, nothing slipped in.
    ///
    /// Each link's digest covers its record and the link before, so that whoever changes one record has to write all
    /// later links anew; a copy of ``AuditVerification/head`` kept elsewhere shows even that.
    ///
    /// - Parameter kept: a head of before that was kept elsewhere: the chain has to go on from it.
    /// - Returns: what came of it.
    /// - Throws: `StoreFault` when the store can't be read; what is wrong with the log is in the answer.
    public func verifyAuditLog(since kept: String? = nil) async throws(StoreFault) -> AuditVerification {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> AuditVerification in
            var records: [String: AuditRecord] = [:]
            var order: [String] = []
            for row in try db.run("select at, action, target, actor, detail, id from ops.audit_log order by at, id", [])
            {
                let id = try row.text(5)
                records[id] = try Self.auditRecord(row)
                order.append(id)
            }
            let anchor = try Self.anchor(of: .audit, in: db)
            var result = AuditVerification()
            result.links = anchor?.sequence ?? 0
            result.anchor = anchor
            var previous = anchor?.digest ?? Self.auditOrigin
            var linked: Set<String> = []
            var hasKept = kept == nil || kept == previous
            for row in try db.run(
                "select sequence, audit_id, previous, digest from ops.audit_chain order by sequence", [])
            {
                let (sequence, id) = (try row.int(0), try row.text(1))
                result.links += 1
                linked.insert(id)
                if sequence != Int64(result.links) {
                    result.faults.append(
                        AuditVerification.Fault(
                            id, "link \(result.links) is missing: the next one is number \(sequence)"))
                    result.links = Int(clamping: sequence)
                }
                if try row.text(2) != previous {
                    result.faults.append(
                        AuditVerification.Fault(id, "link \(sequence) doesn't follow from the one before"))
                }
                let digest = try row.text(3)
                if let record = records[id] {
                    if Self.auditDigest(record, id: id, previous: try row.text(2)) != digest {
                        result.faults.append(
                            AuditVerification.Fault(
                                id,
                                "\(record.action) of \(record.target) by \(record.actor) was changed after it was written"
                            ))
                    }
                } else {
                    result.faults.append(AuditVerification.Fault(id, "the record of link \(sequence) is gone"))
                }
                previous = digest
                if kept == digest { hasKept = true }
            }
            var heads: [String: (count: Int64, digest: String)] = [:]
            for row in try db.run("select name, sequence, digest from ops.audit_head", []) {
                heads[try row.text(0)] = (try row.int(1), try row.text(2))
            }
            if heads["audit"] == nil {
                result.faults.append(AuditVerification.Fault("head", "the head of the chain was taken away"))
            }
            let (count, digest) = heads["audit"] ?? (Int64(result.links), previous)
            if count != Int64(result.links) || digest != previous {
                result.faults.append(
                    AuditVerification.Fault("head", "the chain should have \(count.of("link")) and has \(result.links)")
                )
            }
            // What was written before there was a chain stands before its first link, and none of it after a cut.
            let first = anchor == nil ? order.firstIndex(where: linked.contains) ?? order.endIndex : order.startIndex
            result.unchained = order[..<first].count
            for id in order[first...] where !linked.contains(id) {
                result.faults.append(
                    AuditVerification.Fault(id, "a record was slipped in: no link of the chain knows it"))
            }
            result.faults += Self.unchainedFaults(result, heads["unchained"]?.count, isCut: anchor != nil)
            if let kept, !hasKept {
                let cut = anchor.map { ", unless it was cut before \($0.before.minuteText)" } ?? ""
                result.faults.append(
                    AuditVerification.Fault(
                        "head", "the chain doesn't go on from \(kept), which was its head once\(cut)"))
            }
            result.head = previous
            return result
        }
    }

    /// What is wrong with the number of records that no link knows and that stand before the first link.
    ///
    /// - Parameters:
    ///   - result: with how many there are.
    ///   - known: how many there were when the chain began, less those that were cut; nil where that is gone.
    ///   - isCut: whether the chain was cut, and they before it.
    /// - Returns: the faults.
    private static func unchainedFaults(
        _ result: AuditVerification, _ known: Int64?, isCut: Bool
    ) -> [AuditVerification.Fault] {
        guard let known else {
            return [AuditVerification.Fault("head", "how many records are older than the chain was taken away")]
        }
        guard !isCut, known != Int64(result.unchained) else { return [] }
        return [
            AuditVerification.Fault(
                "head",
                "\(known.of("record")) should be older than the chain, and \(result.unchained) "
                    + "\(result.unchained == 1 ? "is" : "are"): some were slipped in or taken out")
        ]
    }

    /// Appends one record to the audit log, and its link to the chain.
    static func write(_ audit: AuditRecord, id: String, in db: any SQLConnection) throws(StoreFault) {
        try db.run(
            "insert into ops.audit_log (id, at, action, target, actor, detail) values ($1, $2, $3, $4, $5, $6)",
            [
                .text(id), .time(audit.at), .text(audit.action), .text(audit.target), .text(audit.actor),
                .json(audit.detail),
            ])
        try db.run(
            "insert into ops.audit_head (name, sequence, digest) values ('audit', 0, $1) on conflict (name) do nothing",
            [.text(auditOrigin)])
        guard
            let head = try db.run(
                "update ops.audit_head set sequence = sequence + 1 where name = 'audit' returning sequence, digest", []
            ).first
        else { throw .unreadable("the head of the audit chain is gone") }
        let (sequence, previous) = (try head.int(0), try head.text(1))
        let digest = auditDigest(audit, id: id, previous: previous)
        try db.run(
            "insert into ops.audit_chain (sequence, audit_id, previous, digest) values ($1, $2, $3, $4)",
            [.int(sequence), .text(id), .text(previous), .text(digest)])
        try db.run("update ops.audit_head set digest = $1 where name = 'audit'", [.text(digest)])
    }

    /// What the first link follows.
    static let auditOrigin = Digest(of: "audit chain 1").description

    private static func auditDigest(_ audit: AuditRecord, id: String, previous: String) -> String {
        let parts = [
            previous, id, audit.at.description, audit.action, audit.target, audit.actor,
            StoredJSON.sortedText(audit.detail),
        ]
        // Lengths keep two records apart whose texts run together to the same.
        return Digest(of: parts.map { "\($0.utf8.count):\($0)" }.joined(separator: "\n")).description
    }

    static func auditRecord(_ row: SQLRow) throws(StoreFault) -> AuditRecord {
        AuditRecord(
            at: try row.time(0), action: try row.text(1), target: try row.text(2), actor: try row.text(3),
            detail: try row.json(4))
    }
}

/// What came of holding the audit log against its chain.
public struct AuditVerification: Sendable, Hashable {
    /// Something that is not as it was written.
    public struct Fault: Sendable, Hashable {
        /// The record's id, or `head`.
        public let record: String
        public let message: String

        init(_ record: String, _ message: String) {
            self.record = record
            self.message = message
        }
    }

    /// The number of the last link; those up to the anchor were cut.
    public internal(set) var links = 0
    /// Where the chain begins, and since when; nil: at its first link.
    public internal(set) var anchor: ChainAnchor?
    /// Records of before there was a chain.
    public internal(set) var unchained = 0
    /// The digest of the last link: kept elsewhere, it shows that even the whole chain was not written anew.
    public internal(set) var head = ""
    public internal(set) var faults: [Fault] = []

    public var isWhole: Bool { faults.isEmpty }
}
