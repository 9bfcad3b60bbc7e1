internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats

extension PostgresDriver {
    public func steps(for change: PlannedChange) -> [Step] {
        let isDatabase = change.key.kind == .serverDatabase
        let mark: Step.Operation = ("mark", "mark as ours in its comment", false)
        // A database is made outside of any transaction, so its mark is an effect of its own; a role's is not.
        let creation: [Step.Operation] = [("create", "create", true)] + (isDatabase ? [mark] : [])
        let updates: [Step.Operation] = change.attributes.map(\.path).sorted { $0.precedesByBytes($1) }
            .map { ("set:\($0)", "set \($0)", false) }
        let operations: [Step.Operation] =
            switch change.action {
            case .noop, .forget, .read: []
            case .create: creation
            case .delete: [("drop", "drop", false)]
            case .replace: [("drop", "drop", false)] + creation
            case .adopt: [mark] + updates
            case .update: updates
            }
        return Step.list(operations, of: change.key)
    }

    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        do throws(ProviderFault) {
            guard let name = Identifier(step.key.name) else {
                throw impossible(step, "a name has 1 to 63 bytes: the server would cut \(step.key.name) off")
            }
            guard !isReserved(step.key) else { throw impossible(step, "\(name.name) belongs to the server") }
            let isDatabase = step.key.kind == .serverDatabase
            switch step.operation {
            case "create" where isDatabase:
                try await write(step, createDatabase(name, change.wanted, step))
            case "create": try await createRole(name, change.wanted, step)
            case "mark": try await mark(name, step)
            case "drop": return try await drop(name, step, change)
            case let operation where operation.hasPrefix("set:"):
                try await set(String(operation.dropFirst(4)), name, change, step)
            default: throw impossible(step, "this version knows no effect named \(step.operation)")
            }
            return await settle(step)
        } catch {
            return error.outcome
        }
    }

    // MARK: Effects

    private func createDatabase(
        _ name: Identifier, _ wanted: Attributes, _ step: Step
    ) throws(ProviderFault) -> String {
        var sql = "create database \(name.quoted)"
        for (attribute, word) in [("owner", "owner"), ("template", "template")] {
            if let text = wanted[attribute]?.stringValue { sql += " \(word) \(try identifier(text, step).quoted)" }
        }
        if let text = wanted["encoding"]?.stringValue { sql += " encoding \(literal(text))" }
        if let text = wanted["locale"]?.stringValue { sql += " lc_collate \(literal(text)) lc_ctype \(literal(text))" }
        // The first template may hold anything; one of another encoding or locale can only be made of the empty one.
        if wanted["template"] == nil, wanted["encoding"] != nil || wanted["locale"] != nil {
            sql += " template template0"
        }
        if let limit = wanted["connection_limit"]?.intValue { sql += " connection limit \(limit)" }
        return sql
    }

    private func createRole(_ name: Identifier, _ wanted: Attributes, _ step: Step) async throws(ProviderFault) {
        var sql = "create role \(name.quoted) nosuperuser"
        for attribute in ["createdb", "createrole", "login"] {
            sql += wanted[attribute]?.boolValue == true ? " \(attribute)" : " no\(attribute)"
        }
        if let limit = wanted["connection_limit"]?.intValue { sql += " connection limit \(limit)" }
        var verifier: Secret?
        if let text = wanted["password"]?.stringValue {
            guard let reference = SecretReference(text), let password = resolve(reference) else {
                throw .make(
                    .noPassword, site(step),
                    "the password of \(name.name) is no reference, or points to nothing",
                    hint: "write env:NAME or "
                        + "file:PATH, and set what it names", .stop)
            }
            verifier = try await session.verifier(step.operation, of: password, user: name.name)
        }
        var rest = "; comment on role \(name.quoted) is \(literal(PostgresKinds.mark))"
        // Who is no superuser has to be a member of the role to give it a database, and to look after what it owns.
        let ours = try await session.run(
            "role.self", "select rolsuper::text from pg_catalog.pg_roles where rolname = current_user")
        if ours.first?.first != "true" { rest += "; grant \(name.quoted) to current_user" }
        for group in try await groups(wanted["member_of"], step) { rest += "; grant \(group.quoted) to \(name.quoted)" }
        // Several statements in one text are one transaction: the role is there with its mark, or not at all.
        session.heard(sql + (verifier == nil ? "" : " password <secret>") + rest)
        let start = sql
        if let verifier {
            try await write(step, verifier.reveal { "\(start) password \(literal($0))\(rest)" }, isHeard: false)
        } else {
            try await write(step, start + rest, isHeard: false)
        }
    }

    /// Adds the mark to a comment, and takes nothing away from it.
    private func mark(_ name: Identifier, _ step: Step) async throws(ProviderFault) {
        let isDatabase = step.key.kind == .serverDatabase
        let rows = try await session.run(
            "comment.read",
            isDatabase
                ? "select shobj_description(oid, 'pg_database') from pg_catalog.pg_database where datname = $1"
                : "select shobj_description(oid, 'pg_authid') from pg_catalog.pg_roles where rolname = $1", [name.name])
        let comment = rows.first?.first.flatMap { $0 } ?? ""
        if Self.isMarked(comment) { return }
        let text = comment.isEmpty ? PostgresKinds.mark : "\(comment) (\(PostgresKinds.mark))"
        try await write(step, "comment on \(isDatabase ? "database" : "role") \(name.quoted) is \(literal(text))")
    }

    /// Drops what carries the id that was planned, never by force: a database that is in use stays.
    private func drop(
        _ name: Identifier, _ step: Step, _ change: ResolvedChange
    ) async throws(ProviderFault) -> StepOutcome {
        guard change.change.action == .delete || change.change.action == .replace else {
            throw impossible(step, "nothing is dropped unless the plan deletes it")
        }
        guard let found = try await list(step.key.kind, name: name.name).first else { return .done(nil) }
        if let id = change.current?.providerID ?? change.change.providerID, id != found.providerID {
            throw .make(
                .impossible, site(step), "\(name.name) is another one than was planned to go: it was made anew",
                hint: "run `reconcile --dry-run`", .observeAgain)
        }
        guard found.attributes["superuser"] != .bool(true) else {
            throw impossible(step, "a superuser is never dropped")
        }
        do throws(ProviderFault) {
            try await write(step, "drop \(step.key.kind == .serverDatabase ? "database" : "role") \(name.quoted)")
        } catch {
            guard error.isNotFound else { throw error }
        }
        return .done(nil)
    }

    private func set(
        _ attribute: String, _ name: Identifier, _ change: ResolvedChange, _ step: Step
    ) async throws(ProviderFault) {
        let value = change.wanted[attribute]
        let isDatabase = step.key.kind == .serverDatabase
        let object = "alter \(isDatabase ? "database" : "role") \(name.quoted)"
        if !isDatabase, change.current?.attributes["superuser"] == .bool(true) {
            throw impossible(step, "a superuser is left alone")
        }
        switch (attribute, value) {
        case ("connection_limit", .int(let limit)): try await write(step, "\(object) connection limit \(limit)")
        case ("owner", .string(let owner)) where isDatabase:
            try await write(step, "\(object) owner to \(try identifier(owner, step).quoted)")
        case ("login", .bool(let flag)) where !isDatabase, ("createdb", .bool(let flag)) where !isDatabase,
            ("createrole", .bool(let flag)) where !isDatabase:
            try await write(step, "\(object) \(flag ? "" : "no")\(attribute)")
        case ("member_of", .list) where !isDatabase:
            let grants = try await groups(value, step).map { "grant \($0.quoted) to \(name.quoted)" }
            if !grants.isEmpty { try await write(step, grants.joined(separator: "; ")) }
        default: throw impossible(step, "\(attribute) can't be set to \(value?.json ?? "nothing")")
        }
    }

    // MARK: What they share

    private func write(_ step: Step, _ sql: String, isHeard: Bool = true) async throws(ProviderFault) {
        _ = try await session.run(
            "\(step.key.kind).\(step.operation)", sql, isWrite: true, isHeard: isHeard)
    }

    /// The object as it is now, after an effect that the server has confirmed.
    private func settle(_ step: Step) async -> StepOutcome {
        do throws(ProviderFault) {
            guard let object = try await list(step.key.kind, name: step.key.name).first else {
                return .unknown(
                    .make(.notFound, site(step), "\(step.key.name) was made and is not there", .observeAgain))
            }
            return .done(object)
        } catch {
            return .unknown(error)
        }
    }

    /// The roles that another is to be a member of; none through which it would own the server or its machine.
    private func groups(_ value: Value?, _ step: Step) async throws(ProviderFault) -> [Identifier] {
        let dangerous = ["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"]
        var groups: [Identifier] = []
        for item in value?.listValue ?? [] {
            let group = try identifier(item.stringValue ?? "", step)
            let found = try await list(.serverRole, name: group.name).first
            guard !dangerous.contains(group.name), found?.attributes["superuser"] != .bool(true) else {
                throw impossible(step, "membership in \(group.name) is as good as a superuser's power")
            }
            groups.append(group)
        }
        return groups
    }

    private func identifier(_ text: String, _ step: Step) throws(ProviderFault) -> Identifier {
        guard let identifier = Identifier(text) else { throw impossible(step, "\(text) can't be a name") }
        return identifier
    }

    /// What every server has, and what nobody here touches.
    private func isReserved(_ key: ResourceKey) -> Bool {
        key.kind == .serverDatabase
            ? ["postgres", "template0", "template1"].contains(key.name)
            : key.name.hasPrefix("pg_") || ["postgres", "public", "none"].contains(key.name)
    }

    private func site(_ step: Step) -> CallSite {
        CallSite(operation: "\(step.key.kind).\(step.operation)", server: session.place, isWrite: true)
    }

    private func impossible(_ step: Step, _ message: String) -> ProviderFault {
        .make(.impossible, site(step), message, .waitForNewCommit)
    }
}
