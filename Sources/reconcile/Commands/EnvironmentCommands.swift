import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// `reconcile env list`.
struct EnvironmentListCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let now = try context.now() ?? SystemTime().now
        let configuration = try context.configuration()
        let store = try await StoreAccess.open(configuration)
        let rows = try await store.environments().filter { $0.status != .gone }
        // The table shows none of it.
        let drift = try await context.terminal.isJSON ? store.openDrift() : []
        await store.close()
        if context.terminal.isJSON {
            let differing = Dictionary(grouping: drift, by: \.environment)
            context.terminal.json(.list(rows.map { $0.document(at: now, drift: differing[$0.slug] ?? []) }))
            return .done
        }
        guard !rows.isEmpty else {
            context.terminal.print("No environment is known yet. Make a pass first: reconcile")
            return .done
        }
        let paint = context.terminal.paint
        var table = Table("NAME", "TIER", "BRANCH", "STATUS", "AGE", "TIME LEFT", "COST/MONTH", "ADDRESS")
        for row in rows {
            table.add(
                paint.bold(row.slug), row.tier.rawValue, row.branch ?? "-", status(row, now, paint),
                row.createdAt.map { max(.zero, now - $0).shortText } ?? "unknown", timeLeft(row, now, paint),
                row.metadata["cost_monthly_usd"].flatMap(\.text).map { "$\($0)" } ?? "-",
                row.domain.map { "https://\($0)" } ?? "-")
        }
        context.terminal.print(table.text(paint))
        for row in rows where isEnding(row, now) {
            guard let keep = row.keepCommand(at: now) else { continue }
            context.terminal.print("Keep \(row.slug): \(keep)")
        }
        return .done
    }

    /// Whether it goes unless somebody says no: its end is near as the policy has it, or past, or nothing wants it.
    private func isEnding(_ row: EnvironmentRow, _ now: Timestamp) -> Bool {
        guard !row.isSuspended(at: now) else { return false }
        if row.isKnownUnwanted { return true }
        guard !row.isPinned(at: now), row.status != .expired else { return false }
        return row.status == .expiring || row.endsAt(now).map { $0 <= now } ?? false
    }

    private func status(_ row: EnvironmentRow, _ now: Timestamp, _ paint: Paint) -> String {
        if row.isSuspended(at: now) {
            return paint.yellow("suspended" + (row.suspendedUntil.map { " until \($0.minuteText)" } ?? ""))
        }
        if row.isKnownUnwanted { return paint.red("unwanted") }
        return switch row.status {
        case .expired: paint.red(row.status.rawValue)
        case .expiring: paint.yellow(row.status.rawValue)
        // No pass has looked since.
        case .active where !row.isPinned(at: now) && row.endsAt(now).map { $0 <= now } == true: paint.red("over")
        case .active, .gone, .unknown: row.status.rawValue
        }
    }

    private func timeLeft(_ row: EnvironmentRow, _ now: Timestamp, _ paint: Paint) -> String {
        if row.isPinned(at: now) {
            let until = row.pinnedUntil.map { " until \($0.minuteText)" } ?? ""
            return "pinned\(until)" + (row.pinReason.map { ": \($0)" } ?? "")
        }
        let goes = row.goesLater(than: now).map { "goes \($0.minuteText)" }
        if row.isUnwanted {
            guard row.doubt == nil else { return "stays meanwhile" }
            return paint.red(row.isSuspended(at: now) ? "goes when resumed" : goes ?? "goes as soon as it may")
        }
        guard let expiresAt = row.endsAt(now) else { return row.createdAt == nil ? "unknown age" : "no end" }
        if expiresAt <= now {
            return paint.red("ended \((now - expiresAt).shortText) ago" + (goes.map { ", \($0)" } ?? ""))
        }
        let pin = row.isPinned ? ", its pin has ended" : ""
        return (expiresAt - now).shortText + (row.extensionDays > 0 ? " (+\(row.extensionDays)d)" : "") + pin
    }
}

