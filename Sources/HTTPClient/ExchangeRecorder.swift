internal import Basics
internal import Glibc

/// Appends exchanges to a file, one JSON object a line, one write a line, so that programs may share the file.
public final class ExchangeRecorder: Sendable {
    private let descriptor: Locked<CInt>
    private let path: String

    /// Opens the file, or creates it for its owner alone.
    ///
    /// - Throws: `HTTPFault` when it can't be opened.
    public init(path: String) throws(HTTPFault) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw HTTPFault(
                .badURL, code: "HTTP-0010", message: "cannot open the recording: \(String(cString: strerror(errno)))",
                place: path, hint: "give --record a file in a directory that exists and that you may write to")
        }
        FileSystem.takeOwner(descriptor, at: path)
        self.path = path
        self.descriptor = Locked(descriptor)
    }

    deinit { descriptor.withLock { _ = close($0) } }

    /// Appends one line.
    ///
    /// - Returns: false when the system refused it, for example because the disk is full.
    @discardableResult
    public func record(_ exchange: Exchange, runID: String) -> Bool {
        let line = Array((Self.line(exchange, runID: runID) + "\n").utf8)
        return descriptor.withLock { descriptor in
            var written = 0
            while written < line.count {
                let count = line.withUnsafeBytes {
                    write(descriptor, $0.baseAddress?.advanced(by: written), line.count - written)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                written += count
            }
            return true
        }
    }

    /// An exchange as one line of JSON, without the newline.
    public static func line(_ exchange: Exchange, runID: String) -> String {
        let body = { (text: String) in text.isEmpty ? "null" : oneLine(text) }
        return
            "{\"provider\":\(JSONRedaction.quoted(exchange.provider)),\"method\":\(JSONRedaction.quoted(exchange.method))"
            + ",\"url\":\(JSONRedaction.quoted(exchange.url)),\"request_body\":\(body(exchange.requestBody))"
            + ",\"request_form\":\(exchange.isForm),\"status\":\(exchange.status)"
            + ",\"response_body\":\(body(exchange.responseBody))"
            + ",\"duration_ms\":\(max(0, exchange.duration.microseconds) / 1_000),\"attempt\":\(exchange.attempt)"
            + ",\"run_id\":\(JSONRedaction.quoted(runID))}"
    }

    /// JSON may be pretty; a newline in it is always between its tokens.
    private static func oneLine(_ json: String) -> String {
        guard json.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return json }
        return String(decoding: json.utf8.filter { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
}
