import Basics
public import DesiredState
public import Store

/// What is known of Odoo's modules, environment by environment: what is wanted, and what came of looking.
public struct ModuleOverview: Sendable {
    /// Those of which anything is known, sorted.
    public let environments: [String]
    /// What is wanted and allowed, by environment; of none before a commit was read.
    public let plans: [String: ModulePlan]
    /// What came of looking, by environment.
    public let looks: [String: ModuleLook]
    private let reach: ModuleReach?

    /// Puts together what is known.
    ///
    /// - Parameters:
    ///   - reconciler: tells which databases it reaches; nil where none runs here.
    ///   - outlook: what it found last; nil before it has looked.
    ///   - store: where looks are kept.
    ///   - environment: only of this one; nil: of all.
    ///   - isShown: whether an environment may be told of.
    /// - Throws: `StoreFault`.
    public init(
        _ reconciler: Reconciler?, _ outlook: Outlook?, _ store: Store, of environment: String? = nil,
        where isShown: (String) -> Bool
    ) async throws(StoreFault) {
        let planned = (outlook?.desired.modulePlans ?? []).filter {
            (environment == nil || $0.environment == environment) && isShown($0.environment)
        }
        plans = Dictionary(planned.map { ($0.environment, $0) }, uniquingKeysWith: { first, _ in first })
        let looked = try await store.moduleLooks(of: environment.map { [$0] }).filter { isShown($0.environment) }
        looks = Dictionary(looked.map { ($0.environment, $0) }, uniquingKeysWith: { first, _ in first })
        environments = Set(plans.keys).union(looks.keys).sorted { $0.precedesByBytes($1) }
        reach = if let reconciler, let outlook { ModuleReach(reconciler, outlook) } else { nil }
    }

    /// What is wanted of an environment against what was found.
    public func comparison(of environment: String, _ census: ModuleCensus?) -> ModuleComparison {
        ModuleComparison(of: environment, plans[environment], census)
    }

    /// Why no pass looks which modules an environment has installed; nil where one does, or where none can tell.
    public func silence(of environment: String) -> String? { reach?.silence(of: environment) }

    /// Through what the list of an environment is read, with host and port where they can be told; nil where nobody looks, or
    /// none can tell.
    public func source(of environment: String) -> String? { reach?.source(of: environment) }
}
