import Basics
import DesiredState
import Diff
import Drivers
import Store

/// What one pass knows of pull requests, and what it has to remember of them.
struct PullRequestReading: Sendable {
    /// `owner/name`; nil where nothing says which.
    let repository: String?
    var listing: PullRequestListing
    /// All that are known, as they are now; sorted by number.
    let rows: [PullRequestRow]
    /// Those of `rows` that differ from what the store holds.
    let changed: [PullRequestRow]
    /// What a person should know of the reading.
    let events: [String]
    /// The same listing for who doesn't keep it: what isn't remembered yet is uncertain, and so is who was just let in.
    var remembered = PullRequestListing(open: [])
}

extension Reconciler {
    /// Who keeps pull requests; nil where no such provider is configured.
    var pullRequestHost: (any PullRequestHost)? { drivers.lazy.compactMap { $0 as? any PullRequestHost }.first }

    /// Reads the pull requests of the application's repository, where a policy wants previews; writes nothing.
    ///
    /// A list alone never closes one nor opens one again: each that vanished from it, and each that comes back, is asked
    /// for by itself.
    ///
    /// - Returns: nil where no preview is wanted.
    /// - Throws: `StoreFault`.
    func readPullRequests(
        _ tree: SourceTree, _ context: DriverContext, _ grounds: inout Grounds
    ) async throws(StoreFault) -> PullRequestReading? {
        guard let rule = documents.previewRule(of: tree) else { return nil }
        guard let repository = rule.repository ?? applicationRepository else {
            return try await nothingKnown("nothing says which repository they are of (`repository` of `previews`)")
        }
        grounds.found.pullRequests = repository.lowercased()
        if let departure = try await grounds.weigh(.pullRequests, store) {
            return try await nothingKnown(departure.what)
        }
        var reading = try await readPullRequests(of: repository, rule, context)
        reading.listing.living = try await livingPreviews()
        return reading
    }

    /// No pull request is known, so that every preview that is there stays.
    private func nothingKnown(_ fault: String) async throws(StoreFault) -> PullRequestReading {
        let numbers = try await store.environments().filter { $0.status != .gone }
            .compactMap { PullRequest.number(inSlug: $0.slug) }
        return PullRequestReading(
            repository: nil, listing: PullRequestListing(open: [], uncertain: numbers, fault: fault), rows: [],
            changed: [], events: [fault])
    }

    /// Whose previews are there, in the order in which they came.
    private func livingPreviews() async throws(StoreFault) -> [Int64] {
        try await store.environments()
            .filter { $0.status != .gone && $0.status != .expired }
            .compactMap { row in PullRequest.number(inSlug: row.slug).map { (since: row.createdAt, number: $0) } }
            .sorted { ($0.since ?? Timestamp(seconds: 0), $0.number) < ($1.since ?? Timestamp(seconds: 0), $1.number) }
            .map(\.number)
    }

    private func readPullRequests(
        of repository: String, _ rule: PreviewRule, _ context: DriverContext
    ) async throws(StoreFault) -> PullRequestReading {
        let rows = try await store.pullRequests(of: repository)
        guard let host = pullRequestHost else {
            return PullRequestMerging(repository, rule, rows)
                .reading(PullRequestList(items: [], completeness: .unknown(reason: "GitHub is not configured")), [:])
        }
        let list = await host.openPullRequests(of: repository, context)
        let merging = PullRequestMerging(repository, rule, rows)
        let answers = await merging.doubtful(list).mapBounded(limit: 4) { number in
            do throws(ProviderFault) {
                return (
                    number,
                    Result<SeenPullRequest, ProviderFault>.success(
                        try await host.pullRequest(number, of: repository, context))
                )
            } catch {
                return (number, .failure(error))
            }
        }
        return merging.reading(list, Dictionary(answers, uniquingKeysWith: { first, _ in first }))
    }
}

/// Puts a list of open pull requests to what is remembered; pure.
struct PullRequestMerging {
    typealias Answers = [Int64: Result<SeenPullRequest, ProviderFault>]

    let repository: String
    let rule: PreviewRule
    let remembered: [Int64: PullRequestRow]

