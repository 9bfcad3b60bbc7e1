import Basics
import DesiredState
import Diff
import Formats
import Store

/// Carries the life of environments from plan to plan: when each began, when it ends, whether people were warned.
struct EnvironmentLedger {
    let desired: DesiredState
    let plan: Plan
    /// Nil where nothing was observed: what is known of the cost then stays.
    let cost: EnvironmentCost?
    let now: Timestamp

    /// A warning that has to be told once.
    struct Warning: Sendable {
        let slug: String
        let expiresAt: Timestamp
    }

    /// The rows as they should be after this pass.
    ///
    /// - Parameters:
    ///   - rows: as they are.
    ///   - owners: the environments that still own something.
    /// - Returns: the rows, and the warnings that nobody was given yet.
    func update(_ rows: [EnvironmentRow], owners: Set<String>) -> (rows: [EnvironmentRow], warnings: [Warning]) {
        var bySlug = Dictionary(rows.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        let outlooks = Dictionary(plan.environments.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        var warnings: [Warning] = []
        for environment in desired.environments {
            let outlook = outlooks[environment.slug]
            var row =
                bySlug[environment.slug]
                ?? EnvironmentRow(
                    slug: environment.slug, tier: environment.tier, ttlClass: environment.ttlClass, createdAt: now)
            let wasOver = row.status == .expired || row.status == .gone
            if wasOver, outlook?.phase == .active || outlook?.phase == .expiring {
                // A new commit on its branch begins its life anew; an extension or a pin goes on with the old one.
                let isRevived = row.status == .gone || row.expiredHead != environment.headCommit
                if isRevived { row.createdAt = now }
                row.expiredHead = nil
                row.warnedFor = nil
            }
            row.tier = environment.tier
            row.ttlClass = environment.ttlClass
            row.branch = environment.branch
            row.host = environment.host
            row.domain = environment.domain
            row.database = environment.database
            row.expiresAt = outlook?.expiresAt
            if let cost {
                var metadata = row.metadata.objectValue ?? Value.Object()
                metadata["cost_monthly_usd"] = cost[environment.slug].map { .string($0) }
                row.metadata = .object(metadata)
            }
            switch outlook?.phase {
            case .expired:
                row.status = .expired
                // The head with which it expired stays: another one brings the environment back.
                if !wasOver { row.expiredHead = environment.headCommit }
                row.headCommit = environment.headCommit
            case .expiring:
                row.status = .expiring
                row.headCommit = environment.headCommit
                if let expiresAt = outlook?.expiresAt, row.warnedFor != expiresAt {
                    row.warnedFor = expiresAt
                    warnings.append(Warning(slug: row.slug, expiresAt: expiresAt))
                }
            // What is over stays over while its document can't be read, with the head at which it ended.
            case .unknown: if !wasOver { row.status = .unknown }
            case .active, .unwanted, nil:
                row.status = .active
                row.headCommit = environment.headCommit
            }
            bySlug[environment.slug] = row
        }
        let wanted = Set(desired.environments.map(\.slug))
        for (slug, row) in bySlug where !wanted.contains(slug) {
            guard outlooks[slug]?.phase == .unwanted, !owners.contains(slug), row.status != .gone else { continue }
            var gone = row
            gone.status = .gone
            gone.expiresAt = nil
            bySlug[slug] = gone
        }
        return (bySlug.values.sorted { $0.slug.precedesByBytes($1.slug) }, warnings)
    }
}
