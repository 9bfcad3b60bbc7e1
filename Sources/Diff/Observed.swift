public import Basics
public import DesiredState
public import Formats

/// Named values sorted by name: what a provider says of a resource, or what was last applied to it.
///
/// A sorted array and not a dictionary: ten thousand of them have to fit beside each other in little memory.
public struct Attributes: Sendable, Hashable {
    /// One attribute: a name and a value.
    public struct Item: Sendable, Hashable {
        public let name: String
        public let value: Value

        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    public let items: [Item]

    /// - Parameter items: in any order; names must be unique.
    public init(_ items: [Item] = []) {
        // Drivers give them sorted; seeing that costs a third of sorting a copy.
        let isSorted = zip(items, items.dropFirst()).allSatisfy { $0.name.precedesByBytes($1.name) }
        self.items = isSorted ? items : items.sorted { $0.name.precedesByBytes($1.name) }
    }

    public subscript(name: String) -> Value? { items.first { $0.name == name }?.value }

    public var isEmpty: Bool { items.isEmpty }

    /// The same as a JSON object.
    public var value: Value { .object(Value.Object(items.map { Value.Object.Member($0.name, $0.value) })) }

    /// Reads what `value` gives; anything but an object is empty.
    public init(_ value: Value) {
        self.init((value.objectValue?.members ?? []).map { Item($0.name, $0.value) })
    }
}

/// One thing that a provider holds.
public struct ObservedResource: Sendable, Hashable {
    public let key: ResourceKey
    /// The provider's own id.
    public let providerID: String
    /// In the form that the driver's schema gives them, normalised.
    public let attributes: Attributes
    /// Whether it carries our ownership mark at the provider.
    public let isOwned: Bool
    public let createdAt: Timestamp?

    public init(
        key: ResourceKey, providerID: String, attributes: Attributes, isOwned: Bool = false, createdAt: Timestamp? = nil
    ) {
        self.key = key
        self.providerID = providerID
        self.attributes = attributes
        self.isOwned = isOwned
        self.createdAt = createdAt
    }
}

/// How far an observation can be trusted.
///
/// Only a complete one proves that something is absent.
public enum Completeness: Sendable, Hashable {
    case complete
    case partial(reason: String)
    case unknown(reason: String)

    public var isComplete: Bool { self == .complete }

    /// As records show it, with what stands in the way of the whole.
    public var words: (state: String, reason: String?) {
        switch self {
        case .complete: ("complete", nil)
        case .partial(let reason): ("partial", reason)
        case .unknown(let reason): ("unknown", reason)
        }
    }
}

/// All that was seen of one kind.
public struct ObservedKind: Sendable, Hashable {
    public let kind: ResourceKind
    public let completeness: Completeness
    /// What is not known whole, by the name of a resource or of a parent of resources, where all else of the kind is
    /// complete; empty where that can't be said.
    public let gaps: [String: Completeness]
    /// Sorted by key; several may share a key, and are ambiguous then.
    public let resources: [ObservedResource]
    /// Whether nothing of it is wanted or remembered: it was looked at for findings, and is compared with nothing.
    public let isAside: Bool

    /// - Parameters:
    ///   - kind: which one.
    ///   - completeness: of the whole kind; one with gaps is partial.
    ///   - gaps: count only where the kind is partial.
    ///   - resources: in any order.
    ///   - isAside: whether it was looked at for findings only.
    public init(
        kind: ResourceKind, completeness: Completeness, gaps: [String: Completeness] = [:],
        resources: [ObservedResource], isAside: Bool = false
    ) {
        self.kind = kind
        self.completeness = completeness
        self.isAside = isAside
        if case .partial = completeness { self.gaps = gaps } else { self.gaps = [:] }
        self.resources = resources.sorted { ($0.key, $0.providerID) < ($1.key, $1.providerID) }
    }
}

extension ObservedKind {
    /// How far what was seen can be trusted for one name: whether it not being there proves that it is absent.
    public func completeness(of name: String) -> Completeness {
        guard !gaps.isEmpty else { return completeness }
        if let gap = gaps[name] { return gap }
        // `acme/odoo/bug` is in `acme/odoo`.
        for (index, byte) in zip(name.utf8.indices, name.utf8) where byte == UInt8(ascii: "/") {
            if let gap = gaps[String(name[..<index])] { return gap }
        }
        return .complete
    }
}

/// What the providers said.
public struct ObservedState: Sendable {
    public private(set) var kinds: [ResourceKind: ObservedKind]

