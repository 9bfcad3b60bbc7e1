public import Basics

extension Policy {
    /// What an environment of a tier may use: what is written for the tier, completed by the platform's table.
    ///
    /// `isEphemeral` says whether a branch brings the environment about; of the tiers only dev tells the two apart.
    public func quota(tier: Tier, isEphemeral: Bool) -> ResourceQuota {
        let table = ResourceQuota.table(tier: tier, isEphemeral: isEphemeral)
        guard let written = quotas[tier] else { return table }
        return ResourceQuota(
            workers: written.workers ?? table.workers, cpuMillicores: written.cpuMillicores ?? table.cpuMillicores,
            memoryBytes: written.memoryBytes ?? table.memoryBytes,
            storageBytes: written.storageBytes ?? table.storageBytes)
    }

    /// How long environments of a class live; staging and production never expire, nor does a class that is not written.
    public func timeToLive(_ kind: TTLClass) -> TimeToLive {
        switch kind {
        case .staging, .production: .never
        case .named, .ephemeral: ttl[kind] ?? .never
        }
    }

    /// How environments of a class end.
    public func lifeRule(_ kind: TTLClass) -> LifeRule {
        var rule = lives[kind] ?? LifeRule(ttl: .never)
        rule.ttl = timeToLive(kind)
        return rule
    }

    /// The exceptions that lift the rules of a surface at an instant, and those that no longer or not yet do, in order.
    public func exceptions(of surface: String, at now: Timestamp) -> [(exception: PolicyException, isInForce: Bool)] {
        exceptions.filter { $0.surface == surface }.map { ($0, $0.isInForce(at: now)) }
    }
}

extension Tier {
    /// Which times to live its environments may have: of those that a person named, and of those of branches.
    public var ttlClasses: [TTLClass] {
        switch self {
        case .production: [.production]
        case .staging: [.staging]
        case .dev, .preview: [.named, .ephemeral]
        }
    }
}

extension Quantity {
    /// Thousandths of a processor as they are written: `2`, `500m`.
    public static func text(millicores: Int64) -> String {
        millicores % 1_000 == 0 ? "\(millicores / 1_000)" : "\(millicores)m"
    }

    /// Bytes with the largest binary or decimal unit of which they are a whole number: `8Gi`, `500M`.
    public static func text(bytes: Int64) -> String {
        guard bytes > 0 else { return "\(bytes)" }
        let units: [(Int64, String)] = [
            (1 << 50, "Pi"), (1_000_000_000_000_000, "P"), (1 << 40, "Ti"), (1_000_000_000_000, "T"), (1 << 30, "Gi"),
            (1_000_000_000, "G"), (1 << 20, "Mi"), (1_000_000, "M"), (1 << 10, "Ki"), (1_000, "k"),
        ]
        for (factor, unit) in units where bytes % factor == 0 { return "\(bytes / factor)\(unit)" }
        return "\(bytes)"
    }
}

extension Document {
    /// Whether it is one of the documents that rule what others may want: `reconcile policy validate` reads these.
    public var isPolicy: Bool {
        switch domain {
        case "policies", "security", "branches": true
        case "digitalocean":
            schema?.hasPrefix("ssot.infra.digitalocean.policy.") == true
                || path.hasSuffix("infra/digitalocean/policy.yaml") || path.hasSuffix("infra/digitalocean/policy.yml")
        default: false
        }
    }
}
