public import Basics
public import Drivers
public import HTTPClient
public import Store

/// Tells people what they should know: gathers notices into messages, and brings them to their channels.
///
/// Nothing of it is on the way of a pass. Each channel goes by itself, so that one that is down holds up no other.
/// At least once: what was begun and not recorded is begun again, by the same service or another on the same store.
public final class NoticeService: Sendable {
    private let store: Store
    private let settings: NotificationSettings
    private let senders: [String: any NoticeSender]
    private let time: any TimeSource
    private let random: RandomSource
    private let log: Log
    private let metrics: Metrics
    private let holder: String
    private let signals: [String: Wakeup]
    private let signal = Wakeup()
    private let stop = StopSignal()
    private let shownAt = Locked<Duration?>(nil)

    /// How long a claim holds: longer than any sender takes.
    static let claimTime = Duration.minutes(15)
    /// Between two looks for what others have written.
    static let pause = Duration.seconds(5)
    /// How long sent messages are remembered.
    static let memory = Duration.days(30)
    static let longestBackOff = Duration.minutes(30)

    /// A service for the channels of `settings`; a channel without a sender gets nothing and says so.
    public init(
        store: Store, settings: NotificationSettings, senders: [String: any NoticeSender], time: any TimeSource,
        random: RandomSource, log: Log, metrics: Metrics, holder: String
    ) {
        self.store = store
        self.settings = settings
        self.senders = senders
        self.time = time
        self.random = random
        self.log = log
        self.metrics = metrics
        self.holder = "\(holder)/notices"
        signals = Dictionary(settings.channels.map { ($0.name, Wakeup()) }, uniquingKeysWith: { first, _ in first })
        metrics.declareNoticeMetrics()
    }

    /// Says that something may have been written.
    public func notice() { signal.raise(.schedule) }

    /// Ends the loops after what is being sent.
    public func requestStop() {
        stop.raise()
        signal.raise(.manual)
        for signal in signals.values { signal.raise(.manual) }
    }

