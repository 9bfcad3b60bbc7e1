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
        object["problem"] = problem.map { .string($0) } ?? .null
        object["seen_at"] = watched.map { .string($0.at.description) } ?? .null
        let (state, reason) = Self.words(watched?.seen.completeness)
        object["completeness"] = .string(state)
        object["reason"] = reason.map { .string($0) } ?? .null
        object["objects"] = .list(
            (watched?.seen.resources ?? []).map { item -> Value in
                var thing = Value.Object()
                thing["name"] = .string(item.key.name)
                thing["id"] = .string(item.providerID)
                thing["attributes"] = item.attributes.value
                thing["created_at"] = item.createdAt.map { .string($0.description) } ?? .null
                return .object(thing)
            })
        return .object(object)
    }

    init?(_ document: Value) {
        guard let name = document["kind"]?.stringValue,
            let tried = document["tried_at"]?.stringValue.flatMap({ Timestamp($0) })
        else { return nil }
        let kind = ResourceKind(name)
        self.init(
            kind: kind, names: document["names"]?.listValue?.compactMap(\.stringValue) ?? [], triedAt: tried,
            problem: document["problem"]?.stringValue)
        guard let seen = document["seen_at"]?.stringValue.flatMap({ Timestamp($0) }) else { return }
        let resources = (document["objects"]?.listValue ?? []).compactMap { item -> ObservedResource? in
            guard let name = item["name"]?.stringValue else { return nil }
            return ObservedResource(
                key: ResourceKey(kind, name), providerID: item["id"]?.stringValue ?? "",
                attributes: Attributes(item["attributes"] ?? .null),
                createdAt: item["created_at"]?.stringValue.flatMap { Timestamp($0) })
        }
        let reason = document["reason"]?.stringValue
        watched = WatchedKind(
            ObservedKind(
                kind: kind, completeness: reason.map { .partial(reason: $0) } ?? .complete, resources: resources,
                isAside: true), at: seen)
    }

    private static func words(_ completeness: Completeness?) -> (state: String, reason: String?) {
        switch completeness {
        case nil: ("unknown", nil)
        case .complete: ("complete", nil)
        case .partial(let reason): ("partial", reason)
        case .unknown(let reason): ("unknown", reason)
        }
    }
}

extension Store {
    private static let looks = "look/"

    /// What was last seen of each kind that is looked at once in a while, sorted by kind.
    ///
    /// - Throws: `StoreFault`.
    public func looks() async throws(StoreFault) -> [LookRecord] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [LookRecord] in
            var records: [LookRecord] = []
            for row in try db.run(
                "select value from ops.reconcile_state where key like $1 order by key", [.text(Self.looks + "%")])
            {
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
                try db.run(
                    """
                    insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
                    on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
                    """, [.text(Self.looks + look.kind.name), .json(look.document), .time(now)])
            }
        }
    }
}
