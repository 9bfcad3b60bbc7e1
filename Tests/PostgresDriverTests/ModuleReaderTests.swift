import Basics
import DesiredState
import Drivers
import TestKit
import Testing

@testable import PostgresDriver

/// A server that is only read: what it shows, what it says when it shows nothing, and that no password is in any of it.
@Suite("Servers of modules.servers", .enabled(if: PostgresServer.isInstalled), .serialized)
struct ModuleReaderTests {
    private static let password = "canary-reader-pw-81c4"
    private static let reference = SecretReference.environment("SHOP_PG_READER")
    private static let role = "odooops_reader"
    /// One for all tests here: it wants a password of the role that reads, which others of this process don't know of.
    private static let ownServer = PostgresServer.another()

    let server: PostgresServer
    let context = DriverContext(runID: "reader-tests", log: .none)

    init() throws {
        server = try #require(Self.ownServer)
        // As docs/providers/postgres.md has it.
        guard server.execute("select 1 from pg_roles where rolname = '\(Self.role)'").output.isEmpty else { return }
        for statement in [
            "create role \(Self.role) login password '\(Self.password)'",
            "alter role \(Self.role) set log_statement = 'all'",
        ] { #expect(server.execute(statement).status == 0) }
        #expect(server.wantPassword(of: Self.role))
    }

    private var uri: String { "postgres://\(Self.role):\(Self.password)@127.0.0.1:\(server.port)/postgres" }

    private func reader(_ uri: String?, limit: Duration = .seconds(10)) -> ModuleReader {
        ModuleReader(cluster: "shop-pg", reference: Self.reference, limit: limit) { uri.map { Secret($0) } }
    }

    /// A database of Odoo in which these modules are installed, with the rights of the documentation or without.
    private func database(_ modules: [String], isGranted: Bool = true) throws -> String {
        let name = String(try #require(server.makeDatabase("odoo")?.split(separator: "/").last))
        var statements = [
            "revoke connect on database \(name) from public",
            "create table ir_module_module (name varchar, state varchar, latest_version varchar)",
        ]
        statements += modules.map { "insert into ir_module_module values ('\($0)', 'installed', '19.0.1.0')" }
        if isGranted {
            statements += [
                "grant connect on database \(name) to \(Self.role)", "grant usage on schema public to \(Self.role)",
                "grant select on public.ir_module_module to \(Self.role)",
            ]
        }
        for statement in statements {
            let result = server.execute(statement, database: name)
            #expect(result.status == 0, "\(statement): \(result.output)")
        }
        return name
    }

    private func fault(_ reader: ModuleReader, _ database: String) async throws -> ProviderFault {
        guard case .failure(let fault) = await reader.modules(in: database, context) else {
            throw Problem("\(database) was read")
        }
        #expect(!PlantedSecrets.isHeld(in: "\(fault) \(fault.hint ?? "") \(fault.place ?? "") \(reader.server ?? "")"))
        return fault
    }

    @Test("A role with three rights in a database reads its list, by a password that may change meanwhile")
    func reads() async throws {
        let name = try database(["base", "crm"])
        let address = Locked<String?>(uri)
        let reader = ModuleReader(cluster: "shop-pg", reference: Self.reference) {
            address.withLock { $0.map { Secret($0) } }
        }
        let sight = try await reader.look(in: name).get()
        #expect(
            sight.census
                == .modules(
                    ["base", "crm"].map { InstalledModule(name: $0, state: .installed, version: "19.0.1.0") }))
        #expect(!sight.isSuperuser && sight.version.first?.isNumber == true)
        #expect(reader.server == "127.0.0.1:\(server.port)")
        address.withLock { $0 = nil }
        #expect(try await fault(reader, name).code == "POSTGRES-0018")
        address.withLock { $0 = server.uri() }
        #expect(try await reader.look(in: nil).get().isSuperuser)
        #expect(try await reader.modules(in: name, context).get() == sight.census)
    }

    @Test("All that a look sends is what the server's own log has of it: it reads, and only may read")
    func sends() async throws {
        let name = try database(["base"])
        _ = try await reader(uri).modules(in: name, context).get()
        let log = String(decoding: try FileSystem.read("\(server.directory)/log"), as: UTF8.self)
        let sent = log.split(separator: "statement: ").dropFirst().map { $0.prefix { $0 != "\n" } }
        #expect(sent.first?.hasSuffix("; set default_transaction_read_only = on") == true, "\(sent)")
        #expect(sent.contains { $0.hasPrefix("begin read only") })
        let reading = [
            "set search_path", "begin read only", "select ", "lock table only public.ir_module_module in access share",
        ]
        for text in sent { #expect(reading.contains { text.hasPrefix($0) }, "\(text)") }
        #expect(!PlantedSecrets.isHeld(in: log))
    }

    @Test("Every transaction may only read and ends after five seconds, also with a role that may do all")
    func readsOnly() throws {
        let connection = try ServerConnection(
            Secret(server.uri()), database: nil, timeout: .seconds(5), limit: .seconds(5), isReadOnly: true)
        #expect(try connection.query("show default_transaction_read_only") == [["on"]])
        #expect(try connection.query("show statement_timeout") == [["5s"]])
        do throws(ServerError) {
            _ = try connection.query("create table written (a int)")
            Issue.record("it wrote")
        } catch {
            #expect(error.state == "25006", "\(error)")
        }
        #expect(try connection.query("select 1; select 2") == [["2"]])
    }

    @Test(
        "What it doesn't show is told with the server's name, a code and what helps",
        arguments: [
            ("{none}", "POSTGRES-0018", "nothing is at env:SHOP_PG_READER", "%40", true),
            ("postgres://r:{password}@[", "POSTGRES-0018", "can't be read", "%2F", true),
            ("postgres://r:x@{password}@127.0.0.1:{port}/x", "POSTGRES-0018", "can't be read", "%40", true),
            ("postgres://r:{password}/x@127.0.0.1:{port}/x", "POSTGRES-0018", "can't be read", "%2F", true),
            ("postgres://r:12/{password}@127.0.0.1:{port}/x", "POSTGRES-0018", "can't be read", "%2F", true),
            ("{own}wrong", "POSTGRES-0017", "doesn't let us in", "alter role \"odooops_reader\" password", true),
            ("postgres://r:{password}@127.0.0.1:1/x", "POSTGRES-0017", "doesn't answer", "127.0.0.1:1", true),
            ("{own}/missing", "POSTGRES-0019", "does not exist", "the address of the cluster shop-pg", false),
            ("{own}/ungranted", "POSTGRES-0016", "permission denied", "to \"odooops_reader\"; grant usage", false),
        ])
    func refusals(uri: String, code: String, words: String, hint: String, isOfServer: Bool) async throws {
        let database = uri.hasSuffix("missing") ? "no_such_database" : try database(["base"], isGranted: false)
        // As an argument it would stand in the output of the tests, which is looked through for it.
        var address: String? = uri.replacing("{port}", with: "\(server.port)").replacing(
            "{password}", with: Self.password)
        if uri == "{none}" { address = nil }
        if uri.hasPrefix("{own}") {
            address = uri.hasSuffix("wrong") ? self.uri.replacing(Self.password, with: "canary-wrong") : self.uri
        }
        let reader = reader(address)
        let found = try await fault(reader, database)
        #expect(found.code == code && reader.isOfServer(found) == isOfServer, "\(found)")
        #expect(found.message.hasPrefix("the server shop-pg of modules.servers ") && found.message.contains(words))
        #expect(found.hint?.contains(hint) == true && found.hint?.contains("POSTGRES_ADMIN_URL") == false, "\(found)")
    }

    @Test("One that takes a connection and says nothing, or stands still later, costs no more than its limit")
    func bounds() async throws {
        let held = Locked<[RawSocket]>([])
        let silent = try #require(
            RawListener { socket in held.withLock { $0.append(socket) } })
        let began = ContinuousClock().now
        let found = try await fault(
            reader("postgres://r:\(Self.password)@127.0.0.1:\(silent.port)/x", limit: .seconds(1)), "x")
        #expect(found.code == "POSTGRES-0017" && found.message.contains("no answer within"), "\(found)")
        let connection = try ServerConnection(
            Secret(server.uri()), database: nil, timeout: .seconds(5), limit: .seconds(1), isReadOnly: true)
        do throws(ServerError) {
            _ = try connection.query("select pg_sleep(30)")
            Issue.record("it waited")
        } catch {
            #expect(error.isBroken && error.message.contains("no answer within"), "\(error)")
        }
        #expect(ContinuousClock().now - began < .seconds(10))
    }
}
