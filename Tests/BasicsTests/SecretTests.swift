import Basics
import TestKit
import Testing

@Suite("A secret that is followed")
struct SecretTests {
    private static func shown(_ secret: Secret) -> String { secret.reveal { $0 } }

    @Test("is what its file holds, however it was put there, and stays while nothing is there")
    func file() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("token")
        #expect(SecretReference.file(path).follow(in: [:]) == nil)
        try FileSystem.write("first\n".utf8, to: path)
        let secret = try #require(SecretReference.file(path).follow(in: [:]))
        #expect(Self.shown(secret) == "first")
        // Replaced, as editors do it.
        try FileSystem.write("other\n".utf8, to: path)
        #expect(Self.shown(secret) == "other")
        // Between the old file and the new one.
        FileSystem.remove(path)
        #expect(Self.shown(secret) == "other")
        try FileSystem.write("\n".utf8, to: path)
        #expect(Self.shown(secret) == "other")
        try FileSystem.write("third".utf8, to: path)
        #expect(Self.shown(secret) == "third")
        // What was looked up once stays as it was.
        let value = try #require(SecretReference.file(path).resolve(in: [:]))
        try FileSystem.write("fourth".utf8, to: path)
        #expect(Self.shown(value) == "third")
        #expect(Self.shown(secret) == "fourth")
    }

    @Test("is taken out of texts in each form that it lately had, and can't be printed")
    func all() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("token")
        try FileSystem.write("first".utf8, to: path)
        let secret = try #require(SecretReference.file(path).follow(in: [:]))
        let derived = secret.map { "<\($0)>" }
        try FileSystem.write("second".utf8, to: path)
        var seen: [String] = []
        derived.revealAll { seen.append($0) }
        #expect(seen == ["<second>", "<first>"])
        #expect("\(secret) \(derived)" == "<secret> <secret>" && String(reflecting: secret) == "<secret>")
        #expect(Mirror(reflecting: derived).children.isEmpty)
    }

    @Test("doesn't become what its holder can't use")
    func steady() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("address")
        try FileSystem.write("host-a one".utf8, to: path)
        let secret = try #require(SecretReference.file(path).follow(in: [:])).steady { $0.hasPrefix("host-a ") }
        try FileSystem.write("host-a two".utf8, to: path)
        #expect(Self.shown(secret) == "host-a two")
        try FileSystem.write("host-b three".utf8, to: path)
        #expect(Self.shown(secret) == "host-a two")
        try FileSystem.write("host-a four".utf8, to: path)
        #expect(Self.shown(secret) == "host-a four")
    }
}
