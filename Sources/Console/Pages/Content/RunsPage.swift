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
        let before = try await before(context)
        let isNowhere = before == nil && context.query("before") != nil
        let runs = try await runs(context, before)
        let shown = Array(runs.prefix(pageSize))
        return Page(
            .runs,
            lead: "One row a pass: what asked for it, what it planned, how it ended. "
                + "They are kept as long as retention.audit says."
        ) {
            if isNowhere {
                banner(.warn, "This is no place among the runs") { p { a(Link(.runs), "Show the newest") } }
            }
            if shown.isEmpty, before != nil {
                div("card") {
                    empty("No run is further back", "This one is the oldest that is kept.", icon: .play)
                    p { a(Link(.runs), "Newest") }
                }
            } else if shown.isEmpty {
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
                    if before != nil || older != nil {
                        element(.nav, "pager", .label("More runs")) {
                            if before != nil { a(Link(.runs), "Newest") }
                            span("soft", shown.count.of("run"))
                            if let older { a(Link(.runs, query: [("before", older.id)]), "Older") }
                        }
                    }
                }
            }
        }
    }

    /// The run before which the page begins; nil: with the newest, for none was named or there is no such.
    private static func before(_ context: PageContext) async throws -> RunRecord? {
        guard let id = context.query("before") else { return nil }
        return try await context.store.run(withID: id)
    }

    /// One more than a page shows, each as far as the reader may see it.
    private static func runs(_ context: PageContext, _ before: RunRecord?) async throws -> [RunRecord] {
        guard let share = context.share else {
            return try await context.store.runs(limit: pageSize + 1, before: before?.id)
        }
        let cursor = before.map { PageCursor(at: $0.startedAt, id: $0.id) }
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
                    if !run.error.isNull { span("sub", OverviewPage.fault(run)) }
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
