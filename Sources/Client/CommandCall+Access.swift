import Basics
import Formats
import HTTPClient

extension CommandCall {
    func logIn() async throws -> ClientExit {
        let place = try place()
        try place.address.check(allowsPlain: arguments.has("allow-http"))
        var credentials = try files.credentials()
        if let path = arguments.value("key-file") {
            return try await keep(secret(ofFile: path), at: place, &credentials)
        }
        let isAsking = surroundings.isTerminal(0) && surroundings.isTerminal(2)
        var user = arguments.value("user")
        if user == nil, isAsking {
            surroundings.errorOutput("Name at \(place.address.text): ")
            user = surroundings.readLine(false)
        }
        guard let user, !user.isEmpty else { _ = try required("user", "--user NAME"); return .usage }
        let password: Secret
        if let path = arguments.value("password-file") {
            password = try secret(ofFile: path)
        } else if isAsking {
            surroundings.errorOutput("Password of \(user): ")
            password = Secret(surroundings.readLine(true) ?? "")
        } else {
            throw ArgumentFault(
                "nobody is there to be asked for the password",
                hint: "Run: odooops auth login --user \(user) --password-file -")
        }
        let body = Self.body([("name", .string(user)), ("password", password.reveal { .string($0) })])
        let connection = try connection(authenticated: false)
        let data = try await connection.write("POST", "/auth/login", body, isRepeatable: false).data
        guard let token = data["token"]?.stringValue else {
            throw ClientFault.strange("the login gave no token", place.address)
        }
        let end = data["expires_at"]?.instantValue
        credentials.put(
            Credentials.Entry(
                context: place.name, url: place.address.text, token: Secret(token), user: user, expiresAt: end))
        try files.write(credentials)
        let exit = told(
            "Logged in at \(place.address.text) as \(user)\(end.map { " until \($0.minuteText)" } ?? "").",
            Self.body([
                ("user", .string(user)), ("expires_at", data["expires_at"]), ("service", .string(place.address.text)),
            ]))
        if !screen.isJSON { try remarkOnDefault(place.address) }
        return exit
    }

    /// Says how a service that is asked only where its address is given is asked from now on.
    private func remarkOnDefault(_ address: ServiceAddress) throws(ClientFault) {
        guard arguments.value("url") != nil, surroundings.environment["ODOOOPS_URL"]?.isEmpty ?? true else { return }
        let configuration = try files.configuration()
        let current = configuration.current.flatMap { configuration.context($0)?.url } ?? ServiceAddress.standard
        guard current != address.text else { return }
        let known = configuration.contexts.first { $0.url == address.text }
        let command =
            known.map { "odooops context use \($0.name)" }
            ?? "odooops context add NAME --url \(address.text)"
            + (configuration.current == nil ? "" : ", then odooops context use NAME")
        screen.remark("Without --url other commands ask \(ServiceAddress.shown(current)). To ask this one: \(command)")
    }

    /// Keeps a key, once the service has taken it.
    private func keep(
        _ key: Secret, at place: (name: String, address: ServiceAddress), _ credentials: inout Credentials
    ) async throws -> ClientExit {
        let connection = try connection(to: place.address, with: key)
        let who = try await connection.get("/auth/whoami").data
        let name = who.shown("name")
        credentials.put(
            Credentials.Entry(context: place.name, url: place.address.text, token: key, user: name, expiresAt: nil))
        try files.write(credentials)
        let exit = told("\(place.address.text) takes you for \(name).", who)
        if !screen.isJSON { try remarkOnDefault(place.address) }
        return exit
    }

