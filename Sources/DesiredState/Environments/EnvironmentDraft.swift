import Basics

/// An environment under way: what is written of it, before anything else is consulted.
struct EnvironmentDraft {
    let slug: String
    let tier: Tier
    let ttlClass: TTLClass
    /// What messages call it; a template's faults are told once and not for each branch.
    let subject: String
    let source: SourceMark
    var branch: Text?
    var tag: Text?
    var headCommit: String?
    var host: Text?
    var domain: Text?
    var cluster: Text?
    var database: Text?
    var databaseUser: Text?
    var filestore: Text?
    var runtime = EnvironmentRuntime()
    var workers: Int?
    /// Where another document than its own writes them.
    var workersMark: SourceMark?
    var backupSchedule: BackupSchedule?
    /// What it may use itself, in place of what its tier may.
    var limits: OwnLimits?
    var autoDeploy: Bool?
    var isProtected: Bool
    /// Where its tier is written; nil where it follows from what wants it.
    var tierMark: SourceMark?
    /// Whether a template filled it in.
    var isOfTemplate = false
    /// Who says what of it, beside the texts that it holds with their places.
    var claims = EnvironmentClaims()

    /// Whether a branch or a pull request brought it about: what wants it then says which branch as well.
    var isOfBranch: Bool { ttlClass == .ephemeral || branch?.mark == source }

    init(slug: String, tier: Tier, ttlClass: TTLClass, subject: String, source: SourceMark) {
        self.slug = slug
        self.tier = tier
        self.ttlClass = ttlClass
        self.subject = subject
        self.source = source
        isProtected = tier == .production || tier == .staging
    }
}

extension TTLClass {
    /// The class of an environment that a person named.
    init(named tier: Tier) {
        switch tier {
        case .production: self = .production
        case .staging: self = .staging
        case .dev, .preview: self = .named
        }
    }

    /// The class of an environment that a branch brought about.
    init(branch tier: Tier) {
        switch tier {
        case .production: self = .production
        case .staging: self = .staging
        case .dev, .preview: self = .ephemeral
        }
    }
}
