public import Basics
import Diff
public import Drivers
import Formats
public import HTTPClient
public import Store

/// Reads from the providers' lists what their hooks may have failed to bring: issues, and events of messages.
///
/// It asks as one who can wait: whatever a pass or a person needs of a provider's limits comes first.
public final class HookPoller: Sendable {
    private let store: Store
    private let issues: [any IssueListing]
    private let mail: [any MailEventListing]
    private let repositories: [String]
    private let interval: Duration
    private let time: any TimeSource
    private let random: RandomSource
    private let log: Log
    private let metrics: Metrics
    private let holder: String
    private let record: @Sendable (Exchange) -> Void
    private let signal = Wakeup()
    private let stop = StopSignal()

    /// Between two readings of a whole list, which show what was deleted.
    static let wholeInterval = Duration.hours(24)
    /// How far back events of messages are read the first time.
    static let mailHistory = Duration.days(1)
    /// How long one round may take before another process may begin its own.
    private static let leaseTime = Duration.minutes(10)
    static let lease = "hooks.poll"

    /// - Parameters:
    ///   - store: takes what is found, and how far was read.
    ///   - drivers: those among them that list issues or events are asked.
    ///   - repositories: `owner/name`, whose issues are read beside those of which some are known.
    ///   - interval: between two rounds.
    ///   - time: measures it.
    ///   - random: spreads it.
    ///   - log: hears of what can't be read.
    ///   - metrics: counts.
    ///   - holder: names this process: one at a time reads.
    ///   - record: takes every exchange.
    public init(
        store: Store, drivers: [any Driver], repositories: [String], interval: Duration, time: any TimeSource,
        random: RandomSource, log: Log, metrics: Metrics, holder: String,
        record: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) {
        self.store = store
        issues = drivers.compactMap { $0 as? any IssueListing }
        mail = drivers.compactMap { $0 as? any MailEventListing }
        self.repositories = repositories
        self.interval = interval
        self.time = time
        self.random = random
        self.log = log
        self.metrics = metrics
        self.holder = holder
        self.record = record
    }

    /// Ends the loop after the list that is being read.
    public func requestStop() {
        stop.raise()
        signal.raise(.manual)
    }

    /// Runs until `requestStop`; at once when there is nothing to read.
    @concurrent
    public func run() async {
        guard !issues.isEmpty || !mail.isEmpty else { return }
        while !stop.isRaised {
            do throws(StoreFault) {
                try await poll()
            } catch {
                log.warning("lists can't be kept", ["code": error.code, "fault": error.message])
            }
            if stop.isRaised { break }
            _ = await signal.wait(for: interval - interval / 10 + random.jitter(interval / 5), time)
        }
    }

    /// Reads each list once, unless another process does so right now.
    ///
    /// - Returns: how many rows were written.
    /// - Throws: `StoreFault`; what the providers refuse is logged and counted.
    @discardableResult
    public func poll() async throws(StoreFault) -> Int {
        guard
            var lease = try await store.acquireLease(
                name: Self.lease, holder: "\(holder)/hooks", lasting: Self.leaseTime)
        else { return 0 }
        var written = 0
        do throws(StoreFault) {
            for listing in issues {
                for project in try await projects(of: listing) where !stop.isRaised {
                    lease = try await store.renewLease(lease)
                    written += try await kept(listing.provider, project) { () async throws(StoreFault) -> Int in
                        try await poll(listing, project)
                    }
                }
            }
            for listing in mail {
                for domain in await domains(of: listing) where !stop.isRaised {
                    lease = try await store.renewLease(lease)
                    written += try await kept(listing.provider, domain) { () async throws(StoreFault) -> Int in
                        try await poll(listing, domain)
                    }
                }
            }
        } catch {
            try? await store.releaseLease(lease)
            throw error
        }
        try await store.releaseLease(lease)
        return written
    }

    /// What one list brought; what the store refuses of it holds up no other list.
    private func kept(
        _ provider: String, _ scope: String, _ read: () async throws(StoreFault) -> Int
    ) async throws(StoreFault) -> Int {
        do throws(StoreFault) {
            return try await read()
        } catch {
            metrics.add("reconciler_hook_polls_total", 1, ["provider": provider, "outcome": "failed"])
            guard error.isRefusal else { throw error }
            log.warning(
                "a list can't be kept",
                ["provider": provider, "scope": scope, "code": error.code, "fault": error.message])
            return 0
        }
    }

