import Basics
import Glibc
import TestKit
import Testing

@Suite struct FileSystemTests {
    @Test func aFileIsWrittenWholeAndReadBack() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("f")
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try FileSystem.write(bytes, to: path, mode: 0o600)
        #expect(try FileSystem.read(path) == bytes)
        try FileSystem.write("short".utf8, to: path)
        #expect(try FileSystem.read(path) == Array("short".utf8))
        #expect(FileSystem.list(directory.path) == ["f"], "no temporary file is left")
    }

    @Test func aReaderSeesTheOldFileOrTheNewOne() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("f")
        let (a, b) = ([UInt8](repeating: 1, count: 100_000), [UInt8](repeating: 2, count: 100_000))
        try FileSystem.write(a, to: path)
        let isDone = Locked(false)
        async let torn = { () -> Int in
            var torn = 0
            while !isDone.withLock({ $0 }) {
                guard let seen = try? FileSystem.read(path) else { torn += 1; continue }
                if seen != a, seen != b { torn += 1 }
                await Task.yield()
            }
            return torn
        }()
        for round in 0..<50 {
            try FileSystem.write(round % 2 == 0 ? b : a, to: path)
            await Task.yield()
        }
        isDone.withLock { $0 = true }
        #expect(await torn == 0)
    }

    @Test func aFaultNamesThePathAndTheOldFileStays() throws {
        let directory = try TemporaryDirectory()
        let missing = #expect(throws: FileSystemFault.self) { try FileSystem.read(directory.path("none")) }
        #expect(missing?.errno == ENOENT)
        #expect(missing?.place == directory.path("none"))
        let path = try directory.write("12345", to: "f")
        #expect(#expect(throws: FileSystemFault.self) { try FileSystem.read(path, limit: 4) }?.errno == EFBIG)
        #expect(
            #expect(throws: FileSystemFault.self) { try FileSystem.write([], to: directory.path("no/f")) }?.errno
                == ENOENT)
        try FileSystem.createDirectory(directory.path("d/x"))
        #expect(throws: FileSystemFault.self) { try FileSystem.write([1], to: directory.path("d")) }
        #expect(FileSystem.list(directory.path) == ["d", "f"])
        #expect(throws: FileSystemFault.self) { try FileSystem.createDirectory("\(path)/below") }
    }

    @Test func removingDoesNotFollowLinks() throws {
        let (kept, removed) = (try TemporaryDirectory(), try TemporaryDirectory())
        try kept.write("x", to: "a")
        #expect(symlink(kept.path, removed.path("link")) == 0)
        try removed.write("y", to: "d/e/f")
        FileSystem.remove(removed.path)
        #expect(!FileSystem.exists(removed.path))
        #expect(FileSystem.exists(kept.path("a")))
    }

    @Test("What root makes in somebody else's directory is theirs, and nothing else is", .enabled(if: geteuid() == 0))
    func rootLeavesNothingOfItsOwn() throws {
        let directory = try TemporaryDirectory()
        let nobody: uid_t = 65_534
        let state = directory.path("state")
        try FileSystem.createDirectory(state)
        try FileSystem.write([1], to: directory.path("roots"))
        #expect(chown(state, nobody, nobody) == 0)
        try FileSystem.createDirectory("\(state)/a/b", mode: 0o750)
        try FileSystem.write([1], to: "\(state)/a/b/c", mode: 0o440)
        #expect(FileSystem.create("\(state)/a/new", mode: 0o600) && !FileSystem.create("\(state)/a/new", mode: 0o600))
        #expect(Self.owners(below: state) == [nobody])
        // What a library makes is root's until it is asked for; a file with another name elsewhere stays root's, and so
        // does where a link leads.
        try FileSystem.createDirectory("\(directory.path)/outside")
        #expect(Glibc.mkdir("\(state)/a/lib", 0o755) == 0)
        close(open("\(state)/a/lib/pack", O_CREAT | O_WRONLY, 0o444))
        #expect(link(directory.path("roots"), "\(state)/a/hard") == 0)
        #expect(symlink(directory.path("outside"), "\(state)/a/soft") == 0)
        FileSystem.takeOwner(below: "\(state)/a")
        #expect(Self.owner("\(state)/a/lib") == nobody && Self.owner("\(state)/a/lib/pack") == nobody)
        #expect(Self.owner(directory.path("roots")) == 0 && Self.owner(directory.path("outside")) == 0)
        // Where everybody may write, root keeps what it makes.
        #expect(chmod(state, 0o1777) == 0)
        try FileSystem.write([1], to: "\(state)/kept")
        #expect(Self.owner("\(state)/kept") == 0)
    }

    private static func owner(_ path: String) -> uid_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    private static func owners(below path: String) -> Set<uid_t> {
        var found = Set([owner(path)].compactMap { $0 })
        for name in FileSystem.list(path) { found.formUnion(owners(below: "\(path)/\(name)")) }
        return found
    }
}
