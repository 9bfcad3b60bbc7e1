public import Basics
public import Web

/// Where a request comes from, and how.
public struct ClientOrigin: Sendable, Hashable {
    /// The client's address; behind trusted proxies the one that they saw.
    public let address: String
    /// Whether the client's own connection is encrypted.
    public let isSecure: Bool
    /// Whether it went through a proxy, a trusted one or not; whatever comes from the address of a trusted one did.
    public let isForwarded: Bool
    /// The name that the client asked for, without a port; empty where it named none.
    public let host: String

    public init(address: String, isSecure: Bool = false, isForwarded: Bool = false, host: String = "localhost") {
        self.address = address
        self.isSecure = isSecure
        self.isForwarded = isForwarded
        self.host = host
    }

    /// Reads a request; `X-Forwarded-For`, `-Proto` and `-Host` count only as far as trusted proxies wrote them.
    ///
    /// - Parameters:
    ///   - request: as it came.
    ///   - trusted: the proxies' addresses.
    ///   - isSecure: whether this server itself speaks TLS.
    public init(_ request: WebRequest, trusted: [AddressRange], isSecure: Bool = false) {
        let forwarded = request.headers.filter { $0.name.matchesIgnoringCase("x-forwarded-for") }
            .flatMap { $0.value.split(separator: ",") }.map { Self.withoutPort($0.trimmedSpaces) }
        let isTrusted = { (address: String) in trusted.contains { $0.contains(address) } }
        let isFromProxy = isTrusted(request.peer)
        // A proxy has no business here of its own: whom it leaves unnamed is still somebody behind it.
        isForwarded = isFromProxy || request.headers.contains { Self.isProxyHeader($0.name.lowercased()) }
        guard isFromProxy else {
            address = Self.plain(request.peer)
            self.isSecure = isSecure
            host = Self.hostName(request.header("Host"))
            return
        }
        // From the right: each trusted proxy appended whom it saw; the first that is not trusted is the client.
        var client = request.peer
        for hop in forwarded.reversed() {
            guard AddressRange(hop) != nil, !hop.contains("/") else { break }
            client = hop
            if !isTrusted(hop) { break }
        }
        address = Self.plain(client)
        let proto = request.header("X-Forwarded-Proto").map { $0.split(separator: ",").last?.trimmedSpaces ?? "" }
        self.isSecure = proto.map { $0.lowercased() == "https" } ?? isSecure
        let forwardedHost = request.header("X-Forwarded-Host").flatMap { $0.split(separator: ",").last?.trimmedSpaces }
        host = Self.hostName(forwardedHost ?? request.header("Host"))
    }

    /// Whether the client sits at this machine and nothing stands between.
    public var isLoopback: Bool { !isForwarded && Self.isLoopback(address) }

    /// Whether the client asked for this machine by a name that no other can take over.
    ///
    /// A page on the internet whose name is made to lead to 127.0.0.1 is read by the browser as that name.
    public var hasLoopbackHost: Bool { host == "localhost" || Self.isLoopback(host) }

    /// Where a client of this machine asked: `http://127.0.0.1:8080`; nil for others, whose word for it proves nothing.
    public func localAddress(of request: WebRequest) -> String? {
        guard isLoopback, hasLoopbackHost else { return nil }
        let port = request.header("Host")?.split(separator: ":").last.flatMap { UInt16($0) }
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(isSecure ? "https" : "http")://\(name)" + (port.map { ":\($0)" } ?? "")
    }

    /// What is counted together: an IPv4 address, or the 64 bits of IPv6 that one customer is given.
    public var network: String { AddressRange(address)?.customer ?? address }

    /// Whether a browser says that a page of this very server sent a request; true where it says nothing.
    ///
    /// `hosts` are the names by which this server was asked for.
    static func isSameSite(_ request: WebRequest, hosts: [String]) -> Bool {
        let site = request.header("Sec-Fetch-Site")
        if let site, site != "same-origin", site != "none" { return false }
        guard let page = request.header("Origin")?.lowercased() else { return true }
        // A browser that is told to keep addresses to itself names no origin, and still says whether it is ours.
        if page == "null" { return site == "same-origin" }
        return hosts.contains { page == "http://\($0.lowercased())" || page == "https://\($0.lowercased())" }
    }

    /// Whether somebody at this machine sent a request by hand: through no proxy, to this machine by its own name, and
    /// from no page of another site.
    public static func isByHandHere(_ request: WebRequest) -> Bool {
        let origin = ClientOrigin(request, trusted: [])
        return origin.isLoopback && origin.hasLoopbackHost
            && isSameSite(request, hosts: [request.header("Host")].compactMap { $0 })
    }

    private static let loopback = AddressRange("127.0.0.0/8")

    static func isLoopback(_ address: String) -> Bool {
        address == "::1" || loopback?.contains(address) ?? false
    }

    /// Whether only proxies write a header; a client of this machine that does so itself is not taken for one.
    private static func isProxyHeader(_ name: String) -> Bool {
        name.hasPrefix("x-forwarded") || proxyHeaders.contains(name)
    }

    /// What proxies and the networks before them say of a request beside `X-Forwarded-…`.
    private static let proxyHeaders: Set<String> = [
        "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-forwarded-for",
        "x-originating-ip", "x-remote-ip", "x-envoy-external-address", "x-appengine-user-ip", "x-azure-clientip",
        "true-client-ip", "cf-connecting-ip", "cf-connecting-ipv6", "cf-ray", "cdn-loop", "fastly-client-ip",
        "fly-client-ip", "do-connecting-ip", "x-proxyuser-ip",
    ]

    /// An address without the port that some proxies write after it: `192.0.2.1:5060`, `[2001:db8::1]:5060`.
    private static func withoutPort(_ hop: String) -> String {
        func isPort(_ text: Substring) -> Bool { text.first == ":" && UInt16(text.dropFirst()) != nil }
        if hop.hasPrefix("["), let end = hop.firstIndex(of: "]") {
            let rest = hop[hop.index(after: end)...]
            return rest.isEmpty || isPort(rest) ? String(hop[..<end].dropFirst()) : hop
        }
        guard let colon = hop.firstIndex(of: ":"), isPort(hop[colon...]) else { return hop }
        return hop[..<colon].contains(".") ? String(hop[..<colon]) : hop
    }

    private static func plain(_ address: String) -> String {
        address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
    }

    private static func hostName(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "" }
        if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
        return text.prefix { $0 != ":" }.lowercased()
    }
}

extension StringProtocol {
    /// Without spaces and tabs at its ends.
    var trimmedSpaces: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
