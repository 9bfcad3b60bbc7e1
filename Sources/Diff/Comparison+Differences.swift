internal import Basics
internal import DesiredState
internal import Formats

/// What differs of one resource, and what stands in the way of saying so.
struct Differences {
    var changes: [AttributeChange] = []
    /// Why each of the changes is one, by its index; what isn't here waits for its commit.
    var causes: [Int: ChangeCause] = [:]
    /// What the provider makes of a wish, however often it is written: no change.
    var normalised: [(AttributeChange, Echo)] = []
    /// What came to the same after each of the last writes, by the index of its change.
    var contested: [Int: Echo] = [:]
    var awaits: Set<ResourceKey> = []
    /// A wish that can't be fulfilled, whatever is done.
    var obstacle: String?
    /// A value that can't be known now.
    var unknown: String?

    /// Why the resource differs: the first reason of all that calls for more than the others.
    var cause: ChangeCause {
        let all = changes.indices.map { causes[$0] ?? .unappliedCommit }
        return [.unappliedCommit, .externalChange, .providerNormalization].first { all.contains($0) } ?? .expected
    }

    /// Whether all that differs is known.
    var isExpected: Bool { !changes.isEmpty && changes.indices.allSatisfy { causes[$0] == .expected } }

    /// Until when a write would only be undone once more; nil where there is anything else to write, or it is time.
    func rest(at now: Timestamp) -> Timestamp? {
        guard contested.count == changes.count else { return nil }
        return contested.values.compactMap(\.restsUntil).filter { now < $0 }.max()
    }
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
                let index = found.changes.count
                let reason = cause(of: attribute.name, rule, before, value, resource.key, entry)
                note(attribute, rule, before: before, in: &found)
                if let echo = reason?.echo, echo.isSettled(rule), let change = found.changes.popLast() {
                    found.normalised.append((change, echo))
                    continue
                }
                found.causes[index] = reason?.cause
                if let echo = reason?.echo, echo.restsUntil != nil { found.contested[index] = echo }
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

    func place(_ attribute: WantedAttribute) -> String { attribute.mark.map { " (\($0))" } ?? "" }
}
