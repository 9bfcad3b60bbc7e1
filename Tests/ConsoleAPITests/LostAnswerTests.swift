import Basics
import ConsoleAccess
import DesiredState
import Formats
import Store
import Testing

@testable import ConsoleAPI

/// An engine whose commit of one statement is followed by a fault, as where the server goes away just then.
struct BreakingEngine: SQLEngine {
    enum Break: Sendable, CaseIterable {
        /// It was committed, and the answer to that was lost.
        case answerLost
        /// It was committed, and nothing can be read from then on.
        case readsFail
    }

    let inner: any SQLEngine
    /// Whose commit it is: a part of its text.
    let statement: String
    let fault: Break
    /// Whether it is the next such commit.
    let isArmed = Locked(false)
    private let isBroken = Locked(false)

    var dialect: SQLDialect { inner.dialect }
    var place: String { inner.place }

    init(_ inner: any SQLEngine, after statement: String, _ fault: Break) {
        self.inner = inner
        self.statement = statement
        self.fault = fault
    }

    func mend() { isBroken.withLock { $0 = false } }

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        let met = Locked(false)
        let result = try await inner.transaction { [statement] (db: any SQLConnection) throws(StoreFault) -> T in
            try body(Watched(inner: db, statement: statement, met: met))
        }
        guard met.withLock({ $0 }), isArmed.withLock({ $0 }) else { return result }
        isArmed.withLock { $0 = false }
        if fault == .answerLost {
            throw StoreFault(.unknown, code: "STORE-0016", message: "the answer to a commit was lost")
        }
        isBroken.withLock { $0 = true }
        return result
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        if isBroken.withLock({ $0 }) {
            throw StoreFault(.unreachable, code: "STORE-0001", message: "nobody answers")
        }
        return try await inner.read(body)
    }

    func close() async { await inner.close() }

    private struct Watched: SQLConnection {
        let inner: any SQLConnection
        let statement: String
        let met: Locked<Bool>

        func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow] {
            if sql.contains(statement) { met.withLock { $0 = true } }
            return try inner.run(sql, binds)
        }
    }
}

/// A write is done once by its key, also where the store breaks just after it.
@Suite struct LostAnswerTests {
    private static let again = [("Idempotency-Key", "0123456789abcdef")]

    /// A write, the statement that does it, and how to tell how often it was done.
    struct Write: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: String
        let path: String
        let body: Value
        let statement: String
        let action: String
    }

    static let writes = [
        Write(
            testDescription: "an extension", method: "POST", path: "/environments/feature-a/extend",
            body: ["days": 2, "reason": "shown"], statement: "extension_days = extension_days", action: "env.extend"),
        Write(
            testDescription: "a pin", method: "POST", path: "/environments/feature-a/pin", body: ["reason": "shown"],
            statement: "is_pinned = ", action: "env.pin"),
        Write(
            testDescription: "other roles", method: "PUT", path: "/access/users/ada", body: ["roles": ["viewer"]],
            statement: "insert into ops.access_users", action: "access.user.put"),
    ]

    @Test(arguments: writes, BreakingEngine.Break.allCases)
    func aWriteIsDoneOnceAlsoWhereTheStoreBreaksJustAfterIt(write: Write, how: BreakingEngine.Break) async throws {
        let engine = Locked<BreakingEngine?>(nil)
        let world = try await APIWorld(over: { inner in
            let made = BreakingEngine(inner, after: write.statement, how)
            engine.withLock { $0 = made }
            return made
        })
        let breaking = try #require(engine.withLock { $0 })
        try await world.fill()
        _ = try await world.access.putUser("ada", password: nil, grants: [Grant(.owner)], by: "test")
        func done() async throws -> Int {
            try await world.store.auditLog(limit: 100).count { $0.action == write.action }
        }
        let before = try await done()
        breaking.isArmed.withLock { $0 = true }
        let first = try await world.send(write.method, write.path, as: "owner", body: write.body, headers: Self.again)
        breaking.mend()
        #expect(try await done() == before + 1)
        switch how {
        case .answerLost:
            #expect(first.status == 503 && first.error == "OUTCOME_UNKNOWN", "\(first.body)")
            #expect(first.headers["Retry-After"] == nil, "nobody is asked to do it blindly again")
        case .readsFail: #expect(first.status == 200, "\(first.body)")
        }
        let second = try await world.send(write.method, write.path, as: "owner", body: write.body, headers: Self.again)
        #expect(second.status == (how == .answerLost ? 409 : 200), "\(second.body)")
        world.time.advance(by: Store.requestLasting)
        let third = try await world.send(write.method, write.path, as: "owner", body: write.body, headers: Self.again)
        if how == .answerLost { #expect(third.code == "API-0016", "\(third.body)") }
        #expect(try await done() == before + 1, "neither comes to a second one")
    }
}
