import Basics

/// What a request says of who signed it by Signature Version 4, in its header `Authorization` or in its query.
///
/// Written from AWS's "Authenticating Requests" and held against its examples. As a server does it: path and query are
/// taken decoded and encoded anew, so that a client that encodes in another way than it signs is found out.
struct SpacesSignature: Sendable {
    private static let algorithm = "AWS4-HMAC-SHA256"
    private static let unsigned = "UNSIGNED-PAYLOAD"
    /// The longest that a URL may hold, in seconds: a week.
    private static let longest = 604_800

    let keyID: String
    /// Of the scope: `20260102`, `sgp1`.
    private let day: String
    private let region: String
    /// `20260102T030405Z`.
    private let dateText: String
    private let date: Timestamp
    private let signedHeaders: [String]
    private let signature: String
    /// How many seconds a URL that was handed on holds; nil for a header.
    private let lifetime: Int?

    /// Reads what a request says.
    ///
    /// - Throws: ``SpacesRefusal`` where it says nothing, or nothing that can be read.
    init(_ request: SimulatedRequest) throws(SpacesRefusal) {
        let isInQuery = request.query.contains { $0.name == "X-Amz-Algorithm" || $0.name == "X-Amz-Signature" }
        guard let header = request.header("authorization") else {
            guard isInQuery else { throw .denied("Access Denied.") }
            try self.init(query: request)
            return
        }
        guard !isInQuery else {
            throw SpacesRefusal(400, "InvalidArgument", "Only one auth mechanism allowed.")
        }
        try self.init(header: header, date: request.header("x-amz-date"))
    }

    private init(header: String, date: String?) throws(SpacesRefusal) {
        guard header.hasPrefix("\(Self.algorithm) ") else {
            throw SpacesRefusal(
                400, "InvalidRequest", "The authorization mechanism is not supported. Use \(Self.algorithm).")
        }
        var fields: [String: String] = [:]
        for part in header.dropFirst(Self.algorithm.count).split(separator: ",") {
            let sides = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { fields[String(sides[0])] = String(sides[1]) }
        }
        let malformed = SpacesRefusal(400, "AuthorizationHeaderMalformed", "The authorization header is malformed.")
        guard let credential = fields["Credential"], let names = fields["SignedHeaders"],
            let signature = fields["Signature"]
        else { throw malformed }
        guard let date else { throw .denied("A valid x-amz-date is required.") }
        try self.init(credential, names, signature, date, lifetime: nil, malformed)
    }

    private init(query request: SimulatedRequest) throws(SpacesRefusal) {
        func malformed(_ message: String) -> SpacesRefusal {
            SpacesRefusal(400, "AuthorizationQueryParametersError", message)
        }
        guard request.parameter("X-Amz-Algorithm") == Self.algorithm else {
            throw malformed("X-Amz-Algorithm only supports \(Self.algorithm).")
        }
        guard let credential = request.parameter("X-Amz-Credential"),
            let names = request.parameter("X-Amz-SignedHeaders"), let date = request.parameter("X-Amz-Date"),
            let signature = request.parameter("X-Amz-Signature"), let text = request.parameter("X-Amz-Expires")
        else { throw malformed("A query parameter of the signature is missing.") }
        guard let seconds = Int(text), (1...Self.longest).contains(seconds) else {
            throw malformed("X-Amz-Expires must be from 1 to \(Self.longest) seconds.")
        }
        try self.init(
            credential, names, signature, date, lifetime: seconds,
            malformed("The query parameters of the signature are malformed."))
    }

    private init(
        _ credential: String, _ names: String, _ signature: String, _ date: String, lifetime: Int?,
        _ malformed: SpacesRefusal
    ) throws(SpacesRefusal) {
        let scope = credential.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard scope.count == 5, scope[3] == "s3", scope[4] == "aws4_request", !scope[0].isEmpty, !scope[2].isEmpty
        else { throw malformed }
        guard let instant = Self.instant(date) else { throw .denied("A valid x-amz-date is required.") }
        guard date.hasPrefix("\(scope[1])T") else { throw malformed }
        keyID = scope[0]
        day = scope[1]
        region = scope[2]
        dateText = date
        self.date = instant
        signedHeaders = names.split(separator: ";").map { String($0) }
        self.signature = signature
        self.lifetime = lifetime
    }

    // MARK: Whether it holds

