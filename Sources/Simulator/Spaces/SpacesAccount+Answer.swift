import Basics
import Formats
import Web

extension SpacesAccount {
    mutating func answer(_ request: SimulatedRequest) -> WebResponse {
        guard let name = request.segments.first else {
            return request.method == "GET" ? listBuckets() : notAllowed(request)
        }
        let key = String(request.path.dropFirst(name.utf8.count + 2))
        if key.isEmpty { return answerBucket(name, request) }
        guard buckets[name] != nil else { return noBucket(request) }
        return answerObject(key, in: name, request)
    }

    private func listBuckets() -> WebResponse {
        let items = sorted(buckets.keys).map { name in
            "<Bucket><Name>\(name)</Name><CreationDate>\(buckets[name]?.created.description ?? "")</CreationDate></Bucket>"
        }
        return Self.xml(
            200,
            "<ListAllMyBucketsResult><Owner><ID>1</ID></Owner><Buckets>\(items.joined())</Buckets>"
                + "</ListAllMyBucketsResult>")
    }

    // MARK: Buckets

    private mutating func answerBucket(_ name: String, _ request: SimulatedRequest) -> WebResponse {
        let isLifecycle = request.parameter("lifecycle") != nil
        if request.method == "PUT", !isLifecycle { return createBucket(name, request) }
        guard let bucket = buckets[name] else { return noBucket(request) }
        if request.method == "GET" || request.method == "HEAD", bucket.hiddenReads > 0 {
            buckets[name]?.hiddenReads -= 1
            return noBucket(request)
        }
        switch (request.method, isLifecycle) {
        case ("GET", true):
            return bucket.lifecycle.isEmpty
                ? error(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist.", request)
                : Self.xml(200, bucket.lifecycle)
        case ("PUT", true): return putLifecycle(name, request)
        case ("DELETE", true):
            if !bucket.lifecycle.isEmpty { changes += 1 }
            buckets[name]?.lifecycle = ""
            return WebResponse(status: 204)
        case ("HEAD", false): return WebResponse(status: 200)
        case ("GET", false) where request.parameter("location") != nil:
            let text = bucket.region == "us-east-1" ? "" : bucket.region
            return Self.xml(200, "<LocationConstraint>\(text)</LocationConstraint>")
        case ("GET", false): return listObjects(name, bucket, request)
        case ("DELETE", false):
            guard bucket.objects.isEmpty else {
                return error(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.", request)
            }
            buckets[name] = nil
            changes += 1
            return WebResponse(status: 204)
        default: return notAllowed(request)
        }
    }

    private mutating func createBucket(_ name: String, _ request: SimulatedRequest) -> WebResponse {
        guard Self.isName(name) else {
            return error(400, "InvalidBucketName", "The bucket name is not valid.", request)
        }
        if taken.contains(name) {
            return error(409, "BucketAlreadyExists", "The requested bucket name is not available.", request)
        }
        if buckets[name] != nil {
            return error(409, "BucketAlreadyOwnedByYou", "The bucket you tried to create is yours already.", request)
        }
        guard limits == .generous || buckets.count < Self.limit else {
            return error(400, "TooManyBuckets", "You have attempted to create more buckets than allowed.", request)
        }
        let text = String(decoding: request.body, as: UTF8.self)
        let region = Self.between("<LocationConstraint>", "<", text) ?? "us-east-1"
        var bucket = Bucket(region: region, created: now)
        if case .notFoundAfterCreate(let reads) = request.fault { bucket.hiddenReads = reads }
        buckets[name] = bucket
        changes += 1
        return WebResponse(status: 200, headers: [("Location", "/\(name)")])
    }

    private mutating func putLifecycle(_ name: String, _ request: SimulatedRequest) -> WebResponse {
        let text = String(decoding: request.body, as: UTF8.self)
        guard request.header("content-md5") != nil else {
            return error(400, "InvalidRequest", "Missing required header for this request: Content-MD5.", request)
        }
        guard let start = text.firstRange(of: "<LifecycleConfiguration"), text.contains("<Rule>"),
            text.hasSuffix("</LifecycleConfiguration>")
        else { return error(400, "MalformedXML", "The XML you provided was not well-formed.", request) }
        for unknown in ["<Tag>", "<Transition>", "<NoncurrentVersionTransition>"] where text.contains(unknown) {
            return error(
                501, "NotImplemented", "\(unknown.filter { $0 != "<" && $0 != ">" }) is not implemented.", request)
        }
        buckets[name]?.lifecycle = String(text[start.lowerBound...])
        changes += 1
        return WebResponse(status: 200)
    }

    private func listObjects(_ name: String, _ bucket: Bucket, _ request: SimulatedRequest) -> WebResponse {
        let prefix = request.parameter("prefix") ?? ""
        let most = min(max(request.parameter("max-keys").flatMap { Int($0) } ?? 1_000, 0), 1_000)
        let isEncoded = request.parameter("encoding-type") == "url"
        var keys = sorted(bucket.objects.keys.filter { $0.utf8.starts(with: prefix.utf8) })
        if let token = request.parameter("continuation-token") {
            guard let bytes = Hex.decode(token), let last = String(validating: bytes, as: UTF8.self) else {
                return error(400, "InvalidArgument", "The continuation token provided is incorrect.", request)
            }
            keys.removeAll { !last.utf8.lexicographicallyPrecedes($0.utf8) }
        }
        let page = keys.prefix(most)
        let isTruncated = keys.count > page.count && most > 0
        var text = "<ListBucketResult><Name>\(name)</Name><KeyCount>\(page.count)</KeyCount>"
        text += "<MaxKeys>\(most)</MaxKeys><IsTruncated>\(isTruncated)</IsTruncated>"
        if isEncoded { text += "<EncodingType>url</EncodingType>" }
        if isTruncated, let last = page.last {
            text += "<NextContinuationToken>\(Hex.encode(last.utf8))</NextContinuationToken>"
        }
        for key in page {
            guard let object = bucket.objects[key] else { continue }
            text += "<Contents><Key>\(isEncoded ? Paging.encode(key) : Self.escaped(key))</Key>"
            text +=
                "<LastModified>\(object.modified)</LastModified><ETag>&quot;\(Hex.encode(md5(object.bytes)))&quot;</ETag>"
            text += "<Size>\(object.bytes.count)</Size><StorageClass>STANDARD</StorageClass></Contents>"
        }
        return Self.xml(200, text + "</ListBucketResult>")
    }

    // MARK: Objects

    private mutating func answerObject(
        _ key: String, in name: String, _ request: SimulatedRequest
    ) -> WebResponse {
        let object = buckets[name]?.objects[key]
        switch request.method {
        case "PUT":
            let type = request.header("content-type") ?? "application/octet-stream"
            buckets[name]?.objects[key] = Object(bytes: request.body, modified: now, contentType: type)
            changes += 1
            return WebResponse(status: 200, headers: [("ETag", "\"\(Hex.encode(md5(request.body)))\"")])
        case "GET", "HEAD":
            guard let object else { return error(404, "NoSuchKey", "The specified key does not exist.", request) }
            return WebResponse(
                status: 200,
                headers: [
                    ("Content-Type", object.contentType), ("ETag", "\"\(Hex.encode(md5(object.bytes)))\""),
                ], body: object.bytes)
        case "DELETE":
            if object != nil { changes += 1 }
            buckets[name]?.objects[key] = nil
            return WebResponse(status: 204)
        default: return notAllowed(request)
        }
    }

    // MARK: Parts

    private func noBucket(_ request: SimulatedRequest) -> WebResponse {
        error(404, "NoSuchBucket", "The specified bucket does not exist.", request)
    }

    private func notAllowed(_ request: SimulatedRequest) -> WebResponse {
        error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.", request)
    }

    private static func between(_ start: String, _ end: String, _ text: String) -> String? {
        guard let from = text.firstRange(of: start)?.upperBound,
            let to = text[from...].firstRange(of: end)?.lowerBound
        else { return nil }
        return String(text[from..<to])
    }

    static func escaped(_ text: String) -> String {
        text.map { letter in
            switch letter {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(letter)
            }
        }.joined()
    }
}
