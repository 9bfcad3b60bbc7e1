/// A page before its frame is put around it.
struct Page: Sendable {
    let spec: PageSpec
    var status = 200
    /// The heading, where it is another one than the page's name.
    var title: String?
    /// One or two sentences under the heading.
    var lead: HTML
    /// Chips beside the heading.
    var chips = HTML()
    var body: HTML

    init(_ spec: PageSpec, title: String? = nil, lead: String, @Content body: () -> HTML) {
        self.spec = spec
        self.title = title
        self.lead = HTML(lead)
        self.body = body()
    }
}

/// What surrounds every page: landmarks, navigation, and what the page says of itself.
struct Frame {
    /// Who looks at it; nil where nobody signed in.
    let user: String?
    /// What a form of theirs has to bring along.
    let formToken: String?
    /// `light` or `dark`; nil follows the reader's system.
    let theme: Theme?
    /// Where to come back to after a choice.
    let place: String
    /// Whether the page follows the feed of changes, which is of the whole project.
    var isLive = true
    /// Whether the reader may see a page, so that none is named that would refuse them.
    var mayOpen: (PageSpec) -> Bool = { _ in true }

    /// Whether it is the page on which somebody signs in.
    private var isLogin: Bool { place == "/login" || place.hasPrefix("/login?") }

    /// The reader's choice.
    enum Theme: String { case light, dark }

    func document(_ page: Page) -> String {
        let title = page.title ?? page.spec.title
        let html = element(.html, "", .lang("en"), .set("data-theme", theme?.rawValue ?? "system")) {
            element(.head) {
                element(.meta, "", .set("charset", "utf-8"))
                element(.meta, "", .named("viewport"), .set("content", "width=device-width, initial-scale=1"))
                element(.meta, "", .named("color-scheme"), .set("content", "light dark"))
                element(.title) { page.title == nil ? "\(title) · OdooOps" : "\(title) · \(page.spec.title) · OdooOps" }
                element(.link, "", .set("rel", "icon"), .href(Link("/assets/icon.svg")), .type("image/svg+xml"))
                element(.link, "", .set("rel", "stylesheet"), .href(Asset.stylesheet.link))
                element(.script, "", .src(Asset.script.link), .flag("defer"))
            }
            element(.body) {
                a(Link(fragment: "main"), "Skip to content", "skip")
                top()
                div(groups.isEmpty ? "frame alone" : "frame") {
                    if !groups.isEmpty { navigation(page.spec) }
                    element(.main, "", .id("main"), .set("tabindex", "-1")) {
                        heading(page, title)
                        if isLive {
                            element(.div, "stack", .id("content"), .flag("data-live")) { page.body }
                        } else {
                            element(.div, "stack", .id("content")) { page.body }
                        }
                        foot(page.spec)
                    }
                }
            }
        }
        return html.document()
    }

    private func top() -> HTML {
        element(.header, "top") {
            element(.a, "brand", .href(Link("/")), .label("OdooOps, overview")) {
                span("brand-mark") { Icon.layers.html }
                span("", "OdooOps")
            }
            span("spacer", "")
            element(.span, "live", .id("live"), .role("status")) { HTML() }
            element(.span, "visually-hidden", .id("said"), .role("status")) { HTML() }
            element(.a, "button quiet", .href(themeLink), .label("Switch to \(nextTheme) colours")) { Icon.moon.html }
            if let user {
                element(.form, "", .action(Link("/logout")), .set("method", "post")) {
                    element(.input, "", .type("hidden"), .named("csrf_token"), .value(formToken ?? ""))
                    element(.button, "button quiet", .type("submit"), .title("Signed in as \(user)")) {
                        "Sign out \(user)"
                    }
                }
            } else if !isLogin {
                a(Link("/login"), "button quiet") {
                    Icon.key.html
                    "Sign in"
                }
            }
            if !groups.isEmpty {
                a(Link(fragment: "navigation"), "button menu") {
                    Icon.menu.html
                    "Menu"
                }
            }
        }
    }

    private var nextTheme: String {
        switch theme {
        case nil: "dark"
        case .dark: "light"
        case .light: "system"
        }
    }

    private var themeLink: Link { Link("/theme", nextTheme, query: [("back", place)]) }

    private func navigation(_ current: PageSpec) -> HTML {
        element(.nav, "side", .id("navigation"), .label("Pages")) {
            div("close") {
                a(Link(fragment: "main"), "button") { "Close the menu" }
            }
            for (group, specs) in groups {
                div("group") {
                    // No heading: those of the page itself come after.
                    p("title") { element(.span, "", .id("pages-\(Anchor.id(group.rawValue))")) { group.rawValue } }
                    element(.ul, "", .labelled(by: "pages-\(Anchor.id(group.rawValue))")) {
                        for spec in specs {
                            element(.li) {
                                HTML(
                                    .a,
                                    [.href(Link(spec))] + (isSame(spec, current) ? [.set("aria-current", "page")] : []),
                                    markup {
                                        spec.icon.html
                                        spec.title
                                    })
                            }
                        }
                    }
                }
            }
        }
    }

    /// The pages that the reader may open, by group; a group without one is left out.
    private var groups: [(PageSpec.Group, [PageSpec])] {
        PageSpec.Group.allCases.map { group in (group, PageSpec.all.filter { $0.group == group && mayOpen($0) }) }
            .filter { !$0.1.isEmpty }
    }

    private func isSame(_ a: PageSpec, _ b: PageSpec) -> Bool { "\(a.path)" == "\(b.path)" }

    private func heading(_ page: Page, _ title: String) -> HTML {
        element(.div, "page-head") {
            if page.title != nil {
                element(.nav, "crumbs", .label("Where you are")) {
                    a(Link(page.spec), page.spec.title)
                    span("", "›")
                    span("", title)
                }
            }
            div("row") {
                element(.h1) { title }
                page.chips
            }
            if !page.lead.isEmpty { p("lead") { page.lead } }
        }
    }

    private func foot(_ spec: PageSpec) -> HTML {
        element(.footer, "foot") {
            span("sources") {
                element(.span, "chip plain", .title(spec.maturity.meaning)) { spec.maturity.rawValue }
                span("", "Data from \(spec.sources.joined(separator: " · "))")
            }
            for spec in [PageSpec.runbooks, .settings] where mayOpen(spec) { a(Link(spec), spec.title) }
        }
    }
}
