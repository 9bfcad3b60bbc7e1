import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store
import TestKit
import Testing
import Web

@testable import ConsoleAPI
@testable import ConsolePages
@testable import Diff

/// Pages over what real passes left, held against the command line's words and the API's documents.
@Suite struct ExamplePagesTests {
    private static let record = "digitalocean.record/brightwater.example/A/erp"

    private static func get(_ path: String, _ world: ExampleWorld, _ schedules: [ScheduledJob]? = nil) async throws
        -> Value
    {
        let access = AccessControl(store: world.store, settings: AccessSettings(isLoopback: true), time: world.time)
        let api = APIEndpoints(
            APIServices(
                store: world.store, access: access, reconciler: world.reconciler(), time: world.time,
                schedules: { schedules }, outlook: { world.knowledge.outlook }))
        let response = await api.answer(
            WebRequest(
                method: "GET", path: "/api/v1\(path)",
                headers: [("Host", "localhost"), ("Accept", "application/json")],
                peer: "127.0.0.1"))
        #expect(response.status == 200, "\(path): \(String(decoding: response.body, as: UTF8.self))")
        return try JSON.parse(response.body)["data"] ?? .null
    }

    @Test("A difference that another process found is shown with its own line and value, and not called as wanted")
    func driftOfAnotherLook() async throws {
        let world = try await ExampleWorld()
        await world.pass()
        #expect(try await world.store.openDrift().isEmpty)
        try await world.change(record: "erp", to: "198.51.100.66")
        let look = await world.look()
        let item = try #require(look.plan?.drift.first { $0.key.description == Self.record }?.attributes.first)
        let mark = try #require(item.mark)
        let record = try #require(try await world.store.openDrift().first)
        #expect(mark.line != record.detail["source"]?["line"]?.intValue.map { Int($0) }, "the two lines are told apart")
        for page in ["/drift", "/environments/production"] {
            let html = try await world.html(page)
            for text in ["198.51.100.66", "\(mark.file):\(mark.line)", Words.value(item.after)] {
                #expect(html.contains(text), "\(page) has \(text)")
            }
            #expect(item.reference.map { html.contains(", from \($0)") } ?? true, "\(page)")
            let card = html.range(after: "<section class=\"card\" aria-labelledby=\"d-", until: "</section>")
            #expect(card.contains(Self.record) && !card.contains("as wanted"), "\(page): \(card)")
        }
        // The same plan on its own page: value, origin and line of the attribute.
        let plan = try await world.html("/plans/\(look.run.id)")
        #expect(plan.contains("\(mark.file):\(mark.line)") && plan.contains("198.51.100.66"))
        // What was said of a difference stands wherever its line moves to.
        let told = try await Self.get("/drift", world)[0]?["detail"]?["attributes"]?[0]?["source"]
        #expect(told?["line"]?.intValue == Int64(mark.line))
    }

