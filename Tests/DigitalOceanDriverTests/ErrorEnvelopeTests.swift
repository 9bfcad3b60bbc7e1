import Basics
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Testing

@Suite struct ErrorEnvelopeTests {
    @Test(arguments: [
        (
            429, "too_many_requests", "r-1",
            #"{"ok":false,"error":"digitalocean droplets.list: it said \"no\" (code too_many_requests, request r-1); wait","code":429}"#
        ),
        (0, nil, nil, #"{"ok":false,"error":"digitalocean droplets.list: it said \"no\"; wait"}"#),
    ])
    func `a fault at the edge keeps provider, operation, status, code and request`(
        status: Int, code: String?, request: String?, expected: String
    ) {
        let fault = ProviderFault(
            provider: "digitalocean", operation: "droplets.list", code: "DO-0006", message: "it said \"no\"",
            place: "GET /v2/droplets", hint: "wait", status: status, providerCode: code, requestID: request,
            disposition: .stop)
        #expect(ErrorEnvelope(fault).value.json == expected)
    }

    @Test func `a missing answer has no code`() {
        let envelope = ErrorEnvelope(of: HTTPFault(.notSent, code: "HTTP-0002", message: "no connection", place: nil))
        #expect(envelope.value.json == #"{"ok":false,"error":"HTTP-0002: no connection"}"#)
    }

    @Test func `what our own store keeps from being asked is no fault of the provider, and names its remedy`() {
        let call = ProviderCall("droplets.list", "GET", "/v2/droplets", isRead: true)
        func reason(_ code: String) -> String {
            let fault = HTTPFault(
                .notSent, code: code, message: "the request budget can't be asked: STORE-0002: no room", place: nil,
                hint: "make room: `df -h /var`")
            return DigitalOceanDriver.names.fault(fault, call).reason
        }
        #expect(
            reason("HTTP-0012").contains(
                "DigitalOcean was not asked: the request budget can't be asked: STORE-0002: no room; make room: `df -h /var`"
            ))
        #expect(reason("HTTP-0002").contains("DigitalOcean could not be reached"))
    }
}
