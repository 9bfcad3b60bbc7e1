import Basics
import Git
import TestKit
import Testing

@Suite(.enabled(if: SampleRepository.isGitInstalled))
struct LocalFetchTests {
    @Test(arguments: ["path", "file", "bare", "worktree", "odd name", "relative"])
    func everyFormOfALocalRepositoryIsFetched(_ form: String) async throws {
        let sample = try SampleRepository()
        let id = try sample.commit(["a": "1"])
        let top = sample.directory.path
        let url: String
        switch form {
        case "file": url = "file://\(sample.path)"
        case "bare":
            url = "\(top)/bare.git"
            sample.git("clone -q --bare . \(url)")
        case "worktree":
            url = "\(top)/second"
            sample.git("worktree add -q --detach \(url)")
        case "odd name":
            url = "\(top)/a b:c%20ü"
            sample.git("clone -q . '\(url)'")
        case "relative":
            url = String(repeating: "../", count: 30) + "." + sample.path
        default: url = sample.path
        }
        let mirror = sample.mirror(url)
        let report = try await mirror.fetch(deadline: .seconds(10))
        #expect(report.created.map(\.name) == ["main"])
        #expect(try await mirror.resolve("main").id == id)
        if form == "path" {
            #expect(
                sample.directory.path("cache")
                    == mirror.directory.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
        }
    }

    @Test func aReportTellsWhatIsNewMovedRewrittenAndGone() async throws {
        let sample = try SampleRepository()
        let first = try sample.commit(["a": "1"])
        sample.git("branch old")
        sample.git("branch folder")
        sample.git("tag fixed")
        let lines = Locked<[String]>([])
        let mirror = sample.mirror(log: Log(write: { line in lines.withLock { $0.append(line) } }))
        let cloned = try await mirror.fetch(deadline: .seconds(10))
        #expect(cloned.created.map(\.name) == ["folder", "main", "old", "fixed"])
        #expect(cloned.referenceCount == 4)
        #expect(cloned.headBranch == "main")
        #expect(cloned.receivedObjects > 0)
        #expect(lines.withLock(\.isEmpty))

        let second = try sample.commit(["a": "2"])
        sample.git("branch -D -q old")
        sample.git("branch -D -q folder")
        sample.git("branch folder/inside")
        let moved = try await mirror.fetch(deadline: .seconds(10))
        #expect(moved.gone.map(\.name) == ["folder", "old"])
        #expect(moved.created.map(\.name) == ["folder/inside"])
        #expect(moved.moved.map(\.name) == ["main"])
        #expect(moved.moved.first?.old == first)
        #expect(moved.moved.first?.new == second)
        #expect(moved.forced.isEmpty)

        sample.git("checkout -q --orphan other")
        let third = try sample.commit(["a": "3"])
        sample.git("branch -f main")
        sample.git("tag -f fixed")
        let forced = try await mirror.fetch(deadline: .seconds(10))
        #expect(forced.forced.map(\.name) == ["main", "fixed"])
        #expect(try await mirror.resolve("main").id == third)
        // What was fetched before the rewriting can still be read.
        #expect(try await mirror.files(at: second, under: [""]).text("a") == "2")
        #expect(lines.withLock { $0.count { $0.contains("git history was rewritten") } } == 2)

        let nothing = try await mirror.fetch(deadline: .seconds(10))
        #expect(nothing.changes.isEmpty)
        #expect(nothing.receivedObjects == 0)
    }

    @Test func anotherHeadIsFollowed() async throws {
        let sample = try SampleRepository()
        try sample.commit(["a": "1"])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        sample.git("checkout -q -b trunk")
        let id = try sample.commit(["a": "2"])
        #expect(try await mirror.fetch(deadline: .seconds(10)).headBranch == "trunk")
        #expect(try await mirror.resolve("HEAD").id == id)
        sample.git("checkout -q --detach main")
        #expect(try await mirror.fetch(deadline: .seconds(10)).headBranch == nil)
        #expect(try await mirror.resolve("HEAD").id == sample.git("rev-parse main"))
    }

    @Test func aRemoteThatIsSuddenlyEmptyDropsNothing() async throws {
        let sample = try SampleRepository()
        let empty = sample.mirror()
        #expect(try await empty.fetch(deadline: .seconds(10)).referenceCount == 0)
        #expect(await faultOf { try await empty.resolve("HEAD") }?.message == "the repository has no branch yet")
        let id = try sample.commit(["a": "1"])
        _ = try await empty.fetch(deadline: .seconds(10))
        Shell.run("rm \(sample.path)/.git/refs/heads/main")
        let fault = await faultOf { try await empty.fetch(deadline: .seconds(10)) }
        #expect(fault?.cause == .emptiedRemote)
        #expect(try await empty.resolve("main").id == id)
    }

