public import Basics
public import DesiredState
public import Diff
import Formats
public import Git

/// The SSOT as a git repository, with the branches of the application's repository beside it.
public struct GitSource: Source {
    private let ssot: GitMirror
    private let application: GitMirror?
    private let ref: String
    private let roots: [String]
    private let deadline: Duration
    /// What was read last: of the next commit only what differs is read.
    private let memory = Locked(Memory())

    private struct Memory {
        var tree: GitTree?
        var listing = PathListing(folders: [:])
        /// Who changed lines last, as they are at one revision; nil where that can't be told.
        var blamed: (revision: String, lines: [String: [Int: GitCommit?]]) = ("", [:])
    }

    /// Puts the repositories together; without one of the application, the branches of the SSOT's own count.
    public init(ssot: GitMirror, application: GitMirror?, ref: String, roots: [String], deadline: Duration) {
        self.ssot = ssot
        self.application = application
        self.ref = ref
        self.roots = roots
        self.deadline = deadline
    }

    public func read(_ log: Log) async throws -> SourceSnapshot {
        var events: [String] = []
        let report = try await ssot.fetch(deadline: deadline)
        events += Self.events(report, of: "the SSOT")
        let commit = try await ssot.resolve(ref)
        let listing = await listing(of: commit.id, log)
        let tree = try await ssot.files(
            at: commit.id, under: Self.paths(roots, listing), reusing: memory.withLock { $0.tree })
        memory.withLock { $0.tree = tree }
        let branches: BranchListing
        let tags: BranchListing
        if let application {
            do {
                events += Self.events(try await application.fetch(deadline: deadline), of: "the application")
                let references = try await application.references()
                branches = Self.branches(references)
                tags = .known(Self.heads(references, .tag))
            } catch {
                // What branches there are is unknown now, and unknown is never absent.
                log.warning("the application's repository can't be read", ["fault": error.description])
                branches = .unknown(reason: error.message)
                tags = .unknown(reason: error.message)
            }
        } else {
            let references = try await ssot.references()
            branches = Self.branches(references)
            tags = .known(Self.heads(references, .tag))
        }
        let files = tree.files.map(Self.sourceFile)
        for root in Self.missing(roots, in: files) { events.append("the root \(root) holds no file at this commit") }
        return SourceSnapshot(
            tree: SourceTree(
                revision: commit.id, files: Self.wanted(files, roots), roots: roots, branches: branches,
                tags: tags, listing: listing),
            commitAuthor: commit.author, committedAt: commit.committedAt, commitSubject: commit.subject, events: events,
            branchesOf: Self.identity((application ?? ssot).displayURL))
    }

    public func follows(_ revision: String, after earlier: String) async -> Bool {
        do throws(GitFault) {
            return try await ssot.isAncestor(earlier, of: revision)
        } catch {
            // A commit that isn't there any more comes before none.
            return false
        }
    }

    /// A repository by whatever address it is reached: `github.com/acme/odoo`; a path as it is.
    static func identity(_ address: String) -> String {
        let host: Substring
        var path: Substring
        if let scheme = address.range(of: "://") {
            host = address[scheme.upperBound...].prefix { $0 != "/" }
            path = address[host.endIndex...]
        } else {
            // `user@host:owner/name`: a slash before the colon makes it a path.
            guard let colon = address.firstIndex(of: ":"), !address[..<colon].contains("/") else { return address }
            host = address[..<colon]
            path = "/" + address[address.index(after: colon)...].drop { $0 == "/" }
        }
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix(".git") { path.removeLast(4) }
        return (host.split(separator: "@").last ?? "").lowercased() + path
    }

    /// Every path of a commit; nil where that can't be had: then what lies outside of the roots is not known.
    private func listing(of commit: String, _ log: Log) async -> PathListing? {
        let old = memory.withLock { $0.listing.folders }
        do throws(GitFault) {
            let folders = try await ssot.folders(at: commit, except: Set(old.values.map(\.objectID)))
            let byID = Dictionary(old.values.map { ($0.objectID, $0) }, uniquingKeysWith: { first, _ in first })
            var found: [String: PathListing.Folder] = [:]
            for folder in folders {
                // The paths hold the folder's name, so that the same tree under another name is listed again.
                if let paths = folder.paths {
                    found[folder.name] = PathListing.Folder(objectID: folder.objectID, files: Set(paths))
                } else if let known = old[folder.name], known.objectID == folder.objectID {
                    found[folder.name] = known
                } else if let other = byID[folder.objectID],
                    let name = old.first(where: { $0.value.objectID == folder.objectID })?.key
                {
                    found[folder.name] = PathListing.Folder(
                        objectID: folder.objectID,
                        files: Set(other.files.map { folder.name + $0.dropFirst(name.count) }))
                }
            }
            let listing = PathListing(folders: found)
            memory.withLock { $0.listing = listing }
            return listing
        } catch {
            log.warning("the paths of the commit can't be listed", ["fault": error.description])
            return nil
        }
    }

