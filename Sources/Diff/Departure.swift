public import Basics
public import DesiredState
public import Formats

/// Something that a plan rests on and that is another than it was: until a person says that it is meant, nothing is lost
/// for it.
public struct Departure: Sendable, Hashable {
    /// What is another.
    public enum Subject: String, Sendable, Hashable, CaseIterable {
        /// The commit doesn't come after the one that was planned last.
        case history
        /// A document of guards or environments, or one that was found by its schema, has vanished or can't be told, or
        /// another file stands for it.
        case documents
        /// The repository whose branches bring environments about.
        case branches
        /// The repository whose pull requests have previews.
        case pullRequests = "pull_requests"
        /// An environment would get less care: a lower tier, or no protection any more; or what has care would get an owner
        /// that has less.
        case care
        /// Whom the credential of a provider leads to: its account, engine or server.
        case accounts
    }

    public let subject: Subject
    /// What was trusted.
    public let before: Value
    /// What is there now: an approval is of exactly this.
    public let after: Value
    /// The care that environments keep until then.
    public internal(set) var kept: [String: Care] = [:]
    /// What stays with whom it belongs to until then.
    var handOvers: [HandOver] = []
    /// The lines that say otherwise; an approval isn't of where they stand.
    var places: [SourceMark] = []

    public init(_ subject: Subject, from before: Value, to after: Value) {
        self.subject = subject
        self.before = before
        self.after = after
    }

    /// By which it is approved: `source.history/ssot`.
    public var key: ResourceKey { Self.key(of: subject) }

    /// Whether a key is that of a departure: of what a plan rests on, and of no resource.
    public static func isKey(_ key: ResourceKey) -> Bool { Subject.allCases.contains { self.key(of: $0) == key } }

    private static func key(of subject: Subject) -> ResourceKey {
        ResourceKey(ResourceKind("source.\(subject.rawValue)"), "ssot")
    }

    /// What an approval of it covers: this departure and no other.
    public var approvalDigest: Digest { change.approvalDigest }

    /// What has happened, in one sentence without an end.
    public var what: String {
        switch subject {
        case .history:
            return "the commit \(Self.short(after)) doesn't come after \(Self.short(before)), which was planned last"
        case .documents:
            return membersBefore.map {
                Self.change(of: $0.name, from: Self.text($0.value), to: after[$0.name] ?? .null)
            }.joined(separator: ", ")
        case .branches: return "the branches come from \(Self.text(after)) now, and came from \(Self.text(before))"
        case .pullRequests:
            return "the pull requests are those of \(Self.text(after)) now, and were those of \(Self.text(before))"
        case .care:
            return membersBefore.map { member in
                handOvers.first { $0.name == member.name }?.sentence
                    ?? "environment \(member.name) is \(Self.text(after[member.name] ?? .null)) now, and was "
                    + Self.text(member.value)
            }.joined(separator: ", ")
        case .accounts:
            return membersBefore.map {
                "\($0.name) \(Self.lead(from: $0.value, to: after[$0.name] ?? .null))"
            }.joined(separator: ", ")
        }
    }

    /// What was there, each under its name: of documents, accounts and care.
    private var membersBefore: [Value.Object.Member] { before.objectValue?.members ?? [] }

    /// Why nothing that a provider shows can be trusted, and what helps; nil where this is none of its.
    public func doubt(of provider: String) -> String? {
        guard subject == .accounts, let old = before[provider] else { return nil }
        return "it \(Self.lead(from: old, to: after[provider] ?? .null)): \(remedy)"
    }

    private var consequence: String {
        switch subject {
        case .history: "nothing that is there is changed or deleted"
        case .documents:
            if concerns(DesiredState.policiesDocument) {
                "nothing is made, changed or deleted"
            } else if concerns(DesiredState.digitalOceanPolicyDocument) {
                "nothing is deleted, and nothing that it rules is made or changed"
            } else {
                "nothing is deleted"
            }
        case .branches: "no environment of a branch comes, changes or goes"
        case .pullRequests: "no preview comes, changes or goes"
        case .care:
            "what guarded before still guards: what would be deleted or replaced asks first, and ends, windows and freezes "
                + "are those of before" + (handsOver ? "; what is taken over isn't changed and stays whose it is" : "")
        case .accounts: "nothing of it counts as gone, and nothing of it is made, changed or deleted"
        }
    }

    private var code: String {
        switch subject {
        case .history: "PLAN-0017"
        case .documents: "PLAN-0018"
        case .branches, .pullRequests: "PLAN-0019"
        case .care: "PLAN-0024"
        case .accounts: "PLAN-0025"
        }
    }