    func logOut() async throws -> ClientExit {
        let place = try place()
        var credentials = try files.credentials()
        // A name may have had another address when somebody logged in; what has none is known by its address alone.
        let kept =
            credentials.entry(place.name, at: place.address.text)
            ?? credentials.entries.first { $0.context == place.name && place.name != Credentials.nameless }
        let wasKept = kept != nil
        // Ended where it counts first: a token that is only forgotten here is still one to whoever has read it.
        let isEnded = await end(kept, at: place)
        if let kept { credentials.remove(kept) }
        if wasKept { try files.write(credentials) }
        let document: Value = [
            "context": .string(place.name), "forgotten": .bool(wasKept), "ended": .bool(isEnded),
        ]
        return wasKept
            ? told("The login at \(place.address.text) is \(isEnded ? "ended and " : "")forgotten.", document)
            : answer(document, "Nothing was kept.")
    }

    /// Has the service end a login, and says whether it did.
    ///
    /// A key is no login: it goes on elsewhere, and an owner takes it back.
    private func end(_ kept: Credentials.Entry?, at place: (name: String, address: ServiceAddress)) async -> Bool {
        guard let kept, let last = kept.expiresAt, last > now, kept.url == place.address.text else { return false }
        do {
            try place.address.check(allowsPlain: arguments.has("allow-http"))
            let connection = try connection(to: place.address, with: kept.token)
            _ = try await connection.write("POST", "/auth/logout", isRepeatable: false)
            return true
        } catch {
            let reason = (error as? any Fault)?.message ?? "it could not be asked"
            screen.remark("The service did not end the login, which counts until \(last.minuteText): \(reason)")
            return false
        }
    }

    func whoami() async throws -> ClientExit {
        let connection = try connection()
        let who = try await connection.get("/auth/whoami").data
        return answer(
            who,
            block([
                ("name", screen.paint.bold(who.shown("name"))), ("kind", who.shown("kind")),
                ("role", who.shown("role")), ("roles", who.shown("grants")), ("may", who.shown("permissions")),
                ("service", connection.address.text),
            ]))
    }

    func printToken() throws -> ClientExit {
        guard let credential = try credential(place()) else {
            throw ClientFault(
                "ACCESS-0001", .forbidden, "no login is kept for this service",
                hint: "Log in: odooops auth login\(sameService)")
        }
        credential.reveal { token in
            if screen.isJSON { screen.json(["token": .string(token)]) } else { screen.raw(token + "\n") }
        }
        return .done
    }

    // MARK: Keys

    func addKey() async throws -> ClientExit {
        let roles = try givenRoles()
        if roles.isEmpty { _ = try required("role", "\(target) --role viewer") }
        let scopes = arguments.all("scope")
        let body = Self.body([
            ("name", .string(target)), ("roles", .strings(roles)), ("scopes", scopes.isEmpty ? nil : .strings(scopes)),
            ("days", try number("days", in: 1...3_650).map { .int(Int64($0)) }),
        ])
        let data = try await connection().write("POST", "/access/keys", body).data
        // Nothing opens anything here: whoever writes it into a file must not take it for a key.
        guard let key = data["key"]?.stringValue else {
            var again = ["odooops", "keys", "add", target.shellQuoted]
            for name in ["role", "scope"] {
                again += arguments.all(name).flatMap { ["--\(name)", $0.shellQuoted] }
            }
            if let days = arguments.value("days") { again += ["--days", days.shellQuoted] }
            throw ClientFault.shownBefore(target, again: again.joined(separator: " "))
        }
        if screen.isJSON {
            screen.json(data)
        } else {
            screen.raw(key + "\n")
            screen.remark("This is the only time that it is shown: keep it where secrets are kept.")
        }
        remarkOnNotes(of: data)
        return .done
    }

    func revokeKey() async throws -> ClientExit {
        try confirm("what uses the key \(target) is locked out at once", typing: target)
        let data = try await connection().write("DELETE", "/access/keys/\(target.percentEncoded)").data
        return told("\(target) opens nothing any more." + Self.loss(in: data), data)
    }

    // MARK: Contexts

