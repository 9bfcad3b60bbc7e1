import Basics
import DesiredState
import Diff
import Reconciler
import Store

/// What each environment should have, may have and has of Odoo's modules.
enum ModulesPage {
    /// So many rows of one card are shown.
    private static let most = 120
    private static let mostTabs = 40

    static func render(_ context: PageContext) async throws -> Page {
        let outlook = context.known.outlook
        let overview = try await ModuleOverview(
            context.pages.reconciler, outlook, context.store, where: context.shows)
        let names = overview.environments
        let asked = context.query("environment")
        var chosen = asked.flatMap { names.contains($0) ? $0 : nil }
        if let asked, chosen == nil {
            let filter = try await EnvironmentFilter(asked, context)
            chosen = filter.name.flatMap { names.contains($0) ? $0 : nil }
            guard chosen != nil else {
                let problem = filter.problem ?? "Nothing is known of the modules of \(filter.name ?? asked)"
                return page { banner(.warn, problem) { p { a(Link(.modules), "Show all") } } }
            }
        }
        guard let name = chosen ?? names.first else { return page { nothing(context, outlook?.desired) } }
        let look = overview.looks[name]
        let census = try await context.store.moduleCensus(of: look)
        let comparison = overview.comparison(of: name, census)
        let standing = context.query("standing").flatMap(ModuleComparison.Standing.init)
        return page {
            element(.nav, "tabs", .label("Environments")) {
                for one in names.prefix(mostTabs) + names.dropFirst(mostTabs).filter({ $0 == name }) {
                    tab(one, link(one, nil), one == name)
                }
            }
            if names.count > mostTabs { p("\(names.count) environments in all: odooops modules summary", "soft") }
            whatIsKnown(look, overview.silence(of: name), overview.source(of: name), context.now)
            if outlook == nil {
                banner(.info, "What is wanted is known after a pass of this service", icon: .info)
            } else if overview.plans[name] == nil {
                banner(.info, "No document says which modules it should or may have", icon: .info)
            }
            tiles(comparison, isSeen: census != nil, standing)
            notes(comparison)
            cards(comparison, census, standing)
        }
    }

    private static func page(@Content _ body: () -> HTML) -> Page {
        Page(
            .modules,
            lead: "What each environment should have, wave by wave, what a list allows, and what Odoo has installed. "
                + "It tells and changes nothing: people install and remove modules.", body: body)
    }

    private static func link(_ environment: String, _ standing: ModuleComparison.Standing?) -> Link {
        Link(.modules, query: [("environment", environment), ("standing", standing?.rawValue ?? "")])
    }

    private static func tab(_ text: String, _ link: Link, _ isCurrent: Bool) -> HTML {
        HTML(.a, [.href(link)] + (isCurrent ? [.set("aria-current", "page")] : []), HTML(text))
    }

    // MARK: What was seen

    @Content private static func whatIsKnown(
        _ look: ModuleLook?, _ silence: String?, _ source: String?, _ now: Timestamp
    ) -> HTML {
        if let look {
            if let problem = look.problem {
                banner(.warn, "The last look showed nothing") {
                    p(problem)
                    if look.outcome != .unknown { p("What is shown is what was seen before.") }
                }
            } else if look.outcome == .notInitialised {
                banner(.info, "Not initialised", icon: .database) {
                    p("The database \(look.database.name) has no Odoo in it yet.")
                }
            }
            if let silence {
                banner(.info, "Nobody looks any more", icon: .eye) {
                    p("\(sentence(silence)) What is shown is what was seen before.")
                }
            }
            p("soft") {
                "Database \(look.database.name): seen to be so since "
                ago(look.observedAt, now)
                if let source { "; it is read through \(source)" }
            }
        } else {
            banner(.info, "Nobody has looked yet what is installed", icon: .eye) {
                p(silence.map(sentence) ?? "A pass looks into its database once in a while: modules.interval.")
                if let source { p("It is read through \(source).") }
            }
        }
    }

    private static func sentence(_ reason: String) -> String {
        "\(reason.prefix(1).uppercased())\(reason.dropFirst())."
    }

    private static func notes(_ comparison: ModuleComparison) -> HTML {
        let notes = comparison.notes
        guard !notes.isEmpty else { return HTML() }
        return card("Not as the documents have it") {
            element(.ul) { for note in notes { element(.li) { note } } }
        }
    }

