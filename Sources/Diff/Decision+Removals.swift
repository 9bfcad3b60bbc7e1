internal import Basics
internal import DesiredState
internal import Formats

/// The guards of what can't be undone.
extension Decision {
    /// Keeps what something wanted still needs, unless its environment has come to its end; and what would be replaced though
    /// its provider keeps it for what is in it.
    mutating func keepWhatIsNeeded() {
        var going: [ResourceKey: Int] = [:]
        for index in drafts.indices where drafts[index].isAllowed {
            let change = drafts[index].change
            guard
                change.action == .delete && change.cause != .expired
                    || change.action == .replace && input.schemas[change.key.kind]?.isKeptByUsers == true
            else { continue }
            going[drafts[index].key] = index
        }
        guard !going.isEmpty else { return }
        for resource in input.desired.resources.sortedUnlessSorted(by: { ResourceKey.compare($0.key, $1.key) })
        where !lives.isOver(resource.environment) {
            var needs = resource.dependsOn
            for attribute in resource.attributes {
                if case .reference(let key, _) = attribute.value { needs.append(key) }
            }
            if let parent = KindOrder.parent(of: resource.key) { needs.append(parent) }
            for key in needs {
                guard let index = going[key], drafts[index].isAllowed else { continue }
                let isReplaced = drafts[index].change.action == .replace
                // Nothing is in it yet that comes with this plan.
                if isReplaced, entry(of: resource.key) == nil { continue }
                drafts[index].refuse(
                    .blocked,
                    "\(resource.key) still needs it (\(resource.source))"
                        + (isReplaced
                            ? ", and it can't be replaced while anything does: want another one beside it, move what needs it there, "
                                + "and take this one out then" : ""),
                    as: .needed)
            }
        }
    }

    /// What a person has to say yes to: deletions, replacements, and changes that take as much away.
    mutating func askForApproval() {
        for index in drafts.indices where drafts[index].isAllowed {
            let draft = drafts[index]
            guard let reason = draft.question ?? (draft.destroys ? reasonToAsk(draft) : nil),
                !input.approvals.contains(draft.key)
            else { continue }
            drafts[index].refuse(.needsApproval, reason, as: .approval)
        }
    }

    /// Why only a person may let a thing go; nil where nobody has to be asked.
    func reasonToAsk(_ draft: Draft) -> String? {
        let change = draft.change
        let verb = change.action == .replace ? "replaced" : "deleted"
        let place = change.source.map { " (\($0))" } ?? ""
        if change.isProtected { return "it is protected\(place), and would be \(verb)" }
        if let doubt = draft.doubt { return doubt }
        let life = change.environment.flatMap { lives[$0] }
        if let slug = change.environment {
            guard let life, let tier = life.tier else {
                return "nobody knows the tier of environment \(slug), to which it belongs"
            }
            if life.isProtected { return "environment \(slug) is protected, and it would be \(verb)" }
            if life.outlook.phase == .unwanted, tier == .production || tier == .staging {
                return "it belongs to \(slug), an environment of the tier \(tier.rawValue) that nothing wants any more"
            }
        }
        if let strangers = strangers(in: draft.key) { return strangers }
        if change.action == .delete, let strangers = strangers(inProject: draft.key) { return strangers }
        guard let schema = input.schemas[draft.key.kind] else { return nil }
        if entry(of: draft.key)?.isAdopted == true, schema.losesWork {
            return
                "it was there before us, with \(schema.isStateful ? "data" : "settings") that only it has, and would be "
                + verb
        }
        if schema.isStateful {
            if change.action == .delete, life?.endsFreely == true { return nil }
            return "it holds data that only it has, and would be \(verb)"
        }
        return nil
    }

    /// What goes with a cluster or a domain without being ours.
    private func strangers(in key: ResourceKey) -> String? {
        var names: [String] = []
        for kind in input.observed.kinds.values where KindOrder.hasParent(kind.kind) && kind.kind != .databaseFirewall {
            let prefix = key.name + "/"
            var (low, high) = (0, kind.resources.count)
            while low < high {
                let middle = low + (high - low) / 2
                if compareBytes(kind.resources[middle].key.name, prefix) < 0 { low = middle + 1 } else { high = middle }
            }
            for resource in kind.resources[low...] {
                guard resource.key.name.hasPrefix(prefix) else { break }
                guard KindOrder.parent(of: resource.key) == key, !resource.isOwned, entry(of: resource.key) == nil
                else {
                    continue
                }
                names.append(resource.key.description)
            }
        }
        guard !names.isEmpty else { return nil }
        names.sort { compareBytes($0, $1) < 0 }
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        return
            "\(names.prefix(3).joined(separator: ", "))\(more) would go with it, and \(names.count == 1 ? "isn't" : "aren't") ours"
    }

