public import Basics
public import DesiredState

/// The plan as people read it.
public enum PlanText {
    /// What the text needs beyond the plan itself.
    public struct Context: Sendable {
        /// The instant that "expires in 5h" counts from.
        public var now: Timestamp
        /// Commands to go on with, most useful first, as the last lines; empty: those that follow from the plan.
        public var nextCommands: [String]
        /// How a person approves a change.
        public var approveCommand: @Sendable (ResourceKey) -> String
        /// Whether drift and diagnostics are shown beside the changes.
        public var showsDetails: Bool

        public init(
            now: Timestamp, nextCommands: [String] = [], showsDetails: Bool = true,
            approveCommand: @escaping @Sendable (ResourceKey) -> String = { "reconcile --approve \($0)" }
        ) {
            self.now = now
            self.nextCommands = nextCommands
            self.approveCommand = approveCommand
            self.showsDetails = showsDetails
        }
    }

    /// The whole plan: legend, changes by environment, lives of environments, drift, diagnostics, summary.
    public static func render(_ plan: Plan, style: TextStyle, context: Context) -> String {
        "Plan for \(plan.revision)\n"
    }
}
