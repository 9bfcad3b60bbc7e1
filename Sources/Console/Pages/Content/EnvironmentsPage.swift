import Basics
import DesiredState
import Diff
import Formats
import Store

/// Every environment: tier, place, revision, sync, life and cost.
enum EnvironmentsPage {
    /// So many rows are on one page.
    private static let pageSize = 100

    static func render(_ context: PageContext) async throws -> Page {
        let all = try await context.store.environments().filter { context.shows($0.slug) }
        let drift = Dictionary(grouping: try await context.store.openDrift()) { $0.environment ?? "" }
        let asked = EnvironmentsAsked(context)
        let shown = all.filter(asked.fits)
        let begin = context.query("after").map { after in shown.count { !after.precedesByBytes($0.slug) } } ?? 0
        let page = Array(shown.dropFirst(begin).prefix(pageSize))
        let hasLooked = try await all.isEmpty ? context.hasLooked() : true
        return Page(
            .environments,
            lead: "What git and its branches want to exist: where it runs, which revision, and how long it has left."
        ) {
            if !hasLooked {
                div("card") {
                    unlooked("Environments are known after the first pass has read the repository.", icon: .layers)
                }
            } else if all.isEmpty {
                div("card") {
                    empty(
                        "No environment yet",
                        "Name one in ssot/environments.yaml, or map branches to tiers in .odooops/policies.yaml; "
                            + "the next pass brings it about.", icon: .layers, next: "reconcile env list")
                }
            } else {
                doubts(all) ?? HTML()
                tabs(all, asked)
                if let problem = asked.problem {
                    banner(.warn, problem) { p { a(Link(.environments), "Show all") } }
                } else {
                    if all.count <= 60, asked.isNothing { boards(page, drift, context) }
                    table(page, from: begin, of: shown, asked, drift, context.now)
                }
            }
        }
    }

    /// Each keeps what is searched for.
    private static func tabs(_ all: [EnvironmentRow], _ asked: EnvironmentsAsked) -> HTML {
        element(.nav, "tabs", .label("Tiers")) {
            let gone = all.count { $0.status == .gone }
            link(
                "All", all.count - gone, asked.link(tier: nil, gone: nil), asked.tierWord == nil && !asked.showsGone)
            for one in Tier.allCases {
                let count = all.count { $0.tier == one && $0.status != .gone }
                if count > 0 {
                    link(
                        Words.name(of: one), count, asked.link(tier: one.rawValue, gone: nil),
                        asked.tier == one && !asked.showsGone)
                }
            }
            if gone > 0 { link("Gone", gone, asked.link(tier: nil, gone: "1"), asked.showsGone) }
        }
    }

    private static func link(_ name: String, _ count: Int, _ link: Link, _ isCurrent: Bool) -> HTML {
        HTML(.a, [.href(link)] + (isCurrent ? [.set("aria-current", "page")] : []), HTML("\(name) \(count)"))
    }

    /// Of how many nobody knows what is wanted, and why; nil where that is known of all.
    static func doubts(_ rows: [EnvironmentRow]) -> HTML? {
        let unread = rows.filter { $0.status != .gone && $0.doubt != nil }
        guard let first = unread.first, let doubt = first.doubt else { return nil }
        let others = Set(unread.compactMap(\.doubt)).count - 1
        return banner(.warn, "\(unread.count.of("environment")) unknown", icon: .eye) {
            p(
                "What is wanted \(unread.count == 1 ? "of it" : "of them") isn't known: \(doubt)"
                    + (others > 0 ? ", and \(others.of("reason")) more" : "")
                    + ". Nothing goes or is changed meanwhile.")
            command("reconcile explain \(first.slug)")
        }
    }

    // MARK: Boards

    private static func boards(
        _ rows: [EnvironmentRow], _ drift: [String: [DriftRecord]], _ context: PageContext
    ) -> HTML {
        div("boards") {
            for tier in Tier.allCases where rows.contains(where: { $0.tier == tier }) {
                element(.section, "board", .labelled(by: "board-\(tier.rawValue)")) {
                    element(.h2, "", .id("board-\(tier.rawValue)")) { Words.tier(tier) }
                    element(.ul) {
                        for row in rows where row.tier == tier {
                            element(.li) { cardOf(row, drift[row.slug] ?? [], context.now) }
                        }
                    }
                }
            }
        }
    }

    private static func cardOf(_ row: EnvironmentRow, _ drift: [DriftRecord], _ now: Timestamp) -> HTML {
        div("env \(tone(row, drift, now).rawValue)") {
            a(Link("/environments", row.slug), row.slug, "name")
            span("chips") {
                sync(row, drift, now)
                life(row, now)
            }
            if let domain = row.domain { span("soft", domain) }
        }
    }

