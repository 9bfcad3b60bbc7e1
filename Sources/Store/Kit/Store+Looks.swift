public import Basics
public import DesiredState
public import Diff
public import Formats

/// What was last seen of a kind that is looked at once in a while.
public struct LookRecord: Sendable {
    public let kind: ResourceKind
    /// What was asked for, sorted.
    public var names: [String]
    /// When it was last asked for, whatever came of it.
    public var triedAt: Timestamp
    /// Why the last try showed nothing; nil where it did.
    public var problem: String?
    /// Nil until a look has shown anything.
    public var watched: WatchedKind?

    public init(
        kind: ResourceKind, names: [String], triedAt: Timestamp, problem: String? = nil, watched: WatchedKind? = nil
    ) {
        self.kind = kind
        self.names = names
        self.triedAt = triedAt
        self.problem = problem
        self.watched = watched
    }

    /// As JSON: what the store keeps, and what the API shows.
    public var document: Value {
        var object = Value.Object()
        object["kind"] = .string(kind.name)
        object["names"] = .strings(names)
        object["tried_at"] = .string(triedAt.description)
        object["problem"] = .text(problem)
        object["seen_at"] = .text(watched?.at.description)
        let (state, reason) = watched?.seen.completeness.words ?? ("unknown", nil)
        object["completeness"] = .string(state)
        object["reason"] = .text(reason)
        object["objects"] = .list(
            (watched?.seen.resources ?? []).map { item -> Value in
                var thing = Value.Object()
                thing["name"] = .string(item.key.name)
                thing["id"] = .string(item.providerID)
                thing["attributes"] = item.attributes.value
                thing["created_at"] = .text(item.createdAt?.description)
                return .object(thing)
            })
        return .object(object)
    }

    init?(_ document: Value) {
        guard let name = document["kind"]?.stringValue,
            let tried = document["tried_at"]?.instantValue
        else { return nil }
        let kind = ResourceKind(name)
        self.init(
            kind: kind, names: document["names"]?.listValue?.compactMap(\.stringValue) ?? [], triedAt: tried,
            problem: document["problem"]?.stringValue)
        guard let seen = document["seen_at"]?.instantValue else { return }
        let resources = (document["objects"]?.listValue ?? []).compactMap { item -> ObservedResource? in
            guard let name = item["name"]?.stringValue else { return nil }
            return ObservedResource(
                key: ResourceKey(kind, name), providerID: item["id"]?.stringValue ?? "",
                attributes: Attributes(item["attributes"] ?? .null),
                createdAt: item["created_at"]?.instantValue)
        }
        let reason = document["reason"]?.stringValue
        watched = WatchedKind(
            ObservedKind(
                kind: kind, completeness: reason.map { .partial(reason: $0) } ?? .complete, resources: resources,
                isAside: true), at: seen)
    }
}

extension Store {
    private static let looks = "look/"

    /// What was last seen of each kind that is looked at once in a while, sorted by kind.
    ///
    /// - Parameter kinds: only of these; nil: of all.
    /// - Returns: what was seen; nothing of a kind that nobody has looked at.
    /// - Throws: `StoreFault`.
    public func looks(of kinds: [ResourceKind]? = nil) async throws(StoreFault) -> [LookRecord] {
        var conditions = Conditions()
        conditions.add("key like ?", .text(Self.looks + "%"))
        conditions.add("key", oneOf: kinds?.map { Self.looks + $0.name })
        let (clause, binds) = (conditions.clause("where"), conditions.binds)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [LookRecord] in
            var records: [LookRecord] = []
            for row in try db.run("select value from ops.reconcile_state \(clause) order by key", binds) {
                // What another version wrote is looked at anew.
                if let record = LookRecord(try row.json(0)) { records.append(record) }
            }
            return records
        }
    }

    /// Keeps what was seen, in the place of what was seen before.
    ///
    /// - Throws: `StoreFault`.
    public func keep(_ looks: [LookRecord]) async throws(StoreFault) {
        guard !looks.isEmpty else { return }
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for look in looks {
                try Self.setState(Self.looks + look.kind.name, look.document, at: now, in: db)
            }
        }
    }
}
