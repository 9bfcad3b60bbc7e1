import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import TestKit
import Testing
import Web

/// Random wishes, random faults and random crashes, each by its seed.
@Suite("Whatever happens")
struct SeedTests {
    /// Found something once, beyond those that always run.
    private static let remembered: [UInt64] = [212, 583]

    /// `SEED=7` runs one, `SEEDS=500` so many, `SEED=1000 SEEDS=500` so many from there on.
    static let seeds: [UInt64] = {
        let environment = ProcessEnvironment.variables()
        let first = environment["SEED"].flatMap { UInt64($0) }
        let count = environment["SEEDS"].flatMap { UInt64($0) }
        guard first != nil || count != nil else { return Array(0..<40) + remembered }
        return ((first ?? 0)..<((first ?? 0) &+ (count ?? 1))).map { $0 }
    }()

    @Test("the world comes to what git says, once, and nothing of others is touched", arguments: seeds)
    func converges(_ seed: UInt64) async throws {
        try await SeededLife(seed).live()
    }
}

/// One life of a world: people change their minds, the provider fails, processes die; then it is quiet.
private struct SeededLife {
    /// What people want, in the few dimensions in which they change their minds.
    struct Wish: Sendable {
        var branches: Set<String> = ["main", "feature/crm", "feature/loyalty"]
        var isLarge = false
        var hasJobs = false
        var hasNote = false
        var hasFirewall = false
        var hasCRM = true
        var ttl = 1800

        /// In which it differs from the first, in one line.
        var text: String {
            "\(branches.sorted()) large \(isLarge) jobs \(hasJobs) note \(hasNote) firewall \(hasFirewall) "
                + "crm \(hasCRM) ttl \(ttl):"
        }

        var tree: SourceTree {
            var inventory = World.inventory.replacing("ttl: 1800", "ttl: \(ttl)")
            if isLarge { inventory = inventory.replacing("s-1vcpu-2gb", "s-2vcpu-4gb") }
            if hasJobs {
                inventory = inventory.replacing(
                    "databases:",
                    "  - {name: jobs, region: sgp1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}\ndatabases:")
            }
            if hasNote {
                inventory = inventory.replacing("\(ttl)}]", "\(ttl)}, {type: TXT, name: note, data: hello, ttl: 60}]")
            }
            if hasFirewall {
                inventory += """

                    firewalls:
                      - name: edge
                        droplets: [web]
                        inbound_rules:
                          - {protocol: tcp, ports: "443", addresses: ["0.0.0.0/0", "::/0"]}

                    """
            }
            let environments =
                hasCRM ? World.environments : World.environments.replacing("  crm: {", "  # crm: {")
            let policies = World.policies.replacing("max_deletes: 8", "max_deletes: 50")
                .replacing("dev_ephemeral: 7d", "dev_ephemeral: 300d").replacing("dev_named: 14d", "dev_named: 300d")
            return World.tree(
                inventory: inventory, environments: environments, policies: policies, branches: branches.sorted())
        }
    }

    let seed: UInt64
    let random: RandomSource
    let replay: Comment

    init(_ seed: UInt64) {
        self.seed = seed
        random = RandomSource(seed: seed &* 0x9E37_79B9 &+ 17)
        replay = "replay it with: SEED=\(seed) scripts/test SeedTests"
    }

    private static let options = PassOptions(approvals: ["all"])

    /// What belongs to other people, from the start.
    private static let others: Value = [
        "tags": ["theirs"],
        "droplets": [
            ["name": "stranger", "region": "sgp1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"],
            [
                "name": "stranger-2", "region": "sgp1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64",
                "tags": ["theirs"],
            ],
        ],
        "domains": [
            [
                "name": "stranger.example",
                "records": [["type": "A", "name": "www", "data": "198.51.100.7", "ttl": 60]],
            ]
        ],
        "databases": [
            [
                "name": "stranger-pg", "engine": "pg", "version": "16", "region": "sgp1", "size": "db-s-1vcpu-1gb",
                "num_nodes": 1, "dbs": [["name": "theirs"]],
            ]
        ],
    ]

