import Basics
import DesiredState
import Formats
import Reconciler
import Store

/// `reconcile schedules list`, `show ID`, `run ID`, `enable ID`.
struct SchedulesCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    /// What the desired state wants by the clock, as it is configured here.
    private func jobs() async throws -> [ScheduledJob] { try await read().jobs }

    /// The same, with why some of it can't be told.
    private func read() async throws -> (jobs: [ScheduledJob], doubts: [UnknownScope]) {
        // A work tree has no history that it could be held against.
        let isWorkTree = context.arguments.positionals.count > 1
        let log = Log(level: .warning, format: try context.configuration().logFormat)
        let source =
            isWorkTree ? nil : try Composition.source(try context.configuration(), log: log, context.environment)
        let tree =
            if let source { try await source.read(log).tree } else {
                try await DesiredTree.read(context, positional: 1)
            }
        let desired = readDesiredState(tree)
        let clock = try await context.withStore { try await $0.clock(of: desired, from: source) }
        let jobs = ScheduledJob.all(in: clock, try context.configuration().schedules) { TimeZones.load($0) }
        return (jobs, desired.clockDoubts)
    }

    // MARK: list

    func list() async throws -> ExitStatus {
        let (jobs, doubts) = try await read()
        let states = try await context.withStore { try await $0.scheduleStates() }
        let now = SystemTime().now
        if context.terminal.isJSON {
            context.terminal.json(.object(["schedules": .list(jobs.map { $0.document(states[$0.id], at: now) })]))
            return .done
        }
        guard !jobs.isEmpty else {
            context.terminal.print(
                doubts.isEmpty
                    ? "Nothing is due by the clock: maintenance/schedules.yaml names no chore, and no environment is backed up."
                    : "What is due by the clock can't be read:" + Self.text(doubts))
            return .done
        }
        let paint = context.terminal.paint
        var table = Table("SCHEDULE", "CRON", "ZONE", "RUNNER", "STANDS", "LAST", "NEXT (UTC)", "LOCAL TIME")
        for job in jobs {
            let state = states[job.id]
            let next = job.comes(after: now, state)
            table.add(
                job.id, job.cron.description, job.terms.timeZone, job.runner, Self.word(job, state, paint),
                state?.lastState?.rawValue ?? "-", next?.minuteText ?? "-", next.flatMap { Self.local(job, $0) } ?? "-")
        }
        context.terminal.print(table.text(paint))
        let blocked = jobs.count { $0.standing(nil) == "blocked" }
        if blocked > 0 {
            context.terminal.print("\n\(blocked) can't run: reconcile schedules show ID says why. docs/schedules.md")
        }
        if !doubts.isEmpty {
            context.terminal.print("\nNot all that is due by the clock can be read:" + Self.text(doubts))
        }
        return .done
    }

    private static func text(_ doubt: UnknownScope) -> String {
        "\(doubt.code)\(doubt.mark.map { " at \($0)" } ?? ""): \(doubt.reason)"
    }

    private static func text(_ doubts: [UnknownScope]) -> String {
        doubts.map { "\n  \(text($0))" }.joined() + "\n  reconcile validate"
    }

    // MARK: show

    func show() async throws -> ExitStatus {
        let limit = try context.limit(default: 10)
        let states = try await context.withStore { try await $0.scheduleStates() }
        let job = try find(try await read(), states)
        let state = states[job.id]
        let slots = try await context.withStore { try await $0.scheduleSlots(of: job.id, limit: limit) }
        let now = SystemTime().now
        if context.terminal.isJSON {
            var object = job.document(state, at: now).objectValue ?? Value.Object()
            object["slots"] = .list(slots.map { Self.value($0) })
            context.terminal.json(.object(object))
            return .done
        }
        let paint = context.terminal.paint
        var text = paint.bold(job.id) + "  \(Self.word(job, state, paint))\n"
        text += "  what      \(job.name) (\(job.source))\n"
        text += "  when      \(job.cron), \(job.terms.timeZone)\n"
        let never = state?.disabledAt == nil ? "never" : "not before it is enabled again"
        text += "  next      \(job.comes(after: now, state).map { Self.instant(job, $0) } ?? never)\n"
        text += "  runner    \(job.runner)\n"
        switch job.way {
        case .blocked(let reason), .unread(let reason): text += "  blocked   \(reason)\n"
        case .runner, .byHand: break
        }
        if let disabled = state?.disabledAt {
            text += "  disabled  since \(disabled.minuteText) UTC: \(state?.disabledReason ?? "")\n"
            text += "            reconcile schedules enable \(job.id)\n"
        }
        text += "  missed    \(job.terms.missed.rawValue), at most \(job.terms.deadline.shortText) late\n"
        text += "  limits    \(job.terms.timeLimit.shortText) a run, \(job.terms.retries.of("retry", "retries"))\n\n"
        for slot in slots {
            text += "  \(Self.instant(job, slot.slot))  \(slot.state.rawValue)"
            if let asked = slot.askedBy { text += "  asked for by \(asked)" }
            if let reason = slot.reason { text += "  \(slot.errorCode.map { "\($0) " } ?? "")\(reason)" }
            text += "\n"
        }
        if slots.isEmpty { text += "  It has not run yet.\n" }
        context.terminal.print(text)
        return .done
    }

    // MARK: run, enable

    func run() async throws -> ExitStatus {
        let name = context.arguments.positionals[0]
        let jobs = try await jobs()
        let (id, isServed) = try await context.withStore { store in
            let now = SystemTime().now
            let id = try await ScheduleOrder.run(name, of: jobs, in: store, by: Actor(context.actor), at: now)
            return (id, try await store.hasService(at: now))
        }
        if context.terminal.isJSON {
            context.terminal.json(.object(["id": .string(id), "schedule": .string(name)]))
        } else {
            context.terminal.print(LeftToService.text(name, deed: "runs it", isServed: isServed))
        }
        return .done
    }

    func enable() async throws -> ExitStatus {
        let name = context.arguments.positionals[0]
        try await context.withStore { store in
            try await ScheduleOrder.enable(name, in: store, by: Actor(context.actor), at: SystemTime().now)
        }
        if context.terminal.isJSON {
            context.terminal.json(.object(["schedule": .string(name), "enabled": true]))
        } else {
            context.terminal.print("\(name) runs by itself again.")
        }
        return .done
    }

    // MARK: What they share

    private func find(
        _ read: (jobs: [ScheduledJob], doubts: [UnknownScope]), _ states: [String: ScheduleState]
    ) throws -> ScheduledJob {
        let name = context.arguments.positionals[0]
        let jobs = read.jobs
        guard let job = jobs.first(where: { $0.id == name }) else {
            // What ran before is no slip of the hand.
            if let state = states[name] {
                let last = state.lastSlot.map { "; its last time was \($0.minuteText) UTC" } ?? ""
                throw ArgumentFault(
                    read.doubts.isEmpty
                        ? "\(name) runs no more, for nothing wants it\(last)"
                        : "what is wanted of \(name) can't be read: \(Self.text(read.doubts[0]))\(last)",
                    hint: read.doubts.isEmpty
                        ? "See what is due: reconcile schedules list" : "See what is wrong: reconcile validate")
            }
            throw ArgumentFault(
                "there is no schedule \(name)",
                hint: Suggestion.nearest(to: name, in: jobs.map(\.id)).map { "Did you mean \($0)?" }
                    ?? "List them with: reconcile schedules list")
        }
        return job
    }

    /// `2026-03-02 04:00 +01:00`: what the clocks of its time zone show; nil where they show UTC.
    private static func local(_ job: ScheduledJob, _ instant: Timestamp) -> String? {
        job.zone.offset(at: instant.seconds) == 0 ? nil : job.zone.minuteText(instant)
    }

    /// `2026-03-02 03:00 UTC (2026-03-02 04:00 +01:00)`.
    private static func instant(_ job: ScheduledJob, _ instant: Timestamp) -> String { job.zone.bothTexts(instant) }

    private static func word(_ job: ScheduledJob, _ state: ScheduleState?, _ paint: Paint) -> String {
        let word = job.standing(state)
        return word == "active" ? paint.green(word) : word == "by_hand" ? word : paint.red(word)
    }

    private static func value(_ slot: ScheduleSlot) -> Value {
        var object = Value.Object()
        object["id"] = .string(slot.id)
        object["slot"] = .string(slot.slot.description)
        object["state"] = .string(slot.state.rawValue)
        object["attempts"] = .int(Int64(slot.attempts))
        object["asked_by"] = .text(slot.askedBy)
        object["started_at"] = .text(slot.startedAt?.description)
        object["finished_at"] = .text(slot.finishedAt?.description)
        object["receipt"] = .text(slot.receipt)
        object["error_code"] = .text(slot.errorCode)
        object["reason"] = .text(slot.reason)
        return .object(object)
    }
}

extension DesiredState {
    /// Why it can't be told what is due by the clock; empty where it can.
    fileprivate var clockDoubts: [UnknownScope] {
        let faults = Set(diagnostics.lazy.filter { $0.severity == .error }.map(\.code))
        return unknown.filter { scope in
            switch scope.extent {
            // That nobody could be asked for branches is no fault, and the usual case of a work tree.
            case .everything, .environments, .environment: faults.contains(scope.code)
            case .kind(let kind): kind == .schedule
            case .resource(let key): key.kind == .schedule
            }
        }
    }
}
