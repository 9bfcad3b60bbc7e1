import Basics
import DesiredState
import Drivers
import TestKit
import Testing

@testable import PostgresDriver

/// Odoo's table of modules as it is read from a server.
@Suite("Odoo's modules in a database", .enabled(if: PostgresServer.isInstalled), .serialized)
struct ModuleListingTests {
    private static let columns = """
        create table ir_module_module (id serial primary key, name varchar not null unique, state varchar,
          latest_version varchar, author varchar, website varchar, license varchar)
        """

    let server: PostgresServer
    let context = DriverContext(runID: "modules-tests", log: .none)
    let statements = Locked<[String]>([])

    init() throws { server = try #require(PostgresServer.shared) }

    private func driver(user: String = "postgres") -> PostgresDriver {
        PostgresDriver(uri: Secret("postgres://\(user)@127.0.0.1:\(server.port)/postgres")) { [statements] text in
            statements.withLock { $0.append(text) }
        }
    }

    /// A database of its own with these statements run in it.
    private func database(_ sql: [String]) throws -> String {
        let uri = try #require(server.makeDatabase("modules"))
        let name = String(try #require(uri.split(separator: "/").last))
        for statement in sql {
            let result = server.execute(statement, database: name)
            #expect(result.status == 0, "\(statement): \(result.output)")
        }
        return name
    }

    private func fault(
        _ driver: PostgresDriver, _ database: String
    ) async throws -> ProviderFault {
        guard case .failure(let fault) = await driver.modules(in: database, context) else {
            throw Problem("\(database) was read")
        }
        return fault
    }

    @Test("What is installed or about to change is read with its version and whose it is, and nothing is written")
    func reading() async throws {
        let name = try database([
            Self.columns,
            """
            insert into ir_module_module (name, state, latest_version, author, website, license) values
              ('web', 'installed', '19.0.1.0', 'Odoo S.A.', null, 'LGPL-3'),
              ('queue_job', 'to upgrade', '19.0.2.0.1', 'Camptocamp, OCA', 'https://github.com/OCA/queue', 'LGPL-3'),
              ('sale', 'uninstalled', null, 'Odoo S.A.', null, 'LGPL-3'), ('old', 'uninstallable', null, null, null, null),
              ('base', 'installed', '19.0.1.3', 'Odoo S.A.', null, 'LGPL-3'), ('crm', 'to install', null, null, '', null),
              ('hr', 'to remove', '', null, null, null), ('documents', 'installed', '19.0.1.0', 'Odoo S.A.', '', 'OEEL-1')
            """,
        ])
        let census = try await driver().modules(in: name, context).get()
        #expect(
            census
                == .modules([
                    InstalledModule(name: "base", state: .installed, version: "19.0.1.3", origin: .odoo),
                    InstalledModule(name: "crm", state: .toInstall),
                    InstalledModule(name: "documents", state: .installed, version: "19.0.1.0", origin: .enterprise),
                    InstalledModule(name: "hr", state: .toRemove),
                    InstalledModule(
                        name: "queue_job", state: .toUpgrade, version: "19.0.2.0.1", origin: .community("queue")),
                    InstalledModule(name: "web", state: .installed, version: "19.0.1.0", origin: .odoo),
                ]))
        let sent = statements.withLock { $0 }
        #expect(sent.first?.hasPrefix("begin read only") == true)
        #expect(sent.dropFirst().allSatisfy { $0.hasPrefix("select ") || $0.hasPrefix("lock table only ") }, "\(sent)")
        #expect(driver().server == "127.0.0.1:\(server.port)")
    }

    @Test("A database without Odoo is not initialised, nor is one in which it begins to set itself up")
    func notInitialised() async throws {
        #expect(try await driver().modules(in: database([]), context).get() == .notInitialised)
        #expect(try await driver().modules(in: database([Self.columns]), context).get() == .notInitialised)
    }

    @Test("Columns that older versions of Odoo lack, or that are of another type, say nothing of whose a module is")
    func fewerColumns() async throws {
        let name = try database([
            "create table ir_module_module (name text, state text, latest_version text, author jsonb)",
            "insert into ir_module_module values ('base', 'installed', '17.0.1.3', '{}')",
        ])
        #expect(
            try await driver().modules(in: name, context).get()
                == .modules([InstalledModule(name: "base", state: .installed, version: "17.0.1.3")]))
    }

