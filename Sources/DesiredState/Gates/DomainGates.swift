import Basics
import Formats

extension Gate {
    /// The policy of `domains/`: complete hosts, and no prohibited name anywhere that requires one.
    static let domains = Gate(
        name: "domains", title: "Hosts are complete and unique, and nothing requires a prohibited domain."
    ) { context, report in
        let documents = context.library.entries.filter {
            $0.relative.hasPrefix("domains/") && ($0.path.hasSuffix(".yaml") || $0.path.hasSuffix(".yml"))
        }
        guard !documents.isEmpty else {
            report.unknown(
                .missingInput, "no domain is described below domains/", at: nil,
                hint: "Add domains/<name>.yaml below a root.")
            return ""
        }
        var prohibited: [GateValue] = []
        var count = 0
        var isWhole = true
        for document in documents {
            guard let root = document.root else {
                report.unreadable(document.path, document.cause)
                isWhole = false
                continue
            }
            let value = GateValue(root, in: document.path, report)
            let rules = value["prohibited_domains"]
            isWhole = isWhole && !rules.isUnclear
            for rule in rules.items ?? [] {
                if rule.writtenText != nil { prohibited.append(rule) } else { isWhole = false }
            }
            count += checkHosts(of: value, report)
        }
        if prohibited.isEmpty, isWhole {
            report.unknown(
                .missingInput, "no document below domains/ prohibits a domain, so nothing is looked for",
                at: documents.first.map { SourceMark(file: $0.path, line: 1, column: 1) },
                hint: "Write `prohibited_domains` with the names that nothing may require.")
        }
        checkRequired(prohibited, context, report)
        return
            "\(count.of("host is", "hosts are")) complete, and none of \(prohibited.count.of("prohibited domain")) is required"
    }

    private static func checkHosts(of document: GateValue, _ report: GateReport) -> Int {
        let file = document.file
        if document["apex"].lacksText {
            report.fail(.missingField, "\(file) has no `apex`", at: document.mark, hint: "Write the domain's name.")
        }
        guard
            let hosts = document["canonical_subdomains"].someItems(
                lack: "lists no host", hint: "Write `canonical_subdomains`.")
        else { return 0 }
        var seen: [String: SourceMark] = [:]
        for host in hosts {
            for field in ["host", "service", "stack"] where host[field].lacksText {
                report.fail(.missingField, "a host has no `\(field)`", at: host.mark, hint: "Add `\(field):` to it.")
            }
            guard let name = host["host"].filledText else { continue }
            if let first = seen.updateValue(host.mark, forKey: HostName.normal(name)) {
                report.fail(
                    .ambiguous, "the host \(quoted(name)) stands twice", at: host.mark, hint: "Keep one of the two.",
                    notes: [Diagnostic.Note("first here", at: first)])
            }
            guard host["status"].word(of: lifecycles, or: "active") == "active" else { continue }
            let target = host.first("resolves_to", or: "cname")
            if !target.isUnclear, target.filledText == nil || target.filledText == "tbd" {
                report.fail(
                    .unresolvedHost, "the active host \(quoted(name)) doesn't say what it resolves to", at: host.mark,
                    hint: "Write `resolves_to`, or `status: planned`.")
            }
        }
        return hosts.count
    }

    /// What the status of a host, or the lifecycle of a name, may be.
    static let lifecycles = Subdomain.Lifecycle.allCases.map(\.rawValue)

    /// Names that an environment requires, held against the prohibited ones.
    private static func checkRequired(_ prohibited: [GateValue], _ context: GateContext, _ report: GateReport) {
        for name in context.required("dns", report) ?? [] {
            guard let text = name.writtenText,
                let rule = prohibited.first(where: { covers($0.scalarText ?? "", text) })
            else { continue }
            report.fail(
                .prohibitedDomain, "\(quoted(text)) is required and prohibited", at: name.mark,
                hint: "Require the canonical name, or lift the prohibition.",
                notes: [Diagnostic.Note("prohibited here", at: rule.mark)])
        }
    }

    /// `a.example` covers itself and what lies below it; `*.a.example` only what lies below.
    private static func covers(_ pattern: String, _ name: String) -> Bool {
        let (pattern, name) = (HostName.normal(pattern), HostName.normal(name))
        if pattern.hasPrefix("*.") { return name.hasSuffix(pattern.dropFirst()) }
        return HostName.lies(name, in: pattern)
    }