extension Value {
    fileprivate var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .int(let number): String(number)
        default: nil
        }
    }
}

/// `reconcile env extend|pin|unpin|suspend|resume NAME`.
struct EnvironmentChangeCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let name = context.arguments.positionals[0]
        let word = String(context.arguments.command.name.dropFirst(4))
        guard let verb = EnvironmentChange.Verb(rawValue: word) else {
            throw ArgumentFault("there is no env \(word)", hint: "Run: reconcile help env")
        }
        var days = 0
        if verb == .extend {
            guard let text = context.arguments.value("days") else {
                throw ArgumentFault("--days is missing", hint: "Run: reconcile env extend \(name) --days 7")
            }
            guard let count = Int(text), (1...365).contains(count) else {
                throw ArgumentFault("--days can't be \(text)", hint: "Write a number of days from 1 to 365.")
            }
            days = count
        }
        let now = SystemTime().now
        let (reason, until) = (context.arguments.value("reason"), try Self.until(context, now))
        let change = EnvironmentChange(verb, of: name, days: days, reason: reason, until: until)
        let made = try await context.withStore { store in
            try await change.make(in: store, by: Actor(context.actor), at: now)
        }
        let row = made.row
        if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "name": .string(name), "action": .string(verb.rawValue), "changed": .bool(made.isChanged),
                    "extension_days": .int(Int64(row.extensionDays)), "pinned": .bool(row.isPinned),
                    "suspended": .bool(row.isSuspended), "expires_at": .text(row.expiresAt?.description),
                    "unwanted_since": .text(row.isKnownUnwanted ? row.unwantedSince?.description : nil),
                    "until": .text((verb == .pin ? row.pinnedUntil : row.suspendedUntil)?.description),
                    "reason": .text(verb == .pin ? row.pinReason : row.suspendReason),
                ]))
            return .done
        }
        guard made.isChanged else {
            let state =
                switch verb {
                case .unpin: "not pinned"
                case .resume: "not suspended"
                case .pin: "pinned so already"
                case .suspend, .extend: "suspended so already"
                }
            context.terminal.print("\(name) is \(state): nothing was changed.")
            return .done
        }
        let sentence =
            switch verb {
            case .extend:
                "\(name) has \(days.of("day")) more (\(row.extensionDays) in all)\(row.comeTo(at: now))"
            case .pin:
                "\(name) is pinned: it does not expire until "
                    + "\(until.map { "\($0.minuteText) UTC, or " } ?? "")reconcile env unpin \(name)."
            case .unpin:
                "\(name) is no longer pinned\(row.comeLoose(at: now) ?? ": its time to live counts again.")"
            case .suspend:
                "\(name) is suspended: nothing of it is changed or deleted until "
                    + "\(until.map { "\($0.minuteText) UTC, or " } ?? "")reconcile env resume \(name)."
            case .resume:
                "\(name) is reconciled again\(row.comeLoose(at: now) ?? " from the next pass on.")"
            }
        context.terminal.print("\(sentence) Recorded in the audit log as \(context.actor).")
        return .done
    }

    /// An instant, a day (the whole of it), or a time from now on: `7d`.
    private static func until(_ context: CommandContext, _ now: Timestamp) throws(ArgumentFault) -> Timestamp? {
        guard let text = context.arguments.value("until") else { return nil }
        var until = Timestamp(text) ?? Timestamp(date: text).map { $0 + .days(1) }
        if until == nil, case .after(let duration)? = try? TimeToLive(parsing: text) { until = now + duration }
        guard let until else {
            throw ArgumentFault(
                "--until can't be \(text)", hint: "Write a time such as 7d, a day such as 2026-12-24, or an instant.")
        }
        guard until > now else {
            throw ArgumentFault("--until \(text) has passed already", hint: "Write an instant that is to come.")
        }
        return until
    }
}
