import Basics

/// The faults that wait for their requests.
struct FaultState: Sendable {
    var plan: FaultPlan?
    var orders: [FaultOrder] = []
    /// Paths of new things that answer 404 for so many reads.
    var hidden: [String: Int] = [:]
    /// Requests whose effect comes later.
    var late: [(due: Timestamp, call: Call)] = []

    init(plan: FaultPlan?) { self.plan = plan }

    /// The fault that hits this request: the first order that matches, or what the plan says.
    mutating func next(_ method: String, _ path: String, ordinal: UInt64) -> FaultKind? {
        var index = 0
        while index < orders.count {
            guard orders[index].times > 0 else {
                orders.remove(at: index)
                continue
            }
            guard orders[index].matches(method, path) else {
                index += 1
                continue
            }
            if orders[index].skip > 0 {
                orders[index].skip -= 1
                index += 1
                continue
            }
            let kind = orders[index].kind
            orders[index].times -= 1
            if orders[index].times == 0 { orders.remove(at: index) }
            return kind
        }
        return plan?.fault(for: method, ordinal: ordinal)
    }

    /// Counts a read of something that is still hidden.
    mutating func hides(_ path: String) -> Bool {
        guard let left = hidden[path], left > 0 else { return false }
        hidden[path] = left > 1 ? left - 1 : nil
        return true
    }
}
