import Basics
import Formats

/// Reads `domains/*.yaml` and the subdomain registry.
struct DomainsReader {
    let report: Report
    private var zones: [String: DomainPolicy] = [:]

    private init(_ report: Report) { self.report = report }

    /// - Returns: the zones, sorted by apex.
    static func read(_ library: inout Library, _ report: Report) -> [DomainPolicy] {
        var reader = DomainsReader(report)
        for document in library.take(folder: "domains", for: "domains", scopes: [.kind(.dnsRecord)]) {
            if let root = document.root {
                reader.readZone(root, document)
            } else if let cause = document.cause {
                report.unknown(.kind(.dnsRecord), cause)
            }
        }
        if let document = library.document(.subdomainRegistry), let root = document.root {
            reader.readRegistry(root, document.path)
        }
        return reader.zones.values.sorted { $0.apex.precedesByBytes($1.apex) }
    }

    private func zone(_ text: Text?, _ fields: Fields) -> String? {
        guard let text else { return nil }
        let name = HostName.normal(text.value)
        if Address.isHostName(name), name.contains(".") { return name }
        fields.fail(
            .invalidName, "\(fields.subject) is for \(quoted(text.value)), which is no domain name", at: text.mark,
            hint: "Write it without a final dot, such as `example.com`.")
        return nil
    }

    // MARK: domains/*.yaml

    private mutating func readZone(_ root: Node, _ document: Library.Entry) {
        let file = document.path
        let fields = Fields(root, "the domain document", in: file, report)
        guard let apex = zone(fields.text("apex", required: true), fields) else {
            if let cause = fields.fault { report.unknown(.kind(.dnsRecord), cause) }
            return
        }
        var policy = zones[apex] ?? DomainPolicy(apex: apex, source: fields.mark)
        policy.prohibited += (fields.texts("prohibited_domains") ?? []).map {
            DomainPolicy.Prohibition(name: $0.value, source: $0.mark)
        }
        for node in fields.nodes("prohibited_patterns") ?? [] {
            let pattern = Fields(node, "a prohibited pattern", in: file, report)
            guard let text = pattern.text("pattern", required: true) else { continue }
            policy.patterns.append(
                DomainPolicy.Pattern(
                    text: text.value, exceptionPaths: pattern.texts("exception_paths")?.map(\.value) ?? [],
                    source: text.mark))
        }
        let nodes = fields.nodes("canonical_subdomains")
        fields.finishLeniently()
        if let cause = fields.broken["canonical_subdomains"] { report.unknown(.kind(.dnsRecord), cause) }
        for node in nodes ?? [] {
            let entry = Fields(node, "a name of \(quoted(apex))", in: file, report)
            let host = entry.text("host", required: true, orNumber: true)
            let target = ["resolves_to", "cname", "target"].lazy.compactMap { entry.text($0) }.first
            let type = entry.word(entry.keys.contains("dns_type") ? "dns_type" : "type", of: RecordKey.types)
            let lifecycle = lifecycle(entry, "status")
            let service = entry.text("service")?.value
            var subdomain = Subdomain(
                name: host.map { RecordKey.normal(name: $0.value, zone: apex) } ?? "", zone: apex,
                lifecycle: lifecycle, type: type?.value ?? Self.type(of: target, entry), data: Self.data(target),
                service: service, isProxied: nil, claim: nil, isRegistered: false, source: node.mark(in: file))
            subdomain.dataSource = target?.mark
            finish(entry, host, apex, &policy.subdomains, subdomain)
        }
        if fields.fault != nil { policy.isComplete = false }
        zones[apex] = policy
    }

    // MARK: The subdomain registry

    private mutating func readRegistry(_ root: Node, _ file: String) {
        let fields = Fields(root, "the subdomain registry", in: file, report)
        let domain = fields.text("domain", required: true)
        let origin = fields.text("origin_ip")
        let nodes = fields.nodes("subdomains", required: true)
        guard let apex = zone(domain, fields), let nodes else {
            if let cause = fields.fault { report.unknown(.kind(.dnsRecord), cause) }
            return
        }
        var policy = zones[apex] ?? DomainPolicy(apex: apex, source: fields.mark)
        for node in nodes {
            let entry = Fields(node, "a name of \(quoted(apex))", in: file, report)
            let name = entry.text("name", required: true, orNumber: true)
            let type = entry.word("type", of: RecordKey.types, required: true)
            let target = entry.text("target") ?? entry.text("value") ?? (type?.value == "A" ? origin : nil)
            let lifecycle = lifecycle(entry, "lifecycle")
            let claim = claim(entry)
            let service = entry.text("service", orNumber: true)?.value
            let isProxied = entry.flag("cloudflare_proxied")
            var subdomain = Subdomain(
                name: name.map { RecordKey.normal(name: $0.value, zone: apex) } ?? "", zone: apex,
                lifecycle: lifecycle, type: type?.value, data: Self.data(target), service: service,
                isProxied: isProxied?.value, claim: claim, isRegistered: true, source: node.mark(in: file))
            subdomain.dataSource = target?.mark
            subdomain.proxySource = isProxied?.mark
            finish(entry, name, apex, &policy.subdomains, subdomain)
        }
        zones[apex] = policy
    }

