public import Basics
public import DesiredState

/// What came of looking which modules Odoo has installed in an environment's database.
public struct ModuleLook: Sendable, Hashable {
    /// What the last look showed that showed anything.
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        case modules
        /// The database is there, and Odoo has not set itself up in it.
        case notInitialised = "not_initialised"
        /// No look has shown anything yet.
        case unknown
    }

    public let environment: String
    /// The database that was looked into.
    public let database: ResourceKey
    public let outcome: Outcome
    /// Code and reason of what kept the last look from showing anything; nil where it did.
    public let problem: String?
    /// Since when it is so: a look that finds the same changes nothing.
    public let observedAt: Timestamp

    public init(
        environment: String, database: ResourceKey, outcome: Outcome, problem: String? = nil, observedAt: Timestamp
    ) {
        self.environment = environment
        self.database = database
        self.outcome = outcome
        self.problem = problem
        self.observedAt = observedAt
    }

    /// What it showed.
    ///
    /// - Parameter found: what is known of the environment's modules.
    /// - Returns: nil where no look has shown anything yet.
    public func census(_ found: [FoundModule]) -> ModuleCensus? {
        switch outcome {
        case .modules: .modules(found.map(\.module))
        case .notInitialised: .notInitialised
        case .unknown: nil
        }
    }
}

/// One module as it was found, and since when it is so.
public struct FoundModule: Sendable, Hashable {
    public let module: InstalledModule
    public let since: Timestamp

    public init(_ module: InstalledModule, since: Timestamp) {
        self.module = module
        self.since = since
    }
}

/// What a look at a database brought.
public enum ModuleSight: Sendable, Hashable {
    case census(ModuleCensus)
    /// Code and reason.
    case problem(String)
}
