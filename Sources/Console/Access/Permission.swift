/// What a route or a button needs; its raw value is the name of the scope of a key.
public enum Permission: String, Sendable, Hashable, CaseIterable {
    /// To look at environments, runs, plans, drift, findings, gates and inventory.
    case read
    /// To look at who changed what.
    case readAudit = "audit:read"
    /// To look at figures.
    case readMetrics = "metrics:read"
    /// To extend, pin and suspend environments, to have a schedule run, and to say that a difference is known.
    case operate
    /// To ask for a pass.
    case reconcile
    /// To allow a change that waits, and to take that back.
    case approve
    /// To have a delivery of a hook worked on again, and a message sent again.
    case hooks
    /// To say who may do what.
    case access

    /// The least role that has it.
    public var minimumRole: Role {
        switch self {
        case .read, .readAudit, .readMetrics: .viewer
        case .operate, .reconcile: .developer
        case .approve, .hooks: .admin
        case .access: .owner
        }
    }

    /// Whether it only looks.
    public var isReading: Bool { minimumRole == .viewer }
}

/// What is asked for: a permission, and where.
public struct AccessPlace: Sendable, Hashable {
    /// Nil for what belongs to no environment.
    public let environment: String?
    /// Whether a list is asked for, of which each sees the environments that are theirs.
    public let isList: Bool

    /// What belongs to the project as a whole.
    public static let project = AccessPlace(environment: nil, isList: false)
    /// A list whose rows name environments: filter it by ``Caller/environments(for:)``.
    public static let list = AccessPlace(environment: nil, isList: true)

    /// One environment.
    public static func environment(_ name: String) -> AccessPlace { AccessPlace(environment: name, isList: false) }
}

/// Which environments somebody may see.
public enum VisibleEnvironments: Sendable, Hashable {
    /// All of them, and what belongs to none.
    case all
    /// Only these, sorted.
    case only([String])

    /// Whether a row of an environment is shown; nil stands for what belongs to none.
    public func contains(_ environment: String?) -> Bool {
        switch self {
        case .all: true
        case .only(let names): environment.map { names.contains($0) } ?? false
        }
    }
}