    public init(_ kinds: [ObservedKind] = []) {
        self.kinds = Dictionary(kinds.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The same; what an earlier look saw just so is held in its memory and not once more.
    public func sharing(_ earlier: ObservedState) -> ObservedState {
        var shared = self
        for (kind, seen) in kinds {
            if let before = earlier.kinds[kind], before == seen { shared.kinds[kind] = before }
        }
        return shared
    }
}

/// What we created or adopted, as the store remembers it.
///
/// Only this, and what is marked as ours, can be deleted.
public struct InventoryEntry: Sendable, Hashable {
    public internal(set) var key: ResourceKey
    public let providerID: String
    public let environment: String?
    /// The wanted attributes as they were last applied: tells a new wish from a change made outside.
    public let lastApplied: Attributes
    /// The commit that was last applied to it.
    public internal(set) var revision: String
    public let isProtected: Bool
    public let createdAt: Timestamp
    /// Whether it was there before us and didn't carry our mark: what it holds is somebody else's work.
    public let isAdopted: Bool
    /// What was seen where `lastApplied` had been written; nearly always nothing.
    public var echoes: [Echo] = []

    public init(
        key: ResourceKey, providerID: String, environment: String?, lastApplied: Attributes, revision: String,
        isProtected: Bool, createdAt: Timestamp, isAdopted: Bool = false
    ) {
        self.key = key
        self.providerID = providerID
        self.environment = environment
        self.lastApplied = lastApplied
        self.revision = revision
        self.isProtected = isProtected
        self.createdAt = createdAt
        self.isAdopted = isAdopted
    }

    /// The same, as the wish of another commit.
    public func applied(at revision: String) -> InventoryEntry {
        var entry = self
        entry.revision = revision
        return entry
    }
}

/// What the store remembers of an environment's life.
public struct EnvironmentRecord: Sendable, Hashable {
    /// Where in its life the environment stood when it was last looked at.
    public enum Status: String, Sendable, Hashable {
        case active, expired, gone
    }

    public let slug: String
    public let tier: Tier
    public let branch: String?
    /// Nil when it is not known: such an environment never expires.
    public let createdAt: Timestamp?
    /// Days added by people.
    public let extensionDays: Int
    /// Pinned environments don't expire.
    public let isPinned: Bool
    public let status: Status
    /// The head of its branch when it expired; another head brings it back.
    public let expiredHead: String?
    /// When a pass last changed it, or created it; nil where that is not known.
    public var deployedAt: Timestamp?
    /// When its branch last had a new commit, or a pass changed it; nil where that is not known.
    public var activeAt: Timestamp?
    /// The head of its branch when it was last looked at.
    public var headCommit: String?
    /// When its pin ends; nil: not by itself.
    public var pinnedUntil: Timestamp?
    public var pinReason: String?
    /// Who pinned it.
    public var pinnedBy: String?
    /// The droplet that ran it when it was last looked at, and of one that is suspended when it was not; nil where none did.
    public var host: String?
    /// What people were told of its end; nil where nobody keeps that.
    public var warning: Warning?
    /// Until when they have time to say no to that end; nil where it is not known.
    public var noticeEnds: Timestamp?
    /// What the last plan, or a person since, said of its end; nil where nobody said anything.
    public var promise: Promise?
    /// Since when nothing wants it; nil where the last pass found it wanted.
    public var unwantedSince: Timestamp?
    /// Whether a branch or a pull request had brought it about, and no entry; nil where nobody has kept that.
    public var isOfBranch: Bool?

    /// What a plan said of an environment's end.
    public enum Promise: Sendable, Hashable {
        case never
        case until(Timestamp)
    }

    /// Whether it would end sooner than people have last heard.
    public func endsSooner(at end: Timestamp) -> Bool {
        switch promise {
        case .never: true
        case .until(let promised): end < promised
        case nil: false
        }
    }

    /// What people were told of an environment's end.
    public enum Warning: Sendable, Hashable {
        case none
        /// Of that end; nil where it is not known any more when they were.
        case of(Timestamp, at: Timestamp?)
    }

    public init(
        slug: String, tier: Tier, branch: String?, createdAt: Timestamp?, extensionDays: Int = 0,
        isPinned: Bool = false, status: Status = .active, expiredHead: String? = nil
    ) {
        self.slug = slug
        self.tier = tier
        self.branch = branch
        self.createdAt = createdAt
        self.extensionDays = extensionDays
        self.isPinned = isPinned
        self.status = status
        self.expiredHead = expiredHead
    }
}

/// All that the store remembers and a plan needs.
public struct Inventory: Sendable {
    /// Sorted by key; keys are unique.
    public private(set) var entries: [InventoryEntry]
    /// Sorted by slug.
    public private(set) var environments: [EnvironmentRecord]
    /// The roots of the last revision that was planned without a fault; empty before the first.
    public let lastRoots: [String]
    /// How many resources and environments that revision wanted.
    public let lastDesiredCount: Int
    /// What a pass found unwanted and marked.
    public let marks: [PruneMark]
    /// What something has made way for and that isn't in its place yet, each with what did.
    public let dueSuccessors: [ResourceKey: ResourceKey]

    /// The slugs of the environments that own something.
    public var owners: Set<String> { Set(entries.lazy.compactMap(\.environment)) }

    public init(
        entries: [InventoryEntry] = [], environments: [EnvironmentRecord] = [], lastRoots: [String] = [],
        lastDesiredCount: Int = 0, marks: [PruneMark] = [], dueSuccessors: [ResourceKey: ResourceKey] = [:]
    ) {
        self.marks = marks
        self.dueSuccessors = dueSuccessors
        self.entries = entries.sorted { $0.key < $1.key }
        self.environments = environments.sorted { $0.slug.precedesByBytes($1.slug) }
        self.lastRoots = lastRoots
        self.lastDesiredCount = lastDesiredCount
    }

    /// The same; what an earlier one held just so is held in its memory and not once more.
    public func sharing(_ earlier: Inventory) -> Inventory {
        var shared = self
        if entries == earlier.entries { shared.entries = earlier.entries }
        if environments == earlier.environments { shared.environments = earlier.environments }
        return shared
    }

    /// The same with what was written of single entries since; nil for one that is ours no more.
    public func writing(_ written: [ResourceKey: InventoryEntry?]) -> Inventory {
        guard !written.isEmpty else { return self }
        var moved = self
        let kept = entries.filter { written[$0.key] == nil }
        moved.entries = (kept + written.values.compactMap(\.self)).sorted { $0.key < $1.key }
        return moved
    }

    /// The same, supposing that people are told of each end in time: for a look at another instant than now.
    public var supposingWarnings: Inventory {
        let told = environments.map { record in
            var record = record
            record.warning = nil
            return record
        }
        return Inventory(
            entries: entries, environments: told, lastRoots: lastRoots, lastDesiredCount: lastDesiredCount,
            marks: marks, dueSuccessors: dueSuccessors)
    }
}