    init(_ repository: String, _ rule: PreviewRule, _ rows: [PullRequestRow]) {
        self.repository = repository
        self.rule = rule
        remembered = Dictionary(rows.map { ($0.pullRequest.number, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Which have to be asked for by themselves: those that vanished, and closed ones that the list shows as open.
    ///
    /// Where the list is not whole, nothing has vanished. What it shows of a closed one from before its end is an old
    /// word, which needs no question.
    func doubtful(_ list: PullRequestList) -> [Int64] {
        let listed = Dictionary(list.items.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        return remembered.values.filter { row in
            guard let pull = listed[row.pullRequest.number] else {
                return row.state == .open && list.completeness.isComplete
            }
            return row.state != .open && pull.updatedAt >= row.pullRequest.updatedAt
        }.map(\.pullRequest.number).sorted()
    }

    /// What is known after the list and the answers to the questions.
    func reading(_ list: PullRequestList, _ answers: Answers) -> PullRequestReading {
        var rows = remembered
        var uncertain: Set<Int64> = []
        var faults: [String] = []
        var events: [String] = []
        if !list.completeness.isComplete { faults.append(list.completeness.reason) }
        for (number, answer) in answers.sorted(by: { $0.key < $1.key }) {
            switch answer {
            case .success(let seen): rows[number] = row(seen)
            case .failure(let fault):
                uncertain.insert(number)
                faults.append("#\(number): \(fault.message)")
            }
        }
        let listed = Set(list.items.map(\.number))
        for pull in list.items where answers[pull.number] == nil {
            if let row = remembered[pull.number], pull.updatedAt < row.pullRequest.updatedAt {
                // The list is behind what is known already.
                if row.state != .open {
                    events.append("a list shows the pull request \(pull.number) as open, which ended after that")
                }
                continue
            }
            // Of what the policy has never been about nothing needs to be remembered.
            if remembered[pull.number] == nil, rule.verdict(on: pull) == .unmentioned, !rule.isLabeled(pull) {
                continue
            }
            rows[pull.number] = row(SeenPullRequest(pull, .open))
        }
        if !list.completeness.isComplete {
            uncertain.formUnion(
                rows.values.filter { $0.state == .open }.map(\.pullRequest.number).filter { !listed.contains($0) })
        }
        let sorted = rows.values.sorted { $0.pullRequest.number < $1.pullRequest.number }
        let open = sorted.filter { $0.state == .open && !uncertain.contains($0.pullRequest.number) }
        var reading = PullRequestReading(
            repository: repository,
            listing: PullRequestListing(
                open: open.map(\.pullRequest), uncertain: uncertain.sorted(),
                fault: faults.isEmpty ? nil : faults.joined(separator: "; ")),
            rows: sorted, changed: sorted.filter { remembered[$0.pullRequest.number] != $0 }, events: events)
        let known = open.map(\.pullRequest).filter { pull in
            guard let before = remembered[pull.number], before.state == .open else { return false }
            return pull.approvedCommit == nil || pull.approvedCommit == before.pullRequest.approvedCommit
        }
        let unknown = Set(open.map(\.pullRequest.number)).subtracting(known.map(\.number))
        reading.remembered = PullRequestListing(
            open: known, uncertain: uncertain.union(unknown).sorted(), fault: reading.listing.fault)
        return reading
    }

    private func row(_ seen: SeenPullRequest) -> PullRequestRow {
        let before = remembered[seen.pullRequest.number]
        var pull = seen.pullRequest
        // The commit that was first seen with the label stays the one that is let in until the label is taken away.
        // Only that: whoever opened it can close it, open it again, make a draft of it and change its base alone. Also while
        // no fork is let in at all: a policy that lets them in later means what had the label, and not what was pushed since.
        if rule.isLabeled(pull) {
            pull.approvedCommit = before?.pullRequest.approvedCommit ?? (seen.state == .open ? pull.headCommit : nil)
        }
        // What was said of a commit is ended there, also where another came with the end.
        if seen.state != .open, let before { pull.headCommit = before.pullRequest.headCommit }
        let closedAt = seen.state == .open ? nil : before?.closedAt ?? pull.updatedAt
        var row = PullRequestRow(
            repository: repository, pull, state: seen.state, closedAt: closedAt, commentDigest: before?.commentDigest,
            statusDigest: before?.statusDigest, checkedCommit: before?.checkedCommit)
        row.isSettled = seen.state != .open && before?.isSettled == true
        return row
    }
}
