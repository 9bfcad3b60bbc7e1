import Basics

/// The store's faults, each code in one place. A code that was given to a fault is never given to another one.
extension StoreFault {
    /// Where the schema is missing or older than the statement needs.
    public static func notMigrated(_ detail: String, place: String?) -> StoreFault {
        StoreFault(
            .incompatible, code: "STORE-0020", message: "the store has no such table or column: \(detail)",
            place: place,
            hint: "run `reconcile migrate` with the same --store")
    }

    /// The database was written by a later version of this program.
    static func newerVersion(found: Int, known: Int, place: String) -> StoreFault {
        StoreFault(
            .newerVersion, code: "STORE-0004",
            message: "the store's schema has version \(found), this program knows \(known): nothing was touched",
            place: place, hint: "use the version of the program that wrote it, or another --store")
    }

    /// A table or type of our name is there in another shape.
    static func incompatible(_ object: String, _ detail: String, place: String) -> StoreFault {
        // In the file itself no table has the schema before its name.
        let name = place.hasPrefix("sqlite:") ? object.replacing("ops.", with: "", maxReplacements: 1) : object
        return StoreFault(
            .incompatible, code: "STORE-0021",
            message: "\(object) exists in another shape: \(detail); nothing was changed", place: place,
            hint: "give another database with --store, or rename it first, for example "
                + "`alter \(object.hasPrefix("type ") ? "" : "table ")\(name) rename to "
                + "\(object.split(separator: ".").last ?? "old")_before_odooops`, and run `reconcile migrate` again")
    }

    /// A migration was applied from another text than the one of this program.
    static func changedMigration(_ version: Int, _ name: String, place: String) -> StoreFault {
        StoreFault(
            .incompatible, code: "STORE-0022",
            message: "migration \(version) (\(name)) was applied from another text than this program's", place: place,
            hint: "use the version of the program that wrote the store, or another --store")
    }

    /// A table of ours has lost what keeps its rows from being there twice.
    ///
    /// - Parameters:
    ///   - table: with its schema.
    ///   - what: the keys and indexes.
    ///   - remedy: the statements that bring them back; empty where none can.
    ///   - isMirror: whether others only read it.
    ///   - place: the store.
    /// - Returns: the fault.
    static func keysLost(
        _ table: String, _ what: String, remedy: String, isMirror: Bool, place: String
    ) -> StoreFault {
        let restore = "bring the backup in again as docs/operating.md says under Restore"
        let hint =
            if remedy.isEmpty {
                "stop all services, and \(restore)"
            } else if isMirror {
                "where a backup was brought in over it, \(restore); otherwise as its owner: `\(remedy)`"
            } else {
                "stop all services; as its owner: `\(remedy)`; where that finds rows twice, \(restore)"
            }
        return StoreFault(
            .incompatible, code: "STORE-0055",
            message: "\(table) has lost \(what): rows can be there twice", place: place, hint: hint)
    }

    /// A table of ours isn't there.
    ///
    /// - Parameters:
    ///   - table: without its schema.
    ///   - refill: how its rows come again by themselves; nil where they are lost.
    ///   - place: the store.
    /// - Returns: the fault.
    static func tableMissing(_ table: String, refill: String?, place: String) -> StoreFault {
        guard let refill else {
            return StoreFault(
                .incompatible, code: "STORE-0056", message: "ops.\(table) is missing, and its rows with it",
                place: place,
                hint:
                    "stop all services, and bring the backup in again as docs/operating.md says under Restore; where its "
                    + "rows may be lost, `reconcile migrate --accept-loss \(table)` makes it again, empty")
        }
        return StoreFault(
            .incompatible, code: "STORE-0056", message: "ops.\(table) is missing", place: place,
            hint: "run `reconcile migrate` with the same --store: it makes the table again, empty; \(refill)")
    }

    /// What says which migrations were applied isn't there, although they were.
    static func migrationsMissing(place: String) -> StoreFault {
        StoreFault(
            .incompatible, code: "STORE-0056",
            message: "ops.odooops_migrations is missing, and with it which migrations were applied", place: place,
            hint: "stop all services, and bring the backup in again as docs/operating.md says under Restore")
    }

    /// Rows of a table of ours can name rows that aren't there.
    ///
    /// - Parameters:
    ///   - table: with its schema.
    ///   - column: what names them.
    ///   - other: the table in which they are, with its schema.
    ///   - remedy: the statements that bring it back; empty where none can.
    ///   - place: the store.
    /// - Returns: the fault.
    static func foreignKeyLost(
        _ table: String, _ column: String, of other: String, remedy: String, place: String
    ) -> StoreFault {
        StoreFault(
            .incompatible, code: "STORE-0057",
            message:
                "\(table) has lost the foreign key (\(column)) to \(other): its rows can name rows that aren't there",
            place: place,
            hint: remedy.isEmpty
                ? "stop all services, and bring the backup in again as docs/operating.md says under Restore"
                : "as its owner: `\(remedy)`; where that finds rows that name none, bring the backup in again as "
                    + "docs/operating.md says under Restore")
    }

