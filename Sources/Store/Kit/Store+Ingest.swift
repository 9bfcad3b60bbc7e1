public import Basics
import DesiredState
public import Diff
import Formats

/// What keeping the inventory of a provider came to.
public struct IngestReport: Sendable, Hashable {
    /// Rows that are new or other than before.
    public let changed: Int
    /// Rows of what was found gone.
    public let vanished: Int
    /// Whether it was written down as an ingest of its own.
    public let isRecorded: Bool

    public init(changed: Int, vanished: Int, isRecorded: Bool) {
        self.changed = changed
        self.vanished = vanished
        self.isRecorded = isRecorded
    }
}

extension Store {
    /// How long nothing is written where nothing changed.
    public static let ingestInterval = Duration.hours(1)

    /// Whether an hour has passed since the inventory was last kept.
    ///
    /// - Throws: `StoreFault`.
    public func isIngestDue(at now: Timestamp) async throws(StoreFault) -> Bool {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            Self.isDue(try Self.ingestState(in: db), at: now)
        }
    }

    /// Keeps what DigitalOcean holds in `ops.do_droplets`, `ops.do_databases` and `ops.do_firewalls`.
    ///
    /// Writes nothing where nothing changed since less than an hour. What is not there any more gets an instant in
    /// `deleted_at`, and only when the whole kind was seen; nothing is ever deleted.
    ///
    /// - Parameters:
    ///   - kinds: what was seen; kinds that have no table are left out.
    ///   - runID: the run that saw it.
    ///   - trigger: why it ran.
    ///   - startedAt: when it began to look.
    ///   - now: when.
    /// - Returns: how many rows were written.
    /// - Throws: `StoreFault`.
    public func ingest(
        _ kinds: [ObservedKind], runID: String, trigger: RunTrigger, startedAt: Timestamp, at now: Timestamp
    ) async throws(StoreFault) -> IngestReport {
        try Self.check(runID: runID)
        let seen = kinds.filter { InventoryTable.of($0.kind) != nil }.sorted { $0.kind < $1.kind }
        let digests = seen.map { ($0.kind.name, InventoryTable.digest($0).hex) }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> IngestReport in
            let state = try Self.ingestState(in: db)
            let isDue = Self.isDue(state, at: now)
            let known = state["digests"]
            let fresh = zip(seen, digests).filter { isDue || known?[$1.0]?.stringValue != $1.1 }.map(\.0)
            guard !fresh.isEmpty else { return IngestReport(changed: 0, vanished: 0, isRecorded: false) }
            let numbers = Dictionary(
                (seen.first { $0.kind == .droplet }?.resources ?? []).map { ($0.key.name, $0.providerID) },
                uniquingKeysWith: { first, _ in first })
            var (changed, vanished) = (0, 0)
            var counts = Value.Object()
            for kind in fresh {
                guard let table = InventoryTable.of(kind.kind), try Self.mirrors(table.name, in: db) else { continue }
                let (more, gone) = try Self.keep(kind, in: table, numbers, now, db)
                changed += more
                vanished += gone
                counts[String(table.name.dropFirst(3))] = .int(Int64(kind.resources.count))
            }
            counts["changed"] = .int(Int64(changed))
            counts["vanished"] = .int(Int64(vanished))
            let isRecorded = try Self.mirrors("do_ingest_runs", in: db)
            if isRecorded {
                let reasons = fresh.compactMap { $0.completeness.isComplete ? nil : "\($0.kind): \($0.reason)" }
                let isLost = fresh.allSatisfy(\.isUnknown)
                try db.run(
                    """
                    insert into ops.do_ingest_runs (run_id, started_at, finished_at, status, counts, last_error,
                      triggered_by)
                    values ($1, $2, $3, $4, $5, $6, $7) on conflict (run_id) do nothing
                    """,
                    [
                        .text(runID), .time(startedAt), .time(now),
                        .text(reasons.isEmpty ? "success" : isLost ? "error" : "partial"), .jsonb(.object(counts)),
                        .optional(reasons.first), .text(trigger.ingestWord),
                    ])
            }
            var all = known?.objectValue ?? [:]
            for (name, digest) in digests { all[name] = .string(digest) }
            var value: Value.Object = ["digests": .object(all)]
            value["at"] = isDue ? .string("\(now)") : state["at"] ?? .string("\(now)")
            try Self.setState(Self.ingestKey, .object(value), at: now, in: db)
            return IngestReport(changed: changed, vanished: vanished, isRecorded: isRecorded)
        }
    }

    private static let ingestKey = "ingest.digitalocean"

    private static func ingestState(in db: any SQLConnection) throws(StoreFault) -> Value {
        try state(ingestKey, in: db) ?? .null
    }

    private static func isDue(_ state: Value, at now: Timestamp) -> Bool {
        guard let last = state["at"]?.instantValue else { return true }
        // A clock that was set back must not stop it for as long as it was ahead.
        return now - last >= ingestInterval || now < last
    }

    /// Brings one table up to what was seen.
    private static func keep(
        _ kind: ObservedKind, in table: InventoryTable, _ numbers: [String: String], _ now: Timestamp,
        _ db: any SQLConnection
    ) throws(StoreFault) -> (changed: Int, vanished: Int) {
        var known: [String: (raw: String, isGone: Bool)] = [:]
        for row in try db.run("select do_id, raw, deleted_at from ops.\(table.name)") {
            let raw = StoredJSON.text(try row.jsonb(1))
            known[try row.text(0)] = (raw, row.optionalText(2) != nil)
        }
        var (changed, vanished) = (0, 0)
        var seen: Set<String> = []
        for resource in kind.resources {
            // Also what can't be written is there, and has not vanished.
            guard seen.insert(resource.providerID).inserted else { continue }
            let raw = InventoryTable.raw(resource)
            if let before = known[resource.providerID], !before.isGone, before.raw == StoredJSON.sortedText(raw) {
                continue
            }
            guard let values = table.values(resource, numbers) else { continue }
            let columns = table.columns + ["updated_at", "raw", "created_at_do", "deleted_at"]
            let binds = values + [.time(now), .jsonb(raw), .time(resource.createdAt), .null]
            let places = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
            let sets = columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
            try db.run(
                """
                insert into ops.\(table.name) (\(columns.joined(separator: ", "))) values (\(places))
                on conflict (do_id) do update set \(sets)
                """, binds)
            changed += 1
        }
        guard kind.completeness.isComplete else { return (changed, 0) }
        for (id, before) in known.sorted(by: { $0.key.precedesByBytes($1.key) })
        where !before.isGone && !seen.contains(id) {
            guard let id = table.identifier(id) else { continue }
            // A status that the console takes for alive would be a lie.
            let status = table.goneStatus.map { ", status = '\($0)'" } ?? ""
            try db.run(
                "update ops.\(table.name) set deleted_at = $2, updated_at = $2\(status) where do_id = $1",
                [id, .time(now)])
            vanished += 1
        }
        return (changed, vanished)
    }
}

extension ObservedKind {
    fileprivate var isUnknown: Bool { if case .unknown = completeness { true } else { false } }

    fileprivate var reason: String {
        switch completeness {
        case .complete: ""
        case .partial(let reason), .unknown(let reason): reason
        }
    }
}

extension RunTrigger {
    /// In the words of the console's table.
    fileprivate var ingestWord: String {
        switch self {
        case .manual: "manual"
        case .webhook: "webhook"
        case .commit, .schedule, .ttl, .drift: "cron"
        }
    }
}
