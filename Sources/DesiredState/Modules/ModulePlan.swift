public import Basics

/// Which Odoo modules one environment may and should have.
public struct ModulePlan: Sendable, Hashable {
    /// The slug of the environment; of a target that no environment stands for, the target as written.
    public let environment: String
    /// What should be installed: by wave, those without one last, then by name.
    public let modules: [PlannedModule]
    /// The modules that a list allows by name, sorted.
    public let allowedModules: [String]
    /// The repositories all of whose modules may be installed, sorted.
    public let allowedRepositories: [String]
    /// Whether any list says what may be installed; where none does, nothing is forbidden.
    public let isLimited: Bool

    public init(
        environment: String, modules: [PlannedModule], allowedModules: [String], allowedRepositories: [String],
        isLimited: Bool = true
    ) {
        self.environment = environment
        self.modules = modules
        self.allowedModules = allowedModules
        self.allowedRepositories = allowedRepositories
        self.isLimited = isLimited
    }
}

/// One module that should be installed.
public struct PlannedModule: Sendable, Hashable {
    /// Whether it may be installed.
    public enum Permission: String, Sendable, Hashable {
        case allowed
        /// Its repository is not ready, or a list says that it isn't ported.
        case blocked
        /// No list names it or its repository.
        case unlisted
    }

    public let name: String
    /// Waves are installed one after the other, from the lowest; nil: in any.
    public let wave: Int?
    /// What has to be granted before its wave, as written; nil where nothing has.
    public let gate: String?
    /// The repository that holds it, without its owner; nil where no list says.
    public let repository: String?
    public let permission: Permission
    /// Every place that wants it, sorted.
    public let wantedBy: [SourceMark]

    public init(
        name: String, wave: Int?, gate: String?, repository: String?, permission: Permission, wantedBy: [SourceMark]
    ) {
        self.name = name
        self.wave = wave
        self.gate = gate
        self.repository = repository
        self.permission = permission
        self.wantedBy = wantedBy
    }
}
