import Basics
import DesiredState
import Git
import Glibc
import Reconciler

/// The files that `validate`, `gates` and `policy` look at: of a work tree, or of the configured repository.
enum DesiredTree {
    /// The tree of the work tree that the positional of that number names, else of the configured repository.
    ///
    /// - Throws: a `Fault` when there is nothing to read from.
    static func read(_ context: CommandContext, positional: Int = 0) async throws -> SourceTree {
        let configuration = try context.configuration()
        if let path = context.arguments.positionals.dropFirst(positional).first {
            guard FileSystem.isDirectory(path) else {
                throw ArgumentFault("\(path) is no directory", hint: "Name the work tree that holds the SSOT.")
            }
            try refuseInside(path, configuration.roots)
            let reader = WorkTreeReader(directory: path)
            let listing = reader.paths().map { PathListing($0) }
            let read = try reader.files(under: GitSource.paths(configuration.roots, listing))
            return SourceTree(
                revision: read.revision,
                files: GitSource.wanted(read.files.map(GitSource.sourceFile), configuration.roots),
                roots: configuration.roots, branches: .none, listing: listing)
        }
        let log = Log(level: .warning, format: configuration.logFormat)
        return try await Composition.source(configuration, log: log, context.environment).read(log).tree
    }

    /// Whoever stands inside of a root is told where the top of the repository is: there nothing would be found.
    ///
    /// - Throws: `ArgumentFault` where the directory holds no root, and is one of a directory above it or lies below one.
    private static func refuseInside(_ path: String, _ roots: [String]) throws {
        let holdsRoot = roots.contains { $0.isEmpty || FileSystem.isDirectory("\(path)/\($0)") }
        guard !holdsRoot, let resolved = realpath(path, nil) else { return }
        defer { free(resolved) }
        let real = String(cString: resolved)
        var above = real[...]
        while let slash = above.lastIndex(of: "/"), slash > above.startIndex {
            above = above[..<slash]
            guard let root = roots.first(where: { !$0.isEmpty && "\(real)/".hasPrefix("\(above)/\($0)/") }) else {
                continue
            }
            throw ArgumentFault(
                "\(path) is no repository: it lies in the root \(root) of \(above)",
                hint: "Name the top of the repository in its place: \(above)")
        }
    }
}
