import Basics
import DesiredState
import Formats
import Store
import Testing
import Web

@testable import ConsoleAPI
@testable import ConsoleAccess

@Suite struct WriteTests {
    private typealias Answer = APIWorld.Answer

    @Test func aWriteWithTheSameKeyIsDoneOnce() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let key = [("Idempotency-Key", "0123456789abcdef")]
        let path = "/environments/feature-a/extend"
        let first = try await world.send("POST", path, as: "developer", body: ["days": 2], headers: key)
        #expect(first.status == 200 && first.data["extension_days"] == 2)
        let again = try await world.send("POST", path, as: "developer", body: ["days": 2], headers: key)
        #expect(again.status == 200 && again.data == first.data && again.headers["Idempotent-Replayed"] == "true")
        let other = try await world.send("POST", path, as: "developer", body: ["days": 3], headers: key)
        #expect(other.status == 422 && other.error == "IDEMPOTENCY_KEY_REUSED")
        // The key of another caller is another key.
        let admin = try await world.send("POST", path, as: "admin", body: ["days": 3], headers: key)
        #expect(admin.status == 200 && admin.data["extension_days"] == 5)
        // What was refused did nothing, and its key may be used again.
        let fresh = [("Idempotency-Key", "fedcba9876543210")]
        let refused = try await world.send("POST", "/environments/none/pin", as: "admin", body: [:], headers: fresh)
        #expect(refused.status == 404)
        let pinned = try await world.send("POST", "/environments/staging/pin", as: "admin", body: [:], headers: fresh)
        #expect(pinned.status == 200 && pinned.data["pinned"] == true)
        // A day later it is forgotten.
        world.time.advance(by: .hours(25))
        let later = try await world.send("POST", path, as: "developer", body: ["days": 3], headers: key)
        #expect(later.status == 200 && later.data["extension_days"] == 8)
    }

    /// What a process leaves that is killed between its claim and its answer.
    @Test func aWriteThatWasNeverAnsweredIsNeitherDoneTwiceNorUnderWayForEver() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let key = "0123456789abcdef"
        let path = "/environments/feature-a/extend"
        let content = Array("POST /api/v1\(path)\n".utf8) + JSON.canonical(["days": 2])
        let developer = try #require(try await world.store.keys().first { $0.name == "developer" })
        let caller = Caller(
            .key(id: developer.id, name: developer.name), proof: .key, grants: [],
            origin: ClientOrigin(address: "192.0.2.7"), project: "default")
        let claim = try await world.store.claimRequest(
            key, of: caller.accountName, digest: Digest(of: content), at: APIWorld.now)
        #expect(claim == .first)
        func again(_ days: Value = 2) async throws -> Answer {
            try await world.send(
                "POST", path, as: "developer", body: ["days": days], headers: [("Idempotency-Key", key)])
        }
        for wait in [Duration.zero, Store.requestLasting - .seconds(1)] {
            world.time.advance(by: wait)
            let answer = try await again()
            #expect(answer.status == 409 && answer.code == "API-0009" && answer.error == "REQUEST_UNDER_WAY")
            #expect(answer.headers["Retry-After"] != nil)
        }
        #expect(try await again(3).code == "API-0008")
        for wait in [Duration.seconds(1), .hours(23)] {
            world.time.advance(by: wait)
            let answer = try await again()
            #expect(answer.status == 409 && answer.code == "API-0016" && answer.error == "OUTCOME_UNKNOWN")
            let words = JSON.write(answer.body)
            #expect(words.contains(APIWorld.now.description) && words.contains("/api/v1/audit-logs"))
        }
        #expect(try await world.store.auditLog(limit: 100).allSatisfy { $0.action != "env.extend" }, "nothing was done")
        // Who was only slow still gives its answer.
        try await world.store.settleRequest(key, of: caller.accountName, answer: (200, #"{"late":true}"#))
        #expect(try await again().data["late"] == true)
    }

    @Test func whatNeverEndsIsNotExtended() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let lab = EnvironmentRow(slug: "lab", tier: .dev, createdAt: APIWorld.now, expiresAt: nil)
        var named = EnvironmentRow(slug: "named", tier: .dev, createdAt: APIWorld.now, expiresAt: nil)
        named.metadata = ["never_ends": true]
        _ = try await world.store.saveEnvironments([lab, named])
        _ = try await world.send("POST", "/environments/staging/suspend", as: "owner", body: [:])
        for name in ["staging", "named"] {
            let before = try await world.store.auditLog(limit: 100).count
            let answer = try await world.send("POST", "/environments/\(name)/extend", as: "owner", body: ["days": 7])
            #expect(answer.status == 409 && answer.error == "CONFLICT" && answer.code == "RUN-0031", "\(answer.body)")
            let message = answer.body["errors"]?[0]?["message"]?.stringValue
            #expect(message == "\(name) never ends; there is nothing to extend")
            #expect(try await world.store.environment(name)?.extensionDays == 0)
            #expect(try await world.store.auditLog(limit: 100).count == before)
        }
        // That nobody knows its end, as before the first pass after a pin, is not that it has none.
        let answer = try await world.send("POST", "/environments/lab/extend", as: "owner", body: ["days": 7])
        #expect(answer.status == 200 && answer.data["extension_days"] == 7, "\(answer.body)")
    }

    @Test func whatNothingWantsOrIsGoneIsNotExtendedAndSaidToBeSo() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let goesAt = APIWorld.now + .hours(20)
        var loose = EnvironmentRow(
            slug: "loose", tier: .dev, branch: "feature/loose", createdAt: APIWorld.now,
            expiresAt: APIWorld.now + .days(3))
        (loose.unwantedSince, loose.graceEnds) = (APIWorld.now - .hours(4), goesAt)
        var ending = EnvironmentRow(
            slug: "ending", tier: .dev, status: .expiring, createdAt: APIWorld.now,
            expiresAt: APIWorld.now - .hours(1))
        ending.metadata = ["grace_seconds": 7_200, "longest_extension_days": 2]
        let gone = EnvironmentRow(
            slug: "gone", tier: .dev, branch: "feature/gone", status: .gone, createdAt: APIWorld.now)
        _ = try await world.store.saveEnvironments([loose, ending, gone])
        for (name, code, message) in [
            ("loose", "RUN-0033", "nothing wants loose any more: more days count for nothing"),
            ("gone", "USAGE-0001", "gone is gone: nothing of it is there any more"),
        ] {
            let answer = try await world.send("POST", "/environments/\(name)/extend", as: "owner", body: ["days": 7])
            #expect(answer.status == 409 && answer.code == code, "\(answer.body)")
            #expect(answer.body["errors"]?[0]?["message"]?.stringValue == message)
        }
        let row = try await world.send("GET", "/environments/loose", as: "viewer").data
        #expect(row["goes_at"]?.stringValue == goesAt.description && row["expires_at"] == .null, "\(row)")
        #expect(row["keep"] == "reconcile env pin loose --until 7d --reason \"why\"")
        let other = try await world.send("GET", "/environments/ending", as: "viewer").data
        #expect(other["keep"] == "reconcile env extend ending --days 2" && other["unwanted_since"] == .null, "\(other)")
        let coming = try await world.send("GET", "/upcoming", as: "viewer").data.listValue ?? []
        func told(_ name: String) -> [String] {
            coming.filter { $0["environment"]?.stringValue == name }.map {
                "\($0["at"]?.stringValue ?? "") \($0["what"]?.stringValue ?? "")"
            }
        }
        #expect(told("loose") == ["\(goesAt) environment goes, nothing wants it"])
        #expect(told("ending") == ["\(APIWorld.now + .hours(1)) environment goes"])
        // By its branch what is kept of it is found too.
        #expect(try await world.get(["environments", "feature/gone"], as: "viewer").data["name"] == "gone")
        #expect(try await world.send("GET", "/logs?environment=feature/gone", as: "viewer").status == 200)
    }

    @Test func whatIsSuspendedIsListedWhateverItsStatusIsAndPartByPart() async throws {
        let world = try await APIWorld()
        _ = try await world.store.saveEnvironments(
            (0..<230).map {
                EnvironmentRow(slug: "e-\(100 + $0)", tier: .dev, createdAt: APIWorld.now, expiresAt: nil)
            })
        let suspended = ["e-100", "e-299", "e-300", "e-329"]
        for name in suspended + ["e-200"] {
            let body: Value = name == "e-200" ? ["until": .string((APIWorld.now + .hours(1)).description)] : [:]
            #expect(
                try await world.send("POST", "/environments/\(name)/suspend", as: "owner", body: body).status == 200)
        }
        world.time.advance(by: .hours(2))
        var names: [String] = []
        var cursor: String?
        repeat {
            let part = try await world.send(
                "GET", "/environments?status=suspended&limit=3\(cursor.map { "&cursor=\($0)" } ?? "")", as: "viewer")
            #expect(part.status == 200, "\(part.body)")
            names += part.data.listValue?.compactMap { $0["name"]?.stringValue } ?? []
            cursor = part.body["meta"]?["next_cursor"]?.stringValue
        } while cursor != nil
        // A suspension that has ended by itself is none.
        #expect(names == suspended)
        #expect(try await world.send("GET", "/environments?status=asleep", as: "viewer").status == 400)
    }

    @Test func aNewKeyIsShownOnceAndCountsUntilItIsTakenBack() async throws {
        let world = try await APIWorld()
        let body: Value = ["name": "ci", "roles": ["developer"], "scopes": ["read"], "days": 1]
        let again = [("Idempotency-Key", "0123456789abcdef")]
        let made = try await world.send("POST", "/access/keys", as: "owner", body: body, headers: again)
        let key = try #require(made.data["key"]?.stringValue)
        #expect(made.status == 201 && key.hasPrefix("odops_") && key.utf8.count == 70)
        #expect(
            try await world.send("POST", "/access/keys", as: "owner", body: body, headers: again).data["key"] == .null)
        #expect(try await world.send("GET", "/environments", as: key).status == 200)
        #expect(try await world.send("POST", "/reconcile", as: key, body: [:]).status == 403)
        #expect(try await world.send("GET", "/environments", headers: [("X-API-Key", key)]).status == 200)
        let list = try await world.send("GET", "/access/keys", as: "owner")
        #expect(!JSON.write(list.body).contains(String(key.dropFirst(6))))
        world.time.advance(by: .hours(25))
        #expect(try await world.send("GET", "/environments", as: key).code == "ACCESS-0002")
        _ = try await world.send("DELETE", "/access/keys/viewer", as: "owner")
        #expect(try await world.send("GET", "/environments", as: "viewer").status == 401)
    }

    @Test("A schedule that nobody knows, can't run or isn't disabled is neither run nor enabled")
    func schedules() async throws {
        let world = try await APIWorld()
        try await world.store.beginSchedules(["nightly"])
        for (path, status) in [
            // No commit was read: nobody knows how it runs.
            ("/schedules/nightly/run", 409), ("/schedules/nightly/enable", 409),
            ("/schedules/none/enable", 404),
        ] {
            let answer = try await world.send("POST", path, as: "developer")
            #expect(answer.status == status, "\(path): \(answer.body)")
        }
        for action in ["schedules.run", "schedules.enable"] {
            #expect(try await world.send("GET", "/audit-logs?action=\(action)", as: "owner").data == [])
        }
    }

    @Test("A message that was given up is listed in parts and sent again, once for a key, with its audit record")
    func notices() async throws {
        let world = try await APIWorld()
        for name in ["a", "b"] {
            try await world.store.post([
                Notice(.approvalWaiting, of: name, environment: nil, at: APIWorld.now, dedupe: name)
            ])
            _ = try await world.store.routeNotices(notBefore: APIWorld.now - .hours(1)) { _ in
                [NoticePosting(channel: name, group: "", window: .zero)]
            }
            let claim = try #require(
                try await world.store.claimNoticeMessage(of: name, rate: nil, holder: "test", lasting: .minutes(1)))
            _ = try await world.store.settle(
                claim, .dead(code: "NOTICE-0001", reason: "refused", mayHaveArrived: false))
            world.time.advance(by: .seconds(1))
        }
        let first = try await world.send("GET", "/notices?state=dead&limit=1", as: "viewer")
        let cursor = try #require(first.body["meta"]?["next_cursor"]?.stringValue)
        let rest = try await world.send("GET", "/notices?state=dead&limit=1&cursor=\(cursor)", as: "viewer")
        #expect([first, rest].map { $0.data[0]?["channel"]?.stringValue } == ["b", "a"], "\(first.body)")
        #expect(rest.body["meta"]?["next_cursor"] == .null && rest.data[0]?["reason"] == "refused")
        let path = "/notices/\(cursor)/retry"
        #expect(try await world.send("POST", path, as: "developer").status == 403)
        for _ in 0..<2 {
            let key = [("Idempotency-Key", "0123456789abcdef")]
            let answer = try await world.send("POST", path, as: "admin", headers: key)
            #expect(answer.status == 202 && answer.data["state"] == "waiting", "\(answer.body)")
        }
        let left = try await world.send("GET", "/notices?state=dead", as: "viewer")
        #expect(left.data.listValue?.map { $0["channel"]?.stringValue } == ["a"])
        let audit = try await world.send("GET", "/audit-logs?action=notices.retry", as: "owner")
        #expect(
            audit.data.listValue?.count == 1 && audit.data[0]?["actor"]?.stringValue?.contains("admin") == true,
            "\(audit.body)")
    }

    @Test func whatCannotBeABodyIsRefused() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let path = "/environments/feature-a/extend"
        for body in [
            .null, [], "x", 7, [:], ["days": 0], ["days": 366], ["days": "7"], ["days": 7, "more": true],
            ["days": 7, "reason": ""], ["days": 7, "reason": .string(String(repeating: "x", count: 501))],
            ["days": 7, "reason": "a\u{0}b"], ["days": 7, "reason": "a\u{1B}[2Jb"], ["days": .number("7.5")],
            ["days": .number("1e400")],
        ] as [Value] {
            let answer = try await world.send("POST", path, as: "owner", body: body)
            #expect(answer.status == 400 && answer.error == "INVALID_BODY", "\(body)")
        }
        let large = Value.object(["days": 7, "reason": .string(String(repeating: "x", count: 70_000))])
        #expect(try await world.send("POST", path, as: "owner", body: large).status == 413)
        // A whole number is one, however it is written.
        #expect(try await world.send("POST", path, as: "owner", body: ["days": .number("7.0")]).status == 200)
        for key in ["short", String(repeating: "k", count: 65), "0123456789abcdef\u{e9}", "0123456789 abcdef"] {
            let odd = [("Idempotency-Key", key)]
            let answer = try await world.send("POST", path, as: "owner", body: ["days": 7], headers: odd)
            #expect(answer.status == 400 && answer.error == "INVALID_PARAMETER", "\(key)")
        }
        let form = [("Content-Type", "application/x-www-form-urlencoded")]
        #expect(try await world.send("POST", path, as: "owner", body: ["days": 7], headers: form).status == 415)
        let html = try await world.send("GET", "/runs", as: "owner", headers: [("Accept", "text/html")])
        #expect(html.status == 406)
        let vendor = try await world.send("GET", "/runs", as: "owner", headers: [("Accept", Envelope.mediaType)])
        #expect(vendor.headers["Content-Type"]?.hasPrefix(Envelope.mediaType) == true)
    }

    /// What the server can't take for a request is refused in the API's form too, and elsewhere as ever.
    @Test(arguments: [(400, "MALFORMED_REQUEST"), (413, "BODY_TOO_LARGE"), (431, "HEADER_TOO_LARGE")])
    func whatIsNoRequestIsRefusedAsJSON(status: Int, name: String) async throws {
        let world = try await APIWorld()
        for target in ["/api/v1/runs?branch=%zz", "/api/v1/%00", "/api"] {
            let response = try #require(world.api.refusal(ofTarget: target, status: status, reason: "why"))
            let body = try JSON.parse(response.body)
            #expect(response.status == status && body["errors"]?[0]?["error"]?.stringValue == name)
            #expect(body["data"] == .null && body["meta"]?["request_id"] != nil)
            #expect(response.headers.contains { $0.name == "X-Content-Type-Options" })
        }
        for target in ["/runs?%zz", "/apiary", ""] {
            #expect(world.api.refusal(ofTarget: target, status: status, reason: "why") == nil)
        }
    }

    /// A path is looked up as a whole, and what it holds is a name in the store and never one of a file.
    @Test(arguments: [
        ["api", "..", "..", "etc", "passwd"], ["api", "v1", "..", "openapi.json"],
        ["api", "v1", "runs", "../../etc/passwd"],
        ["api", "v1", "runs", "..", "evidence"], ["api", "v1", "plans", "..\\..\\boot.ini"],
        ["api", "v1", "webhooks", "deliveries", "../../../etc/passwd"], ["api", "v1", "environments", "../staging"],
        ["api", "v1", "environments", "' or '1'='1"], ["api", "v1", ""], ["api", "v1", "runs", ""],
    ])
    func noPathLeadsOutOfTheTable(segments: [String]) async throws {
        let world = try await APIWorld()
        try await world.fill()
        let response = await world.api.answer(
            WebRequest(
                method: "GET", path: "/" + segments.joined(separator: "/"), segments: segments,
                headers: [("Host", "ops.example"), ("Authorization", "Bearer \(world.keys["owner"] ?? "")")]))
        #expect(response.status == 404)
        let body = try JSON.parse(response.body)
        #expect(body["data"] == .null && body["errors"]?[0]?["code"] != nil)
    }

    @Test func listsComeInPartsThatNeitherRepeatNorLeaveOut() async throws {
        let world = try await APIWorld()
        for index in 0..<25 {
            let id = "0199a1b2-0000-7000-8000-\(Hex.encode(UInt64(index)).suffix(12))"
            // Five of an instant: the cursor has to tell them apart.
            try await world.store.beginRun(
                RunRecord(
                    id: id, trigger: .schedule, phase: index % 2 == 0 ? .failed : .succeeded, isDryRun: false,
                    startedAt: APIWorld.now + .seconds(index / 5)))
        }
        for (filter, count) in [("", 25), ("&phase=failed", 13)] {
            var seen: [String] = []
            var cursor = ""
            for _ in 0..<20 {
                let answer = try await world.send("GET", "/runs?limit=4\(filter)\(cursor)", as: "viewer")
                seen += answer.data.listValue?.compactMap { $0["id"]?.stringValue } ?? []
                guard let next = answer.body["meta"]?["next_cursor"]?.stringValue else { break }
                cursor = "&cursor=\(next)"
            }
            #expect(seen.count == count && Set(seen).count == count && seen == seen.sorted(by: >))
        }
    }

    @Test func anEndThatNobodyLivesToSeeIsRefused() async throws {
        let world = try await APIWorld()
        try await world.fill()
        for word in ["pin", "suspend"] {
            let path = "/environments/staging/\(word)"
            // The first is no instant that the document allows; the others are, and too far away.
            for (until, status) in [
                ("9999-12-31T23:59:59-01:00", 400), ("9999-12-31T23:59:59Z", 409), ("2040-01-01T00:00:00Z", 409),
            ] {
                let answer = try await world.send("POST", path, as: "owner", body: ["until": .string(until)])
                #expect(answer.status == status, "\(word) until \(until): \(answer.body)")
                #expect(try await world.send("GET", "/environments", as: "viewer").status == 200)
            }
            let near = try await world.send("POST", path, as: "owner", body: ["until": "2030-01-01T00:00:00Z"])
            #expect(near.status == 200)
        }
    }

    /// PostgreSQL refuses what is no UUID or no instant, and the caller is at fault, not the service.
    @Test(arguments: ["/alerts?cursor=abc", "/logs?since=0000-01-01T00:00:00Z", "/runs?cursor=1.x"])
    func whatNoStoreCanCompareIsRefused(path: String) async throws {
        let world = try await APIWorld()
        #expect(try await world.send("GET", path, as: "viewer").status == 400)
    }

    /// By the digest of a login's body its password could be guessed, a hundred million times a second.
    @Test func nothingIsKeptOfALogin() async throws {
        let world = try await APIWorld()
        let password: Value = "correct horse battery"
        _ = try await world.access.putUser(
            "ada", password: Secret("correct horse battery"), grants: [Grant(.viewer)], by: "test")
        let again = [("Idempotency-Key", "0123456789abcdef")]
        for _ in 0..<2 {
            let answer = try await world.send(
                "POST", "/auth/login", body: ["name": "ada", "password": password], headers: again)
            #expect(answer.status == 200 && answer.data["token"]?.stringValue != nil)
            #expect(answer.headers["Idempotent-Replayed"] == nil)
        }
        let claim = try await world.store.claimRequest(
            "0123456789abcdef", of: "anonymous", digest: Digest(of: ""), at: APIWorld.now)
        #expect(claim == .first)
    }

    @Test func aKeyThatTookThePlaceOfAnotherIsAnother() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let again = [("Idempotency-Key", "0123456789abcdef")]
        var answers: [Answer] = []
        for _ in 0..<2 {
            let added = try await world.access.addKey(
                "ci", grants: [Grant(.developer)], scopes: nil, lasting: nil, by: "test")
            let key = added.key.reveal { $0 }
            answers.append(
                try await world.send(
                    "POST", "/environments/feature-a/extend", as: key, body: ["days": 1], headers: again))
            #expect(try await world.send("DELETE", "/access/keys/ci", as: "owner").status == 200)
        }
        #expect(answers.map { $0.data["extension_days"] } == [1, 2])
        #expect(answers.allSatisfy { $0.headers["Idempotent-Replayed"] == nil })
    }
}
