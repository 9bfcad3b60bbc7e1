import Basics
import Glibc

/// Where the package, its test data and the data beside it are.
public enum Places {
    /// The directory that holds Package.swift.
    public static let packageRoot: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    /// The shared folder: `$ODOOOPS_SHARED`, or `../shared` beside the package; nil when there is none.
    public static let sharedDirectory: String? = {
        let path =
            givenShared ?? packageRoot.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/shared"
        return FileSystem.isDirectory(path) ? path : nil
    }()

    /// The shared folder that somebody has named, there or not.
    public static let givenShared = ProcessEnvironment.variables()["ODOOOPS_SHARED"]

    /// A real source of truth of 149 YAML files; nil when it is not there.
    public static let corpusDirectory: String? = existing("corpus/ssot-2026-03")

    /// A git bundle with the history of such a tree; nil when it is not there.
    public static let corpusBundle: String? = existing("corpus/ssot-history.bundle")

    private static func existing(_ name: String) -> String? {
        guard let path = sharedDirectory.map({ "\($0)/\(name)" }), FileSystem.exists(path) else { return nil }
        return path
    }

    /// A program of the package as it was built: beside the test bundle, where the build puts both.
    public static func program(_ name: String) -> String {
        var link = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &link, link.count - 1)
        let bundle = String(decoding: link.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let directory = bundle.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        let beside = "\(directory)/\(name)"
        return FileSystem.exists(beside) ? beside : "\(packageRoot)/.build/debug/\(name)"
    }

    /// The files under a directory whose name ends so, with their paths relative to it, sorted.
    public static func files(under directory: String, endingWith suffix: String) -> [String] {
        var found: [String] = []
        func visit(_ relative: String) {
            for name in FileSystem.list(relative.isEmpty ? directory : "\(directory)/\(relative)") {
                let path = relative.isEmpty ? name : "\(relative)/\(name)"
                if FileSystem.isDirectory("\(directory)/\(path)") {
                    if name != ".build", name != ".git" { visit(path) }
                } else if name.hasSuffix(suffix) {
                    found.append(path)
                }
            }
        }
        visit("")
        return found
    }
}

/// The shared folder; nil when there is none.
public var sharedDirectory: String? { Places.sharedDirectory }

/// The real source of truth; nil when it is not there.
public var corpusDirectory: String? { Places.corpusDirectory }
