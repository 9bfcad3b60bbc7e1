import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Reconciler
import Simulator
import Store
import StoreSQLite
import TestKit
import Testing
import Web

@Suite("The whole loop")
struct LoopTests {
    static let wanted = [
        "cluster shop-pg", "database shop-pg defaultdb", "database shop-pg odoo_crm",
        "database shop-pg odoo_feature_loyalty",
        "database shop-pg odoo_prod", "domain shop.example", "droplet web s-1vcpu-2gb", "record shop.example A @",
        "record shop.example A crm", "record shop.example A erp", "record shop.example A feature-loyalty",
    ]

    @Test("A dry run has no effect; a pass creates everything once; the next one has nothing to do and writes nothing")
    func converges() async throws {
        let world = try await World()
        let dry = await world.pass(PassOptions(isDryRun: true))
        #expect(dry.plan?.summary.create ?? 0 > 10, "\(dry.story)")
        #expect(await world.holdings().isEmpty)

        let first = await world.pass()
        #expect(first.isSuccess, "\(first.story)")
        let holdings = await world.holdings()
        #expect(holdings.filter { !$0.hasPrefix("tag") && !$0.hasPrefix("user") } == Self.wanted)
        #expect(Set(holdings).count == holdings.count)

        let inventory = try await world.store.inventory().entries
        world.simulator.clearRequestLog()
        let second = await world.pass()
        #expect(second.isSuccess, "\(second.story)")
        #expect(second.plan?.changes.isEmpty == true, "\(second.plan?.changes.map(\.reason) ?? [])")
        #expect(second.journal.isEmpty)
        #expect(world.simulator.requestLog.allSatisfy { $0.method == "GET" })
        #expect(try await world.store.inventory().entries == inventory)
        #expect(await world.holdings() == holdings)
    }

    @Test("A change made outside is drift with its cause, is mended, and is then over")
    func mendsDrift() async throws {
        let world = try await World()
        _ = await world.pass()
        let record = try #require(await world.record("erp"))
        _ = await world.call(
            "PATCH", "/v2/domains/shop.example/records/\(record)", ["type": "A", "data": "198.51.100.9"])
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        let drift = try #require(report.plan?.drift.first)
        #expect(drift.cause == .externalChange)
        #expect(drift.key.description == "digitalocean.record/shop.example/A/erp")
        #expect(report.plan?.changes.first?.source?.file == "ssot/environments.yaml")
        #expect(await world.pass().plan?.drift.isEmpty == true)
        #expect(try await world.store.openDrift().isEmpty)
    }

