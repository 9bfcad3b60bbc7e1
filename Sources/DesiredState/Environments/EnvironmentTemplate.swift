import Basics

/// What the environments that branches of one tier bring about are given; texts with placeholders.
struct EnvironmentTemplate {
    let subject: String
    var host: Text?
    var domain: Text?
    var cluster: Text?
    var database: Text?
    var databaseUser: Text?
    var filestore: Text?
    var runtime = EnvironmentRuntime()
    var workers: (value: Int64, mark: SourceMark)?
    var backupSchedule: BackupSchedule?
    var backupMark: SourceMark?

    init(subject: String) { self.subject = subject }

    static let placeholders = ["{slug}", "{slug_underscored}", "{tier}"]
    /// In containers also the commit that they run: nothing else may be another one after each push.
    static let containerPlaceholders = placeholders + ["{commit}"]

    /// Fills an environment in.
    func fill(_ draft: inout EnvironmentDraft) {
        let (slug, tier, commit) = (draft.slug, draft.tier, draft.headCommit)
        func expand(_ text: Text?) -> Text? {
            text.map { Text(value: Self.expand($0.value, slug: slug, tier: tier), mark: $0.mark) }
        }
        draft.host = expand(host)
        draft.domain = expand(domain)
        draft.cluster = expand(cluster)
        draft.database = expand(database)
        draft.databaseUser = expand(databaseUser)
        draft.filestore = expand(filestore)
        draft.runtime = runtime.mapped { Self.expand($0, slug: slug, tier: tier, commit: commit) }
        draft.isOfTemplate = true
        if let workers {
            draft.workers = Int(workers.value)
            draft.claims.add("workers", "\(workers.value)", .template, at: workers.mark)
        }
        draft.backupSchedule = backupSchedule
        if let backupSchedule {
            draft.claims.add("backup_schedule", backupSchedule.cron ?? "never", .template, at: backupMark)
        }
    }

    /// The first `{…}` that is none of the placeholders, or a brace without its partner; nil where all are known.
    static func unknownPlaceholder(in text: String, among known: [String]) -> String? {
        var rest = text[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else { return String(rest[open...]) }
            let placeholder = String(rest[open...close])
            guard known.contains(placeholder) else { return placeholder }
            rest = rest[rest.index(after: close)...]
        }
        return nil
    }

    private static func expand(_ text: String, slug: String, tier: Tier, commit: String? = nil) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            switch rest[open...close] {
            case "{slug}": result += slug
            case "{slug_underscored}": result += String(slug.map { $0 == "-" ? "_" : $0 })
            case "{tier}": result += tier.rawValue
            case "{commit}": result += commit ?? "{commit}"
            default: result += rest[open...close]
            }
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}
