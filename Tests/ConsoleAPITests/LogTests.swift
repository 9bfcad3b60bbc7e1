import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Testing

@testable import ConsoleAPI
@testable import Store

/// What is told, from four tables in one list, and the catalogue of integrations.
@Suite struct LogTests {
    private static let other = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e12"

    /// Lines of every service; some of one instant, so that a cursor has to tell them apart.
    private func fill(_ world: APIWorld) async throws {
        try await world.fill()
        try await world.store.beginRun(
            RunRecord(id: Self.other, trigger: .manual, phase: .failed, isDryRun: false, startedAt: APIWorld.now))
        for index in 0..<12 {
            let at = APIWorld.now + .seconds(index / 2)
            let state = ["done", "failed", "unknown"][index % 3]
            try await world.store.appendEvents([
                RunEvent(
                    runID: index % 2 == 0 ? world.runID : Self.other, type: index % 5 == 4 ? "warning" : "step",
                    payload: [
                        "environment": .string(index % 4 < 2 ? "staging" : "feature-a"), "state": .string(state),
                        "title": "<script>alert(1)</script>",
                    ], at: at)
            ])
            try await world.store.record(
                AuditRecord(
                    at: at, action: index % 2 == 0 ? "env.pin" : "access.login", target: "staging", actor: "ada",
                    detail: [:]))
            try await world.store.post([
                Notice(
                    [.deletionStuck, .approvalWaiting, .findingResolved][index % 3], of: "x", environment: "staging",
                    at: at,
                    dedupe: "\(index)")
            ])
            _ = try await world.store.keep([
                DeliveryRecord(
                    provider: "github", deliveryID: "\(index)", event: "push", scope: nil, lane: .record, body: "{}",
                    bodyDigest: Digest(of: "{}"), bodyBytes: 2, receivedAt: at)
            ])
        }
    }

    private func lines(
        _ world: APIWorld, _ query: String, limit: Int, as role: String = "viewer", at path: String = "/logs"
    ) async throws -> [Value] {
        var rows: [Value] = []
        var cursor = ""
        for _ in 0..<100 {
            let answer = try await world.send("GET", "\(path)?limit=\(limit)\(query)\(cursor)", as: role)
            #expect(answer.status == 200, "\(query): \(answer.body)")
            rows += answer.data.listValue ?? []
            guard let next = answer.body["meta"]?["next_cursor"]?.stringValue else { break }
            cursor = "&cursor=\(next)"
        }
        return rows
    }

    @Test func eachFilterLeavesExactlyWhatFits() async throws {
        let world = try await APIWorld()
        try await fill(world)
        let all = try await lines(world, "", limit: 200)
        // Beside these the world has given out five keys, each with its line.
        #expect(all.count == 53 && Set(all.compactMap { $0["id"]?.stringValue }).count == 53)
        let services = Set(all.compactMap { $0["service"]?.stringValue })
        #expect(services == ["reconciler", "audit", "notices", "hooks"])
        // A notice is as loud as docs/notifications.md says of its kind.
        let levels = all.filter { $0["service"] == "notices" }.map {
            "\($0["type"]?.stringValue ?? "") \($0["level"]?.stringValue ?? "")"
        }
        #expect(
            Set(levels) == ["deletion.stuck error", "approval.waiting warning", "finding.resolved info"], "\(levels)")
        let times = all.compactMap { $0["at"]?.stringValue }
        #expect(times == times.sorted(by: >), "newest first")
        let hook = all.first { $0["service"]?.stringValue == "hooks" }
        let delivery = try #require(hook?["correlation_id"]?.stringValue)
        let middle = (APIWorld.now + .seconds(3)).description
        func has(_ name: String, _ text: String) -> @Sendable (Value) -> Bool { { $0[name]?.stringValue == text } }
        let staging = has("environment", "staging")
        let isError = has("level", "error")
        let cases: [(query: String, fits: @Sendable (Value) -> Bool)] = [
            ("&service=audit", has("service", "audit")), ("&level=error", isError),
            ("&level=warning", has("level", "warning")), ("&level=info", has("level", "info")),
            ("&environment=staging", staging), ("&environment=staging&level=error", { staging($0) && isError($0) }),
            ("&correlation_id=\(world.runID)", has("correlation_id", world.runID)),
            ("&correlation_id=\(delivery)", has("correlation_id", delivery)),
            ("&type=warning", has("type", "warning")),
            ("&since=\(middle)", { ($0["at"]?.stringValue ?? "") >= middle }),
            ("&until=\(middle)", { ($0["at"]?.stringValue ?? "") < middle }),
        ]
        for (query, fits) in cases {
            let wanted = all.filter(fits)
            #expect(!wanted.isEmpty && wanted.count < all.count, "\(query) proves something")
            // In parts of five as well as in one: nothing is repeated or left out where a part ends.
            for limit in [200, 5] { #expect(try await lines(world, query, limit: limit) == wanted, "\(query)") }
        }
        for query in ["level=loud", "service=odoo", "correlation_id=x", "environment=", "since=yesterday"] {
            #expect(try await world.send("GET", "/logs?\(query)", as: "viewer").status == 400, "\(query)")
        }
    }

