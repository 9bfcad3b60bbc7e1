import Basics
import Formats
import HTTPClient
import Simulator
import SimulatorKit

/// What was made and what was taken away at the providers, object by object.
final class WriteLedger: Sendable {
    private let effects = Locked<[String: Int]>([:])

    /// How often each object was created or deleted: `create /v2/droplets web`, `delete /v2/droplets/* web`.
    var counts: [String: Int] { effects.withLock { $0 } }

    func note(_ effect: String) { effects.withLock { $0[effect, default: 0] += 1 } }

    /// What a request would do if it were carried out; nil where it neither creates nor deletes.
    func begin(_ request: HTTPRequest, _ place: RequestPlace, _ simulator: Simulator) async -> String? {
        switch request.method {
        case "POST":
            let body = (try? JSON.parse(request.body)) ?? .null
            // An action on something, or a list of names, creates nothing.
            guard let name = body["name"]?.stringValue, body["type"] == nil || body["data"] != nil else { return nil }
            return "create \(RequestPlace.form(of: place.path)) \(body["type"]?.stringValue ?? "") \(name)"
        case "DELETE":
            let last = place.path.split(separator: "/").last ?? ""
            // Taking a tag away twice is taking it away once.
            guard last != "resources" else { return nil }
            guard RequestPlace.isNumbered(last) else { return "delete \(RequestPlace.form(of: place.path))" }
            var look = HTTPRequest("GET", request.url, headers: request.headers)
            look.timeout = request.timeout
            // A copy, where nothing is hidden and no fault is waiting.
            guard let copy = try? Simulator(copying: simulator, time: simulator.time) else { return nil }
            copy.clearFaults()
            let answer = try? await InProcessTransport(copy).send(look)
            let object = answer.flatMap { try? JSON.parse($0.body) }?.objectValue
            let inner = object?["name"] == nil ? object?.members.first?.value.objectValue : object
            let name = inner?["name"]?.stringValue ?? "?"
            return "delete \(RequestPlace.form(of: place.path)) \(inner?["type"]?.stringValue ?? "") \(name)"
        default: return nil
        }
    }
}
