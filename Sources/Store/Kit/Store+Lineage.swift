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
            lineage.granted = Set((stored["granted"]?.listValue ?? []).compactMap { Takeover($0) })
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
        let trusted = Value.object(
            [
                "accounts": Self.value(of: lineage.accounts) { .string($0) },
                "branches": .text(lineage.branches),
                "care": lineage.care.map { care in
                    Self.value(of: care) { $0.stored }
                } ?? .null,
                "documents": Self.value(of: lineage.documents) { .string($0) },
                "pull_requests": .text(lineage.pullRequests),
                "revision": .text(lineage.revision),
            ] as KeyValuePairs)
        // Nearly always none.
        var body = trusted.objectValue ?? Value.Object()
        if !lineage.granted.isEmpty {
            body["granted"] = .list(lineage.granted.sorted(by: Takeover.isBefore).map(\.stored))
        }
        let value = Value.object(body)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.use(approvals, runID, time.now, in: db)
            guard lineage != before, try Self.state("lineage", in: db) != value else { return }
            try Self.setState("lineage", value, at: time.now, in: db)
        }
    }

    private static func care(_ stored: Value.Object) -> [String: Care] {
        var care: [String: Care] = [:]
        for member in stored.members { care[member.name] = Care(stored: member.value) }
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

extension Care {
    /// A word of a newer version is taken for the most careful.
    fileprivate init(stored: Value) {
        let tier = stored["tier"]?.stringValue.flatMap { Tier(rawValue: $0) } ?? .production
        self.init(tier, isProtected: stored["protected"]?.boolValue ?? true)
    }

    fileprivate var stored: Value { ["protected": .bool(isProtected), "tier": .string(tier.rawValue)] }
}

extension Takeover {
    fileprivate init?(_ stored: Value) {
        guard let key = stored["key"]?.stringValue.flatMap({ ResourceKey($0) }), let taker = stored["by"]?.stringValue,
            let care = stored["care"]
        else { return nil }
        self.init(key, of: stored["of"]?.stringValue, by: taker, Care(stored: care))
    }

    fileprivate var stored: Value {
        [
            "by": .string(taker), "care": care?.stored ?? .null, "key": .string(key.description), "of": .text(owner),
        ]
    }

    fileprivate static func isBefore(_ a: Takeover, _ b: Takeover) -> Bool {
        let (first, second) = (JSON.canonical(a.stored), JSON.canonical(b.stored))
        return first.lexicographicallyPrecedes(second)
    }
}
