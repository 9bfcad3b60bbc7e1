import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Store
import Testing

/// Filters of lists: what they can't mean is refused, for an empty list would say that all is well.
@Suite struct FilterTests {
    static let lists = [
        "/drift", "/findings", "/alerts", "/inventory", "/modules", "/modules/summary", "/logs", "/deployments",
    ]

    /// What somebody made larger by hand.
    private static func resized(_ kind: String, _ name: String, of environment: String? = nil) -> DriftItem {
        DriftItem(
            key: ResourceKey(ResourceKind(kind), name), cause: .externalChange,
            attributes: [AttributeChange(path: "size", before: "a", after: "b")], environment: environment,
            source: nil, summary: "size differs")
    }

    private func keep(_ drift: [DriftItem], in world: APIWorld) async throws {
        _ = try await world.store.recordDrift(drift, runID: world.runID, at: APIWorld.now) { _, _ in true }
    }

    @Test(
        "A filter knows an environment by its name, branch and tier, and refuses one that isn't there", arguments: lists
    )
    func environments(path: String) async throws {
        let world = try await APIWorld()
        try await world.fillEveryList()
        let wanted = try await world.send("GET", "\(path)?environment=staging", as: "viewer")
        #expect(wanted.status == 200, "\(wanted.body)")
        for word in ["release/1", "stage"] {
            let answer = try await world.send("GET", "\(path)?environment=\(word)", as: "viewer")
            #expect(answer.status == 200 && answer.data == wanted.data, "\(word): \(answer.body)")
        }
        for (word, hint) in [("stagign", "Did you mean staging?"), ("production", "GET /api/v1/environments")] {
            let answer = try await world.send("GET", "\(path)?environment=\(word)", as: "viewer")
            #expect(answer.status == 404 && answer.code == "API-0007", "\(word): \(answer.body)")
            #expect(answer.remedy.contains(hint), "\(word): \(answer.body)")
            #expect(answer.body["errors"]?[0]?["details"]?["environment"]?.stringValue == word)
        }
        #expect(try await world.send("GET", "\(path)?environment=", as: "viewer").status == 400)
        // Whose role holds elsewhere is told nothing of whether it is there.
        for word in ["feature-a", "nope"] {
            #expect(try await world.send("GET", "\(path)?environment=\(word)", as: "developer@staging").status == 403)
        }
    }

