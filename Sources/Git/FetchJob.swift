internal import Basics
internal import CGit2
internal import Git2Shim
import Glibc

/// One fetch from its request to its answer; blocks the thread that it runs on.
final class FetchJob {
    let request: FetchRequest
    let address: GitAddress
    let callbacks: FetchCallbacks
    private let report: (FetchRequest.Stage) -> Void
    private let start = SystemTime().uptime
    private(set) var stage = FetchRequest.Stage.lock
    /// What the host was found to offer after it and the library could not agree on a key exchange.
    private(set) var hostKeyOffer: HostKeyOffer?

    /// - Parameters:
    ///   - request: what to fetch and where to.
    ///   - address: the same as `request.url`, taken apart.
    ///   - report: is told how far the fetch has come.
    init(_ request: FetchRequest, _ address: GitAddress, report: @escaping (FetchRequest.Stage) -> Void) {
        self.request = request
        self.address = address
        self.report = report
        callbacks = FetchCallbacks(request, address, end: start + request.deadline)
    }

    /// - Throws: `GitFault`; the cache then still has what it had.
    func run() throws(GitFault) -> GitFetchReport {
        Library.start()
        try prepareHome()
        enter(.lock)
        let lock = try MirrorLock(path: request.directory + ".lock", until: callbacks.end)
        let result: Result<GitFetchReport, GitFault>
        do throws(GitFault) {
            result = .success(try runAlone())
        } catch {
            result = .failure(error)
        }
        lock.release()
        return try result.get()
    }

    private func runAlone() throws(GitFault) -> GitFetchReport {
        enter(.open)
        let cache = MirrorCache(directory: request.directory)
        cache.sweep()
        guard FileSystem.exists(request.directory) else { return try clone(cache, isAgain: false) }
        let repository: Repository
        do throws(LibraryError) {
            if let reason = cache.suspicion { throw LibraryError(status: GIT_ERROR.rawValue, area: 0, message: reason) }
            repository = try cache.openSound()
        } catch {
            return try clone(cache, isAgain: true, because: error.message)
        }
        cache.beginWriting()
        defer { cache.endWriting() }
        do throws(LibraryError) {
            return try fetch(into: repository, isRecloned: false)
        } catch {
            let fault = fault(of: error)
            guard fault.cause == .cacheCorrupted else { throw fault }
            return try clone(cache, isAgain: true, because: error.message)
        }
    }

    /// Fetches into a fresh directory and puts it in the old one's place when all of it is there.
    private func clone(_ cache: MirrorCache, isAgain: Bool, because reason: String = "") throws(GitFault)
        -> GitFetchReport
    {
        let fresh = request.directory + ".new"
        FileSystem.remove(fresh)
        let result: GitFetchReport
        do throws(LibraryError) {
            try Repository.create(at: fresh)
            let repository = try Repository(path: fresh)
            result = try fetch(into: repository, isRecloned: isAgain)
        } catch {
            FileSystem.remove(fresh)
            throw fault(of: error)
        }
        if let number = cache.replace(with: fresh, because: isAgain ? reason : nil) {
            FileSystem.remove(fresh)
            throw .notWritable(request.directory, number)
        }
        return result
    }

    // MARK: The fetch itself

