import Basics
import Store
import StoreSQLite
import Testing
import Web

@testable import ConsoleAccess

@Suite struct LimitTests {
    @Test func bucketsThatAreFullAgainAreForgotten() {
        let limiter = RateLimiter()
        for index in 0..<1_000 { _ = limiter.take("n\(index)", limit: 60, at: .zero) }
        #expect(limiter.count == 1_000)
        _ = limiter.take("other", limit: 60, at: .minutes(2))
        #expect(limiter.count == 1)
    }

    /// Whoever makes up names must not get the tries back that they have used.
    @Test func whoHasAskedOftenStaysCountedHoweverManyCome() {
        let limiter = RateLimiter()
        for _ in 0..<10 { _ = limiter.take("guessed", limit: 10, at: .zero) }
        #expect(limiter.take("guessed", limit: 10, at: .zero).retryAfter != nil)
        for index in 0..<(RateLimiter.most + 1_000) { _ = limiter.take("made up \(index)", limit: 10, at: .zero) }
        #expect(limiter.take("guessed", limit: 10, at: .zero).retryAfter != nil)
        #expect(limiter.count <= RateLimiter.most)
    }

    @Test func whoComesBackAsToldIsNotTooEarly() {
        for (milliseconds, seconds) in [(1, "1"), (1_000, "1"), (1_900, "2"), (30_000, "30")] {
            let wait = Duration.milliseconds(milliseconds)
            let standing = RateStanding(limit: 1, remaining: 0, reset: wait, retryAfter: wait)
            #expect(standing.headers.last?.value == seconds)
            #expect(AccessControl.refusal(of: standing)?.retryAfterSeconds == seconds)
        }
    }

