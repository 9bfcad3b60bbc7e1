import Basics
import Formats

/// What registry and inventory say, and what follows from them alone.
struct SecretsReading: DocumentsReading {
    let registry: SecretsRegistry
    let inventory: SecretsInventory
    /// The presence that they want, sorted by key.
    let resources: [DesiredResource]
    /// The places at Vercel that the registry writes.
    let variables: [VercelVariables.Wish]
    /// The places at Supabase that it writes and a function uses.
    let functions: [SecretPlace]

    static func read(_ library: Library, _ report: Report) -> SecretsReading {
        let documents = [ManagedDocument.secretsRegistry, .secretsInventory].map { library.document($0)?.content }
        return library.kept.read(SecretsReading.self, documents, report)
    }

    /// The documents are the registry and the inventory.
    init(_ documents: [DocumentContent?], _ report: Report) {
        // Both are long, and a commit rarely changes both: each is kept by itself.
        registry =
            documents[0].map { $0.reading(SecretsRegistryReader.Kept.self, report)?.registry ?? .unread($0) }
            ?? SecretsRegistry()
        inventory =
            documents[1].map { $0.reading(SecretsInventoryReader.Kept.self, report)?.inventory ?? .unread($0) }
            ?? SecretsInventory()
        let drafts = SecretsResources(registry: registry, inventory: inventory, report: report).drafts()
        resources = drafts.map(\.protected.resource).sortedByPlaces(\.key, by: <)
        variables = VercelVariables.wishes(registry, inventory)
        functions = SupabaseSecrets.places(registry)
    }
}

/// Turns the registry into the presence that is wanted, and holds registry and inventory against each other.
struct SecretsResources {
    let registry: SecretsRegistry
    let inventory: SecretsInventory
    let report: Report

    /// A secret that wants its name to be in a place, with the entries that say so.
    private struct Owner {
        let id: String
        let place: SecretPlace
        let entries: [SecretEntry]
    }

    /// - Returns: one draft for each name in a store that has to be there.
    func drafts() -> [Draft] {
        var owners: [ResourceKey: [Owner]] = [:]
        for (id, entries) in Dictionary(grouping: registry.entries, by: \.id) {
            if let broken = entries.first(where: { !$0.isSound }) {
                lose(entries, broken)
                continue
            }
            guard entries.allSatisfy({ $0.expectation == .present }) else {
                compare(entries)
                continue
            }
            for place in wanted(entries) {
                owners[place.key, default: []].append(Owner(id: id, place: place, entries: entries))
            }
        }
        compareInventory()
        return owners.map { key, owners in
            let owners = owners.sorted { $0.id.precedesByBytes($1.id) }
            noteShared(key, owners.map { ($0.id, $0.place.source) })
            return draft(key, owners)
        }
    }

    private func draft(_ key: ResourceKey, _ owners: [Owner]) -> Draft {
        let source = owners.map(\.place.source).min() ?? SourceMark(file: registry.path ?? "", line: 1, column: 1)
        var attributes = [
            WantedAttribute("secret_ids", .literal(.strings(owners.map(\.id))), at: owners.first?.entries.first?.source)
        ]
        // A driver has to know: that an assumed name is not found proves little.
        if !owners.contains(where: { $0.place.isWritten }) {
            attributes.append(WantedAttribute("is_name_assumed", .literal(.bool(true)), at: source))
        }
        let consumers = owners.flatMap { owner in
            owner.entries.flatMap(\.consumers).filter {
                $0.project != nil && SecretStore.usual($0.store ?? "") == owner.place.store
            }
        }
        if let first = consumers.first {
            let projects = Set(consumers.compactMap(\.project)).sorted { $0.precedesByBytes($1) }
            attributes.append(
                WantedAttribute("projects", .literal(.strings(projects)), at: first.projectSource ?? first.source))
        }
        if let entry = owners.lazy.flatMap(\.entries).first(where: { $0.severityIfMissing != nil }),
            let severity = entry.severityIfMissing
        {
            attributes.append(
                WantedAttribute("severity_if_missing", .literal(.string(severity)), at: entry.severitySource ?? source))
        }
        return Draft(key, attributes, source: source)
    }

    private func noteShared(_ key: ResourceKey, _ owners: [(id: String, source: SourceMark)]) {
        guard let first = owners.first else { return }
        for other in owners.dropFirst() {
            report.note(
                .sharedSecretName, "the secrets \(quoted(first.id)) and \(quoted(other.id)) have one name, \(key.name)",
                at: other.source, hint: "Keep one of the two ids: replacing one of them replaces the other.",
                notes: [Diagnostic.Note("the other is here", at: first.source)])
        }
    }

    /// All that the entries of an id say is left alone, because one of them can't be read.
    private func lose(_ entries: [SecretEntry], _ broken: SecretEntry) {
        let cause = Cause(
            code: broken.faultCode,
            reason: "the secret \(quoted(broken.id)) can't be told: an entry of it is faulty", mark: broken.source)
        for place in entries.flatMap(\.places) { report.unknown(.resource(place.key), cause) }
    }

    // MARK: One id in both sections

