import Basics
import Formats
import Store
import StoreSQLite

/// `reconcile store restore [FILE]`.
extension StoreCommand {
    func restore() async throws -> ExitStatus {
        var kept: String?
        var evidence: (fetched: Int, all: Int)?
        var source: BucketCopies?
        var folder: String?
        defer { folder.map { FileSystem.remove($0) } }
        let actor = context.actor
        let restoration: Store.Restoration
        var log: AuditVerification?
        var mended: [String] = []
        var problem: StoreFault?
        if var copy = context.arguments.positionals.first {
            let path = try sqlitePath(
                instead: "psql \"$DATABASE_URL\" -c 'drop schema if exists ops cascade' && "
                    + "pg_restore --exit-on-error --single-transaction --dbname=\"$DATABASE_URL\" ops.dump && "
                    + "reconcile store restore")
            source = try copies(at: copy)
            if let source {
                let temporary = try FileSystem.makeTemporaryDirectory(prefix: "odooops-copy")
                folder = temporary
                copy = "\(temporary)/store.sqlite"
                try await source.fetch(to: copy)
            }
            try await check(copy)
            try await refuseWhileUsed(path)
            // A machine that is new has no directory for it yet.
            if let end = path.lastIndex(of: "/"), end != path.startIndex {
                try FileSystem.createDirectory(String(path[..<end]), mode: 0o750)
            }
            let put = try await SQLiteEngine.restore(
                copy, to: path, keepingAs: ".before-\(SystemTime().now.description.filter { $0 != ":" })"
            ) { (engine: SQLiteEngine) throws(StoreFault) -> (AuditVerification, Store.Restoration) in
                let store = Store(engine: engine, time: SystemTime())
                if try await store.schemaStatus().needsMigration { _ = try await store.migrate() }
                return (try await store.verifyAuditLog(), try await store.settleRestored(by: actor))
            }
            kept = put.kept
            (log, restoration) = put.settled
        } else {
            guard !hasEvidence else { throw Self.evidenceWithoutPlace }
            // Made safe first: whatever is wrong with it besides is told when nothing in it is out of date any more.
            (restoration, mended, problem) = try await context.withStore {
                store -> (Store.Restoration, [String], StoreFault?) in
                let restoration = try await store.settleRestored(by: actor)
                do throws(StoreFault) {
                    let report = try await store.migrate()
                    return (restoration, report.applied, report.problem)
                } catch {
                    return (restoration, [], error)
                }
            }
        }
        // Brought last: whatever comes of it, nothing out of date is in the store.
        if let source, hasEvidence { evidence = try await source.fetchEvidence(to: try evidenceDirectory()) }
        tell(restoration, kept: kept, evidence: evidence, mended: mended)
        if let problem { throw problem }
        guard let fault = log?.faults.first else { return .done }
        throw RestoredAuditLog(fault)
    }

    private func tell(
        _ restoration: Store.Restoration, kept: String?, evidence: (fetched: Int, all: Int)?, mended: [String]
    ) {
        if context.terminal.isJSON {
            var object = Value.Object()
            object["kept"] = .text(kept)
            if let evidence {
                object["evidence"] = .object([
                    "fetched": .int(Int64(evidence.fetched)), "files": .int(Int64(evidence.all)),
                ])
            }
            object["latest"] = .text(restoration.latest?.description)
            object["pinned"] = .strings(restoration.pinned)
            object["suspended"] = .strings(restoration.suspended)
            object["approvals"] = .int(Int64(restoration.approvals))
            object["marks"] = .int(Int64(restoration.marks))
            object["schedules"] = .int(Int64(restoration.schedules))
            object["scheduled_runs"] = .int(Int64(restoration.scheduledRuns))
            object["users"] = .strings(restoration.users)
            object["keys"] = .strings(restoration.keys)
            object["open_steps"] = .int(Int64(restoration.openSteps))
            object["applied"] = .strings(mended)
            context.terminal.json(.object(object))
            return
        }
        if let kept { context.terminal.print("The store that was here is kept as \(kept).") }
        if let evidence {
            context.terminal.print("Brought \(evidence.fetched) of \(evidence.all.of("file")) of evidence.")
        }
        if !mended.isEmpty { context.terminal.print("For others to read: \(mended.joined(separator: ", ")).") }
        for line in Self.lines(restoration) { context.terminal.print(line) }
    }