    @Test(arguments: [
        ("absent", "there is nothing at this path", "name the directory"),
        ("file", "this is a file and not a repository", "git clone --mirror"),
        ("directory", "can't be read as a git repository", "rev-parse --git-dir"),
    ])
    func whatIsNoRepositoryIsSaidPlainly(_ name: String, _ message: String, _ hint: String) async throws {
        let sample = try SampleRepository()
        try sample.directory.write("x", to: "file")
        try sample.directory.write("x", to: "directory/x")
        let mirror = sample.mirror(sample.directory.path(name))
        let fetching = await faultOf { try await mirror.fetch(deadline: .seconds(10)) }
        #expect(fetching?.cause == .notARepository)
        #expect(fetching?.message.contains(message) == true, "\(fetching?.message ?? "")")
        #expect(fetching?.hint?.contains(hint) == true)
        #expect(fetching?.disposition == .stop)
        #expect(await faultOf { try await mirror.resolve("main") }?.cause == .neverFetched)
        // Nothing half-made is left behind.
        #expect(FileSystem.list(sample.directory.path("cache")).allSatisfy { $0.hasSuffix(".lock") })
    }

    @Test func aSourceThatLacksObjectsIsReadInPlace() async throws {
        let sample = try SampleRepository()
        let id = try sample.commit(["ssot/lost.yaml": "lost", "ssot/kept.yaml": "kept", "other/x": "lost too"])
        for path in ["ssot/lost.yaml", "other/x"] {
            let blob = sample.git("rev-parse HEAD:\(path)")
            Shell.run("rm -f \(sample.path)/.git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))")
        }
        let mirror = sample.mirror()
        let report = try await mirror.fetch(deadline: .seconds(10))
        #expect(report.isBorrowing)
        let tree = try await mirror.files(at: id, under: ["ssot"])
        #expect(tree.text("ssot/kept.yaml") == "kept")
        guard case .missing(let reason)? = tree.file("ssot/lost.yaml")?.content else {
            Issue.record("the lost file is not missing")
            return
        }
        #expect(reason.contains("not found"))
        let again = try await mirror.fetch(deadline: .seconds(10))
        #expect(again.isBorrowing && !again.isRecloned && again.changes.isEmpty)
        // `git commit` refuses a tree that lacks objects, unless `git add` has just happened to write them again.
        try sample.directory.write("kept 2", to: "source/ssot/kept.yaml")
        sample.git("add ssot/kept.yaml")
        let changed = sample.git("write-tree --missing-ok")
        let next = sample.git("commit-tree -p HEAD -m Change \(changed)")
        sample.git("update-ref refs/heads/main \(next)")
        _ = try await mirror.fetch(deadline: .seconds(10))
        let later = try await mirror.files(at: next, under: ["ssot"])
        #expect(
            later.text("ssot/kept.yaml") == "kept 2", "\(String(describing: later.file("ssot/kept.yaml")?.content))")
    }

    @Test(arguments: [
        "rm -rf objects/*", "rm HEAD", "echo x > packed-refs; echo x > refs/heads/main", "echo '[x' > config",
    ])
    func aBrokenCacheIsClonedAnew(_ damage: String) async throws {
        let sample = try SampleRepository()
        let id = try sample.commit(["a": "1"])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        Shell.run("cd \(mirror.directory) && \(damage)")
        #expect(try await mirror.fetch(deadline: .seconds(10)).isRecloned)
        #expect(try await mirror.files(at: id, under: [""]).text("a") == "1")
        #expect(try await !mirror.fetch(deadline: .seconds(10)).isRecloned)
    }

    @Test func aLostObjectIsNoticedByTheReaderAndCuredByTheNextFetch() async throws {
        let sample = try SampleRepository()
        let id = try sample.commit(["a": "1", "b": "2"])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        let blob = sample.git("rev-parse HEAD:a")
        Shell.run(
            """
            cd \(mirror.directory) && mv objects/pack/*.pack . && rm -f objects/pack/* && cat *.pack | git unpack-objects -q \
            && chmod u+w objects/\(blob.prefix(2))/* && echo broken > objects/\(blob.prefix(2))/\(blob.dropFirst(2))
            """)
        let tree = try await sample.mirror().files(at: id, under: [""])
        #expect(tree.text("b") == "2")
        guard case .missing? = tree.file("a")?.content else {
            Issue.record("the broken file is not missing")
            return
        }
        #expect(try await mirror.fetch(deadline: .seconds(10)).isRecloned)
        #expect(try await mirror.files(at: id, under: [""]).text("a") == "1")
    }

    @Test func whatAKilledFetchLeftIsSweptAway() async throws {
        let sample = try SampleRepository()
        try sample.commit(["a": "1"])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        Shell.run(
            """
            cd \(mirror.directory) && touch odooops-writing refs/heads/main.lock packed-refs.lock \
            objects/pack/pack_git2_abcdef && mkdir ../$(basename $PWD).new
            """)
        let id = try sample.commit(["a": "2"])
        let report = try await mirror.fetch(deadline: .seconds(10))
        #expect(!report.isRecloned)
        #expect(try await mirror.resolve("main").id == id)
        #expect(
            Shell.run(
                "cd \(mirror.directory) && find . .. -name '*.new' -o -name 'main.lock' -o -name 'pack_git2*' -o -name odooops-writing"
            ).output.isEmpty)
    }

    @Test func oneFetchAtATime() async throws {
        let sample = try SampleRepository()
        try sample.commit(["a": "1"])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        // Many at once wait for each other.
        let reports = await (0..<8).map { $0 }.mapBounded(limit: 8) { _ in
            await faultOf { try await sample.mirror().fetch(deadline: .seconds(10)) }
        }
        #expect(reports.allSatisfy { $0 == nil })
        // One who holds the lock for too long is named.
        let holder = Task.detached {
            Shell.run(
                "flock \(mirror.directory).lock timeout 60 sh -c 'echo > \(mirror.directory).held; "
                    + "while [ ! -e \(mirror.directory).release ]; do sleep 0.02; done'")
        }
        #expect(await eventually { FileSystem.exists(mirror.directory + ".held") })
        let fault = await faultOf { try await mirror.fetch(deadline: .milliseconds(100)) }
        #expect(fault?.cause == .busy)
        #expect(fault?.disposition == .retry(after: .seconds(5)))
        try FileSystem.write([], to: mirror.directory + ".release")
        _ = await holder.value
        _ = try await mirror.fetch(deadline: .seconds(10))
    }

    @Test func aCacheThatCantBeMadeIsSaid() async throws {
        let sample = try SampleRepository()
        try sample.commit(["a": "1"])
        try sample.directory.write("", to: "cache")
        let fault = await faultOf { try await sample.mirror().fetch(deadline: .seconds(10)) }
        #expect(fault?.cause == .cacheNotWritable)
        #expect(fault?.place == sample.directory.path("cache"))
    }

    @Test func aRepositoryOfAnotherUserIsRead() async throws {
        let sample = try SampleRepository()
        let id = try sample.commit(["a": "1"])
        guard Shell.run("chown -R nobody \(sample.path)").status == 0 else {
            try Test.cancel("only root may give a repository to another user")
        }
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        #expect(try await mirror.resolve("main").id == id)
        #expect(try WorkTreeReader(directory: sample.path).files(under: [""]).revision == id)
    }

    @Test(arguments: ["--depth 1", "--filter=blob:none", "--filter=tree:0"])
    func partialAndShallowClonesAreSources(_ option: String) async throws {
        let sample = try SampleRepository()
        try sample.commit(["ssot/a": "1"])
        let id = try sample.commit(["ssot/a": "2", "ssot/b": "b"])
        let clone = sample.directory.path("clone")
        sample.git("-c uploadpack.allowFilter=true config uploadpack.allowFilter true")
        sample.git("clone -q --no-checkout \(option) file://\(sample.path) \(clone)")
        let mirror = sample.mirror(clone)
        let report = try await mirror.fetch(deadline: .seconds(10))
        #expect(report.isBorrowing)
        #expect(try await mirror.resolve("main").id == id)
        guard option != "--filter=tree:0" else {
            #expect(await faultOf { try await mirror.files(at: id, under: ["ssot"]) }?.cause == .objectMissing)
            return
        }
        let tree = try await mirror.files(at: id, under: ["ssot"])
        #expect(tree.files.map(\.path) == ["ssot/a", "ssot/b"])
        let isMissing = if case .missing? = tree.file("ssot/a")?.content { true } else { false }
        #expect(isMissing == (option != "--depth 1"))
        #expect(try await mirror.fetch(deadline: .seconds(10)).changes.isEmpty)
    }

    @Test func aDirectoryBelowTheTopIsToldWhereTheTopIs() async throws {
        let sample = try SampleRepository()
        try sample.commit(["infra/ssot/a": "1"])
        let fault = await faultOf { try await sample.mirror(sample.path + "/infra").fetch(deadline: .seconds(10)) }
        #expect(fault?.cause == .notARepository)
        #expect(fault?.hint == "the repository begins at \(sample.path): name that, and infra as a root")
    }

    @Test func aRepositoryWithLongerIdsIsRefusedPlainly() async throws {
        let sample = try SampleRepository()
        Shell.run("rm -rf \(sample.path)/.git")
        sample.git("init -q -b main --object-format=sha256")
        try sample.commit(["a": "1"])
        let fault = await faultOf { try await sample.mirror().fetch(deadline: .seconds(10)) }
        #expect(fault?.cause == .notARepository)
        #expect(fault?.message.contains("SHA-256") == true, "\(fault?.message ?? "")")
    }
}
