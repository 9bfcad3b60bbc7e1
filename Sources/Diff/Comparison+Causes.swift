internal import Basics
internal import DesiredState
internal import Formats

/// Why an attribute differs, beyond that a commit wants it so.
extension Comparison {
    /// Sees why an attribute isn't as it is wanted.
    ///
    /// What the documents name as known is expected. Where the wish is the one that was applied, its provider made
    /// another form of it (the answer to the write said so), or somebody changed it.
    ///
    /// - Returns: nil: the commit was not applied yet.
    func cause(
        of name: String, _ rule: AttributeRule, _ seen: Value?, _ wish: Value, _ key: ResourceKey,
        _ entry: InventoryEntry?
    ) -> (cause: ChangeCause, echo: Echo?)? {
        let echo = wasApplied(name, rule, wish, entry) ? entry?.echo(of: name, seen) : nil
        if let known = acknowledged[key]?.first(where: { sameBytes($0.attribute, name) }),
            AttributeComparer.fulfils(rule, seen, known.current)
        {
            return (.expected, echo)
        }
        guard wasApplied(name, rule, wish, entry) else { return nil }
        return (echo?.isAnswer == true ? .providerNormalization : .externalChange, echo)
    }

    private func wasApplied(_ name: String, _ rule: AttributeRule, _ wish: Value, _ entry: InventoryEntry?) -> Bool {
        guard let applied = entry?.lastApplied[name] else { return false }
        return AttributeComparer.fulfils(rule, applied, wish)
    }

    /// Writes down what is told and not changed: the forms of a provider, and what is put back again and again.
    mutating func tell(_ found: Differences, _ resource: DesiredResource) {
        if !found.normalised.isEmpty {
            normalised.append(
                DriftItem(
                    key: resource.key, cause: .providerNormalization, attributes: found.normalised.map(\.0),
                    environment: resource.environment, source: resource.source,
                    summary: "its provider has its own form of \(DraftText.names(found.normalised.map(\.0)))"))
        }
        for (change, echo) in found.normalised {
            notes.append(
                Diagnostic(
                    .warning, "PLAN-0015",
                    "\(change.path) of \(resource.key) is \(ValueText.short(change.before)) after each of "
                        + "\(echo.times == 1 ? "its writes" : "\(echo.times) writes"), and git wants "
                        + ValueText.short(change.after),
                    at: change.mark ?? resource.source,
                    hint: "it is no longer written: want what the provider makes of it, or leave it out"))
        }
        for (index, echo) in found.contested.sorted(by: { $0.key < $1.key }) {
            let change = found.changes[index]
            notes.append(
                Diagnostic(
                    .warning, "PLAN-0016",
                    "\(change.path) of \(resource.key) was written \(echo.times) times and is "
                        + "\(ValueText.short(change.before)) again each time: somebody else writes it too",
                    at: change.mark ?? resource.source,
                    hint: "find who writes it (the provider's audit log names them), or leave it to them and out of git"
                ))
        }
    }

    // MARK: What is known

    /// What the entries of `known_drift` come to that don't hold any more: nothing is acknowledged by them.
    func outdatedAcknowledgements() -> [Diagnostic] {
        input.desired.acknowledgedDrift.compactMap { known in
            // One that says itself that nothing differs is told where it is read.
            guard !known.isStale, let rule = input.schemas[known.key.kind]?.rule(known.attribute),
                let seen = input.observed.kinds[known.key.kind]?.resources.filter({ $0.key == known.key }),
                seen.count == 1
            else { return nil }
            let there = seen[0].attributes[known.attribute]
            if AttributeComparer.fulfils(rule, there, known.current) { return nil }
            let (what, hint): (String, String)
            if AttributeComparer.fulfils(rule, there, known.desired) {
                what = "is as it is wanted now, and `known_drift` still says that it isn't"
                hint = "remove the entry"
            } else {
                let value = rule.isSensitive ? "something else" : ValueText.short(there)
                what =
                    "is neither what `known_drift` says nor what is wanted, but \(value): the entry acknowledges nothing"
                hint = "look who changed it, then write what is there, or remove the entry"
            }
            return Diagnostic(
                .warning, "PLAN-0014", "\(known.attribute) of \(known.key) \(what)", at: known.source, hint: hint)
        }
    }
}
