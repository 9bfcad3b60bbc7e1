public import Basics
import DesiredState
import Formats

extension Store {
    /// How long a finding that goes on may show an old `last_seen`: more often would be a write for each pass.
    private static let signOfLife = Duration.hours(1)

    /// Those that are not over: by two ranges, for which the index of the status counts, as it doesn't for `<>`.
    private static let stand = "where status < 'resolved' or status > 'resolved'"

    /// Who wrote a row: what other programs write there is theirs.
    private static let author: Value = "reconcile"

    /// Brings `ops.convergence_findings` up to what was seen: opens, escalates, acknowledges and resolves.
    ///
    /// A finding that comes back begins anew: its first sight is now, and nothing of its earlier end stays. What could
    /// not be looked at keeps its row as it is. Writes nothing where nothing changed, but for an hourly sign of life.
    ///
    /// What moves is told in the same transaction, but for what people have acknowledged. What was told is told to be over,
    /// whoever acknowledged it meanwhile, and told again where it stands when an acknowledgement ends.
    ///
    /// - Parameters:
    ///   - findings: what is not as it has to be.
    ///   - runID: of the run that has seen it.
    ///   - now: when.
    ///   - isUnknown: whether nobody could look for a finding that is not among them, so that it is not over.
    /// - Returns: what is new, what has stood too long, and what is over.
    /// - Throws: `StoreFault`.
    public func recordFindings(
        _ findings: [Finding], runID: String? = nil, at now: Timestamp,
        isUnknown: @escaping @Sendable (FindingIdentity) -> Bool
    ) async throws(StoreFault) -> FindingDelta {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> FindingDelta in
            guard try Self.mirrors("convergence_findings", in: db) else { return FindingDelta() }
            var known: [FindingIdentity: FindingRecord] = [:]
            // What is over says nothing of what is seen: one that comes back begins anew.
            for record in try Self.findings(where: Self.stand, in: db) {
                known[record.identity] = record
            }
            var delta = FindingDelta()
            var notices: [Notice] = []
            var seen: Set<FindingIdentity> = []
            for finding in findings where seen.insert(finding.identity).inserted {
                let before = known[finding.identity]
                guard let after = try write(finding, before: before, now, &delta, in: db) else { continue }
                if let notice = Self.notice(of: after, before: before, runID, now) { notices.append(notice) }
            }
            for (identity, record) in known where !seen.contains(identity) {
                let isOurs = identity.kind == "drift" || record.evidence["by"] == Self.author
                guard isOurs, !isUnknown(identity) else { continue }
                try db.run(
                    """
                    update ops.convergence_findings set status = 'resolved', resolved_at = $4, updated_at = $4
                    where env = $1 and kind = $2 and key = $3
                    """, Self.binds(identity) + [.time(now)])
                delta.resolved.append(identity)
                guard try Self.wasTold(record, in: db) else { continue }
                notices.append(
                    Notice(
                        .findingResolved, of: identity.key, environment: identity.ownEnvironment, at: now, runID: runID,
                        payload: ["kind": .string(identity.kind), "since": .string(record.firstSeen.description)],
                        dedupe: identity.dedupe(record.firstSeen)))
            }
            _ = try write(notices.sorted { $0.dedupeKey.precedesByBytes($1.dedupeKey) }, in: db)
            delta.opened.sort()
            delta.escalated.sort()
            delta.resolved.sort()
            return delta
        }
    }

    /// - Returns: what stands there now; nil where nothing was written.
    private func write(
        _ finding: Finding, before: FindingRecord?, _ now: Timestamp, _ delta: inout FindingDelta,
        in db: any SQLConnection
    ) throws(StoreFault) -> FindingRecord? {
        let isNew = before == nil
        let firstSeen = finding.since ?? (isNew ? now : before?.firstSeen ?? now)
        let escalatesAt = finding.escalatesAfter.map { firstSeen + $0 }
        let status: FindingRecord.Status =
            finding.isAcknowledged ? .acknowledged : (escalatesAt.map { $0 <= now } ?? false) ? .escalated : .open
        var evidence = finding.evidence.objectValue ?? Value.Object()
        evidence["by"] = Self.author
        if status == .escalated { evidence["escalated_at"] = .string((escalatesAt ?? now).description) }
        evidence["told_at"] = Self.toldAt(status, before, now)
        let sorted = StoredJSON.sorted(.object(evidence))
        if let before, before.status == status, before.evidence == sorted, before.firstSeen == firstSeen,
            before.suggestedAction == finding.suggestedAction, now - before.lastSeen < Self.signOfLife
        {
            return nil
        }
        if isNew { delta.opened.append(finding.identity) }
        if status == .escalated, before?.status != .escalated { delta.escalated.append(finding.identity) }
        try db.run(
            """
            insert into ops.convergence_findings (id, env, kind, key, status, evidence, suggested_action, first_seen,
              last_seen, created_at, updated_at)
            values ($4, $1, $2, $3, $5, $6, $7, $8, $9, $9, $9)
            on conflict (env, kind, key) do update
            set status = excluded.status, evidence = excluded.evidence, suggested_action = excluded.suggested_action,
              first_seen = excluded.first_seen, last_seen = excluded.last_seen, resolved_at = null,
              updated_at = excluded.updated_at
            """,
            Self.binds(finding.identity) + [
                .text(identifiers.next(at: now)), .text(status.rawValue), .jsonb(sorted),
                .text(finding.suggestedAction), .time(firstSeen), .time(now),
            ])
        return FindingRecord(
            identity: finding.identity, status: status, evidence: sorted, suggestedAction: finding.suggestedAction,
            firstSeen: firstSeen, lastSeen: now, resolvedAt: nil)
    }

    /// When people were told of a finding, this time included; nil where they weren't.
    private static func toldAt(
        _ status: FindingRecord.Status, _ before: FindingRecord?, _ now: Timestamp
    ) -> Value? {
        guard let before else { return status == .acknowledged ? nil : .string(now.description) }
        // A row of before this was kept was told as it stood.
        let earlier =
            before.evidence["told_at"]
            ?? (before.status == status || before.status == .acknowledged
                ? nil : .string(before.firstSeen.description))
        switch status {
        case .open where before.status == .acknowledged, .escalated where before.status != .escalated:
            return .string(now.description)
        default: return earlier
        }
    }

    /// Whether people were told of a finding that is over, so that they have to be told that it is.
    private static func wasTold(_ record: FindingRecord, in db: any SQLConnection) throws(StoreFault) -> Bool {
        if record.status != .acknowledged || record.evidence["told_at"] != nil { return true }
        // Acknowledged before it was kept in the row: its notice says so.
        let key = record.identity.dedupe(record.firstSeen)
        let keys = [Notice.Kind.findingOpened, .findingEscalated].map {
            SQLValue.text(Notice.dedupeKey($0, of: record.identity.key, key))
        }
        return !(try db.run("select 1 from ops.reconcile_notices where dedupe_key in ($1, $2)", keys)).isEmpty
    }

    /// What people should be told of a finding that was written; nil where nothing has moved for them.
    private static func notice(
        of record: FindingRecord, before: FindingRecord?, _ runID: String?, _ now: Timestamp
    ) -> Notice? {
        let wasTold = before.map { $0.status == .open || $0.status == .escalated } ?? false
        let kind: Notice.Kind
        switch record.status {
        case .escalated where before?.status != .escalated: kind = .findingEscalated
        case .open where !wasTold: kind = .findingOpened
        default: return nil
        }
        let identity = record.identity
        // Whoever acknowledged it is told when that has ended: by the last word on it while it was acknowledged.
        let again = before.flatMap { $0.status == .acknowledged ? " \($0.lastSeen)" : nil } ?? ""
        return Notice(
            kind, of: identity.key, environment: identity.ownEnvironment, at: now, runID: runID,
            payload: [
                "kind": .string(identity.kind), "since": .string(record.firstSeen.description),
                "why": record.evidence["why"] ?? record.evidence["cause"] ?? .null,
                "action": record.suggestedAction.map { .string($0) } ?? .null,
            ], dedupe: identity.dedupe(record.firstSeen) + again)
    }

    /// The findings, those that stand first, each group sorted by environment, kind and key.
    ///
    /// - Parameter includesResolved: also those that are over.
    /// - Returns: one record for each row.
    /// - Throws: `StoreFault`.
    public func findings(includesResolved: Bool = false) async throws(StoreFault) -> [FindingRecord] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [FindingRecord] in
            guard try Self.mirrors("convergence_findings", in: db) else { return [] }
            let all = try Self.findings(where: includesResolved ? "" : Self.stand, in: db)
            return all.sorted { a, b in
                let (overA, overB) = (a.status == .resolved, b.status == .resolved)
                return overA == overB ? a.identity < b.identity : overB
            }
        }
    }

    private static func binds(_ identity: FindingIdentity) -> [SQLValue] {
        [.text(identity.environment), .text(identity.kind), .text(identity.key)]
    }

    private static func findings(
        where condition: String, in db: any SQLConnection
    ) throws(StoreFault) -> [FindingRecord] {
        var records: [FindingRecord] = []
        for row in try db.run(
            """
            select env, kind, key, status, evidence, suggested_action, first_seen, last_seen, resolved_at
            from ops.convergence_findings \(condition)
            """)
        {
            let identity = FindingIdentity(environment: try row.text(0), kind: try row.text(1), key: try row.text(2))
            // Columns that another program may leave empty.
            let firstSeen = try row.optionalTime(6) ?? Timestamp(seconds: 0)
            records.append(
                FindingRecord(
                    identity: identity, status: FindingRecord.Status(rawValue: try row.text(3)) ?? .open,
                    evidence: try row.jsonb(4), suggestedAction: row.optionalText(5), firstSeen: firstSeen,
                    lastSeen: try row.optionalTime(7) ?? firstSeen, resolvedAt: try row.optionalTime(8)))
        }
        return records
    }
}

extension FindingIdentity {
    /// One that comes back is another one.
    fileprivate func dedupe(_ firstSeen: Timestamp) -> String { "\(environment)/\(kind)/\(firstSeen)" }
}
