public import ConsoleAPI
public import ConsoleAccess
import Formats
public import Web

/// Everything that the service answers, each request by whom it belongs to.
public struct FrontDoor: Sendable {
    private let access: AccessControl
    private let api: APIEndpoints
    private let service: ServiceEndpoints

    /// Health, readiness and signed hooks answer everybody; figures those who may read them; the API decides itself.
    public init(access: AccessControl, api: APIEndpoints, service: ServiceEndpoints) {
        self.access = access
        self.api = api
        self.service = service
    }

    /// Answers a request.
    public func answer(_ request: WebRequest) async -> WebResponse {
        if APIEndpoints.owns(request.path) { return await api.answer(request) }
        var response = await guarded(request)
        SecurityHeaders.add(
            to: &response, isSecure: access.origin(of: request).isSecure, policy: SecurityHeaders.dataPolicy)
        return response
    }

    /// Words a refusal of what the server couldn't take for a request; nil: in plain text.
    public func refusal(ofTarget target: String, status: Int, reason: String) -> WebResponse? {
        api.refusal(ofTarget: target, status: status, reason: reason)
    }

    private func guarded(_ request: WebRequest) async -> WebResponse {
        guard request.path == "/metrics" else {
            return await service.answer(request, isForwarded: access.origin(of: request).isForwarded)
        }
        do {
            let caller = try await access.caller(of: request)
            if let refusal = AccessControl.refusal(of: access.count(caller)) { throw refusal }
            try caller.demand(.readMetrics)
            return await service.answer(request)
        } catch let fault as AccessFault {
            var refusal = WebResponse.refusal(fault.status, "\(fault.code): \(fault.message)")
            if let wait = fault.retryAfterSeconds { refusal.headers.append(("Retry-After", wait)) }
            return refusal
        } catch {
            return .refusal(503, "the store can't be asked who may: try again")
        }
    }
}
