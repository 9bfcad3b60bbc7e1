internal import Basics

/// What a request carries.
public enum RequestBody: Sendable {
    /// One field of a form; a name may come several times.
    public struct Field: Sendable {
        public var name: String
        public var value: [UInt8]
        /// Only in a multipart form: makes it a file.
        public var filename: String?
        public var contentType: String?

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = Array(value.utf8)
        }

        public init(_ name: String, file value: [UInt8], filename: String, contentType: String) {
            self.name = name
            self.value = value
            self.filename = filename
            self.contentType = contentType
        }
    }

    /// `application/json`, as it goes over the wire.
    case json([UInt8])
    /// `application/x-www-form-urlencoded`.
    case form([Field])
    /// `multipart/form-data` (RFC 7578).
    case multipart([Field])
    /// Anything else.
    case bytes([UInt8], contentType: String)

    /// Whether a record shows it as an object of fields.
    var isForm: Bool {
        switch self {
        case .form, .multipart: true
        case .json, .bytes: false
        }
    }

    /// The type, and the bytes as they go over the wire.
    ///
    /// - Throws: `HTTPFault` when the name of a field can't be sent.
    func encoded() throws(HTTPFault) -> (contentType: String, bytes: [UInt8]) {
        switch self {
        case .json(let bytes): return ("application/json", bytes)
        case .bytes(let bytes, let contentType): return (contentType, bytes)
        case .form(let fields):
            let text = fields.map { field in
                field.name.percentEncoded + "=" + String(decoding: Self.percentEncoded(field.value), as: UTF8.self)
            }
            return ("application/x-www-form-urlencoded", Array(text.joined(separator: "&").utf8))
        case .multipart(let fields): return try Self.multipart(fields)
        }
    }

    private static func percentEncoded(_ bytes: [UInt8]) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).percentEncoded.utf8)
    }

    private static func multipart(_ fields: [Field]) throws(HTTPFault) -> (contentType: String, bytes: [UInt8]) {
        var hasher = Digest.Hasher()
        for field in fields { hasher.update(field.value) }
        // Named by the content, so that the same request has the same bytes; sought anew while the content holds it.
        var boundary = "odooops-\(hasher.finish().hex.prefix(32))"
        while fields.contains(where: { $0.value.contains(boundary.utf8) }) { boundary += "-" }
        var output: [UInt8] = []
        for field in fields {
            let texts = [field.name, field.filename ?? "", field.contentType ?? ""]
            guard !field.name.isEmpty, texts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x22 } }) else {
                throw HTTPFault(
                    .badURL, code: "HTTP-0009",
                    message: "the name of a form's field holds a character that can't be sent",
                    place: nil)
            }
            var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(field.name)\""
            if let filename = field.filename { head += "; filename=\"\(filename)\"" }
            if let contentType = field.contentType { head += "\r\nContent-Type: \(contentType)" }
            output += Array("\(head)\r\n\r\n".utf8) + field.value + [0x0D, 0x0A]
        }
        output += Array("--\(boundary)--\r\n".utf8)
        return ("multipart/form-data; boundary=\(boundary)", output)
    }

    /// The text that a record shows: JSON stays JSON, a form becomes an object.
    func recorded(_ redaction: Redaction) -> String {
        switch self {
        case .json(let bytes), .bytes(let bytes, _): return redaction.text(bytes)
        case .form(let fields), .multipart(let fields):
            var names: [String] = []
            var values: [String: [String]] = [:]
            for field in fields {
                if values[field.name] == nil { names.append(field.name) }
                let text: String
                if redaction.isSecret(field.name) {
                    text = "<redacted>"
                } else if field.filename != nil {
                    text = "<\(field.value.count) bytes>"
                } else {
                    text = redaction.scrub(String(decoding: field.value, as: UTF8.self))
                }
                values[field.name, default: []].append(JSONRedaction.quoted(text))
            }
            let members = names.map { name in
                let all = values[name] ?? []
                return JSONRedaction.quoted(name) + ":"
                    + (all.count == 1 ? all[0] : "[" + all.joined(separator: ",") + "]")
            }
            return "{" + members.joined(separator: ",") + "}"
        }
    }
}
