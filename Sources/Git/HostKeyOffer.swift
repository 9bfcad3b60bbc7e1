internal import Basics
import Glibc

/// The kinds of host key that a server offers, as it says in the clear before anything else (RFC 4253, section 7.1).
///
/// libssh2 has one message for all that can fail up to there; only the offer tells what it was.
struct HostKeyOffer {
    let kinds: [String]

    /// Whether there is RSA with SHA-2 and none with SHA-1.
    var hasModernRSA: Bool { kinds.contains { $0.hasPrefix("rsa-sha2-") } && !kinds.contains("ssh-rsa") }

    /// Reads what a server said first; nil while that isn't all of its offer.
    init?(_ said: [UInt8]) {
        // Lines that don't begin with `SSH-` may come before the version.
        var rest = said[...]
        var hasVersion = false
        while !hasVersion {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            hasVersion = rest.starts(with: "SSH-".utf8)
            rest = rest[(end + 1)...]
        }
        var packet = SSHFields(rest)
        guard let length = packet.number(), packet.rest.count >= length, packet.rest.count > 18,
            packet.rest[packet.rest.startIndex + 1] == 20
        else { return nil }
        // The length of the padding, the kind of message and a cookie; then the ways to exchange keys.
        packet.skip(18)
        guard packet.field() != nil, let offered = packet.field() else { return nil }
        kinds = offered.split(separator: UInt8(ascii: ",")).map { kind in
            // It ends in a message.
            String(decoding: kind.prefix(64).filter { (33...126).contains($0) }, as: UTF8.self)
        }
    }

    /// Asks a server; nil when it doesn't answer as one of SSH before an instant of the monotonic clock.
    init?(host: String, port: Int, until end: Duration) {
        guard let descriptor = Self.connect(host, port) else { return nil }
        defer { close(descriptor) }
        let version = Array("SSH-2.0-OdooOps\r\n".utf8)
        guard send(descriptor, version, version.count, Int32(MSG_NOSIGNAL)) == version.count else {
            return nil
        }
        var said: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while said.count < 64 << 10, SystemTime().uptime < end {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            said += chunk[..<count]
            if let offer = HostKeyOffer(said) {
                self = offer
                return
            }
        }
        return nil
    }

    private static func connect(_ host: String, _ port: Int) -> Int32? {
        var wanted = addrinfo()
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &wanted, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        // For connecting, for sending and for each reading.
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        var next = list
        while let info = next?.pointee {
            next = info.ai_next
            let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
            guard descriptor >= 0 else { continue }
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
            }
            if Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 { return descriptor }
            close(descriptor)
        }
        return nil
    }
}
