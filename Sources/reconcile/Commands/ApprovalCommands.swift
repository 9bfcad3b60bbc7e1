import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// `reconcile approve RUN`.
struct ApproveCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let request = ApprovalRequest(
            run: context.arguments.positionals[0], keys: context.arguments.all("key"),
            reason: context.arguments.value("reason"), lasting: try context.lasting())
        let now = SystemTime().now
        let outcome = try await context.withStore { store in
            try await request.make(in: store, by: Actor(context.actor), at: now)
        }
        let changes = outcome.changes
        if context.terminal.isJSON {
            context.terminal.json(.list(outcome.approvals.map { $0.document(at: now) }))
            return .done
        }
        context.terminal.print(
            "Approved by \(context.actor) until \(outcome.expiresAt.minuteText), of what run \(outcome.approvals[0].runID) left "
                + "waiting:")
        for change in changes {
            let reason = change.verdictReason.map { "  (\($0))" } ?? ""
            context.terminal.print("  \(change.action.rawValue) \(change.key)\(reason)")
        }
        for change in outcome.leftOut {
            context.terminal.print(
                "Left out, for only its name means it: \(change.reason): reconcile approve \(outcome.approvals[0].runID) "
                    + "--key \(change.key)")
        }
        for closed in outcome.closed { context.terminal.print(Self.text(closed, until: outcome.expiresAt)) }
        if outcome.closed.count < changes.count {
            context.terminal.print(
                "The next pass does \(outcome.closed.isEmpty ? "it" : "the rest"), unless anything about it moves before: "
                    + "reconcile")
        }
        context.terminal.print("Take it back: reconcile revoke \(changes[0].key)")
        return .done
    }

    /// When what a window keeps may happen, and whether the approval is still good then.
    private static func text(_ closed: ApprovalRequest.Closed, until end: Timestamp) -> String {
        let place = " (\(closed.place))"
        guard let opensAt = closed.opensAt else { return "\(closed.key): no opening is in sight\(place)" }
        let when = "\(closed.key): not before \(opensAt.minuteText) UTC\(place)"
        guard opensAt >= end else { return "\(when), by the next pass from then on" }
        return "\(when), and the approval ends before: "
            + (closed.hours.map { "give --for \($0)h" } ?? "approve it again then")
    }
}

/// `reconcile approvals`.
struct ApprovalsCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let limit = try context.limit(default: 20)
        let store = try await StoreAccess.open(try context.configuration())
        let approvals: [ApprovalRecord]
        do {
            approvals = try await store.approvals(limit: limit)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        let now = SystemTime().now
        if context.terminal.isJSON {
            context.terminal.json(.list(approvals.map { $0.document(at: now) }))
            return .done
        }
        guard !approvals.isEmpty else {
            context.terminal.print("Nothing was approved yet. What waits: reconcile runs")
            return .done
        }
        let paint = context.terminal.paint
        var table = Table("KEY", "ACTION", "BY", "STANDING", "UNTIL", "RUN", "REASON")
        for approval in approvals {
            let standing = approval.standing(at: now)
            table.add(
                paint.bold(approval.key.description), approval.action, approval.approvedBy,
                standing == .standing ? paint.green(standing.rawValue) : standing.rawValue,
                approval.expiresAt.minuteText, approval.usedBy ?? approval.runID, approval.reason ?? "-")
        }
        context.terminal.print(table.text(paint))
        return .done
    }
}

/// `reconcile revoke KEY`.
struct RevokeCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let key = context.arguments.positionals[0]
        let count = try await context.withStore { store in
            try await ApprovalRequest.revoke(key, in: store, by: Actor(context.actor), at: SystemTime().now)
        }
        if context.terminal.isJSON {
            context.terminal.json(["revoked": .int(Int64(count))])
        } else {
            context.terminal.print("Taken back: \(key) waits for an approval again.")
        }
        return .done
    }
}

extension CommandContext {
    /// Who asks, for the audit log.
    var actor: String {
        arguments.value("actor") ?? environment["SUDO_USER"] ?? environment["USER"] ?? ProcessEnvironment.userName
    }

    /// The value of `--for`; nil where it wasn't given.
    func lasting() throws(ArgumentFault) -> Duration? {
        guard let text = arguments.value("for") else { return nil }
        let units: [(Character, Int)] = [("m", 60), ("h", 3_600), ("d", 86_400)]
        if let last = text.last, let unit = units.first(where: { $0.0 == last }), let count = Int(text.dropLast()),
            (1...43_200).contains(count), count * unit.1 <= 30 * 86_400
        {
            return .seconds(count * unit.1)
        }
        throw ArgumentFault("--for can't be \(text)", hint: "Write a time from 1m to 30d, such as 2h.")
    }

    /// The value of `--limit`.
    func limit(default fallback: Int) throws(ArgumentFault) -> Int {
        guard let text = arguments.value("limit") else { return fallback }
        guard let count = Int(text), (1...10_000).contains(count) else {
            throw ArgumentFault("--limit can't be \(text)", hint: "Write a number from 1 to 10000.")
        }
        return count
    }
}
