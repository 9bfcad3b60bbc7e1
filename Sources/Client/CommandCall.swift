import Basics
import Formats
import HTTPClient

/// One command that somebody gave, with all that it needs to be carried out.
struct CommandCall: Sendable {
    let arguments: ParsedArguments
    let screen: Screen
    let surroundings: Surroundings
    let files: ClientFiles

    init(_ arguments: ParsedArguments, _ screen: Screen, _ surroundings: Surroundings) {
        self.arguments = arguments
        self.screen = screen
        self.surroundings = surroundings
        files = ClientFiles(environment: surroundings.environment)
    }

    var now: Timestamp { surroundings.time.now }

    /// The first positional argument; the parser has seen to it that it is there.
    var target: String { arguments.positionals.first ?? "" }

    // MARK: Whom to ask

    /// The context that the command speaks of, and its address.
    func place() throws(ClientFault) -> (name: String, address: ServiceAddress) {
        let environment = surroundings.environment
        let configuration = try files.configuration()
        let named = arguments.value("context") ?? environment["ODOOOPS_CONTEXT"].flatMap { $0.isEmpty ? nil : $0 }
        var url = arguments.value("url")
        if url == nil, arguments.value("context") == nil {
            url = environment["ODOOOPS_URL"].flatMap { $0.isEmpty ? nil : $0 }
        }
        if let named, configuration.context(named) == nil, url == nil {
            let near = Suggestion.nearest(to: named, in: configuration.contexts.map(\.name))
            throw .badContext(
                "there is no context \(named)",
                hint: near.map { "Did you mean --context \($0)? See all: odooops context list" }
                    ?? "Add it: odooops context add \(named) --url URL. See all: odooops context list")
        }
        let text = url ?? configuration.context(named ?? configuration.current ?? "")?.url ?? ServiceAddress.standard
        let address = try ServiceAddress(text)
        // An address alone is that of the context in use, of another one, or of none: no login is kept in another's place.
        let current = configuration.current.flatMap { configuration.context($0) }
        let same = ([current].compactMap { $0 } + configuration.contexts).first { $0.url == address.text }
        return (named ?? (url == nil ? configuration.current : same?.name) ?? Credentials.nameless, address)
    }

    /// What proves who asks, from `--token-file`, the environment, or what `auth login` has kept for this very service.
    func credential(_ place: (name: String, address: ServiceAddress)) throws(ClientFault) -> Secret? {
        if let path = arguments.value("token-file") { return try secret(ofFile: path) }
        if let token = surroundings.environment["ODOOOPS_TOKEN"], !token.isEmpty { return Secret(token) }
        guard let entry = try files.credentials().entry(place.name, at: place.address.text) else { return nil }
        if let end = entry.expiresAt, end <= now {
            throw ClientFault(
                "ACCESS-0002", .forbidden, "the login of context \(place.name) ended \(end.minuteText)",
                hint: "Log in again: odooops auth login\(sameService)")
        }
        return entry.token
    }

    /// What gives the credential in place of a login that was kept; nil: nothing does.
    private var given: String? {
        if let path = arguments.value("token-file") { return path == "-" ? "standard input" : path }
        return surroundings.environment["ODOOOPS_TOKEN"]?.isEmpty == false ? "ODOOOPS_TOKEN" : nil
    }

    /// The options with which another command asks the service that this one asks; empty where it does so without them.
    var sameService: String {
        ["context", "url"].compactMap { name in arguments.value(name).map { " --\(name) \($0.shellQuoted)" } }.joined()
    }

    /// The service of this command.
    func connection(authenticated: Bool = true) throws -> ServiceConnection {
        let place = try place()
        let credential = try authenticated ? credential(place) : nil
        if credential != nil || !authenticated { try place.address.check(allowsPlain: arguments.has("allow-http")) }
        var connection = try connection(to: place.address, with: credential)
        connection.idempotencyKey = arguments.value("idempotency-key")
        connection.command = arguments.command.name
        connection.given = authenticated ? given : nil
        return connection
    }

