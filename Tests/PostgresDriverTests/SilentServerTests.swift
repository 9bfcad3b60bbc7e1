import Basics
import DesiredState
import Diff
import Drivers
import TestKit
import Testing

@testable import PostgresDriver

/// A server that stands still keeps its connections open: each call ends all the same, and says what it waited for.
@Suite("A server that stands still") struct SilentServerTests {
    /// When it stops.
    enum Stop: String, Sendable, CaseIterable {
        case afterAccepting, afterLetting, afterSettings
    }

    private let connections = Locked(0)
    private let context = DriverContext(runID: "silent-tests", log: .none)

    /// Speaks as a server does (PostgreSQL's documentation, "Message Formats") until it stops.
    private func listener(_ stop: Stop) throws -> RawListener {
        let listener = RawListener { [connections] socket in
            connections.withLock { $0 += 1 }
            let ready: [UInt8] = [0x5A, 0, 0, 0, 5, 0x49]
            if stop != .afterAccepting {
                _ = socket.blockingRead(until: "odooops\0")
                socket.send([0x52, 0, 0, 0, 8, 0, 0, 0, 0] + ready)
            }
            if stop == .afterSettings {
                _ = socket.blockingRead(until: "'UTC'")
                socket.send([0x43, 0, 0, 0, 8, 0x53, 0x45, 0x54, 0] + ready)
            }
            // Until the other end has gone.
            _ = socket.blockingRead(until: "never\u{1}said")
        }
        return try #require(listener)
    }

    private func driver(_ listener: RawListener, connect: Duration = .milliseconds(500)) -> PostgresDriver {
        PostgresDriver(
            uri: Secret("postgres://ops:canary-pw@127.0.0.1:\(listener.port)/x?sslmode=disable&gssencmode=disable"),
            limits: ServerLimits(
                connect: connect, read: .milliseconds(500), write: .milliseconds(500),
                look: .milliseconds(500)))
    }

    private func isTold(_ text: String) -> Bool {
        text.contains("POSTGRES-0020") && text.contains("stands still: no answer within 500ms")
            && !text.contains("canary")
    }

    @Test(
        "Looking at modules, objects, one object and rights ends, and the fault is the server's",
        arguments: Stop.allCases)
    func reads(stop: Stop) async throws {
        let listener = try listener(stop)
        let driver = driver(listener)
        guard case .failure(let fault) = await driver.modules(in: "odoo", context) else { throw Problem("it was read") }
        #expect(isTold("\(fault)") && driver.isOfServer(fault) && fault.disposition == .retry(after: nil), "\(fault)")
        connections.withLock { $0 = 0 }
        let kinds: Set<ResourceKind> = [.serverDatabase, .serverRole]
        for kind in await driver.observe(ObserveRequest(kinds: kinds), context) {
            guard case .unknown(let reason) = kind.completeness else { throw Problem("\(kind.kind) is complete") }
            #expect(isTold(reason), "\(reason)")
        }
        #expect(connections.withLock { $0 } == 1, "nobody asks again what stands still")
        guard case .unknown(let look) = await driver.look(at: ResourceKey(.serverRole, "erp"), context) else {
            throw Problem("seen")
        }
        #expect(isTold("\(look)"), "\(look)")
        guard case .failure(let access) = await driver.checkAccess() else { throw Problem("it answers") }
        #expect(isTold("\(access)"), "\(access)")
    }

    @Test("The answer to a write that doesn't come is lost; where the write was not sent, nothing has happened")
    func writes() async throws {
        let unknown = try await create(at: listener(.afterSettings), connect: .seconds(30))
        guard case .unknown(let fault) = unknown else { throw Problem("\(unknown)") }
        #expect(fault.code == "POSTGRES-0009" && fault.message.contains("no answer within 500ms"), "\(fault)")
        for stop in [Stop.afterAccepting, .afterLetting] {
            let failed = try await create(at: listener(stop), connect: .milliseconds(500))
            guard case .failed(let fault) = failed else { throw Problem("\(failed)") }
            #expect(isTold("\(fault)"), "\(fault)")
        }
    }

    private func create(at listener: RawListener, connect: Duration) async throws -> StepOutcome {
        let change = PlannedChange(
            key: ResourceKey(.serverDatabase, "erp"), action: .create, reason: "test", cause: .unappliedCommit)
        let driver = driver(listener, connect: connect)
        let step = try #require(driver.steps(for: change).first)
        return await driver.perform(
            step, of: ResolvedChange(change: change, wanted: Attributes([]), current: nil), context)
    }

    @Test("A statement ends with its time, with values and without", .enabled(if: PostgresServer.isInstalled))
    func statements() throws {
        let server = try #require(PostgresServer.shared)
        for values in [[], ["30"]] {
            let connection = try ServerConnection(Secret(server.uri()), database: nil, timeout: .seconds(5))
            #expect(try connection.query("select $1::text", ["a"]) == [["a"]])
            do throws(ServerError) {
                let time = values.isEmpty ? "30" : "$1::float"
                _ = try connection.query("select pg_sleep(\(time))", values, within: .milliseconds(300))
                Issue.record("it waited")
            } catch {
                #expect(error.isSilent && error.isBroken && error.message == "no answer within 300ms", "\(error)")
            }
        }
    }
}
