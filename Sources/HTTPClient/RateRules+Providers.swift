internal import Basics

/// What each provider documents of its limits; specs and their sources are named in docs/providers.
extension RateRules {
    /// A 429 with `Retry-After`, and `ratelimit-limit`, `-remaining` and `-reset` (an epoch) of a sliding window.
    public static let standard = sliding("standard")

    /// DigitalOcean: `Retry-After` comes only for the burst limit; `ratelimit-reset` is when the oldest request expires.
    public static let digitalOcean = sliding("digitalocean")

    private static func sliding(_ name: String) -> RateRules {
        RateRules(name) { response, now in
            var reading = RateReading()
            let reset = response.number("ratelimit-reset").map { Timestamp(seconds: Int64($0)) - now }
            if let limit = response.number("ratelimit-limit"), limit > 0,
                let remaining = response.number("ratelimit-remaining")
            {
                reading.quota = .init(limit: limit, remaining: remaining, reset: reset.map { .oldest(after: $0) })
            }
            if response.status == 429 {
                let asked = response.retryAfter(now: now) ?? reset.flatMap { $0 > .zero ? $0 : nil }
                reading.refusal = .init(wait: asked)
            }
            return reading
        }
    }

    /// Supabase: a limit for each user, project and endpoint; `X-RateLimit-Reset` counts seconds, it is no epoch.
    public static let supabase = RateRules("supabase") { response, now in
        var reading = RateReading()
        let reset = response.number("x-ratelimit-reset").map { Duration.seconds(min($0, 86_400)) }
        if let limit = response.number("x-ratelimit-limit"), limit > 0,
            let remaining = response.number("x-ratelimit-remaining")
        {
            reading.quota = .init(
                limit: limit, remaining: remaining, reset: reset.map { .all(after: $0) }, reach: .scope)
        }
        if response.status == 429 {
            reading.refusal = .init(wait: response.retryAfter(now: now) ?? reset ?? .seconds(60), reach: .scope)
        }
        return reading
    }

    /// GitHub: the primary limit by headers with an epoch, secondary limits by 403 or 429, and a 304 that costs nothing.
    public static let gitHub = RateRules("github") { response, now in
        var reading = RateReading(isFree: response.status == 304)
        let reset = response.number("x-ratelimit-reset").map { max(.zero, Timestamp(seconds: Int64($0)) - now) }
        let resource = response.header("x-ratelimit-resource") ?? "core"
        let remaining = response.number("x-ratelimit-remaining")
        // Other resources, such as search, have limits that no call of ours falls under.
        if resource == "core", let limit = response.number("x-ratelimit-limit"), limit > 0, let remaining {
            reading.quota = .init(limit: limit, remaining: remaining, reset: reset.map { .all(after: $0) })
        }
        guard response.status == 403 || response.status == 429 else { return reading }
        if let asked = response.retryAfter(now: now) {
            reading.refusal = .init(wait: asked)
        } else if remaining == 0 {
            reading.refusal = .init(wait: reset ?? .seconds(60), reach: resource == "core" ? .credential : .scope)
        } else {
            let message = JSONProbe.string(["message"], in: response.body)?.lowercased() ?? ""
            if response.status == 429 || message.contains("rate limit") || message.contains("abuse detection") {
                reading.refusal = .init(wait: .seconds(60), grows: true)
            }
        }
        return reading
    }