    static func tone(_ row: EnvironmentRow, _ drift: [DriftRecord], _ now: Timestamp) -> Tone {
        if row.status == .expired || row.isKnownUnwanted && !row.isPinned(at: now) && !row.isSuspended(at: now)
            || drift.contains(where: { !$0.isQuiet && $0.cause == .externalChange })
        {
            return .bad
        }
        if row.status == .expiring || drift.contains(where: { !$0.isQuiet }) { return .warn }
        return row.status == .active && row.sync(alarming: 0, at: now).word == .inSync ? .ok : .idle
    }

    // MARK: Words

    static func sync(_ row: EnvironmentRow, _ drift: [DriftRecord], _ now: Timestamp) -> HTML {
        let alarming = drift.count { !$0.isQuiet }
        switch row.sync(alarming: alarming, at: now).word {
        case .inSync: return chip(.ok, "in sync")
        case .outOfSync: return chip(.warn, "\(alarming) out of sync", icon: .split)
        case .suspended where alarming > 0: return chip(.warn, "suspended, \(alarming) out of sync", icon: .pause)
        case .suspended: return chip(.idle, "suspended", icon: .pause)
        case .unknown: return chip(.idle, "sync unknown")
        case .gone: return chip(.idle, "gone")
        }
    }

    /// Whether its machines run, as the provider shows them.
    static func health(_ row: EnvironmentRow) -> HTML {
        if row.status == .gone { return chip(.idle, "nothing runs") }
        return switch row.standing?.health ?? .unknown {
        case .healthy: chip(.ok, "healthy")
        case .degraded: chip(.bad, "degraded")
        case .unknown: chip(.idle, "health unknown")
        }
    }

    /// How much time it has left, and why.
    static func life(_ row: EnvironmentRow, _ now: Timestamp) -> HTML {
        if row.status == .gone { return chip(.idle, "over", icon: .clock) }
        if row.isSuspended(at: now) {
            return chip(
                .idle, row.isKnownUnwanted ? "unwanted, goes when resumed" : "doesn't end meanwhile", icon: .pause)
        }
        if row.isPinned(at: now) {
            return chip(.accent, row.isKnownUnwanted ? "pinned, unwanted" : "pinned", icon: .pin)
        }
        let goes = row.goesLater(than: now).map { ", goes \($0.minuteText)" } ?? ""
        if row.isKnownUnwanted { return chip(.bad, "unwanted\(goes)", icon: .clock) }
        if row.isUnwanted { return chip(.idle, "stays meanwhile", icon: .clock) }
        guard let end = row.endsAt(now) else { return chip(.idle, "no end", icon: .clock) }
        guard end > now else { return chip(.bad, "ended \(TimeText.rough(now - end)) ago\(goes)", icon: .clock) }
        return chip(endsSoon(row, now) ? .warn : .info, "\(TimeText.rough(end - now)) left", icon: .clock)
    }

    /// Whether its end is near, so that somebody who wants it longer has to say so now.
    private static func endsSoon(_ row: EnvironmentRow, _ now: Timestamp) -> Bool {
        guard row.status != .gone, !row.isUnwanted, !row.isSuspended(at: now), !row.isPinned(at: now),
            let end = row.endsAt(now)
        else { return false }
        return end > now && end - now < .hours(48)
    }

    static func cost(_ row: EnvironmentRow) -> String {
        row.status == .gone ? "–" : row.metadata["cost_monthly_usd"]?.stringValue.map { "$\($0)" } ?? "–"
    }

    // MARK: Table

    /// How to keep what ends soon; of more than a few the page of each says it.
    private static func keeping(_ rows: [EnvironmentRow], _ now: Timestamp) -> HTML {
        guard !rows.isEmpty else { return HTML() }
        return div("body stack") {
            p("soft") {
                rows.count == 1
                    ? "One ends within two days. To keep it:" : "\(rows.count) end within two days. To keep one:"
            }
            for row in rows.prefix(3) { command(row.keeping(at: now).command(row.slug)) }
            if rows.count > 3 { p("Of the others the page of each says it.", "soft") }
        }
    }

