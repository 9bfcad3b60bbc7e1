public import DesiredState
import Diff

/// Which differences are asked for; nil: all.
public struct DriftFilter: Sendable, Hashable {
    /// Only of these environments.
    public var environments: [String]?
    /// Only of this one of them.
    public var environment: String?
    /// Only of these resources.
    public var keys: [ResourceKey]?
    /// Only of this cause, as `DriftRecord.causeWord` has it.
    public var cause: String?

    public init(
        environments: [String]? = nil, environment: String? = nil, keys: [ResourceKey]? = nil, cause: String? = nil
    ) {
        self.environments = environments
        self.environment = environment
        self.keys = keys
        self.cause = cause
    }

    var conditions: Conditions {
        var conditions = Conditions()
        conditions.add("environment", oneOf: environments)
        conditions.add("environment = ?", environment.map { .text($0) })
        conditions.add("resource_key", oneOf: keys?.map(\.description))
        // Whether it is a finding alone is seen in a row that was read.
        conditions.add("cause = ?", cause.flatMap { $0 == ChangeCause.finding ? nil : .text($0) })
        return conditions
    }
}
