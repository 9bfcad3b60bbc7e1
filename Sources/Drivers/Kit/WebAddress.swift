internal import Basics

/// Addresses of the web in the one form that all ways to write them share.
public enum WebAddress {
    /// Scheme and host don't depend on capitals, and the usual port says nothing (RFC 3986, 6.2.2 and 6.2.3).
    ///
    /// - Parameter text: an address; what is none comes back as it is.
    /// - Returns: the address with a path, which is `/` where it had none.
    public static func normal(_ text: String) -> String {
        guard let separator = text.firstRange(of: "://") else { return text }
        let scheme = text[..<separator.lowerBound].lowercased()
        let rest = text[separator.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        var host = rest[..<end].lowercased()
        let port = scheme == "https" ? ":443" : ":80"
        if host.hasSuffix(port) { host.removeLast(port.count) }
        let path = rest[end...]
        return "\(scheme)://\(host)\(path.isEmpty ? "/" : path)"
    }
}