    private var remedy: String {
        let approval = "reconcile approve RUN --key \(key)"
        return switch subject {
        case .history: "wait for the newer commit, or look at ssot.ref and ssot.url; if it is meant: \(approval)"
        case .documents: "put it back as it was; if it is meant: \(approval)"
        case .branches: "look at application.url; if it is meant: \(approval)"
        case .pullRequests: "look at previews.repository and application.url; if it is meant: \(approval)"
        case .care:
            handOvers.isEmpty
                ? "write `tier` and `protected` as they were; if it is meant: \(approval)"
                : "write the environments and what is theirs as they were, with `tier` and `protected`; if it is meant: "
                    + approval
        case .accounts:
            "look at the credential and the address of providers."
                + "\(membersBefore.map(\.name).joined(separator: " and providers.")); if it is "
                + "meant: \(approval)"
        }
    }

    var diagnostic: Diagnostic {
        Diagnostic(
            .warning, code, "\(what): \(consequence)", at: places.first, hint: remedy,
            notes: places.dropFirst().map { Diagnostic.Note("another one is here", at: $0) })
    }

    /// Why a change may not happen before somebody says that it is meant.
    var reason: String { "\(what): \(remedy)" }

    /// How it stands in a plan: as a change that waits for an approval, and that nobody carries out.
    var change: PlannedChange {
        PlannedChange(
            key: key, action: .update, reason: what, cause: .unappliedCommit, verdict: .needsApproval,
            verdictReason: remedy, hold: .approval,
            attributes: [
                AttributeChange(path: subject.rawValue, before: before, after: after)
            ], source: places.first)
    }

    /// Whether what it tells is more than that environments have fallen.
    public var handsOver: Bool { !handOvers.isEmpty }

    /// Whether it stands in the way of a change.
    func holds(_ draft: Draft) -> Bool {
        // What would go by a rule of its own goes for the same mistake.
        if draft.loss != nil, subject == .documents || subject == .history { return true }
        // A change would be written down as its new owner's.
        if handOvers.contains(where: { $0.keys.contains(draft.key) }) {
            return [.update, .replace, .adopt].contains(draft.change.action)
        }
        return holds(draft.change.action, of: draft.change.key.kind)
    }

    /// Whether it stands in the way of an action on a resource of a kind.
    private func holds(_ action: ChangeAction, of kind: ResourceKind) -> Bool {
        switch (subject, action) {
        case (.history, .update), (.history, .replace), (.history, .delete), (.history, .adopt): true
        case (.documents, .replace), (.documents, .delete): true
        // What a policy forbade, no plan may do because the policy isn't found.
        case (.documents, .create), (.documents, .update), (.documents, .adopt):
            concerns(DesiredState.policiesDocument)
                || concerns(DesiredState.digitalOceanPolicyDocument) && ResourceKind.policedKinds.contains(kind)
        default: false
        }
    }

    /// Whether a document is among those that are others than before.
    private func concerns(_ document: String) -> Bool { before[document] != nil }

    /// What has become of a document.
    private static func change(of document: String, from old: String, to new: Value) -> String {
        if let path = new.stringValue { return "\(path) stands for \(old) now" }
        return switch new["file"]?.stringValue {
        case nil: "\(old) has vanished"
        case Document.Status.unreadable.rawValue: "\(old) is there and can't be read"
        default: "\(old) is there and doesn't say any more that it is \(document).yaml"
        }
    }

    /// Whom a credential leads to instead.
    private static func lead(from old: Value, to new: Value) -> String {
        guard let now = new.stringValue else {
            return "doesn't tell any more whom it leads to, and led to \(text(old))"
        }
        return "leads to \(now) now, and led to \(text(old))"
    }

    private static func text(_ value: Value) -> String { value.stringValue ?? "nowhere" }
    private static func short(_ value: Value) -> String { String(text(value).prefix(12)) }
}

/// What the last plan rested on, as far as another one could bring deletions about that nobody asked for.
public struct Lineage: Sendable, Hashable {
    /// The commit; nil before the first.
    public var revision: String?
    /// The files that stood for documents of guards and environments, and for those that were found by their schema and
    /// not by their path, by document.
    public var documents: [String: String]
    /// Documents that stand at their own paths now and guard nothing; of what was found, never of what is remembered.
    public var inPlace: Set<String> = []
    /// What became of the files that are there, by path; of what was found, never of what is remembered.
    public var files: [String: Document.Status] = [:]
    /// Which repository the branches came from; nil where that was not known.
    public var branches: String?
    /// `owner/name` of the repository of the pull requests; nil where nobody asked for them.
    public var pullRequests: String?
    /// The environments that get some care, with how much; nil where nobody kept that yet.
    public var care: [String: Care]?
    /// What somebody said may go to an environment with less care, until it has.
    public var granted: Set<Takeover> = []
    /// How much the commit gives; of what was found, never of what is remembered.
    public var careFound = CareFound()
    /// Whom the credentials of providers led to, in their own lasting ids, by provider.
    public var accounts: [String: String] = [:]
    /// Providers whose credentials may not see whom they lead to; of what was found, never of what is remembered.
    public var untold: Set<String> = []

