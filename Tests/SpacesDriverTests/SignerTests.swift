import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import SpacesDriver

@Suite("Signatures and documents") struct SignerTests {
    static let vectors: Value? = sharedDirectory.flatMap { directory in
        (try? FileSystem.read("\(directory)/specs/sigv4-vectors.json")).flatMap { try? JSON.parse($0) }
    }

    private func signer(_ vector: Value) throws -> RequestSigner {
        let all = try #require(Self.vectors)
        return RequestSigner(
            accessKey: try #require(all["accessKeyId"]?.stringValue),
            secretKey: Secret(try #require(all["secretAccessKey"]?.stringValue)),
            region: try #require(vector["region"]?.stringValue))
    }

    @Test("every known answer comes out, with the texts that lead to it", .enabled(if: vectors != nil))
    func knownAnswers() throws {
        let vectors = try #require(Self.vectors?["vectors"]?.listValue)
        #expect(vectors.count >= 16)
        for vector in vectors {
            let url = try #require(vector["url"]?.stringValue)
            let body = try #require(vector["bodyUtf8"]?.stringValue)
            var headers = (vector["signedHeadersSent"]?.objectValue?.members ?? [])
                .filter { $0.name != "Authorization" }.map { (name: $0.name, value: $0.value.stringValue ?? "") }
            headers.append(("host", SpacesEndpoint.host(of: url)))
            let found = try signer(vector).sign(
                try #require(vector["method"]?.stringValue), RequestSigner.target(of: url), headers: headers,
                payload: Digest(of: body).hex, date: "20260102T030405Z")
            let name = vector["name"]?.stringValue ?? ""
            #expect(found.canonicalRequest == vector["canonicalRequest"]?.stringValue, "\(name)")
            #expect(found.stringToSign == vector["stringToSign"]?.stringValue, "\(name)")
            #expect(found.signature == vector["signature"]?.stringValue, "\(name)")
            #expect(found.authorization == vector["signedHeadersSent"]?["Authorization"]?.stringValue, "\(name)")
            // The whole request as the driver sends it, from the same parts.
            let kept = ["content-type", "content-md5", "range"]
            var request = HTTPRequest(
                vector["method"]?.stringValue ?? "", url,
                headers: headers.filter { kept.contains($0.name) }.map { HTTPHeader($0.name, $0.value) },
                body: Array(body.utf8))
            try signer(vector).authorize(&request, at: try #require(Timestamp("2026-01-02T03:04:05Z")))
            guard !headers.contains(where: { $0.name == "x-amz-acl" }) else { continue }
            #expect(request.headers.last?.value == found.authorization, "\(name)")
        }
    }

    @Test("URLs that are handed on are signed as known", .enabled(if: vectors != nil))
    func presigned() throws {
        for vector in try #require(Self.vectors?["presigned"]?.listValue) {
            let url = try #require(vector["url"]?.stringValue)
            let host = SpacesEndpoint.host(of: url)
            let found = try signer(vector).presign(
                vector["method"]?.stringValue ?? "", origin: "https://\(host)", host: host,
                path: RequestSigner.target(of: url), seconds: Int(vector["expires"]?.intValue ?? 0),
                date: "20260102T030405Z")
            #expect(found.reveal { $0 } == vector["presignedUrl"]?.stringValue)
            #expect("\(found)" == "<secret>")
        }
    }

    @Test("XML is read strictly")
    func documents() throws {
        let root = try XMLNode.parse(
            Array("<?xml version=\"1.0\"?><s:A xmlns:s=\"x\"><B> a &amp; é&#10;</B><C n=\"1\"/><B>2</B></s:A>".utf8))
        #expect(root.name == "A" && root.text("B") == " a & é\n" && root.all("B").count == 2 && root.int("C") == nil)
        let deep = String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
        for text in [
            "", "{}", "<a>", "<a></b>", "<a/><b/>", deep, "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<!DOCTYPE a><a/>", "<a>&x;</a>", "<a>\u{1}</a>",
        ] {
            #expect(throws: XMLFault.self, "\(text.prefix(40))") { try XMLNode.parse(Array(text.utf8)) }
        }
        #expect(throws: XMLFault.self) { try XMLNode.parse([0x3C, 0x61, 0x3E, 0xFF, 0x3C, 0x2F, 0x61, 0x3E]) }
        #expect(xmlEscaped("a<b>&\r") == "a&lt;b&gt;&amp;&#13;")
    }

    @Test("addresses of regions, and what SPACES_ENDPOINT_URL may say")
    func endpoints() {
        let own = SpacesEndpoint(configured: "https://sgp1.digitaloceanspaces.com/")
        #expect(own.regions == ["sgp1"] && !own.isShared && own.url("sgp1") == "https://sgp1.digitaloceanspaces.com")
        #expect(SpacesEndpoint(configured: "") == .digitalOcean)
        #expect(SpacesEndpoint(configured: "http://127.0.0.1:5000").isShared)
        #expect(SpacesEndpoint(configured: "http://{region}.localhost:80").url("a") == "http://a.localhost:80")
        #expect(SpacesEndpoint.host(of: "https://A.example:443/x") == "a.example")
        #expect(SpacesEndpoint.host(of: "http://127.0.0.1:5000/b") == "127.0.0.1:5000")
    }

    @Test("keys of lists are decoded")
    func keys() {
        #expect(SpacesObjects.decoded("a%20b+c%2B/%C3%A9") == "a b c+/é")
        #expect(SpacesObjects.decoded("%zz") == nil && SpacesObjects.decoded("%ff") == nil)
    }
}
