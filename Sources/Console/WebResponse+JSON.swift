import Formats
import Web

extension WebResponse {
    /// An answer that is one JSON object.
    static func json(_ status: Int, _ value: KeyValuePairs<String, Value>) -> WebResponse {
        WebResponse(
            status: status,
            headers: [("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store")],
            body: Array((JSON.write(.object(value)) + "\n").utf8))
    }

    /// An answer that says why something is not done.
    static func refusal(_ status: Int, _ message: String, allow: String? = nil) -> WebResponse {
        var response = json(status, ["ok": false, "error": .string(message)])
        if let allow { response.headers.append(("Allow", allow)) }
        return response
    }
}
