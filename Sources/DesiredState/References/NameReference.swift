import Basics
import Formats

/// A name that a document takes from another one: of a secret, an environment, a module's repository, an integration.
struct NameReference: Sendable, Hashable {
    /// What kind of thing is named.
    enum Kind: Sendable {
        case secret, environment, repository, integration, bridge, module, moduleOfOCA

        var isModule: Bool { self == .module || self == .moduleOfOCA }
    }

    let kind: Kind
    let name: String
    let line: Int32
    let column: Int32

    func mark(in file: String) -> SourceMark { SourceMark(file: file, line: Int(line), column: Int(column)) }

    /// The keys whose texts are such names, whatever document they stand in.
    private static let kinds: [String: Kind] = [
        "required_secret": .secret, "required_secrets": .secret, "optional_secrets": .secret,
        "secrets_required": .secret, "secret_ref": .secret, "secret_refs": .secret, "secrets_ref": .secret,
        "secrets_refs": .secret, "secrets": .secret, "secrets_consumed": .secret, "secret_name": .secret,
        "fallback_secret_name": .secret, "smtp_password_secret": .secret, "ssot_secret_key": .secret,
        "secret_registry_id": .secret, "supabase_vault": .secret, "signature_secret_ref": .secret,
        "api_secret_ref": .secret,
        "environments": .environment, "environment": .environment, "env": .environment,
        "odoo_module": .module, "ipai_module": .module, "theme_module": .module,
        "oca_module": .moduleOfOCA, "oca_modules": .moduleOfOCA, "oca_repo": .repository, "integration": .integration,
        "integration_id": .integration, "ipai_bridge": .bridge,
    ]

    /// Stores of secrets: a list names what has to be in them, and a single word says how one fares there.
    private static let stores: Set<String> = ["supabase_vault"]

    /// Which lengths those keys have, as bits: most keys need no look into the table.
    private static let lengths = kinds.keys.reduce(into: UInt64(0)) { $0 |= 1 << UInt64($1.utf8.count) }

    /// Every such name in a tree.
    static func scan(_ root: Node) -> [NameReference] {
        var found: [NameReference] = []
        let (kinds, lengths) = (Self.kinds, Self.lengths)
        var open = [root]
        while let node = open.popLast() {
            switch node.content {
            case .scalar: continue
            case .list(let items): for item in items where item.scalar == nil { open.append(item) }
            case .map(let entries):
                for entry in entries {
                    if lengths & 1 << UInt64(entry.key.utf8.count) != 0, let kind = kinds[entry.key],
                        !entry.isAmbiguous,
                        kind != .secret || entry.value.items != nil || !Self.stores.contains(entry.key)
                    {
                        add(entry.value, kind, &found)
                        // What stands below each name is about that environment.
                        if kind == .environment, entry.key == "environments" { addKeys(entry.value, kind, &found) }
                    }
                    if entry.value.scalar == nil { open.append(entry.value) }
                }
            }
        }
        return found.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    private static func add(_ value: Node, _ kind: Kind, _ found: inout [NameReference]) {
        for node in value.items ?? [value] {
            guard case .string(let name)? = node.scalar?.value, isName(name) else { continue }
            found.append(NameReference(kind: kind, name: name, line: node.line, column: node.column))
        }
    }

    private static func addKeys(_ value: Node, _ kind: Kind, _ found: inout [NameReference]) {
        for entry in value.entries ?? [] where isName(entry.key) && !entry.key.isForeignKey {
            found.append(
                NameReference(kind: kind, name: entry.key, line: entry.keyLine, column: entry.keyColumn))
        }
    }

    /// One word: a sentence or a placeholder names nothing.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy {
                (45...57).contains($0) || (65...90).contains($0) || $0 == 95 || (97...122).contains($0)
            }
    }
}