    /// Runs until `requestStop`.
    ///
    /// Without a channel it goes on looking after what channels of before have left.
    @concurrent
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.loop(self.signal) { () async throws(StoreFault) -> Void in
                    // What nobody is told yet goes to the channels that are set up later.
                    if !self.settings.channels.isEmpty, try await self.route() > 0 {
                        for signal in self.signals.values { signal.raise(.schedule) }
                    }
                    try await self.tend()
                }
            }
            for channel in settings.channels {
                guard let signal = signals[channel.name] else { continue }
                group.addTask {
                    await self.loop(signal) { () async throws(StoreFault) -> Void in _ = try await self.send(channel) }
                }
            }
        }
    }

    private func loop(_ signal: Wakeup, _ body: () async throws(StoreFault) -> Void) async {
        var failures = 0
        while !stop.isRaised {
            do throws(StoreFault) {
                try await body()
                failures = 0
            } catch {
                failures = min(failures + 1, 4)
                log.warning("notices wait for the store", ["code": error.code, "fault": error.message])
            }
            if stop.isRaised { break }
            if failures > 0 {
                do { try await time.idle(for: Self.pause * (1 << failures) / 2) } catch { break }
            } else {
                _ = await signal.wait(for: Self.pause, time)
            }
        }
    }

    // MARK: Routing

    /// Decides where new notices go.
    ///
    /// - Returns: how many.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func route() async throws(StoreFault) -> Int {
        let settings = settings
        var total = 0
        while !stop.isRaised {
            let count = try await store.routeNotices(notBefore: time.now - settings.oldest) {
                settings.postings(of: $0)
            }
            total += count
            guard count > 0 else { break }
        }
        return total
    }

    // MARK: Sending

    /// Sends what is due of one channel, as far as its rate allows.
    ///
    /// - Returns: how many messages arrived.
    /// - Throws: `StoreFault`; what was taken is sent again later.
    @discardableResult
    public func send(_ channel: NotificationSettings.Channel) async throws(StoreFault) -> Int {
        var sent = 0
        while !stop.isRaised {
            guard let due = try await store.nextNoticeMessage(of: channel.name), due <= time.now else { break }
            guard
                let claim = try await store.claimNoticeMessage(
                    of: channel.name, rate: channel.rate, holder: holder, lasting: Self.claimTime)
            else { break }
            let sender = senders[channel.name] ?? UnusableSender(reason: "the channel \(channel.name) has no sender")
            let answer = await sender.send(claim)
            let outcome = outcome(of: answer, claim, channel)
            let isOurs = try await store.settle(claim, outcome)
            note(outcome, claim, channel, isOurs: isOurs)
            if case .sent = outcome { sent += 1 }
        }
        return sent
    }

    private func outcome(
        of answer: NoticeAnswer, _ claim: NoticeClaim, _ channel: NotificationSettings.Channel
    ) -> NoticeOutcome {
        let attempts = claim.message.attempts
        let isLast = attempts >= channel.attempts
        // 30 s, 1 min, 2 min … up to half an hour, each with up to a half more; never sooner than was asked for.
        func retryAt(_ after: Duration? = nil) -> Timestamp {
            let usual = random.backOff(after: attempts, from: .seconds(30), upTo: Self.longestBackOff)
            return time.now + max(usual, min(after ?? .zero, .hours(6)))
        }
        switch answer {
        case .sent(let receipt): return .sent(receipt: receipt)
        case .refused(let code, let reason): return .dead(code: code, reason: reason, mayHaveArrived: false)
        case .waiting(let reason, let wait): return .waiting(reason: reason, until: time.now + wait)
        case .unseen(let code, let reason):
            return isLast
                ? .dead(code: code, reason: reason, mayHaveArrived: true)
                : .unseen(code: code, reason: reason, retryAt: retryAt())
        case .failed(let code, let reason, let after, let mayHaveArrived):
            return isLast
                ? .dead(code: code, reason: reason, mayHaveArrived: mayHaveArrived)
                : .failed(code: code, reason: reason, retryAt: retryAt(after), mayHaveArrived: mayHaveArrived)
        }
    }

    private func note(
        _ outcome: NoticeOutcome, _ claim: NoticeClaim, _ channel: NotificationSettings.Channel, isOurs: Bool
    ) {
        let word: String
        switch outcome {
        case .sent: word = "sent"
        case .waiting: word = "waiting"
        case .failed(let code, let reason, _, _), .unseen(let code, let reason, _):
            word = "failed"
            log.warning(
                "a message could not be sent",
                ["channel": channel.name, "message": claim.message.id, "code": code, "fault": reason])
        case .dead(let code, let reason, _):
            word = "dead"
            log.error(
                "a message is given up; reconcile notices dead",
                ["channel": channel.name, "message": claim.message.id, "code": code, "fault": reason])
        }
        metrics.add(
            "reconciler_notice_messages_total", 1,
            ["channel": channel.name, "outcome": isOurs ? word : "superseded"])
        if word == "sent" {
            metrics.add("reconciler_notices_sent_total", Double(claim.notices.count), ["channel": channel.name])
        }
    }

    /// Shows what waits, gives up what no channel is there for, and forgets what is old; once a minute.
    ///
    /// - Throws: `StoreFault`.
    public func tend() async throws(StoreFault) {
        let now = time.uptime
        let isDue = shownAt.withLock { shownAt in
            if let last = shownAt, now - last < .minutes(1) { return false }
            shownAt = now
            return true
        }
        guard isDue else { return }
        let names = settings.channels.map(\.name)
        let buried = try await store.buryNoticeMessages(notOf: Set(names), dueBefore: time.now - Self.claimTime)
        for (channel, count) in buried.sorted(by: { $0.key < $1.key }) {
            log.error(
                "messages of a channel that isn't there are given up; reconcile notices dead",
                ["channel": channel, "code": Store.channelGone, "messages": "\(count)"])
            metrics.add("reconciler_notice_messages_total", Double(count), ["channel": channel, "outcome": "dead"])
        }
        metrics.show(try await store.noticeQueue(), names, now: time.now)
        _ = try await store.forgetNoticeMessages(before: time.now - Self.memory)
    }
}

