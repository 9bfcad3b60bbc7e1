import Basics
import Git
import TestKit
import Testing

@Suite(.enabled(if: SampleRepository.isGitInstalled))
struct ReadingTests {
    @Test func referencesAreResolvedAsTheyAreWritten() async throws {
        let sample = try SampleRepository()
        let first = try sample.commit(["a": "1"], "First line")
        sample.git("tag light")
        let second = try sample.commit(["a": "2"], "Second")
        sample.git("tag -a v1.0.0 -m release")
        sample.git("branch feature/login \(first)")
        sample.git("tag tree-tag HEAD^{tree}")
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))

        let table = [
            "main": second, "HEAD": second, "light": first, "v1.0.0": second, "feature/login": first,
            "refs/tags/light": first, "refs/heads/main": second, first: first, String(first.prefix(9)): first,
        ]
        for (name, id) in table { #expect(try await mirror.resolve(name).id == id, "\(name)") }
        let commit = try await mirror.resolve("light")
        #expect(commit.subject == "First line")
        #expect(commit.author == "Ada <ada@example.com>")
        #expect(commit.committedAt == Timestamp(seconds: 1_770_000_000))

        let references = try await mirror.references()
        #expect(
            references.map(\.fullName) == [
                "refs/heads/feature/login", "refs/heads/main", "refs/tags/light", "refs/tags/v1.0.0",
            ])
        #expect(references.last?.commit == second)
        #expect(try await mirror.isAncestor(first, of: second))
        #expect(try await mirror.isAncestor(second, of: second))
        #expect(try await !mirror.isAncestor(second, of: first))
        #expect(try await mirror.count(of: second, without: first) == 1)
        #expect(try await mirror.count(of: first, without: second) == 0)
        #expect(try await mirror.count(of: second, without: second) == 0)
        await #expect(throws: GitFault.self) {
            try await mirror.count(of: second, without: String(repeating: "0", count: 40))
        }
    }

    @Test(arguments: [
        ("mian", "did you mean main?"), ("origin/main", "did you mean main?"), ("login", "did you mean feature/login?"),
        ("tree-tag", "for-each-ref"), ("zzzzzzzzzz", "for-each-ref"), ("", "for-each-ref"), ("a..b", "for-each-ref"),
        ("0000000000000000000000000000000000000000", "for-each-ref"),
    ])
    func aMissingReferenceIsToldWithTheNearOnes(_ name: String, _ hint: String) async throws {
        let sample = try SampleRepository()
        try sample.commit(["a": "1"])
        sample.git("branch feature/login")
        sample.git("tag tree-tag HEAD^{tree}")
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        let fault = await faultOf { try await mirror.resolve(name) }
        #expect(fault?.cause == .missingReference)
        #expect(fault?.hint?.contains(hint) == true, "\(fault?.hint ?? "no hint")")
    }

    @Test func aTreeIsReadBelowItsRootsOnly() async throws {
        let sample = try SampleRepository()
        let submodule = try SampleRepository()
        try submodule.commit(["x": "1"])
        try sample.directory.write("ssot/target", to: "source/ignored")
        Shell.run(
            "cd \(sample.path) && mkdir -p infra/ssot && ln -s ../../etc/passwd infra/ssot/link && ln -s infra linked")
        sample.git("-c protocol.file.allow=always submodule add -q \(submodule.path) infra/ssot/module")
        let id = try sample.commit([
            "infra/ssot/b.yaml": "b: 1\n", "infra/ssot/a/c.yaml": "c", "infra/other.yaml": "no", ".odooops.yaml": "x",
            "infra/ssot/größe.yaml": "ü", "infra/ssot/a-b.yaml": "z", "infra/ssot/empty": "",
        ])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        let roots = [
            "infra/ssot", ".odooops.yaml", "absent", "infra/ssot/a", "../x", "linked/ssot", "./infra/ssot/empty/",
        ]
        let tree = try await mirror.files(at: id, under: roots)
        #expect(tree.revision == id)
        #expect(tree.roots == ["infra/ssot", ".odooops.yaml", "infra/ssot/a", "./infra/ssot/empty/"])
        #expect(
            tree.files.map(\.path) == [
                ".odooops.yaml", "infra/ssot/a-b.yaml", "infra/ssot/a/c.yaml", "infra/ssot/b.yaml", "infra/ssot/empty",
                "infra/ssot/größe.yaml", "infra/ssot/link", "infra/ssot/module", "linked",
            ])
        #expect(tree.text("infra/ssot/b.yaml") == "b: 1\n")
        #expect(tree.text("infra/ssot/empty") == "")
        #expect(tree.file("infra/ssot/link")?.content == .symlink(target: "../../etc/passwd"))
        #expect(tree.file("linked")?.content == .symlink(target: "infra"))
        #expect(tree.file("infra/ssot/module")?.content == .submodule)
        #expect(try await mirror.files(at: id, under: [""]).files.count == 12)
        #expect(await faultOf { try await mirror.files(at: "main", under: [""]) }?.cause == .missingReference)

        // The work tree itself reads the same, with the same ids and the commit as its revision.
        let onDisk = try WorkTreeReader(directory: sample.path).files(under: roots)
        #expect(onDisk.revision == id)
        #expect(onDisk.roots == tree.roots)
        #expect(onDisk.files.filter { $0.content != .submodule } == tree.files.filter { $0.content != .submodule })
        try sample.directory.write("changed", to: "source/infra/ssot/b.yaml")
        let changed = try WorkTreeReader(directory: sample.path + "/infra").files(under: ["ssot"])
        #expect(changed.revision.hasPrefix("sha256:"))
        #expect(changed.text("ssot/b.yaml") == "changed")
    }

    @Test func namesThatAreNoPathsAreToldAndNotUsed() async throws {
        let sample = try SampleRepository()
        let blob = sample.git("hash-object -w --stdin </dev/null")
        let id =
            Shell.run(
                """
                cd \(sample.path) && export \(SampleRepository.environment)
                tree=$(printf '100644 blob \(blob)\\tok\\000100644 blob \(blob)\\tnew\\nline\\000100644 blob \(blob)\\tb\\377d\\000' \
                | git mktree -z)
                top=$(printf '040000 tree %s\\tssot\\000' $tree | git mktree -z)
                git update-ref refs/heads/main $(git commit-tree -m odd $top) && git rev-parse main
                """
            ).output.split(separator: "\n").last.map(String.init) ?? ""
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(10))
        let tree = try await mirror.files(at: id, under: ["ssot"])
        #expect(tree.files.map(\.path) == ["ssot/b\\xffd", "ssot/new\\x0aline", "ssot/ok"])
        #expect(tree.file("ssot/b\\xffd")?.content == .missing(reason: "its name is not UTF-8"))
        #expect(tree.file("ssot/new\\x0aline")?.content == .missing(reason: "its name has control characters in it"))
    }

    @Test func aFileAboveTheLimitIsTooLarge() async throws {
        let sample = try SampleRepository()
        Shell.run("cd \(sample.path) && mkdir ssot && truncate -s \(65 << 20) ssot/big.yaml")
        let id = try sample.commit(["ssot/small.yaml": "a"])
        let mirror = sample.mirror()
        _ = try await mirror.fetch(deadline: .seconds(20))
        for tree in [
            try await mirror.files(at: id, under: ["ssot"]),
            try WorkTreeReader(directory: sample.path).files(under: ["ssot"]),
        ] {
            #expect(tree.file("ssot/big.yaml")?.content == .tooLarge)
            #expect(tree.file("ssot/big.yaml")?.size == 65 << 20)
            #expect(tree.text("ssot/small.yaml") == "a")
        }
    }

    @Test func aPlainDirectoryHasARevisionOfItsContent() throws {
        let directory = try TemporaryDirectory()
        try directory.write("a: 1", to: "ssot/a.yaml")
        Shell.run(
            "cd \(directory.path) && ln -s /etc ssot/link && mkfifo ssot/pipe && mkdir -p ssot/.git/x && touch ssot/.git/y"
        )
        let reader = WorkTreeReader(directory: directory.path)
        let first = try reader.files(under: ["ssot", "absent"])
        #expect(first.roots == ["ssot"])
        #expect(first.files.map(\.path) == ["ssot/a.yaml", "ssot/link", "ssot/pipe"])
        #expect(first.file("ssot/link")?.content == .symlink(target: "/etc"))
        #expect(first.file("ssot/pipe")?.content == .missing(reason: "it is neither a file nor a directory"))
        #expect(try reader.files(under: ["ssot"]).revision == first.revision)
        try directory.write("a: 2", to: "ssot/a.yaml")
        #expect(try reader.files(under: ["ssot"]).revision != first.revision)
        #expect(throws: GitFault.self) { try WorkTreeReader(directory: directory.path("none")).files(under: [""]) }
    }
}
