public import Basics
public import DesiredState
public import Diff

/// What bringing the schema up to date came to.
public struct MigrationReport: Sendable {
    /// The version before; 0 where there was none.
    public let from: Int
    public let to: Int
    /// What was applied, one line each; empty when there was nothing to do.
    public let applied: [String]
    /// What was found and left alone.
    public let notes: [String]
    /// What is still wrong with the schema, and doesn't stop the work.
    public let problems: [SchemaStatus.Problem]

    public init(
        from: Int, to: Int, applied: [String], notes: [String], problems: [SchemaStatus.Problem] = []
    ) {
        self.from = from
        self.to = to
        self.applied = applied
        self.notes = notes
        self.problems = problems
    }

    /// The first thing that is wrong; nil where at most a warning is left.
    public var problem: StoreFault? { problems.first { !$0.isWarning }?.fault }
}

/// How the schema stands to what this program needs.
public struct SchemaStatus: Sendable {
    /// The version that the database has; 0 where it has none.
    public let current: Int
    /// The version that this program needs.
    public let expected: Int
    public let needsMigration: Bool
    /// What is wrong with it, and what follows.
    let found: [SchemaProblem]
    /// What others read under another name and isn't there, although it could be.
    public let missingViews: [String]

    init(
        current: Int, expected: Int, needsMigration: Bool, found: [SchemaProblem], missingViews: [String]
    ) {
        self.current = current
        self.expected = expected
        self.needsMigration = needsMigration
        self.found = found
        self.missingViews = missingViews
    }

    /// One thing that is wrong.
    public struct Problem: Sendable {
        /// What it is, with its remedy.
        public let fault: StoreFault
        /// Whether nothing is wrong by it yet.
        public let isWarning: Bool
    }

    /// What is wrong with it, each with its remedy; empty when nothing is.
    public var problems: [StoreFault] { found.map(\.fault) }

    /// The same, with what is only a warning told apart.
    public var told: [Problem] { found.map { Problem(fault: $0.fault, isWarning: $0.weight == .warns) } }

    /// The first of them with which nothing may be done; nil where the work can go on.
    public var obstacle: StoreFault? { found.first { $0.weight == .stops }?.fault }
}

/// One change of what we own.
public enum InventoryChange: Sendable, Hashable {
    case put(InventoryEntry)
    case remove(ResourceKey)
}

/// What a drift report changed.
public struct DriftDelta: Sendable, Hashable {
    public let opened: Int
    public let changed: Int
    public let resolved: Int

    public init(opened: Int, changed: Int, resolved: Int) {
        self.opened = opened
        self.changed = changed
        self.resolved = resolved
    }

    public var isEmpty: Bool { opened == 0 && changed == 0 && resolved == 0 }
}

/// One link of the evidence chain.
public struct EvidenceLink: Sendable, Hashable {
    public let runID: String
    /// The digest of the run's manifest.
    public let manifest: Digest
    /// The manifest of the link before; nil for the first.
    public let previous: Digest?
    /// Counts from 1.
    public let sequence: Int
    public let at: Timestamp

    public init(runID: String, manifest: Digest, previous: Digest?, sequence: Int, at: Timestamp) {
        self.runID = runID
        self.manifest = manifest
        self.previous = previous
        self.sequence = sequence
        self.at = at
    }

    public var head: EvidenceHead { EvidenceHead(runID: runID, manifest: manifest, sequence: sequence) }
}

/// The right to act alone for a while.
public struct Lease: Sendable, Hashable {
    public let name: String
    public let holder: String
    /// Grows with each holder and never shrinks: what carries an older one comes too late.
    public let token: Int64
    public let expiresAt: Timestamp
    /// How long it lasts from each renewal.
    public let lasting: Duration

    public init(name: String, holder: String, token: Int64, expiresAt: Timestamp, lasting: Duration) {
        self.name = name
        self.holder = holder
        self.token = token
        self.expiresAt = expiresAt
        self.lasting = lasting
    }
}
