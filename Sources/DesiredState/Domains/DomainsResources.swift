import Basics
import Formats

/// Turns the names of all zones into wanted records, and holds them against each other and against what others need.
struct DomainsResources {
    /// A name that some document needs.
    struct Need {
        let host: String
        let what: String
        let source: SourceMark
    }

    let zones: [DomainPolicy]
    let report: Report

    /// One draft for each active name that nothing contradicts; the DigitalOcean inventory may name the same hosts.
    func drafts(records: [Draft], needs: [Need]) -> [Draft] {
        checkProhibited(needs)
        var drafts: [Draft] = []
        for zone in zones {
            for (_, names) in Dictionary(grouping: zone.subdomains, by: \.name) {
                if let draft = draft(names) { drafts.append(draft) }
            }
        }
        let declared = Dictionary(records.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for draft in drafts { compare(draft, declared) }
        return drafts.filter { !report.isUnknown(.resource($0.key)) && !report.isUnknown(.kind(.dnsRecord)) }
    }

    /// The record of one name, which several entries may speak of.
    private func draft(_ names: [Subdomain]) -> Draft? {
        for name in names where name.isRegistered && name.lifecycle == .active { checkClaim(name) }
        guard let first = names.first(where: \.isRegistered) ?? names.first else { return nil }
        var cause: Cause?
        for other in names where other != first {
            guard let difference = difference(other, first) else { continue }
            cause = report.warning(
                .dnsDisagreement, "the name \(quoted(first.host)) \(difference)", at: other.source,
                hint: "Make both say the same; until then the name is left alone.",
                notes: [Diagnostic.Note("the other is here", at: first.source)])
        }
        if let cause {
            for type in Set(names.compactMap(\.type)) { report.unknown(.resource(first.key(type: type)), cause) }
            return nil
        }
        switch first.lifecycle {
        case .planned:
            report.note(
                .plannedName, "the name \(quoted(first.host)) is planned: no record is wanted yet", at: first.source,
                hint: "Write where it points to and `active` once it is used.")
            return nil
        case .deprecated:
            report.note(
                .plannedName, "the name \(quoted(first.host)) is deprecated: no record is wanted", at: first.source,
                hint: "Remove the entry once nothing points there any more.")
            return nil
        case .active: break
        }
        guard let type = first.type, let data = first.data else { return nil }
        var attributes = [
            WantedAttribute(
                "data", .literal(.string(RecordKey.normal(data: data, type: type))),
                at: first.dataSource ?? first.source)
        ]
        if let isProxied = first.isProxied {
            attributes.append(
                WantedAttribute("is_proxied", .literal(.bool(isProxied)), at: first.proxySource ?? first.source))
        }
        return Draft(first.key(type: type), attributes, source: first.source)
    }

    private func difference(_ a: Subdomain, _ b: Subdomain) -> String? {
        if a.lifecycle != b.lifecycle { return "is \(a.lifecycle.rawValue) here and \(b.lifecycle.rawValue) there" }
        guard a.lifecycle == .active, let typeA = a.type, let typeB = b.type, let dataA = a.data, let dataB = b.data
        else { return nil }
        if typeA == typeB, RecordKey.normal(data: dataA, type: typeA) == RecordKey.normal(data: dataB, type: typeB) {
            // The same twice in one document is a slip; in two it is agreement.
            return a.source.file == b.source.file ? "stands twice in \(a.source.file)" : nil
        }
        return "is \(typeA) \(quoted(dataA)) here and \(typeB) \(quoted(dataB)) there"
    }

    private func compare(_ draft: Draft, _ records: [ResourceKey: Draft]) {
        let parts = draft.key.name.split(separator: "/", maxSplits: 2).map { String($0) }
        guard parts.count == 3,
            let record = records[RecordKey.key(zone: parts[0], type: parts[1], name: parts[2], data: nil)],
            let data = Self.data(of: draft), let other = Self.data(of: record),
            RecordKey.normal(data: other, type: parts[1]) != data
        else { return }
        let cause = report.warning(
            .dnsDisagreement,
            "the \(parts[1]) record \(quoted(parts[2])) of \(quoted(parts[0])) is \(quoted(data)) here and "
                + "\(quoted(other)) in the inventory",
            at: draft.source, hint: "Make both say the same; until then the name is left alone.",
            notes: [Diagnostic.Note("the inventory wants it here", at: record.source)])
        report.unknown(.resource(draft.key), cause)
    }

    private static func data(of draft: Draft) -> String? {
        guard case .literal(.string(let data))? = draft.attributes.first(where: { $0.name == "data" })?.value else {
            return nil
        }
        return data
    }

    // MARK: Claims

    static let providers = ["cloudflare", "vercel", "digitalocean", "other"]

    private func checkClaim(_ name: Subdomain) {
        var lacks: [String] = []
        if let claim = name.claim {
            if claim.provider.map({ !Self.providers.contains($0) }) ?? true { lacks.append("a known provider") }
            if claim.status != "claimed" { lacks.append("the status `claimed`") }
            if claim.claimedAt.flatMap({ Timestamp(date: $0) }) == nil { lacks.append("the day of the claim") }
            if claim.reference?.allSatisfy({ $0 == " " }) ?? true { lacks.append("a reference") }
            if let expires = claim.expiresAt, Timestamp(date: expires) == nil {
                lacks.append("a readable `expires_at`")
            }
        } else {
            lacks.append("any claim at a provider")
        }
        guard !lacks.isEmpty else { return }
        report.warning(
            .unclaimedName, "the name \(quoted(name.host)) is active and lacks \(lacks.joined(separator: ", "))",
            at: name.claim?.source ?? name.source,
            hint: "Write `provider_claim` with provider, `status: claimed`, `claimed_at` and `claim_ref`.")
    }

    // MARK: Prohibited names

    private func checkProhibited(_ needs: [Need]) {
        let prohibited = zones.flatMap(\.prohibited)
        let own = zones.flatMap(\.subdomains).flatMap { name -> [Need] in
            guard name.lifecycle == .active else { return [] }
            var needs = [Need(host: name.host, what: "the domain document", source: name.source)]
            if name.type == "CNAME", let data = name.data {
                needs.append(Need(host: data, what: "the name \(quoted(name.host))", source: name.source))
            }
            return needs
        }
        for need in needs + own {
            guard let rule = prohibited.first(where: { $0.covers(need.host) }) else { continue }
            report.warning(
                .prohibitedName, "\(need.what) needs the name \(quoted(need.host)), which is prohibited",
                at: need.source, hint: "Use a name of your own domain, or take it off the prohibited ones.",
                notes: [Diagnostic.Note("\(quoted(rule.name)) is prohibited here", at: rule.source)])
        }
    }
}
