import Basics
import Formats
import Store
import StoreSQLite
import Testing
import Web

@testable import ConsoleAccess

@Suite struct TokenTests {
    static let now = Timestamp(seconds: 1_800_000_000)
    private static let secret = TokenKey(Secret(String(repeating: "s", count: 32)))

    // MARK: Signatures of others

    /// RFC 7515, A.3; RFC 8037, A.4; and one made by OpenSSL.
    private static let vectors: [(jwk: Value, signed: String, signature: String)] = [
        (
            [
                "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            ],
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
                + "Ijp0cnVlfQ",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
        (
            ["kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
        (
            ["kty": "RSA", "e": "AQAB", "n": .string(Self.modulus)], "eyJhbGciOiJSUzI1NiJ9.e30", Self.rsaSignature
        ),
    ]
    private static let modulus =
        "oKfVy-NIrmSb5aHCYl6HgF6TtSWytywukAjws5xY6JIF5s1dM2KwL_BHwzi0YNVQ__FpbKxvcNB9Wm5BcJ-1zj6rGbAxmCcX"
        + "DTZd9scsy-TmfoFyVNI3yRnnqXn6CttsIOZ_RMkK6oSMtaGO9OM8dlNcLNlBvL1bJBr5qQFiQRFtd4qiV_9Os3YPk82H3gUm"
        + "j1jw3X1y8jOMueU41FfNib-rMXRzLdN7_wewwWGLsNBoy-pZphd1UIb8urpg8C7aZ0lT_nxP6-mVmiXQTln4_h1RKSi1p9HN"
        + "0uDnqIC6shmoNsohHs6KlbmLJXoIaZIkT73sNLHFqJ8OXji_bxD_4Q"
    private static let rsaSignature =
        "gN03G6bpWY1cKbXktZjL4abbK4fHXYkXkOkWr8VGHOdwrjQnNxKc4HlElt7RRVi0RzRG0tuGWf9Pp89YFdxupVnbhWHEZvqZ"
        + "D_kkrLJUWS3uF-Zq7v8hGjm1TfCqEh15jOjx7tbOlcIsEL6J8MqJySbuGO2FOTrmNb65WdLEjjOqYfVc-eMGJzFe7m-bR2Uh"
        + "PRJ_BSB2ZE7enhjf4Z_hEOH-rLv5cw5vwJ0PBrlF1R9nN5juYwxWv3Oz-qPHH5LGnQPXe8hxeW9EI7oV7z-I5fo82nD7drbs"
        + "MQ0wyTp-t0PWFZXQJYGA7Zd_XdmLCobPwkSYCzOzZBDhcpWqwa3WqA"

    @Test(arguments: 0..<3) func signaturesOfOthersAreChecked(index: Int) throws {
        let vector = Self.vectors[index]
        let key = try #require(TokenIssuer.key(vector.jwk)).key
        let signature = try #require(Base64URL.decode(vector.signature))
        #expect(key.verify(signature, of: Array(vector.signed.utf8)))
        #expect(!key.verify(signature, of: Array((vector.signed + "A").utf8)))
        for bit in stride(from: 0, to: signature.count * 8, by: 37) {
            var other = signature
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.verify(other, of: Array(vector.signed.utf8)))
        }
        #expect(!key.verify([], of: Array(vector.signed.utf8)))
        #expect(key.sign([1]) == nil)
    }

    @Test(
        arguments: [
            ["kty": "oct", "k": "c2VjcmV0"], ["kty": "RSA", "n": "AQAB"],
            ["kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"],
            ["kty": "OKP", "crv": "Ed25519", "x": "AA"], ["kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"],
            ["kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "HS256"],
        ] as [Value])
    func keysThatProveNothingAreLeftOut(jwk: Value) { #expect(TokenIssuer.key(jwk) == nil) }

    // MARK: Our own

    @Test(arguments: ["", "ed25519:"]) func ourTokensProveWhoTheyAreOf(kind: String) throws {
        let key = try #require(
            kind.isEmpty ? Self.secret : TokenKey(Secret(kind + String(repeating: "9d", count: 32))))
        let mint = TokenMint(key: key, audience: "default")
        let text = try #require(
            mint.token(subject: "u1", name: "ada", id: "1", generation: 0, at: Self.now, lasting: .hours(12)))
        let claims = try UnprovenToken(text).prove(
            with: key, issuer: "odooops", audience: "default", at: Self.now + .hours(11))
        #expect(claims.subject == "u1" && claims.name == "ada" && claims.expiresAt == Self.now + .hours(12))
        for (issuer, audience, at) in [
            ("other", "default", Self.now), ("odooops", "other", Self.now),
            ("odooops", "default", Self.now + .hours(13)), ("odooops", "default", Self.now - .hours(1)),
        ] {
            #expect(throws: TokenFault.self) {
                try UnprovenToken(text).prove(with: key, issuer: issuer, audience: audience, at: at)
            }
        }
    }

    /// A token's own header never chooses how it is checked.
    @Test func theAlgorithmIsTheKeysAndNotTheTokens() throws {
        let key = try #require(Self.secret)
        let body = Base64URL.encode(
            Array(#"{"iss":"odooops","sub":"u1","aud":"default","exp":1900000000}"#.utf8))
        for algorithm in ["none", "None", "HS512", "RS256", "EdDSA", ""] {
            let head = Base64URL.encode(Array(#"{"alg":"\#(algorithm)"}"#.utf8))
            let signature = try #require(key.sign(Array("\(head).\(body)".utf8)))
            for text in ["\(head).\(body).", "\(head).\(body).\(Base64URL.encode(signature))"] {
                #expect(throws: TokenFault.self, "\(algorithm)") {
                    try UnprovenToken(text).prove(with: key, issuer: "odooops", audience: "default", at: Self.now)
                }
            }
        }
        // A public key is no secret: signed with its bytes as one, a token proves nothing.
        let vector = Self.vectors[2]
        let rsa = try #require(TokenIssuer.key(vector.jwk)).key
        let head = Base64URL.encode(Array(#"{"alg":"HS256"}"#.utf8))
        let forged = try #require(TokenKey(Secret(Self.modulus))?.sign(Array("\(head).\(body)".utf8)))
        #expect(throws: TokenFault.self) {
            try UnprovenToken("\(head).\(body).\(Base64URL.encode(forged))")
                .prove(with: rsa, issuer: "odooops", audience: "default", at: Self.now)
        }
    }

    @Test(arguments: ["", ".", "a.b", "a.b.c.d", "a.b.c", "e30.e30.", "e30=.e30.e30", "e30.W10.AA", "\u{0}.e30.e30"])
    func whatIsNoTokenIsRefused(text: String) { #expect(throws: TokenFault.self) { _ = try UnprovenToken(text) } }

    @Test(arguments: UInt64(0)..<20) func base64URLIsReadAsItIsWritten(seed: UInt64) {
        let random = RandomSource(seed: seed)
        let bytes = (0..<Int(seed)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        #expect(Base64URL.decode("AB") == nil && Base64URL.decode("A") == nil && Base64URL.decode("AA==") == nil)
    }

    // MARK: Passwords and sessions

    /// RFC 7914, section 12.
    @Test func aPasswordIsCheckedAsTheStandardSays() throws {
        let kept =
            "scrypt$16384$8$1$536f6469756d43686c6f72696465$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        #expect(PasswordHash.verify(Secret("pleaseletmein"), against: kept))
        #expect(!PasswordHash.verify(Secret("pleaseletmeim"), against: kept))
        let made = try #require(PasswordHash.make(Secret("p"), salt: [1, 2], cost: .least))
        #expect(PasswordHash.verify(Secret("p"), against: made) && !PasswordHash.verify(Secret(""), against: made))
        for text in ["", "scrypt$3$8$1$00$00", "scrypt$1099511627776$8$1$00$\(String(repeating: "0", count: 64))"] {
            #expect(!PasswordHash.verify(Secret(""), against: text))
        }
    }

    @Test func aSessionLastsUntilItEndsAndGuardsItsForms() async throws {
        // Who guesses at a name is held up for longer and longer.
        let time = SimulatedTime(now: Self.now, advancesBySleeping: true)
        let store = Store(engine: try await SQLiteEngine.open(path: ":memory:", isReadOnly: false), time: time)
        _ = try await store.migrate()
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        let password = Secret("correct horse battery")
        _ = try await access.putUser("ada", password: password, grants: [Grant(.developer)], by: "test")
        let origin = ClientOrigin(address: "192.0.2.1", isSecure: true)
        let user = try await access.logIn(name: "ada", password: password, from: origin)
        let (session, cookie) = try await access.openSession(user, from: origin)
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Secure"))
        let value = String(cookie.prefix { $0 != ";" })
        func request(_ headers: [(String, String)] = []) -> WebRequest {
            WebRequest(
                method: "POST", path: "/",
                headers: ([("Host", "ops.example"), ("Cookie", "a=b; \(value)")] + headers)
                    .map { (name: $0.0, value: $0.1) }, peer: "192.0.2.1")
        }
        let caller = try await access.caller(of: request())
        #expect(caller.name == "ada" && caller.session == session && caller.may(.operate))
        for headers in [
            [], [("X-CSRF-Token", "x")], [("X-CSRF-Token", session.csrfToken), ("Origin", "https://evil.example")],
            [("X-CSRF-Token", session.csrfToken), ("Sec-Fetch-Site", "cross-site")],
            [("X-CSRF-Token", session.csrfToken), ("Origin", "null")],
            [("X-CSRF-Token", session.csrfToken), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
        ] {
            #expect(throws: AccessFault.self) { try access.checkForgery(request(headers), by: caller) }
        }
        let own = [("X-CSRF-Token", session.csrfToken), ("Origin", "https://ops.example")]
        try access.checkForgery(request(own), by: caller)
        // A browser that keeps addresses to itself, on a page of ours.
        let silent = [("X-CSRF-Token", session.csrfToken), ("Origin", "null"), ("Sec-Fetch-Site", "same-origin")]
        try access.checkForgery(request(silent), by: caller)
        try access.checkForgery(request(), by: caller, field: session.csrfToken)
        for _ in 0..<2 { _ = try await access.endSession(request(), by: caller) }
        #expect(try await access.caller(of: request()).isAnonymous)
        let logouts = try await store.auditLog(limit: 10).filter { $0.action == "access.logout" }
        #expect(logouts.count == 1, "a session ends once")
        #expect(logouts.first?.actor == "ada" && logouts.first?.detail["from"] == "192.0.2.1")
        for _ in 0..<12 { _ = try? await access.logIn(name: "eve", password: password, from: origin) }
        await #expect(throws: AccessFault.self, "ten tries a minute") {
            _ = try await access.logIn(name: "ada", password: password, from: origin)
        }
    }
}
