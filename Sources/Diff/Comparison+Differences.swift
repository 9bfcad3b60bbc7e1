internal import Basics
internal import DesiredState
internal import Formats

/// What differs of one resource, and what stands in the way of saying so.
struct Differences {
    var changes: [AttributeChange] = []
    var external: Set<Int> = []
    var awaits: Set<ResourceKey> = []
    /// A wish that can't be fulfilled, whatever is done.
    var obstacle: String?
    /// A value that can't be known now.
    var unknown: String?
}

extension Comparison {
    /// Every attribute that differs from what is wanted, each by its own rule.
    ///
    /// They come in the order of the attributes' names. Without an `entry` the object isn't ours yet.
    func differences(
        _ resource: DesiredResource, _ schema: KindSchema, _ entry: InventoryEntry?, _ there: ObservedResource
    ) -> Differences {
        var found = Differences()
        for attribute in resource.attributes {
            guard let rule = schema.rule(attribute.name) else {
                note(attribute, nil, before: nil, in: &found)
                continue
            }
            if rule.isComputed || rule.isWriteOnly { continue }
            let before = there.attributes[attribute.name]
            switch resolve(attribute.value) {
            case .known(let value):
                if AttributeComparer.fulfils(rule, before, value) { continue }
                if let applied = entry?.lastApplied[attribute.name], AttributeComparer.fulfils(rule, applied, value) {
                    found.external.insert(found.changes.count)
                }
                note(attribute, rule, before: before, in: &found)
            case .unknown(let why): found.unknown = found.unknown ?? why
            case .afterApply, .never: note(attribute, rule, before: before, in: &found)
            }
        }
        return found
    }

    /// Writes down one attribute that is to change.
    func note(_ attribute: WantedAttribute, _ rule: AttributeRule?, before: Value?, in found: inout Differences) {
        guard let rule else {
            found.obstacle = found.obstacle ?? "the driver has no rule for \(attribute.name)\(place(attribute))"
            found.changes.append(
                AttributeChange(path: attribute.name, before: nil, after: literal(attribute), mark: attribute.mark))
            return
        }
        if rule.isComputed { return }
        var after: Value?
        var reference: ResourceKey?
        if case .reference(let key, _) = attribute.value { reference = key }
        switch resolve(attribute.value) {
        case .known(let value): after = AttributeComparer.result(rule, before, value)
        case .afterApply(let key): found.awaits.insert(key)
        case .unknown(let why): found.unknown = found.unknown ?? why
        case .never(let why): found.obstacle = found.obstacle ?? "\(why)\(place(attribute))"
        }
        found.changes.append(
            AttributeChange(
                path: attribute.name, before: before, after: after, reference: reference,
                isSensitive: rule.isSensitive, requiresReplacement: before != nil && rule.requiresReplacement,
                mark: attribute.mark))
    }

    private func literal(_ attribute: WantedAttribute) -> Value? {
        if case .literal(let value) = attribute.value { value } else { nil }
    }

    private func place(_ attribute: WantedAttribute) -> String { attribute.mark.map { " (\($0))" } ?? "" }
}
