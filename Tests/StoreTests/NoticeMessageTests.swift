import Basics
import DesiredState
import Diff
import Formats
import Store
import Testing

/// Notices that are gathered into messages, and the ledger of what became of them.
@Suite("Messages of notices")
struct NoticeMessageTests {
    private static func notice(
        _ name: String, _ environment: String? = "a", _ kind: Notice.Kind = .environmentExpiring,
        at instant: Timestamp = start
    ) -> Notice {
        Notice(kind, of: environment ?? "none", environment: environment, at: instant, dedupe: name)
    }

    private static let ops: @Sendable (Notice) -> [NoticePosting] = { notice in
        [NoticePosting(channel: "ops", group: notice.environment ?? "", window: .seconds(30))]
    }

    private static func route(
        _ test: TestStore, _ postings: @escaping @Sendable (Notice) -> [NoticePosting] = ops
    ) async throws -> Int {
        try await test.store.routeNotices(notBefore: start - .days(3), postings)
    }

    private static func claim(
        _ test: TestStore, rate: NoticeRate? = nil, holder: String = "one", channel: String = "ops"
    ) async throws -> NoticeClaim? {
        try await test.store.claimNoticeMessage(of: channel, rate: rate, holder: holder, lasting: .minutes(10))
    }

    @Test(
        "Notices of one group go together, wait for their window, and go once, however often they are routed",
        arguments: engines)
    func routing(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            let old = Self.notice("old", at: start - .days(4))
            try await test.store.post([Self.notice("1"), Self.notice("2", "b"), old, Self.notice("3", nil)])
            #expect(try await Self.route(test) == 4)
            #expect(try await Self.route(test) == 0)
            try await test.store.post([Self.notice("4"), Self.notice("1")])
            #expect(try await Self.route(test) == 1)
            let messages = try await test.store.noticeMessages(limit: 9).reversed()
            #expect(
                messages.map { "\($0.group) \($0.count) \($0.state)" } == [
                    "a 2 collecting", "b 1 collecting", " 1 collecting",
                ])

