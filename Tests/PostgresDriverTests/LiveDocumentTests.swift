import Basics
import DesiredState
import Diff
import Drivers
import PostgresDriver
import SimulatorKit
import TestKit
import Testing

/// From an environment's document to the server, and nothing left to do.
@Suite("What an environment wants of a server", .enabled(if: PostgresServer.isInstalled), .serialized)
struct LiveDocumentTests {
    private static func document(_ database: String) -> [String: String] {
        [
            "ssot/environments.yaml": """
            runtimes: {postgres: lab-pg}
            environments:
              lab:
                tier: dev
                database_server: lab-pg
                database: \(database)
                database_user: lab_user
                database_password: env:LAB_PASSWORD

            """
        ]
    }

    @Test("Role and database are made, owned and marked; a second plan is empty; nothing else of the server is touched")
    func environment() async throws {
        // One of its own: what other suites make meanwhile would be in the second plan.
        let server = try #require(PostgresServer.another())
        // Whom the documentation asks for: no superuser.
        let admin = server.execute("create role lab_admin login createdb createrole password 'lab-admin'")
        #expect(admin.status == 0, "\(admin.output)")
        let uri = server.uri().replacing("postgres://postgres@", with: "postgres://lab_admin:lab-admin@")
        let password = Secret("canary-lab-password")
        let driver = PostgresDriver(
            uri: Secret(uri),
            resolve: { reference in reference == SecretReference.environment("LAB_PASSWORD") ? password : nil })
        let engine = SmallEngine(driver, DriverContext(runID: "test", log: .none), SystemTime())
        let made = await engine.converge(Self.document("lab_erp"))
        #expect(made.state.diagnostics.isEmpty, "\(made.state.diagnostics)")
        #expect(
            SmallEngine.Convergence.lines(made.first) == [
                "create postgres.role/lab_user allowed", "create postgres.database/lab_erp allowed",
            ])
        #expect(made.failures.isEmpty, "\(made.failures)")
        #expect(SmallEngine.Convergence.lines(made.second) == [], "\(made.second.changes)")
        // Another name is another database; the old one holds data, is marked first, and waits for a person.
        let other = await engine.converge(Self.document("lab_crm"), made.inventory)
        #expect(
            SmallEngine.Convergence.lines(other.first).sorted() == [
                "create postgres.database/lab_crm allowed", "delete postgres.database/lab_erp blocked",
            ])
        #expect(other.failures.isEmpty)
    }
}
