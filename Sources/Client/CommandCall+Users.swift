import Basics
import Formats
import HTTPClient

/// People who can log in, and what has ended.
extension CommandCall {
    private static let roles = ["viewer", "developer", "admin", "owner"]

    /// The roles of `--role`, each spelled as the service knows it.
    func givenRoles() throws -> [String] {
        let roles = arguments.all("role")
        for role in roles {
            let word = String(role.prefix { $0 != "@" })
            guard !Self.roles.contains(word) else { continue }
            let near = Suggestion.nearest(to: word, in: Self.roles).map { "Did you mean \($0)? " } ?? ""
            throw ArgumentFault(
                "--role can't be \(role)",
                hint:
                    "\(near)It is one of \(Self.roles.joined(separator: ", ")), with @ENVIRONMENT where it holds only there."
            )
        }
        return roles
    }

    func putUser() async throws -> ClientExit {
        let isNew = arguments.command.name == "users add"
        let roles = try givenRoles()
        let path = arguments.value("password-file")
        if roles.isEmpty, isNew || path == nil { _ = try required("role", "\(target) --role viewer") }
        let password = try path.map { try secret(ofFile: $0, isNew: true) }
        let body = Self.body([
            ("name", isNew ? .string(target) : nil), ("roles", roles.isEmpty ? nil : .strings(roles)),
            ("password", password?.reveal { .string($0) }),
        ])
        let place = isNew ? "" : "/\(target.percentEncoded)"
        let user = try await connection().write(isNew ? "POST" : "PUT", "/access/users\(place)", body).data
        let end = password == nil ? "" : ", and logs in with that password"
        let exit = told(
            "\(user.shown("name")) \(isNew ? "has access" : "was changed"): \(user.shown("grants"))\(end)."
                + Self.loss(in: user), user)
        remarkOnNotes(of: user)
        return exit
    }

    /// Says what may not be meant of what was done, such as a role at an environment that there isn't.
    func remarkOnNotes(of data: Value) {
        guard !screen.isJSON else { return }
        for note in data["notes"]?.listValue ?? [] {
            screen.remark(screen.errorPaint.yellow("note:") + " \(note.shown)")
        }
    }

    func revokeUser() async throws -> ClientExit {
        try confirm("\(target) is locked out at once, and what they have open ends", typing: target)
        let data = try await connection().write("DELETE", "/access/users/\(target.percentEncoded)").data
        return told("\(target) has no access any more." + Self.loss(in: data), data)
    }

    /// What went with the access, and which keys of theirs still open, each on its own line.
    static func loss(in data: Value) -> String {
        func names(_ member: String) -> [String] { data[member]?.listValue?.compactMap(\.stringValue) ?? [] }
        let approvals = names("approvals").map { "\nTaken back, and waits for an approval again: \(Paint.plain($0))" }
        let keys = names("keys").map { "\nA key of theirs still opens: odooops keys revoke \(Paint.plain($0))" }
        return (approvals + keys).joined()
    }

    // MARK: What has ended

    func sweep() async throws -> ClientExit {
        let connection = try connection()
        let found = try await connection.get("/sweep").data
        let targets = found["targets"]?.listValue ?? []
        if arguments.has("dry-run") || targets.isEmpty {
            return answer(found, text(ofSweep: found))
        }
        let names = targets.compactMap(\.stringValue).joined(separator: " ")
        if !arguments.has("confirm") { screen.print(text(ofSweep: found)) }
        try confirm("what has ended of \(names) is deleted", typing: names)
        let body = Self.body([("environments", .list(targets)), ("reason", textValue("reason"))])
        let data = try await connection.write("POST", "/sweep", body).data
        // The latest run may be the one under way, which ends before this one begins.
        return told(
            "A pass that deletes what has ended of \(names) begins as soon as the present one has ended. To wait for its "
                + "end: odooops reconcile --wait", data)
    }

    private func text(ofSweep found: Value) -> String {
        var lines: [String] = []
        for ending in found["ending"]?.listValue ?? [] {
            lines.append(
                "\(screen.paint.bold(ending.shown("environment"))) · \(ending.shown("phase")): \(ending.shown("reason"))"
            )
            lines += (ending["going"]?.listValue ?? []).map { "  - \($0.shown)" }
            lines += (ending["held"]?.listValue ?? []).map {
                "  ! \($0.shown("key")) stays: \($0.shown("decision_reason"))"
            }
        }
        if lines.isEmpty { lines.append("Nothing has ended, and nothing is about to.") }
        let others = found["others"]?.listValue ?? []
        if !others.isEmpty { lines.append("Beside environments, by the next pass:") }
        for change in others {
            lines.append(
                change.shown("decision") == "allowed"
                    ? "  - \(change.shown("key")): \(change.shown("reason"))"
                    : "  ! \(change.shown("key")) stays: \(change.shown("decision_reason"))")
        }
        for marked in found["marked"]?.listValue ?? [] {
            let isOver = marked["goes_at"]?.instantValue.map { $0 <= surroundings.time.now } ?? false
            let isAsked = marked["needs_approval"]?.boolValue == true
            let when =
                isOver
                ? "has had its grace since \(marked.minute("goes_at")), and goes\(isAsked ? " with an approval" : "")"
                : "goes after \(marked.minute("goes_at"))\(isAsked ? " and an approval" : "")"
            lines.append("~ \(marked.shown("key")) \(when), unless something wants it again")
        }
        for stuck in found["stuck"]?.listValue ?? [] {
            lines.append(
                screen.paint.red("✗ \(stuck.shown("key")) can't be deleted since \(stuck.minute("since"))")
                    + ": \(stuck["fault"]?.shown("message") ?? "its fate is not known")")
        }
        let staying = found["staying"]?.listValue ?? []
        if !staying.isEmpty {
            lines.append("Stays:")
            lines += staying.map { "  \($0.shown("slug")): \($0.shown("reason"))" }
        }
        return Remedy.here(lines.joined(separator: "\n"))
    }
}
