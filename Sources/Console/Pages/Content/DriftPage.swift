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
        let filters = try await DriftFilters(context)
        let (cause, environment) = (filters.cause, filters.environment)
        let shown = all.filter { record in
            filters.problem == nil && (cause == nil || record.causeWord == cause)
                && (environment == nil || (record.environment ?? "shared") == environment)
        }.sorted { a, b in
            // What somebody should look at comes first, the newest of it on top.
            a.isQuiet == b.isQuiet ? a.firstSeen > b.firstSeen : !a.isQuiet
        }
        let begin = min(max(0, context.query("from").flatMap { Int($0) } ?? 0), shown.count)
        let part = Array(shown.dropFirst(begin).prefix(pageSize))
        let explanations = try await explain(part, context)
        let hasLooked = try await context.hasLooked()
        let unseen = try await all.isEmpty ? context.notCompared() : 0
        return Page(
            .drift,
            lead: "Left is what providers show, right is what git wants, with the line that says so. "
                + "Nothing here is mended by looking at it."
        ) {
            if all.isEmpty {
                div("card") {
                    DriftCauses.none(hasLooked: hasLooked, unseen: unseen)
                }
            } else {
                div("grid2") {
                    card("By cause") { DriftCauses.chart(all) }
                    card("By environment") { byEnvironment(all) }
                }
                if let problem = filters.problem {
                    banner(.warn, problem) { p { a(Link(.drift), "Show all") } }
                } else if cause != nil || environment != nil {
                    p {
                        "\(shown.count) of \(all.count) fit\(filters.words). "
                        a(Link(.drift), "Show all")
                    }
                }
                for record in part {
                    DriftView(record, context, explanation: explanations[record.key]).html
                }
                pager("differences", from: begin, by: pageSize, of: shown.count) { from in
                    Link(.drift, query: filters.query + (from > 0 ? [("from", "\(from)")] : []))
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
        // Another process may have looked since: what this one's last plan doesn't tell of, it can't explain as a difference.
        let planned = Set(outlook.plan.changes.map(\.key)).union(
            outlook.plan.drift.lazy.filter { $0.finding != nil }.map(\.key))
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
            for (slug, records) in groups.prefix(12) { line(slug, records) }
            if groups.count > 12 {
                element(.li) {
                    element(.details, "", .id("more-environments")) {
                        element(.summary) { "and \(groups.count - 12) more" }
                        element(.ul, "legend") {
                            for (slug, records) in groups.dropFirst(12) { line(slug, records) }
                        }
                    }
                }
            }
        }
    }

    private static func line(_ slug: String, _ records: [DriftRecord]) -> HTML {
        element(.li) {
            a(Link(.drift, query: [("environment", slug)]), slug)
            if records.contains(where: { !$0.isQuiet }) {
                chip(.warn, "\(records.count { !$0.isQuiet }) alarming")
            }
            span("count", "\(records.count)")
        }
    }
}

/// Which differences a reader asked for.
private struct DriftFilters {
    /// As `DriftRecord.causeWord` has it.
    var cause: String?
    /// A name; `shared` for what belongs to none.
    var environment: String?
    /// What can't be asked for, in a sentence: then nothing is shown, which would look like an answer.
    var problem: String?

    init(_ context: PageContext) async throws {
        if let word = context.query("cause") {
            cause = word
            if !ChangeCause.words.contains(word) {
                problem =
                    "There is no cause \(word.prefix(60))"
                    + Suggestion.afterthought(on: word, among: ChangeCause.words)
            }
        }
        guard let word = context.query("environment") else { return }
        environment = word
        guard word != "shared" else { return }
        let filter = try await EnvironmentFilter(word, context)
        environment = filter.name ?? word
        problem = problem ?? filter.problem
    }

    var query: [(String, String)] {
        [("cause", cause), ("environment", environment)].compactMap { name, value in value.map { (name, $0) } }
    }

    /// What was asked for, as it follows a count.
    var words: String {
        let parts = [cause.map { Words.cause(word: $0).text }, environment.map { "of \($0)" }].compactMap { $0 }
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }
}

/// The environment that a page is asked to keep to, by its name, id, branch or tier.
struct EnvironmentFilter {
    /// Nil: there is none.
    let name: String?
    /// That there is none, in a sentence.
    let problem: String?

    init(_ word: String, _ context: PageContext) async throws {
        var found = try await context.store.environmentName(of: word)
        if found == nil, try await context.store.keepsAnything(ofEnvironment: word) { found = word }
        // What is none of theirs and what isn't there look alike.
        if let found, context.shows(found) {
            (name, problem) = (found, nil)
        } else {
            let known = try await context.store.environmentNames().filter { context.shows($0) }
            let near = Suggestion.afterthought(on: word, among: known)
            (name, problem) = (nil, "There is no environment \(word.prefix(60))\(near)")
        }
    }
}
