public import Basics
public import Drivers
internal import HTTPClient

/// One object without its bytes.
public struct StoredObject: Sendable, Hashable {
    public let key: String
    public let size: Int64
    /// As the server gives it, without quotes: the MD5 of the bytes, in hexadecimal, where they came in one piece.
    public let tag: String
    public let modifiedAt: Timestamp?
}

/// The objects of one bucket, by key; all of it throws `ProviderFault`.
public struct SpacesObjects: Sendable {
    let api: SpacesAPI
    public let bucket: String
    public let region: String
    let context: DriverContext

    /// Stores an object; one that is there already is replaced.
    ///
    /// - Throws: `ProviderFault`.
    @discardableResult
    public func put(
        _ key: String, _ bytes: [UInt8], contentType: String = "application/octet-stream"
    ) async throws(ProviderFault) -> StoredObject {
        var call = try call("objects.put", "PUT", key)
        call.bytes = bytes
        call.contentType = contentType
        call.timeout = .minutes(5)
        let response = try await api.send(call, context)
        // The digest went with the bytes, so what arrived is what was sent.
        guard let tag = response.tag else { throw .broken(call.site, status: response.status, "it has no ETag") }
        return StoredObject(key: key, size: Int64(bytes.count), tag: tag, modifiedAt: nil)
    }

    /// The bytes of an object; nil where there is none.
    ///
    /// - Throws: `ProviderFault`, also when there are more than `limit`.
    public func get(_ key: String, limit: Int = 64 << 20) async throws(ProviderFault) -> [UInt8]? {
        var call = try call("objects.get", "GET", key)
        call.bodyLimit = limit
        call.timeout = .minutes(5)
        do throws(ProviderFault) {
            let response = try await api.send(call, context)
            let digest = Hex.encode(md5(response.body))
            // A tag with a dash belongs to an object that came in parts, and is no digest of the whole.
            guard let tag = response.tag, tag.utf8.count != 32 || tag == digest else {
                throw .make(.notAsSent, call.site, "the bytes are not those of the object's tag", .retry(after: nil))
            }
            return response.body
        } catch {
            guard error.providerCode == "NoSuchKey" else { throw error }
            return nil
        }
    }

    /// What is known of an object without its bytes; nil where there is none.
    ///
    /// - Throws: `ProviderFault`.
    public func head(_ key: String) async throws(ProviderFault) -> StoredObject? {
        let call = try call("objects.head", "HEAD", key)
        do throws(ProviderFault) {
            let response = try await api.send(call, context)
            guard let tag = response.tag, let size = response.header("content-length").flatMap({ Int64($0) }) else {
                throw .broken(call.site, status: response.status, "it has no ETag or no length")
            }
            return StoredObject(key: key, size: size, tag: tag, modifiedAt: nil)
        } catch {
            // A HEAD has no body, so the status is all that says so.
            guard error.status == 404 else { throw error }
            return nil
        }
    }

    /// Every object whose key begins so, sorted by key.
    ///
    /// - Throws: `ProviderFault`, also when a page can't be read: a part of a list proves nothing.
    public func list(prefix: String = "") async throws(ProviderFault) -> [StoredObject] {
        try await list(prefix: prefix, pageSize: 1_000)
    }

    /// The same by pages of a size, of which S3 allows 1,000 at the most.
    func list(prefix: String, pageSize: Int) async throws(ProviderFault) -> [StoredObject] {
        var objects: [StoredObject] = []
        var token: String?
        repeat {
            var call = SpacesCall("objects.list", "GET", SpacesDriver.path(bucket), in: region)
            call.query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", String(pageSize))]
            if !prefix.isEmpty { call.query.append(("prefix", prefix)) }
            if let token { call.query.append(("continuation-token", token)) }
            let root = try await api.document(call, root: "ListBucketResult", context)
            let isEncoded = root.text("EncodingType") == "url"
            for node in root.all("Contents") {
                guard let text = node.text("Key"), let size = node.int("Size"),
                    let key = isEncoded ? Self.decoded(text) : text
                else { throw .broken(call.site, status: 200, "an object has no key or no size") }
                objects.append(
                    StoredObject(
                        key: key, size: size, tag: Self.unquoted(node.text("ETag") ?? ""),
                        modifiedAt: node.text("LastModified").flatMap { Timestamp($0) }))
            }
            guard root.text("IsTruncated") == "true" else { break }
            guard let next = root.text("NextContinuationToken"), !next.isEmpty, next != token else {
                throw .broken(call.site, status: 200, "it is cut off and names no next page")
            }
            token = next
        } while true
        return objects.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    func call(_ operation: String, _ method: String, _ key: String) throws(ProviderFault) -> SpacesCall {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        let path = parts.map { String($0).percentEncoded }.joined(separator: "/")
        let call = SpacesCall(operation, method, "\(SpacesDriver.path(bucket))/\(path)", in: region)
        // On its way a path with dots in it would become another one.
        guard !key.isEmpty, key.utf8.count <= 1_024, !parts.contains("."), !parts.contains("..") else {
            throw .make(.impossible, call.site, "this can't be the key of an object", .waitForNewCommit)
        }
        return call
    }

    static func unquoted(_ tag: String) -> String {
        tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"") ? String(tag.dropFirst().dropLast()) : tag
    }

    /// A key as lists of `encoding-type=url` write it; nil when it is no text.
    static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self).lowercased())?.first else {
                    return nil
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension HTTPResponse {
    fileprivate var tag: String? { header("etag").map { SpacesObjects.unquoted($0) } }
}
