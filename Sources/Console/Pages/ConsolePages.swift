public import Basics
public import ConsoleAccess
import DesiredState
import Formats
public import Reconciler
public import Store
public import Web

/// The console: pages made on the server from the store and from what the last pass knows.
///
/// They only read: what changes something goes through the API or the command line.
public struct ConsolePages: Sendable {
    let access: AccessControl?
    let store: Store
    let evidence: EvidenceStore
    let reconciler: Reconciler?
    let knowledge: Knowledge
    let facts: ConsoleFacts
    let metrics: Metrics
    let time: any TimeSource
    let loop: @Sendable () -> ConsoleFacts.Loop
    let schedules: @Sendable () -> [ScheduledJob]?
    /// Checks evidence: reading a long chain must hold up nobody else.
    let checking = ThreadPool(threads: 1)
    /// Tells pages that are open what changed.
    public let feed: LiveFeed

    /// - Parameters:
    ///   - access: decides who may look; nil: everybody may.
    ///   - store: where runs, drift and environments are.
    ///   - evidence: where evidence is kept.
    ///   - reconciler: explains resources; nil where there is none.
    ///   - knowledge: what the last pass knows.
    ///   - facts: what the process says of itself.
    ///   - metrics: the process's own.
    ///   - time: now.
    ///   - loop: how the loop fares.
    ///   - schedules: what is due by the clock; nil before the first commit was read.
    public init(
        access: AccessControl? = nil, store: Store, evidence: EvidenceStore, reconciler: Reconciler? = nil,
        knowledge: Knowledge = Knowledge(),
        facts: ConsoleFacts = ConsoleFacts(), metrics: Metrics = Metrics(), time: any TimeSource,
        loop: @escaping @Sendable () -> ConsoleFacts.Loop = { ConsoleFacts.Loop() },
        schedules: @escaping @Sendable () -> [ScheduledJob]? = { nil }
    ) {
        self.access = access
        self.store = store
        self.evidence = evidence
        self.reconciler = reconciler
        self.knowledge = knowledge
        self.facts = facts
        self.metrics = metrics
        self.time = time
        self.loop = loop
        self.schedules = schedules
        feed = LiveFeed(store: store, time: time)
    }

    /// Who looks at a page.
    struct Viewer: Sendable {
        /// Nil: nobody signed in.
        var name: String?
        /// What a form of theirs has to bring along.
        var formToken: String?
        /// Whether a page may show them who changed what.
        var maySeeAudit = true
        /// Which environments a page may show them.
        var visible = VisibleEnvironments.all
        /// Nil: nobody is asked who they are.
        var caller: Caller?
        /// Whether they were asked who they are and could not say it.
        var isStranger = false

        /// Whether a page of the navigation would be shown to them.
        func mayOpen(_ spec: PageSpec) -> Bool {
            guard let caller else { return !isStranger }
            let need = Route.need(at: "\(spec.path)")
            return caller.may(need.permission, at: need.place)
        }
    }

    /// Answers a page, a file that pages bring with them, or the feed of changes; nil for what is none of these.
    public func answer(_ request: WebRequest) async -> WebResponse? {
        guard let route = Route(request) else { return nil }
        var response = await answer(request, route)
        let isSecure = access?.origin(of: request).isSecure ?? false
        SecurityHeaders.add(to: &response, isSecure: isSecure, policy: SecurityHeaders.pagePolicy)
        return response
    }

    private func answer(_ request: WebRequest, _ route: Route) async -> WebResponse {
        let isReading = request.method == "GET" || request.method == "HEAD"
        switch route {
        case .login where request.method == "POST": return await signIn(request)
        case .logout where request.method == "POST": return await signOut(request)
        case .logout: return .text(405, "this path is called with POST\n").with("Allow", "POST")
        case .login:
            guard isReading else {
                return .text(405, "this path is read with GET and called with POST\n").with("Allow", "GET, HEAD, POST")
            }
        default:
            guard isReading else { return .text(405, "this path is read with GET\n").with("Allow", "GET, HEAD") }
        }
        let viewer: Viewer
        switch route {
        case .asset(let name): return Asset.answer(name) ?? .text(404, "there is no such file\n")
        case .theme(let name): return Self.choose(name, request)
        case .login: viewer = await visitor(request)
        default:
            switch await admit(request, to: route) {
            case .viewer(let admitted): viewer = admitted
            case .refused(let response): return response
            }
        }
        switch route {
        case .feed: return await feed.answer(request, for: reader(viewer, request))
        case .evidence(let run, let object): return await download(run, object)
        case .login: return await show(LoginPage.render, request, viewer)
        case .page(let render, _, _): return await show(render, request, viewer)
        case .asset, .theme, .logout: return .text(404, "there is nothing at this path\n")
        }
    }