    /// Holds a request against its signature, its clock, its body and what its key may do.
    ///
    /// - Throws: ``SpacesRefusal``, in S3's own words.
    func verify(_ request: SimulatedRequest, _ keys: [SpacesKey]) throws(SpacesRefusal) {
        guard let key = keys.first(where: { $0.id == keyID }) else {
            throw SpacesRefusal(403, "InvalidAccessKeyId", "The access key does not exist in our records.")
        }
        try verifyTime(request.now)
        let unnamed = request.headers.map { $0.name.lowercased() }.filter {
            ($0 == "host" || $0.hasPrefix("x-amz-")) && !signedHeaders.contains($0)
        }
        guard unnamed.isEmpty, signedHeaders.contains("host") else {
            throw .denied("There were headers present in the request which were not signed.")
        }
        let payload = try claimedPayload(request)
        let canonical = canonicalRequest(request, payload: payload)
        let text = stringToSign(canonical)
        guard let secret = key.secret, signature == sign(text, by: secret) else {
            throw SpacesRefusal(
                403, "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
                [("StringToSign", text), ("CanonicalRequest", canonical)])
        }
        guard payload == Self.unsigned || payload == Digest(of: request.body).hex else {
            throw SpacesRefusal(
                400, "XAmzContentSHA256Mismatch", "The digest of the body does not match what was computed.")
        }
        guard key.allows(request) else { throw .denied("Access Denied.") }
    }

    private func verifyTime(_ now: Timestamp) throws(SpacesRefusal) {
        let skew = now - date
        guard let lifetime else {
            guard skew < .minutes(15), skew > .minutes(-15) else {
                throw SpacesRefusal(
                    403, "RequestTimeTooSkewed", "The difference between the times is too large.",
                    [("RequestTime", dateText), ("ServerTime", "\(now)"), ("MaxAllowedSkewMilliseconds", "900000")])
            }
            return
        }
        guard skew > .minutes(-15) else { throw .denied("Request is not valid yet.") }
        guard skew <= .seconds(lifetime) else { throw .denied("Request has expired.") }
    }

    /// What the signature says of the body: its digest, or that it wasn't looked at.
    private func claimedPayload(_ request: SimulatedRequest) throws(SpacesRefusal) -> String {
        guard let said = request.header("x-amz-content-sha256") else {
            if lifetime != nil { return Self.unsigned }
            throw SpacesRefusal(400, "InvalidRequest", "Missing required header: x-amz-content-sha256.")
        }
        guard said == Self.unsigned || said.utf8.count == 64 && Hex.decode(said) != nil else {
            throw SpacesRefusal(
                400, "InvalidArgument", "x-amz-content-sha256 must be \(Self.unsigned) or a valid SHA-256.")
        }
        return said
    }

    // MARK: What is signed

    func canonicalRequest(_ request: SimulatedRequest, payload: String) -> String {
        let query = request.query.filter { $0.name != "X-Amz-Signature" }
            .map { (name: Array(Paging.encode($0.name).utf8), value: Array(Paging.encode($0.value).utf8)) }
            .sorted {
                $0.name == $1.name
                    ? $0.value.lexicographicallyPrecedes($1.value) : $0.name.lexicographicallyPrecedes($1.name)
            }
            .map { String(decoding: $0.name + [UInt8(ascii: "=")] + $0.value, as: UTF8.self) }
        let names = signedHeaders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let fields = names.map { name in
            let values = request.headers.filter { $0.name.lowercased() == name }.map { header in
                header.value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
            }
            return "\(name):\(values.joined(separator: ","))"
        }
        let path = request.wholePath.map { Paging.encode($0) }.joined(separator: "/")
        var lines = [request.method, "/\(path)", query.joined(separator: "&")]
        lines += fields
        lines += ["", names.joined(separator: ";"), payload]
        return lines.joined(separator: "\n")
    }

    func stringToSign(_ canonical: String) -> String {
        [Self.algorithm, dateText, "\(day)/\(region)/s3/aws4_request", Digest(of: canonical).hex]
            .joined(separator: "\n")
    }

    func sign(_ text: String, by secret: String) -> String {
        var key = Array("AWS4\(secret)".utf8)
        for part in [day, region, "s3", "aws4_request", text] { key = hmacSHA256(key: key, part.utf8) }
        return Hex.encode(key)
    }

    /// `20260102T030405Z`.
    private static func instant(_ text: String) -> Timestamp? {
        let letters = Array(text)
        guard letters.count == 16, letters[8] == "T", letters[15] == "Z" else { return nil }
        func part(_ range: Range<Int>) -> String { String(letters[range]) }
        return Timestamp(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
    }
}

/// A refusal in S3's own form.
struct SpacesRefusal: Error, Sendable {
    let status: Int
    let code: String
    let message: String
    /// What else the document says, by the name of its element.
    let details: [(name: String, text: String)]

    init(_ status: Int, _ code: String, _ message: String, _ details: [(name: String, text: String)] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    static func denied(_ message: String) -> SpacesRefusal { SpacesRefusal(403, "AccessDenied", message) }
}
