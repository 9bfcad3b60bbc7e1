public import Basics
internal import Formats
internal import HTTPClient

/// The logins to registries, in the form that `docker login` keeps them: `{"auths": {REGISTRY: {"auth": …}}}`.
///
/// Facts: the Engine API's description, "Authentication", and docker's own configuration file.
public struct RegistryLogins: Sendable {
    /// Read anew for each pull, for logins are replaced; what is not in that form changes nothing.
    private let text: Secret

    /// Nil for what is not in that form; a login that only a helper program knows can't be used and is one of these.
    public init?(_ text: Secret) {
        guard text.reveal({ Self.read($0) }) != nil else { return nil }
        self.text = text.steady { Self.read($0) != nil }
    }

    /// Each login, as the engine wants it, by the registry's host.
    private static func read(_ text: String) -> [String: Secret]? {
        guard let entries = (try? JSON.parse(text))?["auths"]?.objectValue?.members, !entries.isEmpty else {
            return nil
        }
        var logins: [String: Secret] = [:]
        for entry in entries {
            guard let login = login(entry.value) else { return nil }
            logins[host(entry.name)] = login
        }
        return logins
    }

    private static func login(_ entry: Value) -> Secret? {
        var login = Value.Object()
        if let token = entry["identitytoken"]?.stringValue, !token.isEmpty {
            login["identitytoken"] = .string(token)
        } else {
            var (user, password) = (entry["username"]?.stringValue, entry["password"]?.stringValue)
            if let both = entry["auth"]?.stringValue.flatMap({ Base64.decode($0) }) {
                let parts = String(decoding: both, as: UTF8.self)
                    .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { return nil }
                (user, password) = (String(parts[0]), String(parts[1]))
            }
            guard let user, let password, !user.isEmpty, !password.isEmpty else { return nil }
            login["username"] = .string(user)
            login["password"] = .string(password)
        }
        return Secret(JSON.write(.object(login)))
    }

    /// `https://index.docker.io/v1/` is `docker.io`, under which its images stand.
    private static func host(_ registry: String) -> String {
        let rest = registry.firstRange(of: "://").map { registry[$0.upperBound...] } ?? registry[...]
        let host = rest.prefix { $0 != "/" }.lowercased()
        return ["index.docker.io", "registry-1.docker.io"].contains(host) ? "docker.io" : host
    }

    /// The header that a pull of that repository sends; nil where there is no login for its registry.
    func header(for repository: String) -> HTTPHeader? {
        let host = Self.host(repository)
        return text.reveal({ Self.read($0) })?[host].map { login in
            login.reveal { text in
                // With the alphabet of addresses (RFC 4648, 5).
                let words = Base64.encode(Array(text.utf8)).replacing("+", with: "-").replacing("/", with: "_")
                return HTTPHeader("X-Registry-Auth", words)
            }
        }
    }
}