    private static func table(
        _ rows: [EnvironmentRow], from begin: Int, of all: [EnvironmentRow], _ asked: EnvironmentsAsked,
        _ drift: [String: [DriftRecord]], _ now: Timestamp
    ) -> HTML {
        var grid = Grid(
            "Environments", "Environment", "Tier", "Host and database", "Revision", "Sync and health", "Life",
            "Cost a month")
        for row in rows {
            grid.add(
                markup {
                    a(Link("/environments", row.slug)) { strong(row.slug) }
                    span("sub", row.branch ?? "no branch")
                },
                Words.tier(row.tier),
                markup {
                    row.host ?? "–"
                    span("sub", row.database ?? "no database")
                },
                markup {
                    Words.revision(row.headCommit)
                    if let deed = row.deed {
                        span("sub") {
                            "done at "
                            Words.revision(deed.revision)
                        }
                    }
                },
                div("chips") {
                    sync(row, drift[row.slug] ?? [], now)
                    health(row)
                },
                life(row, now), span("num", cost(row)))
        }
        return element(.section, "card", .label("All environments")) {
            element(.form, "filters", .action(Link(.environments)), .set("method", "get"), .role("search")) {
                element(.label) {
                    "Name or branch"
                    element(.input, "", .type("search"), .named("q"), .value(asked.search ?? ""))
                }
                for (name, value) in asked.list {
                    element(.input, "", .type("hidden"), .named(name), .value(value))
                }
                element(.button, "button", .type("submit")) { "Find" }
                if asked.search != nil { a(asked.link(search: nil), "button quiet") { "Show all" } }
            }
            keeping(rows.filter { endsSoon($0, now) }, now)
            if rows.isEmpty {
                nothingFits(asked)
            } else {
                grid.html
            }
            if all.count > rows.count { pager(rows, from: begin, of: all, asked) }
        }
    }

    private static func nothingFits(_ asked: EnvironmentsAsked) -> HTML {
        let tier = asked.tier.map { " of the tier \(Words.name(of: $0))" } ?? ""
        let name = asked.search.map { " with \u{201C}\($0)\u{201D} in its name or branch" } ?? ""
        return empty(
            "No environment fits", "There is none\(tier)\(name). What is gone has a list of its own.", icon: .layers,
            next: "odooops env list --status gone")
    }

    private static func pager(
        _ rows: [EnvironmentRow], from begin: Int, of all: [EnvironmentRow], _ asked: EnvironmentsAsked
    ) -> HTML {
        let end = begin + rows.count
        // The row before the part before this one; nil: that begins with the first.
        let before = begin > pageSize ? all[begin - pageSize - 1].slug : nil
        return element(.nav, "pager", .label("More environments")) {
            if begin > 0 { a(asked.link(after: before), "Previous \(min(begin, pageSize))") }
            span("soft", rows.isEmpty ? "none of \(all.count)" : "\(begin + 1) to \(end) of \(all.count)")
            if end < all.count, let last = rows.last {
                a(asked.link(after: last.slug), "Next \(min(pageSize, all.count - end))")
            }
        }
    }
}

/// Which environments are asked for.
private struct EnvironmentsAsked {
    /// As it is written.
    let tierWord: String?
    let tier: Tier?
    /// Says whether those are asked for that are gone, whatever it is.
    private let goneWord: String?
    /// A part of a name or branch, as it is written.
    let search: String?
    private let part: String?
    /// What can't be asked for; nil where it can.
    let problem: String?

    var showsGone: Bool { goneWord != nil }

    /// Whether nothing narrows the list.
    var isNothing: Bool { tier == nil && search == nil && !showsGone }

    /// Which list is shown, whatever is searched for in it.
    var list: [(name: String, value: String)] {
        [("tier", tierWord), ("gone", goneWord)].compactMap { name, value in value.map { (name, $0) } }
    }

    init(_ context: PageContext) {
        let word = context.query("tier")
        let tier = word.flatMap { Tier(alias: $0) }
        (tierWord, self.tier) = (word, tier)
        goneWord = context.query("gone")
        search = context.query("q")
        part = search?.lowercased()
        problem = word.flatMap { word in
            tier != nil
                ? nil
                : "There is no tier \(word.prefix(60))"
                    + Suggestion.afterthought(on: word, among: Tier.allCases.map(\.rawValue))
        }
    }

    /// Whether an environment is one of them; none is where there is a problem, for the whole list would look like an answer.
    func fits(_ row: EnvironmentRow) -> Bool {
        guard problem == nil, (row.status == .gone) == showsGone, tier.map({ row.tier == $0 }) ?? true else {
            return false
        }
        guard let part else { return true }
        return row.slug.contains(part) || row.branch?.lowercased().contains(part) ?? false
    }

    /// Another list of a tier, or of what is gone, with the same search.
    func link(tier: String?, gone: String?) -> Link { Self.link(tier, gone, search, after: nil) }

    /// The same list with another search.
    func link(search: String?) -> Link { Self.link(tierWord, goneWord, search, after: nil) }

    /// The same list from the row after one on.
    func link(after name: String?) -> Link { Self.link(tierWord, goneWord, search, after: name) }

    private static func link(_ tier: String?, _ gone: String?, _ search: String?, after: String?) -> Link {
        let parts = [("tier", tier), ("gone", gone), ("q", search), ("after", after)]
        return Link(.environments, query: parts.compactMap { name, value in value.map { (name, $0) } })
    }
}
