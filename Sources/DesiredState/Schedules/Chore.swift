public import Basics

/// One chore of `maintenance/schedules.yaml`.
public struct Chore: Sendable, Hashable {
    public let id: String
    public let name: String?
    /// As written, such as `daily`.
    public let cadence: String?
    public let cron: Cron
    /// Who runs it, as written: a function, `ci`, or `manual`.
    public let runner: String
    public let outputs: [String]
    public let alertsOnFailure: Bool
    /// Ids of the secrets registry.
    public let secrets: [String]
    public let source: SourceMark
    /// Where its values stand, by their keys in the document; of what is not written, nothing.
    public internal(set) var marks: [String: SourceMark] = [:]
    /// Why it can't be read any more; nil of one that is written.
    public var doubt: String?

    public init(
        id: String, name: String?, cadence: String?, cron: Cron, runner: String, outputs: [String],
        alertsOnFailure: Bool, secrets: [String], source: SourceMark
    ) {
        self.id = id
        self.name = name
        self.cadence = cadence
        self.cron = cron
        self.runner = runner
        self.outputs = outputs
        self.alertsOnFailure = alertsOnFailure
        self.secrets = secrets
        self.source = source
    }
}
