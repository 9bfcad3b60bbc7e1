import Basics
import Formats
import Glibc
import Reconciler
import Simulator
import TestKit
import Testing
import Web

/// The other side of everything that the program speaks to: each provider in turn, and each answer with a cookie.
private final class Outside: Sendable {
    static let cookie = "canary-cookie-77"
    static let reference = "abcdefghijklmnopqrst"

    let simulator: Simulator
    let server: WebServer

    private static func canary(_ variable: String) -> String { "canary-\(variable.lowercased())-5b1f" }

    init() throws {
        var options = SimulatorOptions.quick
        options.credentials["spaces"] =
            "\(Self.canary("SPACES_ACCESS_KEY_ID")):\(Self.canary("SPACES_SECRET_ACCESS_KEY"))"
        let simulator = try Simulator(options: options)
        try simulator.seed(
            "supabase",
            ["projects": [["ref": .string(Self.reference), "secrets": ["MAILGUN_KEY": "canary-kept-at-supabase"]]]])
        let variable: Value = [
            "key": "DATABASE_URL", "value": "canary-kept-at-vercel", "type": "encrypted", "target": ["production"],
        ]
        try simulator.seed("vercel", ["projects": [["name": "console", "env": .list([variable])]]])
        try simulator.seed("plane", ["workspaces": ["acme": ["projects": [["identifier": "OPS", "name": "Ops"]]]]])
        try simulator.seed("mailgun", ["domains": [["name": "mg.brightwater.example"]]])
        try simulator.seed("slack", ["channels": [["name": "ops"]]])
        self.simulator = simulator
        server = try WebServer(address: "127.0.0.1", port: 0) { request in
            if let registry = Self.registry(request) { return registry }
            var response = await simulator.answer(request)
            response.headers.append(("Set-Cookie", "session=\(Self.cookie); HttpOnly"))
            return response
        }
    }

    /// A registry of images that wants a login and then has nothing: the engine is told so at once, and tries no more.
    private static func registry(_ request: WebRequest) -> WebResponse? {
        guard request.path == "/v2/" || request.path.hasPrefix("/v2/acme/") else { return nil }
        guard request.header("Authorization") != nil else {
            var refusal = WebResponse.text(401, "log in\n")
            refusal.headers.append(("WWW-Authenticate", "Basic realm=\"registry\""))
            return refusal
        }
        return request.path == "/v2/"
            ? .text(200, "{}", type: "application/json")
            : .text(404, #"{"errors": [{"code": "NAME_UNKNOWN"}]}"#, type: "application/json")
    }

    /// Every provider's address and credentials, and what is kept where references point.
    func environment(_ directory: TemporaryDirectory) throws -> [String: String] {
        let url = "http://127.0.0.1:\(server.port)"
        var environment = [
            "DIGITALOCEAN_API_URL": url, "ODOOOPS_HOOK_SECRET": "env:HOOK_KEY", "ODOOOPS_GIT_TOKEN": "env:GIT_KEY",
            "ODOOOPS_GIT_SSH_PASSPHRASE": "env:GIT_PASSPHRASE", "ODOOOPS_APPLICATION_TOKEN": "env:APPLICATION_KEY",
            "ODOOOPS_APPLICATION_SSH_PASSPHRASE": "env:APPLICATION_PASSPHRASE",
            "ODOOOPS_ACCESS_SIGNING_KEY": "env:KEY_THAT_SIGNS_TOKENS", "PLANE_WORKSPACE": "acme",
            "DOCKER_AUTH_CONFIG":
                #"{"auths": {"127.0.0.1:\#(server.port)": {"username": "u", "password": "canary-login"}}}"#,
            "SPACES_ENDPOINT_URL": "\(url)/spaces", "SUPABASE_PROJECT_ID": Self.reference,
        ]
        for name in ["SUPABASE", "VERCEL", "GITHUB", "MAILGUN", "PLANE"] {
            environment["\(name)_API_URL"] = "\(url)/\(name.lowercased())"
        }
        environment["SLACK_API_URL"] = "\(url)/slack/api"
        for name in [
            "DIGITALOCEAN_ACCESS_TOKEN", "SUPABASE_ACCESS_TOKEN", "VERCEL_TOKEN", "GITHUB_TOKEN",
            "GITHUB_WEBHOOK_SECRET",
            "MAILGUN_API_KEY", "SLACK_BOT_TOKEN", "PLANE_API_KEY", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY",
            "VERCEL_WEBHOOK_SECRET", "MAILGUN_SIGNING_KEY", "SLACK_SIGNING_SECRET", "PLANE_WEBHOOK_SECRET",
            "OTEL_EXPORTER_OTLP_HEADERS", "GIT_KEY", "GIT_PASSPHRASE", "APPLICATION_KEY", "APPLICATION_PASSPHRASE",
            "KEY_THAT_SIGNS_TOKENS", "HOOK_KEY", "SECRET_VALUE",
        ] { environment[name] = Self.canary(name) }
        environment["SECRET_FILE"] = try directory.write("canary-in-a-file", to: "ssot/secret")
        return environment
    }
}

@Suite("Secrets stay secret")
struct CanaryTests {
    /// What runs on an engine and a server of one's own: a value beside a container, a login to a registry, a password.
    private static func machines(_ registry: String) -> String {
        """
        runtimes: {docker: lab-engine, postgres: lab-pg}
        environments:
          lab-bird:
            tier: dev
            engine: lab-engine
            networks: [lab-bird]
            containers:
              - name: lab-bird
                image: "\(DockerServer.image)"
                command: [sleep, 1000]
                env: {WORD: canary-beside-a-container}
                networks: [lab-bird]
              - {name: lab-puller, image: "\(registry)/acme/odoo:1", networks: [lab-bird]}
            database_server: lab-pg
            database: lab_bird
            database_user: lab_bird
            database_password: env:SECRET_VALUE

        """
    }

