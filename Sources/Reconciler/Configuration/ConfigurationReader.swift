import Basics
import Formats

/// What the command line says of the configuration; it wins over the environment, and that over the file.
public struct ConfigurationFlags: Sendable {
    public var file: String?
    public var ssot: String?
    public var ref: String?
    public var roots: [String] = []
    public var store: String?
    public var logLevel: String?
    public var logFormat: String?
    public var listen: String?
    public var interval: String?
    public var record: String?

    public init() {}
}

/// Reads `reconciler.yaml`, the environment and the flags.
public struct ConfigurationReader {
    private let environment: [String: String]
    private let workingDirectory: String
    private var file = ""
    private var values: [String: (node: Node, mark: SourceMark)] = [:]

    /// A reader for the variables and the working directory of a process.
    public init(environment: [String: String], workingDirectory: String) {
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// Every key that the file may hold, with the variable that stands for it.
    static let keys: [(key: String, variable: String, meaning: String)] = [
        ("ssot.url", "ODOOOPS_SSOT", "the repository that holds the SSOT"),
        ("ssot.ref", "ODOOOPS_REF", "branch, tag or commit of it"),
        ("ssot.roots", "ODOOOPS_ROOTS", "SSOT roots in order of precedence, separated by commas in the variable"),
        ("ssot.username", "ODOOOPS_GIT_USERNAME", "user name for http(s)"),
        ("ssot.token", "ODOOOPS_GIT_TOKEN", "reference to the token for http(s)"),
        ("ssot.ssh_key", "ODOOOPS_GIT_SSH_KEY", "path of the private key for ssh"),
        ("ssot.ssh_passphrase", "ODOOOPS_GIT_SSH_PASSPHRASE", "reference to the passphrase of the key"),
        ("ssot.known_hosts", "ODOOOPS_GIT_KNOWN_HOSTS", "path of the known_hosts file for ssh"),
        ("application.url", "ODOOOPS_APPLICATION", "the repository whose branches become environments"),
        ("application.username", "ODOOOPS_APPLICATION_USERNAME", "as for ssot"),
        ("application.token", "ODOOOPS_APPLICATION_TOKEN", "as for ssot"),
        ("application.ssh_key", "ODOOOPS_APPLICATION_SSH_KEY", "as for ssot"),
        ("application.ssh_passphrase", "ODOOOPS_APPLICATION_SSH_PASSPHRASE", "as for ssot"),
        ("application.known_hosts", "ODOOOPS_APPLICATION_KNOWN_HOSTS", "as for ssot"),
        ("store", "DATABASE_URL", "sqlite:PATH or a reference to a postgres:// URI"),
        ("state_dir", "ODOOOPS_STATE_DIR", "directory of the git cache, the embedded store and the evidence"),
        ("listen", "ODOOOPS_LISTEN", "address and port of the service"),
        ("interval", "ODOOOPS_INTERVAL", "time between two passes"),
        ("fetch_deadline", "ODOOOPS_FETCH_DEADLINE", "the longest that a fetch may take"),
        ("concurrency", "ODOOOPS_CONCURRENCY", "how many independent changes run side by side"),
        ("hook_secret", "ODOOOPS_HOOK_SECRET", "reference to the key that signs POST /hooks/reconcile"),
        ("record", "ODOOOPS_RECORD", "file for recorded provider traffic"),
        ("log.level", "ODOOOPS_LOG_LEVEL", "debug, info, warning or error"),
        ("log.format", "ODOOOPS_LOG_FORMAT", "text or json"),
        ("providers.digitalocean.token", "", "reference to the API token"),
        ("providers.digitalocean.api_url", "DIGITALOCEAN_API_URL", "base address of the API"),
    ]

    /// Reads and checks everything.
    ///
    /// - Throws: `ConfigurationFault` that names the key, and the line where the file holds it.
    public mutating func read(_ flags: ConfigurationFlags) throws(ConfigurationFault) -> Configuration {
        try readFile(flags.file)
        let configuredDirectory = try text("state_dir")
        let stateDirectory = absolute(configuredDirectory ?? defaultStateDirectory)
        let configuredStore = try text("store", flag: flags.store)
        var configuration = Configuration(
            stateDirectory: stateDirectory, store: try store(configuredStore, stateDirectory: stateDirectory),
            digitalOcean: try digitalOcean())
        configuration.ssot = try repository("ssot", flag: flags.ssot)
        configuration.application = try repository("application", flag: nil)
        configuration.ref = try text("ssot.ref", flag: flags.ref, default: "HEAD")
        configuration.roots = try roots(flags.roots)
        if let listen = try text("listen", flag: flags.listen) {
            (configuration.listenAddress, configuration.listenPort) = try Self.address(listen)
        }
        if let interval = try duration("interval", flag: flags.interval, at: 5...86_400) {
            configuration.interval = interval
        }
        if let deadline = try duration("fetch_deadline", flag: nil, at: 1...3_600) {
            configuration.fetchDeadline = deadline
        }
        if let text = try text("concurrency") {
            guard let count = Int(text), (1...64).contains(count) else {
                throw fault("CONF-0005", "concurrency is \(text) and has to be a number from 1 to 64", "concurrency")
            }
            configuration.concurrency = count
        }
        configuration.hookSecret = try reference("hook_secret")
        configuration.recordFile = try text("record", flag: flags.record).map(absolute)
        if let level: Log.Level = try choice("log.level", flag: flags.logLevel) { configuration.logLevel = level }
        if let format: Log.Format = try choice("log.format", flag: flags.logFormat) { configuration.logFormat = format }
        return configuration
    }

    // MARK: The file

    private mutating func readFile(_ path: String?) throws(ConfigurationFault) {
        let path = path ?? environment["ODOOOPS_CONFIG"]
        file = path ?? "\(workingDirectory)/reconciler.yaml"
        if path == nil, !FileSystem.exists(file) { return }
        let bytes: [UInt8]
        do {
            bytes = try FileSystem.read(file, limit: 1 << 20)
        } catch {
            throw ConfigurationFault(
                "CONF-0001", error.message, place: file, hint: "Name another file with --config FILE.")
        }
        let document = YAML.parse(bytes, file: file)
        if let diagnostic = document.diagnostics.first(where: { $0.severity == .error }) {
            throw ConfigurationFault(
                "CONF-0002", diagnostic.message, place: diagnostic.mark?.description, hint: diagnostic.hint)
        }
        guard let root = document.root else { return }
        try collect(root, prefix: "")
    }

    private mutating func collect(_ node: Node, prefix: String) throws(ConfigurationFault) {
        guard let entries = node.entries else {
            throw ConfigurationFault(
                "CONF-0003",
                "\(prefix.isEmpty ? "the configuration" : prefix) is \(node.shapeName) and has to be a mapping",
                place: node.mark(in: file).description)
        }
        for entry in entries {
            let key = prefix.isEmpty ? entry.key : "\(prefix).\(entry.key)"
            if Self.keys.contains(where: { $0.key == key }) {
                values[key] = (entry.value, entry.value.mark(in: file))
            } else if Self.keys.contains(where: { $0.key.hasPrefix(key + ".") }) {
                try collect(entry.value, prefix: key)
            } else {
                let known = Self.keys.map(\.key)
                let near = Suggestion.nearest(to: key, in: known)
                throw ConfigurationFault(
                    "CONF-0004", "the key \(key) is not known", place: entry.keyMark(in: file).description,
                    hint: near.map { "Did you mean \($0)?" } ?? "Known keys: \(known.joined(separator: ", ")).")
            }
        }
    }

    // MARK: Values

    private func fault(_ code: String, _ message: String, _ key: String, hint: String? = nil) -> ConfigurationFault {
        let variable = Self.keys.first { $0.key == key }?.variable ?? ""
        let place = !variable.isEmpty && environment[variable] != nil ? "$\(variable)" : values[key]?.mark.description
        return ConfigurationFault(code, message, place: place, hint: hint)
    }

    private func text(_ key: String) throws(ConfigurationFault) -> String? {
        if let variable = Self.keys.first(where: { $0.key == key })?.variable, !variable.isEmpty,
            let value = environment[variable], !value.isEmpty
        {
            return value
        }
        guard let (node, mark) = values[key] else { return nil }
        guard let scalar = node.scalar, !scalar.value.isNull else {
            throw ConfigurationFault(
                "CONF-0003", "\(key) is \(node.shapeName) and has to be a text", place: mark.description)
        }
        return scalar.text
    }

    private func text(_ key: String, flag: String?) throws(ConfigurationFault) -> String? {
        if let flag { return flag }
        return try text(key)
    }

    private func text(_ key: String, flag: String?, default value: String) throws(ConfigurationFault) -> String {
        guard let text = try text(key, flag: flag) else { return value }
        return text
    }

    private func reference(_ key: String) throws(ConfigurationFault) -> SecretReference? {
        guard let text = try text(key) else { return nil }
        guard let reference = SecretReference(text) else {
            throw fault(
                "CONF-0006", "\(key) has to be a reference to a secret and never the secret itself", key,
                hint: "Write env:NAME or file:PATH, and rotate the value if it was a real one.")
        }
        return reference
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, flag: String?
    ) throws(ConfigurationFault) -> Choice? {
        guard let text = try text(key, flag: flag) else { return nil }
        guard let value = Choice(rawValue: text) else {
            throw fault(
                "CONF-0007", "\(key) is \(text)", key,
                hint: "It has to be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return value
    }

    private func duration(
        _ key: String, flag: String?, at range: ClosedRange<Int64>
    ) throws(ConfigurationFault) -> Duration? {
        guard let text = try text(key, flag: flag) else { return nil }
        let units: [(String, Int64)] = [("s", 1), ("m", 60), ("h", 3_600)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let count = Int64(text.dropLast()), count > 0, count <= range.upperBound / factor else { break }
            let seconds = count * factor
            if range.contains(seconds) { return .seconds(seconds) }
        }
        throw fault(
            "CONF-0005", "\(key) is \(text)", key,
            hint: "Write a time between \(range.lowerBound)s and \(range.upperBound)s, such as 60s, 5m or 1h.")
    }

    private func repository(_ name: String, flag: String?) throws(ConfigurationFault) -> Configuration.Repository? {
        guard let url = try text("\(name).url", flag: flag) else { return nil }
        if let scheme = url.range(of: "://"), let at = url[scheme.upperBound...].firstIndex(of: "@"),
            url[scheme.upperBound..<at].contains(":")
        {
            throw fault(
                "CONF-0006", "\(name).url holds a password", "\(name).url",
                hint: "Take it out of the address and name it by reference: \(name).token: env:NAME.")
        }
        var repository = Configuration.Repository(url: url)
        repository.username = try text("\(name).username")
        repository.token = try reference("\(name).token")
        repository.sshKeyFile = try text("\(name).ssh_key").map(absolute)
        repository.sshPassphrase = try reference("\(name).ssh_passphrase")
        repository.knownHostsFile = try text("\(name).known_hosts").map(absolute)
        return repository
    }

    private func roots(_ flags: [String]) throws(ConfigurationFault) -> [String] {
        var roots = flags
        if roots.isEmpty, let variable = environment["ODOOOPS_ROOTS"], !variable.isEmpty {
            roots = variable.split(separator: ",").map(String.init)
        }
        if roots.isEmpty, let (node, mark) = values["ssot.roots"] {
            guard let items = node.items else {
                throw ConfigurationFault(
                    "CONF-0003", "ssot.roots is \(node.shapeName) and has to be a list", place: mark.description)
            }
            roots = items.compactMap { $0.scalar?.text }
        }
        if roots.isEmpty { return Configuration.defaultRoots }
        for root in roots where root.isEmpty || root.hasPrefix("/") || root.split(separator: "/").contains("..") {
            throw fault(
                "CONF-0008", "the root \(root) is not a path inside the repository", "ssot.roots",
                hint: "Write it relative to the top of the repository, such as infra/ssot.")
        }
        return roots.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }

    private func digitalOcean() throws(ConfigurationFault) -> Configuration.Provider {
        let configured = try reference("providers.digitalocean.token")
        let reference = configured ?? .environment("DIGITALOCEAN_ACCESS_TOKEN")
        let url = try text("providers.digitalocean.api_url", flag: nil, default: "https://api.digitalocean.com")
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw fault(
                "CONF-0009", "the address of DigitalOcean's API is \(url)", "providers.digitalocean.api_url",
                hint: "It begins with https://, or with http:// for a simulator on this machine.")
        }
        return Configuration.Provider(credential: reference, apiURL: url.hasSuffix("/") ? String(url.dropLast()) : url)
    }

    private func store(_ text: String?, stateDirectory: String) throws(ConfigurationFault) -> Secret {
        guard let text else { return Secret("sqlite:\(stateDirectory)/ops.sqlite") }
        if let reference = SecretReference(text) {
            guard let value = reference.resolve(in: environment) else {
                throw ConfigurationFault(
                    "CONF-0010", "the store's address is to come from \(reference), and nothing is there",
                    place: values["store"]?.mark.description, hint: "Set it, or use --store sqlite:PATH.")
            }
            return value
        }
        if text.hasPrefix("sqlite:") {
            let path = String(text.dropFirst(7))
            return Secret("sqlite:" + (path == ":memory:" ? path : absolute(path)))
        }
        guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") else {
            throw ConfigurationFault(
                "CONF-0011", "the store's address has a form that is not known",
                hint: "Write sqlite:PATH or postgres://USER@HOST/DATABASE.")
        }
        return Secret(text)
    }

    /// Reads `HOST:PORT`, `:PORT` or `[IPV6]:PORT`.
    ///
    /// - Throws: `ConfigurationFault`.
    public static func address(_ text: String) throws(ConfigurationFault) -> (String, UInt16) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw ConfigurationFault(
                "CONF-0012", "the listening address is \(text)", hint: "Write HOST:PORT, such as 127.0.0.1:8080.")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return (host.isEmpty ? "127.0.0.1" : host, port)
    }

    private var defaultStateDirectory: String {
        if let directory = environment["STATE_DIRECTORY"], !directory.isEmpty { return directory }
        return "\(workingDirectory)/.odooops-state"
    }

    private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)" }
}

extension String {
    /// The first place of a text, byte by byte.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        let (haystack, needle) = (Array(utf8), Array(text.utf8))
        guard !needle.isEmpty, haystack.count >= needle.count else { return nil }
        for start in 0...(haystack.count - needle.count)
        where haystack[start..<start + needle.count].elementsEqual(needle) {
            return utf8.index(
                utf8.startIndex, offsetBy: start)..<utf8.index(utf8.startIndex, offsetBy: start + needle.count)
        }
        return nil
    }
}
