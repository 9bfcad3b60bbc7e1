internal import Basics
internal import DesiredState

/// The two halves of a deletion: one pass marks, a later one deletes.
extension Decision {
    /// Keeps what nothing wants until its mark is old enough; notes what is to be marked.
    ///
    /// What goes with an environment that has ended follows the rule of its time to live. After every guard that denies,
    /// so that what a vanished root would let go is never even marked.
    ///
    /// - Parameter successors: what only changes: it makes way for something, and nobody lets go of it.
    mutating func awaitGrace(_ successors: [Int: Int]) {
        let rule = policy.prune
        let marks = Dictionary(input.inventory.marks.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let releases = releases()
        for index in drafts.indices
        where drafts[index].change.action == .delete && drafts[index].change.cause != .expired {
            guard drafts[index].isAllowed || drafts[index].change.verdict == .needsApproval else { continue }
            if let unread = rule.unreadable {
                let place = unread.source.map { ", \($0)" } ?? ""
                drafts[index].refuse(
                    .blocked, "how things go can't be read (`prune` of the policies\(place)): \(unread.reason)",
                    as: .rule, at: unread.source)
                continue
            }
            let key = drafts[index].key
            let isGuarded = reasonToAsk(drafts[index]) != nil
            let release = isGuarded ? nil : drafts[index].change.environment.flatMap { releases[$0] }
            // What only waits for somebody to notice goes at once by a person's word.
            if !isGuarded, input.approvals.contains(key) { continue }
            if release == nil, successors[index] != nil { continue }
            let providerID = drafts[index].change.providerID ?? ""
            let life = drafts[index].change.environment.flatMap { lives[$0] }
            let marked = marks[key].flatMap { sameBytes($0.providerID, providerID) ? $0 : nil }
            let mark = marked.flatMap { $0.counts(for: life) ? $0 : nil }
            // The hour that people were told stands, whatever its grace counts from by now.
            let told = marked?.goesAt.map { $0 - (mark?.markedAt ?? input.now) } ?? .zero
            let grace =
                release != nil
                ? max(rule.grace, rule.guardedGrace, told) : isGuarded ? rule.guardedGrace : rule.grace
            guard grace > .zero else { continue }
            var candidate = PruneCandidate(
                key: key, providerID: providerID, environment: drafts[index].change.environment,
                markedAt: mark?.markedAt, grace: grace, needsApproval: isGuarded)
            candidate.why = release?.reason
            candidate.environmentGoesAt = life?.takesAlong
            candidates.append(candidate)
            guard let mark else {
                hold(
                    index, release, "it is marked first, and goes \(grace.shortText) later",
                    else: "it is marked first: a later pass deletes it after \(grace.shortText) of grace"
                        + candidate.conditions(from: input.now))
                continue
            }
            let goesAt = mark.markedAt + grace
            guard input.now < goesAt else { continue }
            hold(
                index, release, "it goes after \(goesAt.minuteText) UTC",
                else: candidate.reason(markedAt: mark.markedAt), until: goesAt)
        }
        keepTogether(releases)
        keepInside()
        candidates.sort { ResourceKey.compare($0.key, $1.key) < 0 }
    }

    /// Keeps one thing until its grace is over; of what documents let go, a person is shown how to have it go before.
    private mutating func hold(
        _ index: Int, _ release: Release?, _ when: String, else reason: String, until goesAt: Timestamp? = nil
    ) {
        if let release, let slug = drafts[index].change.environment {
            drafts[index].refuse(.needsApproval, release.sentence(of: slug, when), as: .grace, until: goesAt)
        } else {
            drafts[index].refuse(.blocked, reason, as: .grace, until: goesAt)
        }
    }

    /// The environments of this plan that haven't ended, and of which documents let go, or of all that they own.
    private func releases() -> [String: Release] {
        // Who was told an hour may rely on it, also where the rule by which it was told holds no more.
        let (isRuled, grace, now) = (policy.prune.guardedGrace > .zero, policy.prune.grace, input.now)
        let waiting = Set(
            input.inventory.marks.lazy.filter { mark in
                mark.goesAt.map { $0 > now && $0 > mark.markedAt + grace } ?? false
            }.compactMap(\.environment))
        guard isRuled || !waiting.isEmpty else { return [:] }
        var releases: [String: Release] = [:]
        var living: Set<String> = []
        for draft in drafts where draft.change.action == .delete && draft.change.cause != .expired {
            guard let slug = draft.change.environment, let life = lives[slug], isRuled || waiting.contains(slug) else {
                continue
            }
            switch life.outlook.phase {
            case .unwanted: releases[slug] = life.release
            case .active, .expiring, .ending:
                // Without data nothing is lost that its documents can't make again.
                if input.schemas[draft.key.kind]?.isStateful == true { living.insert(slug) }
            case .expired, .suspended, .pinned, .unknown: break
            }
        }
        guard !living.isEmpty else { return releases }
        living.subtract(input.desired.resources.lazy.compactMap(\.environment))
        for slug in living { releases[slug] = .ofEverything }
        return releases
    }

    /// Nothing of such an environment goes by time before all of it may: without its address or its user it would be broken
    /// for as long as its data waits.
    private mutating func keepTogether(_ releases: [String: Release]) {
        guard !releases.isEmpty else { return }
        var held: [String: ResourceKey] = [:]
        for draft in drafts where !draft.isAllowed && (draft.change.action == .delete || draft.isKept) {
            guard let slug = draft.change.environment, releases[slug] != nil else { continue }
            if let other = held[slug], ResourceKey.compare(other, draft.key) < 0 { continue }
            held[slug] = draft.key
        }
        for index in drafts.indices where drafts[index].change.action == .delete && drafts[index].isAllowed {
            let key = drafts[index].key
            guard let slug = drafts[index].change.environment, let release = releases[slug], let other = held[slug],
                !input.approvals.contains(key)
            else { continue }
            drafts[index].refuse(
                .needsApproval, release.sentence(of: slug, "it goes together with \(other), which stays so far"),
                as: .grace)
        }
    }
}

extension Decision {
    /// Nothing goes from inside of what is to go as well and stays so far: one letter in the name of a domain would take its
    /// records away, while the domain itself waits for a person.
    private mutating func keepInside() {
        let staying = Set(
            drafts.lazy.filter { !$0.isAllowed && ($0.change.action == .delete || $0.isKept) }.map(\.key))
        guard !staying.isEmpty else { return }
        for index in drafts.indices where drafts[index].change.action == .delete && drafts[index].isAllowed {
            let draft = drafts[index]
            guard let parent = KindOrder.parent(of: draft.key), staying.contains(parent),
                draft.change.cause != .expired, !input.approvals.contains(draft.key)
            else { continue }
            drafts[index].refuse(.blocked, "it goes together with \(parent), which stays so far", as: .dependency)
        }
    }
}

extension PruneMark {
    /// Whether the grace of what it marks counts from it.
    ///
    /// Of an environment that nothing wants any more all goes without a question. Who was told of one before, when it lived, was
    /// told of an approval as well, and is told anew.
    fileprivate func counts(for life: EnvironmentLives.Life?) -> Bool {
        guard let life, life.outlook.phase == .unwanted else { return true }
        return life.unwantedSince.map { $0 <= markedAt } ?? false
    }
}

extension EnvironmentLives.Life {
    /// When what it owns goes with it, whatever else is said of that; nil where it doesn't end, or what it owns then stays.
    fileprivate var takesAlong: Timestamp? {
        guard !isProtected, tier == .dev || tier == .preview else { return nil }
        switch outlook.phase {
        case .active, .expiring, .ending: return outlook.goesAt ?? outlook.expiresAt
        case .expired, .unwanted, .suspended, .pinned, .unknown: return nil
        }
    }
}
