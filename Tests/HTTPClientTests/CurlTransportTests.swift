import Basics
import HTTPClient
import TestKit
import Testing
import Web

@Suite struct CurlTransportTests {
    private let transport = CurlTransport()

    private func url(_ port: UInt16, _ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// The fault of a request that must not be answered.
    private func fault(_ request: HTTPRequest) async -> HTTPFault? {
        await #expect(throws: HTTPFault.self) { _ = try await transport.send(request) }
    }

    @Test func `method, headers and body arrive, the answer comes back whole, the connection is used again`()
        async throws
    {
        let server = try WebServer(address: "127.0.0.1", port: 0) { request in
            WebResponse(
                status: 201,
                headers: [
                    ("X-Seen", "\(request.method) \(request.path) \(request.header("X-Mine") ?? "-")"),
                    ("X-Type", request.header("Content-Type") ?? "none"),
                    ("X-Expect", request.header("Expect") ?? "none"),
                ], body: request.body)
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let body = method == "GET" ? [] : [UInt8](repeating: 0x62, count: 2_000_000)
            let response = try await transport.send(
                HTTPRequest(method, url(server.port, "/a%20b"), headers: [HTTPHeader("X-Mine", "1")], body: body))
            #expect(response.status == 201)
            #expect(response.header("x-seen") == "\(method) /a b 1")
            #expect(response.header("X-Type") == "none")
            #expect(response.header("X-Expect") == "none")
            #expect(response.body == body)
        }
        let head = try await transport.send(HTTPRequest("HEAD", url(server.port)))
        #expect(head.status == 201 && head.body.isEmpty)
        let empty = try await transport.send(HTTPRequest("POST", url(server.port)))
        #expect(empty.status == 201 && empty.body.isEmpty)
        #expect(transport.connectionsOpened == 1)
        let (port, transport) = (server.port, transport)
        let statuses = await (0..<200).mapBounded(limit: 50) { _ in
            try? await transport.send(HTTPRequest("GET", "http://127.0.0.1:\(port)/")).status
        }
        #expect(statuses.allSatisfy { $0 == 201 })
        #expect(transport.connectionsOpened <= 17)
        await server.stop(drain: .seconds(1))
    }

    @Test func `a server that speaks no TLS is told apart, and nothing is sent to it`() async throws {
        let seen = Locked(0)
        let server = try WebServer(address: "127.0.0.1", port: 0) { _ in
            seen.withLock { $0 += 1 }
            return WebResponse()
        }
        let fault = await fault(HTTPRequest("POST", "https://127.0.0.1:\(server.port)/", timeout: .seconds(5)))
        #expect(fault?.kind == .tls)
        #expect(fault?.mayHaveHadEffect == false)
        #expect(seen.withLock { $0 } == 0)
        await server.stop(drain: .seconds(1))
    }

    @Test(arguments: ["/a/../b", "/a/..", "/a/./b"])
    func `a path is sent as it is, and what is called as its own parent is not taken for it`(path: String) async throws
    {
        let seen = Locked<[String]>([])
        let server = try WebServer(address: "127.0.0.1", port: 0) { request in
            seen.withLock { $0.append(request.path) }
            return WebResponse()
        }
        let answer = try await transport.send(HTTPRequest("GET", "http://127.0.0.1:\(server.port)\(path)"))
        #expect(seen.withLock { $0 } == [path], "\(answer.status)")
        await server.stop(drain: .seconds(1))
    }

    @Test func `a redirect is an answer and not followed`() async throws {
        let server = try WebServer(address: "127.0.0.1", port: 0) { _ in
            WebResponse(status: 302, headers: [("Location", "http://127.0.0.1:1/")])
        }
        #expect(try await transport.send(HTTPRequest("GET", url(server.port))).status == 302)
        await server.stop(drain: .seconds(1))
    }

    @Test(arguments: [
        ("http://127.0.0.1:1/?token=canary", HTTPFault.Kind.notSent), ("http://no.such.host.invalid/", .notSent),
        ("file:///etc/passwd", .badURL), ("ftp://127.0.0.1/", .badURL), ("http://", .badURL), ("", .badURL),
        ("http://127.0.0.1/a b", .badURL), ("http://127.0.0.1/\r\nX: y", .badURL), ("http://127.0.0.1:99999/", .badURL),
    ])
    func `what never left is told apart, and no fault shows a query or a password`(url: String, kind: HTTPFault.Kind)
        async
    {
        let fault = await fault(HTTPRequest("POST", url, timeout: .seconds(5)))
        #expect(fault?.kind == kind)
        #expect(fault?.mayHaveHadEffect == false)
        #expect(fault.map { !"\($0)".contains("canary") } ?? false)
    }

    @Test func `a header with a newline is refused without being shown`() async {
        let request = HTTPRequest(
            "GET", "http://u:canary@127.0.0.1:1/", headers: [HTTPHeader("Authorization", "Bearer canary\n")])
        let fault = await fault(request)
        #expect(fault?.code == "HTTP-0009")
        #expect(fault.map { !"\($0)".contains("canary") } ?? false)
    }

    @Test func `an answer cut short and a connection closed or reset after the request are lost`() async throws {
        let reset = try #require(
            RawListener { socket in
                _ = socket.blockingRead(until: "\r\n\r\n")
                socket.resetOnClose()
            })
        let server = try WebServer(address: "127.0.0.1", port: 0) { request in
            WebResponse(
                body: Array("0123456789".utf8), fault: request.path == "/drop" ? .drop : .truncate(after: 4))
        }
        for (port, path) in [(reset.port, "/"), (server.port, "/drop"), (server.port, "/cut")] {
            let fault = await fault(HTTPRequest("POST", url(port, path)))
            #expect(fault?.kind == .lost, "\(path)")
            #expect(fault?.mayHaveHadEffect == true)
            #expect(fault?.disposition == .observeAgain)
        }
        await server.stop(drain: .seconds(1))
    }

