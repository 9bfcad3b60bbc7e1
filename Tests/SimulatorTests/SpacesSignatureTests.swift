import Basics
import Formats
import TestKit
import Testing

@testable import Simulator

/// The simulator's own reading of Signature Version 4, held against what others computed.
@Suite struct SpacesSignatureTests {
    /// One request and who signed it.
    struct Sent: Sendable, CustomTestStringConvertible {
        var method: String
        var url: String
        var headers: [String: String] = [:]
        var body = ""
        var now: Timestamp
        var key = SpacesKey(owner: "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

        var testDescription: String { "\(method) \(url.prefix(60))" }

        var request: SimulatedRequest {
            let rest = url.split(separator: "//", maxSplits: 1).last ?? ""
            let host = rest.prefix { $0 != "/" && $0 != "?" }
            let target = rest.dropFirst(host.count).split(
                separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let parts = (target.first ?? "").split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            let pairs = target.count < 2 ? [] : target[1].split(separator: "&")
            return SimulatedRequest(
                method: method, path: "/" + parts.map(Self.decoded).joined(separator: "/"),
                segments: parts.map(Self.decoded).filter { !$0.isEmpty }, wholePath: parts.map(Self.decoded),
                query: pairs.map { pair in
                    let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    return (name: Self.decoded(sides[0]), value: sides.count < 2 ? "" : Self.decoded(sides[1]))
                }, headers: [(name: "Host", value: String(host))] + headers.map { (name: $0.key, value: $0.value) },
                body: Array(body.utf8), base: "https://\(host)", now: now, requestID: "r-1", fault: nil)
        }

        /// Why it is refused; nil when it is let in.
        var refusal: SpacesRefusal? {
            do throws(SpacesRefusal) {
                try SpacesSignature(request).verify(request, [key])
                return nil
            } catch {
                return error
            }
        }

        private static func decoded(_ text: Substring) -> String {
            let parts = text.split(separator: "%", omittingEmptySubsequences: false)
            var bytes = Array((parts.first ?? "").utf8)
            for part in parts.dropFirst() {
                bytes += Hex.decode(part.prefix(2)) ?? []
                bytes += Array(part.dropFirst(2).utf8)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    // MARK: AWS's own examples

    private static let start = Timestamp(seconds: 1_369_353_600)
    private static let host = "https://examplebucket.s3.amazonaws.com"

    private static func sent(
        _ method: String, _ target: String, _ more: [String: String] = [:], body: String = "", signature: String
    ) -> Sent {
        var headers = more
        headers["x-amz-date"] = "20130524T000000Z"
        headers["x-amz-content-sha256"] = Digest(of: body).hex
        let names = (["host"] + headers.keys).map { $0.lowercased() }.sorted().joined(separator: ";")
        headers["Authorization"] =
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + "SignedHeaders=\(names),Signature=\(signature)"
        return Sent(method: method, url: host + target, headers: headers, body: body, now: start)
    }

    /// AWS, "Authenticating Requests: Using the Authorization Header", examples of a payload in one piece.
    static let published: [Sent] = [
        sent(
            "GET", "/test.txt", ["Range": "bytes=0-9"],
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        upload,
        sent(
            "GET", "/?lifecycle", signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        sent(
            "GET", "/?max-keys=2&prefix=J",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        link,
    ]

    static let upload = sent(
        "PUT", "/test%24file.text",
        ["Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"],
        body: "Welcome to Amazon S3.", signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")

    /// "Authenticating Requests: Using Query Parameters".
    static let link = Sent(
        method: "GET",
        url: "\(host)/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
            + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", now: start)

    @Test("AWS's examples are let in", arguments: published)
    func examples(sent: Sent) {
        let refusal = sent.refusal
        #expect(refusal == nil, "\(String(describing: refusal))")
    }

    // MARK: Known answers

    static let vectors: Value? = sharedDirectory.flatMap { directory in
        (try? FileSystem.read("\(directory)/specs/sigv4-vectors.json")).flatMap { try? JSON.parse($0) }
    }

    @Test("Every known answer is let in, by the texts that lead to it", .enabled(if: vectors != nil))
    func knownAnswers() throws {
        let all = try #require(Self.vectors)
        let pair = "\(all["accessKeyId"]?.stringValue ?? ""):\(all["secretAccessKey"]?.stringValue ?? "")"
        let now = try #require(Timestamp("2026-01-02T03:04:05Z"))
        let vectors = try #require(all["vectors"]?.listValue)
        #expect(vectors.count >= 16)
        for vector in vectors {
            let name = vector["name"]?.stringValue ?? ""
            var sent = Sent(
                method: vector["method"]?.stringValue ?? "", url: vector["url"]?.stringValue ?? "",
                body: vector["bodyUtf8"]?.stringValue ?? "", now: now, key: SpacesKey(owner: pair))
            for member in vector["signedHeadersSent"]?.objectValue?.members ?? [] {
                sent.headers[member.name] = member.value.stringValue
            }
            let request = sent.request
            let signature = try SpacesSignature(request)
            let canonical = signature.canonicalRequest(request, payload: Digest(of: sent.body).hex)
            #expect(canonical == vector["canonicalRequest"]?.stringValue, "\(name)")
            #expect(signature.stringToSign(canonical) == vector["stringToSign"]?.stringValue, "\(name)")
            #expect(sent.refusal == nil, "\(name)")
        }
        for vector in try #require(all["presigned"]?.listValue) {
            let sent = Sent(
                method: vector["method"]?.stringValue ?? "", url: vector["presignedUrl"]?.stringValue ?? "", now: now,
                key: SpacesKey(owner: pair))
            #expect(sent.refusal == nil, "\(vector["name"]?.stringValue ?? "")")
        }
    }

    // MARK: What is refused

    struct Refused: Sendable, CustomTestStringConvertible {
        let what: String
        let status: Int
        let code: String
        var sent: Sent

        var testDescription: String { what }

        init(
            _ what: String, _ status: Int, _ code: String, of sent: Sent = SpacesSignatureTests.upload,
            _ change: (inout Sent) -> Void
        ) {
            self.what = what
            self.status = status
            self.code = code
            self.sent = sent
            change(&self.sent)
        }
    }

    private static func replaced(_ old: String, _ new: String, in sent: inout Sent) {
        sent.headers["Authorization"] = sent.headers["Authorization"]?.replacing(old, with: new)
        sent.url = sent.url.replacing(old, with: new)
    }

    static let refused: [Refused] = [
        Refused("another method", 403, "SignatureDoesNotMatch") { $0.method = "DELETE" },
        Refused("another path", 403, "SignatureDoesNotMatch") { $0.url += "2" },
        Refused("another query", 403, "SignatureDoesNotMatch") { $0.url += "?acl" },
        Refused("another host", 403, "SignatureDoesNotMatch") { replaced("examplebucket", "other", in: &$0) },
        Refused("another header", 403, "SignatureDoesNotMatch") { $0.headers["x-amz-storage-class"] = "STANDARD" },
        Refused("a header that isn't signed", 403, "AccessDenied") { $0.headers["x-amz-acl"] = "public-read" },
        Refused("another region", 403, "SignatureDoesNotMatch") { replaced("us-east-1", "sgp1", in: &$0) },
        Refused("another digest", 403, "SignatureDoesNotMatch") {
            $0.headers["x-amz-content-sha256"] = Digest(of: "other").hex
        },
        Refused("another body", 400, "XAmzContentSHA256Mismatch") { $0.body += "!" },
        Refused("no digest", 400, "InvalidRequest") { $0.headers["x-amz-content-sha256"] = nil },
        Refused("a digest that is none", 400, "InvalidArgument") { $0.headers["x-amz-content-sha256"] = "abc" },
        Refused("too late", 403, "RequestTimeTooSkewed") { $0.now = $0.now + .minutes(15) },
        Refused("too early", 403, "RequestTimeTooSkewed") { $0.now = $0.now - .minutes(15) },
        Refused("no date", 403, "AccessDenied") { $0.headers["x-amz-date"] = nil },
        Refused("a scope of another day", 400, "AuthorizationHeaderMalformed") {
            replaced("/20130524/", "/20130525/", in: &$0)
        },
        Refused("a scope of another service", 400, "AuthorizationHeaderMalformed") {
            replaced("/s3/", "/ec2/", in: &$0)
        },
        Refused("half a header", 400, "AuthorizationHeaderMalformed") {
            $0.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE"
        },
        Refused("another algorithm", 400, "InvalidRequest") { $0.headers["Authorization"] = "AWS key:signature" },
        Refused("no signature", 403, "AccessDenied") { $0.headers["Authorization"] = nil },
        Refused("two signatures", 400, "InvalidArgument") { $0.url += "?X-Amz-Algorithm=AWS4-HMAC-SHA256" },
        Refused("a key that nobody knows", 403, "InvalidAccessKeyId") { $0.key = SpacesKey(owner: "other:secret") },
        Refused("another secret", 403, "SignatureDoesNotMatch") {
            $0.key = SpacesKey(owner: "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI")
        },
        Refused("a key whose secret nobody knows", 403, "SignatureDoesNotMatch") {
            $0.key = SpacesKey(["access_key": "AKIAIOSFODNN7EXAMPLE"], secret: nil)
        },
        Refused("a URL that has expired", 403, "AccessDenied", of: link) { $0.now = $0.now + .seconds(86_401) },
        Refused("a URL before its time", 403, "AccessDenied", of: link) { $0.now = $0.now - .minutes(15) },
        Refused("a URL made to last", 403, "SignatureDoesNotMatch", of: link) { replaced("86400", "86401", in: &$0) },
        Refused("a URL for ever", 400, "AuthorizationQueryParametersError", of: link) {
            replaced("86400", "604801", in: &$0)
        },
        Refused("a URL for another object", 403, "SignatureDoesNotMatch", of: link) {
            replaced("test.txt", "test2.txt", in: &$0)
        },
        Refused("a URL without its signature", 400, "AuthorizationQueryParametersError", of: link) {
            replaced("X-Amz-Signature", "Signature", in: &$0)
        },
    ]

    @Test("What isn't as it was signed is refused in S3's words", arguments: refused)
    func refusals(refused: Refused) {
        let refusal = refused.sent.refusal
        #expect(refusal?.code == refused.code && refusal?.status == refused.status, "\(String(describing: refusal))")
    }

    @Test(
        "A key may do what its grants say",
        arguments: [
            ("GET", "/", false, false, true), ("PUT", "/files", false, false, true),
            ("GET", "/files", true, true, true),
            ("GET", "/files/a", true, true, true), ("HEAD", "/files/a", true, true, true),
            ("PUT", "/files/a", false, true, true), ("DELETE", "/files/a", false, true, true),
            ("PUT", "/files?lifecycle", false, false, true), ("DELETE", "/files", false, false, true),
            ("GET", "/others/a", false, false, true),
        ])
    func grants(method: String, target: String, read: Bool, readWrite: Bool, full: Bool) {
        let request = Sent(method: method, url: Self.host + target, now: Self.start).request
        func key(_ bucket: Value, _ permission: Value) -> SpacesKey {
            let grants: Value = [["bucket": bucket, "permission": permission]]
            return SpacesKey(["access_key": "k", "grants": grants], secret: "s")
        }
        #expect(key("files", "read").allows(request) == read)
        #expect(key("files", "readwrite").allows(request) == readWrite)
        #expect(key("", "fullaccess").allows(request) == full)
        #expect(!SpacesKey(["access_key": "k"], secret: "s").allows(request))
    }
}
