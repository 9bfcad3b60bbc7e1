import Basics
public import Web

/// What each answer tells browsers to forbid.
public struct SecurityHeaders: Sendable {
    /// What a page may load: nothing but what this server gives itself, and no script or style inside the page.
    public static let pagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    /// What an answer of the API may load: nothing.
    public static let dataPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    /// Adds the headers; one that the answer has already stays as it is.
    public static func add(to response: inout WebResponse, isSecure: Bool, policy: String) {
        var headers: [(String, String)] = [
            ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
            // Nothing for others; without it for us a form's request would come with the origin null.
            ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
        ]
        if isSecure { headers.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains")) }
        // What is shown to one person is nobody else's.
        headers.append(("Cache-Control", "no-store"))
        let known = response.headers
        for (name, value) in headers where !known.contains(where: { $0.name.matchesIgnoringCase(name) }) {
            response.headers.append((name, value))
        }
    }
}
