import Basics
import Formats
import Web

/// Spaces: the buckets of one access key behind one address, with their lifecycle and objects, as S3 has them.
///
/// Facts: AWS's S3 API reference and DigitalOcean's list of what Spaces does of it. Requests have to be dated within 15
/// minutes, to name the access key and to carry the digest of their body; the signature itself isn't computed.
struct SpacesAccount: SimulatedProvider {
    static let name = "spaces"
    /// The most buckets of an account.
    static let limit = 100

    struct Object: Sendable {
        var bytes: [UInt8]
        var modified: Timestamp
        var contentType: String
    }

    struct Bucket: Sendable {
        var region: String
        var created: Timestamp
        /// The document as it was put; empty where there is none.
        var lifecycle = ""
        var objects: [String: Object] = [:]
        /// How many reads still say that there is no such bucket.
        var hiddenReads = 0
    }

    let seedNumber: UInt64
    let limits: AccountLimits
    var buckets: [String: Bucket] = [:]
    /// Names that somebody else has, or that were given up and can't be had again yet.
    var taken: Set<String> = []
    var changes: UInt64 = 0
    var now: Timestamp

    var secrets: [String] { [] }

    init(seed: UInt64, now: Timestamp, limits: AccountLimits) {
        seedNumber = seed
        self.now = now
        self.limits = limits
    }

    init?(_ value: Value, seed: UInt64, limits: AccountLimits) {
        guard let list = value["buckets"]?.listValue, let changes = value["changes"]?.intValue else { return nil }
        self.init(seed: seed, now: Timestamp(seconds: 0), limits: limits)
        self.changes = UInt64(max(0, changes))
        taken = Set((value["taken"]?.listValue ?? []).compactMap(\.stringValue))
        for item in list {
            guard let name = item["name"]?.stringValue, let region = item["region"]?.stringValue else { return nil }
            var bucket = Bucket(region: region, created: Self.instant(item["created"]))
            bucket.lifecycle = item["lifecycle"]?.stringValue ?? ""
            for object in item["objects"]?.listValue ?? [] {
                guard let key = object["key"]?.stringValue, let hex = object["bytes"]?.stringValue,
                    let bytes = Hex.decode(hex)
                else { return nil }
                bucket.objects[key] = Object(
                    bytes: bytes, modified: Self.instant(object["modified"]),
                    contentType: object["type"]?.stringValue ?? "application/octet-stream")
            }
            buckets[name] = bucket
        }
    }

    var value: Value {
        let list = sorted(buckets.keys).compactMap { name -> Value? in
            guard let bucket = buckets[name] else { return nil }
            let objects = sorted(bucket.objects.keys).compactMap { key -> Value? in
                guard let object = bucket.objects[key] else { return nil }
                let members: Value.Object = [
                    "key": .string(key), "bytes": .string(Hex.encode(object.bytes)),
                    "modified": .int(object.modified.seconds), "type": .string(object.contentType),
                ]
                return .object(members)
            }
            let members: Value.Object = [
                "name": .string(name), "region": .string(bucket.region), "created": .int(bucket.created.seconds),
                "lifecycle": .string(bucket.lifecycle), "objects": .list(objects),
            ]
            return .object(members)
        }
        let members: Value.Object = [
            "changes": .int(Int64(clamping: changes)), "taken": .strings(sorted(taken)), "buckets": .list(list),
        ]
        return .object(members)
    }

    mutating func settle(at now: Timestamp) { self.now = now }

    mutating func settleAll() { for name in buckets.keys { buckets[name]?.hiddenReads = 0 } }

