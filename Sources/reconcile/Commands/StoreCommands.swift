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
        if report.evidenceElsewhere > 0 {
            context.terminal.print(
                """
                  elsewhere     \(report.evidenceElsewhere.of("link")) whose evidence isn't on this disk: of \
                \(report.evidenceElsewhere == 1 ? "it" : "them") only the rows of the store were verified
                """)
        }
        let past = report.past.filter { $0.count > 0 }.map { "\($0.table) \($0.count)" }
        context.terminal.print("  what is over  \(past.isEmpty ? "nothing" : past.joined(separator: ", "))")
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
            ("evidence_elsewhere", report.evidenceElsewhere),
            ("evidence_objects", report.objects), ("evidence_bytes", report.bytes), ("runs", report.runs.runs),
            ("steps", report.runs.steps), ("plans", report.runs.plans), ("events", report.runs.events),
        ] {
            object[name] = .int(Int64(count))
        }
        var past = Value.Object()
        for rows in report.past { past[rows.table] = .int(Int64(rows.count)) }
        object["over"] = .object(past)
        return .object(object)
    }
}

/// `reconcile store backup FILE` and `reconcile store restore [FILE]`; FILE may be a place in object storage.
struct StoreCommand {
    let context: CommandContext

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

    static let evidenceWithoutPlace = ArgumentFault(
        "--evidence goes with a place in object storage",
        hint: "Copy the files with cp -a, or write spaces://REGION/BUCKET/KEY.")

    var hasEvidence: Bool { context.arguments.has("evidence") }

    func evidenceDirectory() throws -> String { "\(try context.configuration().stateDirectory)/evidence" }

    /// The copies at a place in object storage; nil where the text is a path.
    func copies(at text: String) throws -> BucketCopies? {
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

    /// The store's file.
    func sqlitePath(instead command: String) throws -> String {
        let configuration = try context.configuration()
        switch try StoreAddress(configuration.store) {
        case .sqlite(let path, _): return path
        case .postgres:
            throw ArgumentFault(
                "the store is in PostgreSQL, which has tools of its own for this", hint: "Run: \(command)")
        }
    }
}
