public import HTTPClient

/// Where an engine listens, as `DOCKER_HOST` says it.
public struct DockerHost: Sendable, Hashable {
    /// What the client's paths begin with.
    public let baseURL: String
    /// The socket, where it is one of this machine.
    public let unixSocket: String?
    /// The directory of `ca.pem`, `cert.pem` and `key.pem`, where it is another machine.
    public let certificates: String?

    /// Where it is, `host:port` in small letters; nil where it is a socket of this machine.
    var remote: String? {
        guard unixSocket == nil, let start = baseURL.firstRange(of: "://")?.upperBound else { return nil }
        return baseURL[start...].lowercased()
    }

    /// - Parameters:
    ///   - text: `unix:///var/run/docker.sock`, or `tcp://host:2376`.
    ///   - certificates: the directory of `DOCKER_CERT_PATH`.
    ///
    /// Nil for anything else, and for another machine without certificates: who reaches an engine owns its machine, so
    /// it is never spoken to in the clear beyond this one.
    public init?(_ text: String, certificates: String? = nil) {
        if text.hasPrefix("unix:///"), text.utf8.count > 8 {
            baseURL = "http://docker"
            unixSocket = String(text.dropFirst("unix://".count))
            self.certificates = nil
            return
        }
        guard text.hasPrefix("tcp://") else { return nil }
        let authority = text.dropFirst("tcp://".count).prefix { $0 != "/" }
        let isLoopback =
            authority.hasPrefix("127.") || authority.hasPrefix("localhost:") || authority.hasPrefix("[::1]")
        guard !authority.isEmpty, certificates != nil || isLoopback else { return nil }
        baseURL = "\(certificates == nil ? "http" : "https")://\(authority)"
        unixSocket = nil
        self.certificates = certificates
    }

    /// How the transport connects.
    public var options: CurlOptions {
        var options = CurlOptions()
        options.unixSocket = unixSocket
        if let certificates {
            options.authorities = "\(certificates)/ca.pem"
            options.clientCertificate = "\(certificates)/cert.pem"
            options.clientKey = "\(certificates)/key.pem"
        }
        return options
    }
}
