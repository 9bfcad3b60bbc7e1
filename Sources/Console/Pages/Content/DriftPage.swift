import Basics
import DesiredState
import Diff
import Reconciler
import Store

/// What is there and is not what git wants: by cause, by environment, side by side.
enum DriftPage {
    private static let pageSize = 40

    static func render(_ context: PageContext) async throws -> Page {
        let all = try await context.store.openDrift().filter { context.shows($0.environment) }
        let cause = context.query("cause").flatMap { ChangeCause(rawValue: $0) }
        let environment = context.query("environment")
        let shown = all.filter { record in
            (cause == nil || record.cause == cause)
                && (environment == nil || (record.environment ?? "shared") == environment)
        }.sorted { a, b in
            // What somebody should look at comes first, the newest of it on top.
            a.isQuiet == b.isQuiet ? a.firstSeen > b.firstSeen : !a.isQuiet
        }
        let explanations = try await explain(shown, context)
        let hasLooked = try await context.hasLooked()
        return Page(
            .drift,
            lead: "Left is what providers show, right is what git wants, with the line that says so. "
                + "Nothing here is mended by looking at it."
        ) {
            if all.isEmpty {
                div("card") {
                    DriftCauses.none(hasLooked: hasLooked)
                }
            } else {
                div("grid2") {
                    card("By cause") { DriftCauses.chart(all) }
                    card("By environment") { byEnvironment(all) }
                }
                if cause != nil || environment != nil {
                    p {
                        "\(shown.count) of \(all.count) shown. "
                        a(Link(.drift), "Show all")
                    }
                }
                for record in shown.prefix(pageSize) {
                    DriftView(record, context, explanation: explanations[record.key]).html
                }
                if shown.count > pageSize {
                    p("and \(shown.count - pageSize) more: reconcile drift", "soft")
                }
            }
        }
    }

    /// So many are explained; the others name the command that does.
    private static let explained = 6

    private static func explain(
        _ records: [DriftRecord], _ context: PageContext
    ) async throws -> [ResourceKey: Explanation] {
        // What is in the way may be another's.
        guard context.share == nil, let outlook = context.known.outlook, let reconciler = context.pages.reconciler
        else { return [:] }
        // Another process may have looked since: what this one's last plan doesn't change, it can't explain as a difference.
        let planned = Set(outlook.plan.changes.map(\.key))
        let keys = records.map(\.key).filter(planned.contains).prefix(explained)
        let found = try await reconciler.explain(keys, in: outlook)
        return Dictionary(found.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func byEnvironment(_ all: [DriftRecord]) -> HTML {
        let groups = Dictionary(grouping: all) { $0.environment ?? "shared" }
            .sorted {
                $0.value.count == $1.value.count ? $0.key.precedesByBytes($1.key) : $0.value.count > $1.value.count
            }
        return element(.ul, "legend") {
            for (slug, records) in groups.prefix(12) {
                element(.li) {
                    a(Link(.drift, query: [("environment", slug)]), slug)
                    if records.contains(where: { !$0.isQuiet }) {
                        chip(.warn, "\(records.count { !$0.isQuiet }) alarming")
                    }
                    span("count", "\(records.count)")
                }
            }
            if groups.count > 12 { element(.li) { "and \(groups.count - 12) more" } }
        }
    }
}
