import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import TestKit
import Testing

@testable import PostgresDriver

@Suite("Against a server", .enabled(if: PostgresServer.isInstalled), .serialized)
struct ServerTests {
    let server: PostgresServer
    let driver: PostgresDriver
    let statements = Locked<[String]>([])
    let context = DriverContext(runID: "postgres-tests", log: .none)

    static let password = "canary-role-pw-52a1"

    init() throws {
        server = try #require(PostgresServer.shared)
        driver = Self.driver(server.uri(), statements)
    }

    private static func driver(_ uri: String, _ statements: Locked<[String]>) -> PostgresDriver {
        PostgresDriver(uri: Secret(uri), heard: { text in statements.withLock { $0.append(text) } }) { reference in
            reference == .environment("ERP_PASSWORD") ? Secret(password) : nil
        }
    }

    /// One change as the planner makes it: at a creation every wanted attribute is a change.
    private func change(
        _ kind: ResourceKind, _ name: String, _ action: ChangeAction, _ wanted: KeyValuePairs<String, Value> = [:],
        current: ObservedResource? = nil
    ) -> ResolvedChange {
        let attributes = wanted.map {
            AttributeChange(path: $0.key, before: current?.attributes[$0.key], after: $0.value)
        }
        return ResolvedChange(
            change: PlannedChange(
                key: ResourceKey(kind, name), action: action, reason: "test", cause: .unappliedCommit,
                attributes: attributes, providerID: current?.providerID),
            wanted: Attributes(wanted.map { Attributes.Item($0.key, $0.value) }), current: current)
    }

    private func run(_ driver: PostgresDriver, _ wanted: ResolvedChange) async -> StepOutcome {
        var current = wanted.current
        var outcome = StepOutcome.done(current)
        for step in driver.steps(for: wanted.change) {
            let change = ResolvedChange(change: wanted.change, wanted: wanted.wanted, current: current)
            outcome = await driver.perform(step, of: change, context)
            guard case .done(let resource) = outcome else { return outcome }
            current = resource
        }
        return outcome
    }

    private func find(_ kind: ResourceKind, _ name: String) async throws -> ObservedResource {
        guard case .present(let found) = await driver.look(at: ResourceKey(kind, name), context) else {
            throw Problem("\(name) is not there")
        }
        return found
    }

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async {
        let creations = [
            change(.serverRole, "conform", .create, ["login": true, "password": "env:ERP_PASSWORD"]),
            change(.serverDatabase, "conform_db", .create, ["owner": "conform", "encoding": "utf-8"]),
        ]
        let request = ObserveRequest(
            kinds: [.serverDatabase, .serverRole], names: [.serverDatabase: ["conform_db"]])
        let (server, statements) = (server, statements)
        let checks = DriverConformance(request: request, creations: creations) { _, _ in
            Self.driver(server.uri(), statements)
        }
        for breach in await checks.live(against: Silent()) { Issue.record("\(breach)") }
        let changing = statements.withLock { all in all.filter { !$0.hasPrefix("select") } }
        // What was applied a second time sent nothing.
        #expect(changing.count { $0.hasPrefix("create") } == 2, "\(changing)")
        #expect(!statements.withLock { all in all.contains { $0.contains("canary") || $0.contains("SCRAM") } })
    }

    @Test("a server that refuses or isn't there proves nothing")
    func failures() async throws {
        let addresses = [
            ("postgres://nobody@127.0.0.1:\(server.port)/postgres", "POSTGRES-0001"),
            ("postgres://postgres@127.0.0.1:\(server.port)/none", "POSTGRES-0001"),
            ("postgres://postgres:\(Self.password)@127.0.0.1:1/postgres", "POSTGRES-0008"),
            ("postgres://\(Self.password):x@[", "POSTGRES-0010"),
            // What is left of a password after its `@` or `/` is no host and no port.
            ("postgres://postgres:x@\(Self.password)@127.0.0.1:1/postgres", "POSTGRES-0010"),
            ("postgres://postgres:\(Self.password)/x@127.0.0.1:1/postgres", "POSTGRES-0010"),
        ]
        for (uri, code) in addresses {
            let other = Self.driver(uri, statements)
            for kind in await other.observe(ObserveRequest(kinds: [.serverDatabase, .serverRole]), context) {
                guard case .unknown(let reason) = kind.completeness else { throw Problem("\(uri) is complete") }
                #expect(reason.hasPrefix(code) && !reason.contains(Self.password), "\(reason)")
            }
            let creation = change(.serverDatabase, "x", .create)
            let outcome = await run(other, creation)
            guard case .failed(let fault) = outcome else { throw Problem("\(outcome)") }
            #expect(!"\(fault)".contains(Self.password))
            guard case .unknown = await other.look(at: creation.change.key, context) else { throw Problem("seen") }
        }
    }

