import Basics
import Formats
import Glibc
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("Contexts and credentials")
struct FilesTests {
    private static let login: [String: Value] = [
        "POST /auth/login": [
            "token": "token-of-ada", "token_type": "Bearer", "expires_at": "2027-01-01T00:00:00Z", "user": "ada",
        ], "GET /environments": [], "GET /auth/whoami": ["name": "key:ci"],
        "POST /auth/logout": ["user": "ada", "everywhere": false],
    ]

    private static func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    private func authorization(_ request: HTTPRequest?) -> String? {
        request?.headers.first { $0.name == "Authorization" }?.value
    }

    @Test("Contexts are added, chosen, listed and removed, and the file can be read again")
    func contexts() async throws {
        let world = try World(FakeService(Self.login))
        #expect((await world.run("context", "add", "work", "--url", "https://odooops.example/")).exit == .done)
        #expect((await world.run("context", "add", "home", "--url", "http://127.0.0.1:9090/api/v1")).exit == .done)
        let listed = await world.run("context", "list", "--json")
        let rows = (listed.json?.listValue ?? []).map {
            "\($0["name"]?.stringValue ?? "") \($0["url"]?.stringValue ?? "") \($0["current"]?.boolValue ?? false)"
        }
        #expect(rows == ["home http://127.0.0.1:9090 false", "work https://odooops.example true"], "\(listed.story)")
        #expect((await world.run("context", "use", "home")).exit == .done)
        _ = await world.run("env", "list")
        #expect(world.service.requests.last?.url.hasPrefix("http://127.0.0.1:9090/api/v1/environments") == true)
        _ = await world.run("env", "list", "--context", "work")
        #expect(world.service.requests.last?.url.hasPrefix("https://odooops.example/api/v1/") == true)
        let moved = await world.run("context", "add", "work", "--url", "https://other.example")
        #expect(moved.exit == .usage && moved.error.contains("odooops context remove work"), "\(moved.story)")
        #expect((await world.run("context", "add", "work", "--url", "https://odooops.example")).exit == .done)
        let wrong = await world.run("context", "use", "hame")
        #expect(wrong.exit == .configuration && wrong.error.contains("Did you mean home?"), "\(wrong.story)")
        #expect((await world.run("context", "remove", "home")).exit == .done)
        let text = String(decoding: try FileSystem.read(world.configurationPath), as: UTF8.self)
        #expect(!text.contains("home") && text.contains("\"work\""))
    }

    @Test("A login is kept for its owner alone, sent to its service alone, and forgotten on request")
    func loginIsKept() async throws {
        let world = try World(FakeService(Self.login))
        try world.directory.write("long enough a word\n", to: "password")
        chmod(world.directory.path("password"), 0o600)
        let result = await world.run(
            "auth", "login", "--user", "ada", "--password-file", world.directory.path("password"))
        #expect(result.exit == .done, "\(result.story)")
        #expect(!result.output.contains("token-of-ada") && !result.output.contains("long enough"))
        // A service that knows a login again has kept something by which the password can be guessed.
        let names = world.service.requests.flatMap { $0.headers.map { $0.name.lowercased() } }
        #expect(world.service.routes.contains("POST /auth/login") && !names.contains("idempotency-key"))
        #expect(Self.mode(world.credentialsPath) == 0o600)
        #expect(Self.mode(world.directory.path("config/odooops")) == 0o700)
        _ = await world.run("env", "list")
        #expect(authorization(world.service.requests.last) == "Bearer token-of-ada")
        _ = await world.run("env", "list", "--url", "https://elsewhere.example")
        #expect(authorization(world.service.requests.last) == nil)
        #expect((await world.run("auth", "token")).output == "token-of-ada\n")
        let ended = await world.run("auth", "logout", "--json")
        #expect(ended.exit == .done && ended.json?["ended"] == true, "\(ended.story)")
        #expect(world.service.routes.last == "POST /auth/logout")
        #expect(authorization(world.service.requests.last) == "Bearer token-of-ada")
        _ = await world.run("env", "list")
        #expect(authorization(world.service.requests.last) == nil)
    }

    @Test("A login that the service could not end is forgotten all the same, and told to count on")
    func loginThatCountsOn() async throws {
        var answers = Self.login
        answers["POST /auth/logout"] = nil
        let world = try World(FakeService(answers))
        try world.directory.write("long enough a word\n", to: "password")
        chmod(world.directory.path("password"), 0o600)
        _ = await world.run("auth", "login", "--user", "ada", "--password-file", world.directory.path("password"))
        let result = await world.run("auth", "logout")
        #expect(result.exit == .done && result.error.contains("counts until"), "\(result.story)")
        _ = await world.run("env", "list")
        #expect(authorization(world.service.requests.last) == nil)
    }

