import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Every pass, newest first.
enum RunsPage {
    private static let pageSize = 50

    static func render(_ context: PageContext) async throws -> Page {
        let runs = try await runs(context)
        let shown = Array(runs.prefix(pageSize))
        return Page(
            .runs,
            lead: "One row a pass: what asked for it, what it planned, how it ended. "
                + "They are kept as long as retention.audit says."
        ) {
            if shown.isEmpty {
                div("card") {
                    empty(
                        "No run yet", "A run is one pass: what was wanted, seen, planned and done.", icon: .play,
                        next: "reconcile --dry-run")
                }
            } else {
                card("Duration and outcome") {
                    Chart.bars(
                        shown.reversed().map { run in (height: milliseconds(run), tone: Words.tone(run.phase)) },
                        label:
                            "\(shown.count.of("pass", "passes")), \(shown.count { $0.phase == .failed }) of them failed"
                    )
                }
                element(.section, "card", .label("Runs")) {
                    table(shown, context.now).html
                    let older = runs.count > pageSize ? shown.last : nil
                    if context.query("before") != nil || older != nil {
                        element(.nav, "pager", .label("More runs")) {
                            if context.query("before") != nil { a(Link(.runs), "Newest") }
                            span("soft", shown.count.of("run"))
                            if let older { a(Link(.runs, query: [("before", older.id)]), "Older") }
                        }
                    }
                }
            }
        }
    }

    /// One more than a page shows, each as far as the reader may see it.
    private static func runs(_ context: PageContext) async throws -> [RunRecord] {
        let before = context.query("before")
        guard let share = context.share else {
            return try await context.store.runs(limit: pageSize + 1, before: before)
        }
        var cursor: PageCursor?
        if let before, let run = try await context.store.run(withID: before) {
            cursor = PageCursor(at: run.startedAt, id: run.id)
        }
        return try await context.store.runPage(limit: pageSize + 1, after: cursor, environments: share.names)
            .rows.map(share.run)
    }

    private static func milliseconds(_ run: RunRecord) -> Double {
        run.completedAt.map { ($0 - run.startedAt).milliseconds } ?? 0
    }

    static func table(_ runs: [RunRecord], _ now: Timestamp) -> Grid {
        var grid = Grid("Runs", "Run", "Outcome", "Changes", "Revision", "Asked by", "Began", "Took")
        for run in runs {
            grid.add(
                Words.run(run.id),
                markup {
                    Words.phase(run.phase)
                    if run.phase == .failed { span("sub", OverviewPage.fault(run)) }
                }, changes(run), Words.revision(run.revision),
                HTML(run.isDryRun ? "\(run.trigger.rawValue), a look" : run.trigger.rawValue),
                moment(run.startedAt, now),
                span("num nowrap", run.completedAt.map { TimeText.took($0 - run.startedAt) } ?? "–"))
        }
        return grid
    }

    /// `+ 2 −/+ 1`, each action by its sign, and what is held back.
    static func changes(_ run: RunRecord) -> HTML {
        guard let summary = run.metadata["summary"] else { return span("soft", "–") }
        func count(_ name: String) -> Int64 { summary[name]?.intValue ?? 0 }
        let acts = ChangeAction.allCases.filter { $0 != .noop && count($0.rawValue) > 0 }
        guard !acts.isEmpty || count("blocked") > 0 else { return span("soft", "no changes") }
        return span("chips") {
            for action in acts {
                let (sign, tone) = Words.sign(action)
                span("num c-\(tone)") {
                    span("visually-hidden", action.rawValue)
                    "\(sign) \(count(action.rawValue))"
                }
            }
            if count("blocked") > 0 { span("num c-warn", "held \(count("blocked"))") }
        }
    }

    /// A run as one point of a timeline.
    static func entry(_ run: RunRecord, _ now: Timestamp) -> HTML {
        element(.li) {
            span("c-\(Words.tone(run.phase).rawValue)") { Words.tone(run.phase).icon.html }
            div("line") {
                a(Link("/runs", run.id)) { run.isDryRun ? "Look" : "Pass" }
                Words.phase(run.phase)
                changes(run)
            }
            span("when") {
                "\(run.trigger.rawValue), "
                ago(run.startedAt, now)
                " · "
                Words.revision(run.revision)
            }
        }
    }
}
