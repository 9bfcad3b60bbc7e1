import Basics
import ConsoleAccess
import Formats
import Reconciler
import Store

/// `reconcile access user|key add|list|revoke`.
struct AccessCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    // MARK: Users

    func addUser() async throws -> ExitStatus {
        let name = try Self.checked(context.arguments.positionals[0])
        let password = try password()
        let grants = try grants()
        let (change, notes) = try await context.withStore { store in
            let known = try await store.user(named: name)
            if known == nil, grants == nil {
                throw try await roleIsMissing(name, hasPassword: password != nil, store)
            }
            let change = try await control(store).putUser(
                name, password: password, grants: grants, by: context.actor)
            return (change, try await self.notes(on: grants ?? [], store))
        }
        if context.terminal.isJSON {
            var object = change.loss.added()
            object["name"] = .string(name)
            object["new"] = .bool(change.isNew)
            object["notes"] = .strings(notes)
            context.terminal.json(.object(object))
        } else {
            context.terminal.print(
                "\(name) \(change.isNew ? "has access" : "was changed")"
                    + "\(password == nil ? "" : " and logs in with that password")."
                    + " Recorded in the audit log as \(context.actor)." + Self.text(of: change.loss))
            remark(notes)
        }
        return .done
    }

    /// The first one has to be an owner who can log in: from then on everybody is asked for a login.
    private func roleIsMissing(_ name: String, hasPassword: Bool, _ store: Store) async throws -> ArgumentFault {
        let isFirst = try await !store.hasAccounts()
        let file = context.arguments.value("password-file")?.shellQuoted ?? "FILE"
        return ArgumentFault(
            isFirst ? "--role is missing, and nobody has access yet" : "--role is missing",
            hint: "Run: reconcile access user add \(name.shellQuoted) --role \(isFirst ? "owner" : "viewer")"
                + (isFirst || hasPassword ? " --password-file \(file)" : ""))
    }

    func listUsers() async throws -> ExitStatus {
        let users = try await context.withStore { store in try await store.users() }
        if context.terminal.isJSON {
            context.terminal.json(
                .list(
                    users.map { user in
                        .object([
                            "name": .string(user.name), "roles": .strings(user.grants),
                            "password": .bool(user.passwordHash != nil),
                            "created_at": .string(user.createdAt.description),
                            "revoked_at": .text(user.disabledAt?.description),
                        ])
                    }))
            return .done
        }
        guard !users.isEmpty else {
            context.terminal.print(
                "Nobody has access yet. Make the first owner: \(AccessFault.firstOwner)")
            return .done
        }
        var table = Table("NAME", "ROLES", "PASSWORD", "SINCE", "REVOKED")
        for user in users {
            table.add(
                user.name, user.grants.joined(separator: " "), user.passwordHash == nil ? "none" : "set",
                user.createdAt.minuteText, user.disabledAt?.minuteText ?? "-")
        }
        context.terminal.print(table.text(context.terminal.paint))
        return .done
    }

    func revokeUser() async throws -> ExitStatus {
        let name = context.arguments.positionals[0]
        let loss = try await context.withStore { store in
            try await store.disableUser(name, audit: audit("access.user.revoke", name))
        }
        guard let loss else {
            throw ArgumentFault("no user \(name) has access", hint: "List them with: reconcile access user list")
        }
        return revoked(name, loss)
    }

    // MARK: Keys

    func addKey() async throws -> ExitStatus {
        let name = try Self.checked(context.arguments.positionals[0])
        guard let grants = try grants() else {
            throw ArgumentFault(
                "--role is missing", hint: "Run: reconcile access key add \(name) --role viewer")
        }
        let scopes = try context.arguments.all("scope").map { text in
            guard let scope = Permission(rawValue: text) else {
                throw ArgumentFault(
                    "--scope can't be \(text)",
                    hint: "It is one of \(Permission.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            return scope
        }
        var lasting: Duration?
        if let text = context.arguments.value("days") {
            guard let days = Int(text), (1...3_650).contains(days) else {
                throw ArgumentFault("--days can't be \(text)", hint: "Write a number of days from 1 to 3650.")
            }
            lasting = .days(days)
        }
        let (added, notes) = try await context.withStore { store in
            let added = try await control(store).addKey(
                name, grants: grants, scopes: scopes.isEmpty ? nil : scopes, lasting: lasting, by: context.actor)
            return (added, try await self.notes(on: grants, store))
        }
        added.key.reveal { key in
            if context.terminal.isJSON {
                context.terminal.json([
                    "name": .string(name), "id": .string(added.account.id), "key": .string(key),
                    "expires_at": .text(added.account.expiresAt?.description), "notes": .strings(notes),
                ])
            } else {
                // Alone, for what reads it from here writes all of it where a key belongs.
                context.terminal.print(key)
                context.terminal.remark("This is the only time that it is shown: keep it where secrets are kept.")
                remark(notes)
            }
        }
        return .done
    }

    func listKeys() async throws -> ExitStatus {
        let keys = try await context.withStore { store in try await store.keys() }
        if context.terminal.isJSON {
            context.terminal.json(
                .list(
                    keys.map { key in
                        .object([
                            "id": .string(key.id), "name": .string(key.name), "roles": .strings(key.grants),
                            "scopes": key.scopes.map { .strings($0) } ?? .null, "created_by": .string(key.createdBy),
                            "created_at": .string(key.createdAt.description),
                            "expires_at": .text(key.expiresAt?.description),
                            "revoked_at": .text(key.revokedAt?.description),
                        ])
                    }))
            return .done
        }
        guard !keys.isEmpty else {
            context.terminal.print("There is no key yet. Make one: reconcile access key add NAME --role viewer")
            return .done
        }
        var table = Table("NAME", "ROLES", "SCOPES", "BY", "SINCE", "UNTIL", "REVOKED")
        for key in keys {
            table.add(
                key.name, key.grants.joined(separator: " "), key.scopes?.joined(separator: " ") ?? "all", key.createdBy,
                key.createdAt.minuteText, key.expiresAt?.minuteText ?? "-", key.revokedAt?.minuteText ?? "-")
        }
        context.terminal.print(table.text(context.terminal.paint))
        return .done
    }

    func revokeKey() async throws -> ExitStatus {
        let name = context.arguments.positionals[0]
        let loss = try await context.withStore { store in
            try await store.revokeKey(name, audit: audit("access.key.revoke", name))
        }
        guard let loss else {
            throw ArgumentFault("no key \(name) is in use", hint: "List them with: reconcile access key list")
        }
        return revoked(name, loss)
    }

    // MARK: What they share

    private func revoked(_ name: String, _ loss: AccessLoss) -> ExitStatus {
        if context.terminal.isJSON {
            var object = loss.added()
            object["revoked"] = .string(name)
            context.terminal.json(.object(object))
        } else {
            context.terminal.print(
                "\(name) has no access any more; a running service knows it within seconds." + Self.text(of: loss))
        }
        return .done
    }

    /// What went with the access, and what is left of theirs, each on its own line.
    private static func text(of loss: AccessLoss) -> String {
        let approvals = loss.approvals.map { "\nTaken back, and waits for an approval again: \($0)" }
        let keys = loss.keys.map { "\nA key of theirs still opens: reconcile access key revoke \($0)" }
        return (approvals + keys).joined()
    }

    /// What may not be meant: roles at environments that the store knows none of, and in other projects.
    private func notes(on grants: [Grant], _ store: Store) async throws -> [String] {
        try await Grant.notes(on: grants, in: store, project: context.configuration().access.project)
    }

    /// On standard error: what is on standard output may be written where only a key belongs.
    private func remark(_ notes: [String]) {
        for note in notes { context.terminal.remark("note: \(note)") }
    }

    private func control(_ store: Store) throws -> AccessControl {
        var settings = AccessSettings(isLoopback: true)
        settings.project = try context.configuration().access.project
        return AccessControl(store: store, settings: settings, time: SystemTime())
    }

    private func audit(_ action: String, _ target: String) -> AuditRecord {
        Actor(context.actor).audit(action, of: target, at: SystemTime().now)
    }

    private static func checked(_ name: String) throws(ArgumentFault) -> String {
        let isSound =
            name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x3A } && (1...64).contains(name.utf8.count)
        guard isSound else {
            throw ArgumentFault(
                "\(name) can't be a name", hint: "Take 1 to 64 characters without spaces and colons.")
        }
        return name
    }

    /// The roles of `--role`; nil where none was given.
    private func grants() throws(ArgumentFault) -> [Grant]? {
        var grants: [Grant] = []
        for text in context.arguments.all("role") {
            guard let grant = Grant(text) else {
                throw ArgumentFault(
                    "--role can't be \(text)",
                    hint: "Write owner, admin, developer or viewer; and @ENVIRONMENT where it holds only there.")
            }
            grants.append(grant)
        }
        return grants.isEmpty ? nil : grants
    }

    /// The password of `--password-file`, of which `-` is standard input; nil where it wasn't given.
    private func password() throws -> Secret? {
        guard let path = context.arguments.value("password-file") else { return nil }
        var text: String
        do throws(FileSystemFault) {
            if path == "-", StandardInput.isTerminal {
                StandardStreams.error("Password: ")
                text = StandardInput.secretLine() ?? ""
            } else {
                let file = path == "-" ? "/dev/stdin" : path
                text = String(decoding: try FileSystem.read(file, limit: 1 << 16), as: UTF8.self)
            }
        } catch {
            throw ArgumentFault(
                "--password-file \(path): \(error.message)",
                hint: error.hint ?? "Name a file that holds the password alone, on one line; - reads standard input.")
        }
        while text.last?.isNewline == true { text.removeLast() }
        guard !text.isEmpty else {
            throw ArgumentFault(
                "--password-file \(path) holds no password",
                hint: "Write it there alone, on one line; - reads standard input.")
        }
        // Nobody could type it where they log in, and no request may carry it.
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ArgumentFault(
                "--password-file \(path) holds more than one line, or a character that nobody can type",
                hint: "Write the password there alone, on one line; - reads standard input.")
        }
        return Secret(text)
    }
}
