public import Basics

/// One row of `supabase/feature_adoption.yaml`: whether a feature of Supabase is used.
public struct FeatureAdoption: Sendable, Hashable {
    /// How far it has come.
    public enum Stage: String, Sendable, Hashable, CaseIterable {
        /// In use, with code committed.
        case adopt
        /// Specified, and waiting for something else.
        case adoptNext = "adopt_next"
        case evaluate
        case experimental
        /// Decided against.
        case avoid
        case notApplicable = "not_applicable"
    }

    public let id: String
    public let stage: Stage
    /// As written, such as `p0`.
    public let priority: String?
    /// What Supabase says of it: `ga`, `beta`.
    public let maturity: String?
    /// Paths and patterns in the repository that show it in use.
    public let artifacts: [String]
    public let source: SourceMark

    public init(
        id: String, stage: Stage, priority: String?, maturity: String?, artifacts: [String], source: SourceMark
    ) {
        self.id = id
        self.stage = stage
        self.priority = priority
        self.maturity = maturity
        self.artifacts = artifacts
        self.source = source
    }
}
