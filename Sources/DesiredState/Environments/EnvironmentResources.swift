import Basics
import Formats

/// Works out what an environment needs at the provider, and holds the names that it uses against the inventory.
struct EnvironmentResources {
    let inventory: InventoryReading
    let runtime: RuntimeResources
    let report: Report

    /// How long resolvers may keep the address of an environment, in seconds: short, because hosts change.
    private static let recordTTL: Int64 = 300

    /// - Returns: what it owns; or why that can't be told.
    func resources(of draft: EnvironmentDraft) -> Result<[Draft], Unknown> {
        var drafts: [Draft] = []
        do throws(Unknown) {
            if let host = draft.host {
                try check(host, "host", "droplets", inventory.droplets, draft)
                drafts += try record(of: draft, host: host)
            } else if let domain = draft.domain {
                try checkName(domain, draft)
            }
            drafts += try databases(of: draft)
            drafts += try runtime.resources(of: draft)
            return .success(drafts)
        } catch {
            return .failure(error)
        }
    }

    /// The keys of what an entry names in so many words, whether or not it can be used.
    func names(of draft: EnvironmentDraft) -> [ResourceKey] {
        let user = draft.databaseUser ?? draft.database
        var keys: [ResourceKey] = []
        if let cluster = draft.cluster {
            keys += [(ResourceKind.database, draft.database), (.databaseUser, user)].compactMap { kind, name in
                name.map { ResourceKey(kind, "\(cluster.value)/\($0.value)") }
            }
        }
        if draft.runtime.server != nil {
            keys += [(ResourceKind.serverDatabase, draft.database), (.serverRole, user)].compactMap { kind, name in
                name.map { ResourceKey(kind, $0.value) }
            }
        }
        if let domain = draft.domain, let zone = zone(of: domain) {
            keys.append(RecordKey.key(zone: zone, type: "A", name: Self.name(domain, in: zone), data: nil))
        }
        return keys + draft.runtime.names
    }

    /// The longest domain of the inventory that holds a name.
    private func zone(of domain: Text) -> String? {
        inventory.zones.declared.filter { HostName.lies(domain.value, in: $0) }
            .max { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    }

    private static func name(_ domain: Text, in zone: String) -> String {
        domain.value == zone ? "@" : String(domain.value.dropLast(zone.count + 1))
    }

    /// Why an environment's resources can't be told.
    struct Unknown: Error {
        let cause: Cause
    }

    private func check(
        _ name: Text, _ what: String, _ section: String, _ names: InventoryReading.Names, _ draft: EnvironmentDraft
    ) throws(Unknown) {
        if let cause = names.broken[name.value] ?? inventory.fault { throw Unknown(cause: cause) }
        if names.declared.contains(name.value) { return }
        if let cause = names.incomplete { throw Unknown(cause: cause) }
        let cause = report.error(
            .unknownReference, "\(draft.subject) has the \(what) \(quoted(name.value)), which is not in the inventory",
            at: name.mark,
            hint: didYouMean(
                name.value, among: names.declared.sorted(), else: "Add it to `\(section)` of the inventory."))
        throw Unknown(cause: cause)
    }

    private func checkName(_ domain: Text, _ draft: EnvironmentDraft) throws(Unknown) {
        if Address.isHostName(domain.value), domain.value == domain.value.lowercased(), domain.value.last != "." {
            return
        }
        let cause = report.error(
            .invalidName, "\(draft.subject) has the domain \(quoted(domain.value)), which is no host name",
            at: domain.mark, hint: "Write lower-case labels with dots between, without a final dot.")
        throw Unknown(cause: cause)
    }

    /// The address record of its domain, in the longest domain of the inventory that holds it.
    private func record(of draft: EnvironmentDraft, host: Text) throws(Unknown) -> [Draft] {
        guard let domain = draft.domain else { return [] }
        try checkName(domain, draft)
        let zones = inventory.zones
        guard let zone = zone(of: domain) else {
            if let cause = zones.incomplete { throw Unknown(cause: cause) }
            // Names are kept elsewhere.
            guard inventory.hasDomains else { return [] }
            let labels = domain.value.split(separator: ".")
            let tails = labels.indices.map { labels[$0...].joined(separator: ".") }
            let meant = tails.lazy.compactMap { closest(to: $0, among: zones.declared.sorted()) }.first
            let cause = report.error(
                .unknownReference,
                "\(draft.subject) has the domain \(quoted(domain.value)), which no domain of the inventory holds",
                at: domain.mark,
                hint: meant.map { "Did you mean a name below `\($0)`?" }
                    ?? "Add its domain to `domains` of the inventory.")
            throw Unknown(cause: cause)
        }
        if let cause = zones.broken[zone] { throw Unknown(cause: cause) }
        let name = Self.name(domain, in: zone)
        if let alias = inventory.drafts[RecordKey.key(zone: zone, type: "CNAME", name: name, data: nil)] {
            let cause = report.error(
                .aliasBesideRecords,
                "\(draft.subject) has the domain \(quoted(domain.value)), which is an alias (CNAME) in the inventory",
                at: domain.mark,
                hint: "Remove the alias, or give the environment another domain: an alias has no address of its own.",
                notes: [Diagnostic.Note("the alias is here", at: alias.source)])
            throw Unknown(cause: cause)
        }
        let droplet = ResourceKey(.droplet, host.value)
        return [
            Draft(
                RecordKey.key(zone: zone, type: "A", name: name, data: nil), environment: draft.slug,
                [
                    WantedAttribute("data", .reference(droplet, attribute: "ipv4"), at: host.mark),
                    WantedAttribute("ttl", .literal(.int(Self.recordTTL))),
                ],
                source: domain.mark, dependsOn: [droplet, ResourceKey(.domain, zone)])
        ]
    }

    /// Its database and the user of that.
    private func databases(of draft: EnvironmentDraft) throws(Unknown) -> [Draft] {
        guard let cluster = draft.cluster else { return [] }
        try check(cluster, "database cluster", "databases", inventory.clusters, draft)
        guard let database = draft.database else { return [] }
        let user = draft.databaseUser ?? database
        for name in [database, user] where !DatabaseName.isValid(name.value) {
            let cause = report.error(
                .invalidName, "\(draft.subject) has the database or user \(quoted(name.value))", at: name.mark,
                hint: "Use letters, digits, `_` and `-`, at most 63 of them, with a letter first.")
            throw Unknown(cause: cause)
        }
        let owner = [ResourceKey(.databaseCluster, cluster.value)]
        return [
            Draft(
                ResourceKey(.database, "\(cluster.value)/\(database.value)"), environment: draft.slug,
                source: database.mark, dependsOn: owner),
            Draft(
                ResourceKey(.databaseUser, "\(cluster.value)/\(user.value)"), environment: draft.slug,
                source: user.mark,
                dependsOn: owner),
        ]
    }
}