    public init(
        revision: String? = nil, documents: [String: String] = [:], branches: String? = nil,
        pullRequests: String? = nil,
        accounts: [String: String] = [:]
    ) {
        self.revision = revision
        self.documents = documents
        self.branches = branches
        self.pullRequests = pullRequests
        self.accounts = accounts
    }

    /// What another lineage has as another; nil where it is the same, or where nothing was remembered.
    ///
    /// Commits in their order are none: whether `found` comes after this one only its repository can say.
    public func departure(_ subject: Departure.Subject, in found: Lineage) -> Departure? {
        switch subject {
        case .history: return Self.departure(.history, revision, found.revision)
        case .branches: return Self.departure(.branches, branches, found.branches)
        case .pullRequests: return Self.departure(.pullRequests, pullRequests, found.pullRequests)
        case .care: return careDeparture(in: found)
        case .documents:
            // One that has moved to its own path says itself what it is.
            let changed = documents.filter { found.documents[$0.key] != $0.value && !found.inPlace.contains($0.key) }
                .sorted { compareBytes($0.key, $1.key) < 0 }
            guard !changed.isEmpty else { return nil }
            return Departure(
                .documents, from: Self.object(changed.map { ($0.key, .string($0.value)) }),
                to: Self.object(changed.map { ($0.key, found.place(of: $0.key, after: $0.value)) }))
        case .accounts:
            // Who wasn't asked, or didn't answer, says nothing.
            let changed = accounts.filter { name, account in
                found.accounts[name].map { !sameBytes($0, account) } ?? found.untold.contains(name)
            }.sorted { compareBytes($0.key, $1.key) < 0 }
            guard !changed.isEmpty else { return nil }
            return Departure(
                .accounts, from: Self.object(changed.map { ($0.key, .string($0.value)) }),
                to: Self.object(changed.map { ($0.key, found.accounts[$0.key].map { .string($0) } ?? .null) }))
        }
    }

    /// What to remember after a plan: what was found, but for that which nobody has said yes to.
    public func next(_ found: Lineage, without held: Set<Departure.Subject>) -> Lineage {
        var next = Lineage(
            revision: held.contains(.history) ? revision : found.revision ?? revision,
            documents: held.contains(.documents) ? documents : found.documents,
            branches: held.contains(.branches) ? branches : found.branches ?? branches,
            pullRequests: held.contains(.pullRequests) ? pullRequests : found.pullRequests ?? pullRequests,
            accounts: accounts(after: found, isHeld: held.contains(.accounts)))
        next.care = nextCare(found, without: held)
        next.granted = nextGranted(found, without: held)
        return next
    }

    /// Whom credentials led to and lead to now: a provider that wasn't asked is remembered as it was.
    private func accounts(after found: Lineage, isHeld: Bool) -> [String: String] {
        let told = accounts.filter { isHeld || !found.untold.contains($0.key) }
        return told.merging(found.accounts) { old, new in isHeld ? old : new }
    }

    private static func departure(_ subject: Departure.Subject, _ before: String?, _ after: String?) -> Departure? {
        guard let before, let after, !sameBytes(before, after) else { return nil }
        return Departure(subject, from: .string(before), to: .string(after))
    }

    /// The file that stands for a document; where none does, what became of the one that did.
    private func place(of document: String, after old: String) -> Value {
        if let path = documents[document] { return .string(path) }
        guard let status = files[old] else { return .null }
        return Self.object([("file", .string(status.rawValue))])
    }

    static func texts(_ members: [(name: String, text: String?)]) -> Value {
        object(members.map { ($0.name, $0.text.map { .string($0) } ?? .null) })
    }

    private static func object(_ members: [(name: String, value: Value)]) -> Value {
        .object(Value.Object(members.map { Value.Object.Member($0.name, $0.value) }))
    }
}

extension Decision {
    /// Holds back what would be lost for something that nobody has said is meant.
    mutating func guardAgainstDepartures() {
        for departure in input.departures {
            for index in drafts.indices where departure.holds(drafts[index]) {
                guard drafts[index].change.verdict != .blocked, drafts[index].change.verdict != .denied else {
                    continue
                }
                drafts[index].refuse(.denied, departure.reason, as: .rule)
            }
            diagnostics.append(departure.diagnostic)
        }
    }
}