    /// `{buckets: [{name, region, objects: {KEY: TEXT}}], taken: [NAME]}`.
    mutating func seed(_ document: Value) throws(SimulatorFault) {
        try document.refuseOthers(than: ["buckets", "taken"], in: "an account of Spaces")
        guard document["buckets"]?.listValue != nil || document["taken"]?.listValue != nil else {
            throw .badWorld("an account of Spaces is {\"buckets\": [{\"name\": …, \"region\": …}]}")
        }
        for item in document["buckets"]?.listValue ?? [] {
            guard let name = item["name"]?.stringValue, Self.isName(name) else {
                throw .badWorld("a bucket needs a `name` of 3 to 63 small letters, digits, dots and dashes")
            }
            var bucket = Bucket(region: item["region"]?.stringValue ?? "nyc3", created: now)
            for member in item["objects"]?.objectValue?.members ?? [] {
                bucket.objects[member.name] = Object(
                    bytes: Array((member.value.stringValue ?? "").utf8), modified: now, contentType: "text/plain")
            }
            buckets[name] = bucket
        }
        taken.formUnion((document["taken"]?.listValue ?? []).compactMap(\.stringValue))
        changes += 1
    }

    // MARK: Who may pass

    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse? {
        guard let text = request.header("authorization"), text.hasPrefix("AWS4-HMAC-SHA256 Credential="),
            text.contains("Signature="), text.contains("host;x-amz-content-sha256;x-amz-date")
        else { return error(403, "AccessDenied", "Access Denied.", request) }
        let key = text.dropFirst("AWS4-HMAC-SHA256 Credential=".utf8.count).prefix { $0 != "/" }
        if let expected, expected != key {
            return error(403, "InvalidAccessKeyId", "The access key does not exist in our records.", request)
        }
        guard let date = Self.date(request.header("x-amz-date") ?? "") else {
            return error(403, "AccessDenied", "A valid x-amz-date is required.", request)
        }
        let skew = request.now - date
        guard skew < .minutes(15), skew > .minutes(-15) else {
            return error(403, "RequestTimeTooSkewed", "The difference between the times is too large.", request)
        }
        guard request.header("x-amz-content-sha256") == Digest(of: request.body).hex else {
            return error(400, "XAmzContentSHA256Mismatch", "The digest does not match what was computed.", request)
        }
        return nil
    }

    func refusal(_ kind: AccountRefusal, _ request: SimulatedRequest) -> WebResponse {
        switch kind {
        case .serverError: return error(500, "InternalError", "We encountered an internal error.", request)
        case .gatewayTimeout: return .text(504, "<html><body>504</body></html>", type: "text/html")
        case .notFound: return error(404, "NoSuchBucket", "The specified bucket does not exist.", request)
        case .tooManyRequests(let retryAfter):
            var response = error(503, "SlowDown", "Please reduce your request rate.", request)
            if let retryAfter { response.headers.append(("Retry-After", String(retryAfter))) }
            return response
        }
    }

    func headers(_ request: SimulatedRequest) -> [(name: String, value: String)] {
        [("x-amz-request-id", request.requestID)]
    }

    // MARK: Parts

    /// A refusal; a HEAD has no body, so its status says all.
    func error(_ status: Int, _ code: String, _ message: String, _ request: SimulatedRequest) -> WebResponse {
        if request.method == "HEAD" { return WebResponse(status: status) }
        return Self.xml(
            status,
            "<Error><Code>\(code)</Code><Message>\(message)</Message><RequestId>\(request.requestID)</RequestId></Error>"
        )
    }

    static func xml(_ status: Int, _ text: String) -> WebResponse {
        .text(status, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\(text)", type: "application/xml")
    }

    func sorted(_ names: some Sequence<String>) -> [String] {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func isName(_ text: String) -> Bool {
        (3...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 45 || $0 == 46 }
    }

    private static func instant(_ value: Value?) -> Timestamp { Timestamp(seconds: value?.intValue ?? 0) }

    /// `20260102T030405Z`.
    private static func date(_ text: String) -> Timestamp? {
        let letters = Array(text)
        guard letters.count == 16 else { return nil }
        func part(_ range: Range<Int>) -> String { String(letters[range]) }
        return Timestamp(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
    }
}
