import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Store

/// What a pass says on pull requests.
extension Pass {
    /// Says on each pull request how its preview stands, where that differs from what stands there.
    ///
    /// Nothing depends on it: what can't be said now is said by the next pass.
    mutating func reportPullRequests() async {
        guard let host = reconciler.pullRequestHost, let policy = desired?.policy, options.targets.isEmpty else {
            return
        }
        do {
            guard let (repository, rows) = try await reportedPullRequests(), !rows.isEmpty,
                let facts = try await facts(policy.previews)
            else { return }
            let openCommits = Set(rows.filter { $0.state == .open }.map(\.pullRequest.headCommit))
            // Of what may be open or not, or stands in no books yet, nothing is said.
            let uncertain = Set((share.keepsRecords ? pulls?.listing : pulls?.remembered)?.uncertain ?? [])
            let reports = Dictionary(
                rows.compactMap { row -> (Int64, PreviewReport)? in
                    let number = row.pullRequest.number
                    guard !row.isSettled, share.owns(environment: row.pullRequest.slug), !uncertain.contains(number)
                    else { return nil }
                    return facts.report(on: row).map { (number, $0) }
                }, uniquingKeysWith: { first, _ in first })
            let shared = SharedChecks(
                rows, reports, holders: facts.holders.union(uncertain),
                elsewhere: Set(rows.map(\.pullRequest).filter { !share.owns(environment: $0.slug) }.map(\.number)))
            var settled: [Int64] = []
            for row in rows {
                guard !stop.isRaised, let report = reports[row.pullRequest.number] else { continue }
                // What stands there is ended with the last word of the policy on previews, whatever went with it.
                let isEnded = policy.previews == nil && row.commentDigest != nil
                let comment = policy.commentOnPullRequest || isEnded ? report.comment : nil
                let head = row.pullRequest.headCommit
                // A commit has one check, also where two pull requests show it.
                let isSpoken = row.state != .open && openCommits.contains(head)
                let check =
                    policy.updateCommitStatus && !isSpoken ? PreviewReport.end(of: row) ?? shared.check(of: head) : nil
                let isReplaced = policy.updateCommitStatus && row.checkedCommit != head
                let isSaid = await say(
                    Words(
                        comment: comment, check: check, isKept: report.isKept,
                        delivery: policy.createDeployments ? report.delivery(of: head) : nil,
                        replaced: isReplaced ? row.checkedCommit.flatMap { openCommits.contains($0) ? nil : $0 } : nil),
                    on: row, repository, host)
                // A preview that is gone for good has had its last word, whatever a later policy wants to be said.
                if isSaid, row.state != .open, report.isGone { settled.append(row.pullRequest.number) }
            }
            try await reconciler.store.settlePullRequests(settled, of: repository)
        } catch {
            note("previews_unsaid", ["fault": .string("\(error)")])
            reconciler.log.warning("nothing could be said of previews", ["fault": "\(error)"])
        }
    }

    /// The pull requests of which something may have to be said, and whose they are; nil where that isn't known.
    private func reportedPullRequests() async throws(StoreFault) -> (repository: String, rows: [PullRequestRow])? {
        guard let desired else { return nil }
        guard desired.policy.previews == nil else {
            guard let pulls, let repository = pulls.repository else { return nil }
            return (repository, pulls.rows)
        }
        // No policy wants previews any more: what was said of them is ended once it is sure that they are to go.
        guard !desired.unknown.contains(where: { $0.extent == .environments || $0.extent == .everything }),
            let repository = grounds?.remembered.pullRequests
        else { return nil }
        return (repository, try await reconciler.store.pullRequests(of: repository))
    }

