public import Diff
internal import Formats

extension KindSchema {
    /// The names of the wanted attributes that an object does not have as wanted, sorted.
    ///
    /// What counts only at creation is left out, for nobody can see it later.
    public func differences(wanted: Attributes, observed: Attributes) -> [String] {
        wanted.items.filter { item in
            guard let rule = rule(item.name) else { return true }
            if rule.isWriteOnly || rule.isComputed { return false }
            return !rule.isFulfilled(by: observed[item.name], item.value)
        }.map(\.name)
    }
}
