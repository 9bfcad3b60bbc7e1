import Basics
import Formats

extension GitHubReader {
    /// Reads `rulesets`: rules in the form of the provider's interface.
    ///
    /// What a slip hides of one must not be taken for nothing: a ruleset without its names protects no branch, and an
    /// actor without its mode passes by always. So each part is checked, and one that can't be read leaves it alone.
    func readRulesets(_ fields: Fields, _ repository: String?) {
        guard let rulesets = fields.fields("rulesets") else {
            if let cause = fields.broken["rulesets"] {
                report.unknown(.kind(.ruleset), cause)
            } else if let cause = fields.fault {
                // The fault may have swallowed them.
                report.keep(.kind(.ruleset), cause)
            }
            return
        }
        guard let repository, rulesets.fault == nil else {
            if let cause = rulesets.fault ?? fields.fault { report.unknown(.kind(.ruleset), cause) }
            return
        }
        for section in rulesets.allEntries() { readRuleset(section, repository, fields.file) }
    }

    private func readRuleset(_ section: Node.Entry, _ repository: String, _ file: String) {
        let entry = Fields(section.value, "the ruleset \(quoted(section.key))", in: file, report)
        let key = ResourceKey(.ruleset, "\(repository)/\(section.key)")
        let target = entry.word("target", of: ["default_branch", "branch", "tag", "push"], required: true)
        let enforcement = entry.word("enforcement", of: ["active", "evaluate", "disabled"], required: true)
        var attributes = WantedAttribute.of("target", target) + WantedAttribute.of("enforcement", enforcement)
        func want(_ name: String, _ value: Value?) {
            guard let value else { return }
            attributes.append(WantedAttribute(name, .literal(value), at: entry.mark(of: name)))
        }
        want("bypass_actors", list("bypass_actors", of: entry, readActor))
        want("rules", list("rules", of: entry, readRule))
        want("conditions", readConditions(entry, hasNames: target?.value != "push"))
        // What GitHub shows of one besides, and what is for people.
        entry.allow(
            "name", "id", "node_id", "source", "source_type", "created_at", "updated_at", "current_user_can_bypass")
        entry.allow("notes", "description", "rationale", "comment")
        entry.finish()
        if drafts.isSound(entry, key, .ruleset) {
            add(Draft(key, attributes, source: section.keyMark(in: file)))
        }
    }

    /// The items of a list, each read by itself; nil where nothing is written.
    private func list(_ name: String, of entry: Fields, _ read: (Fields) -> Value) -> Value? {
        entry.nodes(name).map { nodes in
            .list(
                nodes.map { node in
                    let item = Fields(node, "an item of `\(name)` of \(entry.subject)", in: entry.file, report)
                    defer { entry.absorb(item) }
                    return read(item)
                })
        }
    }

    /// What is written under some keys.
    private static func object(_ fields: Fields, _ keys: [String]) -> Value.Object {
        Value.Object(
            keys.compactMap { key in fields.node(key).map { Value.Object.Member(key, $0.value) } })
    }

    // MARK: Who may pass by

    /// Those of which there are several, so that one has to be named.
    private static let numberedActors: Set<String> = ["Integration", "RepositoryRole", "Team"]

    private func readActor(_ fields: Fields) -> Value {
        let type = fields.word(
            "actor_type", of: ["Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey"],
            required: true)
        _ = fields.integer(
            "actor_id", required: type.map { Self.numberedActors.contains($0.value) } ?? false, in: 0...Int64.max)
        // GitHub takes the widest where it isn't named.
        _ = fields.word("bypass_mode", of: ["always", "pull_request", "exempt"], required: true)
        fields.allow("notes", "description", "name", "comment")
        fields.finish()
        return .object(Self.object(fields, ["actor_id", "actor_type", "bypass_mode"]))
    }

    // MARK: For which names it is

