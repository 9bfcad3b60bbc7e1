import Basics
import DesiredState
import Formats
import Reconciler
import SpacesDriver
import Store
import StoreSQLite

/// `reconcile retention`.
struct RetentionCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let configuration = try context.configuration()
        let isDryRun = context.arguments.has("dry-run")
        let report = try await context.withStore { store in
            try await Retention(
                store: store, evidence: EvidenceStore(directory: "\(configuration.stateDirectory)/evidence"),
                rule: configuration.retention, time: SystemTime(), holder: LeaseHolder.current()
            ).run(isDryRun: isDryRun)
        }
        if context.terminal.isJSON {
            context.terminal.json(Self.value(report, isDryRun: isDryRun))
            return .done
        }
        guard !report.isTaken else {
            context.terminal.print("Another process is at it; nothing was done here.")
            return .done
        }
        let verb = isDryRun ? "Would cut" : "Cut"
        context.terminal.print(
            """
            \(verb) what is older than its time: audit before \(report.auditBefore.minuteText), artifacts before \
            \(report.artifactsBefore.minuteText).
              audit log     \(report.auditRecords.of("record"))
              evidence      \(report.evidenceLinks.of("link")), \(report.objects.of("object")), \(report.bytes.of("byte"))
              runs          \(report.runs.runs.of("run")), \(report.runs.steps.of("step")), \
            \(report.runs.plans.of("plan")), \(report.runs.events.of("event"))
            """)
        return .done
    }

    private static func value(_ report: Retention.Report, isDryRun: Bool) -> Value {
        var object = Value.Object()
        object["dry_run"] = .bool(isDryRun)
        object["taken"] = .bool(report.isTaken)
        object["audit_before"] = .string(report.auditBefore.description)
        object["artifacts_before"] = .string(report.artifactsBefore.description)
        for (name, count) in [
            ("audit_records", report.auditRecords), ("evidence_links", report.evidenceLinks),
            ("evidence_objects", report.objects), ("evidence_bytes", report.bytes), ("runs", report.runs.runs),
            ("steps", report.runs.steps), ("plans", report.runs.plans), ("events", report.runs.events),
        ] {
            object[name] = .int(Int64(count))
        }
        return .object(object)
    }
}

