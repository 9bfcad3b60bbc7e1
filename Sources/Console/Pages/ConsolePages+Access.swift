import Basics
import ConsoleAccess
import Store
import Web

/// Who may see a page, and how somebody signs in and out.
extension ConsolePages {
    /// What came of asking who looks.
    enum Admission {
        case viewer(Viewer)
        case refused(WebResponse)
    }

    /// Lets in whoever may see a page; sends others to the login, or says that they may not.
    func admit(_ request: WebRequest, to route: Route) async -> Admission {
        guard let access else { return .viewer(Viewer()) }
        var known: Caller?
        var standing: RateStanding?
        do {
            let caller = try await access.caller(of: request)
            known = caller
            let counted = access.count(caller)
            standing = counted
            if let refusal = AccessControl.refusal(of: counted) { throw refusal }
            let permission = route.need.permission
            var place = route.need.place
            // The overview is of the whole project: whoever sees a part of it begins with their environments.
            if Self.isOverview(request), !caller.may(.read), caller.may(.read, at: .list) {
                return .refused(Self.leading(to: "/environments"))
            }
            let word = place.environment
            if let word {
                try caller.demand(permission, at: .list)
                place = .environment(try await store.environmentName(of: word) ?? word)
            }
            try caller.demand(permission, at: place, called: word)
            var viewer = Viewer(of: caller)
            viewer.maySeeAudit = caller.may(.readAudit, at: place)
            viewer.visible = caller.environments(for: permission)
            return .viewer(viewer)
        } catch let fault as AccessFault {
            if fault.status == 429 { return .refused(tooMany(fault, standing, request, known)) }
            if fault.status == 401 { return .refused(Self.toLogin(request)) }
            var viewer = known.map { Viewer(of: $0) } ?? Viewer()
            viewer.isStranger = known == nil
            return .refused(refusal(fault, request, viewer))
        } catch let fault as any Fault {
            return .refused(.text(503, "\(fault.code): \(fault.message)\n"))
        } catch {
            return .refused(.text(503, "who you are could not be found out\n"))
        }
    }

    /// Who opens the page on which one signs in: nothing is asked of them, and no page is named that they may not open.
    func visitor(_ request: WebRequest) async -> Viewer {
        guard let access else { return Viewer() }
        if let caller = try? await access.caller(of: request) { return Viewer(of: caller) }
        var stranger = Viewer()
        stranger.isStranger = true
        return stranger
    }

    private static func isOverview(_ request: WebRequest) -> Bool { request.segments.allSatisfy(\.isEmpty) }

    /// Who reads the feed of changes, and whether they still may; nil where nobody is asked.
    func reader(_ viewer: Viewer, _ request: WebRequest) -> LiveFeed.Person? {
        guard let access, let caller = viewer.caller else { return nil }
        let name = caller.accountName
        return LiveFeed.Person(name: name) {
            do {
                let now = try await access.caller(of: request)
                return now.accountName == name && now.may(.read)
            } catch let fault as AccessFault {
                return fault.status == 429
            } catch {
                // A store that can't be asked takes nothing back.
                return true
            }
        }
    }

    private static func toLogin(_ request: WebRequest) -> WebResponse {
        guard request.segments.first != "events" else { return .text(401, "this needs a login\n") }
        return WebResponse(
            status: 303,
            headers: [
                ("Location", Link("/login", query: [("back", request.path)]).text), ("Cache-Control", "no-store"),
            ])
    }

