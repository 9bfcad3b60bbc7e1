import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store

/// What is said of one preview on its pull request, after a pass; pure.
///
/// It says how things are and nothing of this pass, so that the next pass, which changes nothing, says the same.
struct PreviewReport: Sendable {
    /// How one thing that the preview consists of stands.
    struct Part: Sendable, Hashable {
        enum State: Sendable, Hashable {
            case inPlace
            case waiting(String)
            case failed(code: String)
            case leaving(String)
        }

        let key: ResourceKey
        let state: State
    }

    enum Stage: Sendable, Hashable {
        case ready
        case underway
        /// Something waits for a person, a window, or another change.
        case waiting(String)
        case failed(code: String)
        case expired
        /// Too little is known: everything stays as it is.
        case uncertain(String)
        /// A person has it left alone: everything stays as it is.
        case suspended(String)
        /// Not wanted any more, and not all of it is gone.
        case leaving(String)
        /// Not wanted any more, and a person keeps it.
        case kept(String)
        case gone(String)
    }

    let slug: String
    let stage: Stage
    var commit: String?
    /// A newer commit of a fork that nobody has let in; nil: the preview is of the newest.
    var unseen: String?
    var isFork = false
    var address: String?
    var expiresAt: Timestamp?
    /// Why it never expires.
    var endless: String?
    /// That its end is near, or has come; nil while there is time.
    var warning: String?
    /// What gives it more time.
    var keeping = Keeping.usual
    var parts: [Part] = []

    /// The most parts that a comment shows.
    private static let partLimit = 30
    static let checkName = "odooops/preview"

    // MARK: The comment

