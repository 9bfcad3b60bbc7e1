internal import Glibc

/// Addresses as texts in one form.
enum IPAddress {
    /// An IPv6 address as RFC 5952 writes it, an IPv4 address as it stands; nil for anything else.
    static func canonical(_ text: String) -> String? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return text }
        guard text.utf8.contains(UInt8(ascii: ":")) else { return nil }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &six, &buffer, socklen_t(buffer.count)) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// An address or a CIDR range; a range of one address is that address.
    ///
    /// What is neither comes back as it is.
    static func canonicalRange(_ text: String) -> String {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = canonical(String(first)) else { return text }
        guard parts.count == 2 else { return address }
        let isWhole = parts[1] == (address.utf8.contains(UInt8(ascii: ":")) ? "128" : "32")
        return isWhole ? address : "\(address)/\(parts[1])"
    }
}
