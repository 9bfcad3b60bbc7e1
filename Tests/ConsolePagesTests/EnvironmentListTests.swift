import Basics
import DesiredState
import Formats
import Reconciler
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

    @Test(
        "Of how many nobody knows what is wanted is said on the overview and on their list, with the place; none is in sync"
    )
    func unread() async throws {
        let (pages, store) = try await Self.filled()
        let doubt = "FMT-0002 at ssot/environments.yaml:66:1: a value is missing here"
        var rows = try await store.environments()
        for index in rows.indices where rows[index].status != .gone {
            rows[index].standing = EnvironmentStanding(resources: 3, unseen: 0, health: .healthy, healthReason: "")
            rows[index].weigh(doubt: doubt)
        }
        _ = try await store.saveEnvironments(rows)
        try await store.beginRun(
            RunRecord(id: Stores.runID, trigger: .schedule, phase: .succeeded, isDryRun: false, startedAt: testNow))
        for path in ["/", "/environments"] {
            let page = try await PagesTests.html(pages, path)
            #expect(page.contains("3 environments unknown") && page.contains(doubt), "\(path)")
            #expect(page.contains("reconcile explain erp") && !page.contains("in sync</span>"), "\(path)")
        }
        let page = try await PagesTests.html(pages, "/environments/loose")
        #expect(page.contains("sync unknown") && page.contains("stays meanwhile") && !page.contains("unwanted"))
        #expect(page.contains("t known: \(doubt)"))
        for index in rows.indices { rows[index].weigh(doubt: nil) }
        _ = try await store.saveEnvironments(rows)
        #expect(!(try await PagesTests.html(pages, "/")).contains(doubt))
        await store.close()
    }

    @Test("What is wanted of one that is left alone is told as every list tells it, with where its branch is by now")
    func revisions() async throws {
        let world = try await ExampleWorld()
        await world.pass()
        var row = try #require(try await world.store.environment("production"))
        let head = try #require(row.headCommit)
        row.headCommit = String(repeating: "0", count: 40)
        _ = try await world.store.saveEnvironments([row])
        let page = try await world.html("/environments/production")
        let wanted = try #require(page.split(separator: "Revision wanted").dropFirst().first?.prefix(400))
        #expect(wanted.contains("0000000000</code>") && wanted.contains("its branch is at"), "\(wanted)")
        #expect(wanted.contains(head.prefix(10)), "\(wanted)")
    }

    @Test("A token is asked for only where there is none", arguments: [true, false])
    func tokens(_ isPresent: Bool) async throws {
        let (store, time) = try await Stores.empty()
        var facts = ConsoleFacts()
        facts.secrets = [
            ConsoleFacts.Presence("supabase", reference: "env:SUPABASE_ACCESS_TOKEN", isPresent: isPresent)
        ]
        let pages = ConsolePages(
            access: nil, store: store, evidence: EvidenceStore(directory: "/nonexistent"), facts: facts,
            metrics: Metrics(), time: time)
        let page = try await PagesTests.html(pages, "/database")
        #expect(page.contains("Supabase was not looked at"))
        #expect(page.contains("Give the driver a token") == !isPresent)
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