    @Test func whoHasARoleAtOneEnvironmentSeesItsLinesAndNoOthers() async throws {
        let world = try await APIWorld()
        try await fill(world)
        let all = try await lines(world, "", limit: 200)
        let theirs = all.filter { $0["environment"] == "staging" }
        #expect(Set(theirs.compactMap { $0["service"]?.stringValue }) == ["reconciler", "audit", "notices"])
        #expect(theirs.count < all.count)
        for (query, wanted) in [
            ("", theirs), ("&environment=staging", theirs), ("&service=hooks", []),
            ("&service=audit", theirs.filter { $0["service"] == "audit" }),
            ("&correlation_id=\(Self.other)", theirs.filter { $0["correlation_id"]?.stringValue == Self.other }),
        ] {
            for limit in [200, 5] {
                let seen = try await lines(world, query, limit: limit, as: "developer@staging")
                #expect(seen == wanted, "\(query)")
            }
        }
        // As a path that names it: an empty list would say that nothing was told of it.
        #expect(try await world.send("GET", "/logs?environment=feature-a", as: "developer@staging").status == 403)
        // A key without the scope of the audit log sees none of its lines, wherever its role holds.
        let key = try await world.access.addKey(
            "reader", grants: [Grant("viewer@staging")].compactMap { $0 }, scopes: [.read], lasting: nil, by: "test"
        ).key.reveal { $0 }
        let read = try await lines(world, "", limit: 200, as: key)
        #expect(read == theirs.filter { $0["service"] != "audit" })
    }

