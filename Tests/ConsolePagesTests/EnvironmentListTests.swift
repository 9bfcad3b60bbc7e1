import Basics
import DesiredState
import Formats
import Store
import Testing

@testable import ConsolePages

/// The list of environments says what one has to know to act.
@Suite struct EnvironmentListTests {
    @Test("Of an environment that ends soon the list shows how to extend it, and of each as of what it stands")
    func soon() async throws {
        let world = try await ExampleWorld()
        await world.pass()
        let early = try await world.html("/environments")
        #expect(!early.contains("reconcile env extend"), "none ends within two days")
        let revision = "done at <code class=\"nowrap\" title=\"\(String(repeating: "e", count: 40))\">"
        let count = try await world.store.environments().count
        #expect(early.split(separator: revision, omittingEmptySubsequences: false).count == count + 1)
        world.time.advance(by: .days(13))
        await world.pass()
        let late = try await world.html("/environments")
        for (name, isNamed) in [("crm-rewrite", true), ("payroll", true), ("staging", false), ("production", false)] {
            #expect(late.contains("reconcile env extend \(name) --days 7") == isNamed, "\(name)")
        }
        let audit = AuditRecord(
            at: world.time.now, action: "env.pin", target: "payroll", actor: "ada", detail: ["reason": "in use"])
        _ = try await world.store.setPinned("payroll", true, reason: "in use", until: nil, audit: audit)
        let pinned = try await world.html("/environments")
        #expect(pinned.contains("env extend crm-rewrite") && !pinned.contains("env extend payroll"))
    }
}
