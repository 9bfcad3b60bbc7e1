public import Basics

/// A private directory that is removed with everything in it when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// The absolute path.
    public let path: String

    /// - Throws: `FileSystemFault`.
    public init(prefix: String = "odooops-test") throws(FileSystemFault) {
        path = try FileSystem.makeTemporaryDirectory(prefix: prefix)
    }

    /// In memory where the machine has a place for that: for tests that write much and need no disk.
    ///
    /// - Throws: `FileSystemFault`.
    public static func inMemory() throws(FileSystemFault) -> TemporaryDirectory {
        guard FileSystem.isDirectory("/dev/shm") else { return try TemporaryDirectory() }
        let random = RandomSource.system()
        let path = "/dev/shm/odooops-test-\(Hex.encode(random.next()))\(Hex.encode(random.next()))"
        try FileSystem.createDirectory(path)
        return TemporaryDirectory(existing: path)
    }

    private init(existing path: String) { self.path = path }

    deinit {
        PlantedSecrets.report(PlantedSecrets.places(below: path))
        FileSystem.remove(path)
    }

    /// The path of something in it, which need not be there.
    public func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file in it, with the directories above it, and returns its path.
    ///
    /// - Throws: `FileSystemFault`.
    @discardableResult
    public func write(_ text: String, to name: String) throws(FileSystemFault) -> String {
        let path = path(name)
        if let slash = path.lastIndex(of: "/") { try FileSystem.createDirectory(String(path[..<slash])) }
        try FileSystem.write(text.utf8, to: path)
        return path
    }
}
