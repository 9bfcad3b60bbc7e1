import Basics
import DesiredState
import Diff
import Store

extension Grounds {
    /// Holds how carefully environments, and what they own, are treated against how they were.
    ///
    /// The inventory says whose each thing is by now.
    mutating func weighCare(
        _ desired: DesiredState, _ inventory: Inventory, at now: Timestamp, _ store: Store,
        holdsData: (ResourceKind) -> Bool
    ) async throws(StoreFault) {
        let wanted = Set(desired.environments.lazy.map(\.slug))
        var living = wanted
        found.careFound = CareFound(desired, living: living, entries: inventory.entries, holdsData: holdsData)
        // Only rows know whether what nothing wants any more is there yet, and whether what is wanted is another one.
        let isPlain = remembered.care?.keys.allSatisfy { living.contains($0) } == true
        if !isPlain || remembered.departure(.care, in: found) != nil {
            let rows = try await store.environments()
            found.careFound.takeovers += successions(of: rows, desired, wanted, inventory, at: now)
            // For as long as somebody is asked about one that is gone, its time isn't over.
            let asked = Set(remembered.openTakeovers(of: found.careFound).compactMap(\.owner))
            rememberCare(of: rows, unless: asked, at: now)
            living.formUnion(asked)
            living.formUnion(rows.lazy.filter { !$0.isNameFree(at: now) }.map(\.slug))
            found.careFound.living = living
            missing = rows.filter { remembered.care?[$0.slug] != nil && !wanted.contains($0.slug) }
            passedOn = missing.isEmpty ? [] : wholeHandedOn(missing.map(\.slug), inventory)
        }
        _ = try await weigh(.care, store)
    }

    /// The environments that own something of which all is wanted of others now, none of them with less care.
    ///
    /// Such a one has another name by now, and that is all.
    private func wholeHandedOn(_ slugs: [String], _ inventory: Inventory) -> Set<String> {
        let takeovers = Dictionary(
            found.careFound.takeovers.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let owned = Dictionary(grouping: inventory.entries) { $0.environment }
        return Set(
            slugs.filter { slug in
                guard let before = remembered.care?[slug], let things = owned[slug] else { return false }
                return things.allSatisfy { takeovers[$0.key]?.care?.isLess(than: before) == false }
            })
    }

    /// What environments stand on that came as another one with care went, which owned nothing and stood there.
    ///
    /// It may be the same one under another name: nothing in the inventory tells that. What a branch brings about is none.
    private func successions(
        of rows: [EnvironmentRow], _ desired: DesiredState, _ wanted: Set<String>, _ inventory: Inventory,
        at now: Timestamp
    ) -> [Takeover] {
        let lost = rows.filter { row in
            remembered.care?[row.slug] != nil && !wanted.contains(row.slug)
                && (row.status != .gone || row.careEnds != nil)
                && !inventory.entries.contains { $0.environment == row.slug }
        }
        guard !lost.isEmpty else { return [] }
        let known = Dictionary(rows.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [Takeover] = []
        for environment in desired.environments where !environment.isOfBranch {
            let begun = known[environment.slug].map { $0.createdAt ?? now }
            for row in lost {
                let went = row.status == .gone ? row.careEnds.map { $0 - EnvironmentLedger.careOutlives } : nil
                guard begun.map({ begun in went.map { begun >= $0 } == true }) ?? true else { continue }
                let care = self.found.careFound.wanted[environment.slug]
                if let host = row.host, host == environment.host {
                    found.append(Takeover(ResourceKey(.droplet, host), of: row.slug, by: environment.slug, care))
                }
                if let domain = row.domain, domain == environment.domain {
                    found.append(Takeover(ResourceKey(.domain, domain), of: row.slug, by: environment.slug, care))
                }
            }
        }
        return found
    }

    /// The things that stay with whom they belong to, and keep their protection, although the commit wants them of another.
    ///
    /// What has got another name meanwhile is among them under that one. Said yes to, they move once that is written down, or
    /// with whoever writes it: else the same approval would be of fewer things to that one.
    func held(_ desired: DesiredState, _ inventory: Inventory, holdsData: (ResourceKind) -> Bool) -> Set<ResourceKey> {
        var settled = remembered
        if keepsRecords { settled.granted = next.granted }
        var now = found.careFound
        now.takeovers = Takeover.all(desired, inventory.entries, now.wanted, holdsData: holdsData)
        return Set(settled.openTakeovers(of: now).map(\.key))
    }

    /// The environments with care that nobody has said may be let go of.
    ///
    /// - Parameter done: those of which this pass has deleted something: what has care goes only when a person says so.
    /// - Returns: their slugs.
    func caredFor(_ done: Set<String>) -> Set<String> {
        Set((remembered.care ?? [:]).keys).subtracting(done).subtracting(next.granted.compactMap(\.owner))
            .subtracting(passedOn)
    }

    /// The environments with care that a commit wants no more, or that are gone without a word.
    func caredForMissing(in desired: DesiredState) -> Set<String> {
        Set((remembered.care ?? [:]).keys).subtracting(desired.environments.lazy.map(\.slug))
    }

    /// Whether a thing keeps its protection for one of the environments that are missing:
    /// because it was its own, or because it may have stood on it.
    func keeps(_ entry: InventoryEntry, forMissing slugs: Set<String>) -> Bool {
        guard !slugs.isEmpty else { return false }
        // What belongs to another one that is there goes by what its own documents say.
        if let owner = entry.environment { return slugs.contains(owner) }
        return slugs.contains { slug in
            // Rows know hosts and domains, and nothing of clusters, volumes and buckets.
            let row = missing.first { $0.slug == slug }
            switch entry.key.kind {
            case .droplet: return row?.host.map { $0 == entry.key.name } ?? true
            case .domain: return row?.domain.map { HostName.lies($0, in: entry.key.name) } ?? true
            default: return true
            }
        }
    }
}