    /// A page like any other, with the headers by which programs know when to come back; a feed needs no page.
    private func tooMany(
        _ fault: AccessFault, _ standing: RateStanding?, _ request: WebRequest, _ known: Caller?
    ) -> WebResponse {
        let wait = fault.retryAfter.map { "Try again in \($0.shortText)." } ?? "Try again in a minute."
        var response: WebResponse
        if request.segments.first == "events" {
            response = .text(429, "\(fault.code): \(fault.message)\n")
        } else {
            var page = Page(.login, title: "Too many requests", lead: "") {
                banner(.warn, fault.message, icon: .clock) {
                    p("\(fault.code). \(wait)")
                    if let hint = fault.hint { p(hint) }
                }
            }
            page.status = 429
            var viewer = known.map { Viewer(of: $0) } ?? Viewer()
            viewer.isStranger = known == nil
            response = respond(page, request, viewer)
        }
        let headers = standing?.headers ?? []
        response.headers += headers
        if let seconds = fault.retryAfterSeconds, !headers.contains(where: { $0.name == "Retry-After" }) {
            response.headers.append(("Retry-After", seconds))
        }
        return response
    }

    private func refusal(_ fault: AccessFault, _ request: WebRequest, _ viewer: Viewer) -> WebResponse {
        var page = Page(.login, title: "This is not for you", lead: "") {
            banner(.warn, fault.message, icon: .lock) {
                p(fault.code)
                if let hint = fault.hint { p(hint) }
            }
        }
        page.status = fault.status
        return respond(page, request, viewer)
    }

    // MARK: Signing in and out

    func signIn(_ request: WebRequest) async -> WebResponse {
        guard let access else { return .text(404, "nobody signs in here\n") }
        let form = Form(request.body)
        do {
            guard access.isSameSite(request) else { throw AccessFault.forged }
            let origin = access.origin(of: request)
            let user = try await access.logIn(
                name: form["name"] ?? "", password: Secret(form["password"] ?? ""), from: origin)
            let (_, cookie) = try await access.openSession(user, from: origin)
            return Self.leading(to: form["back"]).with("Set-Cookie", cookie)
        } catch let fault as any Fault {
            let back = form["back"] ?? "/"
            var page = LoginPage.form(back: back, name: form["name"] ?? "", fault: fault)
            page.status = (fault as? AccessFault)?.status ?? 503
            let response = respond(page, request, await visitor(request))
            return (fault as? AccessFault)?.retryAfterSeconds.map { response.with("Retry-After", $0) } ?? response
        } catch {
            return .text(503, "signing in failed\n")
        }
    }

    func signOut(_ request: WebRequest) async -> WebResponse {
        guard let access else { return .text(404, "nobody signs in here\n") }
        do {
            let caller = try await access.caller(of: request)
            try access.checkForgery(request, by: caller, field: Form(request.body)["csrf_token"])
            return Self.leading(to: "/login").with("Set-Cookie", try await access.endSession(request, by: caller))
        } catch let fault as any Fault {
            return .text((fault as? AccessFault)?.status ?? 503, "\(fault.code): \(fault.message)\n")
        } catch {
            return .text(503, "signing out failed\n")
        }
    }

    /// Leads to a path of ours; to the overview from anything that a browser might take for another place.
    static func leading(to place: String?) -> WebResponse {
        let back = place ?? "/"
        let isOurs =
            back.hasPrefix("/") && !back.hasPrefix("//") && back.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 92 }
        return WebResponse(
            status: 303, headers: [("Location", isOurs ? back : "/"), ("Cache-Control", "no-store")])
    }
}

extension ConsolePages.Viewer {
    /// Somebody who is known, before anybody said what a page may show them.
    init(of caller: Caller) {
        self.init(name: caller.session?.userName, formToken: caller.session?.csrfToken, caller: caller)
    }
}

/// The fields of a form as a browser sends them.
struct Form {
    private let request: WebRequest

    init(_ body: [UInt8]) {
        var query: [(name: String, value: String)] = []
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let sign = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = Self.decoded(pair[..<sign]), let value = Self.decoded(pair[sign...].dropFirst()) else {
                continue
            }
            query.append((name, value))
        }
        request = WebRequest(method: "POST", path: "/", query: query)
    }

    subscript(name: String) -> String? { request.parameter(name) }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var output: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
                else { return nil }
                output.append(value)
            } else {
                output.append(byte == UInt8(ascii: "+") ? 32 : byte)
            }
        }
        return String(validating: output, as: UTF8.self)
    }
}
