extension APIClient {
    /// The whole URL of a path, or a URL that the provider gave, which has to be one of its own.
    ///
    /// A page's address comes from outside: with the credential on it, it must not lead anywhere else.
    func address(of path: String, method: String) throws(HTTPFault) -> String {
        if path.utf8.first == 0x2F, !path.hasPrefix("//") { return baseURL + path }
        guard path.utf8.starts(with: "http".utf8), path.utf8.count <= 16_384 else {
            throw HTTPFault(
                .badURL, code: "HTTP-0001", message: "a path has to begin with a slash", place: "\(method) \(path)")
        }
        guard let base = Origin(baseURL), let other = Origin(path), other.isSame(as: base),
            base.path.isEmpty || other.path == base.path || other.path.hasPrefix(base.path + "/")
        else {
            throw HTTPFault(
                .badURL, code: "HTTP-0011", message: "the provider names a page that is not its own",
                place: "\(method) \(URLText.forMessage(path))", hint: "nothing was sent there; is the base URL right?")
        }
        return path
    }

    /// Where a redirect of a GET leads, when that is the provider itself.
    func redirection(of response: HTTPResponse, to call: APIRequest) -> String? {
        guard [301, 302, 307, 308].contains(response.status), ["GET", "HEAD"].contains(call.method),
            let location = response.header("location")
        else { return nil }
        if location.hasPrefix("/"), !location.hasPrefix("//"), let base = Origin(baseURL) {
            return try? address(of: "\(base.scheme)://\(base.authority)\(location)", method: call.method)
        }
        return try? address(of: location, method: call.method)
    }
}

/// Scheme, host and port of a URL (RFC 6454), and the rest of it.
private struct Origin {
    let scheme: String
    /// Host and port as they stand.
    let authority: String
    /// From its slash, without query.
    let path: String

    init?(_ url: String) {
        let bytes = Array(url.utf8)
        guard let colon = bytes.firstIndex(of: 0x3A), bytes[colon...].starts(with: "://".utf8) else { return nil }
        scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        let rest = bytes[(colon + 3)...]
        let end = rest.firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 || $0 == 0x5C } ?? rest.endIndex
        authority = String(decoding: rest[..<end], as: UTF8.self)
        path = String(decoding: rest[end...].prefix { $0 != 0x3F && $0 != 0x23 }, as: UTF8.self)
        // Dots would leave the prefix; a user in front of the host is nothing that a page's address has.
        guard scheme == "http" || scheme == "https", !authority.isEmpty, !path.hasPrefix("\\"),
            !path.split(separator: "/").contains("..")
        else { return nil }
    }

    func isSame(as base: Origin) -> Bool {
        scheme == base.scheme && normal == base.withoutUser.normal
    }

    private var withoutUser: Origin {
        Origin(self, authority: authority.split(separator: "@").last.map(String.init) ?? "")
    }

    private init(_ other: Origin, authority: String) {
        scheme = other.scheme
        path = other.path
        self.authority = authority
    }

    /// The authority in small letters and with its port.
    private var normal: String {
        let text = authority.lowercased()
        let host = text.hasPrefix("[") ? text.drop { $0 != "]" } : Substring(text)
        return host.contains(":") ? text : text + (scheme == "https" ? ":443" : ":80")
    }
}