    @Test("What is in the way of a resource is told with its end, as the command line tells it")
    func obstacles() async throws {
        let world = try await ExampleWorld()
        await world.pass()
        try await world.change(record: "erp", to: "198.51.100.66")
        world.knowledge.learn(await world.look())
        let lease = try #require(
            try await world.store.acquireLease(name: "reconcile", holder: "another pass", lasting: .minutes(5)))
        for page in ["/drift", "/environments/production"] {
            let html = try await world.html(page)
            let told = html.range(after: "in the way: lease", until: "reconcile runs --limit 1")
            #expect(told.contains("a pass is under way: another pass"), "\(page): \(html)")
            #expect(told.contains("until \(lease.expiresAt.minuteText) UTC"), "\(page): \(told)")
        }
    }

    @Test("The latest plan is that of the last pass, whatever was looked at since; a look's own is in its evidence")
    func latestPlan() async throws {
        let world = try await ExampleWorld()
        let early = await world.look()
        #expect(try await Self.get("/plans/latest", world)["run_id"]?.stringValue == early.run.id, "there is no other")
        let pass = await world.pass()
        let look = await world.look()
        #expect(try await Self.get("/plans/latest", world)["run_id"]?.stringValue == pass.run.id)
        #expect(try await Self.get("/plans/\(look.run.id)", world)["run_id"]?.stringValue == look.run.id)
        #expect(try await world.html("/plans/latest").contains(String(pass.run.id.suffix(8))))
    }

    @Test("Columns of what providers hold, of backups and of deployments are filled")
    func columns() async throws {
        let world = try await ExampleWorld()
        let pass = await world.pass()
        await world.pass()
        let databases = try await world.store.mirror(.databases)
        let endpoint = try #require(databases.first?["endpoint_host"])
        let port = try #require(databases.first?["endpoint_port"])
        for page in ["/platform/digitalocean", "/database"] {
            #expect(try await world.html(page).contains("\(endpoint):\(port)"), "\(page)")
        }
        let backup = try #require(
            world.knowledge.current.outlook?.observed.kinds[.databaseBackup]?.resources.first)
        #expect(backup.attributes["count"] != nil)
        let backups = try await world.html("/backups")
        if let size = backup.attributes["size_gb"] { #expect(backups.contains("\(Words.value(size)) GB")) }
        if let latest = backup.attributes["latest"]?.stringValue { #expect(backups.contains(latest)) }
        let row = try #require(
            try await Self.get("/backups", world).listValue?.first { $0["key"]?.stringValue == "\(backup.key)" })
        func instant(_ value: Value?) -> Timestamp? { value?.instantValue }
        let made = (row["created_at"], backup.attributes["latest"])
        #expect(row["count"] == backup.attributes["count"] && instant(made.0) == instant(made.1), "\(row)")
        let own = try await Self.get("/databases/production/backups", world)
        #expect(own["cluster"]?.stringValue == backup.key.name, "\(own)")
        #expect(own["held"]?.listValue?.map { $0["key"] } == [row["key"]], "its cluster's, and nobody else's")
        let deployments = try await world.html("/deployments")
        #expect(deployments.contains(String(pass.run.revision?.prefix(10) ?? "none")))
        #expect(deployments.contains("Ada Lovelace") && !deployments.contains("ada@brightwater"))
    }

    @Test("The page of integrations says what the API says, with each secret's presence")
    func integrations() async throws {
        let world = try await ExampleWorld()
        await world.pass()
        let rows = try await Self.get("/integrations", world).listValue ?? []
        #expect(!rows.isEmpty)
        let html = try await world.html("/integrations?show=all")
        for row in rows {
            let name = row["name"]?.stringValue ?? ""
            let line = html.range(after: "<strong>\(name)</strong>", until: "</tr>")
            let status = String((row["status"]?.stringValue ?? "").map { $0 == "_" ? " " : $0 })
            for text in [status, row["category"]?.stringValue ?? ""] {
                #expect(line.contains(text), "\(name) has \(text): \(line)")
            }
            #expect(line.contains("not in the baseline") == (row["baseline_allowed"] == false), "\(name)")
            for secret in row["required_secrets"]?.listValue ?? [] {
                let part = line.range(after: "\(secret.stringValue ?? "")</code>", until: "</span>")
                #expect(["present", "absent", "unknown"].contains { part.contains($0) }, "\(name): \(part)")
            }
            #expect(line.contains("ssot/integrations/"), "\(name) says where it is written")
        }
        let answers: [(String, SecretAnswer.State)] = [
            ("a/X", .present), ("b/X", .missing), ("a/Y", .missing), ("a/Z", .missing), ("b/Z", .unknown),
        ]
        let presence = SecretPresence(answers.map { SecretAnswer(ResourceKey(.secretPresence, $0.0), $0.1, "") })
        #expect(["X", "Y", "Z", "W"].map { presence.state(of: $0) } == [.present, .missing, .unknown, .unknown])
    }

    @Test("The next backup is told by the clocks that its schedule is configured for")
    func backupsInTheirZone() async throws {
        let world = try await ExampleWorld()
        let desired = try #require(await world.pass().outlook?.desired)
        var settings = ScheduleSettings()
        settings.all.timeZone = "Asia/Kolkata"
        let jobs = ScheduledJob.all(in: desired, settings) { TimeZones.load($0) }
        let html = try await world.html("/backups", world.pages { jobs })
        #expect(html.contains("Asia/Kolkata"))
        for job in jobs {
            let next = try #require(job.next(after: world.time.now))
            #expect(next != job.cron.next(after: world.time.now), "\(job.id) is due at another time")
            #expect(html.contains("datetime=\"\(next)\""), "\(job.id)")
        }
    }

    @Test("Schedules are listed as the command line lists them, with why one doesn't run")
    func schedules() async throws {
        let world = try await ExampleWorld()
        let report = await world.pass()
        let desired = try #require(report.outlook?.desired)
        let jobs = ScheduledJob.all(in: desired, ScheduleSettings()) { TimeZones.load($0) }
        #expect(jobs.map(\.id) == ["backup/production", "backup/staging"])
        try await world.store.beginSchedules(jobs.map(\.id))
        let states = try await world.store.scheduleStates()
        let rows = try await Self.get("/schedules", world, jobs)
        #expect(rows == .list(jobs.map { $0.document(states[$0.id], at: world.time.now) }))
        #expect(rows[0]?["state"] == "blocked" && rows[0]?["reason"]?.stringValue?.contains("backup") == true)
        let unread = try await Self.get("/schedules", world)
        #expect(unread.listValue?.compactMap { $0["state"]?.stringValue } == ["unknown", "unknown"])
        let html = try await world.html("/maintenance", world.pages { jobs })
        for job in jobs {
            let next = try #require(job.next(after: world.time.now))
            for text in [job.id, job.cron.description, job.obstacle(nil) ?? "", "blocked", "\(next.minuteText) UTC"] {
                #expect(html.contains(text), "\(text)")
            }
        }
        // What comes next is another question.
        let coming = try await Self.get("/upcoming", world, jobs).listValue ?? []
        #expect(coming.contains { $0["what"] == "environment ends" })
        #expect(
            !coming.contains { $0["what"]?.stringValue?.hasPrefix("schedule") == true }, "a blocked one never comes")
    }

    @Test("In sync is said only of what was seen whole, suspended is a word of its own, and nothing done is no deed")
    func sync() async throws {
        let world = try await ExampleWorld()
        func row(_ slug: String = "production") async throws -> Value {
            try await Self.get("/environments/\(slug)", world)
        }
        await world.look()
        try await world.store.saveEnvironments([EnvironmentRow(slug: "old", tier: .dev, createdAt: world.time.now)])
        #expect(try await row("old")["sync"] == "unknown", "no pass has looked")
        let pass = await world.pass()
        let done = try await row()
        #expect(done["deployed_revision"]?.stringValue == pass.run.revision)
        #expect(done["deployed_by_run"]?.stringValue == pass.run.id)
        #expect(done["health"] == "healthy" && done["health_reason"]?.stringValue?.contains("is active") == true)
        #expect(done["revision"]?.stringValue?.utf8.count == 40)
        await world.pass()
        let settled = try await row()
        #expect(settled["sync"] == "in_sync", "\(settled.json)")
        #expect(try await world.html("/environments/production").contains("in sync"))
        // What differs while it is suspended stays known as that.
        try await world.change(record: "erp", to: "198.51.100.66")
        try await world.store.setSuspended(
            "production", true,
            audit: AuditRecord(
                at: world.time.now, action: "env.suspend", target: "production", actor: "ann", detail: [:]))
        await world.pass()
        let suspended = try await row()
        #expect(suspended["sync"] == "suspended" && suspended["drift"] == 1, "\(suspended.json)")
        // It is there, whoever has it left alone: in every face, and for alerts.
        #expect(suspended["status"] == "active" && suspended["suspended"] == true)
        #expect(try await Self.get("/status", world)["environments"]?["unknown"] == nil)
        let page = try await world.html("/environments/production").range(after: "<h1>", until: "<section")
        #expect(page.contains("active") && !page.contains("unknown"), "\(page)")
        for page in ["/environments", "/environments/production"] {
            #expect(try await world.html(page).contains("suspended, 1 out of sync"), "\(page)")
        }
        #expect(try await !world.html("/").contains("is as git wants it"))
        #expect(try await world.html("/drift").contains("198.51.100.66"))
        // A line that can't be read hides no suspension: both are said.
        world.source.commit("schema: ssot.environments.v1\nenvironments: [\n", to: "ssot/environments.yaml")
        await world.pass()
        let broken = try await world.html("/environments/production")
        for text in [
            "be read: ", "ssot/environments.yaml:", "ann has it left alone", "reconcile env resume production",
        ] {
            #expect(broken.contains(text), "\(text)\n\(broken)")
        }
    }

    @Test("What was not seen, or owns nothing, is not in sync")
    func unknownSync() {
        func word(_ resources: Int, _ unseen: Int, _ drift: Int = 0) -> String {
            var row = EnvironmentRow(slug: "a", tier: .dev, createdAt: testNow)
            row.standing = EnvironmentStanding(
                resources: resources, unseen: unseen, health: .unknown, healthReason: "")
            return row.sync(alarming: drift, at: testNow).word.rawValue
        }
        #expect(
            [word(0, 0), word(3, 1), word(3, 0), word(3, 1, 2)] == ["unknown", "unknown", "in_sync", "out_of_sync"])
    }

    @Test("Pages of large plans and runs stay small, and everything can be reached")
    func bounds() async throws {
        let (store, time) = try await Stores.empty()
        let (changes, unknown) = (450, 9_000)
        func change(_ index: Int, _ action: Value) -> Value {
            [
                "key": .string("digitalocean.record/e.com/A/n\(index)"), "action": action, "reason": "it differs",
                "cause": "unapplied_commit", "decision": action == "read" ? "blocked" : "allowed",
                "decision_reason": action == "read" ? .string("reason \(index % 150)") : .null,
                "environment": .string("e\(index % 7)"),
                "attributes": [
                    ["path": "data", "before": "a", "after": .string(String(repeating: "x", count: 5_000))]
                ],
            ]
        }
        try await store.beginRun(
            RunRecord(id: Stores.runID, trigger: .manual, phase: .applying, isDryRun: false, startedAt: testNow))
        try await store.savePlan(
            runID: Stores.runID, fingerprint: Digest(of: "plan"),
            document: [
                "run_id": .string(Stores.runID),
                "changes": .list(
                    (0..<changes).map { change($0, "update") } + (0..<unknown).map { change($0, "read") }),
                "summary": ["update": .int(Int64(changes)), "unknown": .int(Int64(unknown))],
            ])
        for index in 0..<60 {
            let big = Value.string(String(repeating: "y", count: 9_000))
            let entry = JournalEntry(
                runID: Stores.runID, stepID: "s\(index)", key: ResourceKey(.droplet, "d\(index)"), action: .update,
                operation: "resize", title: "resize", environment: nil, input: ["a": big], output: ["b": big],
                intendedAt: testNow)
            try await store.intend(entry)
        }
        let pages = PagesTests.pages(store, time)
        var (seen, next): (Set<String>, String?) = ([], "/plans/\(Stores.runID)")
        while let path = next {
            let response = try await PagesTests.get(pages, path)
            #expect(response.body.count < 400 * 1_024, "\(path) weighs \(response.body.count)")
            let html = String(decoding: response.body, as: UTF8.self)
            for index in 0..<changes where html.contains("A/n\(index)<") { seen.insert("\(index)") }
            #expect(html.contains("9000 resources"), "what is unknown is counted")
            next = nil
            for link in html.split(separator: "\"") where link.hasPrefix("/plans/\(Stores.runID)?from=") {
                let from = Int(link.split(separator: "=").last ?? "") ?? 0
                if from > path.split(separator: "=").dropFirst().first.flatMap({ Int($0) }) ?? 0 { next = String(link) }
            }
        }
        #expect(seen.count == changes, "\(seen.count) of \(changes) were reached")
        let run = try await PagesTests.get(pages, "/runs/\(Stores.runID)")
        #expect(run.body.count < 200 * 1_024, "the run weighs \(run.body.count)")
        await store.close()
    }

    @Test("Every path that a page names, as a link or in its text, is one that answers")
    func pathsAreRoutes() async throws {
        let world = try await ExampleWorld()
        let empty = try await Stores.empty()
        let bare = PagesTests.pages(empty.store, empty.time)
        await world.pass()
        try await world.change(record: "erp", to: "198.51.100.66")
        await world.look()
        let full = world.pages()
        let hooks = Set(HookProvider.allCases.map(\.path))
        var seen = 0
        for pages in [bare, full] {
            let routes = PagesTests.routes.filter { !$0.contains(Stores.runID) && !$0.hasSuffix("/staging") }
            var named: [String: String] = [:]
            for route in routes + ["/environments/production"] {
                let html = try await PagesTests.html(pages, route)
                for path in html.links + html.text.paths where !hooks.contains(path) && !path.contains("&") {
                    named[path] = route
                }
            }
            for (path, route) in named {
                seen += 1
                let request = WebRequest(
                    method: "GET", path: path, headers: [("Host", "localhost"), ("Accept", "text/html")])
                let status = await pages.answer(request)?.status ?? 404
                // A form that is sent is asked for with POST.
                #expect([200, 303, 405].contains(status), "\(route) names \(path): \(status)")
            }
        }
        #expect(seen > 40)
        #expect(try await PagesTests.get(bare, "/builds").body.contains("/hooks/github"))
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool { String(decoding: self, as: UTF8.self).contains(text) }
}