    private static let providers = [
        "digitalocean", "github", "mailgun", "plane", "slack", "spaces", "supabase", "vercel",
    ]

    @Test("No credential, secret, password answer or cookie is in any output, log, record, evidence, store or metric")
    func leavesNone() async throws {
        let root = "\(Places.packageRoot)/examples/ssot"
        var files: [String: String] = [:]
        for path in Places.files(under: root, endingWith: "") {
            files[path] = String(decoding: try FileSystem.read("\(root)/\(path)"), as: UTF8.self)
        }
        files["ssot/infra/digitalocean/odoo-host.cloud-init", default: ""] += "# canary-in-user-data\n"
        let named = "environments:\n"
        let outside = try Outside()
        let registry = "127.0.0.1:\(outside.server.port)"
        files["ssot/environments.yaml"] = files["ssot/environments.yaml"]?.replacing(
            named, with: Self.machines(registry) + "\n")
        let site = try Site(files: files)
        let out = try TemporaryDirectory(prefix: "odooops-hunted")
        let secrets = try TemporaryDirectory(prefix: "odooops-secrets")
        var environment = try outside.environment(secrets)
        let postgres = PostgresServer.shared
        let stored = postgres?.makeDatabase("canary")
        let planted = { (uri: String, word: String) in uri.replacing("postgres@", "postgres:canary-\(word)@") }
        environment["POSTGRES_ADMIN_URL"] = postgres.map { planted($0.uri(), "admin-password") }
        environment["CLUSTER_READER"] = postgres.map { planted($0.uri(), "reader-password") }
        environment["LOST_READER"] = "postgres://reader:canary-lost@reader@127.0.0.1:1/x"
        try site.directory.write(
            "modules: {servers: {brightwater-pg: 'env:CLUSTER_READER', other-pg: 'env:LOST_READER'}}\n",
            to: "reconciler.yaml")
        let engine = DockerServer.shared
        environment["DOCKER_HOST"] = engine.map { "unix://\($0.socket)" }
        defer {
            postgres?.execute("drop database if exists lab_bird")
            postgres?.execute("drop role if exists lab_bird")
            if let engine {
                let docker = "docker -H unix://\(engine.socket)"
                Shell.run("\(docker) rm -f lab-bird lab-puller; \(docker) network rm lab-bird")
            }
        }

        var texts: [String: String] = [:]
        let record = out.path("traffic.jsonl")
        func run(_ arguments: [String], more: [String: String] = [:]) async {
            let all = site.environment.merging(environment) { $1 }.merging(more) { $1 }
            let result = await Program.run(
                arguments + ["--record", record, "--log-level", "debug"], in: site.directory.path, all)
            texts["\(arguments) \(more.keys.sorted())"] = result.output + result.error
        }
        let sync = [
            "secrets", "sync", "--secret", "A=env:SECRET_VALUE", "--secret", "B=file:\(secrets.path("ssot/secret"))",
        ]
        for arguments in [
            ["doctor"], ["--dry-run", "--out", out.path("plan.json")], [], ["--json"], sync, ["doctor", "--json"],
            ["drift"], ["runs"], ["show", "latest"], ["show", "latest", "--json"], ["secrets", "status"],
            ["secrets", "status", "--json"], ["explain", "docker.container/lab-bird"],
            ["explain", "digitalocean.database_cluster/brightwater-pg"], ["validate"], ["env", "list"],
        ] { await run(arguments) }
        // The same with every account refused, and with a store whose address holds a password.
        await run(["doctor"], more: ["DIGITALOCEAN_API_URL": "http://u:canary-in-url@127.0.0.1:9"])
        if let stored {
            for arguments in [["doctor"], ["migrate"], [], ["runs"]] {
                await run(arguments, more: ["DATABASE_URL": planted(stored, "store-password")])
            }
            let dump = Shell.run("pg_dump \(Shell.quote(stored))")
            #expect(dump.status == 0 && dump.output.contains("CREATE TABLE ops.runs"))
            try out.write(dump.output, to: "store.sql")
        }
        let word = "canary-of-a-person-1f"
        await run(
            ["access", "user", "add", "ada", "--role", "owner", "--password-file"]
                + [try secrets.write(word + "\n", to: "ssot/password")])
        let port = try #require(FreePort.find())
        let service = try BackgroundProgram(
            ["run", "--listen", "127.0.0.1:\(port)", "--record", record, "--log-level", "debug"],
            in: site.directory.path, site.environment.merging(environment) { $1 })
        let isUp = await eventually {
            await Answer.to("GET", "/healthz", port: UInt16(port))?.status == 200
        }
        #expect(isUp, "\(service.story)")
        let handed = try await Self.logIn(with: word, port: UInt16(port), into: &texts)
        for path in ["/metrics", "/readyz", "/healthz"] {
            texts[path] = await Answer.to("GET", path, port: UInt16(port))?.body
        }
        service.send(SIGTERM)
        #expect(await service.end(within: .seconds(60))?.status == 0, "\(service.story)")
        texts["service"] = service.story
        await outside.server.stop(drain: .zero)

        let given = outside.simulator.issuedSecrets
        #expect(given.count >= 3, "the providers have given passwords away")
        let issued = given + handed
        Shell.run("cp -r \(Shell.quote(site.state)) \(Shell.quote(out.path("state")))")
        #expect(FileSystem.exists(out.path("state/ops.sqlite")) && FileSystem.exists(out.path("state/evidence")))
        try out.write(texts.sorted { $0.key < $1.key }.map { "\($0.key)\n\($0.value)" }.joined(), to: "texts")
        let lines = String(decoding: try FileSystem.read(record), as: UTF8.self).split(separator: "\n")
        for provider in Self.providers {
            #expect(lines.contains { $0.contains("\"provider\":\"\(provider)\"") }, "\(provider) was never asked")
        }
        #expect(lines.contains { $0.contains("/v2/databases") })
        if engine != nil {
            #expect(lines.contains { $0.contains("\"provider\":\"docker\"") && $0.contains("/images/create") })
            #expect(lines.contains { $0.contains("/containers/create?name=lab-bird") && $0.contains("<redacted>") })
        }
        if let postgres {
            #expect(
                postgres.execute("select rolpassword from pg_authid where rolname = 'lab_bird'").output.hasPrefix(
                    "SCRAM"))
            let kept = Shell.run(
                "sqlite3 \(Shell.quote(out.path("state/ops.sqlite"))) \"select target, pushed, actor like 'run %' "
                    + "from secret_sync_runs where provider = 'postgres' and status = 'success'\"")
            #expect(kept.output == "postgres.role|[\"lab_bird\"]|1\n", "\(kept.output)")
        }
        let encoded = issued.map { Shell.run("printf %s \(Shell.quote($0)) | base64 -w0").output }
        #expect(PlantedSecrets.places(below: out.path, also: issued + encoded) == [])