    var comment: String {
        var lines = ["### Preview `\(slug)`: \(Self.plain(word))", ""]
        if let warning, isAlive {
            lines += ["> **\(Self.plain(warning))** Keep it: `\(keeping.command(slug))`", ""]
        }
        let begin = lines.count
        lines += ["| | |", "|---|---|"]
        if let address { lines.append("| Address | \(stage == .ready ? address : "`\(address)`, once it is ready") |") }
        if let commit { lines.append("| Commit | `\(commit.prefix(12))` |") }
        if let unseen, isAlive {
            let remedy = "take the label away, look at the change, and set it again"
            lines.append("| Newer | `\(unseen.prefix(12))` is not let in: \(remedy) |")
        }
        if let expiresAt, isAlive {
            lines.append("| Expires | \(expiresAt.minuteText) UTC |")
            lines.append("| Longer | `\(keeping.command(slug))` |")
        } else if let endless, isAlive {
            lines.append("| Expires | never (\(Self.plain(endless))) |")
        }
        if lines.count == begin + 2 { lines.removeLast(3) }
        if !parts.isEmpty {
            lines += ["", "| Plan | |", "|---|---|"]
            lines += parts.prefix(Self.partLimit).map { "| `\($0.key)` | \(Self.plain(Self.text($0.state))) |" }
            if parts.count > Self.partLimit { lines.append("| … | \(parts.count - Self.partLimit) more |") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Whether nothing of it is there any more.
    var isGone: Bool {
        if case .gone = stage { true } else { false }
    }

    /// Whether a person keeps it though nothing wants it any more.
    var isKept: Bool {
        if case .kept = stage { true } else { false }
    }

    private var isAlive: Bool {
        switch stage {
        case .ready, .underway, .waiting, .failed, .uncertain, .suspended: true
        case .expired, .leaving, .kept, .gone: false
        }
    }

    private var word: String {
        switch stage {
        case .ready: "ready"
        case .underway: "being made"
        case .waiting(let reason): "waits: \(reason)"
        case .failed(let code): "failed (\(code))"
        case .expired: "expired; \(revival)"
        case .uncertain(let reason): "unknown: \(reason)"
        case .suspended(let reason): "left alone: \(reason)"
        case .leaving(let reason): "being removed: \(reason)"
        case .kept(let reason): "stays: \(reason)"
        case .gone(let reason): "gone: \(reason)"
        }
    }

    private var revival: String {
        isFork ? "a new commit that its label lets in brings it back" : "a new commit brings it back"
    }

    private static func text(_ state: Part.State) -> String {
        switch state {
        case .inPlace: "in place"
        case .waiting(let reason): "waits: \(reason)"
        case .failed(let code): "failed (\(code))"
        case .leaving(let reason): "goes: \(reason)"
        }
    }

    /// One line that is no Markdown, ends no cell of a table and calls nobody.
    private static func plain(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "|": result += "\\|"
            case "@": result += "@\u{200B}"
            case "<": result += "&lt;"
            case _ where scalar.value < 32: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    // MARK: The check

    var check: CommitCheck {
        guard unseen == nil || !isAlive else {
            // Whatever became of the commit that was let in: of this one there is no preview.
            return CommitCheck(
                Self.checkName, .pending,
                "Take the label away, look at the change, and set it again for a preview of it.")
        }
        return CommitCheck(
            Self.checkName, standing.state, standing.sentence, address: stage == .ready ? address : nil)
    }

    /// What can be said of the commit that the preview is of.
    private var standing: (state: CommitCheck.State, sentence: String) {
        switch stage {
        case .ready: (.success, "The preview is ready.")
        case .underway: (.pending, "The preview is being made.")
        case .waiting: (.pending, "A change of the preview waits; the comment says for what.")
        case .failed(let code): (.failure, "The preview could not be made: \(code).")
        case .expired: (.success, "The preview has expired; \(revival).")
        case .uncertain: (.pending, "The state of the preview is not known; the comment says why.")
        case .suspended: (.pending, "A person has the preview left alone; the comment says why.")
        case .kept: (.success, "The preview stays, though nothing wants it any more; the comment says why.")
        case .leaving, .gone: (Self.gone.state, Self.gone.sentence)
        }
    }

    /// What takes an address away that leads nowhere.
    static let gone = CommitCheck(checkName, .success, "There is no preview.")

    /// What ends a check that is pending when its pull request is over; nil while that is open.
    ///
    /// What was merged has its commit in another branch now, and holds up nobody there.
    static func end(of row: PullRequestRow) -> CommitCheck? {
        switch row.state {
        case .open: nil
        case .closed: CommitCheck(checkName, .error, "The pull request was closed before its preview was ready.")
        case .merged: CommitCheck(checkName, .success, "The pull request was merged before its preview was ready.")
        }
    }
}

extension PreviewReport {
    /// What ends a check that is pending on a commit after which another one came.
    ///
    /// GitHub has no word for what was called off; a success would let a commit be merged that nobody has seen.
    static func replaced(by head: String) -> CommitCheck {
        CommitCheck(checkName, .error, "Superseded by \(head.prefix(12)) before the preview was ready.")
    }

    /// How the delivery of a commit stands; nil where too little is known to say anything.
    func delivery(of head: String) -> PreviewDelivery? {
        let word: (state: PreviewDelivery.State, sentence: String)? =
            switch stage {
            case .uncertain, .suspended, .kept: nil
            case .expired, .leaving, .gone: (.ended, "")
            case .waiting: (.queued, standing.sentence)
            case .underway: (.underway, standing.sentence)
            case .ready: (.success, standing.sentence)
            case .failed: (.failure, standing.sentence)
            }
        guard let word else { return nil }
        return PreviewDelivery(
            slug, commit ?? head, word.state, word.sentence, address: stage == .ready ? address : nil)
    }
}

/// What a pass has come to, as far as previews ask for it.
struct PreviewFacts: Sendable {
    /// Nil where no policy wants previews any more.
    let rule: PreviewRule?
    let environments: [String: Environment]
    let outlooks: [String: EnvironmentOutlook]
    let previews: [Int64: Preview]
    /// Of each environment: what the plan changes of it.
    let changes: [String: [PlannedChange]]
    let done: Set<ResourceKey>
    /// The last fault of each resource of which a step failed.
    let failed: [ResourceKey: String]
    let skipped: [ResourceKey: String]
    /// Of what this pass has marked before it goes: why it stays.
    let marked: [ResourceKey: String]
    /// The environments that still own something.
    let owners: Set<String>
    /// Whether nobody has said yet that the commit or its documents are meant: nothing goes for them.
    let isInDoubt: Bool

    /// The numbers of the pull requests that have a preview, or may have one.
    var holders: Set<Int64> {
        Set(
            previews.compactMap { number, preview in
                switch preview.verdict {
                case .wanted, .uncertain: number
                case .refused: nil
                }
            })
    }

    /// What is to be said of a pull request; nil where there is nothing to say.
    func report(on row: PullRequestRow) -> PreviewReport? {
        let pull = row.pullRequest
        let slug = pull.slug
        let hasSpoken = row.commentDigest != nil || row.statusDigest != nil || row.checkedCommit != nil
        guard row.state == .open else {
            guard hasSpoken else { return nil }
            let reason = "the pull request is \(row.state == .merged ? "merged" : "closed")"
            return ending(slug, reason)
        }
        switch previews[pull.number]?.verdict {
        case .wanted, .uncertain: return living(pull)
        case .refused(let reason):
            // Nobody asked for a preview who only met a pattern; whoever set a label waits for a word.
            let isAsked = rule?.allow.contains { $0.label != nil && $0.matches(pull) } == true
            guard hasSpoken ? !isInDoubt : isAsked else { return nil }
            return ending(slug, reason)
        case nil:
            guard hasSpoken, !isInDoubt else { return nil }
            return ending(slug, "no entry of `previews` allows it any more")
        }
    }

    private func ending(_ slug: String, _ reason: String) -> PreviewReport {
        let isLeft = owners.contains(slug)
        // Whoever pinned it or has it left alone keeps it, though nothing wants it any more.
        let hold =
            switch (outlooks[slug]?.phase, outlooks[slug]?.reason) {
            case (.pinned, let reason?): "; \(reason)"
            case (.suspended, _): "; a person has it left alone, and it goes when it is reconciled again"
            default: ""
            }
        let stage: PreviewReport.Stage =
            !isLeft ? .gone(reason) : hold.isEmpty ? .leaving(reason) : .kept(reason + hold)
        var report = PreviewReport(slug: slug, stage: stage)
        if isLeft { report.parts = (changes[slug] ?? []).filter { !done.contains($0.key) }.map(part) }
        return report
    }

    private func living(_ pull: PullRequest) -> PreviewReport? {
        let slug = pull.slug
        guard let environment = environments[slug], let outlook = outlooks[slug] else { return nil }
        let changes = (changes[slug] ?? []).filter { !done.contains($0.key) }
        let open = Dictionary(changes.map { ($0.key, part($0)) }, uniquingKeysWith: { first, _ in first })
        var report = PreviewReport(slug: slug, stage: stage(outlook, Array(open.values)))
        report.commit = environment.headCommit
        report.isFork = pull.isFork
        report.unseen = pull.isFork && environment.headCommit != pull.headCommit ? pull.headCommit : nil
        report.address = environment.domain.map { "https://\($0)" }
        report.expiresAt = outlook.expiresAt
        report.warning = Self.warning(outlook)
        report.keeping = outlook.keeping
        let isClear = outlook.phase.isDecided
        report.endless = outlook.expiresAt == nil && isClear ? outlook.reason : nil
        var keys = Set(environment.resources)
        if outlook.phase == .expired { keys = [] }
        report.parts = keys.union(open.keys).sorted().map { open[$0] ?? PreviewReport.Part(key: $0, state: .inPlace) }
        return report
    }

    /// In instants and not in spans: as long as they are the same, so is the comment.
    private static func warning(_ outlook: EnvironmentOutlook) -> String? {
        switch (outlook.phase, outlook.expiresAt, outlook.goesAt) {
        case (.expiring, let end?, _):
            "It expires soon, at \(end.minuteText) UTC, and what it consists of goes with it."
        case (.ending, _, let end?): "Its time is over: what it consists of goes at \(end.minuteText) UTC."
        default: nil
        }
    }

    private func stage(_ outlook: EnvironmentOutlook, _ open: [PreviewReport.Part]) -> PreviewReport.Stage {
        switch outlook.phase {
        case .unknown: return .uncertain(outlook.reason)
        case .suspended: return .suspended(outlook.reason)
        case .expired: return open.isEmpty ? .expired : .leaving("it expired")
        case .active, .expiring, .ending, .unwanted, .pinned: break
        }
        for part in open.sorted(by: { $0.key < $1.key }) {
            if case .failed(let code) = part.state { return .failed(code: code) }
        }
        for part in open.sorted(by: { $0.key < $1.key }) {
            if case .waiting(let reason) = part.state { return .waiting(reason) }
        }
        return open.isEmpty ? .ready : .underway
    }

    private func part(_ change: PlannedChange) -> PreviewReport.Part {
        let state: PreviewReport.Part.State
        if let code = failed[change.key] {
            state = .failed(code: code)
        } else if change.verdict != .allowed {
            state = .waiting(marked[change.key] ?? change.verdictReason ?? change.verdict.rawValue)
        } else if let reason = skipped[change.key] {
            state = .waiting(reason)
        } else {
            state = change.action == .delete ? .leaving(change.reason) : .waiting(change.reason)
        }
        return PreviewReport.Part(key: change.key, state: state)
    }
}
