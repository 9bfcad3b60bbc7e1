internal import Basics
internal import DesiredState
internal import Formats

/// What becomes of a resource that is wanted.
extension Comparison {
    /// Compares one wanted resource for good and drafts its change, if it takes one.
    mutating func settle(_ meeting: Meeting) {
        guard let index = meeting.wanted else { return }
        let resource = desired[index]
        guard let schema = input.schemas[meeting.kind] else {
            if let answer = secretAnswer(resource) { return settle(resource, answer, noop: index) }
            if let why = silence(resource.key) {
                return read(resource, DraftText.silent(meeting.kind, why), as: .unobserved)
            }
            let observed = input.observed.kinds[meeting.kind]
            let why = observed == nil ? "" : " (although it was observed)"
            return read(resource, DraftText.noDriver(meeting.kind) + why, as: .impossible)
        }
        let observed = input.observed.kinds[meeting.kind]
        let completeness = observed?.completeness(of: resource.key.name)
        let seen = observed?.resources ?? []
        let entry = meeting.entry.map { input.inventory.entries[$0] }

        if meeting.seen.count > 1 {
            return read(resource, Self.ambiguity(seen[meeting.seen]), as: .ambiguous)
        }
        guard let place = meeting.seen.first else {
            guard completeness?.isComplete == true else {
                return read(resource, DraftText.why(completeness, meeting.kind), as: .unobserved)
            }
            if let entry, let other = renamed(entry, schema, seen) {
                let why =
                    schema.isStateful ? "another one beside it would be empty" : "it would stay in force beside another"
                return read(
                    resource,
                    "\(entry.providerID) is named \(other.key.name) at the provider now, and \(why): name it "
                        + "\(resource.key.name) again, or want it under its new name", other, as: .impossible)
            }
            if let entry, let why = young(entry) { return read(resource, why, as: .unobserved) }
            return create(resource, schema, entry)
        }
        let there = seen[place]
        if let entry, isSame(entry, there) {
            return update(resource, schema, entry, there, noop: index)
        }
        guard completeness?.isComplete == true else {
            // On the pages that are missing there may be another of that name, and that one may be meant.
            return read(resource, DraftText.why(completeness, meeting.kind), as: .unobserved)
        }
        if schema.comesWithParent(there) { return count(noop: index) }
        adopt(resource, schema, entry, there)
    }

    /// A name in a store: people put it there, so that one that is missing is told and made by nobody here.
    private mutating func settle(_ resource: DesiredResource, _ answer: SecretAnswer, noop index: Int) {
        switch answer.state {
        case .present: count(noop: index)
        case .unknown: read(resource, answer.reason, as: .unobserved)
        case .missing:
            var draft = Draft(
                change: PlannedChange(
                    key: resource.key, action: .create, reason: answer.reason, cause: .unappliedCommit,
                    verdict: .blocked,
                    verdictReason: answer.remedy, source: resource.source, environment: resource.environment,
                    wanted: resource.attributes, isProtected: resource.isProtected))
            draft.isDrift = true
            add(draft)
        }
    }

    /// Makes a change wait for what its new values mean by name.
    private func name(_ draft: inout Draft) {
        guard let schema = input.schemas[draft.key.kind] else { return }
        for attribute in draft.change.attributes {
            guard let after = attribute.after, let rule = schema.rule(attribute.path) else { continue }
            for key in rule.names(after) where key != draft.key { draft.named.insert(key) }
        }
        draft.needs += draft.named.subtracting(draft.needs).sorted { ResourceKey.compare($0, $1) < 0 }
    }

    /// Why it is too early to say that something is gone; nil when it isn't.
    func young(_ entry: InventoryEntry) -> String? {
        let (age, overflow) = input.now.microseconds.subtractingReportingOverflow(entry.createdAt.microseconds)
        guard !overflow, (0..<ListLag.longest.microseconds).contains(age) else { return nil }
        return
            "it was made \(Duration.microseconds(age).shortText) ago and isn't listed: lists may lag behind by a minute"
    }

    /// The object that we remember under another name, where that would be missed: its data isn't in a new one, or what it
    /// allows stays allowed.
    func renamed(
        _ entry: InventoryEntry, _ schema: KindSchema, _ seen: [ObservedResource]
    ) -> ObservedResource? {
        guard schema.isKnownByID, !entry.providerID.isEmpty else { return nil }
        return seen.first { sameBytes($0.providerID, entry.providerID) }
    }

