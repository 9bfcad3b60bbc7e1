import Basics
import DesiredState
import Diff
import Drivers
import HTTPClient
import Store

extension Reconciler {
    /// How long what was seen is shown before it is asked for again.
    private static let watchInterval = Duration.hours(1)

    /// What is looked at once in a while: from the last look, or from one made now where its hour is over.
    ///
    /// It is for people, and no pass fails for it or waits long: where the budget is short it is left for later, and what
    /// can't be read stays as it was last seen.
    ///
    /// - Parameters:
    ///   - desired: says which projects and repositories there are.
    ///   - runID: the pass.
    ///   - isAsking: whether providers may be asked; else only what is kept counts.
    ///   - isKept: whether what is seen is remembered, as a dry run's isn't.
    /// - Returns: what was last seen of each kind, sorted by kind.
    func watch(_ desired: DesiredState, runID: String, isAsking: Bool, isKept: Bool) async -> [WatchedKind] {
        let there = Set(drivers.filter { !($0 is UnconfiguredDriver) }.flatMap { $0.schemas.map(\.kind) })
        // Without its credential nothing is asked, and what was seen of what is wanted stands.
        let ruled = Set(SurfacePolicy.kinds.values.joined())
        let names = ProviderWatch.names(desired).filter {
            there.contains($0.key) || !$0.value.isEmpty || ruled.contains($0.key)
        }
        guard !names.isEmpty else { return [] }
        do {
            var records = Dictionary(
                try await store.looks().map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
            if isAsking {
                let looks = await look(
                    at: due(names.filter { there.contains($0.key) }, records), records, runID: runID)
                for look in looks { records[look.kind] = look }
                if isKept { try await store.keep(looks) }
            }
            return names.keys.sorted().compactMap { records[$0]?.watched }
        } catch {
            log.warning("what is looked at once in a while could not be kept", ["run.id": runID, "fault": "\(error)"])
            return []
        }
    }

    /// What has not been asked for within the hour, or was asked for by other names, as far as the budgets allow it now.
    private func due(
        _ names: [ResourceKind: Set<String>], _ records: [ResourceKind: LookRecord]
    ) -> [ResourceKind: Set<String>] {
        let now = time.now
        let due = names.filter { kind, names in
            guard let record = records[kind], Set(record.names) == names else { return true }
            // A clock that was set back must not stop it for as long as it was ahead.
            return now - record.triedAt >= Self.watchInterval || now < record.triedAt
        }
        let requests = ProviderWatch.requests(due)
        guard let budgets else { return due }
        // One has to be free at once; all together may take what the narrowest limit of the provider allows at the worst.
        let first = budgets.waits(for: requests.mapValues { _ in 1 }, in: .schedule)
        let all = budgets.waits(for: requests, in: .schedule)
        return due.filter { kind, _ in
            (first[kind.provider] ?? .zero) <= .zero
                && (all[kind.provider] ?? .zero) <= .milliseconds(1_500) * (requests[kind.provider] ?? 0)
        }
    }

    private func look(
        at due: [ResourceKind: Set<String>], _ records: [ResourceKind: LookRecord], runID: String
    ) async -> [LookRecord] {
        let seen = await ask(due, aside: Set(due.keys), runID: runID, priority: .resync)
        let now = time.now
        return due.keys.sorted().map { kind in
            let before = records[kind]
            var record = LookRecord(
                kind: kind, names: (due[kind] ?? []).sorted { $0.precedesByBytes($1) }, triedAt: now,
                watched: before?.watched)
            guard let list = seen.kinds[kind] else { return record }
            if case .unknown(let reason) = list.completeness {
                record.problem = reason
            } else {
                record.watched = WatchedKind(list.keeping(before?.watched?.seen), at: now)
            }
            return record
        }
    }
}

extension ObservedKind {
    /// The same, with what was seen before of parents that this time showed nothing.
    fileprivate func keeping(_ before: ObservedKind?) -> ObservedKind {
        guard let before, !gaps.isEmpty else { return self }
        let known = Set(resources.map(\.key))
        let kept = before.resources.filter {
            !known.contains($0.key) && !completeness(of: $0.key.name).isComplete
        }
        return ObservedKind(
            kind: kind, completeness: completeness, gaps: gaps, resources: resources + kept, isAside: true)
    }
}
