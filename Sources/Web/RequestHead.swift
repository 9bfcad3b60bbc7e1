internal import Basics

/// What stands before a request's body, once it has been found to be sound.
///
/// libmicrohttpd forgives more than is safe behind a proxy: two lengths, or a length beside a transfer coding, let two
/// readers disagree on where a request ends (RFC 9112, 6.3 and 11.2). What of the header never becomes a field is not seen
/// here: `web_header_is_whole` looks for that.
struct RequestHead {
    /// Why a request is turned away.
    struct Refusal: Error, Equatable {
        let status: Int
        let reason: String
    }

    let method: String
    let path: String
    let segments: [String]
    let query: [(name: String, value: String)]
    let headers: [(name: String, value: String)]
    /// Nil when the body comes in chunks.
    let contentLength: Int?
    let expectsContinue: Bool

    /// Takes the request target and the version as they were sent.
    ///
    /// - Throws: `Refusal` with the status to answer.
    init(
        method: String, target: String, version: String, headers: [(name: String, value: String)], headerLimit: Int
    ) throws(Refusal) {
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            throw Refusal(status: 505, reason: "only HTTP/1.0 and HTTP/1.1 are spoken here")
        }
        guard !method.isEmpty, method.utf8.count <= 32, method.utf8.allSatisfy(\.isTokenByte) else {
            throw Refusal(status: 400, reason: "the method is not a token")
        }
        self.method = method
        var framing = Framing()
        var size = 0
        for (name, value) in headers {
            size += name.utf8.count + value.utf8.count + 4
            try framing.add(name: name, value: value)
        }
        guard size <= headerLimit else { throw Refusal(status: 431, reason: "the header is too large") }
        (contentLength, expectsContinue) = try framing.finish(isOld: version == "HTTP/1.0")
        self.headers = headers
        (path, segments, query) = try Self.split(target)
    }

    private static func split(
        _ target: String
    ) throws(Refusal) -> (path: String, segments: [String], query: [(name: String, value: String)]) {
        let bad = Refusal(status: 400, reason: "the request target is not a path")
        var rest = target.utf8[...]
        for scheme in ["http://", "https://"] where Self.begins(rest, with: scheme) {
            let authority = rest.dropFirst(scheme.utf8.count)
            guard let slash = authority.firstIndex(of: 0x2F) else { throw bad }
            rest = authority[slash...]
        }
        guard rest.first == 0x2F, rest.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else { throw bad }
        let mark = rest.firstIndex(of: 0x3F) ?? rest.endIndex
        var segments: [String] = []
        for part in rest[..<mark].split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst() {
            guard let segment = String.percentDecoded(part) else { throw bad }
            segments.append(segment)
        }
        var query: [(name: String, value: String)] = []
        for pair in rest[mark...].dropFirst().split(separator: 0x26) {
            let sign = pair.firstIndex(of: 0x3D) ?? pair.endIndex
            guard let name = String.percentDecoded(pair[..<sign], plusIsSpace: true),
                let value = String.percentDecoded(pair[sign...].dropFirst(), plusIsSpace: true)
            else { throw Refusal(status: 400, reason: "the query holds a broken escape") }
            query.append((name, value))
        }
        return ("/" + segments.joined(separator: "/"), segments, query)
    }

    private static func begins(_ target: Substring.UTF8View, with scheme: String) -> Bool {
        // Most are paths.
        target.first != 0x2F && String(Substring(target.prefix(scheme.utf8.count))).matchesIgnoringCase(scheme)
    }

    /// The headers that say where a request ends, gathered one by one.
    private struct Framing {
        var length: String?
        var coding: String?
        var hosts = 0
        var expectsContinue = false

        mutating func add(name: String, value: String) throws(Refusal) {
            guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenByte) else {
                throw Refusal(status: 400, reason: "a header's name is not a token")
            }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw Refusal(status: 400, reason: "a header's value holds a control character")
            }
            if name.matchesIgnoringCase("content-length") {
                guard length == nil else { throw Refusal(status: 400, reason: "there are two lengths") }
                length = value
            } else if name.matchesIgnoringCase("transfer-encoding") {
                guard coding == nil else { throw Refusal(status: 400, reason: "there are two transfer codings") }
                coding = value
            } else if name.matchesIgnoringCase("host") {
                hosts += 1
            } else if name.matchesIgnoringCase("expect") {
                guard value.matchesIgnoringCase("100-continue") else {
                    throw Refusal(status: 417, reason: "the expectation is not known")
                }
                expectsContinue = true
            }
        }

        func finish(isOld: Bool) throws(Refusal) -> (length: Int?, expectsContinue: Bool) {
            guard hosts == 1 || isOld && hosts == 0 else {
                throw Refusal(status: 400, reason: "there has to be one Host header")
            }
            if let coding {
                guard length == nil else {
                    throw Refusal(status: 400, reason: "a length stands beside a transfer coding")
                }
                guard !isOld, coding.matchesIgnoringCase("chunked") else {
                    throw Refusal(status: 400, reason: "the transfer coding is not known")
                }
                return (nil, expectsContinue)
            }
            guard let length else { return (0, expectsContinue) }
            guard !length.isEmpty, length.utf8.count <= 18, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let count = Int(length)
            else { throw Refusal(status: 400, reason: "the length is not a number") }
            return (count, expectsContinue)
        }
    }
}
