import Basics

extension [Diagnostic] {
    /// Puts sorted lists together to one, each element once; each list holds its own once.
    ///
    /// Lists of what is wrong with one file each follow one another, and then little has to be compared.
    static func merging(_ lists: [[Diagnostic]]) -> [Diagnostic] {
        let inOrder = lists.filter { !$0.isEmpty }.sortedByPlaces { $0[0] < $1[0] }
        var chain: [Diagnostic] = []
        var rest: Set<Diagnostic> = []
        for list in inOrder {
            if let last = chain.last, let first = list.first, !(last < first) {
                rest.formUnion(list)
            } else {
                chain += list
            }
        }
        return chain.merged(with: Array(rest).sortedByPlaces(by: <))
    }

    /// Puts two sorted lists together to one, each element once; each list holds its own once.
    func merged(with other: [Diagnostic]) -> [Diagnostic] { merged(with: other, by: <) }
}

extension [DesiredResource] {
    /// Puts two lists that are sorted by key together to one.
    func merged(with other: [DesiredResource]) -> [DesiredResource] { merged(with: other) { $0.key < $1.key } }
}

extension Array {
    /// Sorts elements that are dear to move: only their places are moved while it goes on, and each of them once.
    func sortedByPlaces(by precedes: (Element, Element) -> Bool) -> [Element] {
        let order = withUnsafeBufferPointer { elements in
            elements.indices.sorted { precedes(elements[$0], elements[$1]) }
        }
        return order.map { self[$0] }
    }

    /// The same by a key of each element, which is taken out of it once.
    func sortedByPlaces<Key>(_ key: (Element) -> Key, by precedes: (Key, Key) -> Bool) -> [Element] {
        let order = map(key).withUnsafeBufferPointer { keys in
            keys.indices.sorted { precedes(keys[$0], keys[$1]) }
        }
        return order.map { self[$0] }
    }
}

extension Array where Element: Equatable {
    /// Puts two sorted lists together to one, what is in both once.
    ///
    /// Of the longer one whole stretches are taken at once, so that little has to be compared.
    private func merged(with other: [Element], by precedes: (Element, Element) -> Bool) -> [Element] {
        let (long, short) = count < other.count ? (other, self) : (self, other)
        guard !short.isEmpty else { return long }
        var merged: [Element] = []
        merged.reserveCapacity(long.count + short.count)
        var index = 0
        for element in short {
            let end = long.firstIndex(from: index, notBefore: element, by: precedes)
            merged += long[index..<end]
            index = end
            if index == long.count || long[index] != element { merged.append(element) }
        }
        return merged + long[index...]
    }

    /// The first place from an index on whose element doesn't come before another one: looked for in steps that double,
    /// then by halves.
    private func firstIndex(
        from start: Int, notBefore element: Element, by precedes: (Element, Element) -> Bool
    ) -> Int {
        var (low, high, step) = (start, start, 1)
        while high < count, precedes(self[high], element) {
            low = high + 1
            high += step
            step *= 2
        }
        high = Swift.min(high, count)
        while low < high {
            let middle = low + (high - low) / 2
            if precedes(self[middle], element) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