    /// A service, asked with that very proof of who asks.
    func connection(
        to address: ServiceAddress, with credential: Secret?
    ) throws(ArgumentFault) -> ServiceConnection {
        ServiceConnection(
            address: address, credential: credential, timeout: try duration("timeout") ?? .seconds(30),
            transport: surroundings.transport, time: surroundings.time, version: ClientCommands.version,
            newKey: surroundings.newKey, sameService: sameService)
    }

    /// The one line of a file, or of standard input for `-`.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isNew: whether it is set by this: a second line is then refused, for whoever wrote it means it to count.
    /// - Returns: what it holds.
    /// - Throws: `ClientFault` where there is none.
    func secret(ofFile path: String, isNew: Bool = false) throws(ClientFault) -> Secret {
        let text: String?
        var rest: String?
        if path == "-" {
            // Who types it is asked for one line alone, which nobody else reads.
            let isTyped = surroundings.isTerminal(0)
            if isTyped { surroundings.errorOutput("Secret: ") }
            text = surroundings.readLine(isTyped)
            if isNew, text != nil, !isTyped { rest = surroundings.readLine(false) }
        } else {
            guard let bytes = try? FileSystem.read(path, limit: 1 << 16) else {
                throw .badFile("the file can't be read", path, hint: "Name a file that is there, and yours to read.")
            }
            guard FileSystem.isPrivate(path) else { throw .openToOthers(path) }
            let whole = String(decoding: bytes, as: UTF8.self)
            text = String(whole.prefix { $0 != "\n" && $0 != "\r\n" })
            if isNew { rest = whole.split(whereSeparator: \.isNewline).dropFirst().first.map(String.init) }
        }
        guard rest?.isEmpty ?? true else {
            throw .badFile(
                "the file holds more than one line", path, hint: "Write the password there alone, on one line.")
        }
        guard let text, !text.isEmpty, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 >= 0x80 }) else {
            throw .badFile("the file holds no secret", path, hint: "Write it there alone, on one line.")
        }
        return Secret(text)
    }

    // MARK: What options say

    /// `90s`, `10m`, `2h`, `7d`; nil where the option wasn't given.
    func duration(_ option: String) throws(ArgumentFault) -> Duration? {
        guard let text = arguments.value(option) else { return nil }
        guard let duration = Self.duration(text) else {
            throw ArgumentFault("--\(option) can't be \(text)", hint: "Write a time such as 90s, 10m, 2h or 7d.")
        }
        return duration
    }

    static func duration(_ text: String) -> Duration? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let last = text.last, let unit = units[last], let count = Int(text.dropLast()),
            (1...100_000_000).contains(count)
        else { return nil }
        return .seconds(count * unit)
    }

    /// A time from now or an instant, as the API takes it.
    func instant(_ option: String, back: Bool) throws(ArgumentFault) -> String? {
        guard let text = arguments.value(option) else { return nil }
        if let duration = Self.duration(text) { return (back ? now - duration : now + duration).description }
        if let instant = Timestamp(text) ?? Timestamp(date: text) { return instant.description }
        throw ArgumentFault(
            "--\(option) can't be \(text)",
            hint: "Write 7d, a day such as 2026-12-24, or an instant such as 2026-12-24T08:00:00Z.")
    }

    /// Minutes for `--for`.
    func minutes() throws(ArgumentFault) -> Value? {
        guard let duration = try duration("for") else { return nil }
        let minutes = duration.components.seconds / 60
        guard (1...43_200).contains(minutes) else {
            throw ArgumentFault("--for can't be \(arguments.value("for") ?? "")", hint: "Write a time from 1m to 30d.")
        }
        return .int(minutes)
    }

    /// A whole number.
    func number(_ option: String, in range: ClosedRange<Int>) throws(ArgumentFault) -> Int? {
        guard let text = arguments.value(option) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw ArgumentFault(
                "--\(option) can't be \(text)", hint: "Write a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// The option, which has to be there.
    func required(_ option: String, _ example: String) throws(ArgumentFault) -> String {
        guard let text = arguments.value(option) else {
            throw ArgumentFault(
                "--\(option) is missing", hint: "Run: odooops \(arguments.command.name) \(example)")
        }
        return text
    }

    /// An object of those members that there are.
    static func body(_ members: [(String, Value?)]) -> Value {
        var object = Value.Object()
        for (name, value) in members { if let value { object[name] = value } }
        return .object(object)
    }

    func textValue(_ option: String) -> Value? { arguments.value(option).map { .string($0) } }

    // MARK: Answering

    /// Prints a document with `--json`, and otherwise what it says to people.
    func answer(_ document: Value, _ text: @autoclosure () -> String) -> ClientExit {
        if screen.isJSON { screen.json(document) } else { screen.print(text()) }
        return .done
    }

    /// Says that what was asked for is done, or prints its document.
    func told(_ text: @autoclosure () -> String, _ document: Value) -> ClientExit {
        answer(document, "\(screen.paint.green("✓")) \(text())")
    }

    // MARK: Asking

    /// Has somebody confirm what can't be taken back: by `--confirm`, or by typing a name on a terminal.
    ///
    /// - Parameters:
    ///   - what: what is going to happen.
    ///   - name: what has to be typed.
    ///   - positionals: those of the command that the refusal suggests, where `latest` may be another one by then.
    ///   - unseen: whether `--confirm` can't mean it, for nobody was shown yet what it is.
    /// - Throws: `ClientFault` where nobody confirmed it.
    func confirm(
        _ what: String, typing name: String, for positionals: [String]? = nil, unseen: Bool = false
    ) throws(ClientFault) {
        if arguments.has("confirm"), !unseen { return }
        let words = again(positionals ?? arguments.positionals).joined(separator: " ")
        if surroundings.isTerminal(0), surroundings.isTerminal(2), !screen.isJSON {
            surroundings.errorOutput(
                "\(screen.errorPaint.yellow(Paint.plain(what)))\nType \(screen.errorPaint.bold(name)) to go on: ")
            if surroundings.readLine(false) == name { return }
        }
        throw .unconfirmed(what, command: "odooops \(words) --confirm")
    }

    /// The words of this command with all of its options but `--confirm`: left out, one of them could widen what is meant.
    private func again(_ positionals: [String]) -> [String] {
        let given = (arguments.command.options + ClientCommands.table.common).flatMap { option -> [String] in
            guard arguments.has(option.name), option.name != "confirm" else { return [] }
            return option.placeholder == nil
                ? ["--\(option.name)"]
                : arguments.all(option.name).flatMap { value in
                    ["--\(option.name)", (option.name == "url" ? ServiceAddress.shown(value) : value).shellQuoted]
                }
        }
        return [arguments.command.name] + positionals.map(\.shellQuoted) + given
    }

    /// The name of an environment: as it is, or that of the one environment of a branch or of a tier.
    ///
    /// People say `feature/crm` and `production` where the service knows names.
    func environment(_ given: String, _ connection: ServiceConnection) async throws(ClientFault) -> String {
        let tier = Self.tier(given)
        guard given.contains("/") || tier != nil else { return given }
        let filter: (String, String?) = given.contains("/") ? ("branch", given) : ("tier", tier)
        let rows = try await connection.get("/environments", [filter]).data.listValue ?? []
        var names = rows.filter { $0["status"]?.stringValue != "gone" }.compactMap { $0["name"]?.stringValue }
        // What is kept of one that is gone may still be asked for, by the branch that the list shows.
        if names.isEmpty, given.contains("/") { names = rows.compactMap { $0["name"]?.stringValue } }
        if let same = names.first(where: { $0 == given }) { return same }
        if names.count == 1, let only = names.first { return only }
        if names.isEmpty, !given.contains("/") { return given }
        throw ClientFault(
            "CLI-0012", names.isEmpty ? .notFound : .usage,
            names.isEmpty
                ? "no environment is of the branch \(given)"
                : "\(names.count) environments are meant by \(given): \(names.joined(separator: ", "))",
            hint: names.isEmpty ? "See all: odooops env list" : "Name one of them.")
    }

    /// A tier by its name or an alias; nil for anything else.
    static func tier(_ text: String) -> String? {
        switch text {
        case "production", "prod": "production"
        case "staging", "stage": "staging"
        case "dev", "develop", "development": "dev"
        case "preview": "preview"
        default: nil
        }
    }
}
