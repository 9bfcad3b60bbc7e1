internal import DesiredState
internal import Formats

/// What differs between the world and what was wanted or last applied, whether or not anything is done about it.
enum DriftReport {
    /// - Returns: sorted by key; a resource that a commit and a hand changed both has an item for each.
    ///
    /// `others` are differences that no change is about.
    static func items(_ drafts: [Draft], beside others: [DriftItem] = []) -> [DriftItem] {
        var items = others
        for draft in drafts where draft.isDrift {
            let change = draft.change
            switch change.action {
            case .create:
                let gone = change.cause == .externalChange
                items.append(item(change, change.cause, [], gone ? "it was deleted" : "it is missing"))
            case .delete, .read:
                // What is only kept from going by a person's word differs like what goes.
                items.append(item(change, change.cause, [], "it is there, but \(change.reason)"))
            case .update, .replace, .adopt:
                // Another object than the one that was remembered differs by hand in all that nobody knew of.
                let usual: ChangeCause =
                    change.action == .adopt && change.cause == .externalChange ? .externalChange : .unappliedCommit
                var attributes: [ChangeCause: [AttributeChange]] = [:]
                for (index, attribute) in change.attributes.enumerated() {
                    attributes[draft.causes[index] ?? usual, default: []].append(attribute)
                }
                for cause in ChangeCause.allCases {
                    guard let some = attributes[cause] else { continue }
                    items.append(item(change, cause, some, DraftText.difference(some)))
                }
            case .noop, .forget: break
            }
        }
        return joined(
            items.sorted { a, b in
                let order = ResourceKey.compare(a.key, b.key)
                if order != 0 { return order < 0 }
                guard a.cause == b.cause else { return compareBytes(a.cause.rawValue, b.cause.rawValue) < 0 }
                if (a.finding == nil) != (b.finding == nil) { return a.finding == nil }
                return compareBytes(a.summary, b.summary) < 0
            })
    }

    /// The same with one item for each key and cause, as they are remembered: a finding hides no change, nor another finding.
    private static func joined(_ items: [DriftItem]) -> [DriftItem] {
        var joined: [DriftItem] = []
        joined.reserveCapacity(items.count)
        for item in items {
            guard item.finding != nil, let last = joined.last, last.key == item.key, last.cause == item.cause else {
                joined.append(item)
                continue
            }
            joined[joined.count - 1] = DriftItem(
                key: last.key, cause: last.cause, attributes: last.attributes,
                environment: last.environment ?? item.environment, source: last.source ?? item.source,
                summary: "\(last.summary); \(item.summary)", finding: last.finding ?? item.finding)
        }
        return joined
    }

    private static func item(
        _ change: PlannedChange, _ cause: ChangeCause, _ attributes: [AttributeChange], _ summary: String
    ) -> DriftItem {
        DriftItem(
            key: change.key, cause: cause, attributes: attributes, environment: change.environment,
            source: change.source, summary: summary)
    }
}
