internal import Basics
internal import DesiredState
internal import Formats

/// What becomes of a resource that nothing wants: only what is ours, and is surely the one we know, may go.
extension Comparison {
    mutating func remove(_ meeting: Meeting) {
        let observed = input.observed.kinds[meeting.kind]
        let seen = observed?.resources[meeting.seen] ?? []
        let resource = meeting.wanted.map { desired[$0] }
        let name = meeting.entry.map { input.inventory.entries[$0].key.name } ?? seen.first?.key.name
        let completeness = observed?.completeness(of: name ?? "")
        let isComplete = completeness?.isComplete == true

        guard let index = meeting.entry else {
            // Not in the inventory: only our mark at the provider makes it ours. What can't be told apart stays.
            guard let marked = seen.first(where: \.isOwned), isComplete else { return }
            // What another installation made is nothing to this one.
            let schema = input.schemas[meeting.kind]
            guard schema?.otherInstallation(than: input.installation, of: marked) == nil else { return }
            let unwanted = Unwanted(key: marked.key, entry: nil, resource: resource, seen: marked)
            if seen.count > 1 { return keep(unwanted, Self.ambiguity(seen), as: .ambiguous) }
            if let entry = entry(ofRenamed: marked) {
                return keep(unwanted, "the inventory knows \(marked.providerID) as \(entry.key)", as: .ambiguous)
            }
            return delete(
                unwanted,
                doubt: "it carries our mark, but this store doesn't know it: another installation may own it, or the "
                    + "store was lost")
        }
        let entry = input.inventory.entries[index]
        let unwanted = Unwanted(key: entry.key, entry: entry, resource: resource, seen: seen.first)
        guard let schema = input.schemas[meeting.kind] else {
            if let why = silence(entry.key) {
                return keep(unwanted, DraftText.silent(meeting.kind, why), as: .unobserved)
            }
            return keep(unwanted, DraftText.noDriver(meeting.kind), as: .impossible)
        }
        if !isComplete { return keep(unwanted, DraftText.why(completeness, meeting.kind), as: .unobserved) }
        if seen.count > 1 { return keep(unwanted, Self.ambiguity(seen), as: .ambiguous) }
        if seen.isEmpty, let why = young(entry) { return keep(unwanted, why, as: .unobserved) }
        guard let there = seen.first else {
            // By its mark it would be found again under its new name.
            if !schema.carriesMark, let other = renamed(entry, schema, observed?.resources ?? []), !isSpokenFor(other) {
                return keep(
                    unwanted,
                    "\(entry.providerID) is named \(other.key.name) at the provider now: name it \(entry.key.name) again and "
                        + "it goes, or remove it there", as: .impossible, lingering: reason(unwanted).text)
            }
            return forget(unwanted, "it is gone, and nothing wants it")
        }
        if schema.comesWithParent(there) {
            return forget(
                unwanted, "it came with \(KindOrder.parent(of: entry.key)?.description ?? "what holds it") and stays")
        }
        if let twin = twin(of: there) {
            return forget(unwanted, "it is \(twin): it was seen under both names, and is wanted under that one")
        }
        if isSame(entry, there) { return delete(unwanted, doubt: doubt(there)) }
        if let other = schema.otherInstallation(than: input.installation, of: there) {
            return forget(
                unwanted,
                "ours (\(entry.providerID)) is gone; \(there.providerID), which has its name, is the installation \(other)'s"
            )
        }
        if there.isOwned {
            return delete(
                unwanted,
                doubt: "it carries our mark, but this store remembers another object under its name "
                    + "(\(entry.providerID)): another installation may have made it")
        }
        forget(
            unwanted,
            "ours (\(entry.providerID)) is gone; \(there.providerID), which has its name, isn't ours and stays")
    }

    /// Why an object under a remembered name may be another's all the same; nil where nothing speaks for that.
    ///
    /// The id of some objects is their name, so that one made anew by hand can't be told from ours but by our mark.
    func doubt(_ there: ObservedResource) -> String? {
        guard input.schemas[there.key.kind]?.carriesMark == true, !there.isOwned else { return nil }
        return "it doesn't carry our mark any more: somebody took that off, or made another one under its name"
    }

    /// The name under which an object is wanted that was seen under that as well: a provider may take capitals for none.
    private func twin(of object: ObservedResource) -> ResourceKey? {
        let name = object.key.name
        let same = input.observed.kinds[object.key.kind]?.resources.first { other in
            sameBytes(other.providerID, object.providerID) && other.key != object.key
                && other.key.name.utf8.count == name.utf8.count && other.key.name.lowercased() == name.lowercased()
                && desired.contains { $0.key == other.key }
        }
        return same?.key
    }

    /// Whether something wants an object under the name that it has, or remembers it under that.
    private func isSpokenFor(_ object: ObservedResource) -> Bool {
        desired.contains { $0.key == object.key }
            || input.inventory.entries.contains { $0.key == object.key && sameBytes($0.providerID, object.providerID) }
    }

