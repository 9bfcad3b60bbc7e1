import Basics
import TestKit
import Testing
import Web

/// The server over TLS, spoken to by curl and openssl.
@Suite(.serialized, .enabled(if: Shell.has("openssl") && Shell.has("curl"))) struct LoopbackSecureTests {
    private static let thread = ThreadPool(threads: 1)
    private let directory: TemporaryDirectory

    /// Two certificates of this machine, each its own authority.
    init() throws {
        directory = try TemporaryDirectory(prefix: "odooops-tls")
        for name in ["first", "second"] {
            let made = Shell.run(
                "cd \(directory.path) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
                    + "-subj /CN=\(name) -addext subjectAltName=IP:127.0.0.1 -keyout \(name).key -out \(name).crt")
            try #require(made.status == 0, "\(made.output)")
        }
    }

    private func identity(_ certificate: String, key: String? = nil) throws -> WebIdentity {
        func text(_ path: String) throws -> String { String(decoding: try FileSystem.read(path), as: UTF8.self) }
        return WebIdentity(
            certificate: try text(directory.path("\(certificate).crt")),
            key: Secret(try text(directory.path("\(key ?? certificate).key"))))
    }

    private func serve() throws -> WebServer {
        var options = WebServerOptions()
        options.identity = try identity("first")
        return try makeServer(options)
    }

    /// The server's handlers need the threads on which a test runs.
    private func run(_ line: String) async -> (status: Int32, output: String) {
        await Self.thread.run { Shell.run(line) }
    }

    /// Exit status and output.
    private func curl(_ arguments: String, trusting name: String = "first") async -> String {
        let (status, output) = await run(
            "curl -sS --max-time 20 --cacert \(directory.path("\(name).crt")) \(arguments)")
        return "\(status) \(output)"
    }

    @Test func requestsBodiesAndLongAnswersGoThrough() async throws {
        let server = try serve()
        let base = "https://127.0.0.1:\(server.port)"
        for version in ["--tls-max 1.2", "--tlsv1.3"] {
            let two = await curl("\(version) \(base)/a \(base)/b -w '%{num_connects} '")
            #expect(two == "0 [\"a\"]1 [\"b\"]0 ", "one connection for both requests: \(version)")
        }
        let size = 300_000
        try directory.write(String(repeating: "x", count: size), to: "body")
        let echo = await curl("\(base)/echo --data-binary @\(directory.path("body")) | cmp - \(directory.path("body"))")
        #expect(echo == "0 ")
        #expect(await curl("\(base)/large | wc -c | tr -d ' \\n'") == "0 500000")
        // Many at once, on connections of their own.
        let many = await curl(
            "--parallel --parallel-max 20 '\(base)/[1-60]' -o /dev/null -w '%{http_code}\\n' 2>/dev/null | grep -c 200")
        #expect(many == "0 60\n")
        await server.stop(drain: .seconds(5))
    }

    @Test func oldVersionsAndPlainRequestsAreRefused() async throws {
        let server = try serve()
        for version in ["tls1", "tls1_1"] {
            let old = await run(
                "echo | openssl s_client -connect 127.0.0.1:\(server.port) -\(version) -cipher DEFAULT@SECLEVEL=0")
            #expect(old.output.contains("Cipher is (NONE)"), "\(version): \(old.output.prefix(400))")
        }
        let new = await run("echo | openssl s_client -connect 127.0.0.1:\(server.port) -tls1_2")
        #expect(new.output.contains("Protocol  : TLSv1.2") && !new.output.contains("(NONE)"))
        let socket = try #require(RawSocket(port: server.port))
        socket.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(await !socket.readToEnd().contains("[\"a\"]"))
        await server.stop(drain: .seconds(5))
    }

    @Test func anotherCertificateIsShownToWhoComesLater() async throws {
        let server = try serve()
        let base = "https://127.0.0.1:\(server.port)/a"
        let end = try #require(server.identityEnd)
        #expect((Duration.days(29)...Duration.days(31)).contains(end - SystemTime().now))
        // What can't be used changes nothing.
        #expect(throws: WebFault.self) { try server.replace(identity: try identity("second", key: "first")) }
        #expect(await curl(base) == "0 [\"a\"]")
        try server.replace(identity: try identity("second"))
        #expect(await curl(base, trusting: "second") == "0 [\"a\"]")
        #expect(await curl(base, trusting: "first").hasPrefix("60 "), "the old one is shown no more")
        await server.stop(drain: .seconds(5))
    }

    @Test func whatCannotBeUsedIsAFaultThatSaysWhy() throws {
        let first = try identity("first")
        for (identity, words) in [
            (try identity("second", key: "first"), "do not match"),
            (WebIdentity(certificate: "nonsense", key: first.key), "can't be used: "),
            (WebIdentity(certificate: first.certificate, key: Secret("nonsense")), "can't be used: "),
        ] {
            var options = WebServerOptions()
            options.identity = identity
            let fault = #expect(throws: WebFault.self) { _ = try makeServer(options) }
            #expect(fault?.code == "WEB-0003" && fault?.message.contains(words) == true, "\(fault?.message ?? "")")
            #expect(fault?.hint?.contains("openssl") == true)
        }
    }

    /// Who sends a byte now and then keeps no connection: neither before a request, nor in its body, nor after an answer.
    @Test func whoTakesTooLongForARequestIsCutOff() async throws {
        var options = WebServerOptions()
        options.requestTimeout = .seconds(1)
        let server = try makeServer(options)
        let whole = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        _ = await [
            ("", "GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"), ("", "G", "E"),
            ("", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", "a"),
            (whole, "GET / HTTP/1.1\r\n", "X: y\r\n"),
        ].mapBounded(limit: 4) { before, begin, drop in
            guard let socket = RawSocket(port: server.port) else {
                Issue.record("no connection")
                return
            }
            if !before.isEmpty {
                socket.send(before.utf8)
                #expect(await socket.read(until: "[\"a\"]").contains("200"))
            }
            socket.send(begin.utf8)
            // Long before the library's own timeout of a minute without a byte, which these never reach.
            var drops = 0
            while socket.send(drop.utf8), drops < 300 {
                drops += 1
                try? await Task.sleep(for: .milliseconds(100))
            }
            #expect(drops < 300, "\(begin)")
        }
        let isEmpty = await eventually { server.openConnections == 0 }
        #expect(isEmpty, "\(server.openConnections) connections are left")
        await server.stop(drain: .seconds(1))
    }

    @Test func whoWaitsForASlowAnswerGetsIt() async throws {
        var options = WebServerOptions()
        options.requestTimeout = .seconds(1)
        let server = try WebServer(address: "127.0.0.1", port: 0, options: options) { _ in
            try? await Task.sleep(for: .milliseconds(2_500))
            return .text(200, "late")
        }
        let socket = try #require(RawSocket(port: server.port))
        socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(await socket.read(until: "late").hasSuffix("late"))
        await server.stop(drain: .seconds(1))
    }
}
