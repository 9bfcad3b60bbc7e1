public import Basics

extension DesiredState {
    /// What is due or has expired at an instant, sorted: secrets to replace or review, claims, exceptions,
    /// freezes.
    ///
    /// Apart from the diagnostics, because the desired state of a commit knows no clock. A day that can't be read never
    /// makes anything due.
    public func dueDiagnostics(at now: Timestamp) -> [Diagnostic] {
        let found =
            secrets.entries.filter(\.isSound).flatMap { Self.due($0, now) }
            + secretsInventory.entries.compactMap { Self.due($0, now) }
            + domains.flatMap(\.subdomains).compactMap { Self.due($0, now) }
            + (vulnerabilityPolicy?.exceptions ?? []).compactMap { Self.due($0, now) }
            + policy.exceptions.compactMap { Self.due($0, now) }
            + policy.freezes.compactMap { Self.due($0, now) }
        return found.sorted()
    }

    private static func due(_ secret: SecretEntry, _ now: Timestamp) -> [Diagnostic] {
        var found: [Diagnostic] = []
        if let expires = secret.expires, expires <= now {
            found.append(
                Diagnostic(
                    .warning, Code.rotationDue.rawValue,
                    "the secret \(quoted(secret.id)) expired on \((expires - .days(1)).dayText)", at: secret.source,
                    hint: "Replace or remove it, then write a new `expiry_date`."))
        } else if let review = secret.review, review <= now {
            found.append(
                Diagnostic(
                    .warning, Code.rotationDue.rawValue,
                    "the secret \(quoted(secret.id)) was to be reviewed by \(review.dayText)", at: secret.source,
                    hint: "Review it, then write a new `review_date`."))
        }
        return found
    }

    private static func due(_ known: SecretsInventory.Entry, _ now: Timestamp) -> Diagnostic? {
        guard known.rotateNow != .yes, case .every(let days)? = known.rotation, let last = known.rotatedAt,
            last + .days(days) <= now
        else { return nil }
        return Diagnostic(
            .warning, Code.rotationDue.rawValue,
            "the secret \(quoted(known.id)) was last replaced on \(last.dayText), more than \(days.of("day")) ago",
            at: known.rotationMark, hint: "Replace it, then write the day as `last_rotated`.")
    }

    private static func due(_ name: Subdomain, _ now: Timestamp) -> Diagnostic? {
        guard let claim = name.claim, let expires = claim.expiresAt.flatMap({ Timestamp(date: $0) }),
            expires + .days(1) <= now
        else { return nil }
        return Diagnostic(
            .warning, Code.expiredClaim.rawValue,
            "the claim of the name \(quoted(name.host)) expired on \(expires.dayText)", at: claim.source,
            hint: "Renew the claim, then write a new `expires_at`.")
    }

    private static func due(_ exception: PolicyException, _ now: Timestamp) -> Diagnostic? {
        guard let expires = exception.expires, expires <= now else { return nil }
        return Diagnostic(
            .warning, Code.expiredException.rawValue,
            "the exception for the surface \(quoted(exception.surface)) ended with \((expires - .days(1)).dayText)",
            at: exception.source,
            hint: "Take it out, or have it approved again with a new `expiry_date`: it lifts nothing any more.")
    }

    private static func due(_ freeze: Freeze, _ now: Timestamp) -> Diagnostic? {
        guard freeze.until <= now else { return nil }
        let tiers = freeze.scope.tiers.map(\.rawValue).joined(separator: ", ")
        return Diagnostic(
            .note, Code.pastFreeze.rawValue,
            "the freeze of \(tiers.isEmpty ? "everything" : tiers) ended at \(freeze.until): it holds nothing back",
            at: freeze.source, hint: "Remove it, or write a new `until` if it shall come again.")
    }

    private static func due(_ exception: VulnerabilityPolicy.Exception, _ now: Timestamp) -> Diagnostic? {
        guard exception.expires <= now else { return nil }
        return Diagnostic(
            .warning, Code.expiredException.rawValue,
            "the exception \(quoted(exception.id)) for \(exception.scope) \(exception.severity) ended with "
                + (exception.expires - .days(1)).dayText, at: exception.source,
            hint: "Settle what it was made for, see \(exception.trackingIssue), or make a narrower one.")
    }
}

extension Timestamp {
    /// The calendar date in UTC.
    fileprivate var dayText: String { String(description.prefix(10)) }
}
