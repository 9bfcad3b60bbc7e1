import Basics
import TestKit
import Testing
import Web

/// Serves what the tests ask for by path.
func makeServer(_ options: WebServerOptions = WebServerOptions()) throws -> WebServer {
    try WebServer(address: "127.0.0.1", port: 0, options: options) { request in
        switch request.path {
        case "/echo":
            WebResponse(headers: [("X-Method", request.method)], body: request.body)
        case "/large":
            WebResponse(body: [UInt8](repeating: 0x61, count: 500_000))
        case "/drop":
            WebResponse(body: Array("never seen".utf8), fault: .drop)
        case "/truncate":
            WebResponse(body: Array("0123456789".utf8), fault: .truncate(after: Int(request.parameter("n") ?? "") ?? 0))
        case "/query":
            .text(200, request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";"))
        default:
            .text(200, "\(request.segments)")
        }
    }
}

@Suite struct WebServerTests {
    /// Speaks once and gives what came back.
    private func exchange(_ server: WebServer, _ text: String) async -> String {
        guard let socket = RawSocket(port: server.port) else { return "no connection" }
        socket.send(text.utf8)
        return await socket.readToEnd()
    }

    @Test func `a request is answered, its body echoed, and the connection kept`() async throws {
        let server = try makeServer()
        let socket = try #require(RawSocket(port: server.port))
        for round in 0..<3 {
            socket.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell\(round)".utf8)
            let answer = await socket.read(until: "hell\(round)")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains("X-Method: POST\r\n"))
            #expect(answer.lowercased().contains("content-length: 5\r\n"))
        }
        socket.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".utf8)
        #expect(await socket.read(until: "abcde").hasSuffix("\r\n\r\nabcde"))
        await server.stop(drain: .seconds(1))
    }

    @Test func `a request is at home where the options say`() async throws {
        let home = ThreadPool(threads: 1)
        var options = WebServerOptions()
        options.home = { $0.path == "/home" ? home : nil }
        let server = try WebServer(address: "127.0.0.1", port: 0, options: options) { _ in
            let isHome = withUnsafeCurrentTask { $0?.unownedTaskExecutor == home.asUnownedTaskExecutor() }
            return .text(200, isHome ? "at home" : "elsewhere")
        }
        for (path, place) in [("/home", "at home"), ("/", "elsewhere")] {
            let answer = await exchange(server, "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answer.hasSuffix(place))
        }
        await server.stop(drain: .seconds(1))
    }

    @Test func `head gives the length and no body, an old client gets its answer and a close`() async throws {
        let server = try makeServer()
        let head = await exchange(server, "HEAD /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(head.lowercased().contains("content-length: 500000\r\n"))
        #expect(head.hasSuffix("\r\n\r\n"))
        #expect(await exchange(server, "GET /a HTTP/1.0\r\n\r\n").contains("[\"a\"]"))
        await server.stop(drain: .seconds(1))
    }

    @Test(arguments: [
        ("/a%2Fb/c", "[\"a/b\", \"c\"]"), ("/", "[\"\"]"), ("/v2//x/", "[\"v2\", \"\", \"x\", \"\"]"),
        ("/query?a=1&b=x%26y&c=a+b&d&=e", "a=1;b=x&y;c=a b;d=;=e"), ("http://h:1/a?x", "[\"a\"]"),
        ("/%C3%A9", "[\"é\"]"),
    ])
    func `targets are taken apart before they are decoded`(target: String, expected: String) async throws {
        let server = try makeServer()
        let answer = await exchange(server, "GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(answer.hasSuffix("\r\n\r\n" + expected))
        await server.stop(drain: .seconds(1))
    }

    /// What must be refused; every other line of these is sound.
    static let hostile: [(name: String, text: String, statuses: Set<Int>)] = [
        (
            "length and coding",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]
        ),
        ("two lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", [400]),
        ("list of lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", [400]),
        ("negative length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", [400]),
        ("signed length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", [400]),
        ("hex length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", [400]),
        (
            "endless length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
            [400, 413]
        ),
        ("large length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\nabc", [413]),
        (
            "large with expect",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\nExpect: 100-continue\r\n\r\n", [413]
        ),
        (
            "large body",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1500\r\n\r\n" + String(repeating: "a", count: 1_500),
            [413]
        ),
        (
            "large chunks",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n"
                + String(repeating: "a", count: 2_000) + "\r\n0\r\n\r\n", [413]
        ),
        (
            "bad chunk size",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", [400]
        ),
        (
            "huge chunk size",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
            [400, 413]
        ),
        (
            "unknown coding", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            [400]
        ),
        (
            "two codings",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            [400]
        ),
        ("old coding", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
        ("no host", "GET / HTTP/1.1\r\n\r\n", [400]),
        ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400]),
        ("space in a name", "GET / HTTP/1.1\r\nHost: a\r\nBad name: b\r\n\r\n", [400]),
        ("space before the colon", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc", [400]),
        // The library takes such a line for the end of the header, and what follows it for the next request.
        ("empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", [400]),
        ("length after an empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\nContent-Length: 3\r\n\r\nabc", [400]),
        ("no colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", [400]),
        ("control character", "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{1}b\r\n\r\n", [400]),
        // The library cuts the value at the NUL before anybody can see it.
        ("NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", [400]),
        ("two NULs", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0\0b\r\n\r\n", [400]),
        ("bare line feeds", "GET / HTTP/1.1\nHost: a\nX: a\n\n", [400]),
        ("bare line feed at the end", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\n", [400]),
        ("bare carriage return", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rContent-Length: 3\r\n\r\nabc", [400]),
        ("unknown expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", [417]),
        ("huge header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 70_000) + "\r\n\r\n", [431]),
        (
            "many headers",
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: aaaaaaaaaaaaaaaa\r\n", count: 2_000) + "\r\n", [431]
        ),
        ("long target", "GET /" + String(repeating: "a", count: 200_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", [414, 431]),
        ("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", [400, 505]),
        ("target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ("broken escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ("cut escape", "GET /%a HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ("escaped NUL", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ("bad UTF-8", "GET /%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ("broken query", "GET /?a=%g HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ("version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", [400, 505]),
        ("version 3", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", [400, 505]),
        ("no version", "GET /\r\n\r\n", [400, 505]),
        ("no protocol", "GET / ABCD/1.1\r\nHost: a\r\n\r\n", [400, 505]),
        ("bad method", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ("tunnel", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ("handshake", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{FC}\u{3}\u{3}\r\n\r\n", [400]),
        ("nothing but newlines", String(repeating: "\r\n", count: 1_000), []),
        ("half a request", "GET / HT", []),
        ("half a body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", []),
    ]

    @Test func `hostile input is refused by status or by a close, and the server serves on`() async throws {
        let server = try makeServer(WebServerOptions(bodyLimit: 1_000, headerLimit: 16_384, idleTimeout: .seconds(1)))
        _ = await Self.hostile.mapBounded(limit: 8) { name, text, statuses in
            guard let socket = RawSocket(port: server.port) else {
                Issue.record("no connection for \(name)")
                return
            }
            socket.send(text.utf8)
            socket.finish()
            let answer = await socket.readToEnd()
            if let status = Int(answer.dropFirst(9).prefix(3)) {
                #expect(statuses.contains(status), "\(name): \(answer.prefix(200))")
                #expect(answer.lowercased().contains("connection: close") || [200, 413].contains(status), "\(name)")
            } else {
                #expect(answer.isEmpty, "\(name): \(answer.prefix(200))")
            }
            #expect(await exchange(server, "GET /ok HTTP/1.0\r\n\r\n").hasSuffix("[\"ok\"]"), "after \(name)")
        }
        await server.stop(drain: .seconds(1))
    }

    private static let second = "GET /second HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaa\r\n\r\n"

    /// Each holds a whole request that one reader takes for a part of the first and another for the next.
    static let smuggling: [(name: String, text: String)] = {
        var all: [(name: String, text: String)] = [
            ("Host", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n\(second)"),
            ("second Host", "GET / HTTP/1.1\r\nHost: b\r\nX: a\r\n Host: a\r\n\r\n\(second)"),
            ("before the first", "GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n\(second)"),
            ("in a row", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\tc\r\n\r\n\(second)"),
        ]
        let length = "\(second.utf8.count)"
        for field in [
            "Content-Length:\r\n " + length, "Content-Length:\r\n\t" + length, "Transfer-Encoding:\r\n chunked",
            "Authorization: Bearer\r\n a", "X-Forwarded-For: 10.0.0.1,\r\n 10.0.0.2", "X: a\r\n ",
            "X: a\r\n Content-Length: 3", ": x", ":", ": x\r\nContent-Length: " + length,
        ] {
            all.append((field, "POST /echo HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n\(second)"))
            all.append(("first " + field, "POST /echo HTTP/1.1\r\n\(field)\r\nHost: a\r\n\r\n\(second)"))
        }
        return all
    }()

    @Test(arguments: [0, 1, 7])
    func `a header that two readers end differently is answered once, by 400 and a close`(step: Int) async throws {
        let server = try makeServer(WebServerOptions(idleTimeout: .seconds(5)))
        _ = await Self.smuggling.mapBounded(limit: 8) { name, text in
            guard let socket = RawSocket(port: server.port) else {
                Issue.record("no connection for \(name)")
                return
            }
            let bytes = Array(text.utf8)
            // In pieces too: what the library has read so far changes nothing.
            for start in stride(from: 0, to: bytes.count, by: step == 0 ? bytes.count : step) {
                socket.send(bytes[start..<min(bytes.count, start + (step == 0 ? bytes.count : step))])
            }
            let answer = await socket.readToEnd()
            // What comes after the close can make the system forget the answer, so that there is none.
            guard step == 0 || !answer.isEmpty else { return }
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(name): \(answer.prefix(200))")
            #expect(answer.lowercased().contains("connection: close"), "\(name)")
            // Without a Host the library refuses by itself, and writes its header twice into the one answer.
            let most = name == "Host" ? 2 : 1
            #expect(answer.ranges(of: "\r\nContent-Length:").count <= most, "\(name): \(answer)")
            #expect(!answer.contains("second"), "\(name): \(answer)")
        }
        await server.stop(drain: .seconds(1))
    }

    /// The library reads what stands after the last chunk like a header, and shows nobody what it made of it.
    @Test(arguments: ["X: y\r\n: x\r\n", "X: y\r\n: x\r\n\r\n", "\r\n", "X: y\r\n z\r\n\r\n"])
    func `nothing after a body in chunks is read as a request`(end: String) async throws {
        let server = try makeServer()
        let answer = await exchange(
            server,
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\(end)\(Self.second)")
        #expect(answer.ranges(of: "HTTP/1.1 ").count == 1 && !answer.contains("second"), "\(answer)")
        #expect(answer.lowercased().contains("connection: close"), "\(answer)")
        await server.stop(drain: .seconds(1))
    }

    @Test(arguments: [
        "Host:a", "Host: a\r\nX:", "Host: a\r\nX: ", "Host: a\r\nX:  b  ", "Host: a\r\nX:\tb\t", "X: é\r\nHost: a",
        "Host: a\r\nCookie: a=b; c=\"d\"\r\nCookie: e", "Host: a\r\nX: a: b\r\nX: c",
        (["Host: a"] + (0..<800).map { "X-\($0): aaaaaaaaaaaaaaaa" }).joined(separator: "\r\n"),
    ])
    func `a sound header is taken as it is, twice on a connection`(fields: String) async throws {
        let server = try makeServer()
        let socket = try #require(RawSocket(port: server.port))
        for round in 0..<2 {
            socket.send("\r\nGET /round\(round)?a=%41&b=c+d HTTP/1.1\r\n\(fields)\r\n\r\n".utf8)
            let answer = await socket.read(until: "round\(round)\"]")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
        }
        await server.stop(drain: .seconds(1))
    }

    @Test func `faults to order break the answer where they should`() async throws {
        let server = try makeServer()
        let end = "HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(await exchange(server, "GET /drop \(end)").isEmpty)
        for count in [0, 4, 9] {
            let answer = await exchange(server, "GET /truncate?n=\(count) \(end)")
            #expect(answer.lowercased().contains("content-length: 10\r\n"), "\(count): \(answer)")
            #expect(answer.hasSuffix("\r\n\r\n" + "0123456789".prefix(count)), "\(count): \(answer)")
        }
        await server.stop(drain: .seconds(1))
    }

    @Test func `a stop lets running requests end and refuses new connections`() async throws {
        let gate = Gate()
        let server = try WebServer(address: "127.0.0.1", port: 0) { _ in
            await gate.pass()
            return .text(200, "late")
        }
        let socket = try #require(RawSocket(port: server.port))
        socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        await gate.waitForOne()
        async let stopped: Void = server.stop(drain: .seconds(10))
        gate.open()
        await stopped
        let answer = await socket.readToEnd()
        #expect(answer.hasSuffix("late"))
        #expect(answer.contains("Connection: close"))
        #expect(RawSocket(port: server.port) == nil)
        await server.stop(drain: .zero)
    }

    @Test func `a stop cancels what outlasts its time and answers 503`() async throws {
        let gate = Gate()
        let server = try WebServer(address: "127.0.0.1", port: 0) { _ in
            gate.arrive()
            try? await Task.sleep(for: .seconds(60))
            return .text(200, Task.isCancelled ? "cancelled" : "slept")
        }
        let socket = try #require(RawSocket(port: server.port))
        socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        await gate.waitForOne()
        await server.stop(drain: .milliseconds(10))
        #expect(await socket.readToEnd().hasPrefix("HTTP/1.1 503 "))
    }

    @Test func `an address that is taken is a fault that says so`() async throws {
        let server = try makeServer()
        let fault = #expect(throws: WebFault.self) {
            _ = try WebServer(address: "127.0.0.1", port: server.port) { _ in WebResponse() }
        }
        #expect(fault?.code == "WEB-0001")
        #expect(fault?.hint?.contains("ss -ltnp") == true)
        #expect(throws: WebFault.self) { _ = try WebServer(address: "localhost", port: 0) { _ in WebResponse() } }
        await server.stop(drain: .zero)
    }

    @Test func `many clients at once`() async throws {
        let server = try makeServer()
        let port = server.port
        let answers = await (0..<64).mapBounded(limit: 64) { index in
            guard let socket = RawSocket(port: port) else { return false }
            for round in 0..<20 {
                socket.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n\(10_000_000 + index * 100 + round)"
                        .utf8)
                guard await socket.read(until: "\(10_000_000 + index * 100 + round)").hasPrefix("HTTP/1.1 200 ") else {
                    return false
                }
            }
            return true
        }
        #expect(answers.allSatisfy { $0 })
        await server.stop(drain: .seconds(5))
        #expect(server.activeRequests == 0)
    }
}
