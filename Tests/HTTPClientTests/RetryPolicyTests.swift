import Basics
import HTTPClient
import Testing

private let now = Timestamp(seconds: 784_111_777)  // 1994-11-06T08:49:37Z

@Suite struct RetryPolicyTests {
    private func decide(
        _ method: String, _ outcome: Result<HTTPResponse, HTTPFault>, attempt: Int = 1, seed: UInt64 = 1
    ) -> RetryPolicy.Decision {
        RetryPolicy().decide(
            attempt: attempt, method: method, outcome: outcome, now: now, random: RandomSource(seed: seed))
    }

    private func answer(_ status: Int, _ headers: [HTTPHeader] = []) -> Result<HTTPResponse, HTTPFault> {
        .success(HTTPResponse(status: status, headers: headers))
    }

    private func fault(_ kind: HTTPFault.Kind) -> Result<HTTPResponse, HTTPFault> {
        .failure(HTTPFault(kind, code: "X", message: "x", place: nil))
    }

    @Test(arguments: ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"])
    func `only what can't double an effect is tried again`(method: String) {
        let repeats = method != "POST" && method != "PATCH"
        for status in [408, 500, 502, 503, 504] { #expect((decide(method, answer(status)) != .stop) == repeats) }
        for status in [200, 204, 301, 400, 401, 404, 409, 422, 501] { #expect(decide(method, answer(status)) == .stop) }
        #expect(decide(method, answer(429)) != .stop)
        #expect(decide(method, fault(.notSent)) != .stop)
        #expect(decide(method, fault(.timedOut(sent: false))) != .stop)
        #expect((decide(method, fault(.lost)) != .stop) == repeats)
        #expect((decide(method, fault(.timedOut(sent: true))) != .stop) == repeats)
        for kind in [HTTPFault.Kind.tls, .tooLarge, .cancelled, .badURL] {
            #expect(decide(method, fault(kind)) == .stop)
        }
        #expect(decide(method, answer(429), attempt: 5) == .stop)
    }

    @Test(arguments: [
        ("7", RetryPolicy.Decision.retry(after: .seconds(7))), ("0", .retry(after: .zero)),
        ("60", .retry(after: .seconds(60))),
        ("61", .giveUp(asked: .seconds(61))), ("99999999999999999999", .giveUp(asked: .days(365))),
        ("Sun, 06 Nov 1994 08:49:47 GMT", .retry(after: .seconds(10))),
        ("Sunday, 06-Nov-94 08:49:47 GMT", .retry(after: .seconds(10))),
        ("Sun Nov  6 08:49:47 1994", .retry(after: .seconds(10))),
        ("Sun, 06 Nov 1994 08:00:00 GMT", .retry(after: .zero)),
        ("Mon, 07 Nov 1994 08:49:37 GMT", .giveUp(asked: .days(1))),
    ])
    func `what the provider asks for wins`(value: String, expected: RetryPolicy.Decision) {
        #expect(decide("POST", answer(429, [HTTPHeader("Retry-After", value)])) == expected)
        #expect(decide("GET", answer(503, [HTTPHeader("retry-after", value)])) == expected)
    }

    @Test func `without retry-after a 429 waits for the provider's oldest request to expire`() {
        let header = HTTPHeader("ratelimit-reset", "\(now.seconds + 20)")
        #expect(decide("POST", answer(429, [header])) == .retry(after: .seconds(20)))
        let far = HTTPHeader("ratelimit-reset", "\(now.seconds + 3_000)")
        #expect(decide("POST", answer(429, [far])) == .giveUp(asked: .seconds(3_000)))
    }

    @Test(arguments: ["soon", "-1", "1.5", "", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"])
    func `an answer that asks for nonsense is waited for by jitter`(value: String) {
        for seed in UInt64(0)..<20 {
            for attempt in 1...4 {
                let decision = RetryPolicy().decide(
                    attempt: attempt, method: "GET", outcome: answer(503, [HTTPHeader("Retry-After", value)]), now: now,
                    random: RandomSource(seed: seed))
                guard case .retry(let wait) = decision else {
                    Issue.record("\(decision)")
                    return
                }
                #expect(wait >= .zero && wait <= .milliseconds(500 << (attempt - 1)))
            }
        }
    }
}
