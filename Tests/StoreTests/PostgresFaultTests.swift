import Basics
import Store
import StorePostgres
import TestKit
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .serialized) struct PostgresFaultTests {
    @Test func `a server that can't be used is named with what to do, and never with a password`() async throws {
        let server = try #require(PostgresServer.shared)
        // The cluster trusts everybody; one user has to show a password.
        let file = server.execute("show hba_file").output.filter { !$0.isWhitespace }
        let rules =
            "host all keyholder 127.0.0.1/32 scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust"
        #expect(server.execute("create role keyholder login password 'canary-right'").status == 0)
        let written = server.execute("copy (select unnest(string_to_array('\(rules)', e'\\n'))) to '\(file)'")
        #expect(written.status == 0, "\(written.output)")
        #expect(server.execute("select pg_reload_conf()").status == 0)
        let here = "127.0.0.1:\(server.port)"
        let port = try #require(FreePort.find())
        let cases = [
            ("postgres://keyholder:canary-wrong@\(here)/postgres", "STORE-0011"),
            ("postgres://postgres:canary@\(here)/canteen", "STORE-0012"),
            ("postgres://postgres:canary@\(here)/postgres?sslmode=require", "STORE-0013"),
            ("postgres://postgres:canary@127.0.0.1:\(port)/postgres", "STORE-0010"),
            ("postgres://postgres:canary@host.invalid/postgres", "STORE-0010"),
            ("postgres://postgres:canary%zz@\(here)/postgres", "STORE-0031"),
            ("postgres://postgres:canary@\(here)/postgres?canary_option=1", "STORE-0031"),
            // What is left of a password after its `@` or `/` is no host, no port and no database.
            ("postgres://postgres:x@canary@\(here)/postgres", "STORE-0031"),
            ("postgres://postgres:canary/x@\(here)/postgres", "STORE-0031"),
            ("postgres://postgres:1/canary@\(here)/postgres", "STORE-0031"),
            ("postgres://postgres:x@y/canary@\(here)/postgres", "STORE-0031"),
            ("postgres://postgres:canary/postgres", "STORE-0031"),
        ]
        for (uri, code) in cases {
            // The server reads its rules again in its own time.
            let fault = Locked<StoreFault?>(nil)
            #expect(
                await eventually {
                    do throws(StoreFault) {
                        await (try PostgresEngine.open(Secret(uri))).close()
                        return false
                    } catch {
                        fault.withLock { $0 = error }
                        return true
                    }
                })
            let found = fault.withLock { $0 }
            #expect(found?.code == code && found?.hint != nil, "\(found.map(\.description) ?? "")")
            #expect(found?.description.contains("canary") == false)
        }
        try await PostgresEngine.open(Secret("postgres://keyholder:canary-right@\(here)/postgres")).close()
    }

    @Test func `another role or password in the address's file is taken up, another database never`() async throws {
        let server = try #require(PostgresServer.shared)
        let here = try #require(server.makeDatabase("rotating")).split(separator: "@").last.map { String($0) } ?? ""
        for role in ["rotator", "successor"] {
            #expect(server.execute("drop role if exists \(role); create role \(role) login").status == 0)
            #expect(server.wantPassword(of: role))
        }
        func set(_ role: String, _ password: String) {
            #expect(server.execute("alter role \(role) password '\(password)'").status == 0)
        }
        // No word that is hunted for in what tests leave: here it stands in a file, as it has to.
        set("rotator", "sesame-one")
        set("successor", "sesame-three")
        let directory = try TemporaryDirectory()
        let path = directory.path("address")
        func write(_ text: String) throws { try FileSystem.write("\(text)\n".utf8, to: path) }
        try write("postgres://rotator:sesame-one@\(here)")
        let uri = try #require(SecretReference.file(path).follow(in: [:]))
        let engine = try await PostgresEngine.open(uri)
        @Sendable func place() async throws -> String {
            // What is idle would go on with the old login for as long as it lives.
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename in ('rotator', 'successor')")
            return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> String in
                try db.run("select current_user || ' ' || current_database()", []).first?.optionalText(0) ?? ""
            }
        }
        let database = here.split(separator: "/").last.map { String($0) } ?? ""
        #expect(try await place() == "rotator \(database)")

        set("rotator", "sesame-two")
        // The server reads its rules again in its own time.
        let isRefused = await eventually {
            do {
                _ = try await place()
            } catch {
                return (error as? StoreFault)?.code == "STORE-0011" && !"\(error)".contains("sesame")
            }
            return false
        }
        #expect(isRefused)
        try write("postgres://rotator:sesame-two@\(here)")
        #expect(try await place() == "rotator \(database)")
        try write("postgres://successor:sesame-three@\(here)")
        #expect(try await place() == "successor \(database)")
        try write("postgres://postgres:sesame-four@127.0.0.1:\(server.port)/postgres")
        #expect(try await place() == "successor \(database)")
        await engine.close()
    }

    @Test func `an idle connection that broke is replaced, one that breaks inside is a fault`() async throws {
        try await TestStore.with(.postgres) { test in
            let engine = test.engine
            func end() async throws {
                let killer = try await test.another()
                _ = try await killer.read { (db: any SQLConnection) throws(StoreFault) -> Int in
                    try db.run(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid()
                        """, []
                    ).count
                }
                await killer.close()
            }
            for _ in 0..<3 {
                try await end()
                try await test.store.ping()
            }
            await #expect {
                try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                    try db.run("insert into ops.leases values ('a', 'b', 1, now(), now())", [])
                    try db.run("select pg_terminate_backend(pg_backend_pid())", [])
                }
            } throws: {
                ($0 as? StoreFault)?.code == "STORE-0015"
            }
            #expect(try await test.rows("select * from ops.leases").isEmpty)
        }
    }

    @Test func `what was made anew beside a service is found on fresh connections, as a restore makes all of it`()
        async throws
    {
        try await TestStore.with(.postgres) { test in
            let make = [
                "create type ops.mood as enum ('calm', 'cross')",
                "create table ops.moods (at int primary key, mood ops.mood not null)",
                "insert into ops.moods values (1, 'calm')",
            ]
            try await test.prepare(make)
            @Sendable func use() async throws {
                _ = try await test.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
                    try db.run(
                        "insert into ops.moods values ($1, $2) on conflict (at) do update set mood = excluded.mood",
                        [.int(2), .text("cross")])
                    return try db.run("select * from ops.moods where mood = $1", [.text("cross")]).count
                }
            }
            // Each of several connections has its statements prepared.
            for _ in 0..<3 {
                await withTaskGroup { group in
                    for _ in 0..<8 { group.addTask { try? await use() } }
                }
            }
            let other = try await test.another()
            for change in [make, make + ["alter table ops.moods add column why text"]] {
                _ = try await other.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
                    try db.run("drop table ops.moods", [])
                    try db.run("drop type ops.mood", [])
                    for statement in change { try db.run(statement, []) }
                    return 0
                }
                for _ in 0..<8 { try await use() }
            }
            // The same table, of which the same question now has another answer.
            _ = try await other.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
                try db.run("alter table ops.moods add column since int", []).count
            }
            for _ in 0..<8 { try await use() }
            await other.close()
            // A statement that is refused again and again is a fault all the same.
            await #expect(throws: StoreFault.self) {
                try await test.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                    try db.run("do $$ begin raise 'no' using errcode = 'XX000'; end $$", [])
                }
            }
            #expect(try await test.rows("select * from ops.moods where at = 2").count == 1)
        }
    }

    @Test func `a commit whose answer was lost is unknown and not repeated`() async throws {
        try await TestStore.with(.postgres) { test in
            try await test.prepare([
                "create table ops.calls (at timestamptz)",
                """
                create function ops.hang_up() returns trigger language plpgsql as
                $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$
                """,
                """
                create constraint trigger hang_up after insert on ops.leases deferrable initially deferred
                for each row execute function ops.hang_up()
                """,
            ])
            let bodies = Locked(0)
            let fault = await #expect(throws: StoreFault.self) {
                try await test.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                    bodies.withLock { $0 += 1 }
                    try db.run("insert into ops.leases values ('a', 'b', 1, now(), now())", [])
                }
            }
            #expect(fault?.kind == .unknown && fault?.disposition == .observeAgain)
            #expect(bodies.withLock { $0 } == 1)
        }
    }

    @Test func `a statement that takes too long and a failed one that was passed over end the transaction`()
        async throws
    {
        try await TestStore.with(.postgres) { test in
            let engine = try await PostgresEngine.open(
                Secret(test.address), options: .init(statementTimeout: .milliseconds(50)))
            await #expect {
                try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Int in
                    try db.run("select pg_sleep(10)", []).count
                }
            } throws: {
                ($0 as? StoreFault)?.code == "STORE-0014"
            }
            await #expect(throws: StoreFault.self) {
                try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                    try db.run("insert into ops.leases values ('a', 'b', 1, now(), now())", [])
                    _ = try? db.run("select 1 / 0", [])
                }
            }
            #expect(try await test.rows("select * from ops.leases").isEmpty)
            // A pooler between us forgets what was prepared: the transaction runs again without.
            for _ in 0..<2 {
                try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                    try db.run("select count(*) from ops.leases", [])
                    try db.run("deallocate all", [])
                }
            }
            #expect(
                try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Int in
                    try db.run("select count(*) from ops.leases", []).count
                } == 1)
            await engine.close()
        }
    }
}
