import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import TestKit
import Testing

/// Every commit of a real source of truth, in order, through the whole loop.
@Suite("Real history", .enabled(if: History.isThere))
struct ReplayTests {
    @Test("Every commit is read, planned to the same byte twice, and has no effect; what is wrong is told at its line")
    func replays() async throws {
        let history = try await History.shared()
        #expect(history.commits.count == 88)
        let world = try await World()
        // As a service does, it keeps what it has parsed; every fourth plan is held against that of one that begins anew.
        let service = world.reconciler(seed: 1_000)
        var summary = ""
        for (number, commit) in history.commits.enumerated() {
            world.source.set(commit.tree)
            let preview = number % 4 == 3 ? await world.pass(PassOptions(isDryRun: true)) : nil
            let report = await service.pass(PassOptions())
            let place = "\(number) \(commit.id.prefix(12))"
            let desired = try #require(report.desired, "\(place)")
            #expect(report.isSuccess || desired.roots.isEmpty, "\(place): \(report.story)")
            if let preview { #expect(Self.document(report) == Self.document(preview), "\(place)") }
            #expect(Self.effects(report) == [], "\(place)")
            #expect(await world.holdings() == [], "\(place)")
            summary += Self.line(number, commit, desired)
        }
        expectGolden(summary, "history.txt")
    }

    @Test("Beside resources of ours no commit deletes, replaces or changes any of them")
    func keepsWhatIsThere() async throws {
        let history = try await History.shared()
        let world = try await World()
        let overlay = World.tree()
        let service = world.reconciler(seed: 1_000)
        var holdings: [String] = []
        for (number, commit) in history.commits.enumerated() {
            var tree = commit.tree
            let paths = Set(overlay.files.map(\.path))
            tree.files.removeAll { paths.contains($0.path) }
            tree.files += overlay.files
            tree.branches = overlay.branches
            world.source.set(tree)
            let report = await service.pass(PassOptions())
            let place = "\(number) \(commit.id.prefix(12)): \(report.story)"
            #expect(report.isSuccess, "\(place)")
            guard number > 0 else {
                holdings = await world.holdings()
                #expect(report.plan?.summary.create ?? 0 > 10)
                #expect(holdings.contains("droplet web s-1vcpu-2gb"))
                continue
            }
            #expect(Self.effects(report) == [], "\(place)")
            #expect(await world.holdings() == holdings, "\(place)")
        }
    }

    @Test(
        "The program says with its exit status what it thinks of a commit, and has no effect on one without resources",
        .enabled(if: FileSystem.exists(History.program)),
        arguments: [(0, Int32(0)), (25, 65), (87, 65)])
    func program(_ number: Int, _ status: Int32) async throws {
        let history = try await History.shared()
        let commit = try #require(history.commits.indices.contains(number) ? history.commits[number] : nil)
        let state = try TemporaryDirectory()
        func run(_ words: String) -> (status: Int32, output: String) {
            Shell.run(
                "env -u DIGITALOCEAN_TOKEN ODOOOPS_STATE_DIR=\(Shell.quote(state.path)) \(Shell.quote(History.program)) "
                    + "\(words) --ssot \(Shell.quote(history.repository)) --ref \(commit.id)")
        }
        let validation = run("validate")
        #expect(validation.status == status, "\(validation.output)")
        #expect(validation.output.contains("revision \(commit.id.prefix(12))"))
        for diagnostic in readDesiredState(commit.tree).diagnostics where diagnostic.severity == .error {
            #expect(validation.output.contains(diagnostic.mark?.description ?? diagnostic.message))
        }
        let preview = run("--dry-run")
        #expect(preview.status == 0, "\(preview.output)")
        // What no driver knows is told as unknown, and nothing else is.
        let summary = preview.output.split(separator: "\n").first {
            $0.hasPrefix("Plan: ") || $0.hasPrefix("No changes.")
        }
        let parts = (summary ?? "").replacing("Plan: ", with: "").replacing(" · ", with: "\n").split(separator: "\n")
        let isWithoutEffect = parts.allSatisfy { $0.hasSuffix(" unknown") || $0.hasSuffix(" as wanted") }
        #expect(summary?.hasPrefix("No ") == true || isWithoutEffect && !parts.isEmpty, "\(preview.output)")
    }

    /// What the plan would do, beyond leaving alone what no driver knows, and alerts of droplets that are nowhere.
    private static func effects(_ report: RunReport) -> [String] {
        (report.plan?.changes ?? []).filter {
            ($0.action != .read || $0.verdictReason != "no driver knows \($0.key.kind)")
                && ($0.verdict != .blocked || $0.key.kind != .alertPolicy)
        }.map { "\($0.action) \($0.key) \($0.verdict) \($0.verdictReason ?? "")" }
    }

    /// The plan as it is written, without what names the run.
    private static func document(_ report: RunReport) -> String? {
        report.plan.map { PlanDocument.json($0, runID: "", plannedAt: World.start).json }
    }

    /// One line of the golden: what was found, and what is wrong, by code; errors with their lines.
    private static func line(_ number: Int, _ commit: History.Commit, _ desired: DesiredState) -> String {
        func count(_ status: Document.Status) -> Int { desired.documents.count { $0.status == status } }
        var text = "\(number) \(commit.id.prefix(8)): \(desired.documents.count) documents"
        text += ", \(count(.managed)) managed, \(count(.shadowed)) shadowed, \(count(.unreadable)) unreadable"
        text += "; \(desired.environments.count) environments, \(desired.integrations.count) integrations"
        text += ", \(desired.modules.count) modules, \(desired.checks.count) checks; \(desired.unknown.count) unknown;"
        for code in Set(desired.diagnostics.map(\.code)).sorted() {
            text += " \(code)×\(desired.diagnostics.count { $0.code == code })"
        }
        // As of the commit itself, so that the golden doesn't age.
        let due = commit.committedAt.map { desired.dueDiagnostics(at: $0) } ?? []
        for code in Set(due.map(\.code)).sorted() { text += " due \(code)×\(due.count { $0.code == code })" }
        for diagnostic in desired.diagnostics where diagnostic.severity == .error {
            text += "\n    \(diagnostic.code) \(diagnostic.mark?.description ?? "without a place")"
        }
        return text + "\n"
    }
}
