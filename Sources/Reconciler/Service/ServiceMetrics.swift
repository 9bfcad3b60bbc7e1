public import Basics
import DesiredState
import Diff
import Store

extension Metrics {
    /// Declares every metric of the reconciler, with the help text that the exposition shows.
    public func declareReconcilerMetrics() {
        declare("reconciler_runs_total", .counter, "Passes by outcome.")
        declare(
            "reconciler_run_duration_seconds", .histogram, "Time from the begin of a pass to its end.",
            buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300])
        declare("reconciler_last_success_timestamp_seconds", .gauge, "When the last pass without a fault ended.")
        declare("reconciler_planned_changes", .gauge, "Changes of the last plan by action.")
        declare("reconciler_withheld_changes", .gauge, "Changes of the last plan that may not run, by decision.")
        declare("reconciler_steps_total", .counter, "Steps by operation state.")
        declare("reconciler_drift_items", .gauge, "Differences of the last plan by cause.")
        declare("reconciler_provider_requests_total", .counter, "Requests sent, by provider.")
        declare("reconciler_environments", .gauge, "Environments by phase.")
        declare(
            "reconciler_desired_diagnostics", .gauge,
            "Diagnostics of the desired state by severity, what is due included.")
        declare("reconciler_resident_memory_bytes", .gauge, "Resident memory of the process.")
        declareStandingMetrics()
    }
}

extension Reconciler {
    /// Counts a pass.
    func note(_ report: RunReport) {
        metrics.add("reconciler_runs_total", 1, ["outcome": report.outcome.name])
        metrics.observe(
            "reconciler_run_duration_seconds", report.duration.inSeconds, ["outcome": report.outcome.name])
        if case .failed(let fault) = report.outcome, fault is LeaseFault {
            metrics.add("reconciler_lease_refusals_total")
        }
        metrics.set("reconciler_resident_memory_bytes", Double(ProcessEnvironment.residentBytes))
        for (provider, count) in report.requests {
            metrics.add("reconciler_provider_requests_total", Double(count), ["provider": provider])
        }
        for entry in report.journal { metrics.add("reconciler_steps_total", 1, ["state": entry.state.rawValue]) }
        if let desired = report.desired {
            let diagnostics = desired.diagnostics + desired.dueDiagnostics(at: time.now)
            for severity in Diagnostic.Severity.allCases {
                metrics.set(
                    "reconciler_desired_diagnostics",
                    Double(diagnostics.count { $0.severity == severity }), ["severity": severity.rawValue])
            }
        }
        if let plan = report.plan {
            for action in ChangeAction.allCases where action != .noop {
                metrics.set(
                    "reconciler_planned_changes", Double(plan.changes.count { $0.action == action }),
                    ["action": action.rawValue])
            }
            for verdict in Verdict.allCases where verdict != .allowed {
                metrics.set(
                    "reconciler_withheld_changes", Double(plan.changes.count { $0.shownVerdict == verdict }),
                    ["decision": verdict.rawValue])
            }
            for cause in ChangeCause.words {
                metrics.set(
                    "reconciler_drift_items", Double(plan.drift.count { $0.causeWord == cause }), ["cause": cause])
            }
            for phase in [
                EnvironmentOutlook.Phase.active, .expiring, .ending, .expired, .unwanted, .suspended, .pinned, .unknown,
            ] {
                metrics.set(
                    "reconciler_environments", Double(plan.environments.count { $0.phase == phase }),
                    ["phase": phase.rawValue])
            }
        }
        switch report.outcome {
        case .succeeded where report.observationFaults.isEmpty, .planned where report.observationFaults.isEmpty:
            metrics.set("reconciler_last_success_timestamp_seconds", Double(time.now.seconds))
        case .succeeded, .planned, .failed, .stepsFailed, .stale, .invalid, .canceled: break
        }
    }

    /// Logs how a pass of the service ended; a command prints that itself.
    func logEnd(of report: RunReport) {
        let outcome = report.outcome.name
        if let fault = ObservationFault(report.observationFaults) {
            log.warning(
                "not everything was observed",
                ["run.id": report.run.id, "code": fault.code, "fault": fault.message])
        }
        let errors = report.desired?.diagnostics.count { $0.severity == .error } ?? 0
        if errors > 0 {
            log.warning(
                "documents have errors: what they want stays as it is",
                ["run.id": report.run.id, "errors": errors, "hint": "reconcile validate"])
        }
        switch report.outcome {
        case .succeeded, .planned:
            log.info(
                "pass ended",
                [
                    "run.id": report.run.id, "outcome": outcome, "revision": report.run.revision ?? "-",
                    "changes": report.plan?.changes.count ?? 0, "steps": report.journal.count,
                    "duration": report.duration.shortText,
                ])
        case .failed(let fault) where fault is LeaseFault:
            // As it should be: one works, the others stand by.
            log.info("another process was faster, and works", ["fault": fault.message])
        case .failed(let fault):
            log.error(
                "pass failed",
                [
                    "run.id": report.run.id, "code": fault.code, "fault": fault.message, "place": fault.place ?? "-",
                    "hint": fault.hint ?? "-",
                ])
        case .stepsFailed, .stale, .invalid, .canceled:
            log.warning(
                "pass ended", ["run.id": report.run.id, "outcome": outcome, "revision": report.run.revision ?? "-"])
        }
    }
}

extension PassOutcome {
    /// One word, for logs and labels.
    var name: String {
        switch self {
        case .succeeded: "succeeded"
        case .planned: "planned"
        case .failed: "failed"
        case .stepsFailed: "steps_failed"
        case .stale: "stale"
        case .invalid: "invalid"
        case .canceled: "canceled"
        }
    }
}
