import Basics
import DesiredState
import Formats
import TestKit

/// Reads small documents that a test writes inline.
func read(
    _ files: [String: String], roots: [String] = SourceTree.defaultRoots, branches: BranchListing = .known([]),
    tags: BranchListing = .none
) -> DesiredState {
    readDesiredState(
        SourceTree(
            revision: String(repeating: "a", count: 40),
            files: files.map { SourceFile(path: $0.key, text: $0.value.hasSuffix("\n") ? $0.value : $0.value + "\n") },
            roots: roots, branches: branches, tags: tags))
}

/// Branches by name, each with a commit made from its name.
func branches(_ names: String...) -> BranchListing {
    .known(names.map { Branch(name: $0, commit: String(Digest(of: $0).hex.prefix(40)), committedAt: nil) })
}

/// All files under a directory, as a tree would give them below a root.
func files(under directory: String, below root: String = "") throws -> [SourceFile] {
    try Places.files(under: directory, endingWith: "").map { path in
        SourceFile(
            path: root.isEmpty ? path : "\(root)/\(path)", content: .bytes(try FileSystem.read("\(directory)/\(path)")))
    }
}

/// The example of the repository with the branches that its README speaks of.
func exampleTree() throws -> SourceTree {
    SourceTree(
        revision: String(repeating: "e", count: 40), files: try files(under: "\(Places.packageRoot)/examples/ssot"),
        branches: branches(
            "main", "staging", "feature/crm-rewrite", "feature/payroll", "feature/invoice-ocr", "feature/landed-costs",
            "fix/tax-rounding"))
}

extension DesiredState {
    /// `error SSOT-0004 file:3:5` for each diagnostic.
    var faults: [String] {
        diagnostics.map { "\($0.severity.rawValue) \($0.code) \($0.mark?.description ?? "-")" }
    }

    func environment(_ slug: String) -> Environment? { environments.first { $0.slug == slug } }

    func resource(_ key: String) -> DesiredResource? { resources.first { $0.key.description == key } }

    var scopes: [String] { unknown.filter { !$0.isAboutRemovals }.map { $0.extent.text } }

    /// Of which nothing goes, although what is named of it is known.
    var keptScopes: [String] { unknown.filter(\.isAboutRemovals).map { $0.extent.text } }

    /// Whether a scope says that a resource which is not here may still be wanted.
    func covers(_ key: ResourceKey, of environment: String?) -> Bool {
        unknown.contains { scope in
            switch scope.extent {
            case .everything: true
            case .kind(let kind): kind == key.kind
            case .resource(let resource): resource == key
            case .environment(let slug): slug == environment
            case .environments: environment != nil
            }
        }
    }
}

extension UnknownScope.Extent {
    var text: String {
        switch self {
        case .everything: "everything"
        case .environments: "environments"
        case .environment(let slug): "environment \(slug)"
        case .kind(let kind): "kind \(kind)"
        case .resource(let key): "resource \(key)"
        }
    }
}
