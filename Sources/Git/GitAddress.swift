internal import Basics

/// Where a repository is, taken apart once.
struct GitAddress: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case local(path: String)
        case http(secure: Bool)
        case ssh
    }

    let kind: Kind
    /// As libgit2 takes it; it may hold a password.
    let connect: String
    /// Without anything that could be a secret.
    let display: String
    /// What stays the same when a password changes: names the cache.
    let identity: String
    let user: String?
    let host: String
    let port: Int?
    /// Texts that must not be printed.
    let secrets: [String]

    /// - Throws: `GitFault` `GIT-0012` when the address is of no kind that is supported.
    init(_ url: String, currentDirectory: String) throws(GitFault) {
        guard !url.isEmpty, !url.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
            throw GitFault(
                .unsupportedAddress, "the repository's address is empty or has control characters in it",
                hint: Self.hint)
        }
        if let separator = url.firstRange(of: "://") {
            self = try Self.parse(
                scheme: url[..<separator.lowerBound].lowercased(), rest: url[separator.upperBound...])
        } else if let colon = url.firstIndex(of: ":"), !url[..<colon].contains("/"), !FileSystem.exists(url) {
            self = try Self.parseRemoteCopy(url, colon)
        } else {
            let path = url.hasPrefix("/") ? url : "\(currentDirectory)/\(url)"
            self.init(localPath: path, display: url)
        }
    }

    private init(localPath: String, display: String) {
        var parts: [Substring] = []
        for part in localPath.split(separator: "/") where part != "." { parts.append(part) }
        let path = "/" + parts.joined(separator: "/")
        self.init(
            kind: .local(path: path), connect: "file://" + Self.percentEncoded(path), display: display,
            identity: "file://\(path)", user: nil, host: "", port: nil, secrets: [])
    }

    private init(
        kind: Kind, connect: String, display: String, identity: String, user: String?, host: String, port: Int?,
        secrets: [String]
    ) {
        self.kind = kind
        self.connect = connect
        self.display = display
        self.identity = identity
        self.user = user
        self.host = host
        self.port = port
        self.secrets = secrets.filter { !$0.isEmpty }
    }

    private static func parse(scheme: String, rest: Substring) throws(GitFault) -> GitAddress {
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end]
        var path = String(rest[end...])
        if scheme == "file" {
            let decoded = percentDecoded(path)
            guard authority.isEmpty || authority == "localhost", path.hasPrefix("/"), let decoded else {
                throw GitFault(
                    .unsupportedAddress, "file:// needs an absolute path and no host", place: "file://\(authority)",
                    hint: "write file:///absolute/path")
            }
            return GitAddress(localPath: decoded, display: "file://\(path)")
        }
        let at = authority.lastIndex(of: "@")
        let userInfo = at.map { authority[..<$0] }
        let hostPort = at.map { authority[authority.index(after: $0)...] } ?? authority
        let (host, port) = try split(hostPort)
        var secrets = userInfo.map { [String($0)] + $0.split(separator: ":").map(String.init) } ?? []
        switch scheme {
        case "http", "https":
            // A query or a user name alone may well be a token.
            var shown = path
            if let mark = path.firstIndex(where: { $0 == "?" || $0 == "#" }) {
                secrets.append(String(path[path.index(after: mark)...]))
                shown = path[...mark] + "<redacted>"
                path = String(path)
            }
            return GitAddress(
                kind: .http(secure: scheme == "https"), connect: "\(scheme)://\(authority)\(path)",
                display: "\(scheme)://\(userInfo == nil ? "" : "<redacted>@")\(hostPort)\(shown)",
                identity: "\(scheme)://\(hostPort)\(path)", user: nil, host: host, port: port, secrets: secrets)
        case "ssh", "ssh+git", "git+ssh":
            let user = userInfo?.split(separator: ":", omittingEmptySubsequences: false).first.map(String.init)
            secrets.removeAll { $0 == user }
            let shown = user.map { "\($0)@" } ?? ""
            return GitAddress(
                kind: .ssh, connect: "ssh://\(shown)\(hostPort)\(path)", display: "ssh://\(shown)\(hostPort)\(path)",
                identity: "ssh://\(shown)\(hostPort)\(path)", user: user, host: host, port: port, secrets: secrets)
        default:
            throw GitFault(
                .unsupportedAddress, "addresses that begin with \(scheme):// are not supported",
                place: "\(scheme)://\(hostPort)", hint: hint)
        }
    }

    /// `git@host:path`.
    private static func parseRemoteCopy(_ url: String, _ colon: String.Index) throws(GitFault) -> GitAddress {
        let login = url[..<colon]
        let path = url[url.index(after: colon)...]
        let at = login.lastIndex(of: "@")
        let user = at.map { String(login[..<$0]) }
        let host = at.map { login[login.index(after: $0)...] } ?? login
        guard isHostName(host), !path.isEmpty, !path.hasPrefix(":"), user?.contains(":") != true else {
            throw GitFault(.unsupportedAddress, "the repository's address can't be read", hint: hint)
        }
        return GitAddress(
            kind: .ssh, connect: url, display: url, identity: url, user: user, host: String(host), port: nil,
            secrets: [])
    }

    private static func split(_ text: Substring) throws(GitFault) -> (host: String, port: Int?) {
        var host = text
        var port: Int?
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            host = text[..<colon]
            port = Int(text[text.index(after: colon)...])
            guard let port, (1...65_535).contains(port) else {
                throw GitFault(.unsupportedAddress, "the port is not a number from 1 to 65535", hint: hint)
            }
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard isHostName(host) else {
            throw GitFault(.unsupportedAddress, "the address names no host", hint: hint)
        }
        return (String(host), port)
    }

    /// A name that begins with `-` could be taken for an option further down.
    private static func isHostName(_ text: Substring) -> Bool {
        !text.isEmpty && !text.hasPrefix("-")
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (97...122).contains($0 | 32) || "-._:%".utf8.contains($0)
            }
    }

    private static let hint = "use a path, file://, https://, ssh:// or git@host:path"

    /// Takes out of a text what must not be printed.
    func redact(_ text: String) -> String {
        var text = text.replacing(connect, with: display)
        for secret in secrets where secret.utf8.count > 2 { text = text.replacing(secret, with: "<redacted>") }
        return text
    }

    private static func percentEncoded(_ path: String) -> String {
        var text: [UInt8] = []
        for byte in path.utf8 {
            if (48...57).contains(byte) || (97...122).contains(byte | 32) || "/-._~".utf8.contains(byte) {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(contentsOf: Hex.encode([byte]).utf8)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func percentDecoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = ArraySlice(Array(text.utf8))
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self)), value.count == 1,
                value[0] > 31
            else { return nil }
            bytes += value
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