extension String {
    /// What stands between two marks; empty where the first isn't there.
    func range(after first: String, until last: String) -> String {
        guard let begin = firstRange(of: first) else { return "" }
        let rest = self[begin.upperBound...]
        return String(rest[..<(rest.firstRange(of: last)?.lowerBound ?? rest.endIndex)])
    }

    /// Paths of this host in links, without what follows a question mark.
    fileprivate var links: [String] {
        var (all, rest): ([String], Substring) = ([], self[...])
        while let range = rest.firstRange(of: "href=\"/") {
            rest = rest[range.upperBound...]
            all.append("/" + rest.prefix { $0 != "\"" && $0 != "?" && $0 != "#" })
        }
        return all
    }

    /// What a reader sees of the main part, without elements.
    fileprivate var text: String {
        var isElement = false
        return String(
            range(after: "<main", until: "</main>").map { character -> Character in
                if character == "<" { isElement = true }
                defer { if character == ">" { isElement = false } }
                return isElement ? " " : character
            })
    }

    /// Words that begin with a slash and go on with a letter.
    fileprivate var paths: [String] {
        split { $0.isWhitespace || "(),;\"'".contains($0) }.compactMap { word in
            guard word.hasPrefix("/"), word.dropFirst().first?.isLetter == true else { return nil }
            return String(word.last == "." ? word.dropLast() : word)
        }
    }
}