    private static func tiles(
        _ comparison: ModuleComparison, isSeen: Bool, _ chosen: ModuleComparison.Standing?
    ) -> HTML {
        let wanted = comparison.rows.count { $0.planned != nil }
        let all: [(ModuleComparison.Standing, String, Tone)] = [
            (.installed, "Installed as wanted", .ok), (.missing, "Missing", .warn),
            (.notAllowed, "Not allowed", .bad), (.pending, "Pending", .warn), (.extra, "Allowed besides", .ok),
        ]
        return div("tiles") {
            tile(
                "Wanted", "\(wanted)", note: chosen == nil ? "" : "show all",
                link: chosen == nil ? nil : link(comparison.environment, nil))
            for (standing, title, tone) in all {
                let count = comparison.count(standing)
                tile(
                    title, isSeen ? "\(count)" : "–", count > 0 ? tone : nil,
                    note: standing == chosen ? "shown below" : "",
                    link: count > 0 ? link(comparison.environment, standing) : nil)
            }
        }
    }

    // MARK: Tables

    @Content private static func cards(
        _ comparison: ModuleComparison, _ census: ModuleCensus?, _ standing: ModuleComparison.Standing?
    ) -> HTML {
        let rows = comparison.rows.filter { standing == nil || $0.standing == standing }
        let waves = Dictionary(grouping: rows.filter { $0.planned != nil }) { $0.planned?.wave ?? Int.max }
        for (wave, rows) in waves.sorted(by: { $0.key < $1.key }) {
            list(wave == Int.max ? "Without a wave" : "Wave \(wave)", rows, census)
        }
        let besides = rows.filter { $0.planned == nil }
        if !besides.isEmpty { list("Installed, and wanted by no document", besides, census) }
        if rows.isEmpty {
            div("card") {
                empty(
                    standing != nil
                        ? "No module stands so"
                        : census == nil ? "No module is wanted" : "No module is wanted or installed",
                    "Waves, allowlists and must-haves are read from odoo/ and oca/ below the roots.", icon: .puzzle)
            }
        }
    }

    private static func list(_ title: String, _ rows: [ModuleComparison.Row], _ census: ModuleCensus?) -> HTML {
        // What matters most is not what is cut off.
        func rank(_ row: ModuleComparison.Row) -> Int {
            let order = ModuleComparison.Standing.allCases
            return row.standing.flatMap { order.firstIndex(of: $0) } ?? order.count
        }
        let ranked = rows.sorted { a, b in
            rank(a) != rank(b) ? rank(a) < rank(b) : a.name.precedesByBytes(b.name)
        }
        return card(title, aside: HTML(rows.count.of("module")), flush: true) {
            ranked.prefix(most).reduce(
                into: Grid(title, "Module", "Stands", "Installed", "Allowed", "Gate", "Wanted at")
            ) { grid, row in
                grid.add(
                    markup {
                        span("key", row.name)
                        if let source = row.planned?.repository ?? row.installed?.origin.text { span("sub", source) }
                    }, standing(row), installed(row, census), allowed(row), HTML(row.planned?.gate ?? "–"),
                    row.planned?.wantedBy.first.map { code($0.description) } ?? span("soft", "–"))
            }.html
            if rows.count > most {
                div("body") { p("and \(rows.count - most) more: odooops modules list --all", "soft") }
            }
        }
    }

    private static func standing(_ row: ModuleComparison.Row) -> HTML {
        switch row.standing {
        case .installed: chip(.ok, "installed")
        case .extra: chip(.idle, "allowed")
        case .missing: chip(.warn, "missing")
        case .pending: chip(.warn, "pending")
        case .notAllowed: chip(.bad, "not allowed")
        case nil: span("soft", "–")
        }
    }

    private static func installed(_ row: ModuleComparison.Row, _ census: ModuleCensus?) -> HTML {
        guard let module = row.installed else { return span("soft", census == nil ? "not looked" : "no") }
        return markup {
            module.state.rawValue
            if let version = module.version { span("sub", version) }
        }
    }

    private static func allowed(_ row: ModuleComparison.Row) -> HTML {
        guard let permission = row.planned?.permission else { return span("soft", "–") }
        return chip(
            permission == .allowed ? .ok : permission == .blocked ? .bad : .warn, permission.rawValue)
    }

    // MARK: Where no environment is known

    @Content private static func nothing(_ context: PageContext, _ desired: DesiredState?) -> HTML {
        if let desired, !desired.modules.isEmpty, context.share == nil {
            card("Lists", aside: HTML(desired.modules.count.of("entry", "entries")), flush: true) {
                entries(desired.modules).html
            }
        } else {
            div("card") {
                empty(
                    desired == nil ? "Known after a pass" : "No module is listed",
                    "Waves, allowlists and must-haves are read from odoo/ and oca/ below the roots.", icon: .puzzle,
                    next: "reconcile gates")
            }
        }
    }

    private static func entries(_ modules: [ModuleEntry]) -> Grid {
        var grid = Grid("Module lists", "Name", "List", "Status", "Repository", "Written at")
        for one in modules.prefix(300) {
            grid.add(
                span("key", one.name), label(one.list.rawValue), HTML(one.status ?? "–"), HTML(one.repository ?? "–"),
                code(one.source.description))
        }
        return grid
    }
}
