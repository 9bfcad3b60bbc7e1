internal import Basics
internal import CCurl
internal import CurlShim
internal import Glibc

/// One request on its way through libcurl.
final class CurlTransfer: @unchecked Sendable {  // Two locked flags; the rest is one thread's.
    let request: HTTPRequest
    var continuation: CheckedContinuation<Result<HTTPResponse, HTTPFault>, Never>?
    /// Under the inbox's lock.
    var isCancelled = false
    var isAdded = false

    var easy: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var headers: [HTTPHeader] = []
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var isTooLarge = false
    /// How often libcurl was about to send it.
    private var sendings = 0

    /// - Throws: `HTTPFault` when the URL, the method or a header can't be sent as it is.
    init(_ request: HTTPRequest) throws(HTTPFault) {
        self.request = request
        let url = request.url.utf8
        guard url.starts(with: "https://".utf8) || url.starts(with: "http://".utf8),
            url.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), url.count <= 16_384
        else {
            throw HTTPFault(
                .badURL, code: "HTTP-0001", message: "the URL is none that can be requested", place: request.place,
                hint: "give an address that begins with https:// and has every other character percent-encoded")
        }
        let isToken = { (text: String) in !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
        }
        guard isToken(request.method),
            request.headers.allSatisfy({ header in
                isToken(header.name) && header.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            })
        else {
            // The value isn't shown: it may be a credential with a newline at its end.
            throw HTTPFault(
                .badURL, code: "HTTP-0009", message: "the method or a header holds a character that can't be sent",
                place: request.place, hint: "look for a newline at the end of a credential")
        }
    }

    /// Sets the handle up; the fault when libcurl refuses.
    func prepare(_ handle: UnsafeMutableRawPointer, options: CurlOptions) -> HTTPFault? {
        easy = handle
        var list: UnsafeMutablePointer<curl_slist>?
        // Without these libcurl would wait for a `100 Continue`, and call every body a form.
        var lines = ["Expect:"]
        if !request.headers.contains(where: { $0.name.matchesIgnoringCase("content-type") }) {
            lines.append("Content-Type:")
        }
        lines += request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        for line in lines { list = curl_slist_append(list, line) ?? list }
        headerList = list
        let hasBody = !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method)
        let timeout = max(1, min(request.timeout.microseconds / 1_000, 86_400_000))
        let connect = max(1, min(options.connectTimeout.microseconds / 1_000, timeout))
        let status = request.body.withUnsafeBytes { body in
            request.method.withCString { method in
                request.url.withCString { url in
                    withOptionalCString(options.unixSocket) { socket in
                        withOptionalCString(options.authorities) { authorities in
                            withOptionalCString(options.clientCertificate) { certificate in
                                withOptionalCString(options.clientKey) { key in
                                    var setup = http_setup(
                                        method: method, url: url, headers: list, body: body.baseAddress,
                                        body_size: body.count, has_body: hasBody ? 1 : 0,
                                        is_secure: request.url.hasPrefix("https:") ? 1 : 0,
                                        is_direct: isLoopback ? 1 : 0, timeout_ms: Int(timeout),
                                        connect_timeout_ms: Int(connect), unix_socket: socket,
                                        authorities: authorities, certificate: certificate, key: key,
                                        context: Unmanaged.passUnretained(self).toOpaque())
                                    return http_prepare(handle, &setup, receiveBody, receiveHeader, beforeSending)
                                }
                            }
                        }
                    }
                }
            }
        }
        return status == CURLE_OK ? nil : fault(status)
    }

    /// Gives back what `prepare` took; the handle may be used again.
    func close() {
        if let easy { curl_easy_reset(easy) }
        curl_slist_free_all(headerList)
        headerList = nil
        easy = nil
    }

    /// What came of it; asked once, before `close`.
    func outcome(_ status: CURLcode) -> Result<HTTPResponse, HTTPFault> {
        guard status == CURLE_OK, let easy else { return .failure(fault(status)) }
        return .success(HTTPResponse(status: http_status(easy), headers: headers, body: body))
    }

    var cancellation: HTTPFault {
        HTTPFault(.cancelled, code: "HTTP-0007", message: "the request was cancelled", place: request.place)
    }

    fileprivate func receive(body bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= request.bodyLimit else {
            isTooLarge = true
            return false
        }
        if body.isEmpty, let text = headers.first(where: { $0.name.matchesIgnoringCase("content-length") })?.value {
            // Announced, not yet come: a promise of gigabytes takes no memory.
            body.reserveCapacity(min(max(0, Int(text) ?? 0), request.bodyLimit, 4 << 20))
        }
        body.append(contentsOf: bytes)
        return true
    }

    fileprivate func receive(header bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= 262_144 else {
            isTooLarge = true
            return false
        }
        if bytes.starts(with: "HTTP/".utf8) {
            // An interim answer came before, such as 103.
            headers = []
            return true
        }
        guard let colon = bytes.firstIndex(of: 0x3A), colon > 0 else { return true }
        var value = bytes[(colon + 1)...]
        while let byte = value.last, byte <= 0x20 { value = value.dropLast() }
        while let byte = value.first, byte <= 0x20 { value = value.dropFirst() }
        headers.append(
            HTTPHeader(String(decoding: bytes[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
        return true
    }

    /// False stops libcurl from sending a request a second time.
    fileprivate func willSend() -> Bool {
        sendings += 1
        return sendings == 1
    }

    /// Proxies that the environment names are not asked for what runs on this machine.
    private var isLoopback: Bool {
        let host = request.url.utf8.drop { $0 != 0x2F }.dropFirst(2)
        return ["127.", "localhost:", "localhost/", "[::1]"].contains { host.starts(with: $0.utf8) }
    }
}

extension CurlTransfer {
    private func fault(_ status: CURLcode) -> HTTPFault {
        let wasSent = sendings > 0
        let reason = String(cString: curl_easy_strerror(status)).lowercased()
        let make = { (kind: HTTPFault.Kind, code: String, message: String, hint: String?) in
            HTTPFault(kind, code: code, message: message, place: self.request.place, hint: hint)
        }
        if isTooLarge {
            return make(.tooLarge, "HTTP-0006", "the answer is longer than \(request.bodyLimit) bytes", nil)
        }
        // Codes alone don't tell: an answer that is no HTTP is an unsupported protocol too.
        if wasSent, status != CURLE_OPERATION_TIMEDOUT {
            return make(.lost, "HTTP-0005", "the request was sent and no whole answer came: \(reason)", nil)
        }
        switch status {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_OUT_OF_MEMORY, CURLE_BAD_FUNCTION_ARGUMENT:
            return make(.badURL, "HTTP-0001", "the request can't be made: \(reason)", nil)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return make(
                .notSent, "HTTP-0002", "the name of the host is not known", "look the name up with: getent hosts NAME")
        case CURLE_COULDNT_CONNECT:
            let number = easy.map { http_system_error($0) } ?? 0
            let why = number > 0 ? String(cString: strerror(CInt(truncatingIfNeeded: number))).lowercased() : reason
            return make(.notSent, "HTTP-0002", "no connection: \(why)", nil)
        case CURLE_OPERATION_TIMEDOUT:
            return make(
                .timedOut(sent: wasSent), "HTTP-0004",
                "no whole answer within \(request.timeout.shortText)\(wasSent ? "" : ", the request was not sent")", nil
            )
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return make(
                .tls, "HTTP-0003", "no secure connection: \(reason)", "look at the certificate and the machine's clock")
        default:
            return make(.notSent, "HTTP-0002", "the request was not sent: \(reason)", nil)
        }
    }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private func receiveBody(
    data: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    let total = size * count
    let isFine = transfer(context)?.receive(body: UnsafeRawBufferPointer(start: data, count: total)) ?? false
    return isFine ? total : total + 1
}

private func receiveHeader(
    data: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    let total = size * count
    let isFine = transfer(context)?.receive(header: UnsafeRawBufferPointer(start: data, count: total)) ?? false
    return isFine ? total : total + 1
}

private func beforeSending(
    context: UnsafeMutableRawPointer?, remote: UnsafeMutablePointer<CChar>?, local: UnsafeMutablePointer<CChar>?,
    remotePort: CInt, localPort: CInt
) -> CInt {
    transfer(context)?.willSend() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
