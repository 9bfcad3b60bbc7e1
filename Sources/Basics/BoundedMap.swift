extension Sequence where Self: Sendable, Element: Sendable {
    /// Maps with at most `limit` calls under way at once; results come in the order of the input.
    public func mapBounded<Result: Sendable>(
        limit: Int, _ transform: @escaping @Sendable (Element) async -> Result
    ) async -> [Result] {
        await withTaskGroup(of: (Int, Result).self) { group in
            var results: [Result?] = []
            var iterator = makeIterator()
            var running = 0
            while running < Swift.max(1, limit), let element = iterator.next() {
                let index = results.count
                results.append(nil)
                running += 1
                group.addTask { (index, await transform(element)) }
            }
            while let (index, result) = await group.next() {
                results[index] = result
                if let element = iterator.next() {
                    let index = results.count
                    results.append(nil)
                    group.addTask { (index, await transform(element)) }
                }
            }
            return results.compactMap { $0 }
        }
    }
}