/// `reconcile store backup FILE` and `reconcile store restore [FILE]`; FILE may be a place in object storage.
struct StoreCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func backup() async throws -> ExitStatus {
        let target = context.arguments.positionals[0]
        let path = try sqlitePath(
            instead: "pg_dump --format=custom --schema=ops --file=ops.dump \"$DATABASE_URL\"")
        guard let copies = try copies(at: target) else { return try await backup(path, to: target) }
        // Made and verified here first: what arrives there is known to be whole.
        let folder = try FileSystem.makeTemporaryDirectory(prefix: "odooops-copy")
        defer { FileSystem.remove(folder) }
        return try await backup(path, to: "\(folder)/store.sqlite", copies)
    }

    private func backup(
        _ path: String, to target: String, _ copies: BucketCopies? = nil
    ) async throws -> ExitStatus {
        let engine = try await SQLiteEngine.open(path: path)
        let bytes: Int
        do throws(StoreFault) {
            bytes = try await engine.backup(to: target)
        } catch {
            await engine.close()
            throw error
        }
        await engine.close()
        // A copy that can't be read or whose chain is broken is no backup.
        let copy = Store(engine: try await SQLiteEngine.open(path: target, isReadOnly: true), time: SystemTime())
        let verification: AuditVerification
        do throws(StoreFault) {
            verification = try await copy.verifyAuditLog()
        } catch {
            await copy.close()
            throw error
        }
        await copy.close()
        var evidence: (sent: Int, all: Int)?
        if let copies {
            try await copies.send(target)
            if hasEvidence { evidence = try await copies.sendEvidence(of: try evidenceDirectory()) }
        }
        let name = copies?.place.description ?? target
        if context.terminal.isJSON {
            var object: Value.Object = [
                "file": .string(name), "bytes": .int(Int64(bytes)), "whole": .bool(verification.isWhole),
                "head": .string(verification.head),
            ]
            if let evidence {
                object["evidence"] = .object([
                    "sent": .int(Int64(evidence.sent)), "files": .int(Int64(evidence.all)),
                ])
            }
            context.terminal.json(.object(object))
        } else {
            context.terminal.print(
                "Wrote \(name): \(bytes) bytes, audit log \(verification.isWhole ? "whole" : "NOT whole"), "
                    + "head \(verification.head).")
            context.terminal.print(
                evidence.map { "Sent \($0.sent) of \($0.all.of("file")) of evidence; the others were there." }
                    ?? "The evidence is beside the store: copy the state directory's evidence/ as well.")
        }
        return verification.isWhole ? .done : .failed
    }

    // MARK: Object storage

    private static let evidenceWithoutPlace = ArgumentFault(
        "--evidence goes with a place in object storage",
        hint: "Copy the files with cp -a, or write spaces://REGION/BUCKET/KEY.")

    private var hasEvidence: Bool { context.arguments.has("evidence") }

    private func evidenceDirectory() throws -> String { "\(try context.configuration().stateDirectory)/evidence" }

    /// The copies at a place in object storage; nil where the text is a path.
    private func copies(at text: String) throws -> BucketCopies? {
        guard let place = try BucketPlace(text) else {
            guard !hasEvidence else { throw Self.evidenceWithoutPlace }
            return nil
        }
        let drivers = ProviderDrivers(
            try context.configuration(), context.environment, time: SystemTime(), random: .system())
        guard let driver = drivers.all.lazy.compactMap({ $0 as? SpacesDriver }).first else {
            throw ArgumentFault(
                "object storage has no access key",
                hint: "Export SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY, or name references as "
                    + "providers.spaces.")
        }
        return BucketCopies(driver, place, log: .none)
    }

    func restore() async throws -> ExitStatus {
        var kept: String?
        var evidence: (fetched: Int, all: Int)?
        var source: BucketCopies?
        var folder: String?
        defer { folder.map { FileSystem.remove($0) } }
        if var copy = context.arguments.positionals.first {
            let path = try sqlitePath(
                instead: "pg_restore --clean --if-exists --dbname=\"$DATABASE_URL\" ops.dump")
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
            kept = try SQLiteEngine.restore(
                copy, to: path, keepingAs: ".before-\(SystemTime().now.description.filter { $0 != ":" })")
        } else if hasEvidence {
            throw Self.evidenceWithoutPlace
        }
        let actor = context.actor
        let restoration = try await context.withStore { store in try await store.settleRestored(by: actor) }
        // Brought last: whatever comes of it, nothing out of date is left in the store.
        if let source, hasEvidence { evidence = try await source.fetchEvidence(to: try evidenceDirectory()) }
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
            object["approvals"] = .int(Int64(restoration.approvals))
            object["marks"] = .int(Int64(restoration.marks))
            object["open_steps"] = .int(Int64(restoration.openSteps))
            context.terminal.json(.object(object))
            return .done
        }
        if let kept { context.terminal.print("The store that was here is kept as \(kept).") }
        if let evidence {
            context.terminal.print("Brought \(evidence.fetched) of \(evidence.all.of("file")) of evidence.")
        }
        let latest = restoration.latest.map { "The last run that this store knows of began at \($0)." }
        context.terminal.print(latest ?? "This store knows of no run.")
        if !restoration.pinned.isEmpty {
            context.terminal.print(
                "Kept for \(Store.restoreGrace.shortText), for an extension may be missing: "
                    + restoration.pinned.joined(separator: ", ") + ". Extend or unpin them: reconcile env list")
        }
        context.terminal.print(
            "Taken back: \(restoration.approvals) approvals, \(restoration.marks) marks of what was to go. "
                + "\(restoration.openSteps) steps are open; the next pass looks what became of them.")
        context.terminal.print("Look at the next plan before it runs: reconcile --dry-run")
        return .done
    }

    /// The store's file.
    private func sqlitePath(instead command: String) throws -> String {
        let configuration = try context.configuration()
        switch try configuration.store.reveal({ text throws(StoreFault) in try StoreAddress(text) }) {
        case .sqlite(let path, _): return path
        case .postgres:
            throw ArgumentFault(
                "the store is in PostgreSQL, which has tools of its own for this", hint: "Run: \(command)")
        }
    }

    /// Refuses a file that is no store, or one of another version.
    private func check(_ copy: String) async throws {
        guard FileSystem.exists(copy) else {
            throw ArgumentFault("there is no file \(copy)", hint: "Name a file that `reconcile store backup` wrote.")
        }
        let store = Store(engine: try await SQLiteEngine.open(path: copy, isReadOnly: true), time: SystemTime())
        do {
            let status = try await store.schemaStatus()
            if let problem = status.problems.first { throw problem }
            guard status.current > 0 else {
                throw ArgumentFault("\(copy) holds no store", hint: "Name a file that `reconcile store backup` wrote.")
            }
        } catch {
            await store.close()
            throw error
        }
        await store.close()
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