    private func fetch(into repository: Repository, isRecloned: Bool) throws(LibraryError) -> GitFetchReport {
        enter(.connect)
        if case .http = address.kind { Library.trustAuthorities() }
        var remote: OpaquePointer?
        try check(git_remote_create_anonymous(&remote, repository.pointer, address.connect))
        defer { git_remote_free(remote) }
        try connect(remote)
        let advertised = try advertisement(of: remote)
        let stored = try repository.storedReferences()
        try refuseEmptied(advertised, stored)

        var isBorrowing = false
        var reader = repository
        if advertised.references.values.contains(where: { !repository.contains($0) }) {
            enter(.download)
            do throws(LibraryError) {
                try download(remote)
            } catch {
                guard callbacks.fault == nil, let objects = sourceObjects(error) else { throw error }
                try borrow(objects, in: repository)
                reader = try Repository(path: repository.path)
                isBorrowing = true
            }
        } else {
            isBorrowing = MirrorCache(directory: repository.path).isBorrowing
        }
        if let missing = advertised.references.first(where: { !reader.contains($0.value) }) {
            throw LibraryError(
                status: GIT_ERROR.rawValue, area: CInt(GIT_ERROR_NET.rawValue),
                message: "the remote names \(missing.key) and does not send it")
        }
        enter(.write)
        let changes = changes(from: stored, to: advertised.references, in: reader)
        try write(changes, advertised, in: reader)
        return GitFetchReport(
            changes: changes, referenceCount: advertised.references.count,
            headBranch: advertised.headBranch.flatMap { ReferenceName(full: $0)?.short },
            receivedObjects: callbacks.receivedObjects, receivedBytes: callbacks.receivedBytes,
            isRecloned: isRecloned, isBorrowing: isBorrowing, duration: SystemTime().uptime - start)
    }

    private func connect(_ remote: OpaquePointer?) throws(LibraryError) {
        do throws(LibraryError) {
            try connectOnce(remote)
        } catch {
            guard address.kind == .ssh, error.isKeyExchange else { throw error }
            hostKeyOffer = HostKeyOffer(host: address.host, port: address.effectivePort, until: callbacks.end)
            guard let kind = nextHostKeyKind, (try? prepareHome(only: kind)) != nil else { throw error }
            try connectOnce(remote)
        }
    }

    private func connectOnce(_ remote: OpaquePointer?) throws(LibraryError) {
        callbacks.beginConnection()
        var table = callbacks.table()
        var proxy = git_proxy_options()
        try check(git_proxy_options_init(&proxy, UInt32(GIT_PROXY_OPTIONS_VERSION)))
        proxy.type = GIT_PROXY_AUTO
        try check(git_remote_connect(remote, GIT_DIRECTION_FETCH, &table, &proxy, nil))
    }