    private mutating func create(_ resource: DesiredResource, _ schema: KindSchema, _ entry: InventoryEntry?) {
        var found = Differences()
        for attribute in resource.attributes {
            let rule = schema.rule(attribute.name)
            note(attribute, rule, before: nil, in: &found)
        }
        let draft = Draft(
            change: PlannedChange(
                key: resource.key, action: .create,
                reason: entry == nil ? "it doesn't exist yet" : "it was deleted outside of git",
                cause: entry == nil ? .unappliedCommit : .externalChange, attributes: found.changes,
                source: resource.source, environment: resource.environment,
                requests: schema.requests(.create, found.changes.map(\.path)), wanted: resource.attributes,
                isProtected: resource.isProtected || entry?.isProtected == true))
        finish(draft, resource, found)
    }

    private mutating func update(
        _ resource: DesiredResource, _ schema: KindSchema, _ entry: InventoryEntry, _ there: ObservedResource,
        noop index: Int
    ) {
        let found = differences(resource, schema, entry, there)
        guard !found.changes.isEmpty else {
            // Nothing that is known differs; what a value comes from may itself be unknown.
            if let unknown = found.unknown { return read(resource, unknown, there, as: .unobserved) }
            tell(found, resource)
            return count(noop: index)
        }
        let replaces = found.changes.contains(where: \.requiresReplacement)
        let action: ChangeAction = replaces ? .replace : .update
        var reason = DraftText.difference(found.changes)
        if replaces {
            let fixed = found.changes.filter(\.requiresReplacement).map(\.path).joined(separator: ", ")
            reason += ", and \(fixed) can't be changed in place"
        }
        // A new object needs everything that is wanted, not only what differs.
        let paths = replaces ? resource.attributes.map(\.name) : found.changes.map(\.path)
        var draft = Draft(
            change: PlannedChange(
                key: resource.key, action: action, reason: reason,
                cause: found.cause,
                attributes: found.changes, source: resource.source, environment: resource.environment,
                requests: schema.requests(action, paths), providerID: there.providerID, wanted: resource.attributes,
                isProtected: resource.isProtected || entry.isProtected))
        if replaces { draft.doubt = doubt(there) }
        tell(found, resource)
        if let until = found.rest(at: input.now), !input.isManual {
            draft.refuse(
                .blocked,
                "\(DraftText.difference(found.changes)) again after each write: somebody else writes it too, so it rests "
                    + "until \(until.minuteText) UTC", as: .contested, until: until)
        }
        finish(draft, resource, found)
    }

    private mutating func adopt(
        _ resource: DesiredResource, _ schema: KindSchema, _ entry: InventoryEntry?, _ there: ObservedResource
    ) {
        let found = differences(resource, schema, nil, there)
        let difference = found.changes.isEmpty ? "" : "; \(DraftText.difference(found.changes))"
        let reason =
            entry.map { "it was replaced outside of git: \($0.providerID) is now \(there.providerID)\(difference)" }
            ?? (there.isOwned
                ? "it carries our mark but isn't in the inventory\(difference)"
                : "it exists and isn't ours yet\(difference)")
        var draft = Draft(
            change: PlannedChange(
                key: resource.key, action: .adopt, reason: reason,
                cause: found.isExpected ? .expected : entry == nil ? .unappliedCommit : .externalChange,
                attributes: found.changes, source: resource.source, environment: resource.environment,
                requests: schema.requests(.adopt, found.changes.map(\.path)), providerID: there.providerID,
                wanted: resource.attributes, isProtected: resource.isProtected || entry?.isProtected == true))
        if let other = schema.otherInstallation(than: input.installation, of: there) {
            draft.refuse(
                .blocked,
                "it carries the mark of the installation \(other): give the resource another name, or take the mark off "
                    + "at the provider if that installation has let go of it", as: .impossible)
        } else if !schema.canAdopt, !there.isOwned {
            draft.refuse(
                .blocked,
                "\(there.providerID) has its name but isn't ours, and a \(resource.key.kind) can't be taken over",
                as: .impossible)
        } else if let fixed = found.changes.first(where: \.requiresReplacement),
            schema.hindrance(.adopt, found.changes.map(\.path)) == nil
        {
            draft.refuse(
                .blocked,
                "taking it over would mean to replace it, for \(fixed.path) can't be changed in place: want what is "
                    + "there, or give the resource another name", as: .impossible)
        }
        if entry == nil, !there.isOwned { draft.question = overwriting(resource, found) }
        finish(draft, resource, found)
    }

