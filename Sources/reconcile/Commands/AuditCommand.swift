import Basics
import DesiredState
import Formats
import Reconciler
import Store

/// `reconcile audit` and `reconcile audit verify`.
struct AuditCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func list() async throws -> ExitStatus {
        let limit = try context.limit(default: 20)
        let records = try await context.withStore { store in try await store.auditLog(limit: limit) }
        if context.terminal.isJSON {
            context.terminal.json(.list(records.map(\.document)))
            return .done
        }
        guard !records.isEmpty else {
            context.terminal.print("Nothing was changed by hand yet.")
            return .done
        }
        var table = Table("WHEN", "WHAT", "OF", "WHO", "DETAIL")
        for record in records {
            let members = record.detail.objectValue?.members ?? []
            let detail = members.filter { $0.name != "change" }.map { "\($0.name) \($0.value.plainText)" }
            table.add(
                record.at.minuteText, record.action, record.target, record.actor,
                detail.isEmpty ? "-" : detail.joined(separator: ", "))
        }
        context.terminal.print(table.text(context.terminal.paint))
        return .done
    }

    func verify() async throws -> ExitStatus {
        let kept = context.arguments.value("head")
        if let kept, !Self.isDigest(kept) {
            // Nothing can go on from what is no head, and that would read as if somebody had written the log anew.
            throw ArgumentFault(
                "--head can't be \(kept)",
                hint:
                    "Write it whole, as it was printed: sha256: and 64 hexadecimal digits. See today's: reconcile audit verify"
            )
        }
        let result = try await context.withStore { store in try await store.verifyAuditLog(since: kept) }
        if context.terminal.isJSON {
            context.terminal.json(result.document)
        } else if result.isWhole {
            let older = result.unchained == 0 ? "" : ", and \(result.unchained) of before there was a chain"
            let lines = result.links - (result.anchor?.sequence ?? 0)
            context.terminal.print("The audit log is whole: \(lines.of("line"))\(older), head \(result.head).")
            if let kept { context.terminal.print("It goes on from \(kept).") }
            if let anchor = result.anchor {
                context.terminal.print(
                    "It begins after line \(anchor.sequence): what was before \(anchor.before.minuteText) was cut on "
                        + "\(anchor.cutAt.minuteText), and the first line left follows from \(anchor.digest).")
            }
        } else {
            context.terminal.print(context.terminal.paint.red("The audit log is not as it was written:"))
            for fault in result.faults { context.terminal.print("  \(fault.record): \(fault.message)") }
            context.terminal.print("Compare it with a backup of the store before anything else is done with it.")
        }
        return result.isWhole ? .done : .failed
    }

    /// Whether a text can be a head: `sha256:` and 64 hexadecimal digits.
    private static func isDigest(_ text: String) -> Bool {
        guard text.hasPrefix("sha256:") else { return false }
        let digits = text.dropFirst("sha256:".count).utf8
        return digits.count == 64 && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

extension Value {
    fileprivate var plainText: String {
        switch self {
        case .string(let text), .number(let text): text
        case .int(let number): String(number)
        case .bool(let flag): flag ? "yes" : "no"
        default: JSON.write(self)
        }
    }
}
