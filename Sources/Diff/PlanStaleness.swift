internal import Basics
internal import DesiredState
internal import Formats

/// Says what moved between a saved plan and one that was made now.
public enum PlanStaleness {
    /// One sentence for each thing that moved; empty when the saved plan still stands as it is.
    ///
    /// The fresh plan has to be made with the targets and approvals of the saved one. The most telling lines come first;
    /// of changes that moved at most twenty are named.
    public static func compare(_ saved: SavedPlan, _ fresh: Plan) -> [String] {
        guard saved.fingerprint != fresh.fingerprint else { return [] }
        var lines: [String] = []
        if saved.revision != fresh.revision {
            lines.append("the commit moved: \(saved.revision.prefix(12)) → \(fresh.revision.prefix(12))")
        }
        lines += drivers(saved.basis.drivers, fresh.basis.drivers)
        if saved.basis.installation != fresh.basis.installation {
            let (before, after) = (saved.basis.installation ?? "none", fresh.basis.installation ?? "none")
            lines.append("`installation` of the configuration moved: \(before) → \(after)")
        }
        if saved.basis.policy != fresh.basis.policy { lines.append("the policy moved") }
        lines += environments(saved, fresh)

        let moved = changes(saved, fresh)
        lines += moved.prefix(20)
        if moved.count > 20 { lines.append("… and \((moved.count - 20).of("change")) more moved") }

        if moved.isEmpty {
            if saved.basis.observed != fresh.basis.observed {
                lines.append("something that the plan looks at moved at a provider, though no change moved by it")
            }
            if saved.basis.inventory != fresh.basis.inventory {
                lines.append(
                    "the inventory moved: since then something was applied, adopted or extended, or a pass took over what a "
                        + "commit newly says of what is there already")
            }
            if saved.basis.desired != fresh.basis.desired, saved.revision == fresh.revision {
                lines.append("what is wanted moved at the same commit: a branch got a new commit, or came or went")
            }
        }
        if Set(saved.targets) != Set(fresh.targets) { lines.append("the targets are others") }
        if saved.approvals != fresh.approvals { lines.append("the approvals are others") }
        return lines.isEmpty ? ["the order or the wording of the plan moved"] : lines
    }

    private static func drivers(_ saved: [String: String], _ fresh: [String: String]) -> [String] {
        Set(saved.keys).union(fresh.keys).sorted { compareBytes($0, $1) < 0 }.compactMap { provider in
            let (before, after) = (saved[provider] ?? "none", fresh[provider] ?? "none")
            return before == after ? nil : "the driver of \(provider) moved: version \(before) → \(after)"
        }
    }

    private static func environments(_ saved: SavedPlan, _ fresh: Plan) -> [String] {
        let before = Dictionary(saved.environments.map { ($0.slug, $0.phase) }, uniquingKeysWith: { first, _ in first })
        return fresh.environments.compactMap { outlook in
            guard let phase = before[outlook.slug] else { return "environment \(outlook.slug) is new" }
            let isOver = outlook.phase == .expired || outlook.phase == .unwanted
            let wasOver = phase == .expired || phase == .unwanted
            switch (wasOver, isOver) {
            case (false, true):
                return outlook.phase == .expired
                    ? "environment \(outlook.slug) expired meanwhile"
                    : "environment \(outlook.slug) is no longer wanted"
            case (true, false): return "environment \(outlook.slug) lives again"
            default: return nil
            }
        }
    }

    // MARK: Changes

    private static func changes(_ saved: SavedPlan, _ fresh: Plan) -> [String] {
        let before = Dictionary(saved.changes.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(fresh.changes.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var lines: [String] = []
        for key in Set(before.keys).union(after.keys).sorted(by: { ResourceKey.compare($0, $1) < 0 }) {
            switch (before[key], after[key]) {
            case (let old?, nil): lines.append("\(key): was to \(old.action.rawValue), now nothing is to be done")
            case (nil, let new?): lines.append("\(key): is now to \(new.action.rawValue), for \(new.reason)")
            case (let old?, let new?): lines += change(old, new)
            case (nil, nil): break
            }
        }
        return lines
    }

    private static func change(_ old: PlannedChange, _ new: PlannedChange) -> [String] {
        if old.action != new.action {
            return ["\(old.key): was to \(old.action.rawValue), is now to \(new.action.rawValue)"]
        }
        var lines: [String] = []
        if old.verdict != new.verdict {
            let why = new.verdictReason.map { ": \($0)" } ?? ""
            lines.append("\(old.key): was \(words(old.verdict)), is now \(words(new.verdict))\(why)")
        }
        if old.providerID != new.providerID {
            lines.append(
                "\(old.key): is another object now (\(old.providerID ?? "none") → \(new.providerID ?? "none"))")
        }
        let before = Dictionary(old.attributes.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.attributes.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        for path in Set(before.keys).union(after.keys).sorted(by: { compareBytes($0, $1) < 0 }) {
            switch (before[path], after[path]) {
            case (let was?, nil): lines.append("\(old.key): \(was.path) is already as it is wanted")
            case (nil, let now?): lines.append("\(old.key): \(now.path) differs now as well")
            case (let was?, let now?) where !was.isSensitive && !now.isSensitive:
                if !sameValue(was.before ?? .null, now.before ?? .null) {
                    lines.append(
                        "\(old.key): \(path) is now \(ValueText.short(now.before)), was \(ValueText.short(was.before))")
                }
                if !sameValue(was.after ?? .null, now.after ?? .null) {
                    lines.append(
                        "\(old.key): \(path) is to become \(ValueText.short(now.after)), was to become "
                            + ValueText.short(was.after))
                }
            default: break
            }
        }
        return lines
    }

    private static func words(_ verdict: Verdict) -> String {
        verdict.rawValue.spaced
    }
}
