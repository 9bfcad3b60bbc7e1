internal import Basics

/// OpenSSH's list of host keys (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
struct KnownHosts: Sendable {
    enum Verdict: Sendable, Hashable {
        case known, unknown, changed, revoked
    }

    private struct Entry {
        let hosts: Substring
        let key: Substring
        let isRevoked: Bool
    }

    private let entries: [Entry]

    init(_ text: String) {
        var entries: [Entry] = []
        for line in text.split(whereSeparator: \.isNewline) {
            var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
            let mark = words.first?.hasPrefix("@") == true ? words.removeFirst() : nil
            guard words.count >= 3, words[words.startIndex].first != "#", mark == nil || mark == "@revoked" else {
                continue
            }
            let first = words.startIndex
            entries.append(Entry(hosts: words[first], key: words[first + 2], isRevoked: mark != nil))
        }
        self.entries = entries
    }

    /// What the list says about the key that a host shows.
    func verdict(host: String, port: Int, key: [UInt8]) -> Verdict {
        let key = Base64.encode(key)
        if entries.contains(where: { $0.isRevoked && $0.key == key }) { return .revoked }
        let ofHost = entries.filter { !$0.isRevoked && Self.matches($0.hosts, host: host, port: port) }
        if ofHost.contains(where: { $0.key == key }) { return .known }
        return ofHost.isEmpty ? .unknown : .changed
    }

    /// The lines of one host in their plainest form, the best kind of key first.
    ///
    /// libgit2 asks the host for a key of the first line's kind and of no other. `ssh-keyscan` writes `ssh-rsa` first,
    /// which libssh2 only knows with SHA-1 and current servers refuse.
    /// With a kind in `only` the others are left out.
    func plainLines(host: String, port: Int, only: String? = nil) -> String {
        let name = Self.name(host: host, port: port)
        return keys(host: host, port: port).filter { only == nil || $0.kind == only }
            .map { "\(name) \($0.kind) \($0.key)\n" }.joined()
    }

    /// The kinds of key that are known of a host, the best first.
    func kinds(host: String, port: Int) -> [String] {
        keys(host: host, port: port).reduce(into: []) { kinds, key in
            if kinds.last != key.kind { kinds.append(key.kind) }
        }
    }

    /// What libssh2 can check, the best first.
    static let usableKinds = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    ]

    private func keys(host: String, port: Int) -> [(kind: String, key: Substring)] {
        let revoked = Set(entries.filter(\.isRevoked).map(\.key))
        let keys = entries.filter {
            !$0.isRevoked && !revoked.contains($0.key) && Self.matches($0.hosts, host: host, port: port)
        }.compactMap { entry in Self.kind(of: entry.key).map { (kind: $0, key: entry.key) } }
        let others = Set(keys.map(\.kind)).subtracting(Self.usableKinds).sorted()
        return (Self.usableKinds + others).flatMap { kind in keys.filter { $0.kind == kind } }
    }

    /// The line that makes a host known.
    static func line(host: String, port: Int, key: [UInt8]) -> String? {
        let text = Base64.encode(key)
        return kind(of: text[...]).map { "\(name(host: host, port: port)) \($0) \(text)\n" }
    }

    /// `SHA256:…`, as ssh shows it.
    static func fingerprint(_ key: [UInt8]) -> String {
        let digest = Hex.decode(Digest(of: key).hex) ?? []
        return "SHA256:" + Base64.encode(digest).filter { $0 != "=" }
    }

    static func name(host: String, port: Int) -> String { port == 22 ? host : "[\(host)]:\(port)" }

    /// A key's kind is the first field of the key itself (RFC 4253, section 6.6).
    private static func kind(of key: Substring) -> String? {
        guard let bytes = Base64.decode(String(key.prefix(64))) else { return nil }
        var fields = SSHFields(bytes[...])
        guard let kind = fields.field(), (1..<40).contains(kind.count) else { return nil }
        return String(validating: kind, as: UTF8.self)
    }

    private static func matches(_ hosts: Substring, host: String, port: Int) -> Bool {
        let host = host.lowercased()
        let names = port == 22 ? [host] : ["[\(host)]:\(port)"]
        if hosts.hasPrefix("|1|") {
            let parts = hosts.split(separator: "|")
            guard parts.count == 3, let salt = Base64.decode(String(parts[1])) else { return false }
            return names.contains { Base64.encode(hmacSHA1(key: salt, $0.utf8)) == parts[2] }
        }
        var matched = false
        for pattern in hosts.lowercased().split(separator: ",") {
            let negated = pattern.hasPrefix("!")
            let pattern = Array((negated ? pattern.dropFirst() : pattern).utf8)
            guard names.contains(where: { glob(pattern[...], Array($0.utf8)[...]) }) else { continue }
            if negated { return false }
            matched = true
        }
        return matched
    }

    /// `*` and `?`; iterative, so that no pattern takes long.
    private static func glob(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var (p, t) = (pattern.startIndex, text.startIndex)
        var star: (pattern: Int, text: Int)?
        while t < text.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                star = (p, t)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
                p += 1
                t += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                p = last.pattern + 1
                t = last.text + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
