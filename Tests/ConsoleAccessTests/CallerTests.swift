import Basics
import ConsoleAccess
import Testing
import Web

@Suite struct CallerTests {
    static let here = ClientOrigin(address: "127.0.0.1")

    private static func caller(_ grants: [String], scopes: Set<Permission>? = nil) -> Caller {
        Caller(
            .user(id: "u", name: "ada"), proof: .token, grants: grants.compactMap { Grant($0) }, scopes: scopes,
            origin: here, project: "erp")
    }

    @Test(arguments: [
        ("viewer", "viewer"), ("developer@staging", "developer@staging"), ("admin@erp/*", "admin@erp/*"),
        ("owner@*/*", "owner"), ("root", nil), ("", nil), ("viewer@", nil), ("viewer@a/b/c", nil),
        ("viewer@a@b", nil), ("viewer@/a", nil), ("Viewer", nil),
    ])
    func aGrantIsReadAsItIsWritten(text: String, back: String?) { #expect(Grant(text)?.description == back) }

    @Test(arguments: Permission.allCases, Role.allCases)
    func aRoleMayWhatLesserRolesMay(permission: Permission, role: Role) {
        let expected = role >= permission.minimumRole
        #expect(Self.caller([role.rawValue]).may(permission) == expected)
        #expect(Self.caller([role.rawValue], scopes: [permission]).may(permission) == expected)
        #expect(!Self.caller([role.rawValue], scopes: []).may(permission))
        let other = Permission.allCases.first { $0 != permission }
        #expect(!Self.caller([role.rawValue], scopes: Set([other].compactMap { $0 })).may(permission))
    }

    @Test func aRoleHoldsWhereItWasGiven() {
        let ada = Self.caller(["viewer@erp/*", "developer@staging", "owner@other/*"])
        #expect(ada.may(.read) && ada.may(.read, at: .environment("production")) && ada.may(.read, at: .list))
        #expect(ada.may(.operate, at: .environment("staging")) && !ada.may(.operate, at: .environment("production")))
        #expect(!ada.may(.operate) && ada.may(.operate, at: .list) && !ada.may(.access, at: .list))
        #expect(ada.environments(for: .read) == .all)
        #expect(ada.environments(for: .operate) == .only(["staging"]))
        #expect(ada.environments(for: .access) == .only([]))
        #expect(ada.highestRole == .developer)
        let onlyHere = Self.caller(["viewer@b", "viewer@a", "viewer@a"])
        #expect(onlyHere.environments(for: .read) == .only(["a", "b"]) && !onlyHere.may(.read))
        #expect(!onlyHere.environments(for: .read).contains(nil) && onlyHere.environments(for: .read).contains("a"))
    }

    @Test func whoIsRefusedIsToldWhy() {
        let nobody = Caller(.anonymous, proof: .nothing, grants: [], origin: Self.here, project: "erp")
        #expect(nobody.decide(.read) == .needsLogin)
        guard case .forbidden(let reason, nil) = Self.caller(["viewer"]).decide(.approve) else {
            Issue.record("a viewer may approve")
            return
        }
        #expect(reason.contains("admin") && reason.contains("ada"))
    }

    @Test("A refusal names the place as it was asked for, or the project and where else somebody has the role")
    func refusalsNameThePlace() {
        func reason(_ grants: [String], _ permission: Permission, _ place: AccessPlace, _ word: String? = nil) -> String
        {
            guard case .forbidden(let text, nil) = Self.caller(grants).decide(permission, at: place, called: word)
            else {
                return "allowed"
            }
            return text
        }
        #expect(reason(["viewer@a"], .read, .environment("b"), "feature/b").contains(" at feature/b, "))
        #expect(!reason(["viewer@a"], .read, .environment("secret-b"), "feature/b").contains("secret-b"))
        #expect(reason(["viewer@a"], .read, .environment("b")).contains(" at b, "))
        #expect(reason(["viewer@a"], .read, .project).contains("for the whole project"))
        let elsewhere = reason(["viewer@feature/payroll", "viewer"], .operate, .list)
        #expect(elsewhere.hasSuffix("of the project erp at least, and ada has it at none"), "\(elsewhere)")
        let theirs = reason(["viewer@feature/payroll"], .read, .list)
        #expect(theirs.hasSuffix("and ada has it at none: theirs is viewer@feature/payroll"), "\(theirs)")
    }

    @Test func whatIsDemandedIsRefusedAsItIsDecided() {
        func refusal(_ caller: Caller, _ permission: Permission) -> AccessFault? {
            do throws(AccessFault) {
                try caller.demand(permission)
                return nil
            } catch {
                return error
            }
        }
        let nobody = Caller(.anonymous, proof: .nothing, grants: [], origin: Self.here, project: "erp")
        let missing = refusal(nobody, .read)
        #expect(missing?.status == 401 && missing?.code == "ACCESS-0001")
        let viewer = Self.caller(["viewer"])
        #expect(refusal(viewer, .read) == nil)
        let forbidden = refusal(viewer, .approve)
        #expect(forbidden?.status == 403 && forbidden?.code == "ACCESS-0003")
        #expect(forbidden?.message.contains("admin") == true)
    }

    // MARK: Where from

    static let trusted = ["10.0.0.0/8", "::1"].compactMap { AddressRange($0) }

    @Test(arguments: [
        // peer, X-Forwarded-For, X-Forwarded-Proto, address, secure
        ("192.0.2.1", "203.0.113.9", "https", "192.0.2.1", false),
        ("10.0.0.1", "203.0.113.9", "https", "203.0.113.9", true),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "http", "203.0.113.9", false),
        ("10.0.0.1", "203.0.113.9, junk", "https", "10.0.0.1", true),
        ("::1", "203.0.113.9", "http", "203.0.113.9", false),
        ("10.0.0.1", "10.0.0.5", "https", "10.0.0.5", true),
        ("::ffff:192.0.2.1", "9.9.9.9", "https", "192.0.2.1", false),
        // As some proxies write it, with the port of the client.
        ("10.0.0.1", "203.0.113.9:5060", "https", "203.0.113.9", true),
        ("10.0.0.1", "203.0.113.9:5060, 10.0.0.2:443", "https", "203.0.113.9", true),
        ("10.0.0.1", "[2001:db8::9]:5060", "https", "2001:db8::9", true),
        ("10.0.0.1", "[2001:db8::9]", "https", "2001:db8::9", true),
        ("10.0.0.1", "203.0.113.9:port", "https", "10.0.0.1", true),
        ("10.0.0.1", "203.0.113.9:70000", "https", "10.0.0.1", true),
    ])
    func onlyTrustedProxiesSayWhoTheClientIs(
        peer: String, list: String, proto: String, address: String, secure: Bool
    ) {
        let request = WebRequest(
            method: "GET", path: "/",
            headers: [("X-Forwarded-For", list), ("X-Forwarded-Proto", proto), ("Host", "a.example:80")], peer: peer)
        let origin = ClientOrigin(request, trusted: Self.trusted)
        #expect(origin.address == address && origin.isSecure == secure)
        #expect(origin.isForwarded && !origin.isLoopback && origin.host == "a.example")
    }

