import Basics

extension ConfigurationReader {
    /// What is said of those who reach the service.
    func readAccess(into access: inout Configuration.Access) throws(ConfigurationFault) {
        if let project = try text("access.project") { access.project = project }
        if let proxies = try text("access.trusted_proxies") {
            for text in proxies.split(whereSeparator: { $0 == "," || $0 == " " }) {
                guard let range = AddressRange(text) else {
                    throw fault(
                        "CONF-0009", "access.trusted_proxies can't hold \(text)", "access.trusted_proxies",
                        hint: "Write addresses and blocks such as 10.0.0.0/8, commas between.")
                }
                access.trustedProxies.append(range)
            }
        }
        access.signingKey = try reference("access.signing_key")
        if let limit = try count("access.user_limit", in: 0...1_000_000) { access.userLimit = limit }
        if let limit = try count("access.key_limit", in: 0...1_000_000) { access.keyLimit = limit }
        if let issuer = try text("access.oidc.issuer") {
            guard issuer.hasPrefix("https://") || issuer.hasPrefix("http://127.0.0.1:") else {
                throw fault(
                    "CONF-0009", "the address of the issuer of tokens can't be \(issuer)", "access.oidc.issuer",
                    hint: "Write https://HOST, as the issuer itself writes it in iss.")
            }
            access.issuer = issuer
        }
        if let audience = try text("access.oidc.audience") { access.audience = audience }
        if let claim = try text("access.oidc.roles_claim") { access.rolesClaim = claim }
    }

    /// Where clients reach the service: a scheme and a host, perhaps with a port, and nothing behind it.
    func serviceAddress() throws(ConfigurationFault) -> String? {
        guard let given = try text("address") else { return nil }
        let address = given.hasSuffix("/") ? String(given.dropLast()) : given
        let host =
            ["https://", "http://"].first { address.hasPrefix($0) }.map { address.dropFirst($0.utf8.count) } ?? ""
        let isHost = host.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || ".-:[]".utf8.contains(byte)
        }
        guard !host.isEmpty, isHost, host.utf8.count <= 255 else {
            // What was given may hold a password.
            throw fault(
                "CONF-0009", "the address of the service has another form", "address",
                hint: "Write https://HOST or https://HOST:PORT, without a path.")
        }
        return address
    }

    /// Certificate and key: both, or neither.
    func tls() throws(ConfigurationFault) -> Configuration.TLS? {
        switch (try text("tls.certificate"), try reference("tls.key")) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return Configuration.TLS(certificate: absolute(certificate), key: key)
        case (nil, _?):
            throw fault(
                "CONF-0017", "the service has a key and no certificate", "tls.key",
                hint: "Name both: tls.certificate: PATH and tls.key: file:PATH.")
        case (_?, nil):
            throw fault(
                "CONF-0017", "the service has a certificate and no key", "tls.certificate",
                hint: "Name both: tls.certificate: PATH and tls.key: file:PATH.")
        }
    }

    func count(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationFault) -> Int? {
        guard let text = try text(key) else { return nil }
        guard let count = Int(text), range.contains(count) else {
            throw fault(
                "CONF-0005", "\(key) can't be \(text)", key,
                hint: "Write a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return count
    }
}
