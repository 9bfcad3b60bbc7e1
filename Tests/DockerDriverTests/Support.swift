import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient

@testable import DockerDriver

/// One change as the planner makes it: at a creation every wanted attribute is a change.
func change(
    _ kind: ResourceKind, _ name: String, _ action: ChangeAction, _ wanted: KeyValuePairs<String, Value> = [:],
    changed: Set<String>? = nil, current: ObservedResource? = nil
) -> ResolvedChange {
    let attributes = wanted.filter { changed?.contains($0.key) ?? true }.map {
        AttributeChange(path: $0.key, before: current?.attributes[$0.key], after: $0.value)
    }
    return ResolvedChange(
        change: PlannedChange(
            key: ResourceKey(kind, name), action: action, reason: "test", cause: .unappliedCommit,
            attributes: attributes, providerID: current?.providerID),
        wanted: Attributes(wanted.map { Attributes.Item($0.key, $0.value) }), current: current)
}

/// Runs every step of a change, one after the other.
func run(_ driver: DockerDriver, _ wanted: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
    var current = wanted.current
    var outcome = StepOutcome.done(current)
    var replaced: ObservedResource?
    for step in driver.steps(for: wanted.change) {
        let change = ResolvedChange(
            change: wanted.change, wanted: wanted.wanted, current: current, replaced: replaced)
        outcome = await driver.perform(step, of: change, context)
        guard case .done(let resource) = outcome else { return outcome }
        if resource == nil { replaced = current }
        current = resource
    }
    return outcome
}

extension StepOutcome {
    var resource: ObservedResource? { if case .done(let resource) = self { resource } else { nil } }

    var word: String {
        switch self {
        case .done: "done"
        case .failed(let fault): "failed \(fault.code)"
        case .unknown(let fault): "unknown \(fault.code)"
        }
    }
}

/// Answers by itself; the first question of all, for the version, is answered well.
struct Answering: HTTPTransport {
    let answer: @Sendable (HTTPRequest) async throws(HTTPFault) -> HTTPResponse

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        if request.url.hasSuffix("/_ping") {
            return HTTPResponse(status: 200, headers: [HTTPHeader("Api-Version", "1.47")], body: Array("OK".utf8))
        }
        return try await answer(request)
    }
}
