import Basics
import HTTPClient

/// Answers from a list, and keeps what was asked.
final class ScriptedTransport: HTTPTransport {
    private let state: Locked<(answers: [Result<HTTPResponse, HTTPFault>], requests: [HTTPRequest])>

    init(_ answers: [Result<HTTPResponse, HTTPFault>]) { state = Locked((answers, [])) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers.isEmpty ? .success(HTTPResponse(status: 200)) : state.answers.removeFirst()
        }
        return try answer.get()
    }
}
