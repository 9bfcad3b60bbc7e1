import Basics
import DesiredState
public import Reconciler
import Store

/// What the last pass of this process knows and the store does not: documents, gates, what providers showed.
///
/// A page reads it and never makes anybody fetch or ask a provider.
public final class Knowledge: Sendable {
    /// All of it at one moment.
    struct Snapshot: Sendable {
        /// Nil until a pass has made a plan.
        var outlook: Outlook?
        var gates: [GateResult] = []
        var runbooks: [SourceFile] = []
        var observationFaults: [String] = []
        var requests: [String: Int] = [:]
        var runID: String?
        var learnedAt: Timestamp?
    }

    private let state = Locked(Snapshot())

    public init() {}

    /// Takes what a pass has found; a pass that found nothing leaves what was known before.
    public func learn(_ report: RunReport) {
        guard let outlook = report.outlook else { return }
        state.withLock { state in
            state = Snapshot(
                outlook: outlook, gates: report.gates, runbooks: report.runbooks,
                observationFaults: report.observationFaults, requests: report.requests, runID: report.run.id,
                learnedAt: report.plannedAt)
        }
    }

    /// What the last pass found; nil until one has made a plan.
    public var outlook: Outlook? { current.outlook }

    var current: Snapshot { state.withLock { $0 } }
}
