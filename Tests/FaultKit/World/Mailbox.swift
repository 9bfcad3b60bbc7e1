import Basics
import HTTPClient
import Web

/// The providers' side of deliveries: what was refused is brought again, and what was taken is remembered.
final class Mailbox: Sendable {
    private struct State {
        var refused: [WebRequest] = []
        var accepted: Set<String> = []
        var hasLost = false
    }

    private let state = Locked(State())

    /// The ids of the deliveries that the service said it has.
    var accepted: Set<String> { state.withLock { $0.accepted } }
    /// Whether one never arrived, so that only the provider's list can tell of it.
    var hasLost: Bool { state.withLock { $0.hasLost } }

    /// What has to be brought once more.
    func takeRefused() -> [WebRequest] {
        state.withLock { state in
            defer { state.refused = [] }
            return state.refused
        }
    }

    /// Hears how a delivery was answered.
    func note(_ request: WebRequest, _ status: Int) {
        state.withLock { state in
            if (200..<300).contains(status) {
                state.accepted.insert(Self.id(of: request))
            } else {
                state.refused.append(request)
            }
        }
    }

    /// Brings deliveries later than their time; a wish for a pass is not brought again.
    func bringAgain(_ requests: [WebRequest]) {
        state.withLock { $0.refused += requests.filter { $0.path != ServiceProcess.hook.path } }
    }

    /// One never arrives.
    func lose() { state.withLock { $0.hasLost = true } }

    private static func id(of request: WebRequest) -> String { request.header("X-GitHub-Delivery") ?? "" }
}

/// Takes messages to people, and tells by their key which it has already.
final class Receiver: Sendable {
    static let host = "receiver.test"
    static let address = "http://receiver.test/hook"

    private let posts = Locked<[(key: String, body: [UInt8])]>([])

    /// The keys of what it has, each once.
    var keys: Set<String> { Set(posts.withLock { $0.map(\.key) }) }
    /// All that was posted, as text.
    var text: String { posts.withLock { posts in posts.map { String(decoding: $0.body, as: UTF8.self) } }.joined() }

    /// Answers a post, also under what comes between.
    func answer(_ request: HTTPRequest, under disturbance: Disturbance? = nil) throws(HTTPFault) -> HTTPResponse {
        switch disturbance {
        case .refused: return HTTPResponse(status: 429, headers: [HTTPHeader("Retry-After", "1")])
        case .serverError: return HTTPResponse(status: 500)
        default: break
        }
        let key = request.headers.first { $0.name == "Idempotency-Key" }?.value ?? ""
        posts.withLock { $0.append((key, request.body)) }
        switch disturbance {
        case .serverErrorAfter: return HTTPResponse(status: 500)
        case .lateEffect: throw GatedTransport.fault(.lost, request)
        default: return HTTPResponse(status: 200)
        }
    }
}