    @Test("What no driver knows is left alone, is no fault, and keeps no drift open")
    func leavesAloneWhatNoDriverKnows() async throws {
        let world = try await World()
        _ = await world.pass()
        let record = try #require(await world.record("erp"))
        var tree = World.tree()
        tree.files.append(
            SourceFile(path: "ssot/vercel/projects.yaml", text: "projects: [{name: console, framework: nextjs}]\n"))
        world.source.set(tree)
        _ = await world.call(
            "PATCH", "/v2/domains/shop.example/records/\(record)", ["type": "A", "data": "198.51.100.9"])
        _ = await world.pass(PassOptions(isDryRun: true))
        #expect(try await world.store.openDrift().count == 1)
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        let read = (report.plan?.changes ?? []).filter { $0.action == .read }
        #expect(
            read.map { "\($0.key) \($0.verdictReason ?? "")" } == [
                "vercel.project/console no driver knows vercel.project"
            ])
        #expect(report.observationFaults == [])
        #expect(try await world.store.openDrift().isEmpty)
    }

    @Test(
        "Of a provider without a credential the variable is named, for each wish; it is no fault and keeps no drift open"
    )
    func namesWhatAProviderLacks() async throws {
        let world = try await World()
        _ = await world.pass()
        let record = try #require(await world.record("erp"))
        var tree = World.tree()
        tree.files += [
            SourceFile(path: "ssot/vercel/projects.yaml", text: "projects: [{name: console, framework: nextjs}]\n"),
            SourceFile(
                path: "ssot/secrets/registry.yaml",
                text: "secrets: {a: {approved_stores: [vercel_env], vercel_env_name: A}}\n"),
        ]
        world.source.set(tree)
        _ = await world.call(
            "PATCH", "/v2/domains/shop.example/records/\(record)", ["type": "A", "data": "198.51.100.9"])
        let absent = UnconfiguredDriver(
            provider: "vercel",
            schemas: [ResourceKind.vercelProject, .vercelVariable].map {
                KindSchema(kind: $0, attributes: [], isStateful: false) { _, _ in 1 }
            },
            reason: "no credential: env:VERCEL_TOKEN is not set")
        let reconciler = world.reconciler(seed: 7, absent: [absent])
        let dry = await reconciler.pass(PassOptions(isDryRun: true))
        #expect(try await world.store.openDrift().count == 1, "\(dry.story)")
        let why =
            "is not observed: no credential: env:VERCEL_TOKEN is not set; export VERCEL_TOKEN, or name a reference as "
            + "providers.vercel.token"
        let report = await reconciler.pass(PassOptions())
        #expect(report.isSuccess && report.observationFaults == [], "\(report.story)")
        let read = (report.plan?.changes ?? []).filter { $0.action == .read }
        #expect(
            read.map { "\($0.key) \($0.verdictReason ?? "")" } == [
                "secrets.presence/vercel_env/A secrets.presence \(why)",
                "vercel.project/console vercel.project \(why)",
            ])
        #expect(read.allSatisfy { $0.hold == .unobserved })
        #expect(try await world.store.openDrift().isEmpty)
        let explanation = try await reconciler.explain("vercel.project/console")
        #expect(explanation.observation.contains("env:VERCEL_TOKEN is not set"), "\(explanation.observation)")
        #expect(explanation.obstacle?.command == "reconcile doctor")
    }

    @Test("Alerts watch the droplet that they name, by its processors, and wait for one that is nowhere")
    func makesAlerts() async throws {
        let world = try await World()
        var tree = World.tree()
        tree.files.append(
            SourceFile(
                path: "ssot/infra/digitalocean/monitoring.yaml",
                text: "alert_policies:\n"
                    + "  a: {droplet_name: web, load_average_1m: {warn: {threshold_per_vcpu: 0.7, duration_min: 5}}}\n"
                    + "  b: {droplet_name: gone, cpu_utilization: {crit: {threshold_pct: 90, duration_min: 30}}}\n"))
        world.source.set(tree)
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        func list(_ path: String, _ member: String) async throws -> [Value] {
            try JSON.parse(await world.call("GET", "/v2/\(path)").body)[member]?.listValue ?? []
        }
        let made = try await list("monitoring/alerts", "policies")
        let droplet = try #require(try await list("droplets", "droplets").first { $0["name"] == "web" })
        let processors = Double(droplet["vcpus"]?.intValue ?? 0)
        #expect(made.map { $0["description"]?.stringValue } == ["odooops:web/load_average_1m/warn"])
        let entities: Value? = made.first?["entities"]
        #expect(entities?[0]?.stringValue == "\(droplet["id"]?.intValue ?? 0)")
        let value: Value? = made.first?["value"]
        #expect(value == Value.number("\(0.7 * processors)") || value == Value.int(Int64(0.7 * processors)))
        let second = await world.pass()
        #expect(
            second.plan?.changes.map { "\($0.action) \($0.key) \($0.verdict)" } == [
                "create digitalocean.alert_policy/gone/cpu_utilization/crit blocked"
            ])
        #expect(second.plan?.changes.first?.verdictReason?.contains("droplet/gone") == true)
    }

    @Test("What DigitalOcean holds is kept for others to read, and only when something changed or an hour passed")
    func keepsInventory() async throws {
        let world = try await World()
        func alive(_ table: String) async throws -> [String] {
            try await world.engine.read { (db: any SQLConnection) throws(StoreFault) -> [String] in
                try db.run("select name from ops.\(table) where deleted_at is null order by name", []).map {
                    (row: SQLRow) throws(StoreFault) -> String in try row.text(0)
                }
            }
        }
        let first = await world.pass()
        #expect(first.isSuccess, "\(first.story)")
        // What the pass itself has made is there at once.
        #expect(try await alive("do_droplets") == ["web"])
        #expect(try await alive("do_databases") == ["shop-pg"])
        _ = await world.pass()
        #expect(try await alive("do_droplets") == ["web"])
        #expect(try await !world.store.isIngestDue(at: world.time.now))
        try await world.time.sleep(for: .hours(1))
        #expect(try await world.store.isIngestDue(at: world.time.now))
        _ = await world.pass(PassOptions(isDryRun: true))
        #expect(try await world.store.isIngestDue(at: world.time.now))
        _ = await world.pass()
        #expect(try await !world.store.isIngestDue(at: world.time.now))
    }

    @Test("A saved plan is applied when nothing moved, and refused with what moved when something did")
    func appliesSavedPlans() async throws {
        let world = try await World()
        let dry = await world.pass(PassOptions(isDryRun: true))
        let plan = try #require(dry.plan)
        let document = PlanDocument.json(plan, runID: dry.run.id, plannedAt: dry.plannedAt)
        let saved = try PlanDocument.parse(try JSON.parse(Array(document.json.utf8)))

        world.source.set(World.tree(inventory: World.inventory.replacing("ttl: 1800", "ttl: 3600"), revision: "b"))
        let stale = await world.pass(PassOptions(saved: saved))
        guard case .stale(let moved) = stale.outcome else {
            Issue.record("\(stale.story)")
            return
        }
        #expect(moved.contains { $0.contains("aaaaaaa") && $0.contains("bbbbbbb") }, "\(moved)")
        #expect(await world.holdings().isEmpty)

        world.source.set(World.tree())
        let applied = await world.pass(PassOptions(saved: saved))
        #expect(applied.isSuccess, "\(applied.story)")
        #expect(await world.holdings().contains("cluster shop-pg"))
    }

    @Test("Nothing is deleted when a root vanishes, a file breaks, branches are unknown or the repository is silent")
    func keepsWhatIsUnknown() async throws {
        let world = try await World()
        _ = await world.pass()
        let holdings = await world.holdings()
        let broken: [@Sendable (inout SourceTree) -> Void] = [
            { $0.files.removeAll { $0.path.hasPrefix("ssot/") } },
            { $0.files = [] },
            {
                $0.files.removeAll { $0.path == "ssot/infra/digitalocean/inventory.yaml" }
                $0.files.append(SourceFile(path: "ssot/infra/digitalocean/inventory.yaml", text: "droplets: ["))
            },
            {
                $0.files.removeAll { $0.path == "ssot/environments.yaml" }
                $0.files.append(SourceFile(path: "ssot/environments.yaml", text: "environments: [1, 2]"))
            },
            { $0.branches = .unknown(reason: "no answer") },
            {
                $0.files.removeAll { $0.path == "ssot/infra/digitalocean/inventory.yaml" }
                $0.files.append(
                    SourceFile(
                        path: "ssot/infra/digitalocean/inventory.yaml", content: .unreadable(reason: "a missing blob")))
            },
        ]
        for (index, damage) in broken.enumerated() {
            world.source.set(World.tree(revision: "c"))
            world.source.change(damage)
            let report = await world.pass()
            #expect(await world.holdings() == holdings, "damage \(index): \(report.story)")
        }
        world.source.fail(TestFault())
        guard case .failed(let fault) = await world.pass().outcome else {
            Issue.record("a silent repository has to fail the pass")
            return
        }
        #expect(fault.code == "TEST-0003")
        #expect(await world.holdings() == holdings)
    }

    @Test("A branch that is gone takes its environment with it, and nothing else")
    func removesWhatABranchOwned() async throws {
        let world = try await World()
        _ = await world.pass()
        world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "d"))
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        #expect(
            await world.holdings().filter { !$0.hasPrefix("tag") && !$0.hasPrefix("user") }
                == Self.wanted.filter { !$0.contains("loyalty") })
        #expect(try await world.store.environments().first { $0.slug == "feature-loyalty" }?.status == .gone)
    }

    @Test("What is there already is taken over and brought to the wish in one pass, and not created again")
    func adopts() async throws {
        let world = try await World()
        _ = await world.call("POST", "/v2/domains", ["name": "shop.example"])
        _ = await world.call(
            "POST", "/v2/domains/shop.example/records",
            ["type": "A", "name": "@", "data": "198.51.100.1", "ttl": 60, "priority": .null])
        _ = await world.call(
            "POST", "/v2/droplets",
            ["name": "web", "region": "sgp1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "tags": ["by-hand"]])
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        #expect(report.plan?.summary.adopt == 3, "\(report.plan?.changes.map { "\($0.key) \($0.action)" } ?? [])")
        let holdings = await world.holdings()
        #expect(holdings.count { $0.hasPrefix("droplet web") } == 1 && holdings.contains("droplet web s-1vcpu-2gb"))
        #expect(holdings.count { $0 == "record shop.example A @" } == 1)
        #expect(holdings.contains("tag by-hand"))
        let second = await world.pass()
        #expect(second.plan?.changes.isEmpty == true, "\(second.plan?.changes.map { "\($0.key) \($0.reason)" } ?? [])")
    }

    @Test("A size with a smaller disk is refused before the droplet is powered off for it")
    func neverPowersOffInVain() async throws {
        let world = try await World(World.tree(inventory: World.inventory.replacing("s-1vcpu-2gb", "s-2vcpu-4gb")))
        _ = await world.pass()
        world.source.set(World.tree(inventory: World.inventory, revision: "b"))
        let report = await world.pass()
        #expect(report.journal.contains { $0.output["message"]?.stringValue?.contains("never shrinks") == true })
        let answer = await world.call("GET", "/v2/droplets")
        let droplet = (try? JSON.parse(answer.body))?["droplets"]?.listValue?.first
        #expect(droplet?["status"] == "active" && droplet?["size_slug"] == "s-2vcpu-4gb")
        #expect(!world.simulator.requestLog.contains { $0.method == "POST" && $0.path.contains("/actions") })
    }

    @Test("Every run leaves evidence; a changed byte is found and named")
    func provesWhatHappened() async throws {
        let world = try await World()
        for _ in 0..<3 { _ = await world.pass() }
        let links = try await world.store.evidenceChain(limit: 100)
        #expect(links.count == 3)
        let head = try #require(try await world.store.evidenceHead())
        let evidence = EvidenceStore(directory: "\(world.directory.path)/evidence")
        let rows = Dictionary(uniqueKeysWithValues: links.map { ($0.sequence, $0) })
        let whole = evidence.verify(head, rows: rows)
        #expect(whole.isWhole, "\(whole.faults)")
        #expect(whole.manifests == 3)

        // Every object of the first run, one byte each.
        let first = try #require(links.min { $0.sequence < $1.sequence })
        let manifest = try EvidenceManifest(bytes: try evidence.get(first.manifest))
        #expect(
            manifest.items.contains { $0.name == "plan.json" }
                && manifest.items.contains { $0.name == "steps/0001.json" })
        for item in manifest.items {
            let path = evidence.path(of: item.digest)
            let bytes = try FileSystem.read(path)
            var changed = bytes
            changed[changed.count / 2] ^= 1
            FileSystem.remove(path)
            try FileSystem.write(changed, to: path)
            #expect(evidence.verify(first.head, rows: rows).faults.contains { $0.message.contains(item.name) })
            FileSystem.remove(path)
            try FileSystem.write(bytes, to: path)
        }
        #expect(evidence.verify(head, rows: rows).isWhole)
    }

    @Test("No secret reaches the store, the evidence or a report")
    func keepsSecrets() async throws {
        let world = try await World()
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        let canaries = world.simulator.issuedSecrets + ["canary-token-of-the-test"]
        #expect(canaries.count > 3)
        await world.engine.close()
        var haystack = ""
        for path in Places.files(under: world.directory.path, endingWith: "") {
            haystack += String(decoding: try FileSystem.read("\(world.directory.path)/\(path)"), as: UTF8.self)
        }
        haystack += "\(report)"
        #expect(haystack.utf8.count > 10_000)
        for canary in canaries { #expect(!haystack.contains(canary), "a secret got out") }
    }
}

extension World {
    func call(_ method: String, _ path: String, _ body: Value? = nil) async -> WebResponse {
        await simulator.answer(
            WebRequest(
                method: method, path: path, query: [("per_page", "200")],
                headers: [("Authorization", "Bearer any"), ("Host", "simulator.test")],
                body: body.map { Array($0.json.utf8) } ?? []))
    }

    /// The id of a record of shop.example.
    func record(_ name: String) async -> Int64? {
        let answer = await call("GET", "/v2/domains/shop.example/records")
        return (try? JSON.parse(answer.body))?["domain_records"]?.listValue?.first { $0["name"]?.stringValue == name }?[
            "id"]?
            .intValue
    }
}

extension String {
    func replacing(_ old: String, _ new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return replacingCharacters(in: range, with: new)
    }

    var trimmingLastLineBreaks: String {
        var text = self
        while text.last == "\n" { text.removeLast() }
        return text
    }

    private func firstRange(of text: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }

    private func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
