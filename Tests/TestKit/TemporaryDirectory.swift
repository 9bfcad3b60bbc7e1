public import Basics
import Glibc

/// A private directory that is removed with everything in it when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// The absolute path.
    public let path: String

    /// - Throws: `FileSystemFault`.
    public init(prefix: String = "odooops-test") throws(FileSystemFault) {
        path = try FileSystem.makeTemporaryDirectory(prefix: prefix)
        Self.remember(path)
    }

    /// In memory where the machine has a place for that: for tests that write much and need no disk.
    ///
    /// `ODOOOPS_MEMORY` names a directory there for all that one run of the tests makes.
    ///
    /// - Throws: `FileSystemFault`.
    public static func inMemory() throws(FileSystemFault) -> TemporaryDirectory {
        guard FileSystem.isDirectory("/dev/shm") else { return try TemporaryDirectory() }
        let random = RandomSource.system()
        let place = ProcessEnvironment.variables()["ODOOOPS_MEMORY"] ?? "/dev/shm"
        let path = "\(place)/odooops-test-\(Hex.encode(random.next()))\(Hex.encode(random.next()))"
        try FileSystem.createDirectory(path)
        return TemporaryDirectory(existing: path)
    }

    private init(existing path: String) {
        self.path = path
        Self.remember(path)
    }

    deinit { Self.remove(path) }

    // MARK: Those that stand

    private static let standing = Locked<Set<String>>([])

    /// What a whole suite shares is held until the process ends, and goes then.
    private static let removesAllAtExit: Void = {
        atexit { for path in TemporaryDirectory.standing.withLock({ $0 }).sorted() { TemporaryDirectory.remove(path) } }
    }()

    private static func remember(_ path: String) {
        _ = removesAllAtExit
        standing.withLock { _ = $0.insert(path) }
    }

    private static func remove(_ path: String) {
        guard standing.withLock({ $0.remove(path) }) != nil else { return }
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
