public import Basics
import DesiredState
public import Drivers
import Formats
import Store

/// Runs jobs of one kind.
public protocol JobRunner: Sendable {
    /// Whether running the same slot twice is running it once.
    var isRepeatable: Bool { get }

    /// Runs a job for one of its times; `key` names that time for ever, and `attempt` counts from 1.
    func run(_ job: ScheduledJob, slot: Timestamp, key: String, attempt: Int, limit: Duration) async -> JobAnswer
}

/// What running came to.
public enum JobAnswer: Sendable, Hashable {
    case succeeded(receipt: String?)
    case failed(code: String, reason: String)
    case timedOut
}

/// Runs a program that the configuration names: no shell, nothing of the SSOT in its arguments.
public struct CommandRunner: JobRunner {
    let command: [String]
    let environment: [String: String]
    private let handed: HandedValues

    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - environment: what it gets of the service's variables.
    ///   - handed: the names of those whose values are shown nowhere, whatever the program says.
    public init(command: [String], environment: [String: String], handed: Set<String>) {
        self.command = command
        self.environment = environment
        self.handed = HandedValues(environment.filter { handed.contains($0.key) })
    }

    public var isRepeatable: Bool { false }

    public func run(
        _ job: ScheduledJob, slot: Timestamp, key: String, attempt: Int, limit: Duration
    ) async -> JobAnswer {
        guard let path = command.first else { return .failed(code: "JOB-0001", reason: "the command is empty") }
        var variables = environment
        variables["ODOOOPS_JOB"] = job.id
        variables["ODOOOPS_SLOT"] = slot.description
        variables["ODOOOPS_KEY"] = key
        variables["ODOOOPS_ENVIRONMENT"] = job.environment?.slug
        variables["ODOOOPS_TIER"] = job.environment?.tier.rawValue
        variables["ODOOOPS_DATABASE"] = job.environment?.database
        let outcome = await ChildProcess.run(
            path, Array(command.dropFirst()), environment: variables, outputLimit: 1 << 16, deadline: limit)
        if outcome.timedOut { return .timedOut }
        if outcome.isSuccess { return .succeeded(receipt: nil) }
        let said =
            lastLine(outcome.errorOutput, isCut: outcome.isTruncated)
            ?? lastLine(outcome.output, isCut: outcome.isTruncated)
        let how: String
        if outcome.cancelled {
            return .failed(code: "JOB-0003", reason: "the service was stopped while it ran")
        } else if let error = outcome.spawnError {
            how = "\(path) can't be started (error \(error))"
        } else if let signal = outcome.signal {
            how = "\(path) was ended by signal \(signal)"
        } else {
            how = "\(path) ended with status \(outcome.status.map(String.init) ?? "?")"
        }
        return .failed(code: "JOB-0001", reason: how + (said.map { ": \($0)" } ?? ""))
    }

    /// The last line that says something, without what the program was given and without what looks like a secret.
    private func lastLine(_ bytes: [UInt8], isCut: Bool) -> String? {
        let line = bytes.split(whereSeparator: { $0 == 10 || $0 == 13 }).last { $0.contains { $0 > 32 } }
        // Cut at the end: of a secret that is cut in two nobody knows the first half again.
        return line.map { line in
            let hidden = handed.hidden(in: Array(line), isCut: isCut)
            let text = Redaction.redact(String(decoding: hidden, as: UTF8.self))
            return String(decoding: text.utf8.prefix(300), as: UTF8.self)
        }
    }
}

/// Starts a workflow at GitHub, once for each time, and waits for its end.
struct WorkflowRunner: JobRunner {
    let driver: any WorkflowStarting
    let time: any TimeSource
    let context: DriverContext

    var isRepeatable: Bool { true }

    /// Between two looks at a run.
    static let pause = Duration.seconds(30)

