import Basics
import DesiredState
import Diff
import Reconciler
import Store

/// The catalogue of integrations as the store keeps it, those of the baseline first: the same rows that the API gives.
enum IntegrationsPage {
    /// So many rows are on one page.
    private static let most = 300

    static func render(_ context: PageContext) async throws -> Page {
        let all = try await context.store.catalogue()
        let outlook = context.known.outlook
        let places = Dictionary(
            (outlook?.desired.integrations ?? []).map { ($0.id, $0.source) }, uniquingKeysWith: { first, _ in first })
        let presence = SecretPresence(outlook?.plan.secrets ?? [])
        let showsAll = context.query("show") == "all" || !all.contains(where: \.isBaseline)
        let shown = showsAll ? all : all.filter(\.isBaseline)
        return Page(
            .integrations,
            lead: "The catalogue, not only what is installed: what the baseline plan allows comes first. "
                + "Of a secret only whether it is there is known."
        ) {
            if all.isEmpty {
                div("card") {
                    empty(
                        "The catalogue is empty",
                        "A pass fills it from integrations/_index.yaml below the roots.", icon: .plug,
                        next: "reconcile validate")
                }
            } else {
                element(.nav, "tabs", .label("Which")) {
                    tab("Baseline \(all.count(where: \.isBaseline))", Link(.integrations), !showsAll)
                    tab("All \(all.count)", Link(.integrations, query: [("show", "all")]), showsAll)
                }
                element(.section, "card", .label("Integrations")) {
                    shown.prefix(most).reduce(
                        into: Grid(
                            "Integrations", "Integration", "Status", "Baseline", "Category", "Secrets", "Written at")
                    ) { grid, one in
                        grid.add(
                            markup {
                                strong(one.name)
                                span("sub", one.key)
                            }, status(one.status), baseline(one), HTML(one.category), secrets(one, presence),
                            place(one, places[one.key]))
                    }.html
                    if shown.count > most { div("body") { p("and \(shown.count - most) more: odooops api", "soft") } }
                }
            }
        }
    }

    private static func tab(_ text: String, _ link: Link, _ isCurrent: Bool) -> HTML {
        HTML(.a, [.href(link)] + (isCurrent ? [.set("aria-current", "page")] : []), HTML(text))
    }

    private static func status(_ status: String) -> HTML {
        let tone: Tone = status == "active" ? .ok : status == "error" ? .bad : status == "inactive" ? .idle : .warn
        return chip(tone, status.spaced)
    }

    private static func baseline(_ one: CatalogueEntry) -> HTML {
        one.isBaseline ? chip(.ok, "allowed") : chip(.idle, "not in the baseline")
    }

    private static func secrets(_ one: CatalogueEntry, _ presence: SecretPresence) -> HTML {
        guard !one.secrets.isEmpty else { return span("soft", "none needed") }
        return markup {
            for name in one.secrets.prefix(12) {
                let state = presence.state(of: name)
                span("sub") {
                    code(name)
                    " "
                    switch state {
                    case .present: chip(.ok, "present")
                    case .missing: chip(.bad, "absent")
                    case .unknown: chip(.idle, "unknown")
                    }
                }
            }
            if one.secrets.count > 12 { span("sub", "and \(one.secrets.count - 12) more") }
        }
    }

    private static func place(_ one: CatalogueEntry, _ source: SourceMark?) -> HTML {
        if let source { return code(source.description) }
        return one.documentPath.map { code($0) } ?? span("soft", "no document")
    }
}

/// Whether names of secrets are in the stores that the last pass could look into.
struct SecretPresence {
    private var states: [String: SecretAnswer.State] = [:]

    /// A name that stands in one store at least is there; one that every store lacks is absent; else nobody knows.
    init(_ answers: [SecretAnswer]) {
        for answer in answers {
            let name = String(answer.key.name.split(separator: "/").last ?? "")
            switch (states[name], answer.state) {
            case (nil, let state): states[name] = state
            case (.present?, _), (_, .present): states[name] = .present
            case (.missing?, .missing): states[name] = .missing
            default: states[name] = .unknown
            }
        }
    }

    func state(of name: String) -> SecretAnswer.State { states[name] ?? .unknown }
}