    func listContexts() throws -> ClientExit {
        let configuration = try files.configuration()
        let credentials = try files.credentials()
        let current = try? place()
        let rows = configuration.contexts.map { context -> (ClientConfiguration.Context, String, Bool) in
            // Somebody may have written an address with a password into the file.
            let shown = ClientConfiguration.Context(name: context.name, url: ServiceAddress.shown(context.url))
            let entry = credentials.entry(context.name, at: context.url)
            return (shown, entry.map { $0.user ?? "a key" } ?? "-", context.name == current?.name)
        }
        if screen.isJSON {
            screen.json(
                .list(
                    rows.map { context, login, isCurrent in
                        [
                            "name": .string(context.name), "url": .string(context.url), "current": .bool(isCurrent),
                            "login": login == "-" ? .null : .string(login),
                        ]
                    }))
            return .done
        }
        if rows.isEmpty {
            screen.print(
                "No service has a name yet; \(current?.address.text ?? ServiceAddress.standard) is asked. Name one: odooops context add NAME --url URL"
            )
            return .done
        }
        var table = Table(columns: [
            Table.Column("", importance: 9), Table.Column("NAME", importance: 8, wraps: true),
            Table.Column("URL", importance: 7, wraps: true),
            Table.Column("LOGIN", importance: 5),
        ])
        for (context, login, isCurrent) in rows {
            table.add(cells: [
                isCurrent ? screen.paint.green("*") : " ", context.name, Paint.plain(context.url), Paint.plain(login),
            ])
        }
        screen.print(table.text(screen.paint, width: screen.width))
        return .done
    }

    func useContext() throws -> ClientExit {
        var configuration = try files.configuration()
        try known(target, configuration)
        configuration.current = target
        try files.write(configuration)
        return told("\(target) is asked from now on.", ["current": .string(target)])
    }

    func addContext() throws -> ClientExit {
        guard ClientConfiguration.isName(target) else {
            throw ArgumentFault(
                "\(target) can't be a name", hint: "Take up to 64 letters, digits, dots, dashes and underscores.")
        }
        let address = try ServiceAddress(required("url", "\(target) --url \(ServiceAddress.standard)"))
        var configuration = try files.configuration()
        // Its login would stay behind, and count on.
        if let known = configuration.context(target), known.url != address.text {
            throw ArgumentFault(
                "there is a service \(target) already, at \(known.url)",
                hint: "Take another name, or remove it first: odooops context remove \(target)")
        }
        configuration.put(ClientConfiguration.Context(name: target, url: address.text))
        try files.write(configuration)
        let isCurrent = configuration.current == target
        let hasLogin = try files.credentials().entry(target, at: address.text) != nil
        return told(
            isCurrent
                ? "\(target) is asked from now on"
                    + (hasLogin ? ", with the login that is kept for it." : ". Log in: odooops auth login")
                : "\(target) is known. Ask it from now on: odooops context use \(target)",
            ["name": .string(target), "url": .string(address.text), "current": .bool(isCurrent)])
    }

    func removeContext() throws -> ClientExit {
        var configuration = try files.configuration()
        try known(target, configuration)
        let address = configuration.context(target)?.url
        configuration.remove(target)
        // The login goes first: what is left of a half done removal opens nothing.
        var credentials = try files.credentials()
        let kept = credentials.entries.filter {
            $0.context == target && (target != Credentials.nameless || $0.url == address)
        }
        for entry in kept { credentials.remove(entry) }
        if !kept.isEmpty { try files.write(credentials) }
        try files.write(configuration)
        return told("\(target) is forgotten.", ["removed": .string(target)])
    }

    private func known(_ name: String, _ configuration: ClientConfiguration) throws(ClientFault) {
        guard configuration.context(name) == nil else { return }
        let near = Suggestion.nearest(to: name, in: configuration.contexts.map(\.name))
        throw .badContext(
            "there is no context \(name)",
            hint: near.map { "Did you mean \($0)? See all: odooops context list" }
                ?? "Add it: odooops context add \(name.shellQuoted) --url URL. See all: odooops context list")
    }
}
