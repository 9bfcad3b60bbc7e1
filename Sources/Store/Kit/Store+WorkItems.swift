public import Basics
import Formats

extension Store {
    /// Brings `ops.work_items` up to a list of the provider, in one transaction.
    ///
    /// - Parameters:
    ///   - items: those that the list has.
    ///   - listedAt: when the list was asked for: what was deleted before it and stands in it is there again.
    /// - Returns: what that changed.
    /// - Throws: `StoreFault`.
    public func putWorkItems(_ items: [WorkItemRecord], listedAt: Timestamp) async throws(StoreFault) -> WorkItemTally {
        guard !items.isEmpty else { return WorkItemTally() }
        let now = time.now
        let rows = items.sorted { $0.reference < $1.reference }.map { (identifiers.next(at: now), $0) }
        let dialect = engine.dialect
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> WorkItemTally in
            var tally = WorkItemTally()
            for (id, item) in rows {
                let outcome = try Self.put(item, id: id, as: .listing(listedAt), dialect, now, in: db)
                tally.outcomes[outcome, default: 0] += 1
            }
            return tally
        }
    }

    /// Marks as gone what a whole list of a project does not have any more.
    ///
    /// What came in after the list was asked for is left alone. A list without a single item proves nothing where items
    /// are known: a token that lost its right sees none, too.
    ///
    /// - Parameters:
    ///   - system: `github` or `plane`.
    ///   - project: the list's.
    ///   - listed: the references that it has.
    ///   - listedAt: when it was asked for.
    /// - Returns: how many.
    /// - Throws: `StoreFault`.
    public func buryWorkItems(
        of system: String, in project: String, notIn listed: Set<String>, listedAt: Timestamp
    ) async throws(StoreFault) -> Int {
        guard !listed.isEmpty else { return 0 }
        let now = time.now
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            guard try Self.mirrors("work_items", in: db) else { return 0 }
            let rows = try db.run(
                """
                select work_item_ref from ops.work_items
                where system = $1 and project_ref = $2 and deleted_at is null and ingested_at < $3
                order by work_item_ref
                """, [.text(system), .text(project), .time(listedAt)])
            var buried = 0
            for row in rows {
                let reference = try row.text(0)
                guard !listed.contains(reference) else { continue }
                try db.run(
                    "update ops.work_items set deleted_at = $2, status = $3, ingested_at = $4 where work_item_ref = $1",
                    [.text(reference), .time(listedAt), .text(WorkItemRecord.goneStatus), .time(now)])
                buried += 1
            }
            return buried
        }
    }

    /// The projects of a system of which work items are known, sorted.
    ///
    /// - Throws: `StoreFault`.
    public func workItemProjects(of system: String) async throws(StoreFault) -> [String] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [String] in
            guard try Self.mirrors("work_items", in: db) else { return [] }
            var projects: [String] = []
            for row in try db.run(
                """
                select distinct project_ref from ops.work_items
                where system = $1 and project_ref is not null and deleted_at is null order by project_ref
                """, [.text(system)])
            {
                projects.append(try row.text(0))
            }
            return projects
        }
    }

    // MARK: One item

    private struct KnownItem {
        let updatedAt: Timestamp?
        let deletedAt: Timestamp?
        /// Project, title, status, assignee, url.
        let texts: [String?]
    }

    static func put(
        _ item: WorkItemRecord, id: String, as witness: WorkItemWitness, _ dialect: SQLDialect, _ now: Timestamp,
        in db: any SQLConnection
    ) throws(StoreFault) -> MirrorOutcome {
        guard try mirrors("work_items", in: db) else { return .unmirrored }
        if try insert(item, id: id, status: item.status ?? "open", deletedAt: nil, now, in: db) { return .created }
        let known = try known(item.reference, dialect, in: db)
        let status = item.status ?? known.texts[2]
        let texts = [item.project, item.title, status, item.assignee, item.url]
        switch witness {
        case .event:
            // Nothing that was said before a deletion brings the item back: only its being there does.
            if known.deletedAt != nil { return .outdated }
        case .listing(let at):
            if let deletedAt = known.deletedAt, at <= deletedAt { return .outdated }
        }
        if let before = known.updatedAt, item.updatedAt < before, known.deletedAt == nil { return .outdated }
        let isSame = texts == known.texts && known.deletedAt == nil
        if isSame, known.updatedAt == item.updatedAt { return .unchanged }
        try db.run(
            """
            update ops.work_items set project_ref = $2, title = $3, status = $4, assignee = $5, url = $6,
              updated_at = $7, ingested_at = $8, deleted_at = null
            where work_item_ref = $1
            """,
            [
                .text(item.reference), .optional(texts[0]), .text(item.title), .text(status ?? "open"),
                .optional(texts[3]), .optional(texts[4]), .time(item.updatedAt), .time(now),
            ])
        return witness == .event && known.updatedAt == item.updatedAt && !isSame ? .contested : .updated
    }

    static func bury(
        _ item: WorkItemRecord, id: String, at instant: Timestamp, _ dialect: SQLDialect, _ now: Timestamp,
        in db: any SQLConnection
    ) throws(StoreFault) -> MirrorOutcome {
        guard try mirrors("work_items", in: db) else { return .unmirrored }
        // The row is kept also of what was never seen: an older event may still be on its way.
        if try insert(item, id: id, status: WorkItemRecord.goneStatus, deletedAt: instant, now, in: db) {
            return .buried
        }
        let known = try known(item.reference, dialect, in: db)
        guard known.deletedAt == nil else { return .unchanged }
        // What it was at the end, where the deletion tells it.
        let isNewer = known.updatedAt.map { item.updatedAt >= $0 } ?? true
        let title = isNewer && !item.title.isEmpty ? item.title : known.texts[1] ?? ""
        let updatedAt = isNewer ? item.updatedAt : known.updatedAt ?? item.updatedAt
        try db.run(
            """
            update ops.work_items set deleted_at = $2, status = $3, ingested_at = $4, title = $5, updated_at = $6
            where work_item_ref = $1
            """,
            [
                .text(item.reference), .time(instant), .text(WorkItemRecord.goneStatus), .time(now), .text(title),
                .time(updatedAt),
            ])
        return .buried
    }

    /// Whether there was none yet.
    private static func insert(
        _ item: WorkItemRecord, id: String, status: String, deletedAt: Timestamp?, _ now: Timestamp,
        in db: any SQLConnection
    ) throws(StoreFault) -> Bool {
        try !db.run(
            """
            insert into ops.work_items (id, work_item_ref, system, external_id, project_ref, title, status, assignee,
              url, updated_at, ingested_at, deleted_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (work_item_ref) do nothing returning id
            """,
            [
                .text(id), .text(item.reference), .text(item.system), .text(item.externalID),
                .optional(item.project), .text(item.title), .text(status), .optional(item.assignee),
                .optional(item.url), .time(item.updatedAt), .time(now), .time(deletedAt),
            ]
        ).isEmpty
    }

    private static func known(
        _ reference: String, _ dialect: SQLDialect, in db: any SQLConnection
    ) throws(StoreFault) -> KnownItem {
        let lock = dialect.rowLock
        guard
            let row = try db.run(
                """
                select updated_at, deleted_at, project_ref, title, status, assignee, url from ops.work_items
                where work_item_ref = $1\(lock)
                """, [.text(reference)]
            ).first
        else { throw .unreadable("the work item \(reference) is gone") }
        return KnownItem(
            updatedAt: try row.optionalTime(0), deletedAt: try row.optionalTime(1),
            texts: (2...6).map { row.optionalText($0) })
    }
}