    @Test("What is told of one environment is what the list tells that names it, by its name as by its branch")
    func linesOfOneEnvironment() async throws {
        let world = try await APIWorld()
        try await fill(world)
        let path = "/environments/staging/logs"
        for query in ["", "&level=error", "&service=audit", "&type=step", "&until=\(APIWorld.now + .seconds(3))"] {
            for role in ["viewer", "developer@staging"] {
                let wanted = try await lines(world, "&environment=staging\(query)", limit: 200, as: role)
                #expect(!wanted.isEmpty, "\(query) proves something")
                for limit in [200, 5] {
                    #expect(
                        try await lines(world, query, limit: limit, as: role, at: path) == wanted, "\(role) \(query)")
                }
            }
        }
        let whole = try await world.send("GET", path, as: "viewer").data
        for role in ["viewer", "developer@staging"] {
            #expect(
                try await world.get(["environments", "release/1", "logs"], as: role).data == whole, "by its branch")
        }
        // Nobody's role at another environment, and no name that nothing has.
        let other = try await world.send("GET", "/environments/feature-a/logs", as: "developer@staging")
        #expect(other.status == 403 && other.code == "ACCESS-0003", "\(other.body)")
        #expect(
            try await world.send("GET", "/environments/feature-a/logs", as: "viewer").data.listValue?.isEmpty == false)
        for name in ["logs", "deployments", "metrics"] {
            let missing = try await world.send("GET", "/environments/none/\(name)", as: "viewer")
            #expect(missing.status == 404 && missing.code == "API-0007", "\(name): \(missing.body)")
        }
        let reader = try await world.access.addKey(
            "reader", grants: [Grant(.viewer)], scopes: [.read], lasting: nil, by: "test"
        ).key.reveal { $0 }
        let read = try await lines(world, "", limit: 200, as: reader, at: path)
        #expect(read == whole.listValue?.filter { $0["service"] != "audit" }, "without the scope of the audit log")
    }

    @Test func theCatalogueBeginsWithWhatEverybodyMayHave() async throws {
        let world = try await APIWorld()
        #expect(try await world.send("GET", "/integrations", as: "viewer").data == [])
        for path in ["/looks", "/secret-syncs"] {
            #expect(try await world.send("GET", path, as: "viewer").data == [], "\(path)")
        }
        let project = ResourceKey(.supabaseProject, "abcdefghijklmnopqrst")
        let thing = ObservedResource(
            key: project, providerID: "p", attributes: Attributes([Attributes.Item("status", "INACTIVE")]))
        let kind = ObservedKind(kind: .supabaseProject, completeness: .complete, resources: [thing])
        try await world.store.keep([
            LookRecord(
                kind: .supabaseProject, names: [project.name], triedAt: APIWorld.now, problem: "later it was refused",
                watched: WatchedKind(kind, at: APIWorld.now))
        ])
        let looks = try await world.send("GET", "/looks?kind=supabase.project", as: "viewer").data
        #expect(looks[0]?["objects"]?[0]?["attributes"]?["status"] == "INACTIVE" && looks.listValue?.count == 1)
        #expect(looks[0]?["problem"] == "later it was refused" && looks[0]?["completeness"] == "complete")
        #expect(try await world.send("GET", "/looks?kind=none", as: "viewer").data == [])
        var sync = try await world.store.beginSecretSync(
            SecretSyncRecord(provider: "supabase", target: "the only project", actor: "ada", startedAt: APIWorld.now))
        (sync.target, sync.status, sync.pushed) = (project.name, .success, ["A"])
        try await world.store.finishSecretSync(sync)
        let syncs = try await world.send("GET", "/secret-syncs", as: "viewer").data
        #expect(syncs[0]?["target"] == .string(project.name) && syncs[0]?["pushed"] == ["A"], "\(syncs)")
        _ = try await world.store.keepIntegrations(
            ["alpha", "beta", "gamma"].map { name in
                Integration(
                    id: name, file: "integrations/\(name).yaml", status: "active", category: "messaging", vendor: nil,
                    installState: nil, source: SourceMark(file: "integrations/_index.yaml", line: 3, column: 1))
            }, revision: "abc")
        _ = try await world.store.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> [SQLRow] in
            try db.run(
                """
                update ops.integrations_catalog set baseline_allowed = $2, env_keys = '{A_KEY,"b,\\"c"}' where key = $1
                """, [.text("gamma"), .bool(true)])
        }
        let shown = try await world.send("GET", "/integrations", as: "viewer").data
        #expect(shown.listValue?.compactMap { $0["id"]?.stringValue } == ["gamma", "alpha", "beta"])
        #expect(shown[0]?["required_secrets"] == ["A_KEY", "b,\"c"])
        #expect(shown[0]?["status"] == "setup_required" && shown[0]?["document"] == "integrations/gamma.yaml")
        let others = try await world.send("GET", "/integrations?baseline=false&status=setup_required", as: "viewer")
        #expect(others.data.listValue?.count == 2)
        #expect(try await world.send("GET", "/providers", as: "viewer").data.listValue?.isEmpty == false)
    }
}
