import Basics
import Formats
import HTTPClient
import Store
import StoreSQLite
import Testing
import Web

@testable import ConsoleAccess

@Suite struct IssuerTests {
    private static let now = TokenTests.now

    private static func access(_ transport: IssuerStub) async throws -> (access: AccessControl, time: SimulatedTime) {
        let time = SimulatedTime(now: now)
        let store = Store(engine: try await SQLiteEngine.open(path: ":memory:", isReadOnly: false), time: time)
        _ = try await store.migrate()
        let issuer = TokenIssuer(
            IssuerSettings(issuer: "https://id.example", audience: "odooops"), transport: transport)
        var settings = AccessSettings(isLoopback: false)
        settings.userLimit = 60
        return (AccessControl(store: store, settings: settings, issuer: issuer, time: time), time)
    }

    private static func token(of subject: String, named name: String, lasting: Int64 = 86_400) throws -> String {
        let key = try #require(TokenKey(Secret("ed25519:" + String(repeating: "9d", count: 32))))
        let body: Value = [
            "iss": "https://id.example", "sub": .string(subject), "aud": ["x", "odooops"], "name": .string(name),
            "exp": .int(now.seconds + lasting), "odooops_roles": ["viewer", "developer@staging", "king"],
        ]
        let signed =
            Base64URL.encode(Array(#"{"alg":"EdDSA","kid":"k1"}"#.utf8)) + "."
            + Base64URL.encode(Array(JSON.write(body).utf8))
        return signed + "." + Base64URL.encode(try #require(key.sign(Array(signed.utf8))))
    }

    private static func ask(_ access: AccessControl, _ token: String) async throws -> Caller {
        try await access.caller(
            of: WebRequest(method: "GET", path: "/", headers: [("Authorization", "Bearer \(token)")]))
    }

    private static func code(_ access: AccessControl, _ token: String) async -> String? {
        do {
            _ = try await ask(access, token)
            return nil
        } catch { return (error as? AccessFault)?.code }
    }

    @Test func theTokensOfAnIssuerCountAsItsKeysSay() async throws {
        let transport = IssuerStub()
        let (access, time) = try await Self.access(transport)
        let token = try Self.token(of: "u7", named: "bob", lasting: 3_600)
        let caller = try await Self.ask(access, token)
        #expect(caller.name == "oidc:u7")
        #expect(caller.grants == [Grant(.viewer), Grant(.developer, environment: "staging")])
        _ = try await Self.ask(access, token)
        #expect(transport.count == 2, "the keys are kept")
        #expect(await Self.code(access, String(token.dropLast(2)) + "AA") == "ACCESS-0002")
        time.advance(by: .hours(1) + .minutes(2))
        #expect(await Self.code(access, token) == "ACCESS-0002")
    }

    /// What people call themselves at an issuer is theirs to choose.
    @Test func twoOfOneNameAreTwo() async throws {
        let (access, _) = try await Self.access(IssuerStub())
        let ada = try await Self.ask(access, Self.token(of: "u1", named: "Ada"))
        let eve = try await Self.ask(access, Self.token(of: "u2", named: "Ada"))
        #expect(ada.name != eve.name && ada.accountName != eve.accountName)
        for _ in 0..<60 { _ = access.count(ada) }
        #expect(access.count(ada).retryAfter != nil && access.count(eve).retryAfter == nil)
    }

    @Test func allWhoComeWhileTheKeysAreFetchedWaitForThem() async throws {
        let transport = IssuerStub()
        let (access, _) = try await Self.access(transport)
        transport.hold()
        let token = try Self.token(of: "u1", named: "Ada")
        async let first = Self.code(access, token)
        async let second = Self.code(access, token)
        async let third = Self.code(access, token)
        while transport.count == 0 { await Task.yield() }
        for _ in 0..<50 { await Task.yield() }
        transport.release()
        #expect(await [first, second, third] == [nil, nil, nil])
        #expect(transport.count == 2, "fetched once for all")
    }

    @Test func anIssuerThatIsAwayMakesNoTokenWrong() async throws {
        let transport = IssuerStub()
        let (access, time) = try await Self.access(transport)
        let token = try Self.token(of: "u1", named: "Ada")
        transport.isAway = true
        #expect(await Self.code(access, token) == "ACCESS-0010")
        #expect(await Self.code(access, token) == "ACCESS-0010", "nor before it is asked again")
        transport.isAway = false
        time.advance(by: .seconds(31))
        #expect(await Self.code(access, token) == nil)
        transport.isAway = true
        time.advance(by: .hours(3))
        #expect(await Self.code(access, token) == nil, "old keys count until new ones have come")
    }

    @Test(arguments: [
        ("https://id.example/keys", true), ("http://127.0.0.1:8080/keys", true), ("http://[::1]:80/keys", true),
        ("http://127.0.0.1:x@evil.example/", false), ("https://id.example@evil.example/", false),
        ("http://127.0.0.1:80@evil.example/", false), ("http://127.0.0.1.evil.example:80/", false),
        ("http://127.0.0.1:99999/", false), ("http://id.example/keys", false), ("https:///keys", false),
        ("ftp://127.0.0.1:21/", false), ("https://id.example\\@evil.example/", false), ("", false),
    ])
    func keysAreReadWhereNobodyCanPutOthersIn(address: String, isSafe: Bool) {
        #expect(TokenIssuer.isSafe(address) == isSafe)
    }
}

/// An issuer that gives one key, at once, later or not at all.
private final class IssuerStub: HTTPTransport {
    private struct State {
        var asked = 0
        var isAway = false
        var isHeld = false
    }

    private let state = Locked(State())

    var count: Int { state.withLock { $0.asked } }
    var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }

    func hold() { state.withLock { $0.isHeld = true } }
    func release() { state.withLock { $0.isHeld = false } }

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let isAway = state.withLock { state in
            state.asked += 1
            return state.isAway
        }
        while state.withLock({ $0.isHeld }) { await Task.yield() }
        if isAway { return HTTPResponse(status: 502, body: []) }
        let text =
            request.url.hasSuffix("/openid-configuration")
            ? #"{"issuer":"https://id.example","jwks_uri":"https://id.example/keys"}"#
            : #"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"QLD0mKFvK5Q9dNxPnUrMBdDenJNd1Wmugxz4_N1OP-s"}]}"#
        return HTTPResponse(status: 200, body: Array(text.utf8))
    }
}
