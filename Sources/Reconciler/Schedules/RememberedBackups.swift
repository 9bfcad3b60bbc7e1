import Basics
public import DesiredState
import Diff
public import Store

/// Backups outlive the word that asked for them: what is there is backed up until somebody has said that less is meant, or
/// until it is gone.
extension DesiredState {
    /// The environments as they are looked after by the clock, sorted by slug.
    ///
    /// What nothing wants any more, and what can't be read, is backed up as it last was for as long as it is there; so is all
    /// where the commit or its documents are others than people have said yes to.
    ///
    /// - Parameters:
    ///   - rows: what the store remembers.
    ///   - kept: the care of environments whose documents give them less.
    ///   - isInDoubt: whether somebody has to say first that the commit and its documents are meant.
    /// - Returns: also those that aren't backed up.
    func lookedAfter(
        _ rows: [EnvironmentRow], keeping kept: [String: Care], isInDoubt: Bool
    ) -> [Environment] {
        var remembered: [String: (row: EnvironmentRow, cron: String)] = [:]
        for row in rows where row.status != .gone {
            if let cron = row.backupSchedule { remembered[row.slug] = (row, cron) }
        }
        let known = keeping(kept).environments
        guard !remembered.isEmpty else { return known }
        var unread: Set<String> = []
        for scope in unknown where scope.code != Hold.suspensionCode {
            if case .environment(let slug) = scope.extent { unread.insert(slug) }
        }
        let slugs = Set(known.lazy.map(\.slug))
        let lost = remembered.filter { !slugs.contains($0.key) }
        // Nearly always all is as the documents say.
        guard isInDoubt || !unread.isEmpty || !lost.isEmpty else { return known }
        let all =
            known.map { environment in
                guard isInDoubt || unread.contains(environment.slug), let last = remembered[environment.slug] else {
                    return environment
                }
                return environment.backedUp(by: last.cron)
            } + lost.values.map { Environment(lost: $0.row, backupSchedule: $0.cron) }
        return all.sorted { $0.slug.precedesByBytes($1.slug) }
    }
}

extension Environment {
    /// One that no document names any more, as far as backing it up goes.
    fileprivate init(lost row: EnvironmentRow, backupSchedule: String) {
        self.init(
            slug: row.slug, tier: row.tier, ttlClass: row.ttlClass ?? .named, ttl: .never, branch: row.branch,
            headCommit: row.headCommit, host: row.host, domain: row.domain, databaseCluster: nil,
            database: row.database, filestore: nil, workers: nil, backupSchedule: backupSchedule, autoDeploy: false,
            quota: nil, isProtected: !row.tier.hasLife,
            // Where the word of it stands now.
            source: SourceMark(file: "ops.environments", line: 1, column: 1), resources: [])
    }
}

extension Store {
    /// The environments of a commit as they are looked after by the clock, as the last pass that counted an approval left it.
    public func lookedAfter(in desired: DesiredState) async throws(StoreFault) -> [Environment] {
        var grounds = Grounds(try await lineage(), countsStored: false)
        grounds.find(desired)
        _ = try await grounds.weigh(.documents, self)
        // A name that has become free meanwhile is let go of by the next pass. What belongs to no environment changes no tier.
        try await grounds.weighCare(desired, try await inventory(), at: Timestamp(microseconds: 0), self) { _ in false }
        return desired.lookedAfter(
            try await environments(), keeping: grounds.keptCare, isInDoubt: grounds.isInDoubt)
    }
}
