import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import Reconciler
import Simulator
import Store
import StoreSQLite
import Testing
import Web

/// A provider whose lists, and whose search by name, are wrong about droplets, records and keys of Spaces for as long as it is ill.
private struct Ill: IdentityAsking {
    let inner: DigitalOceanDriver
    /// What it shows in the place of an object; nil where it leaves the object out.
    let shows: @Sendable (ObservedResource) -> ObservedResource?

    var provider: String { inner.provider }
    var version: String { inner.version }
    var schemas: [KindSchema] { inner.schemas }

    private static let kinds: Set<ResourceKind> = [.droplet, .record, .spacesKey]

    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        await inner.observe(request, context).map { seen in
            guard Self.kinds.contains(seen.kind) else { return seen }
            return ObservedKind(
                kind: seen.kind, completeness: seen.completeness, resources: seen.resources.compactMap(shows))
        }
    }

    func steps(for change: PlannedChange) -> [Step] { inner.steps(for: change) }

    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        await inner.perform(step, of: change, context)
    }

    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        let outcome = await inner.look(at: key, context)
        guard Self.kinds.contains(key.kind), case .present(let object) = outcome else { return outcome }
        return shows(object).map(LookOutcome.present) ?? .absent
    }

    func ask(for key: ResourceKey, id: String, _ context: DriverContext) async -> LookOutcome {
        await inner.ask(for: key, id: id, context)
    }
}

