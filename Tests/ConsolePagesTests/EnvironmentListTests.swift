import Basics
import DesiredState
import Formats
import Store
import Testing
import Web

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

    private static func filled() async throws -> (pages: ConsolePages, store: Store) {
        let (store, time) = try await Stores.empty()
        var loose = EnvironmentRow(slug: "loose", tier: .dev, createdAt: testNow, expiresAt: testNow + .days(3))
        (loose.unwantedSince, loose.graceEnds) = (testNow, testNow + .hours(20))
        var late = EnvironmentRow(slug: "late", tier: .preview, createdAt: testNow, expiresAt: testNow + .hours(9))
        late.metadata = ["longest_extension_days": 2, "cost_monthly_usd": "8.00"]
        var old = EnvironmentRow(slug: "old", tier: .dev, status: .gone, createdAt: testNow)
        old.metadata = ["cost_monthly_usd": "9.00"]
        _ = try await store.saveEnvironments([
            loose, late, old, EnvironmentRow(slug: "erp", tier: .production, createdAt: testNow, expiresAt: nil),
        ])
        return (PagesTests.pages(store, time), store)
    }

    @Test("What nothing wants any more is shown with when it goes and not as what lasts, and is kept by a pin alone")
    func unwanted() async throws {
        let (pages, store) = try await Self.filled()
        let goes = "unwanted, goes \((testNow + .hours(20)).minuteText)"
        let list = try await PagesTests.html(pages, "/environments")
        #expect(list.contains(goes) && !list.contains("3 days left") && !list.contains("env extend loose"))
        #expect(list.contains("reconcile env extend late --days 2"), "as the policy allows")
        let page = try await PagesTests.html(pages, "/environments/loose")
        #expect(page.contains(goes) && page.contains("reconcile env pin loose") && !page.contains("env extend"))
        let overview = try await PagesTests.html(pages, "/")
        #expect(overview.contains(goes) && overview.contains("reconcile env extend late --days 2"))
        await store.close()
    }

    @Test("The tabs count what their lists show, and what is gone has a list of its own")
    func gone() async throws {
        let (pages, store) = try await Self.filled()
        let list = try await PagesTests.html(pages, "/environments")
        for tab in ["All 3", "production 1", "development 1", "preview 1", "Gone 1"] {
            #expect(list.contains(">\(tab)</a>"), "\(tab)")
        }
        #expect(!list.contains("<strong>old"))
        #expect(!(try await PagesTests.html(pages, "/environments?tier=dev")).contains("<strong>old"))
        let gone = try await PagesTests.html(pages, "/environments?gone=1")
        #expect(gone.contains("<strong>old") && !gone.contains("<strong>late") && gone.contains("nothing runs"))
        #expect(!gone.contains("$9.00"), "nothing of it costs anything")
        await store.close()
    }

    @Test(
        "A tier is read by its alias, and one that there isn't is said to be none",
        arguments: [
            ("prod", nil), ("production", nil), ("bogus", "There is no tier bogus"), ("previw", "did you mean preview"),
        ])
    func tiers(word: String, problem: String?) async throws {
        let (pages, store) = try await Self.filled()
        let list = try await PagesTests.html(pages, "/environments?tier=\(word)")
        #expect(list.contains("<strong>erp") == (problem == nil) && !list.contains("<strong>late"), "\(word)")
        #expect(list.contains(problem ?? "<tbody"))
        await store.close()
    }
}
