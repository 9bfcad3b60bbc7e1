public import Basics
public import Formats
public import Store

/// Users and keys, as owners make them.
extension AccessControl {
    /// Makes a key.
    ///
    /// - Parameters:
    ///   - name: unique among keys in use.
    ///   - grants: what it may, and where.
    ///   - scopes: narrows that; nil: not at all.
    ///   - lasting: nil: for ever.
    ///   - actor: who makes it.
    ///   - detail: what the audit log says of where from.
    /// - Returns: the key, which is never shown again, and what is kept of it.
    /// - Throws: `StoreFault` where there is one of that name.
    public func addKey(
        _ name: String, grants: [Grant], scopes: [Permission]?, lasting: Duration?, by actor: String,
        detail: Value = [:]
    ) async throws(StoreFault) -> (key: Secret, account: KeyAccount) {
        let text = KeyText.prefix + Hex.encode(random(32))
        let now = time.now
        var audit = detail.objectValue ?? [:]
        audit["grants"] = .strings(grants.map(\.description))
        if let scopes { audit["scopes"] = .strings(scopes.map(\.rawValue)) }
        let account = try await store.addKey(
            KeyAccount(
                name: name, digest: Digest(of: text), grants: grants.map(\.description),
                scopes: scopes?.map(\.rawValue), createdAt: now, createdBy: actor,
                expiresAt: lasting.map { now + $0 }),
            audit: AuditRecord(
                at: now, action: "access.key.add", target: name, actor: actor, detail: .object(audit)))
        return (Secret(text), account)
    }

    /// Makes a user, or gives one a new password or other grants.
    ///
    /// - Parameters:
    ///   - name: unique.
    ///   - password: nil: as it was.
    ///   - grants: nil: as they were.
    ///   - actor: who does it.
    ///   - origin: what the audit log says of where from.
    /// - Returns: the user as they are then, and what else went and stays where they may do less than before.
    /// - Throws: `AccessFault` where the password is too short; `StoreFault`.
    public func putUser(
        _ name: String, password: Secret?, grants: [Grant]?, by actor: String, detail origin: Value = [:]
    ) async throws -> UserChange {
        // `key:ci` and `oidc:…` are the names of others in the audit log, and dots alone are no name in a path.
        guard !name.isEmpty, name.utf8.count <= Self.nameLength, !name.contains(":"),
            ![".", "..", "anonymous"].contains(name)
        else {
            throw AccessFault.badName
        }
        var hash: String?
        if let password {
            guard password.reveal({ $0.utf8.count }) <= Self.passwordLimit else { throw AccessFault.longPassword }
            guard password.reveal({ $0.unicodeScalars.count }) >= PasswordHash.leastLength else {
                throw AccessFault.weakPassword
            }
            let salt = random(16)
            hash = await passwordThread.run { PasswordHash.make(password, salt: salt) }
            guard hash != nil else { throw AccessFault.weakPassword }
        }
        var detail = origin.objectValue ?? [:]
        if let grants { detail["grants"] = .strings(grants.map(\.description)) }
        detail["password"] = .bool(hash != nil)
        // What they may no more, they said yes to no more; and keys that they made as an owner are theirs to nobody.
        var lost: Set<Permission> = []
        if let grants, let known = try await store.user(named: name) {
            let before = known.grants.compactMap { Grant($0) }
            lost = Set(Permission.allCases.filter { allows($0, before) && !allows($0, grants) })
        }
        return try await store.putUser(
            name, passwordHash: hash, grants: grants?.map(\.description), isLess: !lost.isEmpty,
            losesApprovals: lost.contains(.approve),
            audit: AuditRecord(
                at: time.now, action: "access.user.put", target: name, actor: actor, detail: .object(detail)))
    }

    /// Whether grants give a permission for the whole project.
    private func allows(_ permission: Permission, _ grants: [Grant]) -> Bool {
        grants.contains {
            $0.role >= permission.minimumRole && $0.covers(project: settings.project, environment: nil)
        }
    }

    /// A word for a secret, the same for the same context, that takes as much work to guess as a password that is kept.
    ///
    /// - Returns: nil where the system gives no memory for it.
    public func slowWord(for secret: Secret, _ context: String) async -> String? {
        let salt = Array(Digest(of: context).hex.utf8.prefix(32))
        return await passwordThread.run { PasswordHash.make(secret, salt: salt) }
    }

    /// Has everything asked anew of the store: after something was taken back.
    public func forgetAll() { cache.forgetAll() }
}