    /// Makes the next round read a work item's project again from before that item's change.
    ///
    /// It is kept beside how far was read: a round that is under way may have read the list before the change.
    public func lookAgain(at item: WorkItemRecord) async {
        guard let project = item.project else { return }
        do throws(StoreFault) {
            try await store.changeBookmark(Self.mark(item.system, project)) { before in
                var mark = before?.objectValue ?? Value.Object()
                let again = before?["again"]?.instantValue
                mark["again"] = .string(min(again ?? item.updatedAt, item.updatedAt).description)
                mark["asked"] = .int((before?["asked"]?.intValue ?? 0) &+ 1)
                return .object(mark)
            }
        } catch {
            log.warning("a contested work item waits for the whole list", ["item": item.reference, "code": error.code])
        }
    }

    /// In small letters, for that a repository's name is spelled otherwise makes it no other repository.
    private static func mark(_ system: String, _ scope: String) -> String {
        "hooks.poll.\(system):\(scope.lowercased())"
    }

    private var context: DriverContext {
        DriverContext(runID: "hooks", log: log, priority: .resync, record: record)
    }

    // MARK: Issues

    private func projects(of listing: any IssueListing) async throws(StoreFault) -> [String] {
        switch await listing.issueProjects(context) {
        case .success(let projects?): return projects
        case .success(nil):
            var names = try await store.workItemProjects(of: listing.provider)
            // The host's own spelling, where it is known already.
            for name in repositories where !names.contains(where: { $0.lowercased() == name.lowercased() }) {
                names.append(name)
            }
            return names.sorted()
        case .failure(let fault):
            note(fault, listing.provider)
            return []
        }
    }

    private func poll(_ listing: any IssueListing, _ project: String) async throws(StoreFault) -> Int {
        let name = Self.mark(listing.provider, project)
        let mark = try await store.bookmark(name)
        let now = time.now
        let end = mark?["since"]?.instantValue
        let again = mark?["again"]?.instantValue
        let since = end.map { min($0, again ?? $0) }
        let wholeAt = mark?["whole_at"]?.instantValue
        let isWhole = since == nil || wholeAt.map { now - $0 >= Self.wholeInterval || now < $0 } ?? true
        let list = await listing.issues(in: project, since: isWhole ? nil : since, context)
        let items = list.items.compactMap { item in
            listing.provider == "plane"
                ? IssueReading.plane(item, in: project) : IssueReading.gitHub(item, in: project)
        }
        var (written, refused) = (0, 0)
        for start in stride(from: 0, to: items.count, by: 200) {
            let put = try await keep(items[start..<min(items.count, start + 200)], "work_items", \.reference) {
                (items) async throws(StoreFault) -> Int in
                let tally = try await store.putWorkItems(items, listedAt: now)
                for (outcome, count) in tally.outcomes {
                    metrics.add(
                        "reconciler_hook_mirror_total", Double(count),
                        ["table": "work_items", "outcome": outcome.rawValue])
                }
                return tally.written
            }
            written += put.written
            refused += put.refused
        }
        guard list.completeness.isComplete else {
            note(list.completeness.gap ?? "", listing.provider, project)
            return written
        }
        if isWhole, items.count == list.items.count {
            let buried = try await store.buryWorkItems(
                of: listing.provider, in: project, notIn: Set(items.map(\.reference)), listedAt: now)
            written += buried
            if buried > 0 {
                metrics.add(
                    "reconciler_hook_mirror_total", Double(buried),
                    ["table": "work_items", "outcome": MirrorOutcome.buried.rawValue])
            }
        }
        // An empty list begins again at its own begin: whose clock is right nobody knows.
        let reached = items.map(\.updatedAt).max() ?? end ?? Timestamp(seconds: 0)
        let asked = mark?["asked"]
        try await store.changeBookmark(name) { present in
            var next = Value.Object()
            next["since"] = .string(max(reached, end ?? reached).description)
            next["whole_at"] = .string((isWhole ? now : wholeAt ?? now).description)
            // Somebody asked to look again while the list was read: the next round does.
            if present?["asked"] != asked {
                next["again"] = present?["again"]
                next["asked"] = present?["asked"]
            }
            return .object(next)
        }
        metrics.add(
            "reconciler_hook_polls_total", 1,
            ["provider": listing.provider, "outcome": refused > 0 ? "failed" : "read"])
        if written > 0 {
            log.info(
                "a list repaired work items",
                ["provider": listing.provider, "project": project, "rows": written])
        }
        return written
    }

