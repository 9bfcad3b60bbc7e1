import Basics
import DesiredState
import Diff
import Formats
import Git
import Store
import StoreSQLite
import TestKit
import Testing

@testable import Reconciler

@Suite("What a pass rests on")
struct GroundsTests {
    /// A thing that people can do by accident and on purpose, and what it takes away.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let before: SourceTree
        let after: SourceTree
        let key: String
        let code: String
        /// What only goes when somebody says that it is meant.
        let lost: String
        var branchesOf: [String?] = [nil, nil]
        var history: [Character]?
    }

    private static let qa = World.environments.replacing(
        "tiers:",
        "  qa2: {tier: dev, branch: feature/qa, host: web, database_cluster: shop-pg, database: odoo_qa2}\ntiers:")
    private static let without = World.tree(branches: ["main", "feature/crm"], revision: "b")

    private static func moved(_ tree: SourceTree, _ change: (inout [SourceFile]) -> Void) -> SourceTree {
        var tree = tree
        change(&tree.files)
        return tree
    }

    static let cases: [Case] = [
        Case(
            testDescription: "an older commit", before: World.tree(environments: qa, revision: "b"),
            after: World.tree(revision: "a"), key: "source.history/ssot", code: "PLAN-0017",
            lost: "database shop-pg odoo_qa2", history: ["a", "b"]),
        Case(
            testDescription: "a commit of another history", before: World.tree(environments: qa, revision: "b"),
            after: World.tree(revision: "c"), key: "source.history/ssot", code: "PLAN-0017",
            lost: "database shop-pg odoo_qa2", history: ["a", "b"]),
        Case(
            testDescription: "policies that vanished",
            before: moved(World.tree()) { $0.append(SourceFile(path: ".odooops/README.md", text: "ours\n")) },
            after: moved(World.tree(revision: "b")) { files in
                files.removeAll { $0.path == ".odooops/policies.yaml" }
                files.append(SourceFile(path: ".odooops/README.md", text: "ours\n"))
            }, key: "source.documents/ssot", code: "PLAN-0018", lost: "database shop-pg odoo_feature_loyalty"),
        Case(
            testDescription: "environments in the shadow of others",
            before: moved(World.tree(branches: ["main"])) { files in
                files.removeAll { $0.path == "ssot/environments.yaml" }
                files.append(SourceFile(path: "infra/ssot/environments.yaml", text: World.environments))
            },
            after: moved(
                World.tree(
                    environments: World.environments.replacing("  crm: {", "  # crm: {"), branches: ["main"],
                    revision: "b")
            ) {
                $0.append(SourceFile(path: "infra/ssot/environments.yaml", text: World.environments))
            }, key: "source.documents/ssot", code: "PLAN-0018", lost: "database shop-pg odoo_crm"),
        Case(
            testDescription: "the branches of another repository", before: World.tree(), after: without,
            key: "source.branches/ssot", code: "PLAN-0019", lost: "database shop-pg odoo_feature_loyalty",
            branchesOf: ["github.com/acme/odoo", "github.com/acme/infra"]),
    ]

    @Test("Nothing goes for it until a person says that it is meant, and then it does", arguments: cases)
    func waits(_ test: Case) async throws {
        let world = try await World(test.before)
        world.source.history.withLock { $0 = test.history?.map { String(repeating: $0, count: 40) } }
        world.source.branchesOf.withLock { $0 = test.branchesOf[0] }
        #expect(await world.pass().isSuccess)
        let holdings = await world.holdings()
        #expect(holdings.contains(test.lost), "\(holdings)")
        world.source.set(test.after)
        world.source.branchesOf.withLock { $0 = test.branchesOf[1] }
        var report = await world.pass()
        // A second one finds the same: the first has learnt nothing of it. Nor does `all` mean what nobody has seen.
        report = await world.pass(PassOptions(approvals: ["all"]))
        #expect(Set(holdings).subtracting(await world.holdings()) == [], "\(report.story)")
        #expect(report.run.phase == .awaitingApproval && report.plan?.summary.delete == 0)
        #expect(report.plan?.diagnostics.contains { $0.code == test.code } == true)
        let change = try #require(report.withheld.first { $0.key.description == test.key })
        #expect(change.verdict == .needsApproval)
        let notices = try await world.store.notices(limit: 100)
        #expect(notices.count { $0.kind == .approvalWaiting && $0.subject == test.key } == 1)

        // A dry run counts no stored approval; what was trusted before is trusted without one.
        let request = ApprovalRequest(run: report.run.id, keys: [test.key], reason: "meant")
        _ = try await request.make(in: world.store, by: Actor("ada"), at: world.time.now)
        #expect(await world.pass(PassOptions(isDryRun: true)).withheld.contains { $0.key.description == test.key })
        world.source.set(test.before)
        world.source.branchesOf.withLock { $0 = test.branchesOf[0] }
        report = await world.pass()
        #expect(report.plan?.changes.isEmpty == true, "\(report.story)")
        world.source.set(test.after)
        world.source.branchesOf.withLock { $0 = test.branchesOf[1] }
        // Where `prune` went as well, what is let go of though its branch is there is named too.
        report = await world.pass(
            PassOptions(
                approvals: ["odoo_crm", "odoo_feature_loyalty"].map { "digitalocean.database/shop-pg/\($0)" }))
        #expect(await world.holdings().contains(test.lost) == false, "\(report.story)")
        #expect(try await world.store.standingApprovals().isEmpty)
        report = await world.pass()
        #expect(report.plan?.diagnostics.contains { $0.code == test.code } == false)
        await world.engine.close()
    }

    @Test("An approval is of one departure: of another one it says nothing")
    func bindsApprovals() async throws {
        let world = try await World(World.tree(environments: Self.qa, revision: "c"))
        world.source.history.withLock { $0 = ["a", "b", "c"].map { String(repeating: $0, count: 40) } }
        _ = await world.pass()
        world.source.set(World.tree(revision: "b"))
        let report = await world.pass()
        let request = ApprovalRequest(run: report.run.id, keys: ["source.history/ssot"])
        _ = try await request.make(in: world.store, by: Actor("ada"), at: world.time.now)
        world.source.set(World.tree(revision: "a"))
        _ = await world.pass()
        #expect(await world.holdings().contains("database shop-pg odoo_qa2"))
        #expect(try await world.store.standingApprovals().count == 1)
        // With the pass itself it is of what that pass finds.
        _ = await world.pass(PassOptions(approvals: ["source.history/ssot"]))
        #expect(await world.holdings().contains("database shop-pg odoo_qa2") == false)
        await world.engine.close()
    }

    @Test("Who approves what a saved plan rests on is written down, and `all` is not it")
    func keepsWhoApproved() async throws {
        let world = try await World(World.tree(environments: Self.qa, revision: "c"))
        world.source.history.withLock { $0 = ["b", "c"].map { String(repeating: $0, count: 40) } }
        _ = await world.pass()
        world.source.set(World.tree(revision: "b"))
        let dry = await world.pass(PassOptions(isDryRun: true))
        let document = PlanDocument.json(try #require(dry.plan), runID: dry.run.id, plannedAt: dry.plannedAt)
        let saved = try PlanDocument.parse(try JSON.parse(Array(document.json.utf8)))
        func approved() async throws -> [String] {
            try await world.store.auditLog(limit: 9).filter { $0.action == "change.approve" && $0.actor == "ann" }
                .map(\.target)
        }
        let key = "source.history/ssot"
        _ = await world.pass(PassOptions(saved: saved, approvals: ["all"], by: Actor("ann")))
        #expect(try await !approved().contains(key))
        #expect(await world.holdings().contains("database shop-pg odoo_qa2"))
        let report = await world.pass(PassOptions(saved: saved, approvals: [key], by: Actor("ann")))
        #expect(try await approved().count { $0 == key } == 1, "\(report.story)")
        #expect(try await world.store.verifyAuditLog().isWhole)
        await world.engine.close()
    }

    @Test("An approval that ends in the midst of a pass confirms nothing: what rests on it is left, and asked for anew")
    func endsMeanwhile() async throws {
        let world = try await World(World.tree(environments: Self.qa, revision: "c"))
        world.source.history.withLock { $0 = ["b", "c"].map { String(repeating: $0, count: 40) } }
        _ = await world.pass()
        let trusted = try await world.store.lineage()
        world.source.set(World.tree(revision: "b"))
        let report = await world.pass()
        let key = "source.history/ssot"
        _ = try await ApprovalRequest(run: report.run.id, keys: [key], lasting: .hours(1)).make(
            in: world.store, by: Actor("ada"), at: world.time.now)
        let end = try #require(try await world.store.standingApprovals().first).expiresAt
        let time = world.time
        let late = await world.reconciler(seed: 99).pass(PassOptions()) { progress in
            if case .planned = progress { time.jump(to: end) }
        }
        #expect(await world.holdings().contains("database shop-pg odoo_qa2"), "\(late.story)")
        #expect(late.skipped.contains { $0.reason.contains("the approval of \(key)") }, "\(late.story)")
        #expect(try await world.store.lineage() == trusted)
        #expect(try await world.store.approvals(limit: 1).first?.usedAt == nil)
        let next = await world.pass()
        #expect(next.withheld.contains { $0.key.description == key }, "\(next.story)")
        #expect(await world.holdings().contains("database shop-pg odoo_qa2"), "\(next.story)")
        await world.engine.close()
    }

    @Test("An older commit changes nothing and takes no protection away; what is missing it makes")
    func changesNothing() async throws {
        let newer = World.inventory.replacing("data: 203.0.113.7", "data: 203.0.113.8")
        let added = World.inventory.replacing("ttl: 1800}]", "ttl: 1800}, {type: TXT, name: note, data: a, ttl: 300}]")
        let world = try await World(World.tree(inventory: newer, revision: "b"))
        world.source.history.withLock { $0 = ["a", "b"].map { String(repeating: $0, count: 40) } }
        _ = await world.pass()
        let entries = try await world.store.inventory().entries
        let rows = try await world.store.environments()
        world.source.set(World.tree(inventory: added, policies: World.policies.replacing("7d", "1h"), revision: "a"))
        world.time.advance(by: .hours(2))
        let report = await world.pass()
        #expect(report.plan?.summary.update == 0 && report.plan?.summary.create == 1, "\(report.story)")
        let now = try await world.store.inventory().entries
        #expect(now.filter { entry in entries.contains { $0.key == entry.key } } == entries)
        #expect(try await world.store.environments().map(\.expiresAt) == rows.map(\.expiresAt))
        await world.engine.close()
    }

    /// A document that is found by its schema, and what becomes of the file.
    enum Elsewhere: String, CaseIterable {
        case broken, misspelt, emptied, gone

        func text(_ sound: String) -> String? {
            switch self {
            case .broken: sound + "a: [\n"
            case .misspelt: sound.replacing("schema:", "shema:")
            case .emptied: ""
            case .gone: nil
            }
        }

        /// Nil where the file itself says that it can't be read, and nothing has to be approved.
        var says: String? {
            switch self {
            case .broken: nil
            case .misspelt: "is there and doesn't say any more that it is"
            case .emptied: "is there and can't be read"
            case .gone: "has vanished"
            }
        }
    }

    private static func tree(
        _ inventory: String, policy: String? = nil, policies: String? = World.policies, inventoryPath: String? = nil,
        revision: Character
    ) -> SourceTree {
        moved(World.tree(inventory: inventory, policies: policies ?? "", revision: revision)) { files in
            if policies == nil { files.removeAll { $0.path == ".odooops/policies.yaml" } }
            if let policy { files.append(SourceFile(path: "ssot/foo/policy.yaml", text: policy)) }
            guard let inventoryPath else { return }
            files.removeAll { $0.path == "ssot/infra/digitalocean/inventory.yaml" }
            files.append(SourceFile(path: inventoryPath, text: inventory))
        }
    }

    @Test(
        "An inventory that its schema tells loses nothing when it can't be told any more", arguments: Elsewhere.allCases
    )
    func keepsWhatAnInventoryElsewhereWants(_ fate: Elsewhere) async throws {
        let path = "ssot/foo/inventory.yaml"
        let world = try await World(Self.tree(World.inventory, inventoryPath: path, revision: "a"))
        #expect(await world.pass().isSuccess)
        let holdings = await world.holdings()
        #expect(!holdings.isEmpty)
        let text = fate.text(World.inventory)
        let after = Self.tree(text ?? "", inventoryPath: path, revision: "b")
        world.source.set(text == nil ? Self.moved(after) { $0.removeAll { $0.path == path } } : after)
        let report = await world.pass(PassOptions(approvals: ["all"]))
        #expect(report.plan?.summary.delete == 0, "\(report.story)")
        #expect(Set(holdings).subtracting(await world.holdings()) == [], "\(report.story)")
        let told = report.plan?.diagnostics.first { $0.code == "PLAN-0018" }?.message
        #expect((told != nil) == (fate.says != nil), "\(told ?? "nothing")")
        if let says = fate.says { #expect(told?.contains("\(path) \(says)") == true, "\(told ?? "nothing")") }
        await world.engine.close()
    }

    @Test("What a policy forbids isn't made because the policy can't be told any more", arguments: Elsewhere.allCases)
    func keepsWhatAPolicyElsewhereForbids(_ fate: Elsewhere) async throws {
        let policy = """
            schema: ssot.infra.digitalocean.policy.v1
            allowed_surfaces:
              droplets: {allowed: true, max_count: 1}

            """
        let more = World.inventory.replacing(
            "databases:",
            "  - {name: second, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64, tags: [project:shop]}\n"
                + "databases:")
        let world = try await World(Self.tree(World.inventory, policy: policy, revision: "a"))
        #expect(await world.pass().isSuccess)
        world.source.set(Self.tree(more, policy: fate.text(policy), revision: "b"))
        let report = await world.pass()
        let made = await world.holdings().filter { $0.hasPrefix("droplet second") }
        #expect(made.isEmpty, "\(report.story)")
        #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0018" } == (fate.says != nil))
        await world.engine.close()
    }

    @Test("Without the policies nothing is made or changed until a person says that it is meant")
    func makesNothingWithoutPolicies() async throws {
        let more = World.inventory.replacing(
            "ttl: 1800}]", "ttl: 1800}, {type: TXT, name: note, data: a, ttl: 300}]")
        let world = try await World(World.tree())
        #expect(await world.pass().isSuccess)
        let holdings = await world.holdings()
        world.source.set(Self.tree(more, policies: nil, revision: "b"))
        let report = await world.pass()
        #expect(await world.holdings() == holdings, "\(report.story)")
        #expect(report.plan?.summary.create == 0 && report.plan?.summary.update == 0)
        let told = report.plan?.diagnostics.first { $0.code == "PLAN-0018" }?.message
        #expect(told?.hasSuffix("nothing is made, changed or deleted") == true, "\(told ?? "nothing")")
        await world.engine.close()
    }

    @Test("A document that moves to its own path is no departure, and neither is one that its schema tells anew")
    func movesHome() async throws {
        let labels = "schema: ssot.maintenance.schedules.v1\nschedules: []\n"
        func tree(_ path: String?, _ revision: Character) -> SourceTree {
            Self.moved(World.tree(revision: revision)) { files in
                if let path { files.append(SourceFile(path: path, text: labels)) }
            }
        }
        let world = try await World(tree(nil, "a"))
        for (path, revision) in [
            ("ssot/foo/schedules.yaml", "b"), ("ssot/maintenance/schedules.yaml", "c"), (nil, "d"),
        ] as [(String?, Character)] {
            world.source.set(tree(path, revision))
            let report = await world.pass()
            #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0018" } == false, "\(report.story)")
            let remembered = try await world.store.lineage().documents["maintenance/schedules"]
            #expect(remembered == (revision == "b" ? path : nil))
        }
        await world.engine.close()
    }

    @Test("A revert is a commit on top, and hindered by nothing")
    func reverts() async throws {
        let world = try await World(World.tree(environments: Self.qa, revision: "b"))
        world.source.history.withLock { $0 = ["a", "b", "c"].map { String(repeating: $0, count: 40) } }
        _ = await world.pass()
        world.source.set(World.tree(revision: "c"))
        let report = await world.pass()
        #expect(report.isSuccess && report.withheld.isEmpty, "\(report.story)")
        #expect(await world.holdings().contains("database shop-pg odoo_qa2") == false)
        await world.engine.close()
    }

    @Test(
        "A repository says itself whether a commit follows; one that it lacks follows nothing",
        .enabled(if: Shell.has("git"), "git is not installed"))
    func follows() async throws {
        let directory = try TemporaryDirectory(prefix: "odooops-grounds")
        let script = """
            git init -q -b main . && git config user.name a && git config user.email a@example.com
            mkdir ssot && echo 'a: 1' > ssot/a.yaml && git add . && git commit -q -m one
            echo 'a: 2' > ssot/a.yaml && git commit -q -am two
            git log --format=%H
            """
        let output = Shell.run("cd \(Shell.quote(directory.path)) && \(script)").output
        let commits = output.split(separator: "\n").map(String.init)
        try #require(commits.count == 2, "\(output)")
        let mirror = GitMirror(
            url: directory.path, cacheDirectory: directory.path("cache"), transport: .inProcess,
            pool: ThreadPool(threads: 1), log: .none)
        let source = GitSource(
            ssot: mirror, application: nil, ref: "main", roots: SourceTree.defaultRoots, deadline: .seconds(60))
        let snapshot = try await source.read(.none)
        #expect(snapshot.tree.revision == commits[0] && snapshot.branchesOf == directory.path)
        #expect(await source.follows(commits[0], after: commits[1]))
        #expect(await source.follows(commits[0], after: commits[0]))
        #expect(await source.follows(commits[1], after: commits[0]) == false)
        #expect(await source.follows(commits[0], after: String(repeating: "0", count: 40)) == false)
    }

    @Test(
        "A repository is the same by whatever address it is reached",
        arguments: [
            ("https://github.com/acme/odoo.git", "github.com/acme/odoo"),
            ("https://x@GitHub.com/acme/odoo/", "github.com/acme/odoo"),
            ("git@github.com:acme/odoo.git", "github.com/acme/odoo"),
            ("ssh://git@github.com/acme/odoo", "github.com/acme/odoo"),
            ("file:///srv/git/odoo.git", "/srv/git/odoo"), ("/srv/git/a:b.git", "/srv/git/a:b.git"),
        ])
    func identities(_ address: String, _ identity: String) {
        #expect(GitSource.identity(address) == identity)
    }
}