    /// Who last changed lines of the desired state; lines of which that can't be told are left out.
    public func origins(of marks: Set<SourceMark>, at revision: String) async -> [SourceMark: GitCommit] {
        var found: [SourceMark: GitCommit] = [:]
        for (file, marks) in Dictionary(grouping: marks, by: \.file) {
            let lines = Set(marks.map(\.line))
            var known = memory.withLock { $0.blamed.revision == revision ? $0.blamed.lines[file] ?? [:] : [:] }
            if !lines.isSubset(of: known.keys) {
                guard let fresh = try? await ssot.blame(path: file, at: revision, lines: lines.union(known.keys)) else {
                    continue
                }
                known = Dictionary(uniqueKeysWithValues: lines.union(known.keys).map { ($0, fresh[$0]) })
                memory.withLock { memory in
                    if memory.blamed.revision != revision { memory.blamed = (revision, [:]) }
                    memory.blamed.lines[file] = known
                }
            }
            for mark in marks { found[mark] = known[mark.line] ?? nil }
        }
        return found
    }

    public func lag(of span: CommitSpan) async -> Int? {
        try? await (application ?? ssot).count(of: span.head, without: span.deployed)
    }

    /// Roots that somebody named and that hold nothing; of the usual ones most are missing in every repository.
    private static func missing(_ roots: [String], in files: [SourceFile]) -> [String] {
        guard roots != Configuration.defaultRoots else { return [] }
        return roots.filter { root in !files.contains { $0.path.hasPrefix(root + "/") } }
    }

    /// Nothing when all roots that somebody named are missing, for the wrong repository is no empty one.
    public static func wanted(_ files: [SourceFile], _ roots: [String]) -> [SourceFile] {
        missing(roots, in: files).count == roots.count ? [] : files
    }

    /// Where people write down what to do when; nothing is wanted from it.
    static let runbooks = "docs/ops/runbooks"

    /// The roots, and the files outside of them that belong to the desired state or that gates look at.
    ///
    /// Some of these are found by the listing of every path of the commit, where that is known.
    public static func paths(_ roots: [String], _ listing: PathListing? = nil) -> [String] {
        (roots.contains(".odooops") ? roots + [".odooops.yaml"] : roots + [".odooops", ".odooops.yaml"])
            + GateDocuments.all + [runbooks] + BesideDocuments.paths(listing)
    }

    /// A file as the desired state reads it; what can't be read keeps the reason.
    public static func sourceFile(_ file: GitFile) -> SourceFile {
        switch file.content {
        case .bytes(let bytes): SourceFile(path: file.path, content: .bytes(bytes), objectID: file.objectID)
        case .missing(let reason): SourceFile(path: file.path, content: .unreadable(reason: reason))
        case .symlink(let target):
            SourceFile(path: file.path, content: .unreadable(reason: "it is a symbolic link to \(target)"))
        case .tooLarge: SourceFile(path: file.path, content: .unreadable(reason: "it has \(file.size) bytes"))
        case .submodule: SourceFile(path: file.path, content: .unreadable(reason: "it is a submodule"))
        }
    }

    /// What a person should know of a fetch: rewritten branches, a cache that had to be made anew.
    private static func events(_ report: GitFetchReport, of what: String) -> [String] {
        var events = report.forced.map { change in
            "\(PastedSecret.hidden(in: change.name)) of \(what) was rewritten: \((change.old ?? "").prefix(12)) is no ancestor of \((change.new ?? "").prefix(12))"
        }
        if report.isRecloned { events.append("the cached copy of \(what) was damaged and was cloned again") }
        return events
    }

    /// A repository that shows no branch at all could not be read whole: every environment would seem unwanted.
    private static func branches(_ references: [GitReference]) -> BranchListing {
        let heads = heads(references, .branch)
        return heads.isEmpty ? .unknown(reason: "the repository shows no branch at all") : .known(heads)
    }

    private static func heads(_ references: [GitReference], _ kind: GitReference.Kind) -> [Branch] {
        references.filter { $0.kind == kind }
            .map { Branch(name: $0.name, commit: $0.commit, committedAt: $0.committedAt) }
    }
}