    // MARK: Events of messages

    private func domains(of listing: any MailEventListing) async -> [String] {
        switch await listing.mailDomains(context) {
        case .success(let domains): return domains
        case .failure(let fault):
            note(fault, listing.provider)
            return []
        }
    }

    private func poll(_ listing: any MailEventListing, _ domain: String) async throws(StoreFault) -> Int {
        let name = Self.mark(listing.provider, domain)
        var mark = try await store.bookmark(name)
        var (written, refused) = (0, 0)
        for _ in 0..<100 where !stop.isRaised {
            switch await listing.mailEvents(of: domain, after: mark, from: time.now - Self.mailHistory, context) {
            case .failure(let fault):
                note(fault, listing.provider)
                return written
            case .success(let page):
                // The events before the mark: what is read twice counts once.
                let put = try await keep(
                    page.items.compactMap { MailReading.record($0) }[...], "mail_events", \.messageID,
                    instead: { (event) async throws(StoreFault) in
                        _ = try await self.store.keep([MailReading.delivery(of: event, in: domain, at: self.time.now)])
                    }
                ) { (events) async throws(StoreFault) -> Int in try await store.putMailEvents(events) }
                written += put.written
                refused += put.refused
                if put.written > 0 {
                    metrics.add(
                        "reconciler_hook_mirror_total", Double(put.written),
                        ["table": "mail_events", "outcome": "repaired"])
                }
                if mark != page.mark { try await store.setBookmark(name, page.mark) }
                mark = page.mark
                guard page.hasMore else {
                    metrics.add(
                        "reconciler_hook_polls_total", 1,
                        ["provider": listing.provider, "outcome": refused > 0 ? "failed" : "read"])
                    return written
                }
            }
        }
        return written
    }

    /// Keeps what a list brought; where the store refuses some of it, all but that.
    ///
    /// Reading goes on behind what was refused. The next whole list of issues tries it again; of what no list brings twice
    /// `instead` keeps it, by which it is tried again for a while and then told.
    private func keep<Item: Sendable>(
        _ items: ArraySlice<Item>, _ table: String, _ name: KeyPath<Item, String>,
        instead: ((Item) async throws(StoreFault) -> Void)? = nil,
        _ put: ([Item]) async throws(StoreFault) -> Int
    ) async throws(StoreFault) -> (written: Int, refused: Int) {
        do throws(StoreFault) {
            return (try await put(Array(items)), 0)
        } catch {
            guard error.kind == .refused else { throw error }
            guard items.count > 1 else {
                metrics.add("reconciler_hook_mirror_total", 1, ["table": table, "outcome": "refused"])
                log.warning(
                    "the store refuses what a list says",
                    [
                        "table": table, "item": items.first.map { $0[keyPath: name] } ?? "", "code": error.code,
                        "fault": error.message,
                    ])
                if let item = items.first, let instead {
                    do throws(StoreFault) { try await instead(item) } catch {
                        guard error.kind == .refused else { throw error }
                        log.error(
                            "what the store refuses of a list can't be kept as a delivery either, and is lost",
                            ["table": table, "item": item[keyPath: name], "code": error.code, "fault": error.message])
                    }
                }
                return (0, 1)
            }
            // By halves: of two hundred that have one such row, fifteen writes and not two hundred.
            let middle = items.startIndex + items.count / 2
            let first = try await keep(items[..<middle], table, name, instead: instead, put)
            let second = try await keep(items[middle...], table, name, instead: instead, put)
            return (first.written + second.written, first.refused + second.refused)
        }
    }

    private func note(_ fault: ProviderFault, _ provider: String) {
        metrics.add("reconciler_hook_polls_total", 1, ["provider": provider, "outcome": "failed"])
        log.warning("a list can't be read", ["provider": provider, "code": fault.code, "fault": fault.message])
    }

    private func note(_ reason: String, _ provider: String, _ project: String) {
        metrics.add("reconciler_hook_polls_total", 1, ["provider": provider, "outcome": "failed"])
        log.warning("a list can't be read", ["provider": provider, "project": project, "fault": reason])
    }
}
