import Basics
import Formats

/// Reads what a document wants beside the settings of a Vercel project: domains, variables, and what serves production.
struct VercelChildren {
    let project: String
    let entry: Fields

    /// Reads them; the key is that under which the domains stand.
    func read(domains key: String) -> [Draft] {
        var found = (entry.nodes(key) ?? []).compactMap { domain($0, key) }
        found += (entry.nodes("variables") ?? []).flatMap { variables($0) }
        if let deployment = entry.text("production_deployment") {
            found.append(
                draft(
                    ResourceKey(.vercelProduction, project), WantedAttribute.of("deployment", deployment),
                    at: deployment.mark))
        }
        return found
    }

    private func draft(_ key: ResourceKey, _ attributes: [WantedAttribute], at mark: SourceMark) -> Draft {
        var draft = Draft(
            key, attributes, source: mark, dependsOn: [ResourceKey(.vercelProject, project)])
        draft.isProtected = true
        return draft
    }

    // MARK: Domains

    /// A name, or a mapping with its redirect.
    private func domain(_ node: Node, _ list: String) -> Draft? {
        let fields: Fields?
        let name: Text?
        if node.entries == nil {
            fields = nil
            name = entry.text(node, "an item of `\(list)` of \(entry.subject)", key: list)
        } else {
            let inner = Fields(node, "a domain of \(entry.subject)", in: entry.file, entry.report)
            fields = inner
            name = inner.text("name", required: true)
        }
        var attributes: [WantedAttribute] = []
        if let fields {
            for key in ["redirect", "git_branch"] {
                if let text = fields.text(key) {
                    attributes += WantedAttribute.of(key, text)
                } else if let mark = fields.mark(of: key), fields.broken[key] == nil {
                    attributes.append(VercelSetting.cleared(key, at: mark))
                }
            }
            attributes += WantedAttribute.of(
                "redirect_status_code", fields.integer("redirect_status_code", in: 300...399))
            fields.finish()
            entry.absorb(fields)
        }
        guard let name else { return nil }
        let host = HostName.normal(name.value)
        guard Address.isHostName(host), host.contains(".") else {
            entry.fail(
                .invalidName, "\(entry.subject) has the domain \(quoted(name.value)), which is no name of a host",
                at: name.mark, hint: "Write a name such as `ops.example.com`.", key: list)
            return nil
        }
        return draft(ResourceKey(.vercelDomain, "\(project)/\(host)"), attributes, at: name.mark)
    }

    // MARK: Variables

    private static let targets = ["production", "preview", "development"]

    /// One variable for each of its targets; never a value.
    private func variables(_ node: Node) -> [Draft] {
        let fields = Fields(node, "a variable of \(entry.subject)", in: entry.file, entry.report)
        let name = fields.text("key", required: true)
        if let name { fields.describe(as: "the variable \(quoted(name.value)) of \(entry.subject)") }
        let targets = fields.texts("targets", required: true) ?? []
        let branch = fields.text("git_branch")
        var attributes = WantedAttribute.of("type", fields.word("type", of: ["encrypted", "sensitive", "plain"]))
        attributes += fields.reference("value_from")
        fields.finish()
        for target in targets where !Self.targets.contains(target.value) {
            fields.fail(
                .unknownWord, "\(fields.subject) has the target \(quoted(target.value))", at: target.mark,
                hint: didYouMean(target.value, among: Self.targets, else: "Write \(alternatives(Self.targets))."))
        }
        if let branch, targets.contains(where: { $0.value != "preview" }) {
            fields.fail(
                .unknownWord, "\(fields.subject) names a branch, which only a preview has", at: branch.mark,
                hint: "Write `targets: [preview]`, or take `git_branch` out.")
        }
        if let name, !Self.isVariable(name.value) {
            fields.fail(
                .invalidName, "\(fields.subject) has a name that no variable can have", at: name.mark,
                hint: "Use letters, digits and underscores; no digit at the beginning.")
        }
        entry.absorb(fields)
        guard fields.fault == nil, let name else { return [] }
        return targets.map { target in
            draft(
                VercelVariables.key(project, target.value, branch: branch?.value, name.value), attributes,
                at: node.mark(in: entry.file))
        }
    }

    private static func isVariable(_ text: String) -> Bool {
        !(48...57).contains(text.utf8.first ?? 48)
            && text.utf8.allSatisfy {
                (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || $0 == 95
            }
    }
}