    private func download(_ remote: OpaquePointer?) throws(LibraryError) {
        var options = git_fetch_options()
        try check(git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION)))
        options.callbacks = callbacks.table()
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        options.proxy_opts.type = GIT_PROXY_AUTO
        var texts: [UnsafeMutablePointer<CChar>?] = []
        for text in ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"] { texts.append(strdup(text)) }
        defer { for text in texts { free(text) } }
        let status = texts.withUnsafeMutableBufferPointer { buffer in
            var list = git_strarray(strings: buffer.baseAddress, count: buffer.count)
            return git_remote_download(remote, &list, &options)
        }
        try check(status)
    }

    private struct Advertisement {
        var references: [String: git_oid] = [:]
        /// The full name of the default branch.
        var headBranch: String?
        var headCommit: git_oid?
    }

    private func advertisement(of remote: OpaquePointer?) throws(LibraryError) -> Advertisement {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try check(git_remote_ls(&heads, &count, remote))
        var result = Advertisement()
        for index in 0..<count {
            guard let head = heads?[index]?.pointee, let raw = head.name else { continue }
            let name = String(cString: raw)
            if name == "HEAD" {
                result.headCommit = head.oid
                result.headBranch = head.symref_target.map { String(cString: $0) }
            }
            var isValid: CInt = 0
            guard ReferenceName(full: name) != nil, git_reference_name_is_valid(&isValid, name) == 0, isValid == 1
            else { continue }
            result.references[name] = head.oid
        }
        return result
    }

    /// A remote that suddenly has no branch is more likely broken than meant.
    private func refuseEmptied(
        _ advertised: Advertisement, _ stored: [String: git_oid]
    ) throws(LibraryError) {
        func branches(_ names: some Sequence<String>) -> Int { names.count { $0.hasPrefix("refs/heads/") } }
        let known = branches(stored.keys)
        guard known > 0, branches(advertised.references.keys) == 0 else { return }
        callbacks.fail(
            GitFault(
                .emptiedRemote,
                "the remote has no branch any more, where \(known) were known; nothing was dropped here",
                place: address.display,
                hint: "look: \(address.probe); if it is meant, remove the cache: rm -r \(request.directory.shellQuoted)"
            ))
        throw LibraryError(status: GIT_EUSER.rawValue, area: 0, message: "the remote has no branch")
    }

    // MARK: A source on this machine that lacks objects

    /// The object store of a source on this machine that could not give all its objects.
    private func sourceObjects(_ error: LibraryError) -> String? {
        guard case .local(let path) = address.kind, error.isFrom(GIT_ERROR_ODB, GIT_ERROR_OBJECT) || error.isNotFound,
            let source = try? Repository(path: path), let common = git_repository_commondir(source.pointer)
        else { return nil }
        let objects = String(cString: common) + "objects"
        return FileSystem.isDirectory(objects) ? objects : nil
    }

    /// Reads the source's objects where they are, as gitrepository-layout(5) has it for `objects/info/alternates`.
    private func borrow(_ objects: String, in repository: Repository) throws(LibraryError) {
        do throws(FileSystemFault) {
            try FileSystem.createDirectory(repository.path + "/objects/info")
            try FileSystem.write("\(objects)\n".utf8, to: repository.path + "/objects/info/alternates")
        } catch {
            throw LibraryError(status: GIT_ERROR.rawValue, area: CInt(GIT_ERROR_OS.rawValue), message: error.message)
        }
    }

    // MARK: References

    private func changes(
        from stored: [String: git_oid], to wanted: [String: git_oid], in repository: Repository
    ) -> [GitFetchReport.Change] {
        var changes: [GitFetchReport.Change] = []
        for name in Set(stored.keys).union(wanted.keys).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let reference = ReferenceName(full: name) else { continue }
            let (old, new) = (stored[name], wanted[name])
            var isForced = false
            if let old, let new {
                if old.hex == new.hex { continue }
                isForced =
                    reference.kind == .tag || (try? repository.isAncestor(old, of: new)) != true
            }
            changes.append(
                GitFetchReport.Change(
                    name: reference.short, kind: reference.kind, old: old?.hex, new: new?.hex, isForced: isForced))
        }
        return changes
    }

    private func write(
        _ changes: [GitFetchReport.Change], _ advertised: Advertisement, in repository: Repository
    ) throws(LibraryError) {
        // What is gone goes first: a branch `a` stands in the way of a branch `a/b`.
        for change in changes.sorted(by: { $0.new == nil && $1.new != nil }) {
            let name = (change.kind == .branch ? "refs/heads/" : "refs/tags/") + change.name
            guard let new = change.new, var id = git_oid(hex: new) else {
                try check(git_reference_remove(repository.pointer, name))
                continue
            }
            var reference: OpaquePointer?
            try check(git_reference_create(&reference, repository.pointer, name, &id, 1, nil))
            git_reference_free(reference)
        }
        if let branch = advertised.headBranch {
            try check(git_repository_set_head(repository.pointer, branch))
        } else if var commit = advertised.headCommit, repository.contains(commit) {
            try check(git_repository_set_head_detached(repository.pointer, &commit))
        }
        guard changes.count > 64 else { return }
        var database: OpaquePointer?
        try check(git_repository_refdb(&database, repository.pointer))
        defer { git_refdb_free(database) }
        try check(git_refdb_compress(database))
    }

    private func enter(_ stage: FetchRequest.Stage) {
        self.stage = stage
        report(stage)
    }

    /// A home with nothing in it but the host keys that are known, in the form that libgit2 reads.
    ///
    /// The host is then asked for a key of the kind `only`, or of the best one that is known.
    private func prepareHome(only: String? = nil) throws(GitFault) {
        guard address.kind == .ssh else { return }
        let lines = KnownHosts(request.knownHosts)
            .plainLines(host: address.host, port: address.effectivePort, only: only)
        do throws(FileSystemFault) {
            try FileSystem.createDirectory(request.home + "/.ssh", mode: 0o700)
            try FileSystem.write(lines.utf8, to: request.home + "/.ssh/known_hosts", mode: 0o600)
        } catch {
            throw .notWritable(request.home, error.errno)
        }
        git2_set_search_path(GIT_CONFIG_LEVEL_GLOBAL.rawValue, request.home)
    }
}