    @Test("A login made before its service has a name goes with the name, and no login takes another's place")
    func loginsAndNames() async throws {
        let world = try World(FakeService(Self.login), typed: ["key-1", "key-2"])
        let (work, other) = ("https://odooops.example", "https://other.example")
        #expect((await world.run("auth", "login", "--url", work, "--key-file", "-")).exit == .done)
        let added = await world.run("context", "add", "work", "--url", "\(work)/")
        #expect(added.exit == .done && !added.output.contains("auth login"), "\(added.story)")
        _ = await world.run("env", "list")
        #expect(authorization(world.service.requests.last) == "Bearer key-1")
        #expect((await world.run("context", "list", "--json")).json?.listValue?.first?["login"] == "key:ci")
        // A login at another address is kept beside it.
        #expect((await world.run("auth", "login", "--context", "new", "--url", other, "--key-file", "-")).exit == .done)
        for (arguments, key) in [(["--url", work], "key-1"), (["--context", "new", "--url", other], "key-2")] {
            _ = await world.run(["env", "list"] + arguments)
            #expect(authorization(world.service.requests.last) == "Bearer \(key)", "\(arguments)")
        }
        _ = await world.run("env", "list", "--url", other)
        #expect(authorization(world.service.requests.last) == nil)
        #expect((await world.run("auth", "logout")).exit == .done)
        _ = await world.run("env", "list")
        #expect(authorization(world.service.requests.last) == nil)
    }

