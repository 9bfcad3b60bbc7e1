import Basics
import Formats

/// What the file of an integration says beside its row in the index.
public struct IntegrationDetail: Sendable, Hashable {
    /// What people call it.
    public let displayName: String?
    /// Whether every project may use it; nil where the file doesn't say.
    public let isBaselineAllowed: Bool?
    /// Ids or names of secrets without which it doesn't work, sorted.
    public let requiredSecrets: [String]
    /// Hosts and patterns of hosts that it calls, sorted.
    public let egress: [String]

    public init(displayName: String?, isBaselineAllowed: Bool?, requiredSecrets: [String], egress: [String]) {
        self.displayName = displayName
        self.isBaselineAllowed = isBaselineAllowed
        self.requiredSecrets = requiredSecrets
        self.egress = egress
    }

    /// Reads what it can; what has another form says nothing, for the file is for people as well.
    init(_ root: Node) {
        displayName = root.text("display_name")
        isBaselineAllowed = root["baseline_allowed"]?.value.scalar?.value.boolValue
        let lists = ["required_secrets", "secrets_required"].compactMap { root[$0]?.value.items }.flatMap { $0 }
        requiredSecrets = Self.sorted(
            lists.compactMap { item in
                guard item.entries != nil else { return item.filledText }
                let isOptional = item["required"]?.value.scalar?.value == .bool(false)
                return isOptional ? nil : (item["id"] ?? item["name"])?.value.filledText
            })
        egress = Self.sorted((root["allowed_egress"]?.value.items ?? []).compactMap(\.filledText))
    }

    /// Where the file says it, by the field's name.
    static func marks(_ root: Node, in file: String) -> [String: SourceMark] {
        var marks: [String: SourceMark] = [:]
        for key in ["allowed_egress", "baseline_allowed", "display_name", "secrets_required", "required_secrets"] {
            let name = key == "secrets_required" ? "required_secrets" : key
            if let mark = root[key]?.value.mark(in: file) { marks[name] = mark }
        }
        return marks
    }

    private static func sorted(_ texts: [String]) -> [String] { Set(texts).sorted { $0.precedesByBytes($1) } }
}

extension Integration {
    /// The category under which the catalogue of the console shows it.
    ///
    /// The catalogue knows ten; the index uses words of its own. Nil where neither says which.
    public var catalogCategory: String? {
        guard let category else { return nil }
        if Self.catalogCategories.contains(category) { return category }
        return switch category {
        case "agent", "agentic_coding", "agent_framework", "ai_interaction_plane": "agents"
        case "ai_code_review", "design_platform", "edge_runtime", "hosting", "platform_inventory": "devtools"
        case "automation_runner", "automation_templates", "integration", "sow": "workflow"
        case "intake", "mail": "messaging"
        case "llm_gateway": "ai_inference"
        case "platform_posture": "security"
        case "postgres_fdw": "auth_data"
        default: nil
        }
    }

    private static let catalogCategories: Set<String> = [
        "auth_data", "ai_inference", "agents", "devtools", "messaging", "observability", "storage", "security",
        "analytics", "workflow",
    ]
}