    /// The places that all entries of an id agree on; the others are left alone.
    private func wanted(_ entries: [SecretEntry]) -> [SecretPlace] {
        let cause = compare(entries)
        guard entries.count == 2, let first = entries.first, let second = entries.last else {
            return entries.flatMap(\.places).filter { !report.isUnknown(.resource($0.key)) }
        }
        var agreed: [ResourceKey: SecretPlace] = [:]
        for (own, other) in [(first, second), (second, first)] {
            for place in own.places where !report.isUnknown(.resource(place.key)) {
                let rivals = other.places.filter { $0.store == place.store }
                if rivals.contains(where: { $0.name == place.name || place.isWritten && !$0.isWritten }) {
                    // A name that is written counts more than one that only follows from the id.
                    if agreed[place.key].map({ !$0.isWritten }) ?? true { agreed[place.key] = place }
                } else if let cause, place.isWritten || rivals.isEmpty {
                    report.unknown(.resource(place.key), cause)
                }
            }
        }
        return Array(agreed.values)
    }

    /// Tells where two entries of one id differ.
    @discardableResult
    private func compare(_ entries: [SecretEntry]) -> Cause? {
        guard entries.count == 2, let first = entries.first, let second = entries.last else { return nil }
        var differences: [String] = []
        if first.stores != second.stores {
            differences.append("stores \(list(first.stores)) against \(list(second.stores))")
        }
        for store in first.stores where second.stores.contains(store) {
            let (a, b) = (writtenNames(first, store), writtenNames(second, store))
            if !a.isEmpty, !b.isEmpty, a.isDisjoint(with: b) {
                differences.append("names in \(store) \(list(a.sorted())) against \(list(b.sorted()))")
            }
        }
        if let a = first.rotation, let b = second.rotation, a != b {
            differences.append("rotation \(a) against \(b)")
        }
        if first.expectation != second.expectation {
            differences.append("\(first.expectation.rawValue) against \(second.expectation.rawValue)")
        }
        for (prohibiting, using) in [(first, second), (second, first)] {
            let clash = using.stores.filter { prohibiting.prohibitedStores.contains($0) }
            if !clash.isEmpty { differences.append("\(list(clash)) prohibited against approved") }
        }
        guard !differences.isEmpty else { return nil }
        return report.warning(
            .secretDisagreement,
            "the secret \(quoted(first.id)) stands in `\(first.section.rawValue)` and in `\(second.section.rawValue)` "
                + "with different policies: \(differences.joined(separator: "; "))",
            at: second.source,
            hint: "Keep one of the two entries. What only one of them wants is left alone until then.",
            notes: [Diagnostic.Note("the other entry is here", at: first.source)])
    }

    private func writtenNames(_ entry: SecretEntry, _ store: String) -> Set<String> {
        Set(entry.places.filter { $0.store == store && $0.isWritten }.map(\.name))
    }

    private func list(_ items: [String]) -> String { items.isEmpty ? "none" : items.joined(separator: ", ") }

    // MARK: Registry against inventory

    private func compareInventory() {
        let byID = Dictionary(grouping: registry.entries, by: \.id)
        for known in inventory.entries {
            if let status = known.status, status == "stale" || status == "missing" {
                report.warning(
                    .secretStatus, "the inventory says that the secret \(quoted(known.id)) is \(status)",
                    at: known.statusMark,
                    hint: "Put a working one into its stores and write the evidence for it here.",
                    notes: notes(byID[known.id]))
            }
            if known.rotateNow == .yes {
                report.warning(
                    .rotationDue, "the secret \(quoted(known.id)) has to be replaced now", at: known.rotationMark,
                    hint: "Replace it, then write `rotate_now: false` with the day as `last_rotated`.",
                    notes: notes(byID[known.id]))
            }
            compareSeen(known, byID[known.id] ?? [])
        }
    }

    private func notes(_ entries: [SecretEntry]?) -> [Diagnostic.Note] {
        (entries ?? []).prefix(1).map { Diagnostic.Note("the registry describes it here", at: $0.source) }
    }

    /// What was seen in a store against what is approved for it.
    private func compareSeen(_ known: SecretsInventory.Entry, _ entries: [SecretEntry]) {
        guard known.isSound, !entries.isEmpty, entries.allSatisfy(\.isSound) else { return }
        let approved = Set(entries.flatMap(\.stores))
        let isGone = entries.contains { $0.expectation == .absent }
        let seen = known.seen.filter { $0.value == .yes }.keys.sorted { $0.precedesByBytes($1) }
        let stray = seen.filter { isGone || !approved.contains($0) }
        if !stray.isEmpty {
            report.warning(
                .strayedSecret,
                "the secret \(quoted(known.id)) was seen in \(list(stray)), "
                    + (isGone ? "and the registry says that it is deleted" : "for which it is not approved"),
                at: known.source, hint: "Remove it there, or approve the store in the registry.",
                notes: notes(entries))
        }
        guard known.status != "missing", entries.allSatisfy({ $0.expectation == .present }) else { return }
        let missing = known.seen.filter { $0.value == .no && approved.contains($0.key) }.keys.sorted {
            $0.precedesByBytes($1)
        }
        guard !missing.isEmpty else { return }
        report.warning(
            .absentSecret, "the secret \(quoted(known.id)) should be in \(list(missing)) and was looked for in vain",
            at: known.source, hint: "Put it there, or take the store out of the registry.", notes: notes(entries))
    }
}
