public import Basics
import DesiredState
import Formats

/// Who may do what.
extension Store {
    private static let userColumns = "id, name, password, grants, created_at, disabled_at, token_generation"
    private static let keyColumns =
        "id, name, digest, grants, scopes, created_at, created_by, expires_at, revoked_at"

    /// Whether anybody was ever given access: those whose access was taken back count too, lest the door open again.
    ///
    /// - Throws: `StoreFault`.
    public func hasAccounts() async throws(StoreFault) -> Bool {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            for table in ["access_users", "access_keys"] {
                if try !db.run("select 1 from ops.\(table) limit 1").isEmpty { return true }
            }
            return false
        }
    }

    // MARK: Users

    /// Makes a user, or changes one of that name and lets them in again; what is nil stays as it is.
    ///
    /// A new password ends the sessions that were opened with the old one, and the tokens; so does letting somebody in again.
    ///
    /// - Parameters:
    ///   - name: unique.
    ///   - passwordHash: nil: as it was.
    ///   - grants: nil: as they were.
    ///   - isLess: whether they may do less than before, and what they made is looked for.
    ///   - losesApprovals: whether they may approve no more, and what they had approved is taken back.
    ///   - audit: who does it, and from where.
    /// - Returns: the user as they are then, and what else went and stays.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func putUser(
        _ name: String, passwordHash: String?, grants: [String]?, isLess: Bool = false, losesApprovals: Bool = false,
        audit: AuditRecord
    ) async throws(StoreFault) -> UserChange {
        let (id, auditID) = (identifiers.next(at: audit.at), identifiers.next(at: audit.at))
        return try await engine.transaction {
            (db: any SQLConnection) throws(StoreFault) -> UserChange in
            let known = try db.run("select id from ops.access_users where name = $1", [.text(name)]).first
            try db.run(
                """
                insert into ops.access_users (id, name, password, grants, created_at, updated_at)
                values ($1, $2, $3, $4, $5, $5)
                on conflict (name) do update set password = coalesce($3, access_users.password),
                  grants = case when $6 then excluded.grants else access_users.grants end,
                  updated_at = excluded.updated_at, disabled_at = null,
                  token_generation = access_users.token_generation
                    + case when $3 is not null or access_users.disabled_at is not null then 1 else 0 end
                """,
                [
                    .text(id), .text(name), .optional(passwordHash), .json(.strings(grants ?? [])), .time(audit.at),
                    .bool(grants != nil),
                ])
            if let known, passwordHash != nil { try Self.endSessions(of: try known.text(0), at: audit.at, in: db) }
            let loss =
                isLess || losesApprovals ? try Self.lose([name], approvals: losesApprovals, by: audit, in: db) : .none
            try Self.write(audit.telling(loss), id: auditID, in: db)
            let rows = try db.run("select \(Self.userColumns) from ops.access_users where name = $1", [.text(name)])
            guard let row = rows.first else { throw .invalid("the user \(name) was not kept") }
            return UserChange(isNew: known == nil, user: try Self.user(row), loss: loss)
        }
    }

    /// Keeps a user from coming in, ends their sessions and tokens, and takes back what they had approved.
    ///
    /// - Returns: what else went and stays; nil where there was no such user who could come in.
    /// - Throws: `StoreFault`.
    public func disableUser(_ name: String, audit: AuditRecord) async throws(StoreFault) -> AccessLoss? {
        let auditID = identifiers.next(at: audit.at)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> AccessLoss? in
            guard
                let row = try db.run(
                    """
                    update ops.access_users set disabled_at = $2, updated_at = $2,
                      token_generation = token_generation + 1
                    where name = $1 and disabled_at is null returning id
                    """, [.text(name), .time(audit.at)]
                ).first
            else { return nil }
            try Self.endSessions(of: try row.text(0), at: audit.at, in: db)
            let loss = try Self.lose([name], approvals: true, by: audit, in: db)
            try Self.write(audit.telling(loss), id: auditID, in: db)
            return loss
        }
    }

    /// Every user, by name.
    ///
    /// - Throws: `StoreFault`.
    public func users() async throws(StoreFault) -> [UserAccount] {
        try await users("order by name", []).sorted { $0.name.precedesByBytes($1.name) }
    }

    /// - Throws: `StoreFault`.
    public func user(named name: String) async throws(StoreFault) -> UserAccount? {
        try await users("where name = $1", [.text(name)]).first
    }

    /// - Throws: `StoreFault`.
    public func user(id: String) async throws(StoreFault) -> UserAccount? {
        try await users("where id = $1", [.text(id)]).first
    }

    private func users(_ condition: String, _ binds: [SQLValue]) async throws(StoreFault) -> [UserAccount] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [UserAccount] in
            var users: [UserAccount] = []
            for row in try db.run("select \(Self.userColumns) from ops.access_users \(condition)", binds) {
                users.append(try Self.user(row))
            }
            return users
        }
    }

    private static func user(_ row: SQLRow, from column: Int = 0) throws(StoreFault) -> UserAccount {
        UserAccount(
            id: try row.text(column), name: try row.text(column + 1), passwordHash: row.optionalText(column + 2),
            grants: Self.texts(try row.json(column + 3)) ?? [], createdAt: try row.time(column + 4),
            disabledAt: try row.optionalTime(column + 5), tokenGeneration: try row.int(column + 6))
    }

    private static func texts(_ value: Value) -> [String]? { value.listValue?.compactMap(\.stringValue) }

    // MARK: Keys

    /// Keeps a key.
    ///
    /// - Returns: it with its id.
    /// - Throws: `StoreFault` when a key of that name is in use.
    public func addKey(_ key: KeyAccount, audit: AuditRecord) async throws(StoreFault) -> KeyAccount {
        var key = key
        key.id = identifiers.next(at: key.createdAt)
        let (kept, auditID) = (key, identifiers.next(at: audit.at))
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            let known = try db.run(
                "select id from ops.access_keys where name = $1 and revoked_at is null", [.text(kept.name)])
            guard known.isEmpty else {
                throw .invalid(
                    "there is a key named \(kept.name) already",
                    hint: "take another name, or take that one back: reconcile access key revoke \(kept.name)")
            }
            try db.run(
                """
                insert into ops.access_keys (id, name, digest, grants, scopes, created_at, created_by, expires_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [
                    .text(kept.id), .text(kept.name), .text(kept.digest.hex), .json(.strings(kept.grants)),
                    kept.scopes.map { .json(.strings($0)) } ?? .null, .time(kept.createdAt), .text(kept.createdBy),
                    .time(kept.expiresAt),
                ])
            try Self.write(audit, id: auditID, in: db)
        }
        return kept
    }

    /// Takes back the key of a name or an id, and what was approved by it.
    ///
    /// - Returns: what else went and stays; nil where none was in use.
    /// - Throws: `StoreFault`.
    public func revokeKey(_ name: String, audit: AuditRecord) async throws(StoreFault) -> AccessLoss? {
        let auditID = identifiers.next(at: audit.at)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> AccessLoss? in
            var actors: [String] = []
            for row in try db.run(
                """
                update ops.access_keys set revoked_at = $2 where (name = $1 or id = $1) and revoked_at is null
                returning name
                """, [.text(name), .time(audit.at)])
            { actors.append(Self.actor(ofKey: try row.text(0))) }
            guard !actors.isEmpty else { return nil }
            let loss = try Self.lose(actors, approvals: true, by: audit, in: db)
            try Self.write(audit.telling(loss), id: auditID, in: db)
            return loss
        }
    }

    /// Every key, by name and then the latest first.
    ///
    /// - Throws: `StoreFault`.
    public func keys() async throws(StoreFault) -> [KeyAccount] {
        try await keys("order by created_at desc, id desc", [])
            .sorted { $0.name == $1.name ? $0.createdAt > $1.createdAt : $0.name.precedesByBytes($1.name) }
    }

    /// The key of a digest, in use or not.
    ///
    /// - Throws: `StoreFault`.
    public func key(_ digest: Digest) async throws(StoreFault) -> KeyAccount? {
        try await keys("where digest = $1", [.text(digest.hex)]).first
    }

    private func keys(_ condition: String, _ binds: [SQLValue]) async throws(StoreFault) -> [KeyAccount] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [KeyAccount] in
            var keys: [KeyAccount] = []
            for row in try db.run("select \(Self.keyColumns) from ops.access_keys \(condition)", binds) {
                guard let digest = Digest(try row.text(2)) else {
                    throw .unreadable("key \(try row.text(1)) in ops.access_keys has no digest")
                }
                keys.append(
                    KeyAccount(
                        id: try row.text(0), name: try row.text(1), digest: digest,
                        grants: Self.texts(try row.json(3)) ?? [], scopes: Self.texts(try row.json(4)),
                        createdAt: try row.time(5), createdBy: try row.text(6), expiresAt: try row.optionalTime(7),
                        revokedAt: try row.optionalTime(8)))
            }
            return keys
        }
    }

    // MARK: Sessions

    /// Keeps a login, with its audit record, and forgets those that ended a day ago.
    ///
    /// - Returns: it with its id.
    /// - Throws: `StoreFault`.
    public func openSession(_ session: SessionRecord, audit: AuditRecord) async throws(StoreFault) -> SessionRecord {
        var session = session
        session.id = identifiers.next(at: session.createdAt)
        let (kept, auditID) = (session, identifiers.next(at: audit.at))
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run("delete from ops.access_sessions where expires_at < $1", [.time(kept.createdAt - .days(1))])
            try db.run(
                """
                insert into ops.access_sessions (digest, id, user_id, created_at, expires_at, origin)
                values ($1, $2, $3, $4, $5, $6)
                """,
                [
                    .text(kept.digest.hex), .text(kept.id), .text(kept.userID), .time(kept.createdAt),
                    .time(kept.expiresAt), .text(kept.origin),
                ])
            try Self.write(audit, id: auditID, in: db)
        }
        return kept
    }

    /// The login of a digest that lasts at an instant, and whose it is; nil where there is none or the user is out.
    ///
    /// - Throws: `StoreFault`.
    public func session(
        _ digest: Digest, at now: Timestamp
    ) async throws(StoreFault) -> (session: SessionRecord, user: UserAccount)? {
        try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> (session: SessionRecord, user: UserAccount)? in
            guard
                let row = try db.run(
                    """
                    select s.id, s.user_id, s.created_at, s.expires_at, s.origin, u.id, u.name, u.password, u.grants,
                      u.created_at, u.disabled_at, u.token_generation
                    from ops.access_sessions s join ops.access_users u on u.id = s.user_id
                    where s.digest = $1 and s.ended_at is null and s.expires_at > $2 and u.disabled_at is null
                    """, [.text(digest.hex), .time(now)]
                ).first
            else { return nil }
            let session = SessionRecord(
                id: try row.text(0), digest: digest, userID: try row.text(1), createdAt: try row.time(2),
                expiresAt: try row.time(3), origin: try row.text(4))
            return (session, try Self.user(row, from: 5))
        }
    }

    /// Ends one login, with its audit record, where it has not ended yet.
    ///
    /// - Throws: `StoreFault`.
    public func endSession(_ digest: Digest, audit: AuditRecord) async throws(StoreFault) {
        let auditID = identifiers.next(at: audit.at)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            let ended = try db.run(
                """
                update ops.access_sessions set ended_at = $2
                where digest = $1 and ended_at is null and expires_at > $2 returning id
                """, [.text(digest.hex), .time(audit.at)])
            guard !ended.isEmpty else { return }
            try Self.write(audit, id: auditID, in: db)
        }
    }

    /// Whether the login of a digest was ended before its time.
    ///
    /// - Throws: `StoreFault`.
    public func hasEnded(_ digest: Digest) async throws(StoreFault) -> Bool {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            try !db.run(
                "select 1 from ops.access_sessions where digest = $1 and ended_at is not null", [.text(digest.hex)]
            ).isEmpty
        }
    }

    /// Writes down that a token is ended, with its audit record, until it would have ended by itself.
    ///
    /// A token isn't kept while it counts: what is kept of it is that it does no more.
    ///
    /// - Throws: `StoreFault`.
    public func endToken(_ token: SessionRecord, audit: AuditRecord) async throws(StoreFault) {
        let (id, auditID) = (identifiers.next(at: audit.at), identifiers.next(at: audit.at))
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run("delete from ops.access_sessions where expires_at < $1", [.time(audit.at - .days(1))])
            let ended = try db.run(
                """
                insert into ops.access_sessions (digest, id, user_id, created_at, expires_at, ended_at, origin)
                values ($1, $2, $3, $4, $5, $4, $6) on conflict (digest) do nothing returning id
                """,
                [
                    .text(token.digest.hex), .text(id), .text(token.userID), .time(audit.at), .time(token.expiresAt),
                    .text(token.origin),
                ])
            guard !ended.isEmpty else { return }
            try Self.write(audit, id: auditID, in: db)
        }
    }

    /// Ends all sessions and tokens of a user, with the audit record.
    ///
    /// - Throws: `StoreFault`.
    public func endLogins(ofUser id: String, audit: AuditRecord) async throws(StoreFault) {
        let auditID = identifiers.next(at: audit.at)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                update ops.access_users set token_generation = token_generation + 1, updated_at = $2 where id = $1
                """, [.text(id), .time(audit.at)])
            try Self.endSessions(of: id, at: audit.at, in: db)
            try Self.write(audit, id: auditID, in: db)
        }
    }

    private static func endSessions(of user: String, at now: Timestamp, in db: any SQLConnection) throws(StoreFault) {
        try db.run(
            "update ops.access_sessions set ended_at = $2 where user_id = $1 and ended_at is null",
            [.text(user), .time(now)])
    }
}