    @Test func neitherALongNameNorALongPasswordIsLookedAt() async throws {
        let time = SimulatedTime(now: TokenTests.now)
        let store = Store(engine: try await SQLiteEngine.open(path: ":memory:", isReadOnly: false), time: time)
        _ = try await store.migrate()
        let (lines, metrics) = (Locked<[String]>([]), Metrics())
        let log = Log(level: .info, format: .json, time: time) { line in lines.withLock { $0.append(line) } }
        let access = AccessControl(
            store: store, settings: AccessSettings(isLoopback: false), time: time, log: log, metrics: metrics)
        let password = Secret("correct horse battery")
        _ = try await access.putUser("ada", password: password, grants: [Grant(.viewer)], by: "test")
        let long = String(repeating: "x", count: 6 << 20)
        for (index, (name, word)) in [
            (long, "x"), (String(repeating: "n", count: 256), "x"), ("ada", long), ("ada", "wrong"), ("e\"ve\n", "x"),
        ].enumerated() {
            let origin = ClientOrigin(address: "192.0.2.\(index)")
            await #expect { _ = try await access.logIn(name: name, password: Secret(word), from: origin) } throws: {
                ($0 as? AccessFault)?.code == "ACCESS-0006"
            }
        }
        // A bucket for each address, and of each name that was looked up one with its address and one for itself.
        #expect(access.limiter.count == 5 + 2 * 2)
        let told = lines.withLock { $0 }
        #expect(told.count == 5 && told[3].contains("ada") && told.allSatisfy { $0.utf8.count < 500 })
        #expect(!told.contains { $0.contains("ve") && $0.contains("e\\\"") }, "a stranger's name isn't written down")
        #expect(metrics.value("odooops_logins_total", ["result": "wrong"]) == 5)
        for name in ["key:ci", "oidc:u1", "anonymous", "", ".", "..", String(repeating: "n", count: 256)] {
            await #expect(throws: AccessFault.self, "\(name.prefix(20))") {
                _ = try await access.putUser(name, password: nil, grants: [], by: "test")
            }
        }
    }

    /// An access control over a clock that sleeping moves, and somebody with a password.
    private static func accessOfAda() async throws -> (access: AccessControl, time: SimulatedTime) {
        let time = SimulatedTime(now: TokenTests.now, advancesBySleeping: true)
        let store = Store(engine: try await SQLiteEngine.open(path: ":memory:", isReadOnly: false), time: time)
        _ = try await store.migrate()
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        _ = try await access.putUser(
            "ada", password: Secret("correct horse battery"), grants: [Grant(.viewer)], by: "test")
        return (access, time)
    }

    @Test("Wrong logins of others hold a name's own up and don't lock it out")
    func othersLockNobodyOut() async throws {
        let (access, time) = try await Self.accessOfAda()
        func login(_ password: String, from address: String) async throws -> Duration {
            let before = time.uptime
            _ = try? await access.logIn(name: "ada", password: Secret(password), from: ClientOrigin(address: address))
            return time.uptime - before
        }
        var waits: [Duration] = []
        for index in 0..<40 { waits.append(try await login("wrong", from: "198.51.100.\(index)")) }
        #expect(waits.prefix(5).allSatisfy { $0 == .zero }, "a slip or two hold nobody up")
        #expect(waits[5] > .zero && waits[6] == waits[5] * 2 && waits.max() == .seconds(8), "\(waits)")
        let before = time.uptime
        let user = try await access.logIn(
            name: "ada", password: Secret("correct horse battery"), from: ClientOrigin(address: "192.0.2.1"))
        #expect(user.name == "ada" && time.uptime - before == .seconds(8))
        // It is over when they stop.
        time.advance(by: .minutes(10))
        #expect(try await login("correct horse battery", from: "192.0.2.1") == .zero)
    }

    @Test("Whoever guesses at one name from one network is refused, whatever address of it they use")
    func guessesFromOneNetworkEnd() async throws {
        let (access, time) = try await Self.accessOfAda()
        var codes: [String] = []
        for index in 0..<12 {
            // One a minute: no limit of the address itself.
            time.advance(by: .seconds(10))
            do {
                _ = try await access.logIn(
                    name: "ada", password: Secret("guess \(index)"), from: ClientOrigin(address: "2001:db8::\(index)"))
            } catch let fault as AccessFault { codes.append("\(fault.code) \(fault.status)") }
        }
        #expect(codes.prefix(10).allSatisfy { $0 == "ACCESS-0006 401" } && codes.last == "ACCESS-0005 429", "\(codes)")
        // Elsewhere the name's owner comes in, and from there others do.
        let right = Secret("correct horse battery")
        #expect(
            try await access.logIn(name: "ada", password: right, from: ClientOrigin(address: "192.0.2.1")).name == "ada"
        )
        _ = try await access.putUser("bob", password: right, grants: [Grant(.viewer)], by: "test")
        #expect(
            try await access.logIn(name: "bob", password: right, from: ClientOrigin(address: "2001:db8::1")).name
                == "bob")
    }

    @Test func oneCustomersAddressesAreOne() {
        func network(_ address: String) -> String { ClientOrigin(address: address).network }
        #expect(network("2001:db8::1") == network("2001:db8::ffff:1"))
        #expect(network("2001:db8::1") != network("2001:db8:0:1::1"))
        #expect(network("192.0.2.1") != network("192.0.2.2"))
    }

    @Test(arguments: [
        ([("Host", "127.0.0.1:8080")], "127.0.0.1", true), ([("Host", "localhost")], "::1", true),
        ([("Host", "127.0.0.1:8080")], "192.0.2.1", false), ([("Host", "evil.example")], "127.0.0.1", false),
        ([("Host", "localhost"), ("X-Forwarded-For", "192.0.2.1")], "127.0.0.1", false),
        ([("Host", "localhost"), ("Forwarded", "for=192.0.2.1")], "127.0.0.1", false),
        ([("Host", "localhost"), ("Origin", "https://evil.example")], "127.0.0.1", false),
        ([("Host", "localhost"), ("Origin", "null")], "127.0.0.1", false),
        ([("Host", "localhost"), ("Sec-Fetch-Site", "cross-site")], "127.0.0.1", false),
        (
            [("Host", "localhost:80"), ("Origin", "http://localhost:80"), ("Sec-Fetch-Site", "same-origin")], "::1",
            true
        ),
        ([], "127.0.0.1", false),
    ])
    func onlyWhoSitsAtThisMachineActsByHand(headers: [(String, String)], peer: String, isHere: Bool) {
        let request = WebRequest(
            method: "POST", path: "/hooks/reconcile", headers: headers.map { (name: $0.0, value: $0.1) }, peer: peer)
        #expect(ClientOrigin.isByHandHere(request) == isHere)
    }
}
