import Basics
import Formats

/// The names that one document declares, for others to use.
struct DeclaredNames: Sendable, Equatable {
    /// Those of a commit; each nil where nothing is known to be missing.
    struct All: DocumentsReading, Equatable {
        let secrets, environments, repositories, integrations, bridges: DeclaredNames?
        /// The modules of all lists.
        let modules: Set<String>

        static func read(_ library: Library, _ report: Report) -> All {
            let files = ["secrets/registry", "odoo/oca_repos", "bridges/catalog"].map { library.entry(under: $0) }
            let documents = ([.integrationsIndex, .environments, .convergence] + ManagedDocument.moduleLists)
                .map { library.document($0) }
            return library.kept.read(All.self, (files + documents).map { $0?.content }, report)
        }

        /// The documents are those of `read`, in their order.
        init(_ documents: [DocumentContent?], _ report: Report) {
            secrets = documents[0]?.reading(DeclaredSecrets.self, report)?.names
            repositories = DeclaredNames.list(documents[1], "repos", name: "name")
            bridges = DeclaredNames.list(documents[2], "bridges", name: "name")
            integrations = DeclaredNames.list(documents[3], "integrations", name: "id")
            environments = DeclaredNames.environments(documents[4...5].compactMap { $0 })
            modules = DeclaredNames.modules(documents[6...].compactMap { $0 })
        }
    }

    /// Those of the registry of secrets, which are many.
    private struct DeclaredSecrets: DocumentReading {
        let names: DeclaredNames?

        init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
            names = DeclaredNames.secrets(root, file)
        }
    }

    let file: String
    let mark: SourceMark
    let names: Set<String>
    /// What is as good as a name.
    let aliases: Set<String>

    private init(file: String, mark: SourceMark, names: Set<String>, aliases: Set<String> = []) {
        self.file = file
        self.mark = mark
        self.names = names
        self.aliases = aliases
    }

    /// The ids of the registry; what a store calls a secret is as good.
    private static func secrets(_ root: Node, _ file: String) -> DeclaredNames? {
        let maps = ["secrets", "v2_entries"].compactMap { root[$0]?.value }
        let entries = maps.compactMap(\.entries).flatMap { $0 }
        guard !entries.isEmpty else { return nil }
        var aliases: Set<String> = []
        for secret in entries {
            // The id in capitals is what the variable is called where nothing else is said.
            aliases.insert(secret.key.uppercased())
            for field in secret.value.entries ?? []
            where field.key.hasSuffix("_name") || field.key.hasSuffix("_aliases") {
                for node in field.value.items ?? [field.value] {
                    if let text = node.scalar?.text { aliases.insert(text) }
                }
            }
        }
        return DeclaredNames(
            file: file, mark: (root["secrets"] ?? root["v2_entries"])?.keyMark(in: file) ?? top(file),
            names: Set(entries.map(\.key)), aliases: aliases)
    }

    /// The named environments; the names of tiers, and the pipeline's, are known without.
    private static func environments(_ found: [DocumentContent]) -> DeclaredNames? {
        guard let first = found.first(where: { $0.root != nil }) else { return nil }
        var names: Set<String> = []
        for entry in found { names.formUnion((entry.root?["environments"]?.value.entries ?? []).map(\.key)) }
        guard !names.isEmpty else { return nil }
        return DeclaredNames(
            file: first.path, mark: first.root?["environments"]?.keyMark(in: first.path) ?? top(first.path),
            names: names,
            aliases: [
                "prod", "production", "stage", "staging", "dev", "develop", "development", "preview", "ci", "local",
                "all", "test",
            ])
    }

    private static func modules(_ lists: [DocumentContent]) -> Set<String> {
        var names: Set<String> = []
        for list in lists {
            for item in list.root?["modules"]?.value.items ?? [] {
                for key in ["technical_name", "name", "module"] { names.formUnion(item.text(key).map { [$0] } ?? []) }
            }
        }
        return names
    }

    /// Nil where the document can't be read: then nothing is known to be missing from it.
    private static func list(_ entry: DocumentContent?, _ key: String, name: String) -> DeclaredNames? {
        guard let entry, let list = entry.root?[key], !list.isAmbiguous, let items = list.value.items else {
            return nil
        }
        let names = Set(items.compactMap { $0[name]?.value.scalar?.text })
        return names.isEmpty ? nil : DeclaredNames(file: entry.path, mark: list.keyMark(in: entry.path), names: names)
    }

    private static func top(_ file: String) -> SourceMark { SourceMark(file: file, line: 1, column: 1) }
}
