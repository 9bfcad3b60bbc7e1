import Basics
import Formats
import Web

/// Spaces: the buckets of one access key behind one address, with their lifecycle and objects, as S3 has them.
///
/// Facts: AWS's S3 API reference and DigitalOcean's list of what Spaces does of it. Requests have to be signed by a key that
/// is known: the owner's, or one that DigitalOcean's API made and that has a grant for what is asked.
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
    /// Keys that DigitalOcean's API made; they are kept there.
    var keys: [SpacesKey] = []
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

    /// `{buckets: [{name, region, lifecycle: XML, objects: {KEY: TEXT}}], taken: [NAME]}`.
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
            bucket.lifecycle = item["lifecycle"]?.stringValue ?? ""
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

    mutating func learn(from world: World) {
        keys = world.spacesKeys.map { key in
            SpacesKey(key, secret: world.spacesSecrets[key["access_key"]?.stringValue ?? ""])
        }
    }

    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse? {
        do throws(SpacesRefusal) {
            try SpacesSignature(request).verify(request, [SpacesKey(owner: expected ?? SpacesKey.placeholder)] + keys)
            return nil
        } catch {
            return self.error(error.status, error.code, error.message, request, error.details)
        }
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
    func error(
        _ status: Int, _ code: String, _ message: String, _ request: SimulatedRequest,
        _ details: [(name: String, text: String)] = []
    ) -> WebResponse {
        if request.method == "HEAD" { return WebResponse(status: status) }
        let more = details.map { "<\($0.name)>\(Self.escaped($0.text))</\($0.name)>" }.joined()
        return Self.xml(
            status,
            "<Error><Code>\(code)</Code><Message>\(message)</Message>\(more)"
                + "<RequestId>\(request.requestID)</RequestId></Error>")
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
}
