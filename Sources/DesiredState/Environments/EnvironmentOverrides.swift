import Basics
import Formats

/// What `.odooops.yaml` says of environments, in place of what other documents say.
struct EnvironmentOverrides {
    /// What it says under one name.
    struct Entry {
        /// The name of an environment, or of a tier: then of all its named environments.
        let name: String
        let source: SourceMark
        let workers: Int?
        let workersMark: SourceMark?
        let backupSchedule: BackupSchedule?
        let backupMark: SourceMark?
        let limits: OwnLimits?
        /// Why it can't be read; nil where it can.
        let fault: Cause?
    }

    private(set) var entries: [Entry] = []
    /// Why nothing of it can be read; nil where it can.
    private(set) var fault: Cause?

    init(_ library: Library, _ report: Report) {
        guard let document = library.document(.overrides) else { return }
        guard let root = document.root else {
            fault = document.cause
            return
        }
        let fields = Fields(root, "the document of overrides", in: document.path, report)
        fields.allow("schema", "version", "description", "notes")
        let environments = fields.fields("environments", required: true)
        fields.finish()
        fault = fields.fault ?? environments?.fault
        for section in environments?.allEntries() ?? [] where !section.isAmbiguous {
            let entry = Fields(section.value, "the override of \(quoted(section.key))", in: document.path, report)
            let workers = entry.integer("workers", in: 0...10_000)
            let schedule = entry.schedule("backup_schedule")
            let limits = entry.limits("resource_limits")
            entry.allow("description", "notes")
            entry.finish()
            entries.append(
                Entry(
                    name: section.key, source: section.keyMark(in: document.path),
                    workers: workers.map { Int($0.value) }, workersMark: workers?.mark, backupSchedule: schedule,
                    backupMark: entry.mark(of: "backup_schedule"), limits: limits, fault: entry.fault))
        }
    }

    /// Puts what is overridden into the environments; one whose override can't be read is unknown.
    ///
    /// Names in `known` are of environments that are there and can't be read.
    func apply(to drafts: inout [EnvironmentDraft], known: Set<String>, _ report: Report) {
        if let fault { for draft in drafts { report.unknown(.environment(draft.slug), fault) } }
        // What is said of one environment counts more than what is said of its tier.
        let slugs = Set(drafts.map(\.slug))
        for entry in entries.filter({ !slugs.contains($0.name) }) + entries.filter({ slugs.contains($0.name) }) {
            let tier = slugs.contains(entry.name) ? nil : Tier(alias: entry.name)
            let indices = drafts.indices.filter { index in
                if let tier { return drafts[index].tier == tier && drafts[index].ttlClass != .ephemeral }
                return drafts[index].slug == entry.name
            }
            if indices.isEmpty, !known.contains(entry.name) {
                let names = slugs.sorted { $0.precedesByBytes($1) }
                report.warning(
                    .unknownReference, "the override of \(quoted(entry.name)) is for no environment", at: entry.source,
                    hint: didYouMean(entry.name, among: names, else: "Name an environment or a tier, or remove it."))
            }
            for index in indices {
                if let cause = entry.fault { report.unknown(.environment(drafts[index].slug), cause) }
                let authority: EnvironmentFact.Authority = tier == nil ? .override : .tierOverride
                if let workers = entry.workers {
                    drafts[index].workers = workers
                    drafts[index].workersMark = entry.workersMark
                    drafts[index].claims.add("workers", "\(workers)", authority, at: entry.workersMark)
                }
                if let schedule = entry.backupSchedule {
                    drafts[index].backupSchedule = schedule
                    drafts[index].claims.add(
                        "backup_schedule", schedule.cron ?? "never", authority, at: entry.backupMark)
                }
                drafts[index].claims.add(entry.limits, authority)
                guard let limits = entry.limits else { continue }
                drafts[index].limits = drafts[index].limits.map { limits.completed(by: $0) } ?? limits
            }
        }
    }
}

extension ManagedDocument {
    /// It stands at the top of the repository.
    static let overrides = ManagedDocument(".odooops", schemas: ["odooops.overrides.v1"], domain: "environments")
}

extension Fields {
    /// When backups are due.
    func schedule(_ key: String) -> BackupSchedule? {
        guard let text = text(key) else { return nil }
        if let schedule = BackupSchedule(parsing: text.value) { return schedule }
        fail(
            .invalidSchedule,
            "`\(key)` of \(subject) is \(quoted(text.value)): \(BackupSchedule.fault(in: text.value))",
            at: text.mark, hint: BackupSchedule.hint)
        return nil
    }

    /// What one environment may use.
    func limits(_ key: String) -> OwnLimits? {
        guard let inner = fields(key) else { return nil }
        let quota = ResourceQuota(limitsOf: inner)
        inner.finish()
        absorb(inner)
        let marks = inner.keys.compactMap { key in inner.mark(of: key).map { (key, $0) } }
        return OwnLimits(quota: quota, marks: Dictionary(marks, uniquingKeysWith: { first, _ in first }))
    }
}
