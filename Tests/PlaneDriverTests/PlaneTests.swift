import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import PlaneDriver
import Simulator
import SimulatorKit
import TestKit
import Testing

@Suite("Plane")
struct PlaneTests {
    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let world = try PlaneWorld(seeded: false)
        let wanted: [DesiredResource] = [
            .wanting(.planeProject, "NEW", [("name", "New one")]),
            .wanting(.planeState, "NEW/Waiting", [("name", "Waiting"), ("group", "started"), ("color", "#ABC")]),
            .wanting(.planeLabel, "NEW/risk: high", [("name", "risk: high"), ("color", "#FF0000")]),
            .wanting(.planeModule, "NEW/Sales", [("name", "Sales")]),
            .wanting(
                .planeWorkItem, "NEW/github/acme/erp#12",
                [("name", "Twelve"), ("state", "Waiting"), ("labels", ["risk: high"]), ("priority", "High")]),
        ]
        let names = Dictionary(grouping: wanted.map(\.key), by: \.kind).mapValues { Set($0.map(\.name)) }
        let checks = DriverConformance(
            request: ObserveRequest(kinds: Set(names.keys), names: names), creations: wanted.map(\.creation)
        ) { transport, token in PlaneWorld.driver(transport, world.time, key: token) }
        for breach in await checks.live(against: InProcessTransport(world.simulator)) { Issue.record("\(breach)") }
        for breach in await checks.fail() { Issue.record("\(breach)") }
    }

    @Test("what is there is taken over without touching what nobody wrote, and then nothing is left to do")
    func adoption() async throws {
        let world = try PlaneWorld()
        let plan = await world.engine.plan(PlaneWorld.wanted)
        let actions = Dictionary(plan.changes.map { ($0.key.name, $0.action) }, uniquingKeysWith: { first, _ in first })
        #expect(actions["OPS"] == .adopt)
        #expect(actions["OPS/Todo"] == .adopt)
        #expect(actions["OPS/In Review"] == .create)
        #expect(plan.changes.allSatisfy { $0.verdict == .allowed && $0.action != .delete && $0.action != .replace })
        // Of what is taken over only the colour that is wanted differs.
        let differing = plan.changes.filter { $0.action == .adopt && !$0.attributes.isEmpty }
        #expect(differing.map(\.key.name) == ["OPS/Doing"])

        let before = world.simulator.account("plane")
        let (inventory, failures) = await world.engine.apply(plan, PlaneWorld.wanted)
        #expect(failures == [])
        let old = before["projects"]?[0]?["states"]?.listValue?.first { $0["name"] == "Todo" }?.objectValue
        let todo = try #require(world.object("states", "Todo")?.objectValue)
        for member in old?.members ?? [] where !["external_source", "external_id", "updated_at"].contains(member.name) {
            #expect(todo[member.name] == member.value, "\(member.name) of a state that was as wanted")
        }
        #expect(todo["external_source"] == "odooops" && todo["external_id"] == "OPS/Todo")
        #expect(world.object("states", "Doing")?["color"] == "#F59E0B")
        #expect(world.object("labels", "area/erp")?["external_id"] == "L-1", "another system's mark stays")
        #expect(world.object("labels", "handmade") == before["projects"]?[0]?["labels"]?[1])

        let second = await world.engine.plan(PlaneWorld.wanted, inventory)
        #expect(second.changes.map { "\($0.action) \($0.key)" } == [])
        #expect(second.summary.noop == PlaneWorld.wanted.count)
        #expect(try Recordings.check(world.traffic.lines, name: "plane-adoption") == nil)
    }

    @Test("a state that somebody renamed is renamed back and not made again; what nobody wants any more needs a word")
    func renames() async throws {
        let world = try PlaneWorld()
        var (inventory, _) = await world.engine.apply(await world.engine.plan(PlaneWorld.wanted), PlaneWorld.wanted)
        let id = try #require(inventory.first { $0.key.name == "OPS/In Review" }?.providerID)
        let project = try #require(inventory.first { $0.key.kind == .planeProject }?.providerID)
        _ = try await world.ask("PATCH", "\(project)/states/\(id)/", ["name": "Checking"])
        let plan = await world.engine.plan(PlaneWorld.wanted, inventory)
        #expect(
            plan.changes.map { "\($0.action) \($0.key.name) \($0.cause)" } == ["update OPS/In Review externalChange"])
        inventory = await world.engine.apply(plan, PlaneWorld.wanted, inventory).inventory
        #expect(world.object("states", "In Review")?["id"] == .string(id))
        #expect(world.objects("states").count == 3)

        let fewer = PlaneWorld.wanted.filter { $0.key.name != "OPS/area/mail" }
        let removal = await world.engine.plan(fewer, inventory)
        #expect(removal.changes.map { "\($0.action) \($0.verdict)" } == ["delete needsApproval"])
        #expect(try Recordings.check(world.traffic.lines, name: "plane-renames") == nil)
    }

    @Test(
        "whatever goes wrong once, everything is there once in the end, and then nothing is left to do",
        arguments: [
            "* ** 429 x3", "* ** 429=2 x3", "* ** 500-before x3", "POST ** 500-after", "PATCH ** 500-after",
            "POST ** drop-before", "POST ** drop-after", "PATCH ** drop-after x2", "POST ** drop-after +1",
            "POST ** timeout-after=60", "GET ** truncated-json x2", "POST ** truncated-json", "POST ** html=502",
            "GET ** stale-read=1 x99", "GET ** slow=1 x3", "GET ** slow-body=300 x2", "* ** slow-body=1 x3",
            "GET ** broken-transfer x2", "POST ** 404-after-create=3",
        ])
    func faults(order: String) async throws {
        let world = try PlaneWorld()
        world.simulator.order(try FaultOrder(text: order))
        var inventory: [InventoryEntry] = []
        for _ in 0..<3 {
            let plan = await world.engine.plan(PlaneWorld.wanted, inventory)
            inventory = await world.engine.apply(plan, PlaneWorld.wanted, inventory).inventory
            world.simulator.clearFaults()
            try await world.time.sleep(for: .minutes(5))
        }
        let last = await world.engine.plan(PlaneWorld.wanted, inventory)
        #expect(last.changes.map { "\($0.action) \($0.key)" } == [], "under \(order)")
        #expect(world.objects("states").count == 3 && world.objects("labels").count == 3)
        #expect(world.objects("modules").count == 1)
    }

    /// By what the observation knows of it, by what a step carries, and whether a project of that name is there.
    @Test("nothing is written to a workspace that nobody wants it in", arguments: [false, true])
    func strangers(isThere: Bool) async throws {
        let world = try PlaneWorld(seeded: isThere)
        let wanted = PlaneWorld.wanted.map { resource in
            resource.key.kind != .planeProject
                ? resource
                : .wanting(.planeProject, "OPS", [("name", "Other"), ("workspace_slug", "fin-ops")])
        }
        let account = world.simulator.account("plane")
        let plan = await world.engine.plan(wanted)
        #expect(plan.changes.count == wanted.count)
        for change in plan.changes {
            #expect(change.action == .read && change.verdict == .blocked, "\(change.key): \(change.action)")
            #expect(
                change.verdictReason?.contains("wanted in the workspace fin-ops, and PLANE_WORKSPACE is acme") == true
                    && change.verdictReason?.contains("set PLANE_WORKSPACE") == true,
                "\(change.key): \(change.verdictReason ?? "")")
        }
        // A step that comes to the driver all the same ends there, of the project and of what is in it.
        for (key, action) in [
            (ResourceKey(.planeProject, "OPS"), ChangeAction.create), (ResourceKey(.planeProject, "OPS"), .update),
            (ResourceKey(.planeState, "OPS/Todo"), .update), (ResourceKey(.planeLabel, "OPS/new"), .create),
            (ResourceKey(.planeLabel, "OPS/handmade"), .delete), (ResourceKey(.planeWorkItem, "OPS/x/1"), .create),
        ] {
            let change = PlannedChange(
                key: key, action: action, reason: "test", cause: .unappliedCommit,
                attributes: [AttributeChange(path: "name", before: nil, after: "N")], providerID: "some-id")
            let step = Step(key: key, index: 1, operation: "\(action)", title: "test")
            let outcome = await world.driver.perform(
                step, of: ResolvedChange(change: change, wanted: Attributes(), current: nil), world.context)
            #expect(outcome.word == "failed PL-0012", "\(key): \(outcome.word)")
        }
        guard case .unknown = await world.driver.look(at: ResourceKey(.planeProject, "OPS"), world.context) else {
            Issue.record("another workspace's project was found")
            return
        }
        // A driver that has observed nothing has the step's own word.
        let fresh = PlaneWorld.driver(InProcessTransport(world.simulator), world.time)
        let key = ResourceKey(.planeProject, "NEW")
        let outcome = await fresh.perform(
            Step(key: key, index: 1, operation: "create", title: "create", creates: true),
            of: ResolvedChange(
                change: PlannedChange(key: key, action: .create, reason: "test", cause: .unappliedCommit),
                wanted: Attributes([Attributes.Item("workspace_slug", "fin-ops")]), current: nil), world.context)
        #expect(outcome.fault?.hint?.contains("providers.plane.workspace") == true, "\(outcome.word)")
        #expect(world.simulator.account("plane") == account)
        #expect(world.simulator.requestLog.allSatisfy { $0.method == "GET" })
    }

    @Test("a project of another workspace says nothing against those that are wanted in this one")
    func neighbours() async throws {
        let world = try PlaneWorld()
        let far: [DesiredResource] = [
            .wanting(.planeProject, "FIN", [("name", "Finance"), ("workspace_slug", "fin-ops")]),
            .wanting(.planeLabel, "FIN/cash", [("name", "cash")]),
            .wanting(.planeProject, "NEW", [("name", "New"), ("workspace_slug", "acme")]),
        ]
        let plan = await world.engine.plan(PlaneWorld.wanted + far)
        let blocked = plan.changes.filter { $0.verdict != .allowed }
        #expect(blocked.map(\.key.name).sorted() == ["FIN", "FIN/cash"])
        #expect(plan.changes.first { $0.key.name == "NEW" }?.action == .create)
        // What was applied there stays where it is, also when the document goes: of it nothing is known.
        let entry = InventoryEntry(
            key: ResourceKey(.planeProject, "FIN"), providerID: "far", environment: nil,
            lastApplied: Attributes([Attributes.Item("workspace_slug", "fin-ops")]), revision: plan.revision,
            isProtected: false, createdAt: world.time.now - .days(1))
        let late = await world.engine.plan(PlaneWorld.wanted, [entry])
        let change = late.changes.first { $0.key == entry.key }
        #expect(change?.verdict != .allowed, "\(change?.action.rawValue ?? "nothing")")
    }

    @Test("a list is read to its end, also when it shifts; one that keeps shifting proves nothing")
    func pages() async throws {
        let world = try PlaneWorld(seeded: false)
        let labels = (0..<250).map { Value.object(["name": .string("label \($0)")]) }
        let project = Value.object(["identifier": "OPS", "name": "Operations", "labels": .list(labels)])
        try world.simulator.seed("plane", ["workspaces": ["acme": ["projects": [project]]]])
        let request = ObserveRequest(kinds: [.planeLabel], names: [.planeLabel: ["OPS/label 1"]])
        for (order, count, isComplete) in [
            (nil, 250, true), ("GET /plane/**/labels/ shifted-pages=2 x2", 250, true),
            ("GET /plane/**/labels/ shifted-pages=2 x90", 248, false),
        ] {
            if let order { world.simulator.order(try FaultOrder(text: order)) }
            let kind = try #require(await world.driver.observe(request, world.context).first)
            #expect(kind.resources.count == count)
            #expect(kind.completeness.isComplete == isComplete)
            world.simulator.clearFaults()
        }
        #expect(try Recordings.check(world.traffic.lines, name: "plane-pages") == nil)
    }

    @Test("a work item is put once, whoever puts it and whatever is lost; labels of others stay")
    func workItems() async throws {
        let world = try PlaneWorld()
        _ = await world.engine.apply(await world.engine.plan(PlaneWorld.wanted), PlaneWorld.wanted)
        world.simulator.order(try FaultOrder(text: "POST /plane/**/work-items/ drop-after"))
        var item = PlaneWorkItem(project: "OPS", source: "github", externalID: "acme/erp#8", name: "Eight")
        item.state = "Doing"
        item.labels = ["area/mail"]
        item.priority = "High"
        // The answer is lost; the look after it finds the item as it is wanted.
        #expect(try await world.driver.upsert(item, world.context).get().effect == .unchanged)
        let again = item
        let effects = await (0..<6).mapBounded(limit: 6) { _ in
            try? await world.driver.upsert(again, world.context).get().effect
        }
        #expect(effects.allSatisfy { $0 == .unchanged })
        item.labels = ["handmade"]
        #expect(try await world.driver.upsert(item, world.context).get().effect == .updated)
        let stored = try #require(world.objects("work-items").filter { $0["external_id"] == "acme/erp#8" }.first)
        #expect(stored["labels"]?.listValue?.count == 2)
        #expect(stored["priority"] == "high")
        #expect(world.objects("work-items").count == 2)

        // What is there already, by its external id alone.
        let known = PlaneWorkItem(project: "OPS", source: "github", externalID: "acme/erp#7")
        #expect(try await world.driver.upsert(known, world.context).get().effect == .unchanged)
        item.state = "Nowhere"
        guard case .failure(let fault) = await world.driver.upsert(item, world.context) else {
            Issue.record("a state that isn't there was accepted")
            return
        }
        #expect(fault.code == "PL-0012" && fault.disposition == .waitForNewCommit)
        // The specification describes a page where the program answers with the one object; both are understood.
        let looks = world.traffic.lines.filter { $0.contains("?external_id=") && $0.contains("\"status\":200") }
        #expect(!looks.isEmpty && looks.allSatisfy { !$0.contains("next_cursor") })
        let others = world.traffic.lines.filter { !looks.contains($0) }
        #expect(try Recordings.check(others, name: "plane-work-items") == nil)
    }

    @Test("what no deletion takes away at the provider says so, so that nobody is asked for one")
    func whatIsLeftAsItIs() {
        for schema in PlaneKinds.all where schema.attributes.contains(where: { !$0.isComputed }) {
            #expect(schema.requests(.delete, []) > 0 || schema.hindrance(.delete, []) != nil, "\(schema.kind)")
        }
    }

    @Test("a simulator that was loaded from what was seen shows the same again, what is ours and what isn't")
    func rehearsal() async throws {
        let world = try PlaneWorld()
        _ = await world.engine.apply(await world.engine.plan(PlaneWorld.wanted), PlaneWorld.wanted)
        let names = Dictionary(grouping: PlaneWorld.wanted.map(\.key), by: \.kind).mapValues { Set($0.map(\.name)) }
        let request = ObserveRequest(
            kinds: Set(PlaneKinds.all.map(\.kind)),
            names: names.merging([.planeWorkItem: ["OPS/github/acme/erp#7"]]) { $1 })
        let seen = ObservedState(await world.driver.observe(request, world.context))
        #expect(seen.kinds[.planeWorkItem]?.resources.count == 1 && seen.kinds[.planeState]?.resources.count == 3)
        try world.simulator.load(observation: Rehearsal.lines(seen))
        let again = ObservedState(await world.driver.observe(request, world.context))
        #expect(Rehearsal.differences(seen, again, world.driver.schemas) == [])
    }

    @Test("work items come as issues, last change first, with the names of their states, and the traffic holds")
    func issues() async throws {
        let world = try PlaneWorld(seeded: false)
        let urgencies = ["low", "urgent", "none", "high"]
        let states: [Value] = [
            ["name": "Todo", "group": "unstarted", "color": "#60646C", "default": true],
            ["name": "Done", "group": "completed", "color": "#46A758"],
        ]
        let items = (0..<120).map { number -> Value in
            .object(["name": .string("item \(number)"), "priority": .string(urgencies[number % 4])])
        }
        var project: Value.Object = ["identifier": "OPS", "name": "Operations"]
        project["states"] = .list(states)
        project["work_items"] = .list(items)
        try world.simulator.seed(
            "plane", .object(["workspaces": .object(["acme": .object(["projects": [.object(project)]])])]))
        let id = try #require(try await world.driver.issueProjects(world.context).get()?.first)
        let before = world.time.now
        world.time.advance(by: .minutes(5))
        let stored = try #require(world.objects("work-items").dropFirst(6).first?["id"]?.stringValue)
        let done = try #require(world.objects("states").last?["id"])
        let person = "11111111-2222-4333-8444-555555555555"
        let patched = try await world.ask(
            "PATCH", "\(id)/work-items/\(stored)/", ["state": done, "assignees": [.string(person)]])
        #expect(patched.status == 200)

        let all = await world.driver.issues(in: id, since: nil, world.context)
        #expect(all.completeness.isComplete && all.items.count == 120)
        let first = try #require(all.items.first)
        #expect(first["name"] == "item 6" && first["state"]?["name"] == "Done")
        #expect(first["assignees"]?[0]?["display_name"] == "person-1111")
        #expect(all.items.dropFirst().allSatisfy { $0["state"]?["name"] == "Todo" })
        let late = await world.driver.issues(in: id, since: before + .seconds(1), world.context)
        #expect(late.items.count == 1 && late.completeness.isComplete)
        let lines = world.traffic.lines

        // Without its states nobody knows which of them are done.
        world.simulator.order(try FaultOrder(text: "GET /plane/**/states/ 500-before x9"))
        let blind = await world.driver.issues(in: id, since: nil, world.context)
        #expect(blind.items.isEmpty && !blind.completeness.isComplete)

        // As Plane orders, expands and chooses for whoever asks it to.
        let urgent = try await world.ask(
            "GET", "\(id)/work-items/?order_by=priority&per_page=100&expand=state,labels&fields=priority,state")
        let shown = try JSON.parse(urgent.body)["results"]?.listValue ?? []
        #expect(shown.prefix(30).allSatisfy { $0["priority"] == "urgent" } && shown[30]["priority"] == "high")
        #expect(shown.first?["state"]?["group"] == "unstarted" && shown.first?["id"] == nil)
        #expect(try await world.ask("GET", "\(id)/work-items/?order_by=no_such_field").status == 500)
        #expect(try Recordings.check(lines, name: "plane-issues") == nil)
    }

    @Test("under the published limits no request is refused, and the budget waits instead")
    func limits() async throws {
        let world = try PlaneWorld(limits: RateLimits())
        let start = world.time.now
        for number in 0..<40 {
            let item = PlaneWorkItem(project: "OPS", source: "github", externalID: "acme/erp#\(number)", name: "Item")
            _ = try await world.driver.upsert(item, world.context).get()
        }
        #expect(world.simulator.requestLog.allSatisfy { $0.status != 429 })
        #expect(world.time.now - start > .seconds(60))
        #expect(world.objects("work-items").count == 40)
    }

    @Test("what Plane refuses is said in its own words, with a code and a way out")
    func refusals() async throws {
        let world = try PlaneWorld(retry: .never)
        let inventory = await world.engine.apply(await world.engine.plan(PlaneWorld.wanted), PlaneWorld.wanted)
            .inventory
        let todo = try #require(inventory.first { $0.key.name == "OPS/Todo" })
        let change = ResolvedChange(
            change: PlannedChange(
                key: todo.key, action: .delete, reason: "test", cause: .unappliedCommit, providerID: todo.providerID),
            wanted: Attributes(), current: nil)
        let outcome = await world.engine.apply(change)
        guard case .failed(let fault) = outcome else {
            Issue.record("the default state was deleted")
            return
        }
        #expect(fault.code == "PL-0005" && fault.message.contains("Default state cannot be deleted"))

        let silent = ClosureTransport { _, _ throws(HTTPFault) in
            .json(401, #"{"detail":"Given API token is not valid"}"#)
        }
        let blind = PlaneWorld.driver(silent, world.time)
        guard case .failure(let refused) = await blind.checkAccess() else {
            Issue.record("a wrong key was accepted")
            return
        }
        #expect(refused.code == "PL-0001" && refused.hint?.contains("PLANE_API_KEY") == true)
        let nowhere = PlaneDriver(
            apiKey: Secret("x"), workspace: nil, transport: silent, time: world.time, random: RandomSource(seed: 1))
        let seen = await nowhere.observe(ObserveRequest(kinds: [.planeProject]), world.context)
        #expect(seen.first?.completeness == .unknown(reason: "no workspace is configured: set PLANE_WORKSPACE"))
    }

    @Test(
        "one thing written in two ways is the same",
        arguments: [
            ("color", "#ABC", "#aabbcc", true), ("color", " #F59E0B", "#f59e0b", true),
            ("color", "#F59E0B", "#f59e0c", false), ("text", " Todo ", "Todo", true), ("text", "Todo", "todo", false),
            ("lowercase", "Started", "started", true), ("html", "<p></p>", "", true),
            ("html", "<p>a</p>\n", "<p>a</p>", true), ("html", "<p>a</p>", "<p>b</p>", false),
        ])
    func normal(form: String, a: String, b: String, isSame: Bool) {
        let forms = [
            "color": PlaneNormal.color, "text": PlaneNormal.text, "lowercase": PlaneNormal.lowercase,
            "html": PlaneNormal.html,
        ]
        let normal = forms[form] ?? { $0 }
        #expect((normal(.string(a)) == normal(.string(b))) == isSame)
    }

    @Test("the account outlives the simulator")
    func persistence() async throws {
        let directory = try TemporaryDirectory()
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        let options = SimulatorOptions(time: time, statePath: "\(directory.path)/state.json")
        let first = try Simulator(options: options)
        try first.seed("plane", PlaneWorld.account)
        let second = try Simulator(options: options)
        #expect(second.account("plane") == first.account("plane"))
        #expect(second.account("plane")["projects"]?[0]?["labels"]?.listValue?.count == 2)
    }
}
