import Basics
import HTTPClient
import Testing

private let now = Timestamp(seconds: 1_700_000_000)

@Suite struct RateRulesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let rules: RateRules
        let status: Int
        let headers: [HTTPHeader]
        var body = ""
        let expected: RateReading

        var testDescription: String { name }
    }

    private static func headers(_ pairs: [(String, Any)]) -> [HTTPHeader] {
        pairs.map { HTTPHeader($0.0, "\($0.1)") }
    }

    private static func quota(
        _ limit: Int?, _ remaining: Int, _ reset: RateReading.Reset?, _ reach: RateReading.Reach = .credential
    ) -> RateReading.Quota { .init(limit: limit, remaining: remaining, reset: reset, reach: reach) }

    static let cases: [Case] = [
        Case(
            name: "DigitalOcean counts a sliding window", rules: .digitalOcean, status: 200,
            headers: headers([
                ("RateLimit-Limit", 5_000), ("ratelimit-remaining", 4_816), ("ratelimit-reset", now.seconds + 40),
            ]),
            expected: RateReading(quota: quota(5_000, 4_816, .oldest(after: .seconds(40))))),
        Case(
            name: "DigitalOcean names a burst by Retry-After", rules: .digitalOcean, status: 429,
            headers: headers([("Retry-After", 7), ("ratelimit-reset", now.seconds + 900)]),
            expected: RateReading(refusal: .init(wait: .seconds(7)))),
        Case(
            name: "DigitalOcean's hour ends with its oldest request", rules: .digitalOcean, status: 429,
            headers: headers([("ratelimit-reset", now.seconds + 900)]),
            expected: RateReading(refusal: .init(wait: .seconds(900)))),
        Case(
            name: "Supabase counts seconds, not epochs, for each endpoint", rules: .supabase, status: 200,
            headers: headers([("X-RateLimit-Limit", 120), ("X-RateLimit-Remaining", 119), ("X-RateLimit-Reset", 58)]),
            expected: RateReading(quota: quota(120, 119, .all(after: .seconds(58)), .scope))),
        Case(
            name: "Supabase refuses for the rest of the window", rules: .supabase, status: 429,
            headers: headers([("X-RateLimit-Reset", 31)]),
            expected: RateReading(refusal: .init(wait: .seconds(31), reach: .scope))),
        Case(
            name: "GitHub's hour comes back at once", rules: .gitHub, status: 200,
            headers: headers([
                ("x-ratelimit-limit", 5_000), ("x-ratelimit-remaining", 12), ("x-ratelimit-reset", now.seconds + 600),
                ("x-ratelimit-resource", "core"),
            ]),
            expected: RateReading(quota: quota(5_000, 12, .all(after: .seconds(600))))),
        Case(
            name: "GitHub's search has a limit of its own, which says nothing of ours", rules: .gitHub, status: 200,
            headers: headers([
                ("x-ratelimit-limit", 30), ("x-ratelimit-remaining", 29), ("x-ratelimit-reset", now.seconds + 60),
                ("x-ratelimit-resource", "search"),
            ]),
            expected: RateReading()),
        Case(
            name: "GitHub's 304 is free", rules: .gitHub, status: 304, headers: [],
            expected: RateReading(isFree: true)),
        Case(
            name: "GitHub's primary limit refuses by 403", rules: .gitHub, status: 403,
            headers: headers([("x-ratelimit-remaining", 0), ("x-ratelimit-reset", now.seconds + 90)]),
            expected: RateReading(refusal: .init(wait: .seconds(90)))),
        Case(
            name: "GitHub's secondary limit names its wait", rules: .gitHub, status: 403,
            headers: headers([("retry-after", 60), ("x-ratelimit-remaining", 4_000)]),
            expected: RateReading(refusal: .init(wait: .seconds(60)))),
        Case(
            name: "GitHub's secondary limit is known by its words", rules: .gitHub, status: 403, headers: [],
            body: #"{"documentation_url": "x", "message": "You have exceeded a secondary rate limit."}"#,
            expected: RateReading(refusal: .init(wait: .seconds(60), grows: true))),
        Case(
            name: "GitHub's 403 for a missing right is none", rules: .gitHub, status: 403, headers: [],
            body: #"{"message": "Resource not accessible by personal access token"}"#, expected: RateReading()),
        Case(
            name: "Vercel's wait is held between 5 and 60 seconds", rules: .vercel, status: 429,
            headers: headers([("Retry-After", 1)]),
            expected: RateReading(
                refusal: .init(wait: .seconds(5), spread: .seconds(30), reach: .scope))),
        Case(
            name: "Vercel's limit is in the body", rules: .vercel, status: 429, headers: [],
            body: """
                {"error": {"code": "rate_limited", "message": "x",
                 "limit": {"total": 100, "remaining": 0, "reset": \(now.seconds + 20), "resetMs": \((now.seconds + 20) * 1_000)}}}
                """,
            expected: RateReading(
                quota: quota(100, 0, .all(after: .seconds(20)), .scope),
                refusal: .init(wait: .seconds(20), spread: .seconds(30), reach: .scope))),
        Case(
            name: "Mailgun's wait is a member of the body", rules: .mailgun, status: 429, headers: [],
            body: #"{"retry-seconds":60}"#, expected: RateReading(refusal: .init(wait: .seconds(60)))),
        Case(
            name: "Mailgun's wait is a number of seconds in words", rules: .mailgun, status: 429, headers: [],
            body: #"{"message": "Domain x limit exceeded, try again after 17 seconds"}"#,
            expected: RateReading(refusal: .init(wait: .seconds(17)))),
        Case(
            name: "Mailgun's wait is a date in words", rules: .mailgun, status: 429, headers: [],
            body: #"{"message": "limit exceeded, try again after Tue, 14 Nov 2023 22:13:50 UTC"}"#,
            expected: RateReading(refusal: .init(wait: .seconds(30)))),
        Case(
            name: "Slack refuses one method", rules: .slack, status: 429, headers: headers([("Retry-After", 3)]),
            expected: RateReading(refusal: .init(wait: .seconds(3), reach: .scope))),
        Case(
            name: "Slack refuses with a 200", rules: .slack, status: 200, headers: [],
            body: #"{"ok":false,"error":"ratelimited"}"#,
            expected: RateReading(refusal: .init(wait: .seconds(30), reach: .scope))),
        Case(
            name: "Slack's other errors are none", rules: .slack, status: 200, headers: [],
            body: #"{"ok":false,"error":"channel_not_found"}"#, expected: RateReading()),
        Case(
            name: "Plane's reset tells nothing", rules: .plane, status: 200,
            headers: headers([("X-RateLimit-Remaining", 42), ("X-RateLimit-Reset", now.seconds + 60)]),
            expected: RateReading(quota: quota(nil, 42, nil))),
    ]

    @Test(arguments: cases)
    func `an answer is read as its provider means it`(_ test: Case) {
        let response = HTTPResponse(status: test.status, headers: test.headers, body: Array(test.body.utf8))
        #expect(test.rules.read(response, now) == test.expected)
    }

    @Test(arguments: [
        RateRules.standard, .digitalOcean, .supabase, .gitHub, .vercel, .mailgun, .slack, .plane, .none,
    ])
    func `nonsense is read as nothing and never breaks anything`(rules: RateRules) {
        let values = ["", "-1", "99999999999999999999999", "x", "1e9", "9223372036854775807"]
        let bodies = ["", "{", "[]", "{\"error\":", "\"", #"{"error":{"limit":{"reset":99999999999999999999}}}"#, "\\"]
        let names = [
            "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit", "x-ratelimit-remaining",
            "x-ratelimit-reset", "retry-after",
        ]
        for value in values {
            for body in bodies {
                for status in [200, 304, 403, 429] {
                    let response = HTTPResponse(
                        status: status, headers: names.map { HTTPHeader($0, value) }, body: Array(body.utf8))
                    #expect(rules.read(response, now).quota == nil)
                }
            }
        }
    }
}