    /// What a project of DigitalOcean holds without being ours: it would be moved to the default project.
    private func strangers(inProject key: ResourceKey) -> String? {
        guard key.kind == .project, let seen = input.observed.kinds[.project]?.resources.first(where: { $0.key == key })
        else { return nil }
        let held = (seen.attributes["resources"]?.listValue ?? []).compactMap(\.stringValue)
        let names = held.filter { name in
            let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, let kind = ResourceKind.byProjectWord[parts[0]] else { return true }
            return entry(of: ResourceKey(kind, parts[1])) == nil
        }
        guard !names.isEmpty else { return nil }
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        return "it holds \(names.prefix(3).joined(separator: ", "))\(more), which "
            + "\(names.count == 1 ? "isn't" : "aren't") ours and would be moved to the default project"
    }

    private func entry(of key: ResourceKey) -> InventoryEntry? {
        let entries = input.inventory.entries
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = low + (high - low) / 2
            if ResourceKey.compare(entries[middle].key, key) < 0 { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && ResourceKey.compare(entries[low].key, key) == 0 ? entries[low] : nil
    }

    // MARK: Whole plans

    /// Roots that are gone, and a repository that suddenly wants nothing, stop every deletion.
    mutating func guardAgainstVanishing() {
        let roots = input.inventory.lastRoots.filter { !input.desired.roots.contains($0) }.sorted {
            compareBytes($0, $1) < 0
        }
        if !roots.isEmpty {
            let names = roots.joined(separator: ", ")
            let what = roots.count == 1 ? "the root \(names) has vanished" : "the roots \(names) have vanished"
            let remedy =
                "put it back; to let go of what it held, empty its documents in a commit of their own, and take it away "
                + "when all that is marked for it has gone"
            denyDeletions("\(what): \(remedy)")
            diagnostics.append(Diagnostic(.warning, "PLAN-0002", "\(what): nothing is deleted", hint: remedy))
        }
        let last = input.inventory.lastDesiredCount
        if input.desired.resources.isEmpty, input.desired.environments.isEmpty, last > 0 {
            let what = "the repository wants nothing at all, where it wanted \(last.of("thing")) before"
            denyDeletions("\(what): that is more likely an accident than a wish")
            diagnostics.append(
                Diagnostic(
                    .warning, "PLAN-0003", "\(what): nothing is deleted",
                    hint:
                        "look at --root and --ref; to let go of everything, keep one environment and delete the rest first"
                ))
        }
    }

    private mutating func denyDeletions(_ reason: String) {
        for index in drafts.indices where drafts[index].change.action == .delete || drafts[index].loss != nil {
            guard drafts[index].change.verdict != .blocked, drafts[index].change.verdict != .denied else { continue }
            drafts[index].refuse(.denied, reason, as: .rule)
        }
    }

    /// More deletions than the cap stop all of them: a part of a mistake is a mistake too.
    ///
    /// Those that wait for an approval count as well: what goes without a question may be the rest of the same mistake.
    mutating func capDeletions() {
        let count = drafts.count { $0.destroys && ($0.isAllowed || $0.change.verdict == .needsApproval) }
        let cap = policy.maximumDeletes
        guard count > cap else { return }
        // What the file says isn't the cap where it can't be read: raising it would change nothing.
        let unread = cap == 0 ? policy.unreadableLimit : nil
        let remedy =
            unread.map { unread in
                let place = unread.source.map { "\($0): " } ?? ""
                return "mend what keeps `limits` of the policies from being read: "
                    + "\(place)\(unread.code): \(unread.reason)"
            } ?? remedy(forCap: cap)
        let bound = unread == nil ? ", the cap is \(cap)" : ", and how many it may can't be read"
        for index in drafts.indices where drafts[index].destroys && drafts[index].isAllowed {
            drafts[index].refuse(
                .denied, "the plan would delete \(count)\(bound): \(remedy)", as: .rule, at: unread?.source)
        }
        diagnostics.append(
            Diagnostic(
                .warning, "PLAN-0004", "the plan would delete \(count.of("resource"))\(bound): none is deleted",
                at: unread?.source, hint: remedy))
    }
}