        // What the providers gave away has no such word in it: that the search would find it is shown here.
        let password = try #require(issued.first { text in !PlantedSecrets.marks.contains { text.contains($0) } })
        Shell.run("sqlite3 \(out.path("state/ops.sqlite")) \"update runs set agent = '\(password)'\"")
        let found = PlantedSecrets.places(below: out.path, also: issued + encoded)
        #expect(!found.isEmpty && found.allSatisfy { $0.hasPrefix(out.path("state/ops.sqlite")) })
        if postgres == nil || engine == nil {
            try Test.cancel("without \(postgres == nil ? "PostgreSQL" : "a Docker engine") its part was not tried")
        }
    }

    /// Signs in by both doors, also with a wrong word, and looks around; gives back the token and the cookie.
    private static func logIn(
        with word: String, port: UInt16, into texts: inout [String: String]
    ) async throws -> [String] {
        let json = "Content-Type: application/json\r\n"
        let form = "Content-Type: application/x-www-form-urlencoded\r\n"
        for (door, headers, body) in [
            ("/api/v1/auth/login", json, #"{"name": "ada", "password": "canary-wrong-word"}"#),
            ("/login", form, "name=ada&password=canary-wrong-word&back=/"),
            ("/hooks/mailgun", json, #"{"signature": {"token": "canary-forged", "signature": "00"}}"#),
        ] {
            let answer = await Answer.to("POST", door, port: port, headers: headers, body: body)
            #expect(answer.map { (400..<500).contains($0.status) } == true, "\(door)")
            texts["refused at \(door)"] = answer.map { $0.head + $0.body }
        }
        let login = await Answer.to(
            "POST", "/api/v1/auth/login", port: port, headers: json,
            body: #"{"name": "ada", "password": "\#(word)"}"#)
        let document = try JSON.parse(Array((login?.body ?? "").utf8))
        let token = try #require((document["data"] ?? document)["token"]?.stringValue)
        let session = await Answer.to(
            "POST", "/login", port: port, headers: form, body: "name=ada&password=\(word)&back=/")
        let cookie = try #require(
            session?.head.split(separator: "odooops_session=").dropFirst().first?.prefix { $0 != ";" },
            "\(session.map { $0.head + $0.body } ?? "no answer")")
        #expect(cookie.count == 64)
        for path in [
            "/api/v1/status", "/api/v1/access/users", "/api/v1/openapi.json", "/api/v1/modules/summary",
        ] {
            let answer = await Answer.to("GET", path, port: port, headers: "Authorization: Bearer \(token)\r\n")
            #expect(answer?.status == 200, "\(path)")
            texts[path] = answer?.body
        }
        for path in ["/", "/access", "/runs", "/logs", "/modules"] {
            let answer = await Answer.to("GET", path, port: port, headers: "Cookie: odooops_session=\(cookie)\r\n")
            texts["page \(path)"] = answer?.body
        }
        return [token, String(cookie)]
    }

    /// A credential that is added and not planted would be looked for by nobody.
    @Test("Every reference that the configuration knows has a secret of the hunt behind it")
    func plantsAll() throws {
        let environment = try Outside().environment(TemporaryDirectory())
        let references = ConfigurationReader.keys.filter { $0.meaning.hasPrefix("reference to") }
        #expect(references.count > 20)
        // The one is the key of a certificate, which a word can't be; the other is made for the server that is there.
        for key in references where !["tls.key", "providers.postgres.url"].contains(key.key) {
            let text = key.variable.flatMap { environment[$0] } ?? key.fallback
            let value = text.hasPrefix("env:") ? environment[String(text.dropFirst(4))] : text
            let isPlanted = value.map { PlantedSecrets.isHeld(in: $0) } ?? false
            #expect(isPlanted, "\(key.key)")
        }
    }

    /// The word in each form in which it could get out, in a text, deep in a directory, and in a database.
    ///
    /// The texts are put together here: as arguments they would stand in the output of the tests, which is hunted too.
    @Test("The hunt finds what is planted on purpose, and so fails the run of all tests")
    func finds() throws {
        let (begin, end) = ("can", "ary")
        let texts = [
            "token=\(begin)\(end)-1", "x_\(begin)\(end)0123", "Y2Fu" + "YXJ5LTE=", "eGNh" + "bmFyeS0x",
            "eHljYW" + "5hcnktMQ==",
            "63616e" + "6172792d31",
        ]
        for text in texts { try find(text, isReport: false) }
        try find("planted secret " + "found: /tmp/x", isReport: true)
    }

    private func find(_ text: String, isReport: Bool) throws {
        let directory = try TemporaryDirectory()
        func hunt(_ path: String) -> Int32 {
            Shell.run("\(Shell.quote("\(Places.packageRoot)/scripts/hunt")) \(Shell.quote(path)) 2>/dev/null").status
        }
        try directory.write("nothing here; canaries sing", to: "a/clean.log")
        #expect(hunt(directory.path) == 0 && PlantedSecrets.places(below: directory.path).isEmpty)
        #expect(hunt(directory.path("missing")) == 2)
        try directory.write("x \(text) y", to: "a/b/planted.log")
        #expect(hunt(directory.path) == 1 && hunt(directory.path("a/b/planted.log")) == 1)
        #expect(PlantedSecrets.places(below: directory.path).count == (isReport ? 0 : 1))
        FileSystem.remove(directory.path("a/b"))
        Shell.run("sqlite3 \(directory.path("a.db")) \"create table t(a); insert into t values ('\(text)')\"")
        #expect(hunt(directory.path) == 1)
        #expect(PlantedSecrets.places(below: directory.path).count == (isReport ? 0 : 1))
        FileSystem.remove(directory.path("a.db"))
    }
}
