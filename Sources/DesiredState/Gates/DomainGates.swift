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
        var prohibited: [(pattern: String, mark: SourceMark)] = []
        var count = 0
        for document in documents {
            guard let root = document.root else {
                report.unknown(
                    .unreadableInput, "\(document.path) can't be read", at: document.cause?.mark,
                    hint: "Mend the document: reconcile validate shows where.")
                continue
            }
            prohibited += (root["prohibited_domains"]?.value.items ?? []).compactMap { node in
                node.filledText.map { ($0, node.mark(in: document.path)) }
            }
            count += checkHosts(of: root, document.path, report)
        }
        checkRequired(prohibited, context, report)
        return
            "\(count.of("host is", "hosts are")) complete, and none of \(prohibited.count.of("prohibited domain")) is required"
    }

    private static func checkHosts(of root: Node, _ file: String, _ report: GateReport) -> Int {
        if root["apex"]?.value.filledText == nil {
            report.fail(
                .missingField, "\(file) has no `apex`", at: root.mark(in: file), hint: "Write the domain's name.")
        }
        guard let hosts = root["canonical_subdomains"]?.value.items, !hosts.isEmpty else {
            report.unknown(
                .missingInput, "\(file) lists no host", at: root.mark(in: file), hint: "Write `canonical_subdomains`.")
            return 0
        }
        var seen: [String: SourceMark] = [:]
        for host in hosts {
            let mark = host.mark(in: file)
            for field in ["host", "service", "stack"] where host[field]?.value.filledText == nil {
                report.fail(.missingField, "a host has no `\(field)`", at: mark, hint: "Add `\(field):` to it.")
            }
            guard let name = host["host"]?.value.filledText else { continue }
            if let first = seen.updateValue(mark, forKey: name) {
                report.fail(
                    .ambiguous, "the host \(quoted(name)) stands twice", at: mark, hint: "Keep one of the two.",
                    notes: [Diagnostic.Note("first here", at: first)])
            }
            let status = host["status"]?.value.filledText ?? "active"
            let target = (host["resolves_to"] ?? host["cname"])?.value.filledText
            if status == "active", target == nil || target == "tbd" {
                report.fail(
                    .unresolvedHost, "the active host \(quoted(name)) doesn't say what it resolves to", at: mark,
                    hint: "Write `resolves_to`, or `status: planned`.")
            }
        }
        return hosts.count
    }

    /// Names that an environment requires, held against the prohibited ones.
    private static func checkRequired(
        _ prohibited: [(pattern: String, mark: SourceMark)], _ context: GateContext, _ report: GateReport
    ) {
        guard let convergence = context.library.document(.convergence),
            let environments = convergence.root?["environments"]?.value.entries
        else { return }
        for environment in environments {
            for node in environment.value["required"]?.value["dns"]?.value.items ?? [] {
                guard let name = node.filledText, let rule = prohibited.first(where: { covers($0.pattern, name) })
                else {
                    continue
                }
                report.fail(
                    .prohibitedDomain, "\(quoted(name)) is required and prohibited",
                    at: node.mark(in: convergence.path),
                    hint: "Require the canonical name, or lift the prohibition.",
                    notes: [Diagnostic.Note("prohibited here", at: rule.mark)])
            }
        }
    }

    /// `a.example` covers itself and what lies below it; `*.a.example` only what lies below.
    private static func covers(_ pattern: String, _ name: String) -> Bool {
        let (pattern, name) = (pattern.lowercased(), name.lowercased())
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
        let file = entry.path
        guard let root = entry.root, let names = root["subdomains"]?.value.items, !names.isEmpty else {
            report.unknown(
                entry.root == nil ? .unreadableInput : .missingInput,
                entry.cause.map { "\(file) can't be read: \($0.reason)" } ?? "\(file) lists no name",
                at: entry.cause?.mark ?? SourceMark(file: file, line: 1, column: 1),
                hint: "Write `subdomains` with one entry a name.")
            return ""
        }
        for name in names { check(claimOf: name, file, context.inputs.now, report) }
        return "\(names.count) names are claimed or planned"
    }

    private static func check(claimOf name: Node, _ file: String, _ now: Timestamp?, _ report: GateReport) {
        let what = quoted(name["name"]?.value.scalar?.text ?? "")
        let isActive = (name["lifecycle"]?.value.scalar?.text ?? "active") == "active"
        func fail(_ message: String, _ node: Node?, _ hint: String) {
            report.fail(.providerClaim, message, at: (node ?? name).mark(in: file), hint: hint)
        }
        guard let claim = name["provider_claim"]?.value, claim.entries != nil else {
            if isActive {
                fail(
                    "the active name \(what) has no `provider_claim`", nil, "Write who answers for it, and since when.")
            }
            return
        }
        func word(_ key: String, _ words: [String]) -> String? {
            let node = claim[key]?.value
            guard let node, node.isFilled else {
                if isActive { fail("the claim of \(what) has no `\(key)`", claim, "Write \(alternatives(words)).") }
                return nil
            }
            guard let text = node.scalar?.text, words.contains(text) else {
                fail(
                    "`\(key)` of the claim of \(what) is \(quoted(node.scalar?.text ?? node.shapeName))", node,
                    "Write \(alternatives(words)).")
                return nil
            }
            return text
        }
        _ = word("provider", ["cloudflare", "vercel", "digitalocean", "other"])
        let status = word("status", ["claimed", "unclaimed"])
        if isActive, let status, status != "claimed" {
            fail("the active name \(what) is not claimed", claim["status"]?.value, "Claim it, or make it planned.")
        }
        if isActive, claim["claim_ref"]?.value.filledText.map({ !$0.utf8.allSatisfy { $0 == 32 } }) != true {
            fail("the claim of \(what) has no `claim_ref`", claim, "Write where the claim can be looked up.")
        }
        if let node = claim["claimed_at"]?.value, node.isFilled {
            if Timestamp(date: node.scalar?.text ?? "") == nil {
                report.exitStatus = 2
                fail("`claimed_at` of \(what) is no date", node, "Write it as 2026-03-06.")
            }
        } else if isActive {
            fail("the claim of \(what) has no `claimed_at`", claim, "Write the day as 2026-03-06.")
        }
        guard let node = claim["expires_at"]?.value, node.isFilled else { return }
        guard let date = Timestamp(date: node.scalar?.text ?? "") else {
            report.exitStatus = 2
            fail("`expires_at` of \(what) is no date", node, "Write it as 2026-03-06.")
            return
        }
        guard let now else {
            report.unknown(
                .undecided, "whether the claim of \(what) is over can't be told without today's date",
                at: node.mark(in: file), hint: "Evaluate the gates with the date of today.")
            return
        }
        // A claim holds until the end of its day.
        if now >= date + .seconds(86_400) {
            fail("the claim of \(what) is over", node, "Renew it, or make the name planned.")
        }
    }
}