    /// Why a person has to see what is there be overwritten for an environment that came by itself; nil where it isn't.
    ///
    /// Whoever pushes a branch chooses its name, and with it the names of what it wants: `mail` is one, too.
    private func overwriting(_ resource: DesiredResource, _ found: Differences) -> String? {
        guard !found.changes.isEmpty, let slug = resource.environment, lives.areOfBranches.contains(slug) else {
            return nil
        }
        return "it was there before environment \(slug), which a branch or pull request brought about, and "
            + "\(DraftText.names(found.changes)) would be overwritten (\(resource.source)): give the branch another name, or "
            + "the object"
    }

    // MARK: Endings

    /// Puts a draft into the plan, held back by what was found on the way and by unknown scopes.
    private mutating func finish(_ draft: Draft, _ resource: DesiredResource, _ found: Differences) {
        var draft = draft
        draft.needs = needs(of: resource)
        if draft.comes {
            draft.claims = input.schemas[draft.key.kind]?.claims(draft.key.name) ?? []
        }
        name(&draft)
        draft.awaits = found.awaits
        draft.causes = found.causes
        draft.isDrift = draft.change.action != .adopt || !found.changes.isEmpty
        draft.loss = loss(by: draft.change)
        // What is made now holds nothing yet.
        if draft.change.action != .create { draft.question = draft.question ?? draft.loss }
        if draft.isAllowed, let obstacle = found.obstacle { draft.refuse(.blocked, obstacle, as: .impossible) }
        if draft.isAllowed, let unknown = found.unknown { draft.refuse(.blocked, unknown, as: .unobserved) }
        if draft.isAllowed, let schema = input.schemas[draft.key.kind],
            let why = schema.hindrance(draft.change.action, draft.change.attributes.map(\.path))
        {
            let remedy = schema.remedy(draft.key, resource.attributes).map { ": \($0)" } ?? ""
            draft.refuse(.blocked, why + remedy, as: .impossible)
        }
        if draft.isAllowed, let why = emptiness(of: draft.change, resource) {
            draft.refuse(.blocked, why, as: .impossible)
        }
        if let scope = scopes.change(of: resource.key, in: resource.environment) {
            draft.refuse(.blocked, "\(scope.unknown("what is wanted"))\(scope.sentence)", as: scope.hold)
            draft.isDrift = draft.isDrift && scope.isOfPerson
        }
        add(draft)
    }

    /// What goes for good by the values that a change writes, with the line that wants it so; nil where nothing does.
    private func loss(by change: PlannedChange) -> String? {
        guard let schema = input.schemas[change.key.kind] else { return nil }
        for attribute in change.attributes {
            guard let after = attribute.after, let what = schema.rule(attribute.path)?.loses(attribute.before, after)
            else {
                continue
            }
            let place = (attribute.mark ?? change.source).map { " (\($0))" } ?? ""
            return "\(what) by its \(attribute.path)\(place), and nothing brings that back"
        }
        return nil
    }

    /// Nothing can be said of a wanted resource.
    private mutating func read(
        _ resource: DesiredResource, _ why: String, _ there: ObservedResource? = nil, as hold: Hold
    ) {
        var draft = Draft(
            change: PlannedChange(
                key: resource.key, action: .read, reason: "its state is unknown", cause: .unappliedCommit,
                verdict: .blocked, verdictReason: why, hold: hold, source: resource.source,
                environment: resource.environment,
                providerID: there?.providerID, wanted: resource.attributes, isProtected: resource.isProtected))
        draft.needs = needs(of: resource)
        add(draft)
    }

    static func ambiguity(_ seen: ArraySlice<ObservedResource>) -> String {
        let ids = seen.map(\.providerID).sorted { compareBytes($0, $1) < 0 }
        return "\(ids.count) objects share this name (\(ids.joined(separator: ", "))): which one is meant is unknown"
    }

    func needs(of resource: DesiredResource) -> [ResourceKey] {
        var needs = Set(resource.dependsOn)
        for attribute in resource.attributes {
            if case .reference(let key, _) = attribute.value { needs.insert(key) }
        }
        if let parent = KindOrder.parent(of: resource.key) { needs.insert(parent) }
        needs.remove(resource.key)
        if resource.dependsOn.contains(resource.key) { needs.insert(resource.key) }
        return needs.sorted { ResourceKey.compare($0, $1) < 0 }
    }
}
