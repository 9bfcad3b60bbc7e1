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
            guard let seen = observed[item.name] else { return true }
            let (a, b) = (rule.normalise(item.value), rule.normalise(seen))
            switch rule.comparison {
            case .exact: return a != b
            case .unordered: return Self.counted(a) != Self.counted(b)
            case .contains:
                guard let needed = a.listValue, let present = b.listValue else { return a != b }
                return !Set(needed).isSubset(of: Set(present))
            }
        }.map(\.name)
    }

    private static func counted(_ value: Value) -> [Value: Int] {
        guard let items = value.listValue else { return [value: -1] }
        return items.reduce(into: [:]) { counts, item in counts[item, default: 0] += 1 }
    }
}
