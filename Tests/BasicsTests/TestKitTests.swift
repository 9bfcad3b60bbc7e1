import Basics
import TestKit
import Testing

@Suite struct TestKitTests {
    @Test func aTemporaryDirectoryGoesWithItsLastReference() throws {
        var directory: TemporaryDirectory? = try TemporaryDirectory()
        let path = try #require(directory?.path)
        try directory?.write("x", to: "a/b/c")
        #expect(FileSystem.exists("\(path)/a/b/c"))
        directory = nil
        #expect(!FileSystem.exists(path))
    }

    @Test func whatIsStillHeldWhenTheProcessEndsGoesToo() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            for directory in [try TemporaryDirectory(), try TemporaryDirectory.inMemory()] {
                try directory.write("x", to: "a/b/c")
                // As what a whole suite shares: nothing ever lets go of it.
                _ = Unmanaged.passRetained(directory)
                print("held \(directory.path)")
            }
        }
        let said = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        let paths = said.split(separator: "\n").filter { $0.hasPrefix("held /") }.map { String($0.dropFirst(5)) }
        #expect(paths.count == 2, "\(said)")
        for path in paths { #expect(!FileSystem.exists(path), "\(path)") }
    }

    @Test func thePackageRootHoldsThePackage() { #expect(FileSystem.exists("\(Places.packageRoot)/Package.swift")) }

    @Test func aFreePortCanBeUsed() throws {
        let port = try #require(FreePort.find())
        #expect((1024...65535).contains(port))
    }

    @Test func aDeadlineEndsAWait() async {
        await #expect(throws: DeadlinePassed.self) {
            try await within(.milliseconds(20)) { try await Task.sleep(for: .seconds(60)) }
        }
        #expect(await eventually(.milliseconds(20)) { false } == false)
        #expect(await eventually { true })
    }

    @Test func theShellQuotesAndTellsTheStatus() {
        #expect(Shell.run("printf %s \(Shell.quote("a'b \"c\" $d"))").output == "a'b \"c\" $d")
        #expect(Shell.run("exit 3").status == 3)
    }

    /// Whoever names the shared folder means it: tests that are skipped for a wrong path would look as if they had passed.
    @Test(.enabled(if: Places.givenShared != nil, "ODOOOPS_SHARED is not set"))
    func theSharedFolderThatIsNamedIsThereAndCanBeHeldAgainst() {
        #expect(Places.sharedDirectory != nil, "ODOOOPS_SHARED=\(Places.givenShared ?? "") is no directory")
        #expect(Recordings.obstacle == nil)
        #expect(Places.corpusBundle != nil && Places.corpusDirectory != nil)
    }

    @Test(.enabled(if: PostgresServer.isInstalled)) func aPrivateDatabaseAnswers() throws {
        let server = try #require(PostgresServer.shared)
        let uri = try #require(server.makeDatabase())
        #expect(uri.hasPrefix("postgres://postgres@127.0.0.1:\(server.port)/test_"))
        #expect(server.execute("select 1 + 1").output == "2\n")
    }
}
