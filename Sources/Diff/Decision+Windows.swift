internal import Basics
internal import DesiredState

/// The guard of time: sync windows and freezes.
extension Decision {
    /// Blocks what may not be changed at the instant of the plan, and says when it may.
    ///
    /// What several environments share stands on the windows of all that need it: a freeze of production covers the
    /// droplet on which production runs.
    mutating func keepToWindows() {
        let calendar = SyncCalendar(policy, zones: input.zones)
        guard !calendar.isEmpty, drafts.contains(where: \.isAllowed) else { return }
        let dependents = Dependents(input.desired)
        var known: [[SyncSubject]: (SyncCalendar.Closure, Timestamp?)?] = [:]
        for index in drafts.indices where drafts[index].isAllowed && drafts[index].hasEffect {
            let slugs = dependents.environments(of: drafts[index].key, drafts[index].change.environment)
            let subjects =
                slugs.isEmpty
                ? [SyncSubject(environment: nil, tier: nil)]
                : slugs.map { SyncSubject(environment: $0, tier: lives[$0]?.tier) }
            let answer: (SyncCalendar.Closure, Timestamp?)?
            if let before = known[subjects] {
                answer = before
            } else {
                answer = calendar.closure(of: subjects, at: input.now, isManual: input.isManual).map {
                    ($0, calendar.nextOpening(of: subjects, from: input.now, isManual: input.isManual))
                }
                known[subjects] = .some(answer)
            }
            guard let (closure, opening) = answer else { continue }
            let next = opening.map { "; it opens at \($0.minuteText) UTC" } ?? "; no opening is in sight"
            drafts[index].refuse(.blocked, closure.reason + next, as: .window)
            drafts[index].change.blockedUntil = opening
            drafts[index].change.heldAt = closure.source
        }
    }
}

/// Which environments stand on a resource.
private struct Dependents {
    /// Environments by the resource that they need, directly or through others.
    private var environments: [ResourceKey: Set<String>] = [:]

    init(_ desired: DesiredState) {
        var needs: [ResourceKey: [ResourceKey]] = [:]
        var queue: [(ResourceKey, String)] = []
        for resource in desired.resources {
            var keys = resource.dependsOn
            for attribute in resource.attributes {
                if case .reference(let key, _) = attribute.value { keys.append(key) }
            }
            if let parent = KindOrder.parent(of: resource.key) { keys.append(parent) }
            needs[resource.key] = keys
            if let slug = resource.environment { queue.append((resource.key, slug)) }
        }
        for environment in desired.environments {
            queue += environment.resources.map { ($0, environment.slug) }
            if let host = environment.host { queue.append((ResourceKey(.droplet, host), environment.slug)) }
            if let cluster = environment.databaseCluster {
                queue.append((ResourceKey(.databaseCluster, cluster), environment.slug))
            }
        }
        while let (key, slug) = queue.popLast() {
            guard environments[key, default: []].insert(slug).inserted else { continue }
            queue += (needs[key] ?? []).map { ($0, slug) }
        }
    }

    /// Sorted; with the owner, which the desired state may not name any more.
    func environments(of key: ResourceKey, _ owner: String?) -> [String] {
        var slugs = environments[key] ?? []
        if let owner { slugs.insert(owner) }
        return slugs.sorted { compareBytes($0, $1) < 0 }
    }
}
