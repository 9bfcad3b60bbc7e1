import Basics
import Formats

/// What the command line says of the configuration; it wins over the environment, and that over the file.
public struct ConfigurationFlags: Sendable {
    /// The file of `--config`.
    public var file: String?
    /// The values of other flags by their name without dashes.
    public var values: [String: String] = [:]
    /// Every `--root`, in order.
    public var roots: [String] = []

    public init() {}
}

/// Reads `reconciler.yaml`, the environment and the flags.
public struct ConfigurationReader {
    let environment: [String: String]
    private let workingDirectory: String
    private(set) var file = ""
    private(set) var values: [String: (node: Node, mark: SourceMark)] = [:]
    private var flags = ConfigurationFlags()

    /// A reader for the variables and the working directory of a process.
    public init(environment: [String: String], workingDirectory: String) {
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// Reads and checks everything.
    ///
    /// - Throws: `ConfigurationFault` that names the key, and the line where the file holds it.
    public mutating func read(_ flags: ConfigurationFlags) throws(ConfigurationFault) -> Configuration {
        self.flags = flags
        try readFile(flags.file)
        let stateDirectory = absolute(try text("state_dir") ?? defaultStateDirectory)
        var configuration = Configuration(
            stateDirectory: stateDirectory, store: try store(in: stateDirectory), providers: try providers())
        configuration.ssot = try repository("ssot")
        configuration.application = try repository("application")
        if let ref = try text("ssot.ref") { configuration.ref = ref }
        configuration.roots = try roots()
        if let listen = try text("listen") {
            (configuration.listenAddress, configuration.listenPort) = try Self.address(listen, place: place("listen"))
        }
        configuration.address = try serviceAddress()
        configuration.tls = try tls()
        if let interval = try duration("interval", at: 5...86_400) { configuration.interval = interval }
        if let gap = try duration("pass_gap", at: 1...3_600) { configuration.passGap = gap }
        if let deadline = try duration("fetch_deadline", at: 1...3_600) { configuration.fetchDeadline = deadline }
        if let count = try count("concurrency", in: 1...64) { configuration.concurrency = count }
        if let lease = try duration("lease", at: 5...3_600) { configuration.lease = lease }
        if let count = try count("shards", in: 1...64) { configuration.shards = count }
        if let name = try text("installation") {
            let isName = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
            guard isName, (1...40).contains(name.utf8.count) else {
                throw fault(
                    "CONF-0005", "installation can't be \(name)", "installation",
                    hint: "Write small letters, digits and -, at most 40, such as emea.")
            }
            configuration.installation = name
        }
        configuration.hookSecret = try reference("hook_secret")
        try readHooks(into: &configuration)
        configuration.notifications = try notifications()
        try readOperations(into: &configuration)
        configuration.schedules = try schedules()
        try readAccess(into: &configuration.access)
        configuration.recordFile = try text("record").map(absolute)
        if let level: Log.Level = try choice("log.level") { configuration.logLevel = level }
        if let format: Log.Format = try choice("log.format") { configuration.logFormat = format }
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
                place: node.mark(in: file).description,
                hint: "Write keys and values below it; see docs/configuration.md.")
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
                    hint: near.map { "Did you mean \($0)?" } ?? "It knows \(known.joined(separator: ", ")).")
            }
        }
    }

    // MARK: Values

    /// Where a value comes from, so that a person mends it there: a flag, a variable, or a line of the file.
    private func place(_ key: String) -> String? {
        let spec = Self.keys.first { $0.key == key }
        if let flag = spec?.flag, flags.values[flag] != nil || flag == "root" && !flags.roots.isEmpty {
            return "--\(flag)"
        }
        if let variable = spec?.variable, environment[variable]?.isEmpty == false { return "$\(variable)" }
        return values[key]?.mark.description
    }

    func fault(_ code: String, _ message: String, _ key: String, hint: String?) -> ConfigurationFault {
        ConfigurationFault(code, message, place: place(key), hint: hint)
    }

    func text(_ key: String) throws(ConfigurationFault) -> String? {
        let spec = Self.keys.first { $0.key == key }
        if let flag = spec?.flag, let value = flags.values[flag] { return value }
        if let variable = spec?.variable, let value = environment[variable], !value.isEmpty { return value }
        guard let (node, mark) = values[key], node.scalar?.value.isNull != true else { return nil }
        guard let scalar = node.scalar else {
            throw ConfigurationFault(
                "CONF-0003", "\(key) is \(node.shapeName) and has to be a text", place: mark.description,
                hint: "Write \(key.split(separator: ".").last ?? ""): VALUE on one line.")
        }
        return scalar.text
    }

    func reference(_ key: String) throws(ConfigurationFault) -> SecretReference? {
        guard let text = try text(key) else { return nil }
        guard let reference = SecretReference(text) else {
            throw fault(
                "CONF-0006", "\(key) has to be a reference to a secret and never the secret itself", key,
                hint: "Write env:NAME or file:PATH, and rotate the value if it was a real one.")
        }
        return located(reference)
    }

    /// A path that means the same wherever the program is started.
    func located(_ reference: SecretReference) -> SecretReference {
        guard case .file(let path) = reference else { return reference }
        return .file(absolute(path))
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String
    ) throws(ConfigurationFault) -> Choice? {
        guard let text = try text(key) else { return nil }
        guard let value = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue)
            let near = Suggestion.nearest(to: text, in: names).map { "Did you mean \($0)? " } ?? ""
            throw fault(
                "CONF-0007", "\(key) can't be \(text)", key,
                hint: "\(near)It is one of \(names.joined(separator: ", ")).")
        }
        return value
    }

    func duration(_ key: String, at range: ClosedRange<Int64>) throws(ConfigurationFault) -> Duration? {
        guard let text = try text(key) else { return nil }
        let span = Duration.seconds(range.lowerBound)...Duration.seconds(range.upperBound)
        if let duration = Self.duration(text), span.contains(duration) { return duration }
        let (shortest, longest) = (Duration.seconds(range.lowerBound), Duration.seconds(range.upperBound))
        throw fault(
            "CONF-0005", "\(key) can't be \(text)", key,
            hint: "Write a time from \(shortest.shortText) to \(longest.shortText), such as 60s, 5m, 1h or 7d.")
    }

    /// `90s`, `5m`, `1h` or `3d`; nil for all else.
    static func duration(_ text: String) -> Duration? {
        let units: [(String, Int64)] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let count = Int64(text.dropLast()), (1...1_000_000).contains(count) else { return nil }
            return .seconds(count * factor)
        }
        return nil
    }

    private func repository(_ name: String) throws(ConfigurationFault) -> Configuration.Repository? {
        // Read first: a secret that was pasted is one wherever the address stands.
        let token = try reference("\(name).token")
        let passphrase = try reference("\(name).ssh_passphrase")
        guard let url = try text("\(name).url") else { return nil }
        if let user = Self.userInformation(url), user.contains(":") || Redaction.looksSecret(value: user) {
            throw fault(
                "CONF-0006", "\(name).url holds a \(user.contains(":") ? "password" : "token")", "\(name).url",
                hint: "Take it out of the address and name it by reference: \(name).token: env:NAME.")
        }
        var repository = Configuration.Repository(url: Self.isLocal(url) ? directory(url) : url)
        repository.username = try text("\(name).username")
        repository.token = token
        repository.sshKeyFile = try text("\(name).ssh_key").map(absolute)
        repository.sshPassphrase = passphrase
        repository.knownHostsFile = try text("\(name).known_hosts").map(absolute)
        return repository
    }

    /// Whether an address is a path; `host:path` is one of ssh unless a slash comes first, as git has it.
    private static func isLocal(_ url: String) -> Bool {
        guard let colon = url.firstIndex(of: ":") else { return true }
        return url[..<colon].contains("/") && url.range(of: "://") == nil
    }

    /// A path that means the same wherever the program is started next: the cache of a repository goes by it.
    private func directory(_ path: String) -> String {
        let parts = absolute(path).split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }

    /// What stands between `://` and the `@` before the host; nil where nothing does.
    private static func userInformation(_ url: String) -> Substring? {
        guard let scheme = url.range(of: "://") else { return nil }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return authority.lastIndex(of: "@").map { authority[..<$0] }
    }

    private func roots() throws(ConfigurationFault) -> [String] {
        var roots = flags.roots
        if roots.isEmpty, let variable = environment["ODOOOPS_ROOTS"], !variable.isEmpty {
            roots = variable.split(separator: ",").map(String.init)
        } else if roots.isEmpty, let (node, mark) = values["ssot.roots"], node.scalar?.value.isNull != true {
            guard let items = node.items else {
                throw ConfigurationFault(
                    "CONF-0003", "ssot.roots is \(node.shapeName) and has to be a list", place: mark.description,
                    hint: "Write roots: [ssot, infra/ssot].")
            }
            for item in items {
                guard let text = item.scalar?.text else {
                    throw ConfigurationFault(
                        "CONF-0003", "a root is \(item.shapeName) and has to be a text",
                        place: item.mark(in: file).description, hint: "Write roots: [ssot, infra/ssot].")
                }
                roots.append(text)
            }
        }
        if roots.isEmpty { return Configuration.defaultRoots }
        for root in roots where root.isEmpty || root.hasPrefix("/") || root.split(separator: "/").contains("..") {
            throw fault(
                "CONF-0008", "the root \(root) is not a path inside the repository", "ssot.roots",
                hint: "Write it relative to the top of the repository, such as infra/ssot.")
        }
        return roots.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }

    private func store(in stateDirectory: String) throws(ConfigurationFault) -> Secret {
        guard let text = try text("store") else { return Secret("sqlite:\(stateDirectory)/ops.sqlite") }
        if let reference = SecretReference(text) {
            guard let value = reference.follow(in: environment) else {
                throw fault(
                    "CONF-0010", "the store's address is to come from \(reference), and nothing is there", "store",
                    hint: "Set it, or use --store sqlite:PATH.")
            }
            return value
        }
        if text.hasPrefix("sqlite:"), text.utf8.count > 7 {
            let path = String(text.dropFirst(7))
            return Secret("sqlite:" + (path.hasPrefix(":memory:") ? path : absolute(path)))
        }
        guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") else {
            throw fault(
                "CONF-0011", "the store's address has a form that is not known", "store",
                hint: "Write sqlite:PATH or postgres://USER@HOST/DATABASE.")
        }
        // A flag or a variable is gone with the process; a file is committed and copied.
        if place("store")?.hasPrefix(file) == true, Self.userInformation(text)?.contains(":") == true {
            throw fault(
                "CONF-0006", "store holds a password", "store",
                hint: "Write store: env:DATABASE_URL, put the address into that variable, and rotate the password.")
        }
        return Secret(text)
    }

    /// Reads `HOST:PORT`, `:PORT` or `[IPV6]:PORT`; the host is an address or `localhost`.
    ///
    /// - Throws: `ConfigurationFault`.
    public static func address(
        _ text: String, place: String? = nil
    ) throws(ConfigurationFault) -> (host: String, port: UInt16) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw ConfigurationFault(
                "CONF-0012", "the service can't listen at \(text)", place: place,
                hint: "Write HOST:PORT, such as 127.0.0.1:8080.")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.isEmpty || host == "localhost" { host = "127.0.0.1" }
        return (host, port)
    }

    private var defaultStateDirectory: String {
        if let directory = environment["STATE_DIRECTORY"], !directory.isEmpty { return directory }
        return "\(workingDirectory)/.odooops-state"
    }

    func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return workingDirectory == "/" ? "/\(path)" : "\(workingDirectory)/\(path)"
    }
}

extension String {
    /// The first place of a text, byte by byte.
    func range(of text: String) -> Range<String.Index>? {
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