    /// What was made safe, and what only a person can see to.
    private static func lines(_ restoration: Store.Restoration) -> [String] {
        var lines = [
            restoration.latest.map { "The last run that this store knows of began at \($0)." }
                ?? "This store knows of no run."
        ]
        let grace = Store.restoreGrace.shortText
        if !restoration.pinned.isEmpty {
            lines.append(
                "Kept for \(grace), for an extension may be missing: "
                    + restoration.pinned.joined(separator: ", ") + ". Extend or unpin them: reconcile env list")
        }
        if !restoration.suspended.isEmpty {
            lines.append(
                "Left alone for \(grace), for a longer suspension may be missing: "
                    + restoration.suspended.joined(separator: ", ") + ". Suspend or resume them: reconcile env list")
        }
        lines.append(
            "Taken back: \(restoration.approvals.of("approval")), \(restoration.marks.of("mark")) of what was to go. "
                + "Open: \(restoration.openSteps.of("step")); the next pass looks what became of each.")
        if restoration.schedules > 0 || restoration.scheduledRuns > 0 {
            lines.append(
                "From now on again: \(restoration.schedules.of("schedule")). Closed: \(restoration.scheduledRuns.of("run")) that "
                    + "waited or ran. What was due since the backup isn't caught up with. What must not be missed: "
                    + "reconcile schedules run ID")
        }
        lines += Self.access(restoration)
        lines.append("Look at the next plan before it runs: reconcile --dry-run")
        return lines
    }

    /// Who comes in, by what the backup knows.
    private static func access(_ restoration: Store.Restoration) -> [String] {
        let lists = [("users", restoration.users), ("keys", restoration.keys)].filter { !$0.1.isEmpty }
        guard !lists.isEmpty else {
            return ["No user and no key has access as of the backup. Who had it since: reconcile access user add NAME"]
        }
        return ["Sessions and tokens have ended. With the roles and passwords of the backup these come in:"]
            + lists.map { "  \($0): \($1.joined(separator: ", "))" }
            + [
                "Take back what was taken back since: reconcile access user revoke NAME, reconcile access key revoke NAME"
            ]
    }

    /// Refuses a file that is no store, or one of another version.
    private func check(_ copy: String) async throws {
        let hint = "Name a file that `reconcile store backup` wrote."
        guard FileSystem.exists(copy) else { throw ArgumentFault("there is no file \(copy)", hint: hint) }
        // What SQLite says of these sounds as if there were a store, and a fault of the disk.
        if FileSystem.isDirectory(copy) {
            throw ArgumentFault("\(copy) is a directory and no store", hint: hint)
        }
        if FileSystem.modified(copy)?.bytes == 0 { throw ArgumentFault("\(copy) is empty and no store", hint: hint) }
        do throws(StoreFault) {
            let store = Store(engine: try await SQLiteEngine.open(path: copy, isReadOnly: true), time: SystemTime())
            let status: SchemaStatus
            do throws(StoreFault) {
                status = try await store.schemaStatus()
            } catch {
                await store.close()
                throw error
            }
            await store.close()
            if let obstacle = status.obstacle { throw obstacle }
            guard status.current == 0 else { return }
        } catch {
            switch error.code {
            case "STORE-0005": throw ArgumentFault("\(copy) is no SQLite database", hint: hint)
            case "STORE-0006": throw StoreFault.damagedCopy(error.message, copy)
            default: throw error
            }
        }
        throw ArgumentFault("\(copy) holds no store", hint: hint)
    }

    private func refuseWhileUsed(_ path: String) async throws {
        guard FileSystem.exists(path) else { return }
        // A store that can't even be read is what a restore is for.
        guard let engine = try? await SQLiteEngine.open(path: path, isReadOnly: true) else { return }
        let store = Store(engine: engine, time: SystemTime())
        let holders = (try? await store.standing())?.leases.filter {
            !$0.holder.isEmpty && $0.expiresAt > SystemTime().now
        }
        await store.close()
        if let lease = holders?.first {
            throw ArgumentFault(
                "\(lease.holder) works with this store",
                hint: "Stop the service, then restore: systemctl stop reconcile")
        }
    }
}

/// The store that was restored is in place and safe, and somebody wrote to its audit log before it was copied.
struct RestoredAuditLog: Fault {
    let code = "STORE-0050"
    let message: String
    let place: String? = nil
    let hint: String? =
        "all that is wrong with it: `reconcile audit verify`; compare it with another backup before a service works with it"
    let disposition = Disposition.stop

    init(_ fault: AuditVerification.Fault) {
        message =
            "the copy is in the store's place, and its audit log isn't as it was written: \(fault.record): \(fault.message)"
    }
}
