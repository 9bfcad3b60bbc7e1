import Basics
import DesiredState
import Diff
import Formats
import Store

/// What a pass has to tell of what it leaves alone.
extension Pass {
    /// What is to be written down of what is left alone.
    struct AloneLook: Sendable {
        /// What has gone on for so long that it is no lag any more.
        var findings: [Finding] = []
        /// Whether nobody could look for one that isn't among them.
        var isUnknown: @Sendable (FindingIdentity) -> Bool = { _ in true }
    }

    /// Looks for what is left alone because it can't be told apart, and since when that is so.
    ///
    /// A dry run says nothing of it, and a look at a part of the world nothing of the rest.
    mutating func lookForLeftAlone(
        _ desired: DesiredState, _ observed: ObservedState, _ escalation: Escalation
    ) async throws(StoreFault) -> AloneLook {
        guard !options.isDryRun, let plan else { return AloneLook() }
        let alone = LeftAlone(plan, desired, observed, known: Set(reconciler.schemas.keys))
        let isWhole = options.targets.isEmpty
        let before = alone.items.isEmpty && isWhole ? [:] : try await aloneBefore()
        // In each service's runs, for the next pass may be another's.
        var since = isWhole ? [:] : before
        for item in alone.items {
            let key = item.change.key.description
            since[key] = min(before[key] ?? plannedAt, plannedAt)
        }
        aloneSince = since
        let (now, share) = (plannedAt, share)
        let lasting = alone.items.filter { item in
            guard share.owns(item.change.key, wantedBy: item.change.environment) else { return false }
            return since[item.change.key.description].map { now - $0 >= LeftAlone.patience(item.change) } ?? false
        }
        return AloneLook(
            findings: lasting.map { Finding($0, since: since[$0.change.key.description], escalation) },
            isUnknown: { identity in
                guard isWhole, let key = ResourceKey(identity.key) else { return true }
                return !share.owns(key, wantedBy: identity.ownEnvironment) || alone.isUnknown(identity)
            })
    }

    /// Since when things were left alone when it was last looked at.
    private func aloneBefore() async throws(StoreFault) -> [String: Timestamp] {
        let runs = try await reconciler.store.runPage(limit: 20).rows
        let last = runs.first { last in
            guard last.id != run.id, !last.isDryRun, last.completedAt != nil else { return false }
            // One that failed may have ended before it looked.
            return last.metadata["left_alone"] != nil || last.phase != .failed && last.metadata["summary"] != nil
        }
        var since: [String: Timestamp] = [:]
        for member in last?.metadata["left_alone"]?.objectValue?.members ?? [] {
            since[member.name] = member.value.stringValue.flatMap { Timestamp($0) }
        }
        return since
    }
}

extension Finding {
    /// So many of what waits are named.
    private static let named = 20

    fileprivate init(_ item: LeftAlone.Item, since: Timestamp?, _ escalation: Escalation) {
        let change = item.change
        var evidence: Value.Object = [
            "why": .string(change.verdictReason ?? change.reason), "hold": .text(change.hold?.rawValue),
        ]
        if !item.waiting.isEmpty {
            evidence["waiting"] = .strings(item.waiting.prefix(Self.named).map(\.description))
            evidence["waiting_count"] = .int(Int64(item.waiting.count))
        }
        self.init(
            FindingIdentity(environment: change.environment, kind: LeftAlone.kind, key: change.key.description),
            evidence: .object(evidence), suggestedAction: "reconcile explain \(change.key)", since: since,
            escalatesAfter: escalation.limit(change.environment))
    }
}