    /// Vercel: a 429 with `Retry-After`, or with the limit in its body; its own clients wait 5 to 60 s and spread by 30.
    public static let vercel = RateRules("vercel") { response, now in
        var reading = RateReading()
        if let limit = response.number("x-ratelimit-limit"), limit > 0,
            let remaining = response.number("x-ratelimit-remaining")
        {
            let reset = response.number("x-ratelimit-reset").map { max(.zero, Timestamp(seconds: Int64($0)) - now) }
            reading.quota = .init(
                limit: limit, remaining: remaining, reset: reset.map { .all(after: $0) }, reach: .scope)
        }
        guard response.status == 429 else { return reading }
        var asked = response.retryAfter(now: now)
        let inBody = { (name: String) in JSONProbe.number(["error", "limit", name], in: response.body) }
        if asked == nil, let milliseconds = inBody("resetMs") {
            asked = Timestamp(microseconds: Int64(min(milliseconds, 1 << 52)) * 1_000) - now
        }
        if asked == nil, let seconds = inBody("reset") {
            asked = Timestamp(seconds: Int64(min(seconds, 1 << 40))) - now
        }
        if let total = inBody("total"), total > 0, let remaining = inBody("remaining") {
            reading.quota = .init(
                limit: Int(min(total, 1 << 40)), remaining: Int(min(remaining, 1 << 40)),
                reset: asked.map { .all(after: max(.zero, $0)) }, reach: .scope)
        }
        reading.refusal = .init(
            wait: min(max(asked ?? .seconds(5), .seconds(5)), .seconds(60)), spread: .seconds(30), reach: .scope)
        return reading
    }

    /// Mailgun: no headers; a 429 says in its body, as a member or in words, when to come back.
    public static let mailgun = RateRules("mailgun") { response, now in
        guard response.status == 429 else { return RateReading() }
        var asked = response.retryAfter(now: now)
        if asked == nil, let seconds = JSONProbe.number(["retry-seconds"], in: response.body) {
            asked = .seconds(min(seconds, 86_400))
        }
        if asked == nil {
            let text =
                JSONProbe.string(["message"], in: response.body)
                ?? String(decoding: response.body.prefix(1_000), as: UTF8.self)
            asked = wait(inWords: text, now: now)
        }
        return RateReading(refusal: .init(wait: asked ?? .seconds(60)))
    }

    /// `… try again after 30 seconds`, or after a date.
    private static func wait(inWords text: String, now: Timestamp) -> Duration? {
        let words = text.split { $0 == " " || $0 == "\"" || $0 == "}" || $0 == "\n" }.map(String.init)
        guard let after = words.lastIndex(of: "after"), after + 1 < words.count else { return nil }
        if let seconds = Int(words[after + 1]), seconds >= 0 { return .seconds(min(seconds, 86_400)) }
        let rest = words[(after + 1)...].prefix(6).map { $0 == "UTC" || $0 == "+0000" ? "GMT" : $0 }
        return HTTPDate.parse(rest.joined(separator: " ")).map { max(.zero, $0 - now) }
    }

    /// Slack: each method, and each channel posted to, by itself; a refusal may come as a 200 with `ok: false`.
    public static let slack = RateRules("slack") { response, now in
        let asked = response.retryAfter(now: now)
        if response.status == 429 {
            return RateReading(refusal: .init(wait: asked ?? .seconds(30), reach: .scope))
        }
        let error = response.body.count <= 65_536 ? JSONProbe.string(["error"], in: response.body) : nil
        if error == "ratelimited" || error == "rate_limited" {
            return RateReading(refusal: .init(wait: asked ?? .seconds(30), reach: .scope))
        }
        return RateReading()
    }

    /// Plane: `X-RateLimit-Remaining` of a sliding minute; its `-Reset` is always a minute from now and tells nothing.
    public static let plane = RateRules("plane") { response, now in
        var reading = RateReading()
        if let remaining = response.number("x-ratelimit-remaining") {
            reading.quota = .init(limit: response.number("x-ratelimit-limit"), remaining: remaining, reset: nil)
        }
        if response.status == 429 {
            let reset = response.number("x-ratelimit-reset").map { max(.zero, Timestamp(seconds: Int64($0)) - now) }
            reading.refusal = .init(wait: response.retryAfter(now: now) ?? reset ?? .seconds(60))
        }
        return reading
    }

    /// Nothing is read but a 429: providers without limits, such as an engine on this machine.
    public static let none = RateRules("none") { response, now in
        response.status == 429 ? RateReading(refusal: .init(wait: response.retryAfter(now: now))) : RateReading()
    }
}