    @Test(
        "What stands in the place of Odoo's table runs nothing with our rights",
        arguments: [
            // A view whose function would be run as whoever reads it.
            [
                "create table probe (who text)",
                "create function reveal() returns varchar language sql as $$ insert into probe "
                    + "values (current_user) returning 'installed'::varchar $$",
                "create view ir_module_module as select 'base'::varchar as name, reveal() as state, '1'::varchar as latest_version",
            ],
            [
                "create table other (name varchar, state varchar)",
                "create table ir_module_module (name int, state int)",
            ],
            [
                "create table ir_module_module (name varchar, state varchar, latest_version varchar) partition by list (name)"
            ],
            [
                "create type mood as enum ('installed')",
                "create table ir_module_module (name varchar, state mood, "
                    + "latest_version varchar)",
            ],
            [
                "create table ir_module_module (name varchar, state varchar, latest_version varchar generated always as "
                    + "('1'::varchar) stored)"
            ],
        ])
    func impostors(_ sql: [String]) async throws {
        let name = try database(sql)
        let found = try await fault(driver(), name)
        #expect(found.code == "POSTGRES-0016" && found.message.contains("is not Odoo's table"), "\(found)")
        #expect(!server.execute("select * from probe", database: name).output.contains("postgres"))
    }

    @Test("Operators and functions of others, found before the server's own, are not run")
    func shadowed() async throws {
        let name = try database([
            Self.columns,
            "insert into ir_module_module (name, state, latest_version) values ('base', 'installed', '1')",
            "create table probe (who text)", "create schema trap",
            "create function trap.left(varchar, int) returns text language plpgsql as $$ begin raise 'trapped'; end $$",
            "create function trap.left(text, int) returns text language plpgsql as $$ begin raise 'trapped'; end $$",
            "create function trap.eq(varchar, varchar) returns bool language plpgsql as $$ begin raise 'trapped'; end $$",
            "create operator trap.= (leftarg = varchar, rightarg = varchar, function = trap.eq)",
        ])
        #expect(server.execute("alter database \(name) set search_path = trap, public, pg_catalog").status == 0)
        #expect(
            try await driver().modules(in: name, context).get()
                == .modules([InstalledModule(name: "base", state: .installed, version: "1")]))
    }

    @Test("Where our role may not read, the fault says which rights to give; with them it reads")
    func rights() async throws {
        let name = try database([
            Self.columns,
            "insert into ir_module_module (name, state, latest_version) values ('base', 'installed', '1')",
        ])
        server.execute("create role reader login")
        let reader = driver(user: "reader")
        let refused = try await fault(reader, name)
        #expect(refused.code == "POSTGRES-0016" && refused.providerCode == "42501", "\(refused)")
        #expect(refused.hint?.contains("grant select on public.ir_module_module") == true)
        #expect(refused.disposition == .stop)
        server.execute("revoke connect on database \(name) from public")
        #expect(try await fault(reader, name).code == "POSTGRES-0016")
        server.execute("grant connect on database \(name) to reader")
        server.execute("grant select on ir_module_module to reader", database: name)
        #expect(
            try await reader.modules(in: name, context).get()
                == .modules([InstalledModule(name: "base", state: .installed, version: "1")]))
        // Rows that a policy would hide are not a list.
        for sql in [
            "alter table ir_module_module enable row level security",
            "create policy p on ir_module_module using (false)",
        ] {
            server.execute(sql, database: name)
        }
        #expect(try await fault(reader, name).code == "POSTGRES-0016")
        // Nor is a database that went meanwhile one without Odoo.
        #expect(try await fault(driver(), "no_such_database").code == "POSTGRES-0001")
    }

    @Test("A list that is too long is no list")
    func bounds() async throws {
        let name = try database([
            Self.columns,
            "insert into ir_module_module (name, state) select 'm' || n, 'installed' from generate_series(1, 5000) n",
        ])
        guard case .modules(let modules) = try await driver().modules(in: name, context).get() else {
            throw Problem("not read")
        }
        #expect(modules.count == 5_000)
        server.execute("insert into ir_module_module (name, state) values ('one_more', 'installed')", database: name)
        let found = try await fault(driver(), name)
        #expect(found.code == "POSTGRES-0016" && found.message.contains("5000"), "\(found)")
    }
}
