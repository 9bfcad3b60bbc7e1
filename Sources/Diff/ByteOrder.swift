internal import DesiredState
internal import Formats

/// Whether two texts are the same bytes.
func sameBytes(_ a: String, _ b: String) -> Bool {
    a.utf8.count == b.utf8.count && compareBytes(a, b) == 0
}

/// A total order of values, the same on every machine; zero only for values that are the same byte by byte.
func compareValues(_ a: Value, _ b: Value) -> Int {
    switch (a, b) {
    case (.null, .null): return 0
    case (.bool(let a), .bool(let b)): return (a ? 1 : 0) - (b ? 1 : 0)
    case (.int(let a), .int(let b)): return a == b ? 0 : a < b ? -1 : 1
    case (.number(let a), .number(let b)), (.string(let a), .string(let b)): return compareBytes(a, b)
    case (.list(let a), .list(let b)):
        for (x, y) in zip(a, b) {
            let order = compareValues(x, y)
            if order != 0 { return order }
        }
        return a.count - b.count
    case (.object(let a), .object(let b)):
        // Members have no order of their own: two objects with the same members are the same object.
        let left = a.members.sorted { compareBytes($0.name, $1.name) < 0 }
        let right = b.members.sorted { compareBytes($0.name, $1.name) < 0 }
        for (x, y) in zip(left, right) {
            let names = compareBytes(x.name, y.name)
            if names != 0 { return names }
            let order = compareValues(x.value, y.value)
            if order != 0 { return order }
        }
        return left.count - right.count
    default: return shapeOrder(a) - shapeOrder(b)
    }
}

/// Whether two values are the same byte by byte; members of objects in any order.
func sameValue(_ a: Value, _ b: Value) -> Bool { compareValues(a, b) == 0 }

private func shapeOrder(_ value: Value) -> Int {
    switch value {
    case .null: 0
    case .bool: 1
    case .int: 2
    case .number: 3
    case .string: 4
    case .list: 5
    case .object: 6
    }
}

extension ResourceKey {
    /// Order by kind and name, without what `<` costs.
    static func compare(_ a: ResourceKey, _ b: ResourceKey) -> Int {
        let kinds = compareBytes(a.kind.name, b.kind.name)
        return kinds != 0 ? kinds : compareBytes(a.name, b.name)
    }
}

extension Array {
    /// The same array where it is sorted already, which costs one look at each pair.
    func sortedUnlessSorted(by compare: (Element, Element) -> Int) -> [Element] {
        for index in indices.dropFirst() where compare(self[index - 1], self[index]) > 0 {
            return sorted { compare($0, $1) < 0 }
        }
        return self
    }
}
