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
    private func jobs() async throws -> [ScheduledJob] {
        let desired = readDesiredState(try await DesiredTree.read(context, positional: 1))
        let environments = try await context.withStore { try await $0.lookedAfter(in: desired) }
        return ScheduledJob.all(in: desired.with(environments: environments), try context.configuration().schedules) {
            TimeZones.load($0)
        }
    }

    // MARK: list

    func list() async throws -> ExitStatus {
        let jobs = try await jobs()
        let states = try await context.withStore { try await $0.scheduleStates() }
        let now = SystemTime().now
        if context.terminal.isJSON {
            context.terminal.json(.object(["schedules": .list(jobs.map { $0.document(states[$0.id], at: now) })]))
            return .done
        }
        guard !jobs.isEmpty else {
            context.terminal.print("Nothing is due by the clock: maintenance/schedules.yaml names no chore.")
            return .done
        }
        let paint = context.terminal.paint
        var table = Table("SCHEDULE", "CRON", "ZONE", "RUNNER", "STANDS", "LAST", "NEXT (UTC)", "LOCAL TIME")
        for job in jobs {
            let state = states[job.id]
            let next = job.next(after: now)
            table.add(
                job.id, job.cron.description, job.terms.timeZone, job.runner, Self.word(job, state, paint),
                state?.lastState?.rawValue ?? "-", next?.minuteText ?? "-", next.flatMap { Self.local(job, $0) } ?? "-")
        }
        context.terminal.print(table.text(paint))
        let blocked = jobs.count { job in
            if case .blocked = job.way { return true }
            return false
        }
        if blocked > 0 {
            context.terminal.print("\n\(blocked) can't run: reconcile schedules show ID says why. docs/schedules.md")
        }
        return .done
    }

    // MARK: show

    func show() async throws -> ExitStatus {
        let job = try find(in: try await jobs())
        let limit = try context.limit(default: 10)
        let (state, slots) = try await context.withStore { store in
            (try await store.scheduleStates()[job.id], try await store.scheduleSlots(of: job.id, limit: limit))
        }
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
        text += "  next      \(job.next(after: now).map { Self.instant(job, $0) } ?? "never")\n"
        text += "  runner    \(job.runner)\n"
        if case .blocked(let reason) = job.way { text += "  blocked   \(reason)\n" }
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
        let id = try await context.withStore { store in
            try await ScheduleOrder.run(
                name, of: jobs, in: store, by: Actor(context.actor), at: SystemTime().now)
        }
        if context.terminal.isJSON {
            context.terminal.json(.object(["id": .string(id), "schedule": .string(name)]))
        } else {
            context.terminal.print("\(name) waits for the service, which runs it within seconds.")
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

    private func find(in jobs: [ScheduledJob]) throws -> ScheduledJob {
        let name = context.arguments.positionals[0]
        guard let job = jobs.first(where: { $0.id == name }) else {
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
