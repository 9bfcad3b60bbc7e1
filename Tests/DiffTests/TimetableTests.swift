import Basics
import DesiredState
import Diff
import Testing

/// What runs by the clock, where nobody can say any more how it is wanted.
@Suite("The timetable")
struct TimetableTests {
    private static let policies = "backups: {production: 6h, dev: 24h}\n"
    private static let whole = "environments:\n  shop: {tier: production}\n  lab: {tier: dev}\n"
    private static let chores = """
        version: "1.0"
        schema: ssot.maintenance.schedules.v1
        chores:
          - {id: gates, name: Gates, cron: "0 2 * * *", runner: ci, outputs: [x], alert_on_failure: true}

        """

    private static func desired(
        _ environments: String?, policies: String = Self.policies, chores: String? = Self.chores
    ) -> DesiredState {
        var files = [SourceFile(path: ".odooops/policies.yaml", text: policies)]
        if let environments { files.append(SourceFile(path: "ssot/environments.yaml", text: environments)) }
        if let chores { files.append(SourceFile(path: "ssot/maintenance/schedules.yaml", text: chores)) }
        return readDesiredState(
            SourceTree(revision: String(repeating: "a", count: 40), files: files, branches: .known([])))
    }

    private static func backups(_ desired: DesiredState) -> [String] {
        Timetable(of: desired).backups.map { "\($0.slug) \($0.tier) \($0.schedule)" }
    }

    private static let before = ["lab dev 0 0 * * *", "shop production 0 */6 * * *"]

    /// What the documents say now, what is there yet, what keeps its care, and what is backed up.
    @Test(
        "A backup ends by what can be read and is trusted, and by nothing else",
        arguments: [
            (whole, policies, [], [:], before),
            // A slip in the document, in one entry of it, and in the policies.
            ("environments:\n  shop: {tier: production\n", policies, [], [:], before),
            ("environments:\n  shop: {tier: prodd}\n  lab: {tier: dev}\n", policies, [], [:], before),
            (whole, "backups: {production: 6h\n", [], [:], before),
            (whole, "backups: {production: 6 ours, dev: 24h}\n", [], [:], before),
            // It has left its document, and is still there or gone.
            ("environments:\n  lab: {tier: dev}\n", policies, ["shop"], [:], before),
            ("environments:\n  lab: {tier: dev}\n", policies, [], [:], ["lab dev 0 0 * * *"]),
            // Its tier fell together with the rule that had it backed up.
            (
                "environments:\n  shop: {tier: dev}\n  lab: {tier: dev}\n", "backups: {dev: 24h}\n", [],
                ["shop": Care(.production, isProtected: true)], before
            ),
            (
                "environments:\n  shop: {tier: dev}\n  lab: {tier: dev}\n", "backups: {dev: 24h}\n", [], [:],
                ["lab dev 0 0 * * *", "shop dev 0 0 * * *"]
            ),
            // What is written is followed, also where it is less.
            (
                "environments:\n  shop: {tier: production, backup_schedule: \"30 1 * * *\"}\n  lab: {tier: dev}\n",
                policies,
                [], [:], ["lab dev 0 0 * * *", "shop production 30 1 * * *"]
            ),
            (whole, "backups: {production: never, dev: 24h}\n", [], [:], ["lab dev 0 0 * * *"]),
            (
                "environments:\n  shop: {tier: production, backup_schedule: never}\n  lab: {tier: dev}\n", policies, [],
                ["shop": Care(.production, isProtected: true)], before
            ),
        ] as [(String, String, [String], [String: Care], [String])])
    func recalls(
        _ environments: String, _ policies: String, _ living: [String], _ kept: [String: Care], _ backups: [String]
    ) {
        let old = Timetable(of: Self.desired(Self.whole))
        let now = Self.desired(environments, policies: policies).keeping(kept)
        let looked = now.recalling(old, living: Set(living), kept: kept)
        #expect(Self.backups(looked) == backups)
        // Whether they are made is held against the same.
        let held = Timetable(of: now.backedUp(as: looked)).backups.map { "\($0.slug) \($0.schedule)" }
        let written = Set(now.environments.map(\.slug))
        #expect(
            held
                == looked.environments.filter { written.contains($0.slug) && $0.backupSchedule != nil }
                .map { "\($0.slug) \($0.backupSchedule ?? "-")" })
        // Looking once more changes nothing.
        let again = now.recalling(Timetable(of: looked), living: Set(living), kept: kept)
        #expect(Timetable(of: again) == Timetable(of: looked))
    }

    @Test(
        "A chore that can't be read is there with why; one that is written no more is gone",
        arguments: [
            (chores.replacing("0 2 * * *", with: "0 25 * * *"), ["gates"]),
            (chores.replacing("{id: gates", with: "{id: gates: x"), ["gates"]),
            (chores.replacing("id: gates", with: "id: others"), []), (nil, []),
        ] as [(String?, [String])])
    func doubts(_ text: String?, _ doubted: [String]) {
        let old = Timetable(of: Self.desired(Self.whole))
        let looked = Self.desired(Self.whole, chores: text).recalling(old, living: [], kept: [:])
        #expect(looked.chores.filter { $0.doubt != nil }.map(\.id) == doubted)
        #expect(Timetable(of: looked).chores.contains { $0.id == "gates" } == (doubted == ["gates"]))
    }

    @Test("That backups end of what was treated with care is told with the line by which they were made")
    func ends() {
        let old = Timetable(of: Self.desired(Self.whole))
        let gone = Self.desired("environments: {}\n")
        let ended = old.ended(with: Timetable(of: gone), gone)
        #expect(
            ended.map(\.reason) == [
                "nothing wants environment shop any more, and it is gone: it was backed up at 0 */6 * * *, by "
                    + ".odooops/policies.yaml:1:23"
            ])
        let never = Self.desired(Self.whole, policies: "backups: {dev: 24h}\n")
        #expect(
            old.ended(with: Timetable(of: never), never).map(\.reason) == [
                "its documents name no backup any more: it was backed up at 0 */6 * * *, by .odooops/policies.yaml:1:23"
            ])
        #expect(old.ended(with: old, gone).isEmpty)
    }
}
