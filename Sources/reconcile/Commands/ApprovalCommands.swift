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
        let store = try await StoreAccess.open(try context.configuration())
        do {
            let status = try await approve(in: store)
            await store.close()
            return status
        } catch {
            await store.close()
            throw error
        }
    }

    private func approve(in store: Store) async throws -> ExitStatus {
        let name = context.arguments.positionals[0]
        guard let run = try await store.run(matching: name) else {
            throw ArgumentFault("there is no run \(name)", hint: "List them with: reconcile runs")
        }
        let lasting = try Self.lasting(context.lasting(), of: run)
        guard let document = try await store.plan(ofRun: run.id) else {
            throw ArgumentFault(
                "run \(run.id) kept no plan\(run.isDryRun ? ": it was a dry run" : "")",
                hint: "Make a pass, which keeps its plan and waits for approvals: reconcile")
        }
        let waiting = try PlanDocument.parse(document).changes.filter { $0.verdict == .needsApproval }
        let changes = try chosen(waiting, run.id)
        let now = SystemTime().now
        let approvals = changes.map {
            ApprovalRecord(
                runID: run.id, key: $0.key, action: $0.action.rawValue, change: $0.approvalDigest,
                approvedBy: context.actor, reason: context.arguments.value("reason"), createdAt: now,
                expiresAt: now + lasting)
        }
        let granted = try await store.grant(approvals)
        if context.terminal.isJSON {
            context.terminal.json(.list(granted.map { ApprovalText.value($0, now) }))
            return .done
        }
        context.terminal.print("Approved by \(context.actor) until \((now + lasting).minuteText):")
        for change in changes {
            let reason = change.verdictReason.map { "  (\($0))" } ?? ""
            context.terminal.print("  \(change.action.rawValue) \(change.key)\(reason)")
        }
        context.terminal.print(
            "The next pass does it, unless anything about it moves before: reconcile\n"
                + "Take it back: reconcile revoke \(changes[0].key)")
        return .done
    }

    /// The changes that wait and were named; all that wait when none was.
    private func chosen(_ waiting: [PlannedChange], _ runID: String) throws(ArgumentFault) -> [PlannedChange] {
        guard !waiting.isEmpty else {
            throw ArgumentFault(
                "nothing in the plan of run \(runID) waits for an approval", hint: "See it: reconcile show \(runID)")
        }
        let names = context.arguments.all("key")
        let keys = waiting.map(\.key.description)
        for name in names where !keys.contains(name) {
            let near = Suggestion.nearest(to: name, in: keys)
            throw ArgumentFault(
                "--key names \(name), which doesn't wait for an approval in run \(runID)",
                hint: near.map { "Did you mean \($0)?" } ?? "What waits: \(keys.joined(separator: ", "))")
        }
        return names.isEmpty ? waiting : waiting.filter { names.contains($0.key.description) }
    }

    /// How long it holds: what the person says, within what the policy of that run allowed.
    private static func lasting(_ wanted: Duration?, of run: RunRecord) throws(ArgumentFault) -> Duration {
        func seconds(_ name: String) -> Duration? {
            run.metadata["approvals"]?[name]?.intValue.map { .seconds($0) }
        }
        let longest = seconds("longest_seconds") ?? ApprovalRule().longest
        guard let wanted else { return min(seconds("valid_for_seconds") ?? ApprovalRule().validFor, longest) }
        if wanted <= longest { return wanted }
        throw ArgumentFault(
            "--for can't be \(wanted.shortText): the policy lets an approval hold for \(longest.shortText) at most",
            hint: "Leave --for out, or raise approvals.longest in .odooops/policies.yaml.")
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
            context.terminal.json(.list(approvals.map { ApprovalText.value($0, now) }))
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
        let store = try await StoreAccess.open(try context.configuration())
        let count: Int
        do {
            count = try await store.revokeApprovals(
                of: key,
                audit: AuditRecord(
                    at: SystemTime().now, action: "change.revoke", target: key, actor: context.actor,
                    detail: .object(Value.Object())))
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        guard count > 0 else {
            throw ArgumentFault(
                "no approval of \(key) stands", hint: "List them with: reconcile approvals")
        }
        if context.terminal.isJSON {
            context.terminal.json(["revoked": .int(Int64(count))])
        } else {
            context.terminal.print("Taken back: \(key) waits for an approval again.")
        }
        return .done
    }
}

/// How an approval is shown.
enum ApprovalText {
    static func value(_ approval: ApprovalRecord, _ now: Timestamp) -> Value {
        var object = Value.Object()
        object["id"] = .string(approval.id)
        object["key"] = .string(approval.key.description)
        object["action"] = .string(approval.action)
        object["change"] = .string(approval.change.description)
        object["standing"] = .string(approval.standing(at: now).rawValue)
        object["approved_by"] = .string(approval.approvedBy)
        object["reason"] = .text(approval.reason)
        object["run"] = .string(approval.runID)
        object["created_at"] = .string(approval.createdAt.description)
        object["expires_at"] = .string(approval.expiresAt.description)
        object["revoked_at"] = .text(approval.revokedAt?.description)
        object["revoked_by"] = .text(approval.revokedBy)
        object["used_at"] = .text(approval.usedAt?.description)
        object["used_by"] = .text(approval.usedBy)
        return .object(object)
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