    @Test("What is kept of an environment that is gone, or that has no row, may still be asked for")
    func gone() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let old = EnvironmentRow(
            slug: "old", tier: .dev, status: .gone, createdAt: APIWorld.now - .days(9), expiresAt: nil)
        _ = try await world.store.saveEnvironments([old])
        #expect(try await world.send("GET", "/logs?environment=old", as: "viewer").status == 200)
        #expect(try await world.send("GET", "/drift?environment=older", as: "viewer").status == 404)
        try await keep([Self.resized("digitalocean.droplet", "left", of: "older")], in: world)
        let answer = try await world.send("GET", "/drift?environment=older", as: "viewer")
        #expect(answer.status == 200 && answer.data.listValue?.count == 1, "\(answer.body)")
    }

    @Test(
        "A cursor that no part gave is refused",
        arguments: ["/environments", "/drift", "/findings", "/inventory", "/modules", "/modules/summary"],
        ["zzz", "staging", "7a7a.00000000", "7a7.b2f1c3d4"])
    func cursors(path: String, cursor: String) async throws {
        let world = try await APIWorld()
        try await world.fillEveryList()
        let answer = try await world.send("GET", "\(path)?cursor=\(cursor)", as: "viewer")
        #expect(answer.status == 400 && answer.code == "API-0003", "\(answer.body)")
    }

    @Test("The status that the list shows of environments that are left alone can be asked for")
    func suspended() async throws {
        let world = try await APIWorld()
        try await world.fill()
        try await world.store.setSuspended(
            "staging", true, reason: "a demo", until: APIWorld.now + .hours(1),
            audit: AuditRecord(at: APIWorld.now, action: "env.suspend", target: "staging", actor: "ann", detail: .null))
        func names() async throws -> [String?] {
            try await world.send("GET", "/environments?status=suspended", as: "viewer").data.listValue?
                .map { $0["name"]?.stringValue } ?? []
        }
        #expect(try await names() == ["staging"])
        world.time.advance(by: .hours(2))
        #expect(try await names() == [])
        #expect(try await world.send("GET", "/environments?status=suspend", as: "viewer").status == 400)
    }

    @Test("What a rule alone wants otherwise was changed by nobody, wherever causes are told or counted")
    func findingsAmongDifferences() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let missing = DriftItem(
            key: ResourceKey(ResourceKind("supabase.backup"), "a"), cause: .externalChange, attributes: [],
            environment: nil, source: nil, summary: "no backup", finding: "backup_missing")
        try await keep([missing, Self.resized("supabase.backup", "b")], in: world)
        func keys(_ query: String) async throws -> [String] {
            (try await world.send("GET", "/drift\(query)", as: "viewer").data.listValue ?? []).map {
                "\($0["key"]?.stringValue ?? "") \($0["cause"]?.stringValue ?? "")"
            }
        }
        let all = ["supabase.backup/a finding", "supabase.backup/b external_change"]
        #expect(try await keys("") == all)
        #expect(try await keys("?cause=finding") == [all[0]])
        #expect(try await keys("?cause=external_change") == [all[1]])
        let status = try await world.send("GET", "/status", as: "viewer")
        #expect(status.data["drift"] == ["external_change": 1, "finding": 1], "\(status.body)")
    }

    @Test("Nothing is muted that isn't there")
    func mutingNothing() async throws {
        let world = try await APIWorld()
        try await world.fillEveryList()
        func mute(_ key: String) async throws -> APIWorld.Answer {
            try await world.send("POST", "/drift/mute", as: "developer", body: ["key": .string(key), "reason": "why"])
        }
        let before = try await world.store.auditLog(limit: 100).count
        for (key, hint) in [
            ("digitalocean.droplet/erpp", "Did you mean digitalocean.droplet/erp?"),
            ("vercel.project/nonsense", "reconcile drift"),
        ] {
            let answer = try await mute(key)
            #expect(answer.status == 404, "\(answer.body)")
            #expect(answer.remedy.contains(hint), "\(answer.body)")
        }
        #expect(try await world.store.auditLog(limit: 100).count == before)
        #expect(try await mute("digitalocean.droplet/erp").status == 201)
    }

    @Test("Who gives a role at an environment that there isn't is told so", arguments: ["key", "user"])
    func rolesAtNoEnvironment(what: String) async throws {
        let world = try await APIWorld()
        try await world.fill()
        func give(_ name: String, _ role: String) async throws -> [String] {
            let answer = try await world.send(
                "POST", "/access/\(what)s", as: "owner", body: ["name": .string(name), "roles": [.string(role)]])
            #expect(answer.status == 201, "\(answer.body)")
            return answer.data["notes"]?.listValue?.compactMap(\.stringValue) ?? ["none said"]
        }
        let notes = try await give("a", "viewer@stagin")
        #expect(
            notes.count == 1 && notes[0].contains("stagin") && notes[0].contains("did you mean staging?"), "\(notes)")
        #expect(try await give("b", "viewer@staging") == [])
        #expect(try await give("c", "viewer") == [])
        // The slash of a branch is that behind a project, and the project is another one.
        let project = world.access.project
        let branch = try await give("d", "viewer@release/1")
        #expect(
            branch == [
                "viewer@release/1 counts in the project release, and that of this service is \(project); release/1 is "
                    + "the environment staging: write viewer@staging"
            ])
        let elsewhere = try await give("e", "viewer@elsewhere/staging")
        #expect(elsewhere.count == 1 && elsewhere[0].contains("the project elsewhere"), "\(elsewhere)")
        #expect(try await give("g", "developer@\(project)/staging") == [])
    }

    @Test("What is none of a caller's looks like what isn't there, by whichever word and way it is asked for")
    func hiddenNames() async throws {
        let engine = Locked<(any SQLEngine)?>(nil)
        let world = try await APIWorld(over: { made in
            engine.withLock { $0 = made }
            return made
        })
        let kept = try #require(engine.withLock { $0 })
        try await world.fill()
        var row = EnvironmentRow(slug: "hidden-lab", tier: .production, createdAt: APIWorld.now, expiresAt: nil)
        row.branch = "feature/hidden"
        _ = try await world.store.saveEnvironments([row])
        let rows =
            try await kept
            .read { (db: any SQLConnection) throws(StoreFault) -> [SQLRow] in
                try db.run("select id from ops.environments where slug = 'hidden-lab'", [])
            }
        let id = try #require(try rows.first?.text(0))
        let key = try await world.access.addKey(
            "part", grants: [Grant(.viewer, environment: "staging")], scopes: nil, lasting: nil, by: "test"
        ).key.reveal { $0 }
        /// What they are told, but for the word that they said themselves.
        func told(_ answer: APIWorld.Answer, _ word: String) -> String {
            "\(answer.status) " + JSON.write(answer.body["errors"] ?? .null).replacing(word, with: "WORD")
        }
        for (word, absent) in [
            ("hidden-lab", "hidden-lob"), ("feature/hidden", "feature/nope"), ("production", "prodaction"),
            (id, String(id.reversed())),
        ] {
            for path in [
                ["environments", word], ["environments", word, "deployments"], ["databases", word, "backups"],
            ] {
                let other = path.map { $0 == word ? absent : $0 }
                let (there, none) = (try await world.get(path, as: key), try await world.get(other, as: key))
                #expect(told(there, word) == told(none, absent) && there.status == 403, "\(path): \(there.body)")
            }
            for path in ["/logs", "/drift", "/findings", "/deployments"] {
                let there = try await world.send("GET", "\(path)?environment=\(word)", as: key)
                let none = try await world.send("GET", "\(path)?environment=\(absent)", as: key)
                #expect(
                    told(there, word) == told(none, absent) && there.status == 403, "\(path) \(word): \(there.body)")
                #expect(word == "hidden-lab" || !JSON.write(there.body).contains("hidden-lab"), "\(there.body)")
            }
        }
        #expect(try await world.get(["environments", "release/1"], as: key).status == 200)
    }

    @Test(
        "A day is taken where an instant is, and stands for its beginning",
        arguments: ["/audit-logs", "/runs", "/logs", "/deployments"])
    func days(path: String) async throws {
        let world = try await APIWorld()
        try await world.fillEveryList()
        // All of it was written on that day.
        let day = String(APIWorld.now.description.prefix(10))
        let next = String((APIWorld.now + .days(1)).description.prefix(10))
        func rows(_ query: String) async throws -> Int {
            let answer = try await world.send("GET", "\(path)?\(query)", as: "owner")
            #expect(answer.status == 200, "\(answer.body)")
            return answer.data.listValue?.count ?? -1
        }
        let all = try await rows("since=\(day)")
        #expect(all > 0)
        #expect(try await rows("since=\(day)T00:00:00Z&until=\(next)") == all)
        #expect(try await rows("until=\(day)") == 0)
        #expect(try await rows("since=\(next)") == 0)
        for wrong in ["2026-02-30", "2026-2-1", "yesterday"] {
            let answer = try await world.send("GET", "\(path)?since=\(wrong)", as: "owner")
            #expect(answer.status == 400 && answer.code == "API-0003", "\(answer.body)")
        }
    }

    @Test("Who asks as others have it is told how it is asked here")
    func otherWords() async throws {
        let world = try await APIWorld()
        try await world.fill()
        for path in ["/logs", "/environments/staging/logs"] {
            let answer = try await world.send("GET", "\(path)?follow=true", as: "viewer")
            #expect(answer.status == 400, "\(answer.body)")
            #expect(answer.remedy.contains("since=") && answer.remedy.contains("--follow"), "\(answer.body)")
        }
        for provider in ["github", "vercel", "mailgun", "slack", "plane"] {
            let answer = try await world.send("POST", "/webhooks/\(provider)", as: "owner", body: [:])
            #expect(answer.status == 404 && answer.remedy.hasSuffix("POST /hooks/\(provider)"), "\(answer.body)")
        }
        let other = try await world.send("POST", "/webhooks/gitlab", as: "owner", body: [:])
        #expect(other.remedy.contains("openapi.json"))
    }

    @Test("A deployment is under way as long as its run is, and has no end before")
    func deploymentsUnderWay() async throws {
        let world = try await APIWorld()
        let id = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e12"
        var run = RunRecord(id: id, trigger: .manual, phase: .planning, isDryRun: false, startedAt: APIWorld.now)
        try await world.store.beginRun(run)
        let key = ResourceKey(ResourceKind("digitalocean.droplet"), "erp")
        var entry = JournalEntry(
            runID: id, stepID: "1", key: key, action: .update, operation: "resize", title: "resize erp",
            environment: "staging", input: [:], intendedAt: APIWorld.now)
        let plan: Value = [
            "revision": "abc", "changes": [["key": "x", "summary": ["create": 9]]],
            "summary": ["create": 2, "update": 1],
        ]
        try await world.store.savePlan(runID: id, fingerprint: Digest(of: "plan"), document: plan)
        try await world.store.intend(entry)
        entry.state = .done
        entry.finishedAt = APIWorld.now + .seconds(1)
        try await world.store.settle(entry)
        func deployment() async throws -> Value {
            try await world.send("GET", "/deployments", as: "viewer").data[0] ?? .null
        }
        let during = try await deployment()
        #expect(during["state"] == "deploying" && during["completed_at"] == .null, "\(during)")
        func count(_ state: String) async throws -> Int? {
            try await world.send("GET", "/deployments?state=\(state)", as: "viewer")
                .data.listValue?.count
        }
        #expect(try await count("deploying") == 1)
        #expect(try await count("success") == 0)
        #expect(try await world.send("GET", "/deployments?state=succeeded", as: "viewer").status == 400)
        let evidence = try await world.send("GET", "/runs/\(id)/evidence", as: "viewer")
        #expect(evidence.status == 404 && "\(evidence.body)".contains("is kept when it ends"), "\(evidence.body)")
        // What the run brings about is known when its plan is.
        #expect(during["revision"] == "abc", "\(during)")
        let told = try await world.send("GET", "/runs/\(id)", as: "viewer").data
        #expect(told["revision"] == "abc", "\(told)")
        #expect(try await world.store.run(withID: id)?.metadata["summary"] == ["create": 2, "update": 1])
        run.phase = .succeeded
        run.revision = "abc"
        run.completedAt = APIWorld.now + .seconds(2)
        run.metadata = ["revision": "abc"]
        try await world.store.updateRun(run)
        let after = try await deployment()
        #expect(after["state"] == "success" && after["completed_at"] != .null, "\(after)")
    }
}
