import Basics

/// Where a service answers: scheme, host, port, and the path below which it lies.
struct ServiceAddress: Sendable, Hashable {
    static let standard = "http://127.0.0.1:8080"

    /// Without a slash at its end.
    let text: String
    let isSecure: Bool
    let host: String

    /// Whether it is this machine.
    var isLoopback: Bool {
        if host == "localhost" || host == "[::1]" { return true }
        // An address, not a name that begins like one: anybody can own 127.example.com.
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { (1...3).contains($0.utf8.count) && UInt8($0) != nil && !$0.hasPrefix("+") }
    }

    init(_ given: String) throws(ClientFault) {
        var text = given
        while text.hasSuffix("/") { text.removeLast() }
        for end in ["/api/v1", "/api"] where text.hasSuffix(end) { text.removeLast(end.count) }
        let hint = "Write it like \(Self.standard) or https://odooops.example"
        // What stands before an @ is a name and a password, wherever it is: a fault is shown, kept and sent on.
        guard !text.contains("@") else {
            throw .badAddress(
                "\(Self.shown(given)) holds a name or a password",
                hint: "\(hint), without what stands before the @. Then log in: odooops auth login; or give a key: "
                    + "ODOOOPS_TOKEN or --token-file FILE")
        }
        let lower = text.lowercased()
        guard lower.hasPrefix("http://") || lower.hasPrefix("https://") else {
            throw .badAddress("\(given) is no address of a service", hint: hint)
        }
        isSecure = lower.hasPrefix("https://")
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty, !text.contains("?"), !text.contains("#"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else { throw .badAddress("\(given) is no address of a service", hint: hint) }
        let name = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        host = String(name).lowercased()
        self.text = (isSecure ? "https://" : "http://") + String(rest)
    }

    /// An address as people may see it: nothing of what stands before an `@`.
    static func shown(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let begin = text.firstRange(of: "://").map(\.upperBound).flatMap { $0 <= at ? $0 : nil } ?? text.startIndex
        return "\(text[..<begin])\u{2026}\(text[at...])"
    }

    /// Refuses to send a credential where others could read it on the way.
    func check(allowsPlain: Bool) throws(ClientFault) {
        guard !isSecure, !isLoopback, !allowsPlain else { return }
        throw .badAddress(
            "a credential would go to \(text) where everybody on the way can read it",
            hint: "Take https:// in its place; or, on a network of your own, --allow-http")
    }
}
