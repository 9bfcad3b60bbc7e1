import Basics
import Formats

/// The names that one document declares, for others to use.
struct DeclaredNames: Sendable, Equatable {
    /// Those of a commit; each nil where nothing is known to be missing.
    struct All: Sendable, Equatable {
        let secrets, environments, repositories, integrations, bridges: DeclaredNames?
        /// The modules of all lists.
        let modules: Set<String>

        init(_ library: Library) {
            secrets = DeclaredNames.secrets(library)
            environments = DeclaredNames.environments(library)
            repositories = DeclaredNames.repositories(library)
            integrations = DeclaredNames.integrations(library)
            bridges = DeclaredNames.bridges(library)
            modules = DeclaredNames.modules(library)
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
    private static func secrets(_ library: Library) -> DeclaredNames? {
        guard let entry = library.entry(under: "secrets/registry"), let root = entry.root else { return nil }
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
            file: entry.path, mark: (root["secrets"] ?? root["v2_entries"])?.keyMark(in: entry.path) ?? top(entry.path),
            names: Set(entries.map(\.key)), aliases: aliases)
    }

    /// The named environments; the names of tiers, and the pipeline's, are known without.
    private static func environments(_ library: Library) -> DeclaredNames? {
        let found = [ManagedDocument.environments, .convergence].compactMap { library.document($0) }
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

    private static func modules(_ library: Library) -> Set<String> {
        var names: Set<String> = []
        for list in ManagedDocument.moduleLists {
            for item in library.document(list)?.root?["modules"]?.value.items ?? [] {
                for key in ["technical_name", "name", "module"] { names.formUnion(item.text(key).map { [$0] } ?? []) }
            }
        }
        return names
    }

    private static func repositories(_ library: Library) -> DeclaredNames? {
        list(library.entry(under: "odoo/oca_repos"), "repos", name: "name")
    }

    private static func integrations(_ library: Library) -> DeclaredNames? {
        list(library.document(.integrationsIndex), "integrations", name: "id")
    }

    private static func bridges(_ library: Library) -> DeclaredNames? {
        list(library.entry(under: "bridges/catalog"), "bridges", name: "name")
    }

    /// Nil where the document can't be read: then nothing is known to be missing from it.
    private static func list(_ entry: Library.Entry?, _ key: String, name: String) -> DeclaredNames? {
        guard let entry, let list = entry.root?[key], !list.isAmbiguous, let items = list.value.items else {
            return nil
        }
        let names = Set(items.compactMap { $0[name]?.value.scalar?.text })
        return names.isEmpty ? nil : DeclaredNames(file: entry.path, mark: list.keyMark(in: entry.path), names: names)
    }

    private static func top(_ file: String) -> SourceMark { SourceMark(file: file, line: 1, column: 1) }
}
