public import Basics
import Formats
public import Store
import Web

/// Logins by password, the tokens that they give, and the count of requests.
extension AccessControl {
    /// Tries, a minute, for each address.
    private static let loginLimit = 10
    /// Failures, in `failureTime`, of one name from one address: more are refused.
    private static let pairLimit = 10
    /// Failures, in `failureTime`, of one name from wherever: who comes after them waits, and is not refused, lest anybody
    /// lock a known name out.
    private static let nameLimit = 20
    private static let failureTime = Duration.minutes(10)
    /// So many failures of a name hold nobody up.
    private static let freeFailures = 5
    /// The longest that a login is held up.
    private static let longestDelay = Duration.seconds(8)
    /// Requests with a wrong proof, a minute, for each address.
    private static let wrongProofLimit = 100
    /// The longest name and the longest password, in bytes: longer ones are nobody's and are not looked at.
    static let nameLength = 255
    static let passwordLimit = 1_024

    /// Whether a name and a password are somebody's.
    ///
    /// - Returns: the user.
    /// - Throws: `AccessFault` where they aren't, or where there were too many tries; `StoreFault`.
    public func logIn(name: String, password: Secret, from origin: ClientOrigin) async throws -> UserAccount {
        let isTooLong =
            name.utf8.count > Self.nameLength || password.reveal { $0.utf8.count } > Self.passwordLimit
        if let wait = limiter.take("login:address:\(origin.network)", limit: Self.loginLimit, at: time.uptime)
            .retryAfter
        {
            metrics?.add("odooops_logins_total", 1, ["result": "too_many"])
            throw AccessFault.tooManyLogins(limit: Self.loginLimit, per: "this address", after: wait)
        }
        guard !isTooLong else {
            failed(nil, origin)
            throw AccessFault.badLogin
        }
        // Counted before it is known whether it fails: tries that are sent at once must not all find the same count.
        let pair = "login:pair:\(origin.network)\n\(name)"
        let standing = limiter.take(pair, limit: Self.pairLimit, each: Self.failureTime, at: time.uptime)
        if let wait = standing.retryAfter {
            metrics?.add("odooops_logins_total", 1, ["result": "too_many"])
            throw AccessFault.tooManyFailures(limit: Self.pairLimit, minutes: 10, after: wait)
        }
        let everywhere = limiter.take(
            "login:name:\(name)", limit: Self.nameLimit, each: Self.failureTime, at: time.uptime)
        let delay = Self.delay(afterFailures: Self.nameLimit - everywhere.remaining - 1)
        if delay > .zero { try await time.sleep(for: delay) }
        let user = try await store.user(named: name)
        // A name that nobody has costs as much time as a wrong password.
        let kept = user?.passwordHash ?? Self.nobodysHash
        let isRight = await passwordThread.run { PasswordHash.verify(password, against: kept) }
        guard isRight, let user, user.passwordHash != nil, user.disabledAt == nil else {
            failed(user, origin)
            // No secret: the page on which one signs in says so as well. Looked up for any name, which takes as long.
            if issuer == nil, try await !store.hasAccounts() { throw AccessFault.nobodyHasAccess }
            throw AccessFault.badLogin
        }
        limiter.giveBack(pair, limit: Self.pairLimit)
        limiter.giveBack("login:name:\(name)", limit: Self.nameLimit)
        metrics?.add("odooops_logins_total", 1, ["result": "right"])
        return user
    }

    /// How long a login of a name is held up, right or wrong, after so many failures: each more doubles it.
    static func delay(afterFailures failures: Int) -> Duration {
        let beyond = failures - freeFailures
        return beyond < 0 ? .zero : min(longestDelay, .milliseconds(250 << min(beyond, 8)))
    }

    /// Leaves a trace of a login that failed; what a stranger typed for a name may be a password, so it isn't written.
    private func failed(_ user: UserAccount?, _ origin: ClientOrigin) {
        metrics?.add("odooops_logins_total", 1, ["result": "wrong"])
        log?.warning(
            "a login failed",
            ["user": user?.name ?? "nobody of that name", "from": origin.address, "disabled": user?.disabledAt != nil])
    }

    /// Counts a wrong proof; nil as long as its address may go on trying.
    func countWrongProof(from origin: ClientOrigin) -> AccessFault? {
        metrics?.add("odooops_wrong_proofs_total")
        let standing = limiter.take("proof:\(origin.network)", limit: Self.wrongProofLimit, at: time.uptime)
        return standing.retryAfter.map {
            AccessFault.tooMany(limit: standing.limit, per: "this address, all with wrong proofs", after: $0)
        }
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
                subject: user.id, name: user.name, id: Hex.encode(random(8)), generation: user.tokenGeneration, at: now,
                lasting: settings.lasting)
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
            // One that was given out before generations were counted is of the first.
            let generation = claims.all[TokenMint.generation]?.intValue ?? 0
            guard
                let user = try await cache.user(
                    claims.subject, ofGeneration: generation, at: time.uptime, orFrom: store),
                user.disabledAt == nil
            else { throw AccessFault.badProof("the token's user has no access any more") }
            guard generation == user.tokenGeneration else {
                throw AccessFault.badProof(
                    "the token was ended by its user, by a new password, or by taking its user's access back")
            }
            if let digest = Self.digest(ofToken: claims),
                try await cache.hasEnded(digest, at: time.uptime, orFrom: store)
            {
                throw AccessFault.badProof("the token was ended by its user")
            }
            return Caller(
                .user(id: user.id, name: user.name), proof: .token, grants: user.grants.compactMap { Grant($0) },
                origin: origin, project: settings.project)
        }
        guard let issuer, unproven.issuer == issuer.settings.issuer else {
            throw AccessFault.badProof("the token is of an issuer that is not known here")
        }
        let claims = try await issuer.prove(unproven, at: time.now, uptime: time.uptime)
        return Caller(
            .external(subject: claims.subject, issuer: claims.issuer), proof: .token,
            grants: issuer.grants(of: claims), origin: origin, project: settings.project)
    }

    /// Counts a request of a caller.
    ///
    /// Somebody without a proof who reads at this machine itself is not counted.
    ///
    /// - Returns: what is left; `retryAfter` says that this request must not pass.
    public func count(_ caller: Caller) -> RateStanding {
        let limit =
            switch caller.identity {
            case .anonymous: caller.origin.isLoopback ? 0 : settings.userLimit
            case .user, .external: settings.userLimit
            case .key: settings.keyLimit
            }
        return limiter.take(caller.accountName, limit: limit, at: time.uptime)
    }

    /// What to answer when `count` says that a request must not pass.
    public static func refusal(of standing: RateStanding) -> AccessFault? {
        standing.retryAfter.map { AccessFault.tooMany(limit: standing.limit, per: "this caller", after: $0) }
    }
}
