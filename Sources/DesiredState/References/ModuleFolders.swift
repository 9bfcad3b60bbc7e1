import Basics
import Formats

/// The modules of Odoo that a commit holds, and those that its lists know.
///
/// A name is known to be missing only where modules of its sort are there: those of the OCA are often put together when an
/// image is built, and Odoo's own come with it.
struct ModuleFolders {
    /// The folder at the top of the repository that holds modules, each with its manifest.
    private static let folder = "addons"
    private static let manifest = "/__manifest__.py"
    private static let community = "addons/oca/"

    private let own: Set<String>
    private let community: Set<String>
    /// With how a name of this repository's own modules begins: `acme_`.
    private let prefixes: Set<Substring>
    private let listed: Set<String>

    init(_ ground: CrossReferences.Ground) {
        var (own, community): (Set<String>, Set<String>) = ([], [])
        for path in ground.listing?.folders[Self.folder]?.files ?? [] where path.hasSuffix(Self.manifest) {
            guard let name = path.dropLast(Self.manifest.utf8.count).split(separator: "/").last.map(String.init) else {
                continue
            }
            if path.hasPrefix(Self.community) { community.insert(name) } else { own.insert(name) }
        }
        self.own = own
        self.community = community
        prefixes = Set(own.compactMap { name in name.firstIndex(of: "_").map { name[...$0] } })
        listed = ground.declared.modules
    }

    /// What is wrong with a name; nil where it is there, or nobody can tell.
    func check(_ reference: NameReference, in file: String) -> Diagnostic? {
        let name = reference.name
        guard !own.contains(name), !community.contains(name), !listed.contains(name) else { return nil }
        let isDecided =
            reference.kind == .moduleOfOCA ? !community.isEmpty : prefixes.contains { name.hasPrefix($0) }
        guard isDecided else { return nil }
        return Diagnostic(
            .warning, Code.unknownModule.rawValue,
            "the module \(quoted(name)) is named here, and neither \(Self.folder)/ nor a list of modules has it",
            at: reference.mark(in: file),
            hint: didYouMean(
                name, among: own.union(community).union(listed), else: "Add the module, or correct the name."),
            notes: [
                Diagnostic.Note("expected below", at: SourceMark(file: Self.folder + "/", line: 1, column: 1))
            ])
    }
}