            #expect(try await Self.claim(test) == nil)
            test.time.advance(by: .seconds(30))
            #expect(try await test.store.nextNoticeMessage(of: "ops") == start + .seconds(30))
            let first = try #require(try await Self.claim(test))
            #expect(first.notices.map { String($0.dedupeKey.suffix(1)) } == ["1", "4"] && first.unsureSince == nil)
            // What has begun to be sent takes nothing more.
            try await test.store.post([Self.notice("5")])
            #expect(try await Self.route(test) == 1)
            #expect(try await test.store.noticeMessages(limit: 9).filter { $0.group == "a" }.count == 2)
            #expect(try await test.store.noticeMessages(limit: 9, channel: "mail").isEmpty)
        }
    }

    @Test("What must not wait takes those along that do; a message that is full goes by itself", arguments: engines)
    func urgent(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await test.store.post([Self.notice("1")])
            _ = try await Self.route(test)
            try await test.store.post([Self.notice("2", "a", .deletionStuck)])
            _ = try await Self.route(test) {
                [NoticePosting(channel: "ops", group: $0.environment ?? "", window: .zero)]
            }
            #expect(try await Self.claim(test)?.notices.count == 2)

            try await test.store.post((0..<201).map { Self.notice("n\($0)", "b") })
            while try await Self.route(test) > 0 {}
            let counts = try await test.store.noticeMessages(limit: 9).filter { $0.group == "b" }
            #expect(counts.map(\.count) == [1, 200] && counts.map(\.state) == [.collecting, .waiting])
        }
    }

    @Test("A rate holds back messages, which go on collecting meanwhile", arguments: engines)
    func rate(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            let rate = NoticeRate(limit: 2, per: .seconds(60))
            try await test.store.post((0..<4).map { Self.notice("\($0)", "e\($0)") })
            _ = try await Self.route(test)
            test.time.advance(by: .seconds(30))
            for _ in 0..<2 {
                let claim = try #require(try await Self.claim(test, rate: rate))
                try await test.store.settle(claim, .sent(receipt: nil))
            }
            #expect(try await Self.claim(test, rate: rate) == nil)
            try await test.store.post([Self.notice("again", "e3")])
            _ = try await Self.route(test)
            test.time.advance(by: .seconds(60))
            let later = try #require(try await Self.claim(test, rate: rate))
            let last = try #require(try await Self.claim(test, rate: rate))
            #expect(later.message.group == "e2" && last.notices.count == 2)
        }
    }

    @Test("A clock that was ahead leaves a channel its rate once it is right again", arguments: engines)
    func aheadOfTheClock(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            let rate = NoticeRate(limit: 1, per: .seconds(60))
            try await test.store.post((0..<4).map { Self.notice("\($0)", "e\($0)") })
            _ = try await Self.route(test)
            let right = start + .minutes(1)
            test.time.jump(to: right + .days(1))
            try await test.store.settle(
                try #require(try await Self.claim(test, rate: rate)), .sent(receipt: nil))
            test.time.jump(to: right)
            #expect(try await Self.claim(test, rate: rate) != nil)
            #expect(try await Self.claim(test, rate: rate) == nil)
            // The clock of another service, which has just sent, is a little ahead.
            test.time.jump(to: right - .seconds(20))
            #expect(try await Self.claim(test, rate: rate) == nil)
            test.time.jump(to: right + .minutes(2))
            #expect(try await Self.claim(test, rate: rate) != nil)
        }
    }

    @Test("A look that fails is an attempt, and doesn't make it younger that it may have arrived", arguments: engines)
    func unseen(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await test.store.post([Self.notice("1")])
            _ = try await Self.route(test)
            test.time.advance(by: .seconds(30))
            let begun = test.time.now
            for number in 1...3 {
                let claim = try #require(try await Self.claim(test))
                #expect(claim.message.attempts == number && claim.unsureSince == (number == 1 ? nil : begun))
                let next = test.time.now + .minutes(5)
                try await test.store.settle(
                    claim,
                    number == 1
                        ? .failed(code: "X-1", reason: "lost", retryAt: next, mayHaveArrived: true)
                        : .unseen(code: "X-2", reason: "blind", retryAt: next))
                test.time.advance(by: .minutes(5))
            }
        }
    }

    @Test("A claim is one's own until its time is over; who comes too late changes nothing", arguments: engines)
    func claims(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await test.store.post([Self.notice("1")])
            _ = try await Self.route(test)
            test.time.advance(by: .seconds(30))
            let first = try #require(try await Self.claim(test))
            #expect(try await Self.claim(test, holder: "two") == nil)
            let begun = test.time.now
            test.time.advance(by: .minutes(10))
            // Nobody knows whether the first one sent it before it died.
            let second = try #require(try await Self.claim(test, holder: "two"))
            #expect(second.unsureSince == begun && second.message.attempts == 2)
            #expect(try await !test.store.settle(first, .sent(receipt: "x")))
            #expect(try await test.store.settle(second, .waiting(reason: "looked", until: test.time.now + .minutes(2))))
            test.time.advance(by: .minutes(2))
            let third = try #require(try await Self.claim(test))
            #expect(third.unsureSince == begun && third.message.attempts == 2)
            let soon = test.time.now + .seconds(30)
            _ = try await test.store.settle(
                third, .failed(code: "X-1", reason: "down", retryAt: soon, mayHaveArrived: false))
            test.time.advance(by: .seconds(30))
            let fourth = try #require(try await Self.claim(test))
            #expect(fourth.unsureSince == nil && fourth.message.errorCode == "X-1")
            _ = try await test.store.settle(fourth, .sent(receipt: "C1/2"))
            #expect(try await Self.claim(test) == nil)
            let sent = try #require(try await test.store.noticeMessages(limit: 1).first)
            #expect(sent.state == .sent && sent.receipt == "C1/2" && sent.errorCode == nil)

            #expect(try await test.store.forgetNoticeMessages(before: test.time.now) == 0)
            #expect(try await test.store.forgetNoticeMessages(before: test.time.now + .seconds(1)) == 1)
            // The notice stays, so that its transition is told no second time.
            #expect(try await test.store.post([Self.notice("1")]).isEmpty)
        }
    }

    @Test("The dead stay until a person brings them back, with a line in the audit log", arguments: engines)
    func dead(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            try await test.store.post([Self.notice("1")])
            _ = try await Self.route(test)
            test.time.advance(by: .seconds(30))
            let claim = try #require(try await Self.claim(test))
            _ = try await test.store.settle(claim, .dead(code: "X-2", reason: "refused", mayHaveArrived: true))
            let queue = try await test.store.noticeQueue()
            #expect(queue.dead == ["ops": 1] && queue.waiting.isEmpty && queue.unrouted == 0)
            #expect(try await Self.claim(test) == nil)
            #expect(try await test.store.forgetNoticeMessages(before: start + .days(99)) == 0)
            let audit = AuditRecord(at: test.time.now, action: "notices.retry", target: "x", actor: "ada", detail: [:])
            let id = try #require(
                try await test.store.noticeMessages(matching: String(claim.message.id.prefix(20))).first?.id)
            #expect(try await test.store.retryNoticeMessage(id, audit: audit))
            let again = try #require(try await Self.claim(test))
            #expect(again.message.attempts == 1 && again.unsureSince != nil && again.notices.count == 1)
            _ = try await test.store.settle(again, .sent(receipt: nil))
            #expect(try await !test.store.retryNoticeMessage(id, audit: audit))
            #expect(try await test.store.auditLog(limit: 9).map(\.action) == ["notices.retry"])
        }
    }

    @Test(
        "Findings are told when they open, escalate and end, and never while a person says that they are known",
        arguments: engines)
    func findings(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { test in
            func finding(_ key: String, isAcknowledged: Bool = false) -> Finding {
                Finding(
                    FindingIdentity(environment: "prod", kind: "drift", key: key),
                    evidence: ["cause": "external_change"],
                    suggestedAction: "reconcile explain \(key)", since: start, escalatesAfter: .hours(2),
                    isAcknowledged: isAcknowledged)
            }
            func record(_ findings: [Finding], _ hours: Int) async throws {
                _ = try await test.store.recordFindings(findings, at: start + .hours(hours)) { _ in false }
            }
            func told() async throws -> [String] {
                try await test.store.notices().map { "\($0.kind.rawValue) \($0.subject)" }
            }
            try await record([finding("x"), finding("known", isAcknowledged: true)], 0)
            try await record([finding("x"), finding("known", isAcknowledged: true)], 1)
            #expect(try await told() == ["finding.opened x"])
            try await record([finding("x"), finding("known", isAcknowledged: true)], 2)
            try await record([finding("x"), finding("known", isAcknowledged: true)], 3)
            #expect(try await told() == ["finding.opened x", "finding.escalated x"])
            try await record([], 4)
            #expect(try await told() == ["finding.opened x", "finding.escalated x", "finding.resolved x"])
            #expect(try await test.store.notices().allSatisfy { $0.environment == "prod" })
        }
    }
}
