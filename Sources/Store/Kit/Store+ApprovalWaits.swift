public import Basics
public import DesiredState
import Formats

/// A change that waits for a person.
public struct ApprovalWait: Sendable, Hashable {
    public let key: ResourceKey
    /// What would be done, as an approval names it.
    public let change: Digest
    public let environment: String?
    /// When it was first seen to wait this time; nil of one that waited before that was kept.
    public internal(set) var since: Timestamp?

    public init(key: ResourceKey, change: Digest, environment: String?) {
        self.key = key
        self.change = change
        self.environment = environment
    }

    fileprivate init?(_ key: String, _ value: Value) {
        guard let key = ResourceKey(key), let change = value["change"]?.stringValue.flatMap({ Digest($0) }) else {
            return nil
        }
        self.init(key: key, change: change, environment: value["environment"]?.stringValue)
        since = value["since"]?.instantValue
    }

    fileprivate var value: Value {
        [
            "change": .string(change.description), "environment": environment.map { .string($0) } ?? .null,
            "since": since.map { .string($0.description) } ?? .null,
        ]
    }
}

extension Store {
    private static let waitsKey = "approvals.waiting"

    /// Keeps since when changes wait for a person: one that ends and comes again is another wait.
    ///
    /// - Parameters:
    ///   - waits: those of the present plan.
    ///   - now: when it was made.
    ///   - hasEnded: whether one that is remembered and not among them is over for sure; what others look after is not.
    /// - Returns: the same with their instants.
    /// - Throws: `StoreFault`.
    public func rememberWaits(
        _ waits: [ApprovalWait], at now: Timestamp, hasEnded: @escaping @Sendable (ApprovalWait) -> Bool
    ) async throws(StoreFault) -> [ApprovalWait] {
        // Most passes find nothing that waits, and nothing that did.
        if waits.isEmpty, try await bookmark(Self.waitsKey)?.objectValue?.members.isEmpty ?? true { return [] }
        let lock = engine.dialect.rowLock
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> [ApprovalWait] in
            var dated: [ApprovalWait] = []
            try Self.changeState(Self.waitsKey, at: now, lock: lock, in: db) { stored in
                var known: [ResourceKey: ApprovalWait] = [:]
                for member in stored?.objectValue?.members ?? [] {
                    if let wait = ApprovalWait(member.name, member.value) { known[wait.key] = wait }
                }
                for var wait in waits {
                    if let before = known[wait.key], before.change == wait.change {
                        wait.since = before.since
                    } else if stored != nil {
                        wait.since = now
                    }
                    dated.append(wait)
                }
                let present = Set(dated.map(\.key))
                for wait in known.values where !present.contains(wait.key) && hasEnded(wait) { known[wait.key] = nil }
                for wait in dated { known[wait.key] = wait }
                var object = Value.Object()
                for wait in known.values.sorted(by: { $0.key < $1.key }) { object[wait.key.description] = wait.value }
                return .object(object)
            }
            return dated
        }
    }
}