    /// What we remember of an object under the name that it had before somebody gave it another one.
    private func entry(ofRenamed object: ObservedResource) -> InventoryEntry? {
        input.inventory.entries.first {
            $0.key.kind == object.key.kind && sameBytes($0.providerID, object.providerID) && $0.key != object.key
        }
    }

    /// A resource that is ours or was, and that nothing wants.
    private struct Unwanted {
        let key: ResourceKey
        let entry: InventoryEntry?
        /// Its wish, where its environment has ended.
        let resource: DesiredResource?
        let seen: ObservedResource?

        var environment: String? { resource?.environment ?? entry?.environment }
        var isProtected: Bool { resource?.isProtected == true || entry?.isProtected == true }
    }

    /// - Parameters:
    ///   - unwanted: what goes.
    ///   - doubt: why it may not be this installation's; only a person may let such a thing go.
    private mutating func delete(_ unwanted: Unwanted, doubt: String?) {
        let (reason, cause) = reason(unwanted)
        guard let schema = input.schemas[unwanted.key.kind] else { return }
        if let why = schema.hindrance(.delete, []) { return forget(unwanted, why) }
        if let scope = scope(unwanted) {
            guard scope.isOfPerson else { return keep(unwanted, scope) }
            // Nothing goes, but that nothing wants it is known, and stays a difference; one that is meant, by a pin.
            return keep(
                unwanted, scope.sentence, as: scope.hold, lingering: reason, cause: scope.isPin ? .expected : cause)
        }
        var draft = Draft(
            change: PlannedChange(
                key: unwanted.key, action: .delete, reason: reason, cause: cause, source: unwanted.resource?.source,
                environment: unwanted.environment, requests: schema.requests(.delete, []),
                providerID: unwanted.seen?.providerID, isProtected: unwanted.isProtected))
        draft.needs = needs(of: unwanted)
        draft.claims = claims(unwanted)
        draft.isDrift = true
        draft.doubt = doubt
        add(draft)
    }

    private mutating func forget(_ unwanted: Unwanted, _ reason: String) {
        if let scope = scope(unwanted) { return keep(unwanted, scope) }
        add(
            Draft(
                change: PlannedChange(
                    key: unwanted.key, action: .forget, reason: reason, cause: .externalChange,
                    source: unwanted.resource?.source, environment: unwanted.environment,
                    providerID: unwanted.entry?.providerID, isProtected: unwanted.isProtected)))
    }

    private mutating func keep(_ unwanted: Unwanted, _ scope: UnknownScope) {
        keep(unwanted, "\(scope.unknown("whether it is wanted"))\(scope.sentence)", as: scope.hold)
    }

    /// Too little is known to let go of it, or a person forbids that.
    ///
    /// - Parameters:
    ///   - unwanted: what stays.
    ///   - why: what keeps it.
    ///   - hold: what sort of obstacle that is.
    ///   - lingering: why it would go otherwise; nil where that isn't known, so that it is no difference either.
    ///   - cause: whose difference it is then; nil: that of what would go.
    private mutating func keep(
        _ unwanted: Unwanted, _ why: String, as hold: Hold, lingering: String? = nil, cause: ChangeCause? = nil
    ) {
        var draft = Draft(
            change: PlannedChange(
                key: unwanted.key, action: .read, reason: lingering ?? "nothing seems to want it, but it stays",
                cause: cause ?? reason(unwanted).cause, verdict: .blocked, verdictReason: why, hold: hold,
                source: unwanted.resource?.source, environment: unwanted.environment,
                providerID: unwanted.entry?.providerID ?? unwanted.seen?.providerID,
                isProtected: unwanted.isProtected))
        draft.needs = needs(of: unwanted)
        draft.claims = claims(unwanted)
        draft.isKept = true
        draft.isDrift = lingering != nil
        add(draft)
    }

    /// The places that it has, as it was seen.
    private func claims(_ unwanted: Unwanted) -> [Claim] {
        guard let seen = unwanted.seen else { return [] }
        return input.schemas[seen.key.kind]?.claims(seen.key.name) ?? []
    }

    private func needs(of unwanted: Unwanted) -> [ResourceKey] {
        unwanted.resource.map(needs(of:)) ?? KindOrder.parent(of: unwanted.key).map { [$0] } ?? []
    }

    private func scope(_ unwanted: Unwanted) -> UnknownScope? {
        scopes.removal(of: unwanted.key, in: unwanted.environment, ownerIsKnown: unwanted.entry != nil)
    }

    private func reason(_ unwanted: Unwanted) -> (text: String, cause: ChangeCause) {
        if let slug = unwanted.environment, let life = lives[slug] {
            switch life.outlook.phase {
            case .expired:
                let when = life.outlook.expiresAt.map { " on \($0)" } ?? ""
                return ("environment \(slug) expired\(when): \(life.outlook.reason)", .expired)
            case .unwanted: return ("environment \(slug): \(life.outlook.reason)", .unappliedCommit)
            case .active, .expiring, .ending, .suspended, .pinned, .unknown: break
            }
        }
        let text = unwanted.entry == nil ? "it carries our mark, but nothing wants it" : "nothing wants it any more"
        return (text, .unappliedCommit)
    }
}