    private func claim(_ entry: Fields) -> Subdomain.Claim? {
        guard let claim = entry.fields("provider_claim") else { return nil }
        defer { entry.absorb(claim) }
        return Subdomain.Claim(
            provider: claim.text("provider")?.value, status: claim.text("status")?.value,
            claimedAt: claim.text("claimed_at", orNumber: true)?.value,
            reference: claim.text("claim_ref", orNumber: true)?.value,
            expiresAt: claim.text("expires_at", orNumber: true)?.value, source: claim.mark)
    }

    // MARK: For both

    private func lifecycle(_ entry: Fields, _ key: String) -> Subdomain.Lifecycle {
        guard let text = entry.text(key) else { return .active }
        if let found = Subdomain.Lifecycle(rawValue: text.value) { return found }
        let words = Subdomain.Lifecycle.allCases.map(\.rawValue)
        // The words are not ours to define; what they mean is left alone.
        entry.fail(
            report.warning(
                .unknownWord, "`\(key)` of \(entry.subject) is \(quoted(text.value))", at: text.mark,
                hint: didYouMean(text.value, among: words, else: "Write \(alternatives(words)).")))
        return .active
    }

    /// Keeps a name, or makes unknown what it could be.
    private func finish(
        _ entry: Fields, _ name: Text?, _ apex: String, _ kept: inout [Subdomain], _ subdomain: Subdomain
    ) {
        var isUsable = name != nil
        if let name {
            entry.describe(as: "the name \(quoted(subdomain.host))")
            let relative = subdomain.name.hasPrefix("*.") ? String(subdomain.name.dropFirst(2)) : subdomain.name
            if relative != "@", relative != "*", !Address.isHostName(relative) {
                entry.fail(
                    .invalidName, "\(entry.subject) can't stand in DNS", at: name.mark,
                    hint: "Write the part before the domain, or \"@\" for the domain itself.")
                isUsable = false
            }
            if subdomain.lifecycle == .active { checkTarget(entry, subdomain) }
        }
        guard let cause = entry.fault else {
            kept.append(subdomain)
            return
        }
        guard isUsable, !entry.hasDuplicates else {
            report.unknown(.kind(.dnsRecord), cause)
            return
        }
        for type in subdomain.type.map({ [$0] }) ?? ["A", "AAAA", "CNAME", "TXT"] {
            report.unknown(.resource(subdomain.key(type: type)), cause)
        }
    }

    private func checkTarget(_ entry: Fields, _ subdomain: Subdomain) {
        guard let type = subdomain.type, let data = subdomain.data else {
            entry.fail(
                report.warning(
                    .openTarget, "\(entry.subject) is active and points nowhere yet", at: entry.mark,
                    hint: "Write where it points to, or `planned` as its state; until then it is left alone."))
            return
        }
        let isValid =
            switch type {
            case "A": Address.isIPv4(data)
            case "AAAA": Address.isIPv6(data)
            case "CNAME": Address.isHostName(data) && data.contains(".")
            default: true
            }
        guard !isValid else { return }
        entry.fail(
            .invalidAddress, "the \(type) record of \(entry.subject) points to \(quoted(data))", at: entry.mark,
            hint: type == "CNAME"
                ? "Write a whole host name, such as `www.example.com`." : "Write an address, or `CNAME` as its type.")
    }

    /// Nil for what stands in place of a target that is still open.
    private static func data(_ text: Text?) -> String? {
        guard let text, !["tbd", "todo", "pending", "unknown"].contains(text.value.lowercased()) else { return nil }
        return text.value
    }

    private static func type(of target: Text?, _ entry: Fields) -> String? {
        guard let data = data(target) else { return nil }
        return Address.isIPv4(data) ? "A" : Address.isIPv6(data) ? "AAAA" : "CNAME"
    }
}

extension Subdomain {
    /// The resource that wants it.
    func key(type: String) -> ResourceKey { ResourceKey(.dnsRecord, "\(zone)/\(type)/\(name)") }
}