    private func show(_ render: Route.Render, _ request: WebRequest, _ viewer: Viewer) async -> WebResponse {
        let context = PageContext(
            pages: self, request: request, now: time.now, known: knowledge.current, maySeeAudit: viewer.maySeeAudit,
            visible: viewer.visible)
        do {
            return respond(try await render(context), request, viewer)
        } catch {
            return respond(Self.broken(error), request, viewer)
        }
    }

    func respond(_ page: Page, _ request: WebRequest, _ viewer: Viewer) -> WebResponse {
        let query = request.query.map { ($0.name, $0.value) }
        let place = Link("/", query: query).text
        let path = "/" + request.segments.filter { !$0.isEmpty }.joined(separator: "/")
        let frame = Frame(
            user: viewer.name, formToken: viewer.formToken, theme: Self.theme(request), place: path + place.dropFirst(),
            isLive: viewer.caller?.may(.read) ?? !viewer.isStranger, mayOpen: viewer.mayOpen)
        var response = WebResponse.text(page.status, frame.document(page), type: "text/html; charset=utf-8")
        response.headers.append(("Cache-Control", "no-store"))
        // Two representations at `/metrics`.
        response.headers.append(("Vary", "Accept"))
        return response
    }

    private static func theme(_ request: WebRequest) -> Frame.Theme? {
        for part in (request.header("Cookie") ?? "").split(separator: ";") {
            let pair = part.drop { $0 == " " }
            if pair.hasPrefix("theme=") { return Frame.Theme(rawValue: String(pair.dropFirst(6))) }
        }
        return nil
    }

    /// Keeps a choice of colours and leads back.
    private static func choose(_ name: String, _ request: WebRequest) -> WebResponse {
        guard name == "system" || Frame.Theme(rawValue: name) != nil else {
            return .text(404, "there is no such choice\n")
        }
        let age = name == "system" ? "0" : "31536000"
        return leading(to: request.parameter("back"))
            .with("Set-Cookie", "theme=\(name); Path=/; Max-Age=\(age); SameSite=Lax; HttpOnly")
    }

    private static func broken(_ error: any Error) -> Page {
        let fault = error as? any Fault
        var page = Page(.overview, title: "This page can't be shown", lead: "") {
            banner(.bad, fault?.message ?? "an unexpected error: \(type(of: error))") {
                if let fault {
                    p { "\(fault.code)\(fault.place.map { ", \($0)" } ?? "")" }
                    if let hint = fault.hint { p(hint) }
                }
            }
            div {
                p("What is configured, and whether it can be reached, is shown by")
                command("reconcile doctor")
            }
        }
        page.status = 503
        return page
    }

    /// What a person sees at an address that leads nowhere.
    static func nothing(_ context: PageContext) async throws -> Page {
        var page = Page(.overview, title: "Not found", lead: "") {
            div("card") {
                empty(
                    "There is nothing at \(context.request.path.prefix(200))",
                    "It may have been spelled otherwise. All pages are in the list beside.")
            }
            p { a(Link("/"), "To the overview") }
        }
        page.status = 404
        return page
    }

    static func missing(_ spec: PageSpec, _ what: String, next: String) -> Page {
        var page = Page(spec, title: "Not found", lead: "") {
            div("card") { empty(what, "It may have been spelled otherwise, or it was never there.", next: next) }
        }
        page.status = 404
        return page
    }
}

extension WebResponse {
    func with(_ name: String, _ value: String) -> WebResponse {
        var response = self
        response.headers.append((name, value))
        return response
    }
}

/// What one page is made from.
struct PageContext: Sendable {
    let pages: ConsolePages
    let request: WebRequest
    let now: Timestamp
    let known: Knowledge.Snapshot
    /// Whether the reader may see who changed what.
    let maySeeAudit: Bool
    /// Which environments the reader may see.
    let visible: VisibleEnvironments

    /// Whether the reader sees what belongs to an environment; nil: what belongs to none.
    func shows(_ environment: String?) -> Bool { visible.contains(environment) }

    /// What of runs, plans and gates is the reader's; nil: all.
    var share: EnvironmentShare? {
        if case .only(let names) = visible { EnvironmentShare(of: names) } else { nil }
    }

    var store: Store { pages.store }

    /// A part of the query; nil when it is missing or empty.
    func query(_ name: String) -> String? { request.parameter(name).flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether anybody has looked at the providers, so that finding nothing means something.
    func hasLooked() async throws -> Bool {
        if known.outlook != nil { return true }
        return try await store.lastLook() != nil
    }

    /// Of how many resources the last look saw too little to say whether they differ, as far as they are the reader's.
    func notCompared() async throws -> Int { try await store.lastLook()?.notCompared(of: share?.names) ?? 0 }

    /// A part of the path after its first `skipping` segments.
    func part(_ index: Int) -> String { request.segments.indices.contains(index) ? request.segments[index] : "" }
}