    private func readConditions(_ entry: Fields, hasNames: Bool) -> Value? {
        guard let fields = entry.fields("conditions") else { return nil }
        defer { entry.absorb(fields) }
        // That one is told already, and is no mapping with anything missing.
        guard !fields.isNoMapping else { return nil }
        if let names = fields.fields("ref_name", required: hasNames) {
            for name in readNames(names, exclude: names.texts("exclude") ?? []) { checkReference(name, of: names) }
            names.finish()
            fields.absorb(names)
        }
        for key in ["repository_name", "organization_name"] {
            guard let names = fields.fields(key) else { continue }
            _ = (readNames(names, exclude: names.texts("exclude") ?? []), names.flag("protected"))
            names.finish()
            fields.absorb(names)
        }
        for (key, list) in [("repository_id", "repository_ids"), ("organization_id", "organization_ids")] {
            guard let ids = fields.fields(key) else { continue }
            tellEmpty(ids.nodes(list, required: true), list, of: ids)
            ids.finish()
            fields.absorb(ids)
        }
        for key in ["repository_property", "organization_property"] {
            guard let properties = fields.fields(key) else { continue }
            tellEmpty(properties.nodes("include", required: true), "include", of: properties)
            _ = properties.nodes("exclude")
            properties.finish()
            fields.absorb(properties)
        }
        fields.finish()
        return .object(
            Self.object(
                fields,
                [
                    "ref_name", "repository_name", "repository_id", "repository_property", "organization_name",
                    "organization_id", "organization_property",
                ]))
    }

    private func readNames(_ fields: Fields, exclude: [Text]) -> [Text] {
        let include = fields.texts("include", required: true)
        tellEmpty(include, "include", of: fields)
        return (include ?? []) + exclude
    }

    /// A condition that nothing fits is no condition that anybody wants.
    private func tellEmpty<T>(_ items: [T]?, _ key: String, of fields: Fields) {
        guard let items, items.isEmpty else { return }
        fields.fail(
            .missingKey, "`\(key)` of \(fields.subject) is empty, so that the ruleset is for nothing",
            at: fields.mark(of: key) ?? fields.mark,
            hint:
                "Write what it is for, as in `include: [\"~DEFAULT_BRANCH\"]`; `enforcement: disabled` switches it off.",
            key: key)
    }

    /// Git takes no blank in a name, so that several names in one text are none; GitHub has two words of its own.
    private func checkReference(_ name: Text, of fields: Fields) {
        let words = ["~DEFAULT_BRANCH", "~ALL"]
        if name.value.hasPrefix("~"), !words.contains(name.value) {
            fields.fail(
                .unknownWord, "\(fields.subject) names \(quoted(name.value))", at: name.mark,
                hint: didYouMean(name.value, among: words, else: "Write \(alternatives(words)), or a pattern."))
        } else if !name.value.hasPrefix("~"), let flaw = BranchName.flaw(in: name.value, isPattern: true) {
            fields.fail(
                .invalidPattern,
                "\(fields.subject) names \(quoted(name.value)), which \(flaw), as no branch or tag is called",
                at: name.mark, hint: "Write one name an item: `include: [\"~DEFAULT_BRANCH\", \"refs/heads/x/*\"]`.")
        }
    }

    // MARK: Rules

    private func readRule(_ fields: Fields) -> Value {
        let type = fields.word("type", of: RulesetRule.all.keys.sorted { $0.precedesByBytes($1) }, required: true)
        let known = type.flatMap { RulesetRule.all[$0.value] } ?? [:]
        var rule = Self.object(fields, ["type"])
        if let parameters = fields.fields("parameters") {
            for name in known.keys.sorted(by: { $0.precedesByBytes($1) }) { known[name]?.check(name, of: parameters) }
            // Of an unknown type nobody knows them.
            if type != nil { parameters.finish() }
            for (entry, cause) in parameters.unknownEntries
            where known.isEmpty || RulesetRule.parameters.contains(entry.key) {
                // The line that began their own rule may be lost.
                parameters.fail(cause)
            }
            fields.absorb(parameters)
            // GitHub may know more of them than is known here.
            rule["parameters"] = .object(Self.object(parameters, parameters.keys.filter { !$0.isForeignKey }))
        }
        fields.allow("ruleset_id", "ruleset_source", "ruleset_source_type", "notes", "description", "name", "comment")
        fields.finish()
        for (entry, cause) in fields.unknownEntries where RulesetRule.parameters.contains(entry.key) {
            fields.fail(cause)
        }
        return .object(rule)
    }
}