    @Test("databases and roles live their lives, and a second plan is empty")
    func wholeLife() async throws {
        // Names that need quotes.
        let (role, group, database) = ("erp \"o'wner\"", "Readers;--", "Erp-\\x \"1\"")
        let schemas = Dictionary(uniqueKeysWithValues: driver.schemas.map { ($0.kind, $0) })
        let creations = [
            change(.serverRole, group, .create, ["login": false]),
            change(
                .serverRole, role, .create,
                [
                    "login": true, "createdb": true, "connection_limit": 7, "member_of": [.string(group)],
                    "password": "env:ERP_PASSWORD",
                ]),
            change(
                .serverDatabase, database, .create,
                [
                    "owner": .string(role), "encoding": "UTF-8", "locale": "C", "connection_limit": 9,
                    "template": "template0",
                ]),
        ]
        for creation in creations {
            let outcome = await run(driver, creation)
            guard case .done(let made?) = outcome else { throw Problem("\(outcome)") }
            #expect(made.isOwned)
            #expect(schemas[made.key.kind]?.differences(wanted: creation.wanted, observed: made.attributes) == [])
        }
        let seen = ObservedState(
            await driver.observe(
                ObserveRequest(
                    kinds: [.serverDatabase, .serverRole], names: [.serverDatabase: [database]]), context))
        let found = try #require(seen.kinds[.serverDatabase]?.resources.first { $0.key.name == database })
        #expect((found.attributes["size_bytes"]?.intValue ?? 0) > 1 << 20)
        #expect(found.attributes["object_count"] == 0)
        #expect(seen.kinds[.serverDatabase]?.completeness == .complete)
        #expect(seen.kinds[.serverRole]?.resources.contains { $0.key.name.hasPrefix("pg_") } == false)

        // The password is what was given, and the server has only its verifier.
        let kept = server.execute("select rolpassword from pg_authid where rolconnlimit = 7").output
        #expect(kept.hasPrefix("SCRAM-SHA-256$"))

        let updates = [
            change(
                .serverRole, role, .update, ["createdb": false, "login": false, "connection_limit": -1],
                current: try await find(.serverRole, role)),
            change(
                .serverDatabase, database, .update, ["owner": "postgres", "connection_limit": 3], current: found),
        ]
        for update in updates {
            let outcome = await run(driver, update)
            guard case .done(let object?) = outcome else { throw Problem("\(outcome)") }
            #expect(schemas[object.key.kind]?.differences(wanted: update.wanted, observed: object.attributes) == [])
        }
        for creation in creations.reversed() {
            let key = creation.change.key
            for _ in 1...2 {
                let outcome = await run(driver, change(key.kind, key.name, .delete))
                guard case .done(nil) = outcome else { throw Problem("\(outcome)") }
            }
            guard case .absent = await driver.look(at: key, context) else { throw Problem("\(key) is there") }
        }
    }

    @Test("nothing goes that is in use, that was made anew, that is the server's, or that no plan deletes")
    func refusals() async throws {
        #expect(server.execute("create role keeper; create database kept owner keeper").status != 0)
        server.execute("create role keeper")
        server.execute("create database kept owner keeper")
        server.execute("comment on database kept is 'of the finance team'")
        let kept = try await find(.serverDatabase, "kept")
        #expect(!kept.isOwned)

        func code(_ wanted: ResolvedChange) async -> String {
            switch await run(driver, wanted) {
            case .done: "done"
            case .failed(let fault), .unknown(let fault): fault.code
            }
        }
        #expect(await code(change(.serverRole, "keeper", .delete)) == "POSTGRES-0006")
        let other = ObservedResource(
            key: kept.key, providerID: "1", attributes: kept.attributes, isOwned: true)
        #expect(await code(change(.serverDatabase, "kept", .delete, current: other)) == "POSTGRES-0011")
        for name in ["postgres", "template1", String(repeating: "x", count: 64), ""] {
            #expect(await code(change(.serverDatabase, name, .delete)) == "POSTGRES-0011")
        }
        #expect(await code(change(.serverRole, "postgres", .delete)) == "POSTGRES-0011")
        let step = Step(key: kept.key, index: 1, operation: "drop", title: "drop")
        guard case .failed = await driver.perform(step, of: change(.serverDatabase, "kept", .update), context) else {
            throw Problem("dropped without a plan that deletes")
        }
        // A role through which another would own the server, and a password that points to nothing.
        #expect(await code(change(.serverRole, "x", .create, ["member_of": ["postgres"]])) == "POSTGRES-0011")
        #expect(
            await code(change(.serverRole, "x", .create, ["member_of": ["pg_write_server_files"]])) == "POSTGRES-0011")
        #expect(await code(change(.serverRole, "x", .create, ["password": "env:NONE"])) == "POSTGRES-0012")
        #expect(await code(change(.serverRole, "x", .create, ["password": .string(Self.password)])) == "POSTGRES-0012")
        #expect(await code(change(.serverDatabase, "y", .create, ["owner": "nobody-here"])) == "POSTGRES-0003")
        #expect(await code(change(.serverDatabase, "kept", .create)) == "POSTGRES-0004")

