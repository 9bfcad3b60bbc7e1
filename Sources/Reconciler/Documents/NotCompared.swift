import Basics
import DesiredState
import Diff
import Formats
public import Store

/// Of how many resources a look saw too little to say whether they differ: that nothing of these is told means nothing.
extension RunRecord {
    /// For what belongs to no environment, beside the names of those.
    private static let ofNone = "global"

    /// How many a plan can't say anything of, by environment.
    static func notCompared(in plan: Plan) -> Value.Object {
        var counts: [String: Int] = [:]
        for change in plan.changes where change.action == .read {
            counts[change.environment ?? ofNone, default: 0] += 1
        }
        let sorted = counts.sorted { $0.key.precedesByBytes($1.key) }
        return Value.Object(sorted.map { Value.Object.Member($0.key, .int(Int64($0.value))) })
    }

    /// How many there were in this look.
    ///
    /// - Parameter environments: only those of these; nil: all.
    /// - Returns: the number; 0 where it saw enough of each.
    public func notCompared(of environments: [String]? = nil) -> Int {
        let count =
            environments.map { names in
                names.reduce(Int64(0)) { $0 + (metadata["not_compared"]?[$1]?.intValue ?? 0) }
            } ?? metadata["summary"]?["unknown"]?.intValue ?? 0
        return Int(clamping: count)
    }
}
