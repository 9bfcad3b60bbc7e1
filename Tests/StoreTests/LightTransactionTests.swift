import Basics
import Store
import Testing

/// Transactions that don't wait for the disk, beside those that do.
@Suite("Light transactions")
struct LightTransactionTests {
    @Test("they keep all or nothing as others do, and only they don't wait for the disk", arguments: engines)
    func light(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await test.prepare(["create table ops.lights (number integer)"])
            // How this very transaction is committed; the cluster of the tests never waits by itself.
            let question = engine == .sqlite ? "pragma ops.synchronous" : "show synchronous_commit"
            @Sendable func put(_ number: Int64, _ db: any SQLConnection) throws(StoreFault) -> SQLValue? {
                if engine == .postgres, number.isMultiple(of: 2) { try db.run("set local synchronous_commit = on", []) }
                try db.run("insert into ops.lights (number) values ($1)", [.int(number)])
                return try db.run(question, []).first?.values.first
            }
            var answers: [SQLValue?] = []
            for number in Int64(1)...4 {
                if number.isMultiple(of: 2) {
                    answers.append(
                        try await test.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> SQLValue? in
                            try put(number, db)
                        })
                } else {
                    answers.append(
                        try await test.engine.lightTransaction {
                            (db: any SQLConnection) throws(StoreFault) -> SQLValue? in try put(number, db)
                        })
                }
            }
            let (light, full): (SQLValue, SQLValue) =
                engine == .sqlite ? (.int(1), .int(2)) : (.text("off"), .text("on"))
            #expect(answers == [light, full, light, full])
            await #expect(throws: StoreFault.self) {
                try await test.engine.lightTransaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                    _ = try put(5, db)
                    throw StoreFault(.refused, code: "TEST-0001", message: "no")
                }
            }
            let kept = try await test.rows("select number from ops.lights order by number")
            #expect(try kept.map { try $0.int(0) } == [1, 2, 3, 4])
        }
    }
}
