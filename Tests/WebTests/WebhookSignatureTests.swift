import Basics
import Formats
import TestKit
import Testing
import Web

@Suite("Signatures of hooks")
struct WebhookSignatureTests {
    /// Verifies by a vector's own way; `body` and `signature` may have been tampered with.
    private static func verify(
        _ vector: Value, body: String?, signature: String?, now: Timestamp? = nil, secret: String? = nil
    ) -> WebhookSignature.Verdict? {
        let bytes = Array((body ?? "").utf8)
        func text(_ name: String) -> String? { vector[name]?.stringValue }
        func key(_ name: String) -> Secret { Secret(secret ?? text(name) ?? "") }
        switch text("provider") {
        case "github": return WebhookSignature.gitHub(bytes, signature: signature, secret: key("secret"))
        case "vercel": return WebhookSignature.vercel(bytes, signature: signature, secret: key("secret"))
        case "plane": return WebhookSignature.plane(bytes, signature: signature, secret: key("secret"))
        case "mailgun":
            let timestamp = text("timestamp")
            return WebhookSignature.mailgun(
                timestamp: timestamp, token: body, signature: signature, secret: key("signingKey"),
                now: now ?? Timestamp(seconds: timestamp.flatMap { Int64($0) } ?? 0))
        case "slack":
            let timestamp = vector["headers"]?["X-Slack-Request-Timestamp"]?.stringValue
            return WebhookSignature.slack(
                bytes, timestamp: timestamp, signature: signature, secret: key("signingSecret"),
                now: now ?? Timestamp(seconds: timestamp.flatMap { Int64($0) } ?? 0))
        default: return nil
        }
    }

    @Test(
        "every published vector is right, and wrong when a byte of body, signature or secret is another",
        .enabled(if: Places.sharedDirectory != nil, "the published vectors are not at hand"))
    func vectors() throws {
        let shared = try #require(Places.sharedDirectory)
        let document = try JSON.parse(try FileSystem.read("\(shared)/specs/webhook-vectors.json"))
        let vectors = try #require(document["vectors"]?.listValue)
        #expect(Set(vectors.compactMap { $0["provider"]?.stringValue }).count == 5)
        for vector in vectors {
            let signature = try #require(vector["value"]?.stringValue)
            let body = vector["body"]?.stringValue ?? vector["token"]?.stringValue
            let last = signature.hasSuffix("0") ? "1" : "0"
            let other = String(signature.dropLast()) + last
            #expect(Self.verify(vector, body: body, signature: signature) == .valid, "\(vector)")
            #expect(Self.verify(vector, body: (body ?? "") + " ", signature: signature) == .wrong)
            #expect(Self.verify(vector, body: body, signature: other) == .wrong)
            #expect(Self.verify(vector, body: body, signature: String(signature.dropLast(2))) == .wrong)
            #expect(Self.verify(vector, body: body, signature: signature, secret: "other") == .wrong)
            #expect(Self.verify(vector, body: body, signature: signature, secret: "") == .wrong)
            #expect(Self.verify(vector, body: body, signature: nil) == .missing)
            #expect(Self.verify(vector, body: body, signature: "") == .missing)
            #expect(Self.verify(vector, body: body, signature: "sha256=zz") == .wrong)
            if ["mailgun", "slack"].contains(vector["provider"]?.stringValue) {
                for now in [Timestamp(seconds: 0), Timestamp(seconds: 2_000_000_000)] {
                    #expect(Self.verify(vector, body: body, signature: signature, now: now) == .stale)
                }
            }
        }
    }

    @Test("without the published vectors: a signature made here is right for its own bytes alone")
    func roundTrip() {
        let body = Array(#"{"zen":"Keep it simple"}"#.utf8)
        let signature = "sha256=" + Hex.encode(hmacSHA256(key: "k".utf8, body))
        #expect(WebhookSignature.gitHub(body, signature: signature, secret: Secret("k")) == .valid)
        #expect(WebhookSignature.gitHub(body + [10], signature: signature, secret: Secret("k")) == .wrong)
        #expect(WebhookSignature.plane(body, signature: signature, secret: Secret("k")) == .wrong)
        let slack = WebhookSignature.slack(
            body, timestamp: "soon", signature: "v0=" + Hex.encode(hmacSHA256(key: "k".utf8, "v0:soon:".utf8 + body)),
            secret: Secret("k"), now: Timestamp(seconds: 0))
        #expect(slack == .stale)
    }
}
