import Basics
import DesiredState
import Diff
import Formats
import HTTPClient
import Store

/// What one pass did when: its phases as they follow each other, and the requests that they made.
///
/// Requests are kept beside and bounded; everything else is in the report already.
final class RunTrace: Sendable {
    private struct State {
        var phases: [(name: String, begin: Timestamp)] = []
        var requests: [Span] = []
        var dropped = 0
    }

    private let runID: String
    private let time: any TimeSource
    private let state = Locked(State())

    /// So many requests of one run are kept at the most.
    private static let requestLimit = 2_000

    init(runID: String, time: any TimeSource) {
        self.runID = runID
        self.time = time
    }

    /// The next phase begins, and the one before ends.
    func begin(_ phase: String) {
        let now = time.now
        state.withLock { $0.phases.append((phase, now)) }
    }

    /// A request has ended; its span lies in the step that it belongs to, else in the phase of now.
    func note(_ exchange: Exchange, step: String?) {
        let now = time.now
        state.withLock { state in
            guard state.requests.count < Self.requestLimit else {
                state.dropped += 1
                return
            }
            let number = state.requests.count
            let parent = step.map { "step/\($0)" } ?? state.phases.last.map { "phase/\($0.name)" } ?? "run"
            state.requests.append(
                Span(
                    id: Self.id(runID, "request/\(number)"), parent: Self.id(runID, parent),
                    name: "\(exchange.method) \(exchange.provider)", kind: .client, begin: now - exchange.duration,
                    end: now,
                    attributes: [
                        ("http.request.method", .string(exchange.method)),
                        ("server.address", .string(Self.host(of: exchange.url))),
                        ("url.path", .string(Self.path(of: exchange.url))),
                        ("http.response.status_code", .int(Int64(exchange.status))),
                        ("http.request.resend_count", .int(Int64(exchange.attempt - 1))),
                        ("odooops.provider", .string(exchange.provider)),
                    ],
                    fault: Self.fault(of: exchange)))
        }
    }

    /// That something is not there yet is what a look before a creation wants to hear: not an error.
    private static func fault(of exchange: Exchange) -> String? {
        if exchange.status == 0 { return "no answer" }
        if exchange.status == 404, exchange.method == "GET" { return nil }
        return exchange.status >= 400 ? "HTTP \(exchange.status)" : nil
    }

    /// All spans of the run, the run's own first.
    func spans(_ report: RunReport) -> (trace: String, spans: [Span]) {
        let (phases, requests, dropped) = state.withLock { ($0.phases, $0.requests, $0.dropped) }
        let run = report.run
        let end = run.completedAt ?? time.now
        let root = Self.id(runID, "run")
        var fault: String?
        switch report.outcome {
        case .succeeded, .planned: break
        case .failed(let why): fault = why.code
        default: fault = report.outcome.name
        }
        var all = [
            Span(
                id: root, parent: nil, name: run.isDryRun ? "dry run" : "pass", begin: run.startedAt, end: end,
                attributes: [
                    ("odooops.run.id", .string(run.id)), ("odooops.run.trigger", .string(run.trigger.rawValue)),
                    ("odooops.run.outcome", .string(report.outcome.name)),
                    ("odooops.revision", .string(run.revision ?? "")),
                    ("odooops.changes", .int(Int64(report.plan?.changes.count ?? 0))),
                    ("odooops.requests.dropped", .int(Int64(dropped))),
                ], fault: fault)
        ]
        for (index, phase) in phases.enumerated() {
            all.append(
                Span(
                    id: Self.id(runID, "phase/\(phase.name)"), parent: root, name: phase.name, begin: phase.begin,
                    end: index + 1 < phases.count ? phases[index + 1].begin : end))
        }
        let apply = Self.id(runID, "phase/apply")
        for entry in report.journal where entry.runID == runID {
            all.append(
                Span(
                    id: Self.id(runID, "step/\(entry.stepID)"), parent: apply, name: entry.operation,
                    begin: entry.intendedAt, end: entry.finishedAt ?? end,
                    attributes: [
                        ("odooops.resource.key", .string(entry.key.description)),
                        ("odooops.step.id", .string(entry.stepID)),
                        ("odooops.step.state", .string(entry.state.rawValue)),
                        ("odooops.change.action", .string(entry.action.rawValue)),
                        ("odooops.environment", .string(entry.environment ?? "")),
                    ],
                    fault: entry.state == .done ? nil : entry.output["code"]?.stringValue ?? entry.state.rawValue))
        }
        return (Self.trace(runID), all + requests)
    }

    /// The run's own id is the trace's: sixteen bytes both.
    static func trace(_ runID: String) -> String {
        let hex = runID.lowercased().filter { $0.isHexDigit }
        return hex.utf8.count == 32 && hex.contains { $0 != "0" }
            ? hex : String(Digest(of: runID).hex.prefix(32))
    }

    /// Eight bytes that are the same for the same work of the same run.
    static func id(_ runID: String, _ what: String) -> String { String(Digest(of: "\(runID) \(what)").hex.prefix(16)) }

    private static func rest(of url: String) -> Substring {
        guard let range = url.firstRange(of: "://") else { return url[...] }
        return url[range.upperBound...]
    }

    private static func host(of url: String) -> String {
        let authority = rest(of: url).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        // Without a user and a password.
        return String(authority.split(separator: "@").last ?? "")
    }

    /// The path without its query, and without the parts of it that look like a credential.
    private static func path(of url: String) -> String {
        let path = rest(of: url).drop { $0 != "/" && $0 != "?" && $0 != "#" }.prefix { $0 != "?" && $0 != "#" }
        return path.split(separator: "/", omittingEmptySubsequences: false)
            .map { Formats.Redaction.looksSecret(value: String($0)) ? "<hidden>" : String($0) }.joined(separator: "/")
    }
}