    /// Columns of a table of ours aren't there.
    ///
    /// - Parameters:
    ///   - table: with its schema.
    ///   - columns: their names.
    ///   - remedy: the statements that make them again, empty.
    ///   - place: the store.
    /// - Returns: the fault.
    static func columnsMissing(_ table: String, _ columns: [String], remedy: String, place: String) -> StoreFault {
        let names = columns.prefix(8).joined(separator: ", ") + (columns.count > 8 ? ", …" : "")
        return StoreFault(
            .incompatible, code: "STORE-0058",
            message:
                "\(table) lacks the \(columns.count == 1 ? "column" : "columns") \(names), and what its rows held there is "
                + "gone",
            place: place,
            hint:
                "stop all services, and bring the backup in again as docs/operating.md says under Restore; where that may "
                + "be lost, as the table's owner: `\(remedy)`")
    }

    /// This machine's clock is ahead of that of the server by `lead`, or behind it.
    static func wrongClock(_ lead: Duration, place: String) -> StoreFault {
        let way = lead < .zero ? "behind" : "ahead of"
        let distance = Duration.seconds((abs(lead.microseconds) + 500_000) / 1_000_000)
        return StoreFault(
            .wrongClock, code: "STORE-0059",
            message:
                "this machine's clock is \(distance.shortText) \(way) that of the store's server: no lease can be taken by it",
            place: place,
            hint:
                "set the clock of the machine that is wrong: `timedatectl set-ntp true`; the service then goes on by itself"
        )
    }

    static func unreadable(_ detail: String) -> StoreFault {
        StoreFault(
            .refused, code: "STORE-0023", message: "a stored row can't be read: \(detail)",
            hint:
                "look at the row and correct it: it was written by another program or by hand; in a store that is a file "
                + "the tables have no ops. before their names")
    }

    static func invalid(_ detail: String, hint: String? = nil) -> StoreFault {
        StoreFault(.refused, code: "STORE-0024", message: detail, hint: hint)
    }

    static func unknownEnvironment(_ slug: String, place: String) -> StoreFault {
        StoreFault(
            .refused, code: "STORE-0025", message: "the store knows no environment named \(slug)", place: place,
            hint: "`reconcile env list` shows those that it knows")
    }

    static func ambiguousRun(_ prefix: String, _ ids: [String]) -> StoreFault {
        StoreFault(
            .refused, code: "STORE-0026",
            message: "more than one run begins with \(prefix): \(ids.joined(separator: ", "))",
            hint: "give more of its characters")
    }

    /// The evidence chain has another head than the caller has seen.
    static func evidenceMoved(expected: String, found: String) -> StoreFault {
        StoreFault(
            .fenced, code: "STORE-0027",
            message: "the evidence chain ends in \(found), not in \(expected): another process appended to it",
            hint: "only one service may reconcile at a time; look for the other one with `reconcile runs`")
    }

    static func leaseLost(_ lease: Lease) -> StoreFault {
        StoreFault(
            .fenced, code: "STORE-0028",
            message: "the lease \(lease.name) with token \(lease.token) is no longer held by \(lease.holder)",
            hint: "another process took it over after it expired; this one must not act any more")
    }

    /// The store has forgotten a lease's token: it is a copy of before, brought there while this process had it open.
    static func wentBack(_ lease: String, to found: Int64, from seen: Int64, place: String) -> StoreFault {
        StoreFault(
            .fenced, code: "STORE-0054",
            message:
                "the store went back in time while this process had it open: the lease \(lease) has the token \(found) "
                + "there, and had \(seen)",
            place: place, hint: "stop all services on it, make it safe, and start again: reconcile store restore")
    }

    /// There is another store where this process had one open.
    static func anotherStore(place: String) -> StoreFault {
        StoreFault(
            .fenced, code: "STORE-0054",
            message: "there is another store in the place of the one that this process had open", place: place,
            hint: "stop all services on it, make it safe, and start again: reconcile store restore")
    }

    /// A run that another process ended is not brought back to life.
    static func runEnded(_ id: String, as phase: String) -> StoreFault {
        StoreFault(
            .fenced, code: "STORE-0029", message: "run \(id) was already ended as \(phase) by another process",
            hint: "`reconcile show \(id)` shows its end")
    }

    /// A chain is not as it was written.
    static func brokenChain(_ name: String, _ detail: String) -> StoreFault {
        StoreFault(
            .refused, code: "STORE-0050", message: "nothing of the \(name) is cut, for it isn't whole: \(detail)",
            hint: "run `reconcile audit verify`, and compare with a backup of the store")
    }

    static func journalOutOfStep(_ stepID: String, _ detail: String) -> StoreFault {
        StoreFault(
            .refused, code: "STORE-0030", message: "the journal and the run disagree on step \(stepID): \(detail)",
            hint: "`reconcile show` of the run shows its steps; look at the provider before anything is repeated")
    }
}

/// What both engines say.
extension StoreFault {
    /// The store was used after it had been closed.
    public static func closed(_ place: String) -> StoreFault {
        StoreFault(.refused, code: "STORE-0033", message: "the store was closed already", place: place)
    }

    public static var holdsNUL: StoreFault {
        StoreFault(
            .refused, code: "STORE-0034", message: "a text holds the character NUL, which no store can keep",
            hint: "look for it in the names and attributes of what was to be stored")
    }
}
