import Basics
import Formats

/// The contexts that somebody has: each names a service.
struct ClientConfiguration: Sendable, Hashable {
    struct Context: Sendable, Hashable {
        let name: String
        var url: String
    }

    var current: String?
    /// By name.
    var contexts: [Context] = []

    func context(_ name: String) -> Context? { contexts.first { $0.name == name } }

    /// Adds a context, or gives it another address.
    mutating func put(_ context: Context) {
        contexts.removeAll { $0.name == context.name }
        contexts.append(context)
        contexts.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        current = current ?? context.name
    }

    mutating func remove(_ name: String) {
        contexts.removeAll { $0.name == name }
        if current == name { current = nil }
    }

    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || [45, 46, 95].contains($0)
            }
    }

    /// The file's text.
    var text: String {
        var text = "# Services that odooops knows; odooops context add NAME --url URL writes it.\n"
        if let current { text += "current: \(JSON.write(.string(current)))\n" }
        text += contexts.isEmpty ? "contexts: {}\n" : "contexts:\n"
        for context in contexts {
            text += "  \(JSON.write(.string(context.name))):\n    url: \(JSON.write(.string(context.url)))\n"
        }
        return text
    }

    init() {}

    /// Reads the file's bytes.
    init(_ bytes: [UInt8], path: String) throws(ClientFault) {
        let document = YAML.parse(bytes, file: path)
        let hint = "Mend the file, or begin anew: remove it, then odooops context add NAME --url URL"
        if let problem = document.diagnostics.first(where: { $0.severity == .error }) {
            throw .badFile("the configuration can't be read: \(problem.message)", path, hint: hint)
        }
        guard let root = document.root?.value else { return }
        if root.isNull { return }
        guard let object = root.objectValue else {
            throw .badFile("the configuration can't be read: it is no mapping", path, hint: hint)
        }
        for member in object.members {
            switch member.name {
            case "current": current = member.value.stringValue
            case "contexts":
                for context in member.value.objectValue?.members ?? [] {
                    guard Self.isName(context.name), let url = context.value["url"]?.stringValue else {
                        throw .badFile(
                            "the configuration can't be read: context \(context.name) has no url", path, hint: hint)
                    }
                    contexts.append(Context(name: context.name, url: url))
                }
            default:
                throw .badFile("the configuration can't be read: \(member.name) is not known", path, hint: hint)
            }
        }
    }
}

/// What proves who somebody is, for each context; bound to the service that it was given for.
struct Credentials: Sendable {
    struct Entry: Sendable {
        let context: String
        /// A credential is sent nowhere else.
        let url: String
        let token: Secret
        let user: String?
        let expiresAt: Timestamp?
    }

    var entries: [Entry] = []

    /// What is sent to a service: what was kept under the context's name, or before the service had one.
    func entry(_ context: String, at url: String) -> Entry? {
        [context, Self.nameless].lazy.compactMap { name in entries.first { $0.context == name && $0.url == url } }.first
    }

    /// Keeps one for each name; of services that have none, one for each address.
    mutating func put(_ entry: Entry) {
        entries.removeAll { $0.context == entry.context && (entry.context != Self.nameless || $0.url == entry.url) }
        entries.append(entry)
    }

    mutating func remove(_ entry: Entry) {
        entries.removeAll { $0.context == entry.context && $0.url == entry.url }
    }

    /// The name under which logins at services without a name are kept.
    static let nameless = "default"

    /// The file's text.
    var text: String {
        var object = Value.Object()
        let isOneNameless = entries.count { $0.context == Self.nameless } == 1
        let named = entries.map { entry in
            // No name has a slash, so that no address is taken for one.
            (entry.context == Self.nameless && !isOneNameless ? entry.url : entry.context, entry)
        }
        for (name, entry) in named.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
            var fields = Value.Object()
            fields["url"] = .string(entry.url)
            fields["token"] = entry.token.reveal { .string($0) }
            fields["user"] = entry.user.map { .string($0) }
            fields["expires_at"] = entry.expiresAt.map { .string($0.description) }
            object[name] = .object(fields)
        }
        return JSON.write(.object(object), pretty: true)
    }

    init() {}

    init(_ bytes: [UInt8], path: String) throws(ClientFault) {
        guard let object = (try? JSON.parse(bytes))?.objectValue else {
            throw .badFile(
                "the credentials can't be read", path, hint: "Remove the file and log in again: odooops auth login")
        }
        for member in object.members {
            guard let url = member.value["url"]?.stringValue, let token = member.value["token"]?.stringValue else {
                continue
            }
            entries.append(
                Entry(
                    context: ClientConfiguration.isName(member.name) ? member.name : Self.nameless, url: url,
                    token: Secret(token), user: member.value["user"]?.stringValue,
                    expiresAt: member.value["expires_at"]?.instantValue))
        }
    }
}

/// Where both lie: `$XDG_CONFIG_HOME/odooops`, or `~/.config/odooops`.
struct ClientFiles: Sendable {
    let directory: String

    var configurationPath: String { "\(directory)/config.yaml" }
    var credentialsPath: String { "\(directory)/credentials.json" }

    init(environment: [String: String]) {
        // A relative path counts for nothing: XDG Base Directory Specification, "Environment variables".
        let given = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        directory = (given ?? "\(environment["HOME"] ?? "")/.config") + "/odooops"
    }

    func configuration() throws(ClientFault) -> ClientConfiguration {
        guard FileSystem.exists(configurationPath) else { return ClientConfiguration() }
        return try ClientConfiguration(read(configurationPath), path: configurationPath)
    }

    func credentials() throws(ClientFault) -> Credentials {
        guard FileSystem.exists(credentialsPath) else { return Credentials() }
        guard FileSystem.isPrivate(credentialsPath) else { throw .openToOthers(credentialsPath) }
        return try Credentials(read(credentialsPath), path: credentialsPath)
    }

    func write(_ configuration: ClientConfiguration) throws(ClientFault) {
        try write(configuration.text, to: configurationPath, mode: 0o644)
    }

    func write(_ credentials: Credentials) throws(ClientFault) {
        try write(credentials.text, to: credentialsPath, mode: 0o600)
    }

    private func read(_ path: String) throws(ClientFault) -> [UInt8] {
        do throws(FileSystemFault) { return try FileSystem.read(path, limit: 1 << 20) } catch {
            throw .badFile(error.message, path, hint: "Look who owns it: ls -l \(path)")
        }
    }

    private func write(_ text: String, to path: String, mode: UInt32) throws(ClientFault) {
        do throws(FileSystemFault) {
            try FileSystem.createDirectory(directory, mode: 0o700)
            try FileSystem.write(text.utf8, to: path, mode: mode)
        } catch {
            throw .badFile(error.message, path, hint: "Look who owns the directory: ls -ld \(directory)")
        }
    }
}
