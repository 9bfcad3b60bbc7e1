public import Basics
import Formats
public import Store
import Web

/// Logins by password, the tokens that they give, and the count of requests.
extension AccessControl {
    /// Tries, a minute, for each address and for each name.
    private static let loginLimit = 10

    /// Whether a name and a password are somebody's.
    ///
    /// - Returns: the user.
    /// - Throws: `AccessFault` where they aren't, or where there were too many tries; `StoreFault`.
    public func logIn(name: String, password: Secret, from origin: ClientOrigin) async throws -> UserAccount {
        for (bucket, per) in [("address:\(origin.address)", "this address"), ("name:\(name)", "this name")] {
            let standing = limiter.take("login:\(bucket)", limit: Self.loginLimit, at: time.uptime)
            if let wait = standing.retryAfter {
                throw AccessFault.tooMany(limit: Self.loginLimit, per: "logins of \(per)", after: wait)
            }
        }
        let user = try await store.user(named: name)
        // A name that nobody has costs as much time as a wrong password.
        let kept = user?.passwordHash ?? Self.nobodysHash
        let isRight = await passwordThread.run { PasswordHash.verify(password, against: kept) }
        guard isRight, let user, user.passwordHash != nil, user.disabledAt == nil else {
            throw AccessFault.badLogin
        }
        return user
    }

    private static let nobodysHash =
        "scrypt$32768$8$3$00000000000000000000000000000000$"
        + "0000000000000000000000000000000000000000000000000000000000000000"

    /// Gives a token to somebody who logged in, with its audit record.
    ///
    /// - Returns: the token and its end.
    /// - Throws: `AccessFault` where no key to sign with is there; `StoreFault`.
    public func giveToken(
        to user: UserAccount, from origin: ClientOrigin
    ) async throws -> (token: Secret, expiresAt: Timestamp) {
        let now = time.now
        guard let mint,
            let token = mint.token(
                subject: user.id, name: user.name, id: Hex.encode(random(8)), at: now, lasting: settings.lasting)
        else { throw AccessFault.noSigningKey }
        try await store.record(
            AuditRecord(
                at: now, action: "access.token", target: user.name, actor: user.name,
                detail: ["via": "api", "from": .string(origin.address)]))
        return (Secret(token), now + settings.lasting)
    }

    func token(_ text: String, _ origin: ClientOrigin) async throws -> Caller {
        let unproven: UnprovenToken
        do throws(TokenFault) { unproven = try UnprovenToken(text) } catch { throw AccessFault.badProof(error.reason) }
        if unproven.issuer == TokenMint.issuer, let mint {
            let claims: TokenClaims
            do throws(TokenFault) {
                claims = try unproven.prove(
                    with: mint.key, issuer: TokenMint.issuer, audience: mint.audience, at: time.now)
            } catch { throw AccessFault.badProof(error.reason) }
            // The token says who it is; what they may do now, the store says.
            guard let user = try await cache.user(claims.subject, at: time.uptime, orFrom: store),
                user.disabledAt == nil
            else { throw AccessFault.badProof("the token's user has no access any more") }
            return Caller(
                .user(id: user.id, name: user.name), proof: .token, grants: user.grants.compactMap { Grant($0) },
                origin: origin, project: settings.project)
        }
        guard let issuer, unproven.issuer == issuer.settings.issuer else {
            throw AccessFault.badProof("the token is of an issuer that is not known here")
        }
        let claims = try await issuer.prove(unproven, at: time.now, uptime: time.uptime)
        return Caller(
            .external(subject: claims.name ?? claims.subject, issuer: claims.issuer), proof: .token,
            grants: issuer.grants(of: claims), origin: origin, project: settings.project)
    }

    /// Counts a request of a caller.
    ///
    /// Somebody without a proof who reads at this machine itself is not counted.
    ///
    /// - Returns: what is left; `retryAfter` says that this request must not pass.
    public func count(_ caller: Caller) -> RateStanding {
        switch caller.identity {
        case .anonymous where caller.origin.isLoopback: limiter.take("", limit: 0, at: time.uptime)
        case .anonymous: limiter.take("from:\(caller.origin.address)", limit: settings.userLimit, at: time.uptime)
        case .user(let id, _): limiter.take("user:\(id)", limit: settings.userLimit, at: time.uptime)
        case .external(let subject, _):
            limiter.take("external:\(subject)", limit: settings.userLimit, at: time.uptime)
        case .key(let id, _): limiter.take("key:\(id)", limit: settings.keyLimit, at: time.uptime)
        }
    }

    /// What to answer when `count` says that a request must not pass.
    public static func refusal(of standing: RateStanding) -> AccessFault? {
        standing.retryAfter.map { AccessFault.tooMany(limit: standing.limit, per: "this caller", after: $0) }
    }
}
