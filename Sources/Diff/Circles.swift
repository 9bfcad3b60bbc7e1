/// Finds what waits for itself.
enum Circles {
    /// The strongly connected parts with more than one member, and single ones that wait for themselves.
    ///
    /// Tarjan's algorithm with a stack of its own: a chain may be as long as the plan.
    static func find(_ edges: [[Int]]) -> [[Int]] {
        var number = [Int](repeating: -1, count: edges.count)
        var low = [Int](repeating: 0, count: edges.count)
        var isOpen = [Bool](repeating: false, count: edges.count)
        var open: [Int] = []
        var calls: [(node: Int, next: Int)] = []
        var counter = 0
        var circles: [[Int]] = []

        for root in edges.indices where number[root] < 0 {
            calls.append((root, 0))
            while let (node, next) = calls.popLast() {
                if next == 0 {
                    number[node] = counter
                    low[node] = counter
                    counter += 1
                    open.append(node)
                    isOpen[node] = true
                } else {
                    // Back from the edge before: its target may have reached further down.
                    let target = edges[node][next - 1]
                    if isOpen[target] { low[node] = min(low[node], low[target]) }
                }
                var place = next
                var descends = false
                while place < edges[node].count {
                    let target = edges[node][place]
                    place += 1
                    if number[target] < 0 {
                        calls.append((node, place))
                        calls.append((target, 0))
                        descends = true
                        break
                    }
                    if isOpen[target] { low[node] = min(low[node], number[target]) }
                }
                if descends || low[node] != number[node] { continue }
                var members: [Int] = []
                while let member = open.popLast() {
                    isOpen[member] = false
                    members.append(member)
                    if member == node { break }
                }
                if members.count > 1 || edges[node].contains(node) { circles.append(members) }
            }
        }
        return circles
    }
}
