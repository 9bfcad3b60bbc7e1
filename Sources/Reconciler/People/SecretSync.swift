public import Basics
import DesiredState
import Diff
public import Drivers
import Formats
import HTTPClient
public import Store

/// One attempt to bring secrets to a project: by a command or by the API, under the lease of a pass, with its row in
/// `ops.secret_sync_runs`.
public struct SecretSync: Sendable {
    private let store: Store
    private let time: any TimeSource
    private let lease: WriteLease

    /// - Parameters:
    ///   - store: keeps the attempt.
    ///   - time: now.
    ///   - lease: what a pass sets and what this sets may be the same name: one of them at a time.
    public init(store: Store, time: any TimeSource, lease: WriteLease) {
        self.store = store
        self.time = time
        self.lease = lease
    }

    /// Brings them.
    ///
    /// The intent is written down before, what came of it after: a process that dies between leaves `running`.
    ///
    /// - Parameters:
    ///   - wishes: which secrets, and where their values are.
    ///   - project: the reference of the project; nil takes the one that the driver looks after.
    ///   - driver: nil where the provider has no credential here.
    ///   - actor: who asks.
    ///   - again: what who asks writes to bring the rest, where that helps.
    ///   - context: where the driver's calls come from, for the id of the attempt.
    /// - Returns: what came of it, also of an attempt that failed on its way.
    /// - Throws: a fault of code `RUN-0008` where a pass is under way, `StoreFault`.
    public func run(
        _ wishes: [SecretWish], to project: String?, by driver: (any SecretSyncing)?, actor: String,
        again: (_ project: String?, _ wishes: [SecretWish]) -> String,
        _ context: (String) throws -> DriverContext
    ) async throws -> SecretSyncOutcome {
        var record = try await store.beginSecretSync(
            SecretSyncRecord(
                provider: driver?.provider ?? "supabase", target: project ?? "the only project", actor: actor,
                startedAt: time.now))
        var outcome = SecretSyncOutcome()
        if let driver {
            do {
                let context = try context(record.id)
                outcome = try await lease.hold(for: "secrets-sync") {
                    await driver.syncSecrets(wishes, to: project, context)
                }.pointing(to: again)
            } catch {
                record.status = .error
                record.error = (error as? any Fault).map { ErrorEnvelope(of: $0).error } ?? "\(error)"
                record.errorCode = (error as? any Fault)?.code
                record.finishedAt = time.now
                try await store.finishSecretSync(record)
                throw error
            }
        } else {
            outcome.fault = ProviderFault(
                provider: "supabase", operation: "secrets.sync", code: "PROVIDER-0001",
                message: "the provider has no credential, so no secret can be brought to it", place: nil,
                hint: "export SUPABASE_ACCESS_TOKEN, or name a reference as providers.supabase.token",
                disposition: .stop)
        }
        record.target = outcome.project ?? record.target
        record.pushed = outcome.pushed
        record.skipped = outcome.skipped
        record.status = outcome.fault == nil ? .success : .error
        record.error = outcome.fault.map { ErrorEnvelope($0).error }
        record.errorCode = outcome.fault?.code
        record.finishedAt = time.now
        try await store.finishSecretSync(record)
        return outcome
    }
}

extension Reconciler {
    /// Brings secrets that the documents want of Supabase, as the next pass would; where their values are, the documents
    /// say, and nobody who asks.
    ///
    /// - Parameters:
    ///   - names: of the secrets.
    ///   - project: the reference of the project; needed where documents want secrets of several.
    ///   - actor: who asks, for the audit log.
    /// - Returns: what came of it, also of an attempt that failed on its way.
    /// - Throws: `RequestFault` for what no document wants; a fault of code `RUN-0008` where a pass is under way; a
    ///   `Fault` of the source or the store.
    public func syncSecrets(
        _ names: [String], of project: String?, by actor: Actor
    ) async throws -> SecretSyncOutcome {
        let (project, wishes) = try await secretWishes(names, of: project)
        var detail = Value.Object()
        detail["secrets"] = .strings(wishes.map(\.name))
        try await store.record(
            actor.audit("secrets.sync", of: project, at: time.now, detail))
        let sync = SecretSync(
            store: store, time: time,
            lease: WriteLease(
                store: store, time: time, log: log, process: holder, shards: shards, lasting: leaseTime))
        let driver = drivers.lazy.compactMap { $0 as? any SecretSyncing }.first
        return try await sync.run(
            wishes, to: project, by: driver, actor: actor.name,
            again: { project, wishes in
                var body = Value.Object()
                body["project"] = project.map { .string($0) }
                body["secrets"] = .strings(wishes.map(\.name))
                return "odooops api POST /secrets/sync --data \(JSON.write(.object(body)).shellQuoted)"
            }
        ) { [log, traffic] id in
            DriverContext(runID: id, log: log, priority: .person) { traffic.keep($0, runID: id) }
        }
    }

    /// What the commit of now says of secrets.
    private func secretWishes(
        _ names: [String], of project: String?
    ) async throws -> (project: String, wishes: [SecretWish]) {
        let snapshot = try await source.read(log)
        var grounds = Grounds(try await store.lineage(), countsStored: true)
        let desired = readDesiredState(snapshot.tree, cache: documents).with(
            unknown: try await suspensions(at: time.now))
        try await weighCommit(desired, Inventory(), &grounds)
        // How carefully environments are treated says nothing of secrets.
        if let doubt = grounds.unconfirmed.first(where: { $0.subject != .care }) {
            throw RequestFault(
                .conflict, "what the repository says waits for an approval: source.\(doubt.subject.rawValue)",
                hint: "Look why, and approve it if it is meant: reconcile --dry-run")
        }
        let all = desired.resources.filter { $0.key.kind == .supabaseSecret }
        let projects = Set(all.compactMap { $0.key.name.split(separator: "/").first.map(String.init) })
            .sorted { $0.precedesByBytes($1) }
        guard let project = project ?? (projects.count == 1 ? projects.first : nil) else {
            guard !projects.isEmpty else {
                throw RequestFault(
                    .notFound, "no document wants a secret of Supabase",
                    hint: "Write it into ssot/supabase/project.yaml, with `value_from`.")
            }
            throw RequestFault(
                .invalid, "documents want secrets of \(projects.count) projects",
                hint: "Name one as project: \(projects.joined(separator: ", ")).")
        }
        let doubts = WishDoubt(desired)
        var wishes: [SecretWish] = []
        for name in Set(names).sorted(by: { $0.precedesByBytes($1) }) {
            let key = ResourceKey(.supabaseSecret, "\(project)/\(name)")
            if let doubt = doubts.exactly(key) {
                throw RequestFault(
                    .conflict, "what is wanted of \(key) can't be told: \(doubt.reason)",
                    hint: "Correct the document: reconcile validate")
            }
            guard let resource = all.first(where: { $0.key == key }) else {
                throw RequestFault(
                    .notFound, "no document wants \(key)",
                    hint: "Write it into ssot/supabase/project.yaml, with `value_from`.")
            }
            guard case .literal(.string(let text))? = resource["value_from"]?.value,
                let reference = SecretReference(text)
            else {
                throw RequestFault(
                    .conflict, "no document says where the value of \(key) is",
                    hint: "Write `value_from: env:NAME` or `file:PATH` beside its name.")
            }
            wishes.append(SecretWish(name, reference))
        }
        return (project, wishes)
    }
}