    private func facts(_ rule: PreviewRule?) async throws(StoreFault) -> PreviewFacts? {
        guard let plan, let desired else { return nil }
        var failed: [ResourceKey: String] = [:]
        for entry in applied.journal where entry.state == .failed || entry.state == .unknown {
            failed[entry.key] = entry.output["code"]?.stringValue ?? entry.state.rawValue
        }
        let owners = Set(try await reconciler.store.ownedKeys().values.compactMap(\.self))
        return PreviewFacts(
            rule: rule,
            environments: Dictionary(
                desired.environments.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first }),
            outlooks: Dictionary(plan.environments.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first }),
            previews: Dictionary(
                desired.previews.map { ($0.pullRequest.number, $0) }, uniquingKeysWith: { first, _ in first }),
            changes: Dictionary(
                grouping: plan.changes.filter { $0.environment != nil && $0.action != .noop },
                by: { $0.environment ?? "" }),
            done: applied.done, failed: failed,
            skipped: Dictionary(applied.skipped.map { ($0.key, $0.reason) }, uniquingKeysWith: { first, _ in first }),
            marked: Dictionary(
                plan.candidates.filter { $0.markedAt == nil }.map { ($0.key, $0.reason(markedAt: plannedAt)) },
                uniquingKeysWith: { first, _ in first }),
            owners: owners, isInDoubt: grounds?.isInDoubt == true)
    }

    /// What is to be said on a pull request; nil: nothing of that sort.
    private struct Words: Sendable {
        let comment: String?
        let check: CommitCheck?
        /// Whether what is over still answers at its address.
        let isKept: Bool
        let delivery: PreviewDelivery?
        /// A commit of before, whose check nobody ends any more.
        let replaced: String?

        var commentDigest: String? { comment.map { Digest(of: $0).hex } }

        /// What is said of the commit, by its check and by its delivery, is said together.
        func digest(of head: String) -> String? {
            var words = check.map { [head, $0.state.rawValue, $0.sentence, $0.address ?? ""] } ?? []
            if let delivery {
                words += [delivery.commit, delivery.state.rawValue, delivery.sentence, delivery.address ?? ""]
            }
            // That its address leads nowhere any more is said once it is so.
            if !words.isEmpty, isKept { words.append("kept") }
            return words.isEmpty ? nil : Digest(of: words.joined(separator: "\n")).hex
        }

        /// The commit that carries our check when this is said.
        func checkedCommit(of row: PullRequestRow) -> String? {
            if check != nil, row.state == .open { return row.pullRequest.headCommit }
            return replaced == nil ? row.checkedCommit : nil
        }
    }

    /// - Returns: whether all of it stands there now, and is written down.
    private mutating func say(
        _ words: Words, on row: PullRequestRow, _ repository: String, _ host: any PullRequestHost
    ) async -> Bool {
        let pull = row.pullRequest
        let (store, context) = (reconciler.store, reconciler.context(of: run.id))
        let permit = watch.map { watch in WritePermit { await watch.holds() } }
        let (said, fault) = await WritePermit.$current.withValue(permit) { () async -> (PullRequestRow, (any Fault)?) in
            let (moved, fault) = await Self.moveCheck(words, row, repository, host, store, context)
            guard fault == nil else { return (moved, fault) }
            return await Self.tell(words, moved, repository, host, context)
        }
        if let fault {
            note(
                "preview_unsaid",
                ["number": .int(pull.number), "code": .string(fault.code), "fault": .string(fault.message)])
            reconciler.log.warning(
                "nothing could be said on a pull request",
                ["number": "\(pull.number)", "code": fault.code, "fault": fault.message])
        }
        guard (said.commentDigest, said.statusDigest) != (row.commentDigest, row.statusDigest) else {
            return fault == nil
        }
        note("preview_said", ["number": .int(pull.number), "slug": .string(pull.slug)])
        do throws(StoreFault) {
            try await store.noteReport(
                on: pull.number, of: repository, commentDigest: said.commentDigest, statusDigest: said.statusDigest)
            return fault == nil
        } catch {
            // It is said again by the next pass, which finds it said.
            reconciler.log.warning(
                "what was said on a pull request could not be written down", ["fault": error.message])
            return false
        }
    }

    /// Ends the check of a commit that another one has replaced, and writes down which one carries it from now on.
    ///
    /// Before it is set there: whatever ends the process, a check that is pending is never out of sight.
    ///
    /// - Returns: the row as it is now, and why nothing is to be set now.
    private static func moveCheck(
        _ words: Words, _ row: PullRequestRow, _ repository: String, _ host: any PullRequestHost, _ store: Store,
        _ context: DriverContext
    ) async -> (PullRequestRow, (any Fault)?) {
        let (number, head) = (row.pullRequest.number, row.pullRequest.headCommit)
        if let replaced = words.replaced {
            do throws(ProviderFault) {
                try await host.end(
                    unsettled: PreviewReport.replaced(by: head), gone: nil, on: replaced, of: repository, context)
            } catch {
                // Of a commit that isn't there any more nothing is shown either.
                guard error.status == 404 || error.status == 422 else { return (row, error) }
            }
        }
        let commit = words.checkedCommit(of: row)
        guard commit != row.checkedCommit else { return (row, nil) }
        do throws(StoreFault) {
            try await store.noteChecked(commit, on: number, of: repository)
        } catch {
            return (row, error)
        }
        var moved = row
        moved.checkedCommit = commit
        return (moved, nil)
    }

    /// - Returns: the row with what stands there now, and why not all of it could be said.
    private static func tell(
        _ words: Words, _ row: PullRequestRow, _ repository: String, _ host: any PullRequestHost,
        _ context: DriverContext
    ) async -> (PullRequestRow, (any Fault)?) {
        let pull = row.pullRequest
        var said = row
        do throws(ProviderFault) {
            if let digest = words.digest(of: pull.headCommit), digest != row.statusDigest {
                if let check = words.check {
                    // The last word on a commit stands when its pull request is over, but for one that leads nowhere.
                    if row.state == .open {
                        try await host.set(check, on: pull.headCommit, of: repository, context)
                    } else {
                        try await host.end(
                            unsettled: check, gone: words.isKept ? nil : PreviewReport.gone, on: pull.headCommit,
                            of: repository, context)
                    }
                }
                if let delivery = words.delivery { try await host.tell(delivery, of: repository, context) }
                said.statusDigest = digest
            }
            if let comment = words.comment, words.commentDigest != row.commentDigest {
                try await host.say(
                    comment, onPullRequest: pull.number, of: repository, isThere: row.commentDigest != nil, context)
                said.commentDigest = words.commentDigest
            }
        } catch {
            return (said, error)
        }
        return (said, nil)
    }
}
