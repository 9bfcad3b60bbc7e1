import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Testing

@testable import DockerDriver

@Suite("What an engine may say") struct TableTests {
    let context = DriverContext(runID: "t", log: .none)

    private func driver(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) throws -> DockerDriver {
        DockerDriver(
            host: try #require(DockerHost("unix:///x")),
            transport: Answering { request throws(HTTPFault) in answer(request) },
            time: SimulatedTime(now: Timestamp(seconds: 0), advancesBySleeping: true))
    }

    @Test(
        "an error inside the stream of a pull is an error, whatever its status says",
        arguments: [
            (
                #"{"status":"Pulling"}"# + "\n"
                    + #"{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}"#,
                "DOCKER-0009"
            ),
            (#"{"error":"toomanyrequests: You have reached your pull rate limit"}"#, "DOCKER-0010"),
            (#"{"status":"Pulling"}"#, "DOCKER-0009"), (#"{"status":"Pul"#, "DOCKER-0009"), ("", "DOCKER-0009"),
        ])
    func pulls(stream: String, code: String) async throws {
        let asked = Locked<[String]>([])
        let driver = try driver { request in
            asked.withLock { $0.append(request.url) }
            if request.method == "POST" { return HTTPResponse(status: 200, body: Array(stream.utf8)) }
            return HTTPResponse(status: 404, body: Array(#"{"message":"No such image"}"#.utf8))
        }
        let outcome = await run(driver, change(.containerImage, "odoo", .create), context)
        #expect(outcome.word == "failed \(code)", "\(outcome)")
        let pull = asked.withLock { $0.first { $0.contains("fromImage") } }
        #expect(pull?.hasSuffix("/v1.44/images/create?fromImage=docker.io%2Flibrary%2Fodoo&tag=latest") == true)
    }

    @Test(
        "what the registry refuses is a refusal and in no doubt, also where the engine says it as a failure of its own",
        arguments: [
            (500, "name unknown", "failed DOCKER-0009"), (500, "toomanyrequests: too many", "failed DOCKER-0010"),
            (404, "pull access denied for odoo, repository does not exist", "failed DOCKER-0009"),
            (400, "invalid reference format", "failed DOCKER-0004"), (0, "", "unknown DOCKER-0007"),
        ])
    func refusals(status: Int, message: String, expected: String) async throws {
        let driver = DockerDriver(
            host: try #require(DockerHost("unix:///x")),
            transport: Answering { request throws(HTTPFault) in
                let isPull = request.method == "POST"
                if isPull, status == 0 {
                    throw HTTPFault(.lost, code: "HTTP-0005", message: "cut off", place: nil)
                }
                let said: Value = ["message": .string(isPull ? message : "No such image")]
                return HTTPResponse(status: isPull ? status : 404, body: Array(JSON.write(said).utf8))
            }, time: SimulatedTime(now: Timestamp(seconds: 0), advancesBySleeping: true))
        for kind in [ResourceKind.container, .containerImage] {
            let wanted = change(kind, "odoo", .create, kind == .container ? ["image": "odoo"] : [:])
            let outcome = await run(driver, wanted, context)
            #expect(outcome.word == expected, "\(outcome)")
            if case .failed(let fault) = outcome { #expect(fault.message.contains(message)) }
        }
    }

    private static let logins = """
        {"auths": {"ghcr.io": {"auth": "YWRhOnM6M2NyZXQ="}, "https://index.docker.io/v1/": {"username": "u", "password": "p"},
         "127.0.0.1:5000": {"identitytoken": "t"}}}
        """

    /// The login of a registry goes with pulls from it, in the form that the engine's description wants, and is recorded nowhere.
    @Test(arguments: [
        ("ghcr.io/acme/odoo:19", #"{"username":"ada","password":"s:3cret"}"#),
        ("acme/odoo", #"{"username":"u","password":"p"}"#), ("127.0.0.1:5000/odoo", #"{"identitytoken":"t"}"#),
        ("quay.io/acme/odoo", nil),
    ])
    func `a login goes with the pulls of its registry`(image: String, login: String?) async throws {
        let headers = Locked<[String?]>([])
        let lines = Locked<[String]>([])
        let logins = RegistryLogins(Secret(Self.logins))
        let driver = DockerDriver(
            host: try #require(DockerHost("unix:///x")),
            transport: Answering { request throws(HTTPFault) in
                let header = request.headers.first { $0.name == "X-Registry-Auth" }?.value
                let isPull = request.method == "POST"
                if isPull || header != nil { headers.withLock { $0.append(header) } }
                return HTTPResponse(
                    status: isPull ? 200 : 404, body: Array(#"{"message":"No such image","error":"denied"}"#.utf8))
            }, logins: logins,
            time: SimulatedTime(now: Timestamp(seconds: 0), advancesBySleeping: true))
        let context = DriverContext(runID: "t", log: .none) { exchange in
            lines.withLock { $0.append(ExchangeRecorder.line(exchange, runID: "t")) }
        }
        let outcome = await run(driver, change(.containerImage, image, .create), context)
        #expect(outcome.word == "failed DOCKER-0009")
        let words = login.map {
            Base64.encode(Array($0.utf8)).replacing("+", with: "-").replacing("/", with: "_")
        }
        #expect(headers.withLock { $0 } == [words])
        for line in lines.withLock({ $0 }) where words != nil { #expect(!line.contains(words ?? "")) }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"auths": {}}"#, #"{"auths": {"a.b": {}}}"#, #"{"auths": {"a.b": {"auth": "eA=="}}}"#,
    ])
    func `what docker login would not write is no login`(text: String) {
        #expect(RegistryLogins(Secret(text)) == nil)
    }

    @Test(
        "faults have their own code",
        arguments: [
            (404, "No such container: x", "absent"), (500, "boom", "DOCKER-0005"), (400, "bad", "DOCKER-0004"),
            (400, "client version 1.47 is too new", "DOCKER-0011"), (403, "denied", "DOCKER-0016"),
        ])
    func codes(status: Int, message: String, expected: String) async throws {
        let driver = try driver { _ in
            HTTPResponse(status: status, body: Array(JSON.write(.object(["message": .string(message)])).utf8))
        }
        switch await driver.look(at: ResourceKey(.container, "x"), context) {
        case .absent: #expect(expected == "absent")
        case .unknown(let fault): #expect(fault.code == expected)
        default: Issue.record("seen")
        }
    }

    @Test(
        "an engine says each time which one it is, and one that isn't asked is none",
        arguments: [
            (200, #"{"ID":"7TRN:IPZB"}"#, "engine 7TRN:IPZB"), (200, #"{"ID":""}"#, "nobody"),
            (403, #"{"message":"denied"}"#, "nobody"), (500, #"{"message":"boom"}"#, "DOCKER-0005"),
            (200, "{}", "DOCKER-0008"),
        ])
    func identities(status: Int, body: String, expected: String) async throws {
        let asked = Locked(0)
        let driver = try driver { request in
            if request.url.hasSuffix("/info") { asked.withLock { $0 += 1 } }
            return HTTPResponse(status: status, body: Array(body.utf8))
        }
        for _ in 1...2 {
            switch await driver.account(context) {
            case .success(let account): #expect(account ?? "nobody" == expected)
            case .failure(let fault): #expect(fault.code == expected)
            }
        }
        #expect(asked.withLock { $0 } >= 2)
    }

    @Test(
        "a copy of an engine is told from it by its address, but at a socket",
        arguments: [
            ("unix:///var/run/docker.sock", "engine E"), ("tcp://A.example.com:2376", "engine E at a.example.com:2376"),
            ("tcp://b.example.com:2376/", "engine E at b.example.com:2376"),
            ("tcp://[::1]:2375", "engine E at [::1]:2375"),
        ])
    func addresses(_ host: String, _ expected: String) async throws {
        struct Copy: HTTPTransport {
            func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
                HTTPResponse(
                    status: 200, headers: [HTTPHeader("Api-Version", "1.44")], body: Array(#"{"ID":"E"}"#.utf8))
            }
        }
        let driver = DockerDriver(
            host: try #require(DockerHost(host, certificates: "/certificates")), transport: Copy())
        #expect(try await driver.account(context).get() == expected)
    }

    @Test("an engine that is too old is told so, and nothing is asked of it")
    func oldEngine() async throws {
        struct Old: HTTPTransport {
            func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
                HTTPResponse(status: 200, headers: [HTTPHeader("Api-Version", "1.39")], body: Array("OK".utf8))
            }
        }
        let driver = DockerDriver(host: try #require(DockerHost("tcp://127.0.0.1:1")), transport: Old())
        guard case .failure(let fault) = await driver.checkAccess() else { throw Problem("spoken to") }
        #expect(fault.code == "DOCKER-0011")
    }

    @Test("networks that share a name are ambiguous, and one whose name only holds it is none")
    func networks() async throws {
        let driver = try driver { _ in
            HTTPResponse(
                status: 200,
                body: Array(#"[{"Id":"1","Name":"a"},{"Id":"2","Name":"a"},{"Id":"3","Name":"ab"}]"#.utf8))
        }
        guard case .ambiguous(let found) = await driver.look(at: ResourceKey(.containerNetwork, "a"), context) else {
            throw Problem("not ambiguous")
        }
        #expect(found.count == 2)
        guard case .absent = await driver.look(at: ResourceKey(.containerNetwork, "b"), context) else {
            throw Problem("a part of a name was taken for it")
        }
    }

    @Test("one thing written in two ways is one thing")
    func normalisers() {
        let pairs: [(rule: String, a: Value, b: Value)] = [
            ("image", "odoo", "docker.io/library/odoo:latest"), ("image", "a/b:1", "docker.io/a/b:1"),
            ("image", "localhost:5000/a", "localhost:5000/a:latest"), ("env", ["A": 1], ["A=1"]),
            ("ports", [8069], ["0.0.0.0:8069:8069/tcp"]), ("ports", ["1:2/UDP"], ["0.0.0.0:1:2/udp"]),
            ("mounts", ["a:/b/:rw"], ["a:/b"]), ("restart", "", "no"), ("restart", "on-failure", "on-failure:0"),
            ("cpus", .number("1.50"), "1.5"), ("cpus", "2", 2), ("command", "ls", ["/bin/sh", "-c", "ls"]),
        ]
        for (name, a, b) in pairs {
            let (wanted, observed) = (Attributes([.init(name, a)]), Attributes([.init(name, b)]))
            #expect(DockerKinds.container.differences(wanted: wanted, observed: observed) == [], "\(name) \(a.json)")
        }
        let digest = "sha256:" + String(repeating: "a", count: 64)
        #expect(ImageName("odoo:19@\(digest)")?.canonical == "docker.io/library/odoo@\(digest)")
        for bad in ["", "a b", "a//b", "a:", "a@sha256:1", "a?b"] { #expect(ImageName(bad) == nil, "\(bad)") }
        for bad in ["x", "1:2:3:4", "70000:1", "1/x", ":"] { #expect(Port(bad) == nil, "\(bad)") }
        for bad in ["a", "a:b", "a:/b:rx", ":/b"] { #expect(Mount(bad) == nil, "\(bad)") }
    }

    @Test("one that was made and never started is started, and one that has ended is left to its restart policy")
    func startsOnce() throws {
        func seen(_ status: String) throws -> Attributes {
            let text = """
                {"Id": "c1", "Name": "/web", "Config": {"Image": "odoo:19"}, "HostConfig": {},
                 "State": {"Status": "\(status)", "Running": \(status == "running")}}
                """
            return try #require(Mapping.container(try JSONDocument(text: text).root, imageIDs: [:])).attributes
        }
        let wish = Attributes([.init("image", "odoo:19"), .init("started", true)])
        for (status, differences) in [("created", ["started"]), ("running", []), ("exited", []), ("paused", [])] {
            #expect(
                DockerKinds.container.differences(wanted: wish, observed: try seen(status)) == differences, "\(status)")
        }
        let driver = try driver { _ in HTTPResponse(status: 500) }
        let update = change(.container, "web", .update, ["started": true])
        #expect(driver.steps(for: update.change).map(\.operation) == ["start"])
    }

    /// What a container that takes the place of another one is given of the volumes without a name that this had.
    @Test(arguments: [
        ([], ["VOLUME:/data", "VOLUME:/var/lib/odoo"]), (["named:/data/"], ["named:/data", "VOLUME:/var/lib/odoo"]),
        (["named:/srv"], ["named:/srv", "VOLUME:/data", "VOLUME:/var/lib/odoo"]),
    ])
    func `volumes without a name outlive the container that had them`(wanted: [String], mounted: [String]) throws {
        let volume = String(repeating: "ab", count: 32)
        let seen = try JSONDocument(
            text: """
                {"Id": "c1", "Name": "/web", "Config": {"Image": "odoo:19"}, "HostConfig": {}, "Mounts": [
                 {"Type": "volume", "Name": "\(volume)", "Source": "/x", "Destination": "/var/lib/odoo", "RW": true},
                 {"Type": "volume", "Name": "\(volume)", "Source": "/x", "Destination": "/data", "RW": true},
                 {"Type": "volume", "Name": "named", "Source": "/y", "Destination": "/named", "RW": true},
                 {"Type": "bind", "Source": "/etc/odoo", "Destination": "/etc/odoo", "RW": false}]}
                """)
        let old = try #require(Mapping.container(seen.root, imageIDs: [:]))
        #expect(old.attributes["mounts"] == ["/etc/odoo:/etc/odoo:ro", "named:/named"])
        let wish = Attributes([.init("image", "odoo:20"), .init("mounts", .strings(wanted))])
        func mounts(_ body: ContainerBody) -> [String] {
            (body.value["HostConfig"]?["Mounts"]?.listValue ?? []).map {
                "\($0["Source"]?.stringValue ?? ""):\($0["Target"]?.stringValue ?? "")"
            }
        }
        #expect(mounts(ContainerBody(wish, inPlaceOf: old)) == mounted.map { $0.replacing("VOLUME", with: volume) })
        #expect(mounts(ContainerBody(wish)) == wanted.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 })
        // It differs from nothing that is wanted, and isn't another wish.
        #expect(DockerKinds.container.rule("anonymous_volumes")?.isComputed == true)
        #expect(ContainerBody(wish, inPlaceOf: old).value["Labels"] == ContainerBody(wish).value["Labels"])
    }
}
