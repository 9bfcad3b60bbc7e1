/// A stack from which the last elements are taken off together, as an array of exactly their number.
///
/// Elements are moved in and out: of a tree of many small texts, counting references twice for each is what costs.
struct RunStack<Element>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 64) {
        self.capacity = max(1, capacity)
        base = .allocate(capacity: self.capacity)
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    mutating func push(_ element: consuming Element) {
        if count == capacity { grow() }
        (base + count).initialize(to: consume element)
        count += 1
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: base, count: count)
        base.deallocate()
        base = larger
        capacity *= 2
    }

    /// The elements from an index on, which no longer stand on the stack.
    mutating func takeRun(from start: Int) -> [Element] {
        precondition((0...count).contains(start))
        let length = count - start
        guard length > 0 else { return [] }
        let run = base + start
        count = start
        // Made of uninitialised memory it would look up its own type at run time.
        var elements: [Element] = []
        elements.reserveCapacity(length)
        for index in 0..<length { elements.append((run + index).move()) }
        return elements
    }

    subscript(index: Int) -> Element {
        _read {
            precondition((0..<count).contains(index))
            yield base[index]
        }
        _modify {
            precondition((0..<count).contains(index))
            yield &base[index]
        }
    }
}