    /// A world with the first wish fulfilled, into which others have put things of their own.
    private func begin() async throws -> World {
        let world = try await World(Wish().tree)
        try world.simulator.seed(world: Self.others)
        let report = await world.pass(Self.options)
        #expect(report.isSuccess, "\(report.story)")
        let cluster = await world.cluster("shop-pg") ?? ""
        _ = await world.call("POST", "/v2/databases/\(cluster)/dbs", ["name": "theirs"])
        _ = await world.call("POST", "/v2/databases/\(cluster)/users", ["name": "theirs"])
        _ = await world.call(
            "POST", "/v2/domains/shop.example/records",
            ["type": "A", "name": "theirs", "data": "198.51.100.1", "ttl": 300])
        return world
    }

    private static let foreign = [
        "cluster stranger-pg", "database shop-pg theirs", "database stranger-pg theirs", "domain stranger.example",
        "droplet stranger s-1vcpu-1gb", "droplet stranger-2 s-1vcpu-1gb", "record shop.example A theirs",
        "record stranger.example A www", "tag theirs", "user shop-pg theirs",
    ]

    private static func kept(_ world: World) async -> [String] {
        await world.holdings().filter { !$0.hasPrefix("tag ") || $0 == "tag theirs" }
    }

    func live() async throws {
        let world = try await begin()
        var wish = Wish()
        let faults = SeededFaults(seed: seed, rate: 0.1 + 0.2 * random.unit())
        var process = 5_000_001
        var story: [String] = []
        for _ in 0..<(4 + Int(random.next() % 7)) {
            process += 1
            let action = random.next() % 10
            switch action {
            case 0...4: change(&wish)
            case 5: world.time.advance(by: .minutes(Int(random.next() % 600)))
            case 6: await extend(world)
            default: break
            }
            world.source.set(wish.tree)
            let before = await settled(world)
            let damage = action >= 8 ? damage(world) : nil
            let fuse = action == 7 || random.next() % 4 == 0 ? Fuse(after: Int(random.next() % 120)) : Fuse()
            let report = await world.reconciler(
                fuse: fuse, seed: random.next(), process: process, concurrency: 1, faults: faults
            ).pass(Self.options)
            let line = "\(wish.text) \(damage ?? "whole") \(fuse.isBlown ? "cut \(fuse.place)" : "") \(report.outcome)"
            story.append(line + report.journal.map { "\n    \($0.stepID) \($0.operation) \($0.state)" }.joined())
            if let damage {
                let gone = Set(before).subtracting(await settled(world))
                #expect(gone.isEmpty || !Self.mustStay(damage, gone), "\(line): \(gone)\n\(replay)")
            }
        }
        faults.stop()
        world.simulator.clearFaults()
        world.source.set(wish.tree)

        let undisturbed = try await begin()
        undisturbed.source.set(wish.tree)
        for days in [0, 400] {
            undisturbed.time.advance(by: .days(days))
            for _ in 0..<2 { _ = await undisturbed.pass(Self.options) }
            world.time.advance(by: .days(days) + .minutes(3))
            try await comesToRest(world, &process, story)
            let (holds, should) = (await Self.kept(world), await Self.kept(undisturbed))
            let (more, less) = (Set(holds).subtracting(should), Set(should).subtracting(holds))
            #expect(
                holds == should,
                "after \(days) days: too much \(more), missing \(less)\n\(story.joined(separator: "\n"))\n\(replay)")
        }
    }

    /// After the faults have stopped: few passes, then nothing to do, nothing open, nothing twice, nothing foreign gone.
    private func comesToRest(_ world: World, _ process: inout Int, _ story: [String]) async throws {
        var last = ""
        var isAtRest = false
        for _ in 0..<5 where !isAtRest {
            process += 1
            let report = await world.reconciler(seed: random.next(), process: process).pass(Self.options)
            isAtRest = report.isSuccess && report.plan?.changes.isEmpty == true
            let changes = report.plan?.changes.map { "\($0.action) \($0.key): \($0.reason)" } ?? []
            last = "\(report.story) \(changes)"
        }
        let holdings = await Self.kept(world)
        #expect(isAtRest, "\(last)\n\(story.joined(separator: "\n"))\n\(replay)")
        #expect(Set(holdings).count == holdings.count, "\(holdings)\n\(story.joined(separator: "\n"))\n\(replay)")
        #expect(Set(Self.foreign).isSubset(of: holdings), "\(holdings)\n\(story.joined(separator: "\n"))\n\(replay)")
        #expect(try await world.store.openEntries().isEmpty, "\(story.joined(separator: "\n"))\n\(replay)")
        let head = try #require(try await world.store.evidenceHead())
        let evidence = EvidenceStore(directory: "\(world.directory.path)/evidence")
        #expect(evidence.verify(head).isWhole, "\(replay)")
    }

    // MARK: What happens

    private func change(_ wish: inout Wish) {
        switch random.next() % 8 {
        case 0: wish.isLarge = true
        case 1: wish.hasJobs.toggle()
        case 2: wish.hasNote.toggle()
        case 3: wish.hasFirewall.toggle()
        case 4: wish.hasCRM.toggle()
        case 5: wish.ttl = wish.ttl == 1800 ? 3600 : 1800
        default:
            let branch = ["feature/loyalty", "feature/one", "feature/two"][Int(random.next() % 3)]
            if wish.branches.remove(branch) == nil { wish.branches.insert(branch) }
        }
    }

    private func extend(_ world: World) async {
        let record = AuditRecord(
            at: world.time.now, action: "env.extend", target: "feature-loyalty", actor: "tester", detail: .object([:]))
        _ = try? await world.store.extendEnvironment("feature-loyalty", days: 3, audit: record)
    }

    /// What there is once effects that were late have happened.
    private func settled(_ world: World) async -> [String] {
        world.time.advance(by: .seconds(5))
        _ = await world.holdings()
        return await Self.kept(world)
    }

    private static let inventoryPath = "ssot/infra/digitalocean/inventory.yaml"

    /// Breaks something of the tree for one pass.
    private func damage(_ world: World) -> String {
        let names = ["inventory", "environments", "branches", "root", "blob"]
        let name = names[Int(random.next() % UInt64(names.count))]
        world.source.change { tree in
            switch name {
            case "inventory":
                tree.files.removeAll { $0.path == Self.inventoryPath }
                tree.files.append(SourceFile(path: Self.inventoryPath, text: "droplets: ["))
            case "environments":
                tree.files.removeAll { $0.path == "ssot/environments.yaml" }
                tree.files.append(SourceFile(path: "ssot/environments.yaml", text: "environments: [1, 2]"))
            case "branches": tree.branches = .unknown(reason: "no answer")
            case "root": tree.files.removeAll { $0.path.hasPrefix("ssot/") }
            default:
                tree.files.removeAll { $0.path == Self.inventoryPath }
                tree.files.append(
                    SourceFile(path: Self.inventoryPath, content: .unreadable(reason: "a missing blob")))
            }
        }
        return name
    }

    /// Whether something went of which the damage left unknown whether it is wanted.
    private static func mustStay(_ damage: String, _ gone: Set<String>) -> Bool {
        switch damage {
        case "inventory", "blob", "root":
            // A droplet that is being resized shows another size, and off for a while: it is there.
            gone.contains { !$0.hasPrefix("droplet web") }
        case "environments", "branches":
            gone.contains { $0.hasPrefix("database ") || $0.hasPrefix("user ") || $0.contains(" A ") }
        default: true
        }
    }
}