    /// The rules of `check_dns_provider_claims.py`; an expiry that can't be compared with today is unknown.
    static let dnsProviderClaims = Gate(
        name: "dns_provider_claims", title: "Every active DNS name is claimed at its provider."
    ) { context, report in
        guard let entry = context.subdomainRegistry else {
            report.unknown(
                .missingInput,
                "neither \(ManagedDocument.subdomainRegistry.stem).yaml below a root nor "
                    + "\(GateDocuments.subdomainRegistry) is at hand",
                at: nil, hint: "Add one of them to the repository.")
            return ""
        }
        guard let root = entry.root else {
            report.unreadable(entry.path, entry.cause)
            return ""
        }
        let section = GateValue(root, in: entry.path, report)["subdomains"]
        guard
            let names = section.someItems(lack: "lists no name", hint: "Write `subdomains` with one entry a name.")
        else { return "" }
        for name in names { check(claimOf: name, context.inputs.now, report) }
        return "\(names.count.of("name is", "names are")) claimed or planned"
    }

    private static func check(claimOf name: GateValue, _ now: Timestamp?, _ report: GateReport) {
        let what = quoted(name["name"].scalarText ?? "")
        guard let lifecycle = name["lifecycle"].word(of: lifecycles, or: "active") else { return }
        let isActive = lifecycle == "active"
        func fail(_ message: String, _ value: GateValue, _ hint: String) {
            report.fail(.providerClaim, message, at: value.mark, hint: hint)
        }
        let claim = name["provider_claim"]
        guard claim.isMap else {
            if isActive, !claim.isUnclear {
                fail(
                    "the active name \(what) has no `provider_claim`", name,
                    "Write who answers for it, and since when.")
            } else if !isActive, claim.node?.isFilled == true {
                claim.tellShape("a mapping")
            }
            return
        }
        func word(_ key: String, _ words: [String]) -> String? {
            let value = claim[key]
            if value.isUnclear { return nil }
            if value.isMissing {
                if isActive { fail("the claim of \(what) has no `\(key)`", claim, "Write \(alternatives(words)).") }
                return nil
            }
            guard let text = value.scalarText, words.contains(text) else {
                fail("`\(key)` of the claim of \(what) is \(value.shown)", value, "Write \(alternatives(words)).")
                return nil
            }
            return text
        }
        _ = word("provider", ["cloudflare", "vercel", "digitalocean", "other"])
        let status = word("status", ["claimed", "unclaimed"])
        if isActive, let status, status != "claimed" {
            fail("the active name \(what) is not claimed", claim["status"], "Claim it, or make it planned.")
        }
        let reference = claim["claim_ref"]
        if isActive, !reference.isUnclear, reference.filledText?.isBlank != false {
            fail("the claim of \(what) has no `claim_ref`", claim, "Write where the claim can be looked up.")
        }
        if isActive, claim["claimed_at"].isMissing {
            fail("the claim of \(what) has no `claimed_at`", claim, "Write the day as 2026-03-06.")
        }
        _ = day(claim["claimed_at"], of: what, report)
        guard let date = day(claim["expires_at"], of: what, report) else { return }
        guard let now else {
            report.unknown(
                .undecided, "whether the claim of \(what) is over can't be told without today's date",
                at: claim["expires_at"].mark, hint: "Evaluate the gates with the date of today.")
            return
        }
        // A claim holds until the end of its day.
        if now >= date + .seconds(86_400) {
            fail("the claim of \(what) is over", claim["expires_at"], "Renew it, or make the name planned.")
        }
    }

    /// A day that is written; one that can't be read is told, and the script exits with 2 for it, too.
    private static func day(_ value: GateValue, of what: String, _ report: GateReport) -> Timestamp? {
        guard !value.isUnclear, !value.isMissing else { return nil }
        if let date = value.scalarText.flatMap({ Timestamp(date: $0) }) { return date }
        report.unknown(
            .unreadableInput, "`\(value.name)` of \(what) is no date", at: value.mark, hint: "Write it as 2026-03-06.")
        return nil
    }
}

extension String {
    /// Whether nothing in it is seen: it is empty, or white space as Python's `strip` takes it.
    fileprivate var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }
}