extension NoticeService {
    /// Makes the sender of each channel: Slack and mail by the drivers of their accounts.
    ///
    /// - Parameters:
    ///   - settings: the channels.
    ///   - drivers: of all providers.
    ///   - transport: carries webhooks.
    ///   - environment: holds their secrets.
    ///   - time: signs them.
    ///   - context: of what the drivers are asked.
    ///   - store: knows what was written since a message was gathered; nil where a message is only tried.
    /// - Returns: a sender for each channel, also for one that can't be used yet.
    public static func senders(
        _ settings: NotificationSettings, drivers: [any Driver], transport: any HTTPTransport,
        environment: [String: String], time: any TimeSource, _ context: DriverContext,
        store: Store? = nil
    ) -> [String: any NoticeSender] {
        var senders: [String: any NoticeSender] = [:]
        for channel in settings.channels {
            switch channel.target {
            case .slack(let name):
                guard let driver = drivers.lazy.compactMap({ $0 as? any MessagePosting }).first else {
                    senders[channel.name] = UnusableSender(reason: "Slack has no token: set providers.slack.token")
                    continue
                }
                senders[channel.name] = SlackSender(
                    driver: driver, channel: name, templates: channel.templates, context: context)
            case .email(let domain, let from, let to):
                guard let driver = drivers.lazy.compactMap({ $0 as? any MailSending }).first else {
                    senders[channel.name] = UnusableSender(reason: "Mailgun has no key: set providers.mailgun.api_key")
                    continue
                }
                senders[channel.name] = MailSender(
                    driver: driver, domain: domain, from: from, to: to, templates: channel.templates, context: context,
                    time: time)
            case .plane(let items):
                guard let driver = drivers.lazy.compactMap({ $0 as? any WorkItemTracking }).first else {
                    senders[channel.name] = UnusableSender(reason: "Plane has no key: set providers.plane.api_key")
                    continue
                }
                senders[channel.name] = ItemSender(
                    driver: driver, place: items, templates: channel.templates, context: context, store: store)
            case .webhook(let url, let reference):
                guard let secret = reference.follow(in: environment) else {
                    senders[channel.name] = UnusableSender(
                        reason: "its secret is to come from \(reference), and nothing is there")
                    continue
                }
                senders[channel.name] = WebhookSender(url: url, secret: secret, transport: transport, time: time)
            }
        }
        return senders
    }
}

extension Metrics {
    /// Declares what is measured of notices.
    func declareNoticeMetrics() {
        declare("reconciler_notice_messages_total", .counter, "Attempts at messages to people, by what came of them.")
        declare("reconciler_notices_sent_total", .counter, "Notices that arrived, by channel.")
        declare("reconciler_notice_waiting", .gauge, "Messages that wait to be sent, by channel.")
        declare("reconciler_notice_dead", .gauge, "Messages that are given up, by channel.")
        declare("reconciler_notice_age_seconds", .gauge, "Age of the oldest message that waits.")
    }

    fileprivate func show(_ queue: NoticeQueue, _ channels: [String], now: Timestamp) {
        // One that isn't configured any more may hold messages all the same, and is let go of without them.
        for name in ["reconciler_notice_waiting", "reconciler_notice_dead"] { clear(name) }
        for channel in Set(channels).union(queue.waiting.keys).union(queue.dead.keys) {
            set("reconciler_notice_waiting", Double(queue.waiting[channel] ?? 0), ["channel": channel])
            set("reconciler_notice_dead", Double(queue.dead[channel] ?? 0), ["channel": channel])
        }
        let age = queue.oldest.map { max(.zero, now - $0) } ?? .zero
        set("reconciler_notice_age_seconds", Double(age.microseconds) / 1_000_000)
    }
}
