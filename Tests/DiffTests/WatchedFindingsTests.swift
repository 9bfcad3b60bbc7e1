import Basics
import DesiredState
import Diff
import Formats
import Testing

/// What is looked at once in a while: told as of that look, compared with nothing.
@Suite struct WatchedFindingsTests {
    private static let now = Timestamp(seconds: 1_772_000_000)  // 2026-02-25T06:13:20Z
    private static let ref = "abcdefghijklmnopqrst"

    private static func look(
        _ kind: ResourceKind, _ name: String, _ items: [(String, Value)], made: Timestamp? = nil,
        at instant: Timestamp = now
    ) -> WatchedKind {
        WatchedKind(
            ObservedKind(
                kind: kind, completeness: .complete,
                resources: [
                    ObservedResource(
                        key: ResourceKey(kind, name), providerID: name,
                        attributes: Attributes(items.map { Attributes.Item($0.0, $0.1) }), createdAt: made)
                ], isAside: true), at: instant)
    }

    private static func plan(_ watched: [WatchedKind], _ files: [SourceFile] = []) -> Plan {
        let desired = readDesiredState(
            SourceTree(revision: String(repeating: "a", count: 40), files: files, branches: .known([])))
        var input = PlanInput(
            desired: desired, inventory: Inventory(), observed: ObservedState(), schemas: [:], drivers: [:], now: now)
        input.watched = watched
        return makePlan(input)
    }

    private static func told(_ plan: Plan) -> [String] {
        plan.diagnostics.filter { $0.code.hasPrefix("PLAN-002") }.map { "\($0.code) \($0.message)" }
    }

    @Test(
        arguments: [
            ([("is_healthy", .bool(true)), ("status", "ACTIVE_HEALTHY")], nil),
            (
                [("is_healthy", .bool(false)), ("status", "ACTIVE_HEALTHY"), ("unhealthy", ["db", "rest"])],
                "db, rest of it said otherwise"
            ),
            ([("status", "INACTIVE")], "its status is INACTIVE"), ([("status", "ACTIVE_HEALTHY")], nil), ([], nil),
        ] as [([(String, Value)], String?)])
    func aProjectThatIsIllIsTold(_ items: [(String, Value)], _ why: String?) {
        let plan = Self.plan([Self.look(.supabaseProject, Self.ref, items + [("name", "console")])])
        let wanted = why.map { "PLAN-0020 the Supabase project console (\(Self.ref)) is not healthy: \($0)" }
        #expect(Self.told(plan) == [wanted].compactMap { $0 })
        #expect(plan.drift.map(\.key.description) == (why == nil ? [] : ["supabase.project/\(Self.ref)"]))
        #expect(plan.changes.isEmpty)
    }

    /// Hours since the newest backup, hours since the project was made, hours since the look, whether it is told.
    @Test(
        arguments: [
            (25, 900, 0, false, false), (27, 900, 0, false, true), (27, 900, 2, false, false),
            (27, 900, 0, true, false),
            (nil, 27, 0, false, true), (nil, 20, 0, false, false), (nil, nil, 0, false, false),
        ] as [(Int?, Int?, Int, Bool, Bool)])
    func aBackupThatIsTooOldIsTold(_ backup: Int?, _ made: Int?, _ look: Int, _ isPITR: Bool, _ isTold: Bool) {
        let items: [(String, Value)] =
            [("is_pitr_enabled", .bool(isPITR)), ("latest_status", "FAILED")]
            + (backup.map { [("latest", .string((Self.now - .hours($0)).description))] } ?? [])
        let instant = Self.now - .hours(look)
        let plan = Self.plan([
            Self.look(.supabaseBackup, Self.ref, items, at: instant),
            Self.look(
                .supabaseProject, Self.ref, [("status", "ACTIVE_HEALTHY")], made: made.map { Self.now - .hours($0) },
                at: instant),
        ])
        #expect(plan.diagnostics.contains { $0.code == "PLAN-0021" } == isTold, "\(Self.told(plan))")
    }

    @Test func oneAdviceIsToldOnceForAllItsObjects() {
        func advice(_ key: String, _ level: String, _ name: String = "rls") -> ObservedResource {
            ObservedResource(
                key: ResourceKey(.supabaseAdvice, "\(Self.ref)/\(key)"), providerID: key,
                attributes: Attributes([
                    Attributes.Item("level", .string(level)), Attributes.Item("name", .string(name)),
                    Attributes.Item("title", "RLS disabled"), Attributes.Item("detail", .string("table \(key)")),
                ]))
        }
        let bare = ObservedResource(
            key: ResourceKey(.supabaseAdvice, "\(Self.ref)/bare"), providerID: "e",
            attributes: Attributes([
                Attributes.Item("detail", ""), Attributes.Item("level", "ERROR"), Attributes.Item("name", "bare"),
            ]))
        let list =
            [advice("a", "ERROR"), advice("b", "ERROR"), advice("c", "WARN"), advice("d", "ERROR", "other"), bare]
        let plan = Self.plan([
            WatchedKind(ObservedKind(kind: .supabaseAdvice, completeness: .complete, resources: list), at: Self.now)
        ])
        let start = "PLAN-0022 Supabase advises on the project \(Self.ref): RLS disabled: table"
        let other = "PLAN-0022 Supabase advises on the project \(Self.ref): bare"
        #expect(Self.told(plan).sorted() == ["\(start) a (and 1 more)", "\(start) d", other])
        #expect(plan.drift.map(\.key.name) == ["bare", "other", "rls"].map { "\(Self.ref)/\($0)" })
    }

    @Test func noPlanBecomesStaleByIt() {
        let ill = Self.look(.supabaseProject, Self.ref, [("status", "INACTIVE")])
        #expect(Self.plan([ill]).fingerprint == Self.plan([]).fingerprint)
    }

    @Test func whatIsLookedAtFollowsFromTheDocuments() throws {
        let surfaces = SourceFile(
            path: "ssot/supabase/project.yaml",
            text: "project_ref: \(Self.ref)\nsecrets: [{name: A, value_from: \"env:A\"}]\n")
        let desired = readDesiredState(
            SourceTree(revision: String(repeating: "a", count: 40), files: [surfaces], branches: .known([])))
        let names = ProviderWatch.names(desired)
        #expect(names[.supabaseProject] == [Self.ref], "\(desired.diagnostics)")
        #expect(names[.vercelDeployment] == nil && names[.gitHubRun] == nil)
        #expect(ProviderWatch.requests(names) == ["supabase": 6])
        let ill = Self.look(.supabaseProject, Self.ref, [("status", "INACTIVE")])
        let told = Self.plan([ill], [surfaces]).diagnostics.first { $0.code == "PLAN-0020" }
        #expect(told?.mark?.file == "ssot/supabase/project.yaml")
    }
}
