import Basics
import ConsoleAccess
import HTTPClient
import Reconciler
import Store
import Web

extension WebIdentity {
    /// The service's certificate and key, read now.
    ///
    /// - Throws: `ConfigurationFault` where one of them can't be read.
    init(_ tls: Configuration.TLS, _ environment: [String: String]) throws(ConfigurationFault) {
        let bytes: [UInt8]
        do throws(FileSystemFault) {
            bytes = try FileSystem.read(tls.certificate, limit: 1 << 20)
        } catch {
            throw ConfigurationFault(
                "CONF-0017", "the service's certificate can't be read: \(error.message)", place: tls.certificate,
                hint: "Look who may read it: namei -l \(tls.certificate)")
        }
        guard let key = tls.key.resolve(in: environment) else {
            throw ConfigurationFault(
                "CONF-0017", "the service's key is to come from \(tls.key), and nothing is there that can be read",
                place: "tls.key", hint: "Look who may read it, or name another place: tls.key: file:PATH")
        }
        self.init(certificate: String(decoding: bytes, as: UTF8.self), key: key)
    }
}

extension TokenKey {
    /// The key that the configuration names; nil where it names none.
    ///
    /// - Throws: `ConfigurationFault` where no key is at the place that it names.
    init?(configured access: Configuration.Access, _ environment: [String: String]) throws(ConfigurationFault) {
        guard let reference = access.signingKey else { return nil }
        guard let key = reference.resolve(in: environment).flatMap({ TokenKey($0) }) else {
            throw ConfigurationFault(
                "CONF-0010", "access.signing_key is to come from \(reference), and there is no key of 32 bytes",
                hint: "Make one: openssl rand -hex 32 > FILE; chmod 600 FILE")
        }
        self = key
    }
}

extension AccessControl {
    /// Access to the service, as the configuration says.
    ///
    /// - Throws: `ConfigurationFault` where it can't be; a `FileSystemFault` where no key can be made.
    init(
        _ configuration: Configuration, store: Store, _ environment: [String: String], log: Log, metrics: Metrics
    ) throws {
        let access = configuration.access
        var settings = AccessSettings(isLoopback: Self.isLoopback(configuration.listenAddress))
        settings.project = access.project
        settings.isSecure = configuration.tls != nil
        settings.userLimit = access.userLimit
        settings.keyLimit = access.keyLimit
        settings.trustedProxies = access.trustedProxies
        settings.signingKey =
            try TokenKey(configured: access, environment) ?? Self.ownKey(in: configuration.stateDirectory)
        let issuer = access.issuer.map {
            TokenIssuer(
                IssuerSettings(issuer: $0, audience: access.audience, rolesClaim: access.rolesClaim),
                transport: CurlTransport())
        }
        self.init(store: store, settings: settings, issuer: issuer, time: SystemTime(), log: log, metrics: metrics)
    }

    private static func isLoopback(_ address: String) -> Bool {
        ClientOrigin(address: address, host: "").isLoopback
    }

    /// A key of this machine, made where there is none.
    private static func ownKey(in directory: String) throws -> TokenKey? {
        let path = "\(directory)/access.key"
        if !FileSystem.exists(path) {
            try FileSystem.createDirectory(directory, mode: 0o750)
            try FileSystem.write(Hex.encode(SystemRandom.bytes(32)).utf8, to: path, mode: 0o600)
        }
        return SecretReference.file(path).resolve(in: [:]).flatMap { TokenKey($0) }
    }
}