    @Test("Of services without a name each keeps its own login, and each is ended by itself")
    func namelessLogins() async throws {
        let world = try World(FakeService(Self.login), typed: ["key-1", "key-2"])
        let services = [("https://one.example", "key-1"), ("https://two.example", "key-2")]
        for (url, _) in services {
            #expect((await world.run("auth", "login", "--url", url, "--key-file", "-")).exit == .done)
        }
        for (url, key) in services {
            _ = await world.run("env", "list", "--url", url)
            #expect(authorization(world.service.requests.last) == "Bearer \(key)", "\(url)")
        }
        #expect(
            (await world.run("auth", "logout", "--url", "https://three.example")).output.contains("Nothing was kept"))
        #expect((await world.run("auth", "logout", "--url", services[0].0)).exit == .done)
        for ((url, key), isKept) in zip(services, [false, true]) {
            _ = await world.run("env", "list", "--url", url)
            #expect(authorization(world.service.requests.last) == (isKept ? "Bearer \(key)" : nil), "\(url)")
        }
    }

    @Test("Credentials that others may read are not used")
    func openCredentials() async throws {
        let world = try World(FakeService(Self.login))
        try world.directory.write(
            #"{"default": {"url": "http://127.0.0.1:8080", "token": "t"}}"#, to: "config/odooops/credentials.json")
        chmod(world.credentialsPath, 0o640)
        let result = await world.run("env", "list")
        #expect(result.exit == .configuration && result.error.contains("chmod 600"), "\(result.story)")
        #expect(world.service.requests.isEmpty)
    }

    @Test("A credential goes over no plain connection to another machine, unless that was said")
    func plainConnections() async throws {
        let world = try World(FakeService(Self.login), environment: ["ODOOOPS_TOKEN": "secret-token"])
        let refused = await world.run("env", "list", "--url", "http://odooops.example")
        #expect(refused.exit == .configuration && refused.error.contains("CLI-0009"), "\(refused.story)")
        #expect(world.service.requests.isEmpty && !refused.error.contains("secret-token"))
        let said = await world.run("env", "list", "--url", "http://odooops.example", "--allow-http")
        #expect(said.exit == .done && authorization(world.service.requests.last) == "Bearer secret-token")
        let login = await (try World(FakeService(Self.login), terminal: true, typed: ["ada", "word"])).run(
            "auth", "login", "--url", "http://odooops.example")
        #expect(login.exit == .configuration)
    }

    @Test("A login that has ended is said before anybody is asked")
    func endedLogin() async throws {
        var credentials = Credentials()
        let world = try World(FakeService(Self.login))
        credentials.put(
            Credentials.Entry(
                context: "default", url: ServiceAddress.standard, token: Secret("t"), user: "ada",
                expiresAt: World.now - .seconds(1)))
        try ClientFiles(environment: ["XDG_CONFIG_HOME": world.directory.path("config")]).write(credentials)
        let result = await world.run("env", "list")
        #expect(result.exit == .forbidden && result.error.contains("odooops auth login"), "\(result.story)")
        #expect(world.service.requests.isEmpty)
    }

    @Test("Of a token that doesn't count it is said where it comes from, for it is sent in place of any login")
    func wrongTokens() async throws {
        let refusing = FakeService { request throws(HTTPFault) in
            FakeService.fault(401, "ACCESS-0002", "no such key", "Log in")
        }
        let kept = await (try World(refusing)).run("env", "list")
        #expect(kept.error.contains("Log in: odooops auth login;") && !kept.error.contains("leave it away"))
        let world = try World(refusing, environment: ["ODOOOPS_TOKEN": "odops_0"])
        let named = await world.run("env", "list")
        #expect(named.exit == .forbidden && named.error.contains("what ODOOOPS_TOKEN holds"), "\(named.story)")
        let path = try world.directory.write("odops_1", to: "token")
        chmod(path, 0o600)
        let filed = await world.run("env", "list", "--token-file", path)
        #expect(filed.error.contains("what \(path) holds"), "\(filed.story)")
        let missing = await world.run("env", "list", "--token-file", path + "-none")
        #expect(missing.exit == .configuration && missing.error.contains("the file can't be read"), "\(missing.story)")
        #expect(missing.error.contains(path + "-none"))
    }

    @Test("A key is kept only once the service has taken it")
    func keysAreTried() async throws {
        let refusing = FakeService { request throws(HTTPFault) in
            FakeService.fault(401, "ACCESS-0002", "no such key", nil)
        }
        let world = try World(refusing, typed: ["odooops_key"])
        #expect((await world.run("auth", "login", "--key-file", "-")).exit == .forbidden)
        #expect(!FileSystem.exists(world.credentialsPath))
        let taking = try World(FakeService(Self.login), typed: ["odooops_key"])
        #expect((await taking.run("auth", "login", "--key-file", "-")).exit == .done)
        #expect(authorization(taking.service.requests.last) == "Bearer odooops_key")
        #expect(FileSystem.exists(taking.credentialsPath))
    }

    @Test(
        "What can't be read is said with the file and what to do",
        arguments: ["[", "contexts: {a: {}}", "colour: red", "- a"])
    func badConfiguration(text: String) async throws {
        let world = try World(FakeService(Self.login))
        try world.directory.write(text, to: "config/odooops/config.yaml")
        let result = await world.run("env", "list")
        #expect(result.exit == .configuration && result.error.contains("config.yaml"), "\(result.story)")
    }

    @Test(
        "Addresses that are none are refused",
        arguments: ["example.org", "ftp://a", "http://", "https://user:word@a", "http://a?b", "http://a b"])
    func badAddresses(text: String) {
        #expect(throws: ClientFault.self) { try ServiceAddress(text) }
    }

    @Test(
        "A password in an address is neither used nor shown, wherever the address comes from",
        arguments: [
            "https://ada:s3cr3tpass@h", "http://ada:s3cr3tpass@127.0.0.1:8080/x", "ada:s3cr3tpass@h",
            "https://ada:s3cr3tpass/1@h", "ftp://ada:s3cr3tpass@h", "https://h/s3cr3tpass@x",
            "https://ada:x@s3cr3tpass@h",
        ], [true, false])
    func passwordsInAddresses(text: String, isJSON: Bool) async throws {
        let service = FakeService(["GET /status": [:]])
        let more = isJSON ? ["--json"] : []
        let world = try World(service, environment: ["ODOOOPS_URL": text])
        let other = try World(service)
        try other.directory.write(
            "current: work\ncontexts:\n  work:\n    url: \(JSON.write(.string(text)))\n",
            to: "config/odooops/config.yaml")
        for (world, words) in [
            (world, ["status"]), (world, ["status", "--context", "x"]),
            (world, ["context", "add", "work", "--url", text]), (world, ["context", "list"]),
            (world, ["keys", "revoke", "x", "--url", text]), (other, ["status"]),
            (other, ["context", "list"]), (other, ["auth", "token"]), (other, ["context", "use", "work"]),
        ] {
            let result = await world.run(words + more)
            #expect(!result.story.contains("s3cr3tpass"), "\(words)\n\(result.story)")
            guard words.first == "status", !words.contains("--context") else { continue }
            #expect(result.exit == .configuration && result.error.contains("a name or a password"), "\(result.story)")
        }
        #expect(service.requests.isEmpty)
        #expect((try? FileSystem.read(world.configurationPath)) == nil, "nothing of it was kept")
    }
}
