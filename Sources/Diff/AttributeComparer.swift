internal import DesiredState
public import Formats

/// Compares wanted with observed attributes by the rules of one kind.
///
/// Resources of a kind name nearly always the same attributes at the same positions, so the place where the last one was
/// found is tried first: then a resource that is as it should be costs a comparison an attribute, and no allocation.
struct AttributeComparer {
    let rules: [AttributeRule]
    private let names: [String]
    /// Position of a wanted attribute → index of its rule, as it was last.
    private var ruleHints: [Int] = []
    /// Position of a wanted attribute → index of the observed item, as it was last.
    private var itemHints: [Int] = []

    init(_ rules: [AttributeRule]) {
        self.rules = rules
        names = rules.map(\.name)
    }

    mutating func ruleIndex(_ name: String, at position: Int) -> Int? {
        while ruleHints.count <= position { ruleHints.append(0) }
        let hint = ruleHints[position]
        if hint < names.count, sameBytes(names[hint], name) { return hint }
        guard let index = names.firstIndex(where: { sameBytes($0, name) }) else { return nil }
        ruleHints[position] = index
        return index
    }

    mutating func itemIndex(_ name: String, in items: [Attributes.Item], at position: Int) -> Int? {
        while itemHints.count <= position { itemHints.append(0) }
        let hint = itemHints[position]
        if hint < items.count, sameBytes(items[hint].name, name) { return hint }
        guard let index = items.firstIndex(where: { sameBytes($0.name, name) }) else { return nil }
        itemHints[position] = index
        return index
    }

    enum Glance { case same, differs, holdsReference }

    /// Whether an object is as it is wanted, without saying what differs; references are left to a second look.
    mutating func glance(_ wanted: [WantedAttribute], _ observed: [Attributes.Item]) -> Glance {
        var glance = Glance.same
        for position in wanted.indices {
            guard case .literal(let value) = wanted[position].value else { return .holdsReference }
            guard glance == .same else { continue }
            let name = wanted[position].name
            guard let rule = ruleIndex(name, at: position) else {
                glance = .differs
                continue
            }
            if rules[rule].isComputed || rules[rule].isWriteOnly { continue }
            let there = itemIndex(name, in: observed, at: position).map { observed[$0].value }
            if !Self.fulfils(rules[rule], there, value) { glance = .differs }
        }
        return glance
    }

    /// Whether what is there fulfils a wish, by its rule.
    static func fulfils(_ rule: AttributeRule, _ raw: Value?, _ wish: Value) -> Bool {
        guard let raw else { return isNothing(rule, wish) }
        if sameValue(raw, wish) { return true }
        let (there, wanted) = (rule.normalise(raw), rule.normalise(wish))
        switch rule.comparison {
        case .exact: return sameValue(there, wanted)
        case .unordered:
            guard case .list(let left) = there, case .list(let right) = wanted else { return sameValue(there, wanted) }
            guard left.count == right.count else { return false }
            let (a, b) = (sorted(left), sorted(right))
            return a.indices.allSatisfy { sameValue(a[$0], b[$0]) }
        case .contains:
            guard case .list(let left) = there, case .list(let right) = wanted else { return sameValue(there, wanted) }
            return right.allSatisfy { item in left.contains { sameValue($0, item) } }
        }
    }

    /// What will be there once a wish is fulfilled: with `contains`, what is there already stays.
    static func result(_ rule: AttributeRule, _ there: Value?, _ wanted: Value) -> Value {
        guard case .contains = rule.comparison, case .list(let left)? = there.map(rule.normalise),
            case .list(let right) = rule.normalise(wanted)
        else { return wanted }
        return .list(left + right.filter { item in !left.contains { sameValue($0, item) } })
    }

    /// Whether a wish is fulfilled by an attribute that isn't there.
    private static func isNothing(_ rule: AttributeRule, _ wanted: Value) -> Bool {
        switch rule.normalise(wanted) {
        case .null: true
        case .list(let items):
            switch rule.comparison {
            case .exact: false
            case .unordered, .contains: items.isEmpty
            }
        default: false
        }
    }

    private static func sorted(_ values: [Value]) -> [Value] { values.sorted { compareValues($0, $1) < 0 } }
}

extension AttributeRule {
    /// Whether what is there fulfils a wish, as a plan compares the two; nil is nothing there.
    public func isFulfilled(by seen: Value?, _ wish: Value) -> Bool { AttributeComparer.fulfils(self, seen, wish) }
}