    func run(_ job: ScheduledJob, slot: Timestamp, key: String, attempt: Int, limit: Duration) async -> JobAnswer {
        guard case .runner(.workflow(let repository, let file?, let ref)) = job.way else {
            return .failed(code: "JOB-0002", reason: "its workflow is not named")
        }
        let end = time.uptime + limit
        // An attempt that failed is found by its key for ever: the next one needs another.
        let name = attempt == 1 ? key : "\(key)-\(attempt)"
        let started = await driver.startWorkflow(file, of: repository, ref: ref, key: name, context)
        let run: Int64
        switch started {
        case .success(let id): run = id
        case .failure(let fault): return .failed(code: fault.code, reason: fault.message)
        }
        while true {
            // A look that fails is made again: the workflow runs on whether we see it or not.
            if case .success(let conclusion?) = await driver.workflowConclusion(of: run, in: repository, context) {
                let receipt = "\(repository)/actions/runs/\(run)"
                if conclusion == "success" { return .succeeded(receipt: receipt) }
                return conclusion == "timed_out"
                    ? .timedOut : .failed(code: "JOB-0002", reason: "the workflow ended as \(conclusion): \(receipt)")
            }
            // It has all of its time, and what ended in the last of it is seen.
            let left = end - time.uptime
            guard left > .zero else { return .timedOut }
            do {
                try await time.sleep(for: min(Self.pause, left))
            } catch {
                return .failed(code: "JOB-0003", reason: "the service was stopped while it ran")
            }
        }
    }
}

/// Has the loop make a pass, and tells how it ended.
struct PassRunner: JobRunner {
    let service: Service
    let time: any TimeSource

    var isRepeatable: Bool { true }

    func run(_ job: ScheduledJob, slot: Timestamp, key: String, attempt: Int, limit: Duration) async -> JobAnswer {
        let asked = time.now
        let end = time.uptime + limit
        await service.ask(.schedule)
        while true {
            if let answer = await service.recordsPass(since: asked) { return answer }
            let status = service.currentStatus
            // One that had begun before has not seen what is there now.
            if !service.isOneOfSeveral, !status.isRunning, let begun = status.passStartedAt, begun >= asked {
                guard let fault = status.lastFault else { return .succeeded(receipt: status.lastRunID) }
                // Another service was faster; ours comes after it.
                if !(fault is LeaseFault) { return .failed(code: fault.code, reason: fault.message) }
            }
            guard time.uptime < end else { return .timedOut }
            do {
                try await time.sleep(for: .seconds(1))
            } catch {
                return .failed(code: "JOB-0003", reason: "the service was stopped while it ran")
            }
        }
    }
}

/// Who runs each kind of job in this process.
public struct JobRunners: Sendable {
    private let workflows: (any WorkflowStarting)?
    private let service: Service?
    private let environment: [String: String]
    private let time: any TimeSource
    private let context: DriverContext

    /// - Parameters:
    ///   - drivers: one of them starts workflows.
    ///   - service: makes passes; nil: none can be asked for.
    ///   - environment: of this process; a command gets of it what its runner names, and `PATH`, `HOME`, `LANG`, `TZ`.
    ///   - time: measures.
    ///   - context: of what drivers are asked.
    public init(
        drivers: [any Driver], service: Service?, environment: [String: String], time: any TimeSource,
        context: DriverContext
    ) {
        workflows = drivers.lazy.compactMap { $0 as? any WorkflowStarting }.first
        self.service = service
        self.environment = environment
        self.time = time
        self.context = context
    }

    /// Nil where nobody can.
    public func runner(of kind: ScheduleSettings.Runner) -> (any JobRunner)? {
        switch kind {
        case .workflow: return workflows.map { WorkflowRunner(driver: $0, time: time, context: context) }
        case .command(let command, let variables):
            let common: Set = ["PATH", "HOME", "LANG", "TZ"]
            let names = common.union(variables)
            return CommandRunner(
                command: command, environment: environment.filter { names.contains($0.key) },
                handed: names.subtracting(common))
        case .pass: return service.map { PassRunner(service: $0, time: time) }
        }
    }
}