    @Test(
        "What came through a proxy is not of this machine, whichever header says so",
        arguments: [
            "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Server", "x-forwarded",
            "Forwarded",
            "X-Real-IP", "Via", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "Fastly-Client-IP",
        ])
    func headersOfProxies(name: String) {
        func origin(_ headers: [(String, String)], trusted: [AddressRange] = []) -> ClientOrigin {
            ClientOrigin(
                WebRequest(
                    method: "GET", path: "/",
                    headers: (headers + [("Host", "127.0.0.1")]).map { (name: $0.0, value: $0.1) },
                    peer: "127.0.0.1"), trusted: trusted)
        }
        #expect(origin([]).isLoopback && origin([("Accept", "*/*")]).isLoopback)
        #expect(!origin([(name, "192.0.2.1")]).isLoopback && origin([(name, "192.0.2.1")]).isForwarded)
    }

    @Test(
        "Whom a trusted proxy leaves unnamed is somebody behind it, and whoever is named is not of this machine either")
    func proxiesThatNameNobody() {
        let trusted = ["127.0.0.1", "::1"].compactMap { AddressRange($0) }
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            for headers in [[], [("X-Forwarded-For", "127.0.0.1")], [("X-Forwarded-For", "junk")]] {
                let request = WebRequest(
                    method: "GET", path: "/",
                    headers: (headers + [("Host", "localhost")]).map { (name: $0.0, value: $0.1) },
                    peer: peer)
                #expect(!ClientOrigin(request, trusted: trusted).isLoopback, "\(peer) \(headers)")
                #expect(ClientOrigin(request, trusted: []).isLoopback == headers.isEmpty)
            }
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.0.0.0/9", "10.128.0.1", false),
        ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false), ("fd00::/8", "fd12::1", true),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "::ffff:192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
    ])
    func aBlockHoldsItsAddresses(block: String, address: String, isIn: Bool) {
        #expect(AddressRange(block)?.contains(address) == isIn)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "host", "10.0.0.0/8/8", "::/129", "10.0.0.0/"])
    func whatIsNoBlockIsRefused(text: String) { #expect(AddressRange(text) == nil) }
}
