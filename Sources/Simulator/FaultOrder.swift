/// What goes wrong.
public enum FaultKind: Sendable, Hashable {
    /// 429 without an effect; `retryAfter` in seconds, nil leaves the header out.
    case tooManyRequests(retryAfter: Int?)
    /// 500 without an effect.
    case serverErrorBefore
    /// The effect happens, the answer is 500.
    case serverErrorAfter
    /// The connection ends without an effect and without an answer.
    case dropBefore
    /// The effect happens, the answer is lost.
    case dropAfter
    /// No effect; the answer is a 504 that comes after the delay.
    case timeoutBefore(Duration)
    /// The effect happens at once, the answer comes after the delay.
    case timeoutAfter(Duration)
    /// The connection ends at once; the effect happens when the clock has moved by the delay.
    case lateEffect(Duration)
    /// The next reads of what a request creates answer 404.
    case notFoundAfterCreate(reads: Int)
    /// A read is answered from the state before the last so many writes.
    case staleRead(writes: Int)
    /// Pages after the first begin so many items later, as if others had been deleted; negative: created.
    case shiftedPages(by: Int)
    /// The right length is announced and sent, but the JSON ends in its middle.
    case truncatedJSON
    /// The whole length is announced and half of it sent.
    case brokenTransfer
    /// A page for people instead of JSON, with this status; no effect.
    case html(status: Int)
    /// The right answer, late.
    case slow(Duration)
    /// The right answer at once, its body in pieces over this long.
    case slowBody(Duration)
    /// The action that a request starts ends as `errored` and without an effect.
    case actionErrors
    /// The answer's status says yes and its body no: Slack's `ok: false`, Vercel's `failed[]`; no effect.
    case softFailure
    /// 202: accepted, and done when the clock has moved, where the provider knows such answers.
    case queued
    /// 412 without an effect, where the provider knows it.
    case preconditionFailed
}

/// One fault that was ordered: which requests it hits and how often.
public struct FaultOrder: Sendable, Hashable {
    /// Upper case, or `*`.
    public var method: String
    /// A glob over the path without its query: `*` stays in one segment, `**` crosses them.
    public var path: String
    public var kind: FaultKind
    /// How many requests it hits.
    public var times: Int
    /// How many matching requests pass before the first is hit.
    public var skip: Int

    /// An order as it is told: whether a request can answer to it is asked where it is read from a text.
    public init(_ method: String = "*", _ path: String = "**", _ kind: FaultKind, times: Int = 1, skip: Int = 0) {
        self.method = method.uppercased()
        self.path = path
        self.kind = kind
        self.times = times
        self.skip = skip
    }

    func matches(_ method: String, _ path: String) -> Bool {
        (self.method == "*" || self.method == method)
            && Self.glob(Array(self.path.utf8)[...], Array(path.utf8)[...])
    }

    private static func glob(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        guard first == UInt8(ascii: "*") else {
            return text.first == first && glob(pattern.dropFirst(), text.dropFirst())
        }
        let crosses = pattern.dropFirst().first == first
        let rest = pattern.dropFirst(crosses ? 2 : 1)
        var tail = text
        while true {
            if glob(rest, tail) { return true }
            guard let next = tail.first, crosses || next != UInt8(ascii: "/") else { return false }
            tail = tail.dropFirst()
        }
    }
}
