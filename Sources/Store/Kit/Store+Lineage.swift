import Basics
import DesiredState
public import Diff
import Formats

extension Store {
    /// What the last plan rested on; of a store that never kept it the last commit at least.
    ///
    /// - Throws: `StoreFault`.
    public func lineage() async throws(StoreFault) -> Lineage {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Lineage in
            guard let stored = try Self.state("lineage", in: db) else {
                return Lineage(revision: try Self.lastDesired(in: db)["revision"]?.stringValue)
            }
            var lineage = Lineage(
                revision: stored["revision"]?.stringValue, documents: Self.texts(stored["documents"]),
                branches: stored["branches"]?.stringValue, pullRequests: stored["pull_requests"]?.stringValue,
                accounts: Self.texts(stored["accounts"]))
            lineage.care = stored["care"]?.objectValue.map { Self.care($0) }
            return lineage
        }
    }

    /// Remembers what a plan rested on, and that the approvals by which it is trusted counted, both or neither.
    ///
    /// - Parameters:
    ///   - lineage: what is trusted from now on; written only when it differs.
    ///   - before: what was.
    ///   - approvals: the ids of those that counted.
    ///   - runID: the run that rested on it.
    /// - Throws: `StoreFault`.
    public func rememberLineage(
        _ lineage: Lineage, from before: Lineage, using approvals: [String], runID: String
    ) async throws(StoreFault) {
        guard lineage != before || !approvals.isEmpty else { return }
        let value = Value.object(
            [
                "accounts": Self.value(of: lineage.accounts) { .string($0) },
                "branches": .text(lineage.branches),
                "care": lineage.care.map { care in
                    Self.value(of: care) { ["protected": .bool($0.isProtected), "tier": .string($0.tier.rawValue)] }
                } ?? .null,
                "documents": Self.value(of: lineage.documents) { .string($0) },
                "pull_requests": .text(lineage.pullRequests),
                "revision": .text(lineage.revision),
            ] as KeyValuePairs)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.use(approvals, runID, time.now, in: db)
            guard lineage != before, try Self.state("lineage", in: db) != value else { return }
            try Self.setState("lineage", value, at: time.now, in: db)
        }
    }

    private static func care(_ stored: Value.Object) -> [String: Care] {
        var care: [String: Care] = [:]
        for member in stored.members {
            // A word of a newer version is taken for the most careful.
            let tier = member.value["tier"]?.stringValue.flatMap { Tier(rawValue: $0) } ?? .production
            care[member.name] = Care(tier, isProtected: member.value["protected"]?.boolValue ?? true)
        }
        return care
    }

    private static func texts(_ stored: Value?) -> [String: String] {
        var texts: [String: String] = [:]
        for member in stored?.objectValue?.members ?? [] { texts[member.name] = member.value.stringValue }
        return texts
    }

    private static func value<Said>(of members: [String: Said], _ value: (Said) -> Value) -> Value {
        let sorted = members.sorted { $0.key.precedesByBytes($1.key) }
        return .object(Value.Object(sorted.map { Value.Object.Member($0.key, value($0.value)) }))
    }
}
