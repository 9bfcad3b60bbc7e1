import Basics
import Formats
import Simulator
import Testing

/// The sliding windows and the headers that tell of them.
@Suite struct LimitTests {
    @Test func everyAnswerTellsWhatIsLeft() async throws {
        let (client, time) = try makeClient { $0.limits = RateLimits() }
        for expected in ["4999", "4998", "4997"] {
            let reply = await client.get("/v2/nothing")
            #expect(reply.header("ratelimit-limit") == "5000")
            #expect(reply.header("ratelimit-remaining") == expected)
            #expect(reply.header("ratelimit-reset") == "\(start.seconds + 3_600)")
            #expect(reply.header("x-request-id")?.utf8.count == 36)
            time.advance(by: .seconds(10))
        }
        // The oldest leaves, and the reset is that of the next one.
        time.advance(by: .seconds(3_575))
        let reply = await client.get("/v2/account")
        #expect(reply.header("ratelimit-remaining") == "4997")
        #expect(reply.header("ratelimit-reset") == "\(start.seconds + 10 + 3_600)")
    }

    /// Whoever reads what an answer says of limits keeps to it, so that without limits none may say that one runs out.
    @Test(arguments: ["/v2/nothing", "/github/repos/acme/odoo", "/supabase/v1/projects"])
    func withoutLimitsNothingSeemsToRunOut(_ path: String) async throws {
        let (client, _) = try makeClient { $0.limits = .generous }
        var last = await client.get(path)
        for _ in 0..<5_200 { last = await client.get(path) }
        #expect(last.status != 429 && last.status != 403)
        let left = last.headers.first { $0.name.lowercased().hasSuffix("ratelimit-remaining") }.flatMap {
            Int($0.value)
        }
        #expect((left ?? 0) > 900_000, "\(last.headers)")
        let limit = last.headers.first { $0.name.lowercased().hasSuffix("ratelimit-limit") }
        #expect(limit?.value == "1000000")
    }

    @Test func theBurstLimitHasARetryAfterAndSlides() async throws {
        let (client, time) = try makeClient { $0.limits = RateLimits(perHour: 100, perMinute: 3) }
        for _ in 0..<3 {
            #expect(await client.get("/v2/account").status == 200)
            time.advance(by: .seconds(10))
        }
        let refused = await client.get("/v2/account")
        #expect(refused.status == 429)
        #expect(refused["id"].stringValue == "too_many_requests")
        #expect(refused.header("retry-after") == "30")
        #expect(refused.header("ratelimit-remaining") == "0")
        time.advance(by: .seconds(29))
        #expect(await client.get("/v2/account").status == 429)
        time.advance(by: .seconds(1))
        #expect(await client.get("/v2/account").status == 200)
        #expect(await client.get("/v2/account").status == 429)
    }

    @Test func theHourlyLimitHasNoRetryAfter() async throws {
        let (client, time) = try makeClient { $0.limits = RateLimits(perHour: 2, perMinute: 100) }
        for _ in 0..<2 { #expect(await client.get("/v2/account").status == 200) }
        let refused = await client.get("/v2/account")
        #expect(refused.status == 429)
        #expect(refused.header("retry-after") == nil)
        #expect(refused.header("ratelimit-remaining") == "0")
        #expect(refused.header("ratelimit-reset") == "\(start.seconds + 3_600)")
        time.advance(by: .hours(1))
        #expect(await client.get("/v2/account").status == 200)
    }

    @Test func eachTokenHasItsOwnWindow() async throws {
        var (client, _) = try makeClient { $0.limits = RateLimits(perHour: 1, perMinute: 10) }
        #expect(await client.get("/v2/account").status == 200)
        #expect(await client.get("/v2/account").status == 429)
        client.token = "another"
        #expect(await client.get("/v2/account").status == 200)
    }

    @Test func listingKeysHasALimitOfItsOwn() async throws {
        let (client, time) = try makeClient { $0.limits = RateLimits() }
        for _ in 0..<10 { #expect(await client.get("/v2/account/keys").status == 200) }
        let refused = await client.get("/v2/account/keys")
        #expect(refused.status == 429)
        #expect(refused.header("retry-after") == "60")
        #expect(await client.get("/v2/account").status == 200)
        time.advance(by: .seconds(60))
        #expect(await client.get("/v2/account/keys").status == 200)
    }

    @Test func thousandsOfRequestsAreCountedExactly() async throws {
        let (client, time) = try makeClient { $0.limits = RateLimits(perHour: 6_000, perMinute: 6_000) }
        for _ in 0..<6_000 { _ = await client.get("/v2/x") }
        #expect(await client.get("/v2/account").status == 429)
        time.advance(by: .seconds(3_601))
        let reply = await client.get("/v2/account")
        #expect(reply.status == 200)
        #expect(reply.header("ratelimit-remaining") == "5999")
    }
}
