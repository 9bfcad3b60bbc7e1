public import Basics

/// Whether a hook was really sent by the one who holds the shared secret.
///
/// Each function is told the bytes as they came, before anything reads them, and compares in constant time. A secret that
/// is empty proves nothing: then every signature is wrong.
public enum WebhookSignature {
    /// What came of looking at a signature.
    public enum Verdict: Sendable, Hashable {
        case valid
        /// There is no signature.
        case missing
        /// It is not the one that the secret gives for these bytes.
        case wrong
        /// It is right, but of another time: perhaps somebody plays an old delivery again.
        case stale
    }

    /// The header of a GitHub delivery.
    public static let gitHubHeader = "x-hub-signature-256"
    /// The header of a Vercel delivery.
    public static let vercelHeader = "x-vercel-signature"
    /// The headers of a Slack request.
    public static let slackHeaders = (timestamp: "x-slack-request-timestamp", signature: "x-slack-signature")
    /// The header of a Plane delivery.
    public static let planeHeader = "x-plane-signature"

    /// GitHub's `X-Hub-Signature-256`: `sha256=` and the HMAC-SHA256 of the body in hex.
    ///
    /// A redelivery keeps its `X-GitHub-Delivery`, which is what a receiver remembers against replays.
    public static func gitHub(_ body: [UInt8], signature: String?, secret: Secret) -> Verdict {
        compare(signature, prefix: "sha256=", secret) { hmacSHA256(key: $0, body) }
    }

    /// Vercel's `x-vercel-signature`: the HMAC-SHA1 of the body in hex.
    public static func vercel(_ body: [UInt8], signature: String?, secret: Secret) -> Verdict {
        compare(signature, secret) { hmacSHA1(key: $0, body) }
    }

    /// Plane's `X-Plane-Signature`: the HMAC-SHA256 of the body in hex.
    public static func plane(_ body: [UInt8], signature: String?, secret: Secret) -> Verdict {
        compare(signature, secret) { hmacSHA256(key: $0, body) }
    }

    /// Mailgun's `signature` in the body: the HMAC-SHA256 of timestamp and token in hex; the rest isn't signed.
    ///
    /// - Parameters:
    ///   - timestamp: seconds since 1970, as written.
    ///   - token: to be remembered by the receiver, for it is used once only.
    ///   - signature: as written.
    ///   - secret: the account's signing key for hooks.
    ///   - now: what the timestamp is held against.
    ///   - tolerance: how far the two may be apart; deliveries are repeated for eight hours.
    /// - Returns: whether it is theirs.
    public static func mailgun(
        timestamp: String?, token: String?, signature: String?, secret: Secret, now: Timestamp,
        tolerance: Duration = .hours(9)
    ) -> Verdict {
        guard let timestamp, let token else { return .missing }
        let verdict = compare(signature, secret) { hmacSHA256(key: $0, Array((timestamp + token).utf8)) }
        guard verdict == .valid else { return verdict }
        return isFresh(timestamp, now, tolerance) ? .valid : .stale
    }

    /// Slack's `X-Slack-Signature`: `v0=` and the HMAC-SHA256 of `v0:timestamp:body` in hex.
    ///
    /// - Parameters:
    ///   - body: as it came, form-encoded or JSON.
    ///   - timestamp: `X-Slack-Request-Timestamp`.
    ///   - signature: `X-Slack-Signature`.
    ///   - secret: the app's signing secret.
    ///   - now: what the timestamp is held against.
    ///   - tolerance: five minutes, as Slack advises.
    /// - Returns: whether it is theirs.
    public static func slack(
        _ body: [UInt8], timestamp: String?, signature: String?, secret: Secret, now: Timestamp,
        tolerance: Duration = .minutes(5)
    ) -> Verdict {
        guard let timestamp else { return .missing }
        let verdict = compare(signature, prefix: "v0=", secret) {
            hmacSHA256(key: $0, Array("v0:\(timestamp):".utf8) + body)
        }
        guard verdict == .valid else { return verdict }
        return isFresh(timestamp, now, tolerance) ? .valid : .stale
    }

    private static func compare(
        _ signature: String?, prefix: String = "", _ secret: Secret, _ code: (String.UTF8View) -> [UInt8]
    ) -> Verdict {
        guard let signature, !signature.isEmpty else { return .missing }
        guard !secret.isEmpty, signature.hasPrefix(prefix), let given = Hex.decode(signature.dropFirst(prefix.count))
        else { return .wrong }
        return secret.reveal { equalInConstantTime(given, code($0.utf8)) } ? .valid : .wrong
    }

    private static func isFresh(_ text: String, _ now: Timestamp, _ tolerance: Duration) -> Bool {
        guard let seconds = Int64(text), (0...(1 << 40)).contains(seconds) else { return false }
        let distance = now - Timestamp(seconds: seconds)
        return distance <= tolerance && distance >= .zero - tolerance
    }
}