    @Test(arguments: ["POST", "DELETE", "GET"])
    func `a kept connection that dies without an answer does not make libcurl send twice`(method: String) async throws {
        let seen = Locked(0)
        let server = try WebServer(address: "127.0.0.1", port: 0) { _ in
            let count = seen.withLock { count in
                count += 1
                return count
            }
            return WebResponse(body: [0x61], fault: count == 2 ? .drop : nil)
        }
        _ = try await transport.send(HTTPRequest(method, url(server.port)))
        let fault = await fault(HTTPRequest(method, url(server.port)))
        #expect(fault?.kind == .lost)
        #expect(seen.withLock { $0 } == 2)
        _ = try await transport.send(HTTPRequest(method, url(server.port)))
        await server.stop(drain: .seconds(1))
    }

    @Test func `a silent server times out as sent, a full one as not sent`() async throws {
        let silent = try #require(RawListener { socket in _ = socket.blockingRead(until: "never") })
        let sent = await fault(HTTPRequest("POST", url(silent.port), timeout: .seconds(1)))
        #expect(sent?.kind == .timedOut(sent: true))
        #expect(sent?.mayHaveHadEffect == true)
        let slow = CurlTransport(CurlOptions(connectTimeout: .milliseconds(30)))
        let unsent = await #expect(throws: HTTPFault.self) {
            _ = try await slow.send(HTTPRequest("POST", "http://192.0.2.1/", timeout: .milliseconds(50)))
        }
        #expect(unsent?.mayHaveHadEffect == false)
    }

    @Test func `a cancelled task ends its request at once, before and while it runs`() async throws {
        let gate = Gate()
        let server = try WebServer(address: "127.0.0.1", port: 0) { _ in
            await gate.pass()
            return WebResponse()
        }
        let (transport, address) = (transport, url(server.port))
        let task = Task { () -> HTTPFault.Kind? in
            do throws(HTTPFault) { _ = try await transport.send(HTTPRequest("GET", address)) } catch {
                return error.kind
            }
            return nil
        }
        await gate.waitForOne()
        task.cancel()
        #expect(await task.value == .cancelled)
        let early = Task { () -> HTTPFault.Kind? in
            while !Task.isCancelled { await Task.yield() }
            do throws(HTTPFault) { _ = try await transport.send(HTTPRequest("GET", address)) } catch {
                return error.kind
            }
            return nil
        }
        early.cancel()
        #expect(await early.value == .cancelled)
        gate.open()
        #expect(try await transport.send(HTTPRequest("GET", address)).status == 200)
        await server.stop(drain: .seconds(1))
    }

    @Test func `a transport that is made, used once and let go leaves nothing behind`() async throws {
        let server = try WebServer(address: "127.0.0.1", port: 0) { _ in WebResponse() }
        for _ in 0..<20 { #expect(try await CurlTransport().send(HTTPRequest("GET", url(server.port))).status == 200) }
        await server.stop(drain: .seconds(1))
    }

    @Test func `the body limit holds, for packed bodies by what they unpack to`() async throws {
        let packed: [UInt8] = [
            31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 215, 81, 40, 72, 76, 206, 78, 77, 81, 40, 207, 47,
            202,
            73, 1, 0, 72, 239, 46, 204, 19, 0, 0, 0,
        ]
        let server = try WebServer(address: "127.0.0.1", port: 0) { request in
            request.header("Accept-Encoding")?.contains("gzip") == true
                ? WebResponse(headers: [("Content-Encoding", "gzip")], body: packed) : WebResponse()
        }
        let whole = try await transport.send(HTTPRequest("GET", url(server.port), bodyLimit: 19))
        #expect(String(decoding: whole.body, as: UTF8.self) == "hello, packed world")
        #expect(await fault(HTTPRequest("GET", url(server.port), bodyLimit: 18))?.kind == .tooLarge)
        await server.stop(drain: .seconds(1))
    }

    /// What comes back when the other side is broken or hostile.
    static let hostile: [String: String] = [
        "nothing": "", "garbage": "garbage\r\n\r\n",
        "negative length": "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "cut short": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "bad chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "endless header": "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 400_000),
        "not packed": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        "bad status": "HTTP/1.1 9999999 OK\r\n\r\n",
        "many headers": "HTTP/1.1 200 OK\r\n" + String(repeating: "X: aaaaaaaaaaaaaaaaaaaaaa\r\n", count: 20_000)
            + "\r\n",
        "interim without end": String(repeating: "HTTP/1.1 103 Early\r\n\r\n", count: 20_000),
        "another protocol": "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    ]

    @Test(arguments: hostile.keys.sorted())
    func `a hostile answer is a fault and not a crash`(name: String) async throws {
        let answer = Self.hostile[name] ?? ""
        let listener = try #require(
            RawListener { socket in
                _ = socket.blockingRead(until: "\r\n\r\n")
                socket.send(answer.utf8)
            })
        let fault = await fault(HTTPRequest("POST", url(listener.port), timeout: .seconds(2), bodyLimit: 1_000))
        #expect(fault?.mayHaveHadEffect == true)
    }
}
