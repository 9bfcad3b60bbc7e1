internal import Basics
public import Drivers
internal import Formats
internal import Glibc
public import HTTPClient

/// What drivers and simulators say to each other in a whole test run, for `scripts/test` to hold against the providers'
/// specifications at its end.
///
/// Each form of an exchange is kept twice: thousands of the same say no more and take long to check.
public final class SpecTraffic: Sendable {
    /// Writes below `$ODOOOPS_TRAFFIC`, and nowhere where that is not set.
    public static let shared = SpecTraffic(directory: ProcessEnvironment.variables()["ODOOOPS_TRAFFIC"])

    /// Of calls of which nothing else is kept.
    public static var context: DriverContext {
        DriverContext(runID: "tests", log: .none) { SpecTraffic.shared.note($0) }
    }

    private struct State {
        var kept: [String: Int] = [:]
        var recorders: [String: ExchangeRecorder] = [:]
    }

    private static let most = 2
    private let directory: String?
    private let state = Locked(State())

    public init(directory: String?) { self.directory = directory }

    /// Keeps an exchange, unless enough of its form are kept already or no answer came.
    ///
    /// - Returns: whether it was kept.
    @discardableResult public func note(_ exchange: Exchange) -> Bool {
        guard let directory, exchange.status > 0 else { return false }
        // What is secret in it is taken out when it is read: once.
        let answer = exchange.responseBody
        guard !Self.isException(exchange, answer) else { return false }
        let form = Self.form(exchange, answer)
        return state.withLock { state in
            guard state.kept[form, default: 0] < Self.most else { return false }
            state.kept[form, default: 0] += 1
            if state.recorders[exchange.provider] == nil {
                // Each process its own file.
                let name = "\(exchange.provider)-\(getpid())"
                state.recorders[exchange.provider] = try? ExchangeRecorder(path: "\(directory)/\(name).jsonl")
            }
            return state.recorders[exchange.provider]?.record(exchange, runID: "tests") ?? false
        }
    }

    /// What is known not to be as specified: an answer that a fault has cut off or replaced by a page, the one object that
    /// Plane answers with where its description has a page (docs/providers/plane.md), and Slack's refusals with 200 and channels
    /// in which nothing was said yet (docs/providers/slack.md).
    private static func isException(_ exchange: Exchange, _ answer: String) -> Bool {
        answer.hasSuffix("bytes that are no JSON>\"")
            || exchange.provider == "plane" && exchange.url.contains("external_id=")
            || exchange.provider == "slack"
                && (answer.contains(#""ok":false"#) || answer.contains(#""messages":[]"#))
    }

    /// Method, path without ids, names of the query, status, and the shapes of both bodies.
    private static func form(_ exchange: Exchange, _ answer: String) -> String {
        let parts = exchange.url.split(separator: "?", maxSplits: 1)
        let path = (parts.first ?? "").split(separator: "/").map { part in
            part.utf8.contains { (0x30...0x39).contains($0) } && part.utf8.count > 3 ? "*" : String(part)
        }
        let query = parts.dropFirst().joined().split(separator: "&").map { $0.prefix { $0 != "=" } }.sorted()
        let bodies = [exchange.requestBody, answer].map { (try? JSON.parse($0)).map(shape) ?? "-" }
        return ([exchange.provider, exchange.method, "\(exchange.status)"] + path + query.map(String.init) + bodies)
            .joined(separator: " ")
    }

    private static func shape(_ value: Value) -> String {
        if let object = value.objectValue {
            return "{" + object.members.map { "\($0.name):\(shape($0.value))" }.sorted().joined(separator: ",") + "}"
        }
        if let list = value.listValue { return "[" + Set(list.map(shape)).sorted().joined(separator: ",") + "]" }
        if value.stringValue != nil { return "s" }
        return value.isNull ? "0" : value.boolValue != nil ? "b" : "n"
    }
}
