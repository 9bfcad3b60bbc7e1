public import Basics

/// Somebody may not, or has not proved who they are.
public struct AccessFault: Fault {
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?
    /// What HTTP calls it.
    public let status: Int
    /// After how long it may go through; nil where time changes nothing.
    public let retryAfter: Duration?

    /// The same as `Retry-After` says it.
    public var retryAfterSeconds: String? { retryAfter.map { RateStanding.wholeSeconds($0) } }

    public var disposition: Disposition { retryAfter.map { .retry(after: $0) } ?? .stop }

    /// Whether what was sent as proof proves nothing.
    var isWrongProof: Bool { code == "ACCESS-0002" }

    init(
        _ code: String, _ status: Int, _ message: String, place: String? = nil, hint: String?,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.status = status
        self.message = message
        self.place = place
        self.hint = hint
        self.retryAfter = retryAfter
    }

    /// Nobody is logged in.
    public static let needsLogin = AccessFault(
        "ACCESS-0001", 401, "this needs a login",
        hint: "Log in: POST /api/v1/auth/login, or send Authorization: Bearer with a token or a key.")

    /// The command that gives the first one access, who then may give it to others.
    public static let firstOwner = "reconcile access user add NAME --role owner --password-file FILE"

    private static let begin = "Make the first owner: \(firstOwner)"

    /// Nobody is logged in, nor can anybody be before the first owner is made.
    public static let nobodyToLogIn = AccessFault(
        "ACCESS-0007", 401, "this needs a login, and nobody was given access yet", hint: begin)

    /// Somebody logs in where nobody can.
    static let nobodyHasAccess = AccessFault(
        "ACCESS-0007", 401, "nobody was given access yet, so that nobody can log in", hint: begin)

    /// What was sent as proof proves nothing.
    static func badProof(_ what: String) -> AccessFault {
        AccessFault(
            "ACCESS-0002", 401, what, hint: "Log in again, or make a new key: reconcile access key add NAME --role ROLE"
        )
    }

    /// Somebody is logged in and may not.
    ///
    /// With a scope, the key in use lacks that; without one, it is a role that is missing.
    public static func forbidden(_ what: String, scope: Permission? = nil) -> AccessFault {
        AccessFault(
            "ACCESS-0003", 403, what,
            hint: scope.map {
                "Scopes of a key never change: an owner makes another one: "
                    + "reconcile access key add NAME --role ROLE --scope \($0.rawValue)"
            }
                ?? "An owner gives a role: reconcile access user add NAME --role ROLE, "
                + "or reconcile access key add NAME --role ROLE")
    }

    /// A write from a browser that another site may have made it send.
    public static let forged = AccessFault(
        "ACCESS-0004", 403, "the form's token is missing or of another session",
        hint: "Load the page again and send it from there; scripts send X-CSRF-Token.")

    static func tooMany(limit: Int, per: String, after: Duration) -> AccessFault {
        AccessFault(
            "ACCESS-0005", 429, "more than \(limit) requests a minute for \(per)",
            hint: "Wait as Retry-After says, or raise access.user_limit or access.key_limit in reconciler.yaml.",
            retryAfter: after)
    }

    static func tooManyLogins(limit: Int, per: String, after: Duration) -> AccessFault {
        AccessFault(
            "ACCESS-0005", 429, "more than \(limit) logins a minute for \(per)",
            hint:
                "Wait as Retry-After says; keys and sessions that are open work meanwhile. This limit is not set anywhere.",
            retryAfter: after)
    }

    static func tooManyFailures(limit: Int, minutes: Int, after: Duration) -> AccessFault {
        AccessFault(
            "ACCESS-0005", 429, "more than \(limit) logins of this name failed from this address in \(minutes) minutes",
            hint:
                "Wait as Retry-After says, or log in from another address; keys and sessions that are open work meanwhile.",
            retryAfter: after)
    }

    /// Somebody who is logged in gave another password than theirs for the present one.
    static let badOldPassword = AccessFault(
        "ACCESS-0006", 403, "the present password is wrong",
        hint: "Send the one that you log in with; where it is forgotten, an owner sets a new one: "
            + "reconcile access user add NAME --password-file FILE")

    static let badLogin = AccessFault(
        "ACCESS-0006", 401, "the name or the password is wrong",
        hint: "See who has access: reconcile access user list; then set a new password: "
            + "reconcile access user add NAME --password-file FILE")

    static let notConfigured = AccessFault(
        "ACCESS-0007", 403, "nobody was given access yet, and this service can be reached from other machines",
        hint: begin)

    static func strangeHost(_ host: String) -> AccessFault {
        AccessFault(
            "ACCESS-0008", 403, "the request is for the host \(host.prefix(100)), which is not this machine's own name",
            hint: "Without a login, ask for http://127.0.0.1 or http://localhost.")
    }

    /// Who is new has no access without a role, and who has one keeps it.
    private static let password =
        "reconcile access user add NAME --password-file FILE --role ROLE; without --role for whoever has access already"

    static let weakPassword = AccessFault(
        "ACCESS-0011", 400, "the password has less than \(PasswordHash.leastLength) characters",
        hint: "Take a longer one: \(password)")

    static let longPassword = AccessFault(
        "ACCESS-0011", 400, "the password has more than \(AccessControl.passwordLimit) bytes",
        hint: "Take a shorter one: \(password)")

    static let badName = AccessFault(
        "ACCESS-0012", 400, "a user can't have this name",
        hint:
            "Take one of 1 to \(AccessControl.nameLength) bytes without a colon: names with one are those of keys and of "
            + "people that an issuer knows.")

    static let noSigningKey = AccessFault(
        "ACCESS-0009", 503, "this service has no key to sign tokens with",
        hint: "Name one of 32 bytes and more as access.signing_key, or take an API key: "
            + "reconcile access key add NAME --role ROLE")

    static func issuerUnreachable(_ what: String) -> AccessFault {
        AccessFault(
            "ACCESS-0010", 503, "the keys of the issuer of tokens can't be read: \(what)",
            hint: "Look at access.oidc.issuer in reconciler.yaml; keys of this service work meanwhile.",
            retryAfter: .seconds(30))
    }
}
