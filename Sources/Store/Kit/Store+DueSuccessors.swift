import Basics
public import DesiredState

/// What something has made way for: its place is empty, or about to be, until it comes.
extension Store {
    /// Forgets what nobody wants in its place any more.
    ///
    /// - Throws: `StoreFault`.
    public func forgetSuccessors(_ keys: [ResourceKey]) async throws(StoreFault) {
        guard !keys.isEmpty else { return }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for key in keys { try Self.forgetSuccessor(key, in: db) }
        }
    }

    static func forgetSuccessor(_ key: ResourceKey, in db: any SQLConnection) throws(StoreFault) {
        try db.run("delete from ops.due_successors where resource_key = $1", [.text(key.description)])
    }

    /// Remembers it before the place is emptied: afterwards there may be nobody left to do so.
    static func remember(
        _ successors: [ResourceKey], of entry: JournalEntry, in db: any SQLConnection
    ) throws(StoreFault) {
        for key in successors {
            try db.run(
                """
                insert into ops.due_successors (resource_key, held_by, emptied_at, run_id) values ($1, $2, $3, $4)
                on conflict (resource_key) do update
                set held_by = excluded.held_by, emptied_at = excluded.emptied_at, run_id = excluded.run_id
                """,
                [.text(key.description), .text(entry.key.description), .time(entry.intendedAt), .text(entry.runID)])
        }
    }

    /// What made way for each.
    static func dueSuccessors(in db: any SQLConnection) throws(StoreFault) -> [ResourceKey: ResourceKey] {
        var due: [ResourceKey: ResourceKey] = [:]
        for row in try db.run("select resource_key, held_by from ops.due_successors") {
            guard let key = ResourceKey(try row.text(0)), let holder = ResourceKey(try row.text(1)) else {
                throw .unreadable("\(try row.text(0)) in ops.due_successors is no key, or what it follows isn't")
            }
            due[key] = holder
        }
        return due
    }
}
