import Basics
import HTTPClient
import TestKit
import Testing

@Suite(.enabled(if: SecureServer.isInstalled)) struct SecureTransportTests {
    private func get(_ url: String, _ options: CurlOptions = CurlOptions()) async throws -> HTTPResponse {
        try await CurlTransport(options).send(HTTPRequest("GET", url, timeout: .seconds(10)))
    }

    private func text(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    @Test func `HTTP/2 is spoken where it is offered, and many requests share one connection`() async throws {
        let server = try #require(try SecureServer())
        let transport = CurlTransport(CurlOptions(authorities: server.path("authority.crt")))
        let url = "https://localhost:\(server.port)/protocol"
        #expect(text(try await transport.send(HTTPRequest("GET", url))).hasPrefix("\"HTTP/2.0 "))
        let answers = await (0..<100).mapBounded(limit: 100) { _ in
            (try? await transport.send(HTTPRequest("GET", url)).status) ?? 0
        }
        #expect(answers.allSatisfy { $0 == 200 })
        #expect(transport.connectionsOpened == 1)
        let packed = try await transport.send(HTTPRequest("GET", "https://localhost:\(server.port)/big"))
        #expect(packed.header("content-encoding") == "gzip" && packed.body.count == 200_003)
    }

    @Test func `a certificate that is unknown, of another host or not there is refused, and nothing is sent`()
        async throws
    {
        let server = try #require(try SecureServer())
        let own = server.path("authority.crt")
        let cases: [(String, CurlOptions)] = [
            ("https://localhost:\(server.port)", CurlOptions()),
            ("https://localhost:\(server.port)", CurlOptions(authorities: server.path("stranger.crt"))),
            ("https://127.0.0.2:\(server.port)", CurlOptions(authorities: own)),
            ("https://localhost:\(server.port)", CurlOptions(authorities: server.path("missing.crt"))),
            (
                "https://localhost:\(server.mutualPort)",
                CurlOptions(authorities: own, clientCertificate: server.path("missing.crt"))
            ),
            (
                "https://localhost:\(server.mutualPort)",
                CurlOptions(
                    authorities: own, clientCertificate: server.path("client.crt"),
                    clientKey: server.path("foreign.key"))
            ),
        ]
        for (index, (origin, options)) in cases.enumerated() {
            let fault = await #expect(throws: HTTPFault.self, "\(index)") {
                _ = try await CurlTransport(options).send(HTTPRequest("POST", "\(origin)/protocol"))
            }
            #expect(fault?.kind == .tls, "\(index): \(fault.map(String.init(describing:)) ?? "")")
            #expect(fault?.mayHaveHadEffect == false)
        }
    }

    @Test func `a client certificate proves who we are, and only that of the right authority`() async throws {
        let server = try #require(try SecureServer())
        let url = "https://127.0.0.1:\(server.mutualPort)/protocol"
        func options(_ name: String?) -> CurlOptions {
            CurlOptions(
                authorities: server.path("authority.crt"), clientCertificate: name.map { server.path("\($0).crt") },
                clientKey: name.map { server.path("\($0).key") })
        }
        #expect(text(try await get(url, options("client"))).contains("CN=client"))
        #expect(try await get(url, options("foreign")).status == 400)
        #expect(try await get(url, options(nil)).status == 400)
    }

    @Test func `a socket of this machine is spoken to in place of a host`() async throws {
        let server = try #require(try SecureServer())
        let answer = try await get("http://docker/protocol", CurlOptions(unixSocket: server.path("socket")))
        #expect(text(answer).hasPrefix("\"HTTP/1.1 "))
        let fault = await #expect(throws: HTTPFault.self) {
            _ = try await CurlTransport(CurlOptions(unixSocket: server.path("missing"))).send(
                HTTPRequest("POST", "http://docker/protocol"))
        }
        #expect(fault?.kind == .notSent)
    }
}
