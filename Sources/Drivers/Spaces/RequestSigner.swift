internal import Basics

/// Signs requests by AWS Signature Version 4, as S3 wants it: the path is encoded once and never normalised.
///
/// Pure: the same input gives the same signature. Source: AWS, "Signature Version 4 signing process", and the S3 API
/// reference, "Authenticating Requests".
struct RequestSigner: Sendable {
    let accessKey: String
    let secretKey: Secret
    /// The region of the scope, `sgp1`.
    let region: String

    /// What one signature says; the texts in between are there to be compared.
    struct Signature: Sendable, Hashable {
        let canonicalRequest: String
        let stringToSign: String
        /// Lower-case hexadecimal.
        let signature: String
        /// The value of the header `Authorization`.
        let authorization: String
    }

    /// What a body that nobody has read counts as, for URLs that are handed on.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// Signs one request.
    ///
    /// - Parameters:
    ///   - method: in capitals.
    ///   - target: path and query as they go over the wire, percent-encoded.
    ///   - headers: all that is signed, with `host`, `x-amz-date` and `x-amz-content-sha256`.
    ///   - payload: the hexadecimal SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    ///   - date: as `x-amz-date` has it, `20260102T030405Z`.
    /// - Returns: the signature, and what it was made from.
    func sign(
        _ method: String, _ target: String, headers: [(name: String, value: String)], payload: String, date: String
    ) -> Signature {
        let fields = headers.map { ($0.name.lowercased(), Self.trimmed($0.value)) }
            .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
        let names = fields.map(\.0).joined(separator: ";")
        let path = String(target.prefix { $0 != "?" })
        let canonical = [
            method, path.isEmpty ? "/" : path, Self.canonicalQuery(target),
            fields.map { "\($0.0):\($0.1)\n" }.joined(), names, payload,
        ].joined(separator: "\n")
        let scope = "\(date.prefix(8))/\(region)/s3/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(Digest(of: canonical).hex)"
        let signature = Hex.encode(hmacSHA256(key: key(String(date.prefix(8))), text.utf8))
        return Signature(
            canonicalRequest: canonical, stringToSign: text, signature: signature,
            authorization: "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), SignedHeaders=\(names), "
                + "Signature=\(signature)")
    }

    /// A URL that whoever holds it may use until it expires; as secret as a password for so long.
    ///
    /// - Parameters:
    ///   - method: in capitals.
    ///   - origin: scheme and host.
    ///   - host: as it goes into the header `Host`.
    ///   - path: percent-encoded.
    ///   - seconds: how long it holds; S3 allows a week at the most.
    ///   - date: `20260102T030405Z`.
    /// - Returns: the whole URL.
    func presign(
        _ method: String, origin: String, host: String, path: String, seconds: Int, date: String
    ) -> Secret {
        let scope = "\(date.prefix(8))/\(region)/s3/aws4_request"
        let query = [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=\("\(accessKey)/\(scope)".split(separator: "/").joined(separator: "%2F"))",
            "X-Amz-Date=\(date)", "X-Amz-Expires=\(min(max(1, seconds), 604_800))", "X-Amz-SignedHeaders=host",
        ].joined(separator: "&")
        let signed = sign(
            method, "\(path)?\(query)", headers: [("host", host)], payload: Self.unsignedPayload, date: date)
        return Secret("\(origin)\(path)?\(query)&X-Amz-Signature=\(signed.signature)")
    }

    /// An instant as signatures write it.
    static func dateText(_ instant: Timestamp) -> String {
        let calendar = instant.calendar
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(calendar.year)\(padded(calendar.month))\(padded(calendar.day))"
            + "T\(padded(calendar.hour))\(padded(calendar.minute))\(padded(calendar.second))Z"
    }

    private func key(_ day: String) -> [UInt8] {
        let start = secretKey.reveal { hmacSHA256(key: "AWS4\($0)".utf8, day.utf8) }
        return [region, "s3", "aws4_request"].reduce(start) { key, part in hmacSHA256(key: key, part.utf8) }
    }

    /// Sorted by encoded name, then by encoded value; a bare sub-resource gets its `=`.
    private static func canonicalQuery(_ target: String) -> String {
        guard let mark = target.firstIndex(of: "?") else { return "" }
        let pairs = target[target.index(after: mark)...].split(separator: "&").map { pair -> (String, String) in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(sides[0]), sides.count > 1 ? String(sides[1]) : "")
        }
        return
            pairs.sorted {
                $0.0 == $1.0
                    ? $0.1.utf8.lexicographicallyPrecedes($1.1.utf8) : $0.0.utf8.lexicographicallyPrecedes($1.0.utf8)
            }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Without white space at its ends, and with one space for several.
    private static func trimmed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }
}
