import Basics

/// What a person or a key is, from the least to the most.
public enum Role: String, Sendable, Hashable, CaseIterable, Comparable {
    case viewer, developer, admin, owner

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .developer: 1
        case .admin: 2
        case .owner: 3
        }
    }

    public static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }
}

/// A role, and where it holds.
public struct Grant: Sendable, Hashable, CustomStringConvertible {
    public let role: Role
    /// A project's name, or `*`.
    public let project: String
    /// An environment's name, or `*`: then also for what belongs to no environment.
    public let environment: String

    public init(_ role: Role, project: String = "*", environment: String = "*") {
        self.role = role
        self.project = project
        self.environment = environment
    }

    /// Reads `ROLE`, `ROLE@ENVIRONMENT` or `ROLE@PROJECT/ENVIRONMENT`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = String(text).split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count <= 2, let role = parts.first.flatMap({ Role(rawValue: String($0)) }) else { return nil }
        guard parts.count == 2 else {
            self.init(role)
            return
        }
        let place = parts[1].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(place.count), place.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 255 }) else {
            return nil
        }
        self.init(role, project: place.count == 2 ? place[0] : "*", environment: place[place.count - 1])
    }

    public var description: String {
        if project == "*" { return environment == "*" ? role.rawValue : "\(role.rawValue)@\(environment)" }
        return "\(role.rawValue)@\(project)/\(environment)"
    }

    /// Whether it holds anywhere in a project.
    func covers(project: String) -> Bool { self.project == "*" || self.project == project }

    /// Whether it holds for an environment of a project; nil stands for what belongs to no environment.
    func covers(project: String, environment: String?) -> Bool {
        covers(project: project) && (self.environment == "*" || self.environment == environment)
    }
}
