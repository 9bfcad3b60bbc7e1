import ConsoleAccess
import Web

/// What a path leads to.
enum Route: Sendable {
    typealias Render = @Sendable (PageContext) async throws -> Page

    case asset(String)
    case feed
    case login
    case logout
    case theme(String)
    case evidence(run: String, object: String)
    case page(Render, needs: Permission = .read, at: AccessPlace = .project)

    /// Nil for a path that is no page, and for metrics when a program asks.
    init?(_ request: WebRequest) {
        var parts = request.segments
        if parts.last == "" { parts.removeLast() }
        switch (parts.count, parts.first ?? "") {
        case (2, "assets"): self = .asset(parts[1])
        case (1, "events"): self = .feed
        case (1, "login"): self = .login
        case (1, "logout"): self = .logout
        case (2, "theme"): self = .theme(parts[1])
        case (1, "metrics"):
            guard Self.wantsPage(request) else { return nil }
            let need = Self.need(at: "/metrics")
            self = .page(MetricsPage.render, needs: need.permission, at: need.place)
        case (2, "runs"): self = .page(RunPage.render, at: .list)
        case (3, "runs") where parts[2] == "evidence": self = .evidence(run: parts[1], object: "manifest.json")
        case (4, "runs") where parts[2] == "evidence": self = .evidence(run: parts[1], object: parts[3])
        case (2, "plans"): self = .page(PlanPage.render, at: .list)
        case (2, "environments"): self = .page(EnvironmentPage.render, at: .environment(parts[1]))
        case (2, "runbooks"): self = .page(RunbooksPage.renderOne)
        default:
            guard let render = Self.pages["/" + parts.joined(separator: "/")] else {
                // A person is told so on a page; programs get their answer where nothing else has one either.
                guard Self.wantsPage(request), request.method == "GET" || request.method == "HEAD",
                    !Self.ofPrograms.contains(parts.first ?? "")
                else { return nil }
                self = .page(ConsolePages.nothing)
                return
            }
            let need = Self.need(at: "/" + parts.joined(separator: "/"))
            self = .page(render, needs: need.permission, at: need.place)
        }
    }

    /// What somebody needs who wants it, and where; what nobody has to sign in for is not asked.
    var need: (permission: Permission, place: AccessPlace) {
        guard case .page(_, let permission, let place) = self else { return (.read, .project) }
        return (permission, place)
    }

    /// What somebody needs who wants a page without a name in its path, and where.
    static func need(at path: String) -> (permission: Permission, place: AccessPlace) {
        (particular[path] ?? .read, lists.contains(path) ? .list : .project)
    }

    /// Pages that show something else than what `read` allows.
    private static let particular: [String: Permission] = ["/audit": .readAudit, "/metrics": .readMetrics]

    /// Pages of which each sees what belongs to the environments that are theirs.
    static let lists: Set<String> = [
        "/environments", "/deployments", "/drift", "/gates", "/logs", "/modules", "/policy-gates", "/runs",
    ]

    /// Where programs ask, whatever they accept.
    private static let ofPrograms: Set<String> = ["api", "healthz", "hooks", "metrics", "readyz"]

    /// Whether a person asks: a browser names HTML, a scraper doesn't.
    private static func wantsPage(_ request: WebRequest) -> Bool {
        let accepted = request.header("Accept") ?? ""
        return accepted.split(separator: ",").contains { $0.drop { $0 == " " }.hasPrefix("text/html") }
    }

    /// The pages without a name in their path.
    static let pages: [String: Render] = [
        "/": OverviewPage.render, "/environments": EnvironmentsPage.render, "/deployments": DeploymentsPage.render,
        "/builds": BuildsPage.render, "/policy-gates": GatesPage.render, "/gates": GatesPage.render,
        "/backups": BackupsPage.render, "/logs": LogsPage.render, "/database": DatabasePage.render,
        "/control-plane": ControlPlanePage.render, "/platform": ControlPlanePage.render,
        "/modules": ModulesPage.render, "/integrations": IntegrationsPage.render, "/advisor": AdvisorPage.render,
        "/platform/digitalocean": DigitalOceanPage.render, "/observability": ObservabilityPage.render,
        "/runbooks": RunbooksPage.render, "/settings": SettingsPage.render, "/runs": RunsPage.render,
        "/drift": DriftPage.render, "/maintenance": MaintenancePage.render, "/audit": AuditPage.render,
    ]
}
