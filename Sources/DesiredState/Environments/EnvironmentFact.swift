public import Basics

/// One thing that holds for an environment: who says it, and who says something else that doesn't count.
public struct EnvironmentFact: Sendable, Hashable {
    /// Who may say it; who comes first counts.
    public enum Authority: Int, Sendable, Hashable, Comparable, CaseIterable {
        /// `.odooops.yaml`, of this environment.
        case override
        /// `.odooops.yaml`, of the tier.
        case tierOverride
        /// Its own entry in `environments.yaml` or `convergence.yaml`.
        case entry
        /// The template of its tier.
        case template
        /// The mapping that its branch matched first, or the rule that lets its pull request have a preview.
        case mapping
        /// `.odooops/policies.yaml`.
        case policy
        /// The platform's own table, where no document says anything.
        case table

        public static func < (a: Authority, b: Authority) -> Bool { a.rawValue < b.rawValue }
    }

    /// What one of them says.
    public struct Claim: Sendable, Hashable {
        public let authority: Authority
        /// For people; never a secret.
        public let value: String
        /// Nil for the platform's own table.
        public let mark: SourceMark?
    }

    /// Such as `workers` or `limit.memory`.
    public let name: String
    /// The first counts; there is one at the least.
    public let claims: [Claim]

    /// What counts.
    public var value: String { claims.first?.value ?? "" }
    public var mark: SourceMark? { claims.first?.mark }
}

extension EnvironmentFact.Authority {
    /// What it is, for people.
    public var title: String {
        switch self {
        case .override: "the override of the environment"
        case .tierOverride: "the override of its tier"
        case .entry: "the environment's own entry"
        case .template: "the template of its tier"
        case .mapping: "what its branch or pull request matched first"
        case .policy: "the policies"
        case .table: "the platform's own table"
        }
    }
}

/// What is said of an environment while its documents are read.
struct EnvironmentClaims {
    private var claims: [String: [EnvironmentFact.Claim]] = [:]

    /// Keeps what somebody says; what was said twice by one authority is what was said last.
    mutating func add(_ name: String, _ value: String, _ authority: EnvironmentFact.Authority, at mark: SourceMark?) {
        var all = claims[name, default: []].filter { $0.authority != authority }
        all.append(EnvironmentFact.Claim(authority: authority, value: value, mark: mark))
        claims[name] = all.sorted { $0.authority < $1.authority }
    }

    mutating func add(_ name: String, _ text: Text?, _ authority: EnvironmentFact.Authority) {
        if let text { add(name, text.value, authority, at: text.mark) }
    }

    mutating func add(_ limits: OwnLimits?, _ authority: EnvironmentFact.Authority) {
        guard let limits else { return }
        add(limits.quota, authority) { limits.marks[$0] }
    }

    /// What is written of a quota.
    mutating func add(
        _ quota: ResourceQuota, _ authority: EnvironmentFact.Authority, at mark: (String) -> SourceMark?
    ) {
        if let workers = quota.workers { add("limit.workers", "\(workers)", authority, at: mark("workers")) }
        if let cpu = quota.cpuMillicores {
            add("limit.cpu", Quantity.text(millicores: cpu), authority, at: mark("cpu"))
        }
        if let bytes = quota.memoryBytes {
            add("limit.memory", Quantity.text(bytes: bytes), authority, at: mark("memory"))
        }
        if let bytes = quota.storageBytes {
            add("limit.storage", Quantity.text(bytes: bytes), authority, at: mark("storage"))
        }
    }

    /// In the order in which people read them.
    var facts: [EnvironmentFact] {
        let known = Self.order.compactMap { name in claims[name].map { EnvironmentFact(name: name, claims: $0) } }
        let others = claims.keys.filter { !Self.order.contains($0) }.sorted { $0.precedesByBytes($1) }
        return known + others.compactMap { name in claims[name].map { EnvironmentFact(name: name, claims: $0) } }
    }

    private static let order = [
        "tier", "branch", "tag", "auto_deploy", "protected", "time_to_live", "workers", "limit.workers", "limit.cpu",
        "limit.memory", "limit.storage", "backup_schedule", "domain", "host", "database_cluster", "database_server",
        "database", "database_user", "filestore", "engine",
    ]
}

extension EnvironmentDraft {
    /// Everything that holds for it, with what decided it; `policies` say what its own documents leave open.
    func facts(_ policies: PoliciesReading) -> [EnvironmentFact] {
        var claims = claims
        let own: EnvironmentFact.Authority = isOfTemplate ? .template : .entry
        // What a branch brought about is wanted by the line that its branch matched.
        let wish: EnvironmentFact.Authority = branch?.mark == source ? .mapping : .entry
        claims.add("tier", tier.rawValue, wish, at: tierMark ?? source)
        claims.add("branch", branch, wish)
        claims.add("tag", tag, wish)
        for (name, text) in [
            ("domain", domain), ("host", host), ("database_cluster", cluster), ("database_server", runtime.server),
            ("database", database), ("database_user", databaseUser), ("filestore", filestore),
            ("engine", runtime.engine),
        ] { claims.add(name, text, own) }
        let isCareful = tier == .production || tier == .staging
        claims.add("protected", isCareful ? "true" : "false", .table, at: nil)
        claims.add("auto_deploy", "false", .table, at: nil)
        claims.add("time_to_live", "never", .table, at: nil)
        if let ttl = policies.policy.ttl[ttlClass] {
            let text: String
            switch ttl {
            case .never: text = "never"
            case .after(let duration): text = duration.shortText
            }
            claims.add("time_to_live", "\(text) (\(ttlClass.rawValue))", .policy, at: policies.ttlMarks[ttlClass])
        }
        if let rule = policies.policy.backups[tier] {
            claims.add("backup_schedule", rule.schedule.cron ?? "never", .policy, at: rule.source)
        }
        if let quota = policies.policy.quotas[tier] {
            claims.add(quota, .policy) { policies.quotaMarks[tier]?[$0] }
        }
        claims.add(.table(tier: tier, isEphemeral: ttlClass == .ephemeral), .table) { _ in nil }
        return claims.facts
    }
}
