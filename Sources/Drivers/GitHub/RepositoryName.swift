internal import DesiredState

/// `owner/repository`, and what stands after it in the names of resources.
public struct RepositoryName: Sendable, Hashable, CustomStringConvertible {
    public let owner: String
    public let name: String

    /// - Parameter text: `owner/repository`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ Self.isPart($0) }) else { return nil }
        owner = String(parts[0])
        name = String(parts[1])
    }

    /// The repository in which a resource is, and the rest of the resource's name.
    static func split(_ name: String) -> (repository: RepositoryName, rest: String)? {
        let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let repository = RepositoryName("\(parts[0])/\(parts[1])") else { return nil }
        return (repository, parts.count > 2 ? String(parts[2]) : "")
    }

    /// Letters, digits and `._-`, as GitHub allows them: nothing that would leave its place in a path.
    private static func isPart(_ text: Substring) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x2E || byte == 0x5F
            }
    }

    public var description: String { "\(owner)/\(name)" }

    var path: String { "/repos/\(owner)/\(name)" }

    func key(_ kind: ResourceKind, _ rest: String) -> ResourceKey { ResourceKey(kind, "\(owner)/\(name)/\(rest)") }
}
