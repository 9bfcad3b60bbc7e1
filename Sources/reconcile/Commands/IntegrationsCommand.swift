import Basics
import DesiredState
import Formats
import Reconciler

/// `reconcile integrations [PATH]`.
struct IntegrationsCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let desired = readDesiredState(try await DesiredTree.read(context))
        let rows = desired.integrations
        if context.terminal.isJSON {
            context.terminal.json(.object(["integrations": .list(rows.map(Self.value))]))
            return .done
        }
        guard !rows.isEmpty else {
            context.terminal.print("No index of integrations says anything: integrations/_index.yaml.")
            return .done
        }
        var table = Table("INTEGRATION", "STATUS", "CATEGORY", "VENDOR", "FOR ALL", "SECRETS", "CALLS")
        for row in rows {
            let baseline = row.detail?.isBaselineAllowed.map { $0 ? "yes" : "no" }
            table.add(
                row.id, row.status, row.catalogCategory ?? row.category.map { "\($0)?" } ?? "-", row.vendor ?? "-",
                baseline ?? "-", Self.words(row.detail?.requiredSecrets), Self.words(row.detail?.egress))
        }
        context.terminal.print(table.text(context.terminal.paint))
        return .done
    }

    private static func words(_ list: [String]?) -> String {
        list.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") } ?? "-"
    }

    private static func value(_ row: Integration) -> Value {
        var object = Value.Object()
        object["id"] = .string(row.id)
        object["name"] = .text(row.detail?.displayName)
        object["status"] = .string(row.status)
        object["category"] = .text(row.catalogCategory)
        object["category_written"] = .text(row.category)
        object["vendor"] = .text(row.vendor)
        object["install_state"] = .text(row.installState)
        object["baseline_allowed"] = row.detail?.isBaselineAllowed.map { .bool($0) } ?? .null
        object["required_secrets"] = row.detail.map { .strings($0.requiredSecrets) } ?? .null
        object["egress"] = row.detail.map { .strings($0.egress) } ?? .null
        object["source"] = .string(row.source.description)
        return .object(object)
    }
}
