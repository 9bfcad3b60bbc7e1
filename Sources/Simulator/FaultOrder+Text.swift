public import Formats

extension FaultKind {
    /// The name that orders use: `429=30`, `drop-after`, `timeout-before=30`, `stale-read=2`; times in seconds.
    public var text: String {
        switch self {
        case .tooManyRequests(let retryAfter): retryAfter.map { "429=\($0)" } ?? "429"
        case .serverErrorBefore: "500-before"
        case .serverErrorAfter: "500-after"
        case .dropBefore: "drop-before"
        case .dropAfter: "drop-after"
        case .timeoutBefore(let delay): "timeout-before=\(Self.seconds(delay))"
        case .timeoutAfter(let delay): "timeout-after=\(Self.seconds(delay))"
        case .lateEffect(let delay): "late-effect=\(Self.seconds(delay))"
        case .notFoundAfterCreate(let reads): "404-after-create=\(reads)"
        case .staleRead(let writes): "stale-read=\(writes)"
        case .shiftedPages(let by): "shifted-pages=\(by)"
        case .truncatedJSON: "truncated-json"
        case .brokenTransfer: "broken-transfer"
        case .html(let status): "html=\(status)"
        case .slow(let delay): "slow=\(Self.seconds(delay))"
        case .slowBody(let delay): "slow-body=\(Self.seconds(delay))"
        case .actionErrors: "action-errors"
        case .softFailure: "soft-failure"
        case .queued: "queued"
        case .preconditionFailed: "412"
        }
    }

    /// Reads what ``text`` writes; a missing argument takes its default.
    ///
    /// Nil for an unknown name.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard let name = parts.first else { return nil }
        var argument: Double?
        if parts.count == 2 {
            guard let number = Double(parts[1]), number.magnitude < 1_000_000 else { return nil }
            argument = number
        }
        func count(_ fallback: Int) -> Int { argument.map { Int($0) } ?? fallback }
        func delay(_ fallback: Double) -> Duration { .milliseconds(Int((argument ?? fallback) * 1_000)) }
        switch name {
        case "429": self = .tooManyRequests(retryAfter: argument.map { Int($0) })
        case "500-before": self = .serverErrorBefore
        case "500-after": self = .serverErrorAfter
        case "drop-before": self = .dropBefore
        case "drop-after": self = .dropAfter
        case "timeout-before": self = .timeoutBefore(delay(30))
        case "timeout-after": self = .timeoutAfter(delay(30))
        case "late-effect": self = .lateEffect(delay(5))
        case "404-after-create": self = .notFoundAfterCreate(reads: count(1))
        case "stale-read": self = .staleRead(writes: count(1))
        case "shifted-pages": self = .shiftedPages(by: count(1))
        case "truncated-json": self = .truncatedJSON
        case "broken-transfer": self = .brokenTransfer
        case "html": self = .html(status: count(502))
        case "slow": self = .slow(delay(1))
        case "slow-body": self = .slowBody(delay(1))
        case "action-errors": self = .actionErrors
        case "soft-failure": self = .softFailure
        case "queued": self = .queued
        case "412": self = .preconditionFailed
        default: return nil
        }
    }

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = Int64(duration / .milliseconds(1))
        return milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)" : "\(Double(milliseconds) / 1_000)"
    }
}

extension FaultOrder {
    /// Reads `METHOD PATH KIND [xTIMES] [+SKIP]`, such as `POST /v2/droplets drop-after x2`.
    ///
    /// - Throws: `SimulatorFault` `SIM-0002`; `SIM-0005` for what no request can ever answer to.
    public init(text: String) throws(SimulatorFault) {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count >= 3 else { throw .badOrder(text, "it needs a method, a path and a kind") }
        guard let kind = FaultKind(words[2]) else { throw .badOrder(text, "\"\(words[2])\" is no kind of fault") }
        self.init(String(words[0]), String(words[1]), kind)
        for word in words.dropFirst(3) {
            guard let number = Int(word.dropFirst()), number >= 0, let sign = word.first, "x+".contains(sign) else {
                throw .badOrder(text, "\"\(word)\" is neither xTIMES nor +SKIP")
            }
            guard sign != "x" || number > 0 else { throw .badOrder(text, "\"\(word)\" would hit nothing") }
            if sign == "x" { times = number } else { skip = number }
        }
        try checkReach()
    }

    /// The text that ``init(text:)`` reads.
    public var text: String {
        "\(method) \(path) \(kind.text) x\(times)" + (skip > 0 ? " +\(skip)" : "")
    }

    /// Reads `{"method", "path", "kind", "times", "skip"}` or the text form.
    ///
    /// - Throws: `SimulatorFault` `SIM-0002`; `SIM-0005` for what no request can ever answer to.
    public init(_ value: Value) throws(SimulatorFault) {
        if let text = value.stringValue {
            try self.init(text: text)
            return
        }
        guard let object = value.objectValue else {
            throw .badOrder(JSON.write(value), "it is neither a text nor an object")
        }
        let name = value["kind"]?.stringValue ?? ""
        guard let kind = FaultKind(name) else {
            throw .badOrder(object["kind"] == nil ? JSON.write(value) : name, "it is no kind of fault")
        }
        self.init("*", "**", kind)
        for member in object.members {
            switch (member.name, member.value) {
            case ("kind", _): break
            case ("method", .string(let text)) where !text.isEmpty: method = text.uppercased()
            case ("path", .string(let text)) where !text.isEmpty: path = text
            case ("times", .int(let number)) where number >= 1: times = Int(clamping: number)
            case ("skip", .int(let number)) where number >= 0: skip = Int(clamping: number)
            case ("method", _), ("path", _): throw .badOrder(JSON.write(value), "`\(member.name)` is a text")
            case ("times", _), ("skip", _): throw .badOrder(JSON.write(value), "`\(member.name)` is a count")
            default:
                throw .badOrder(
                    JSON.write(value),
                    "it has no `\(member.name)`; it can have `kind`, `method`, `path`, `skip`, `times`")
            }
        }
        try checkReach()
    }
}