/// What isn't there any more, or not under the name that it had, is not let go of for that.
extension SafetyTests {
    @Test(
        "What lists leave out is neither made a second time nor forgotten, and what points there stays",
        arguments: [true, false])
    func leftOut(isWanted: Bool) async throws {
        let world = try await World()
        _ = await world.pass()
        world.time.advance(by: .minutes(5))
        let holdings = await world.holdings()
        let entries = try await world.store.inventory().entries.map(\.key)
        if !isWanted { world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "b")) }
        let ill = await world.reconciler(
            seed: 9, wrap: { ($0 as? DigitalOceanDriver).map { Ill(inner: $0) { _ in nil } } ?? $0 }
        )
        .pass(PassOptions())
        let refused = ill.journal.filter { $0.output["code"] == "RUN-0017" }.map(\.key.kind)
        #expect(Set(refused).contains(isWanted ? .droplet : .record) && !ill.isSuccess, "\(ill.story)")
        let after = await world.holdings()
        #expect(holdings.filter { $0.hasPrefix("droplet ") || $0.hasPrefix("record ") }.allSatisfy(after.contains))
        #expect(Set(after).count == after.count && after.count <= holdings.count, "\(after)")
        let kept = try await world.store.inventory().entries.map(\.key)
        for key in entries where key.kind == .droplet || key.kind == .record { #expect(kept.contains(key), "\(key)") }
        // It is well again.
        let well = await world.pass()
        #expect(well.isSuccess, "\(well.story)")
        if isWanted { #expect(await world.holdings() == holdings) }
    }

    @Test(
        "Others that a list shows under our names are not taken in the place of ours, and no record is turned to them")
    func ofSomebodyElse() async throws {
        let world = try await World()
        _ = await world.pass()
        let entries = try await world.store.inventory().entries
        func addresses() async throws -> [String] {
            let records = try JSON.parse(await world.call("GET", "/v2/domains/shop.example/records").body)
            return (records["domain_records"]?.listValue ?? []).map {
                "\($0["name"]?.stringValue ?? "") \($0["data"]?.stringValue ?? "")"
            }
        }
        let before = try await addresses()
        #expect(before.contains { $0.hasPrefix("crm ") })
        let ill = await world.reconciler(
            seed: 9,
            wrap: {
                ($0 as? DigitalOceanDriver).map { driver in
                    Ill(inner: driver) { object in
                        guard object.key.kind == .droplet else { return object }
                        let others = object.attributes.items.map {
                            $0.name == "ipv4" ? Attributes.Item("ipv4", "198.51.100.99") : $0
                        }
                        return ObservedResource(
                            key: object.key, providerID: "7" + object.providerID, attributes: Attributes(others),
                            isOwned: object.isOwned, createdAt: object.createdAt)
                    }
                } ?? $0
            }
        )
        .pass(PassOptions())
        let refused = ill.journal.filter { $0.output["code"] == "RUN-0017" }.map(\.key)
        #expect(refused == [ResourceKey(.droplet, "web")] && !ill.isSuccess, "\(ill.story)")
        #expect(ill.skipped.contains { $0.key.kind == .record && $0.key.name.contains("crm") }, "\(ill.story)")
        #expect(try await addresses() == before)
        #expect(try await world.store.inventory().entries.map(\.providerID) == entries.map(\.providerID))
        // It is well again, and nothing was to be done.
        let well = await world.pass()
        #expect(well.isSuccess && well.journal.isEmpty, "\(well.story)")
    }

    @Test("A key of Spaces that lists leave out is not made a second time, so that the secret in use is not replaced")
    func keyOfSpaces() async throws {
        let inventory = World.inventory + "spaces_keys:\n  - {name: files, grants: [\"*:fullaccess\"]}\n"
        let world = try await World(World.tree(inventory: inventory))
        let grants: Value = [["bucket": "", "permission": "fullaccess"]]
        _ = await world.call("POST", "/v2/spaces/keys", ["name": "files", "grants": grants])
        let first = await world.pass()
        world.time.advance(by: .minutes(5))
        let key = ResourceKey(.spacesKey, "files")
        #expect(try await world.store.inventory().entries.contains { $0.key == key }, "\(first.story)")
        let ill = await world.reconciler(
            seed: 9,
            wrap: {
                ($0 as? DigitalOceanDriver).map { Ill(inner: $0) { $0.key.kind == .spacesKey ? nil : $0 } } ?? $0
            }
        )
        .pass(PassOptions())
        let refused = ill.journal.filter { $0.output["code"] == "RUN-0017" }.map(\.key)
        #expect(refused == [key] && !ill.isSuccess, "\(ill.story)")
        let well = await world.pass()
        #expect(well.isSuccess && well.journal.isEmpty, "\(well.story)")
    }

    @Test("What has vanished stays vanished to the guard: the second pass deletes no more than the first")
    func remembersWhatVanished() async throws {
        let empty = [SourceFile(path: "ssot/README.md", text: "moved\n")]
        let policies = [SourceFile(path: ".odooops/policies.yaml", text: World.policies)]
        for (name, files, subject) in [
            ("a root", policies, "roots"), ("everything", empty + policies, "documents"),
        ] {
            let world = try await World()
            _ = await world.pass()
            let holdings = await world.holdings()
            var tree = World.tree(branches: ["main"], revision: "b")
            tree.files = files
            world.source.set(tree)
            for number in 1...3 {
                let report = await world.pass()
                #expect(await world.holdings() == holdings, "\(name), pass \(number): \(report.story)")
                let codes = report.plan?.diagnostics.map(\.code) ?? []
                #expect(codes.contains("PLAN-0002") || codes.contains("PLAN-0003"), "\(name), pass \(number)")
            }
            // It denies every deletion for as long as it lasts: people are told once, and once that it is over.
            func told(_ kind: Notice.Kind) async throws -> [Notice] {
                try await world.store.notices(limit: 1_000).filter { $0.kind == kind && $0.subject == subject }
            }
            let summary = try await told(.findingOpened).map(\.summary)
            #expect(summary.count == 1 && summary.first?.contains("nothing is deleted") == true, "\(name): \(summary)")
            world.source.set(World.tree(revision: "c"))
            let back = await world.pass()
            #expect(try await told(.findingResolved).count == 1, "\(name): \(back.story)")
            #expect(try await told(.findingOpened).count == 1)
        }
    }

    @Test("A pass that is restricted to a target deletes nothing else")
    func staysWithinTargets() async throws {
        let world = try await World()
        _ = await world.pass()
        world.source.set(
            World.tree(
                environments: World.environments.replacing("  crm: {", "  # crm: {"), branches: ["main"], revision: "b")
        )
        let report = await world.pass(PassOptions(targets: ["feature-loyalty"]))
        #expect(report.isSuccess, "\(report.story)")
        let holdings = await world.holdings()
        #expect(!holdings.contains { $0.contains("loyalty") })
        #expect(holdings.contains("database shop-pg odoo_crm") && holdings.contains("record shop.example A crm"))
    }

    @Test("What left a file that is broken elsewhere stays until the file can be read")
    func keepsWhatLeftABrokenFile() async throws {
        let two = World.inventory.replacing(
            "databases:", "  - {name: old, region: sgp1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}\ndatabases:")
        let record = "{type: TXT, name: note, data: kept, ttl: 300}"
        let inventory = two.replacing("ttl: 1800}]", "ttl: 1800}, \(record)]")
        let world = try await World(World.tree(inventory: inventory))
        _ = await world.pass()
        let holdings = await world.holdings()
        #expect(holdings.contains("droplet old s-1vcpu-1gb") && holdings.contains("record shop.example TXT note"))
        // What can still be told apart may go; of the broken part nothing.
        let cases: [(broken: String, allowed: Set<String>)] = [
            (World.inventory.replacing("type: A, name", "type: [A], name"), []),
            (World.inventory.replacing("type: A, name: \"@\"", "type: A"), []),
            (World.inventory.replacing("- name: shop.example", "- nam: shop.example"), []),
            (World.inventory.trimmingLastLineBreaks, []),
            (World.inventory.replacing("name: web, region", "region"), ["record shop.example TXT note"]),
        ]
        for (broken, allowed) in cases {
            world.source.set(World.tree(inventory: broken, revision: "b"))
            let report = await world.pass()
            let gone = Set(holdings).subtracting(await world.holdings())
            #expect(gone.isSubset(of: allowed), "\(broken)\n\(report.story)")
        }
    }

    @Test(
        "A name that can't be used, and an entry that is broken under a new name, let nothing go",
        arguments: [
            ("- name: shop.example", "- name: shop example"), ("- name: shop.example", "- name: \"shop,example\""),
            ("- name: shop.example", "- name: shop"), ("name: \"@\"", "name: a b"), ("{name: web,", "{name: we b,"),
            ("{type: A, name: \"@\", data: 203.0.113.7,", "{type: CNAME, name: \"@\", data: shops.example.,"),
            ("{name: shop-pg,", "{name: shop pg,"), ("[project:shop]", "[project shop]"), ("  crm: {", "  Crm: {"),
            ("  crm: {", "  crm_2: {"), ("  production: {", "  Production: {"),
            ("  crm: {tier: dev,", "  sales: {tier: dev, workers: two,"),
            (
                "  crm: {tier: dev, branch: feature/crm, host: web",
                "  sales: {tier: dev, branch: feature/crm, host: wbe"
            ),
        ])
    func keepsWhatANameMayMean(_ text: String, _ slip: String) async throws {
        let world = try await World()
        _ = await world.pass()
        let holdings = await world.holdings()
        #expect(holdings.contains("database shop-pg odoo_crm") && holdings.contains("record shop.example A @"))
        world.source.set(
            World.tree(
                inventory: World.inventory.replacing(text, with: slip),
                environments: World.environments.replacing(text, with: slip), revision: "b"))
        for number in 1...3 {
            let report = await world.pass()
            let gone = Set(holdings).subtracting(await world.holdings())
            #expect(gone.isEmpty, "pass \(number): \(report.story)")
            #expect(report.desired?.diagnostics.contains { $0.severity == .error } == true)
            world.time.advance(by: .days(2))
        }
    }
}