        // Adopted, it keeps its words.
        guard case .done(let adopted?) = await run(driver, change(.serverDatabase, "kept", .adopt, current: kept))
        else {
            throw Problem("not adopted")
        }
        #expect(adopted.isOwned)
        let comment = server.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = 'kept'")
        #expect(comment.output.hasPrefix("of the finance team (odooops:managed)"))

        // A role without rights can look, and can't change anything.
        server.execute("create role weak login")
        let weak = Self.driver("postgres://weak@127.0.0.1:\(server.port)/postgres", statements)
        guard case .failed(let fault) = await run(weak, change(.serverDatabase, "z", .create)) else {
            throw Problem("made without the right to")
        }
        #expect(fault.code == "POSTGRES-0002")
        guard case .success(let line) = await weak.checkAccess() else { throw Problem("not let in") }
        #expect(line.contains("without CREATEDB, without CREATEROLE"))
    }

    @Test("a server says which one it is, whoever asks; a copy of it is told by its address")
    func identities() async throws {
        let account = try #require(try await driver.account(context).get())
        #expect(account.hasPrefix("server ") && account.hasSuffix(" at 127.0.0.1:\(server.port)"))
        server.execute("create role curious login")
        let curious = Self.driver("postgres://curious@127.0.0.1:\(server.port)/template1", statements)
        #expect(try await curious.account(context).get() == account)
        let elsewhere = Self.driver("postgres://postgres@localhost:\(server.port)/postgres", statements)
        #expect(try await elsewhere.account(context).get() != account)
        #expect(ServerAddress(Secret("postgres://u:pw@a:1,b:2/x?sslmode=require"))?.hosts == "a,b:1,2")
        #expect(ServerAddress(Secret("postgres:///x?host=/run/pg"))?.hosts == "/run/pg:5432")
        #expect(ServerAddress(Secret("mysql://a/x"))?.hosts == nil)
    }

    /// An operator of theirs stands before the server's for whoever connects, and would run with the rights of an administrator.
    @Test("what a database's owner puts before the server's own operators is not run")
    func runsNothingOfOthers() async throws {
        let name = String(try #require(server.makeDatabase("path")?.split(separator: "/").last))
        for statement in [
            "create schema theirs",
            "create function theirs.f(name, text) returns boolean language plpgsql as $$ begin raise 'it ran'; end $$",
            "create operator theirs.!~ (leftarg = name, rightarg = text, function = theirs.f)",
            "alter database \(name) set search_path = theirs, pg_catalog",
        ] {
            let result = server.execute(statement, database: name)
            #expect(result.status == 0, "\(statement): \(result.output)")
        }
        #expect(server.execute("select 'a'::name !~ 'b'::text", database: name).status != 0)
        let seen = ObservedState(
            await driver.observe(
                ObserveRequest(kinds: [.serverDatabase], names: [.serverDatabase: [name]]), context))
        let found = try #require(seen.kinds[.serverDatabase]?.resources.first { $0.key.name == name })
        #expect(found.attributes["object_count"] == 0)
    }

    @Test("names and texts are quoted so that they are nothing else")
    func quoting() {
        #expect(Identifier("a\"b")?.quoted == "\"a\"\"b\"")
        #expect(Identifier("\"")?.quoted == "\"\"\"\"")
        #expect(Identifier("a\0b") == nil && Identifier(String(repeating: "é", count: 32)) == nil)
        #expect(literal("it's") == "'it''s'" && literal("a\\'b") == " E'a\\\\''b'")
    }
}

/// Carries nothing: this provider speaks no HTTP.
struct Silent: HTTPTransport {
    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse { HTTPResponse(status: 500) }
}

/// A test that can't go on.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
