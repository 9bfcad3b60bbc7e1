import Basics
import DesiredState
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing

@Suite("GitHub's driver against the simulator")
struct DriverTests {
    static func schema(_ kind: ResourceKind) throws -> KindSchema {
        try #require(GitHubKinds.all.first { $0.kind == kind })
    }

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let world = try GitHubWorld()
        var document = GitHubWorld.document
        // The checks want an account in which nothing is left in the end.
        if var root = document.objectValue, var repository = root["repositories"]?[0]?.objectValue {
            repository["labels"] = []
            root["repositories"] = [.object(repository)]
            document = .object(root)
        }
        let time = world.time
        let simulator = try Simulator(options: SimulatorOptions(time: time, limits: .generous))
        try simulator.seed("github", document)
        var checks = DriverConformance(
            request: GitHubLife.changing, creations: GitHubLife.all.map(\.create)
        ) { transport, token in
            GitHubDriver(
                token: token, baseURL: "http://github.test", transport: transport,
                budget: RequestBudget(.unlimited, time: time), hookSecret: Secret(GitHubWorld.hookSecret), time: time,
                random: RandomSource(seed: 4))
        }
        checks.hasBareLists = true
        for breach in await checks.live(against: InProcessTransport(simulator)) { Issue.record("\(breach)") }
        for breach in await checks.fail() { Issue.record("\(breach)") }
    }

    @Test("every kind lives its life within its estimate, a second look finds nothing to do, and the traffic holds")
    func wholeLife() async throws {
        // Without 304, which the specification of hardly any operation lists although every list answers it.
        let world = try GitHubWorld(cache: nil)
        for life in GitHubLife.all {
            let schema = try Self.schema(life.key.kind)
            let before = world.lines.count
            let made = await world.engine.apply(life.create)
            let object = try #require(made.resource, "\(life.key): \(made)")
            let most = schema.requests(.create, life.create.wanted.items.map(\.name))
            let spent = world.lines.count - before
            #expect(spent <= most && spent >= 1, "\(life.key) took \(spent) of \(most)")
            #expect(schema.differences(wanted: life.create.wanted, observed: object.attributes) == [], "\(life.key)")

            let seen = await world.observe()
            let found = try #require(seen.first(life.key), "\(life.key)")
            #expect(seen.kinds[life.key.kind]?.completeness == .complete)
            #expect(schema.differences(wanted: life.create.wanted, observed: found.attributes) == [], "\(life.key)")

            let start = world.lines.count
            let updated = await world.engine.apply(life.update(from: found))
            #expect(updated.word == "done", "\(life.key): \(updated)")
            let limit = schema.requests(.update, life.changed.map(\.name))
            #expect(world.lines.count - start <= limit, "\(life.key) took \(world.lines.count - start) of \(limit)")
            let later = try #require(await world.observe().first(life.key))
            #expect(schema.differences(wanted: life.later, observed: later.attributes) == [], "\(life.key)")
            #expect(later.providerID == found.providerID)
        }
        let seen = await world.observe()
        for kind in GitHubLife.request.kinds { #expect(seen.kinds[kind]?.completeness == .complete, "\(kind)") }
        for life in GitHubLife.all.reversed() {
            let object = try #require(seen.first(life.key))
            for _ in 1...2 {
                let gone = await world.engine.apply(change(life.key, .delete, current: object))
                #expect(gone.word == "done", "\(life.key): \(gone)")
            }
        }
        for life in GitHubLife.all { #expect(await world.observe().first(life.key) == nil) }
        let secrets = [GitHubWorld.token, GitHubWorld.hookSecret]
        for secret in secrets { #expect(!world.lines.contains { $0.contains(secret) }) }
        #expect(world.simulator.issuedSecrets.contains(GitHubWorld.hookSecret))
        let breaches = try Recordings.check(world.lines, name: "github-driver")
        #expect(breaches == nil, "\(breaches ?? "")")
    }

    @Test("what is there is seen: branches, tags, pulls, environments, names of secrets, runs and settings")
    func sights() async throws {
        let world = try GitHubWorld()
        let seen = await world.observe()
        #expect(seen.names(.gitHubBranch) == ["acme/odoo/main", "acme/odoo/release/18"])
        #expect(seen.names(.gitHubTag) == ["acme/odoo/v1.0"])
        #expect(seen.names(.gitHubPullRequest) == ["acme/odoo/7"])
        #expect(seen.names(.gitHubEnvironment) == ["acme/odoo/production", "acme/odoo/staging"])
        #expect(seen.names(.gitHubSecret) == ["acme/odoo/MAIL_KEY", "acme/odoo/VERCEL_TOKEN"])
        #expect(seen.names(.gitHubRun).count == 1)
        #expect(seen.names(.gitHubLabel) == ["acme/odoo/bug"])
        #expect(seen.kinds[.branchProtection]?.resources.isEmpty == true)
        let pull = try #require(seen.kinds[.gitHubPullRequest]?.resources.first)
        #expect(pull.attributes["head_sha"] == .string(GitHubWorld.sha) && pull.attributes["base"] == "main")
        let repository = try #require(seen.first(ResourceKey(.repository, "acme/odoo")))
        #expect(repository.attributes["description"] == "The ERP" && repository.attributes["visibility"] == "private")
        #expect(repository.attributes["secret_scanning"] == false)
        // A second look costs nothing of the limit: every answer is the one that is known.
        let before = world.lines.count
        _ = await world.observe()
        let again = world.lines.dropFirst(before)
        #expect(
            !again.isEmpty
                && again.allSatisfy { line in
                    // What is not there has no tag: 404, Branch not protected.
                    line.contains(#""status":304"#) || line.contains(#""status":404"#)
                })
        #expect(world.writes(since: 0) == [])
    }

    @Test("a simulator that was loaded from what was seen shows the same again, protection and all")
    func rehearsal() async throws {
        let world = try GitHubWorld()
        for life in GitHubLife.all { #expect(await world.engine.apply(life.create).word == "done", "\(life.key)") }
        let seen = await world.observe()
        #expect(seen.kinds[.branchProtection]?.resources.count == 1 && seen.kinds[.ruleset]?.resources.count == 1)
        try world.simulator.load(observation: Rehearsal.lines(seen))
        let again = await world.observe()
        #expect(Rehearsal.differences(seen, again, world.driver.schemas) == [])
    }

    @Test("a repository that the token may not see leaves the others known")
    func hiddenRepository() async throws {
        let world = try GitHubWorld()
        let kinds: [ResourceKind] = [
            .repository, .gitHubLabel, .gitHubBranch, .branchProtection, .ruleset, .gitHubHook,
        ]
        var names: [ResourceKind: Set<String>] = [:]
        for kind in kinds {
            let child = kind == .repository ? "" : "/main"
            names[kind] = ["acme/odoo\(child)", "acme/hidden\(child)"]
        }
        let seen = await world.observe(ObserveRequest(kinds: Set(kinds), names: names))
        for kind in kinds {
            let observed = try #require(seen.kinds[kind])
            let child = kind == .repository ? "" : "/main"
            #expect(!observed.completeness.isComplete, "\(kind)")
            #expect(
                observed.completeness(of: "acme/odoo\(child)") == .complete || observed.resources.isEmpty, "\(kind)")
            guard case .unknown(let why) = observed.completeness(of: "acme/hidden\(child)") else {
                Issue.record("\(kind) claims to know acme/hidden")
                continue
            }
            #expect(why.contains("/repos/acme/hidden") && why.contains("hides it from this token"), "\(why)")
        }

        let wanted = ["acme/odoo", "acme/hidden"].map {
            DesiredResource.wanting(.gitHubLabel, "\($0)/new", [("color", "ffffff")])
        }
        let remembered = ["acme/odoo", "acme/hidden"].map {
            InventoryEntry(
                key: ResourceKey(.gitHubLabel, "\($0)/bug"), providerID: "bug", environment: nil,
                lastApplied: Attributes(), revision: "r", isProtected: false, createdAt: world.time.now - .days(9))
        }
        let plan = await world.engine.plan(wanted, remembered)
        let lines = plan.changes.map { "\($0.key.name) \($0.action)" }
        #expect(
            lines.sorted() == [
                "acme/hidden/bug read", "acme/hidden/new read", "acme/odoo/bug delete",
                "acme/odoo/new create",
            ])
    }

    @Test("lists are read page after page by the provider's links, also when they shift in between")
    func pages() async throws {
        var items: [Value] = []
        for number in 0..<250 {
            items.append(.object(["name": .string("label-\(1_000 + number)"), "color": "ffffff"]))
        }
        let repository: Value = .object(["name": "acme/odoo", "labels": .list(items)])
        let request = ObserveRequest(kinds: [.gitHubLabel], names: [.repository: ["acme/odoo"]])
        for order in ["", "GET ** shifted-pages=1", "GET ** shifted-pages=-1", "GET ** shifted-pages=3 x2"] {
            let world = try GitHubWorld(seed: .object(["repositories": [repository]]))
            if !order.isEmpty { world.simulator.order(try FaultOrder(text: order)) }
            let seen = await world.observe(request)
            #expect(seen.names(.gitHubLabel).count == 250, "\(order)")
            #expect(seen.kinds[.gitHubLabel]?.completeness == .complete, "\(order)")
            if order.isEmpty { #expect(world.lines.count == 6) }
        }
        let world = try GitHubWorld(retry: .never, seed: .object(["repositories": [repository]]))
        world.simulator.order(try FaultOrder(text: "GET ** 500-before x9 +1"))
        let seen = await world.observe(request)
        #expect(seen.names(.gitHubLabel).count == 100)
        #expect(seen.kinds[.gitHubLabel]?.completeness.isComplete == false)
    }

    @Test(
        "whatever goes wrong once, everything is there once in the end, and then nothing is left to do",
        arguments: [
            "* ** 429 x3", "* ** 429=2 x3", "* ** 500-before x3", "POST ** 500-after", "PUT ** 500-after",
            "PATCH ** drop-after", "POST ** drop-before", "POST ** drop-after", "PUT ** drop-after x2",
            "POST ** truncated-json", "PUT ** truncated-json", "POST ** timeout-after=60", "GET ** truncated-json x2",
            "GET ** broken-transfer x2", "POST ** 404-after-create=3", "POST ** html=502", "GET ** slow=1 x3",
            "GET ** slow-body=300 x2", "* ** slow-body=1 x3",
            "GET ** stale-read=1 x99",
        ])
    func faults(order: String) async throws {
        let found = try FaultOrder(text: order)
        var lines: [String] = []
        for life in GitHubLife.all {
            let world = try GitHubWorld()
            world.simulator.order(found)
            let schema = try Self.schema(life.key.kind)
            let own = ObserveRequest(kinds: [life.key.kind], names: GitHubLife.request.names)
            if await world.engine.apply(life.create).word != "done" {
                // The next pass looks, and does what is left.
                world.simulator.clearFaults()
                try await world.time.sleep(for: .hours(2))
                if let there = await world.observe(own).first(life.key) {
                    let missing = schema.differences(wanted: life.create.wanted, observed: there.attributes)
                    let attributes = missing.map {
                        AttributeChange(path: $0, before: there.attributes[$0], after: life.create.wanted[$0])
                    }
                    let rest = change(
                        life.key, .update, wanted: life.create.wanted.items, current: there, attributes: attributes)
                    #expect(await world.engine.apply(rest).word == "done", "\(life.key)")
                } else {
                    #expect(await world.engine.apply(life.create).word == "done", "\(life.key)")
                }
            }
            world.simulator.clearFaults()
            let seen = await world.observe(own)
            let objects = seen.kinds[life.key.kind]?.resources.filter { $0.key == life.key } ?? []
            #expect(objects.count == 1, "\(life.key) under \(order)")
            let left = objects.first.map { schema.differences(wanted: life.create.wanted, observed: $0.attributes) }
            #expect(left == [], "\(life.key) under \(order)")
            if let object = objects.first {
                world.simulator.order(try FaultOrder(text: "DELETE ** drop-after"))
                let gone = await world.engine.apply(change(life.key, .delete, current: object))
                #expect(gone.word == "done", "\(life.key): \(gone)")
                #expect(await world.observe(own).first(life.key) == nil)
            }
            lines += world.lines
        }
        // What is looked for and said again after a lost answer is held against the specification as well.
        guard order == "POST ** drop-after" else { return }
        let answered = try GitHubWorld.withoutUnchanged(lines.filter { !$0.contains(#""status":0"#) })
        #expect(try Recordings.check(answered, name: "github-faults") == nil)
    }

    @Test("what a document doesn't name is left alone: the PUT carries everything that is in force")
    func leftAlone() async throws {
        let world = try GitHubWorld()
        let actors: Value = .object(["users": ["mona"], "teams": [], "apps": []])
        var other = Value.Object()
        let check: Value = .object(["context": "security", "app_id": 15_368])
        other["required_status_checks"] = .object(["strict": false, "contexts": ["security"], "checks": [check]])
        other["required_pull_request_reviews"] = .object([
            "required_approving_review_count": 3, "require_last_push_approval": true,
            "bypass_pull_request_allowances": actors,
        ])
        for name in ["enforce_admins", "lock_branch", "required_conversation_resolution"] { other[name] = true }
        other["restrictions"] = .null
        let client = APIClient(
            provider: "github", baseURL: "http://github.test", authorization: .bearer(Secret(GitHubWorld.token)),
            transport: InProcessTransport(world.simulator),
            budget: RequestBudget(.unlimited, time: world.time), time: world.time, random: RandomSource(seed: 1))
        let path = "/repos/acme/odoo/branches/main/protection"
        let put = try await client.call("PUT", path, json: Array(JSON.write(.object(other)).utf8))
        #expect(put.status == 200)
        let key = ResourceKey(.branchProtection, "acme/odoo/main")
        let before = try #require(await world.observe().first(key)?.attributes)
        #expect(before["allow_bypass"] == true)
        let wanted = [
            Attributes.Item("dismiss_stale_reviews", true),
            Attributes.Item("require_status_checks.required_checks", ["validate-ssot"]),
        ]
        let edit = change(
            key, .update, wanted: wanted, current: await world.observe().first(key),
            attributes: wanted.map { AttributeChange(path: $0.name, before: before[$0.name], after: $0.value) })
        #expect(await world.engine.apply(edit).word == "done")
        let after = try #require(await world.observe().first(key)?.attributes)
        for item in before.items where !wanted.contains(where: { $0.name == item.name }) {
            #expect(after[item.name] == item.value, "\(item.name)")
        }
        #expect(after["require_status_checks.required_checks"] == ["security", "validate-ssot"])
        let kept = world.simulator.account("github")["repositories"]?[0]?["protections"]?["main"]
        #expect(kept?["required_status_checks"]?["checks"]?[0]?["app_id"] == 15_368)
        #expect(kept?["required_pull_request_reviews"]?["bypass_pull_request_allowances"]?["users"] == ["mona"])
    }

    @Test("a hook keeps its secret when it is changed, and one that stands there already is taken over")
    func hooks() async throws {
        let world = try GitHubWorld()
        let life = try #require(GitHubLife.all.first { $0.key.kind == .gitHubHook })
        let step = try #require(world.driver.steps(for: life.create.change).first)
        let made = await world.driver.perform(step, of: life.create, world.context)
        let object = try #require(made.resource)
        // Without a look before: GitHub refuses a second one, and the first is found.
        let second = await world.driver.perform(step, of: life.create, world.context)
        #expect(second.resource?.providerID == object.providerID)
        var other = life.create.wanted.items.filter { $0.name != "events" }
        other.append(Attributes.Item("events", ["release"]))
        let third = await world.driver.perform(step, of: change(life.key, .create, wanted: other), world.context)
        #expect(third.word == "unknown GH-0017")
        #expect(await world.engine.apply(life.update(from: object)).word == "done")
        let kept = world.simulator.account("github")["repositories"]?[0]?["lists"]?["hooks"]?[0]?["config"]
        #expect(kept?["secret"]?.stringValue == GitHubWorld.hookSecret && kept?["content_type"] == "form")
        let unsigned = try GitHubWorld(hookSecret: nil)
        #expect(await unsigned.engine.apply(life.create).word == "failed GH-0016")
        #expect(unsigned.writes(since: 0) == [])
    }
}
