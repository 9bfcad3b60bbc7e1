public import Basics
import Formats

/// An issue of another system, as the console reads it: `ops.work_items`.
public struct WorkItemRecord: Sendable, Hashable {
    /// Tells it from all others: `github:acme/odoo#7`, `plane:<id>`.
    public let reference: String
    /// `github` or `plane`.
    public let system: String
    public let externalID: String
    /// The repository or project.
    public let project: String?
    /// A secret in it is hidden.
    public let title: String
    /// `open`, `closed`, or the name of a state; nil where it wasn't told.
    public let status: String?
    public let assignee: String?
    public let url: String?
    /// When it was changed last there; what is older never replaces what is newer.
    public let updatedAt: Timestamp

    public init(
        reference: String, system: String, externalID: String, project: String?, title: String, status: String?,
        assignee: String?, url: String?, updatedAt: Timestamp
    ) {
        self.reference = reference
        self.system = system
        self.externalID = externalID
        self.project = project
        self.title = PastedSecret.hidden(in: title)
        self.status = status
        self.assignee = assignee
        self.url = url
        self.updatedAt = updatedAt
    }

    /// The status of what was deleted: one that the console took for alive would be a lie.
    public static let goneStatus = "deleted"
}

/// What came of a change of a table that others read.
public enum MirrorOutcome: String, Sendable, Hashable, CaseIterable {
    case created, updated, unchanged
    /// It is older than what is known, or of something that is gone; nothing was written.
    case outdated
    /// Something else was said of the same instant: written, and to be looked at again.
    case contested
    /// It was marked as gone.
    case buried
    /// The table has another shape and is left alone.
    case unmirrored
}

/// Who says how a work item is.
public enum WorkItemWitness: Sendable, Hashable {
    /// An event, which may come late and out of order.
    case event
    /// The provider's own list, asked for at that instant.
    case listing(Timestamp)
}

/// What a list of a project's work items changed.
public struct WorkItemTally: Sendable, Hashable {
    public var outcomes: [MirrorOutcome: Int] = [:]

    public init() {}

    /// How many rows were written.
    public var written: Int {
        outcomes.filter { $0.key != .unchanged && $0.key != .outdated && $0.key != .unmirrored }.values.reduce(0, +)
    }
}
