import Basics
import DesiredState
public import Diff
import Formats

extension Store {
    /// What the last plan rested on; of a store that never kept it the last commit at least.
    ///
    /// - Throws: `StoreFault`.
    public func lineage() async throws(StoreFault) -> Lineage {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Lineage in
            guard let row = try db.run("select value from ops.reconcile_state where key = 'lineage'").first else {
                return Lineage(revision: try Self.lastDesired(in: db)["revision"]?.stringValue)
            }
            let stored = try row.json(0)
            var documents: [String: String] = [:]
            for member in stored["documents"]?.objectValue?.members ?? [] {
                documents[member.name] = member.value.stringValue
            }
            return Lineage(
                revision: stored["revision"]?.stringValue, documents: documents,
                branches: stored["branches"]?.stringValue, pullRequests: stored["pull_requests"]?.stringValue)
        }
    }

    /// Remembers what a plan rested on, and that the approvals by which it is trusted counted, both or neither.
    ///
    /// - Parameters:
    ///   - lineage: what is trusted from now on; written only when it differs.
    ///   - before: what was.
    ///   - approvals: the ids of those that counted.
    ///   - runID: the run that rested on it.
    /// - Throws: `StoreFault`.
    public func rememberLineage(
        _ lineage: Lineage, from before: Lineage, using approvals: [String], runID: String
    ) async throws(StoreFault) {
        guard lineage != before || !approvals.isEmpty else { return }
        let documents = lineage.documents.sorted { $0.key.precedesByBytes($1.key) }
        let value = Value.object(
            [
                "branches": lineage.branches.map { .string($0) } ?? .null,
                "documents": .object(
                    Value.Object(documents.map { Value.Object.Member($0.key, .string($0.value)) })),
                "pull_requests": lineage.pullRequests.map { .string($0) } ?? .null,
                "revision": lineage.revision.map { .string($0) } ?? .null,
            ] as KeyValuePairs)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.use(approvals, runID, time.now, in: db)
            let stored = try db.run("select value from ops.reconcile_state where key = 'lineage'").first
            guard lineage != before, try stored?.json(0) != value else { return }
            try db.run(
                """
                insert into ops.reconcile_state (key, value, updated_at) values ('lineage', $1, $2)
                on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
                """, [.json(value), .time(time.now)])
        }
    }
}
