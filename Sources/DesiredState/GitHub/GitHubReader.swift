import Basics
import Formats

/// What the documents of `github/` say beside resources.
struct GitHubReading {
    var acknowledged: [AcknowledgedDrift] = []
    /// In their order, of which the last that fits a path counts.
    var codeOwners: [CodeOwnerRule] = []
}

/// Reads the documents of `github/`.
struct GitHubReader {
    let drafts: DraftSet
    var report: Report { drafts.report }
    var acknowledged: [AcknowledgedDrift] = []
    private var codeOwners: [CodeOwnerRule] = []
    /// Whose branches are to be protected; nil where no document says.
    private(set) var protectedRepository: Text?
    /// The settings of the document at hand, by the path under which `known_drift` names them.
    var settings: [String: Setting] = [:]
    /// Labels that documents want, whichever does.
    var labelWishes: [LabelWish] = []
    /// The settings of the organisation, by their last name.
    private var organization: [String: (setting: SettingLeaf, path: String)] = [:]

    /// One attribute that a document wants.
    struct Setting {
        let key: ResourceKey
        let attribute: String
        let value: Value
        let mark: SourceMark
    }

    private init(_ drafts: DraftSet) { self.drafts = drafts }

    /// - Returns: what is no resource of it.
    static func read(_ library: inout Library, _ drafts: DraftSet) -> GitHubReading {
        var reader = GitHubReader(drafts)
        if let document = library.take(
            "github/branch-protection", domain: "github", scopes: [.kind(.branchProtection), .kind(.ruleset)],
            reader.report), let root = document.root
        {
            reader.readProtection(root, document.path)
            reader.tellStrayLabels(root, document.path)
            reader.codeOwners = CodeOwners.read(root, document.path, drafts.report)
            CodeOwners.compare(reader.codeOwners, root, document.path, library, drafts.report)
        }
        if let document = library.take(
            "github/org-policy", domain: "github", scopes: [.kind(.organizationSetting)], reader.report),
            let root = document.root
        {
            reader.readOrganization(root, document.path)
            reader.tellStrayLabels(root, document.path)
        }
        if let document = library.take(
            "github/enterprise-cloud", domain: "github", scopes: [.kind(.organizationSetting)], reader.report),
            let root = document.root
        {
            reader.readEnterprise(
                root, document.path, inventory: library.entry(under: "integrations/platform_inventory"))
            reader.tellStrayLabels(root, document.path)
        }
        if let document = library.take(
            "github/org_repos", schema: "ssot.github.org_repos.v1", domain: "github",
            scopes: [.kind(.repository), .kind(.gitHubProject), .kind(.gitHubHook), .kind(.gitHubLabel)],
            reader.report), let root = document.root
        {
            reader.readRepositories(root, document.path)
            reader.tellStrayLabels(root, document.path)
        }
        reader.readApps(&library)
        reader.readProjects(&library)
        reader.addLabels(reader.labelWishes)
        return GitHubReading(acknowledged: reader.acknowledged, codeOwners: reader.codeOwners)
    }

    // MARK: Branch protection

    private mutating func readProtection(_ root: Node, _ file: String) {
        let fields = Fields(root, "the branch protection", in: file, report)
        let repository = fields.text("repo", required: true)
        protectedRepository = repository
        let branches = fields.fields("branches", required: true)
        if let cause = fields.broken["branches"] ?? (repository == nil || branches == nil ? fields.fault : nil) {
            report.unknown(.kind(.branchProtection), cause)
        }
        _ = (fields.entry("rulesets"), fields.entry("known_drift"))
        fields.finishLeniently()
        if let cause = fields.broken["rulesets"] { report.unknown(.kind(.ruleset), cause) }
        settings = [:]
        var isWhole = repository != nil
        if let branches, let repository, branches.fault == nil || !branches.keys.isEmpty {
            for section in branches.allEntries() {
                if !readBranch(section, repository.value, file) { isWhole = false }
            }
        }
        readRulesets(fields, repository?.value)
        readDrift(fields, isWhole: isWhole)
    }

    /// Lets `known_drift` name what stands beside `desired` of a setting.
    private mutating func remember(
        _ parameter: WantedAttribute, of key: ResourceKey, as attribute: String, named name: String
    ) {
        guard case .literal(let value) = parameter.value, let mark = parameter.mark else { return }
        settings[name] = Setting(key: key, attribute: attribute, value: value, mark: mark)
    }

    /// - Returns: whether all of its settings were read.
    private mutating func readBranch(_ section: Node.Entry, _ repository: String, _ file: String) -> Bool {
        let entry = Fields(section.value, "the branch \(quoted(section.key))", in: file, report)
        let key = ResourceKey(.branchProtection, "\(repository)/\(section.key)")
        if section.isAmbiguous {
            let cause = Cause(
                code: "FMT-0003", reason: "\(entry.subject) stands more than once", mark: section.keyMark(in: file))
            drafts.lose(key, cause, at: section.keyMark(in: file))
            return false
        }
        checkBranch(section.key, entry, at: section.keyMark(in: file))
        var attributes: [WantedAttribute] = []
        for item in entry.allEntries() {
            guard let leaf = SettingLeaf(item, of: entry, types: SettingType.ofBranches) else { continue }
            attributes.append(WantedAttribute(leaf.name, .literal(leaf.value), at: leaf.mark))
            attributes += leaf.parameters
            settings["branches.\(section.key).\(leaf.name)"] = Setting(
                key: key, attribute: leaf.name, value: leaf.value, mark: leaf.mark)
            for parameter in leaf.parameters {
                remember(parameter, of: key, as: parameter.name, named: "branches.\(section.key).\(parameter.name)")
            }
        }
        guard drafts.isSound(entry, key, .branchProtection) else { return false }
        add(Draft(key, attributes, source: section.keyMark(in: file)))
        return true
    }

    /// One that git refuses can't be there, so that its protection would fail in every pass.
    private func checkBranch(_ name: String, _ entry: Fields, at mark: SourceMark) {
        guard let flaw = BranchName.flaw(in: name) else { return }
        let isPattern =
            name.utf8.contains { "*?[".utf8.contains($0) } && BranchName.flaw(in: name, isPattern: true) == nil
        entry.fail(
            .invalidName, "\(entry.subject) \(flaw), as the name of no branch does", at: mark,
            hint: isPattern
                ? "Name each branch; a pattern belongs into `conditions` of one of the `rulesets`."
                : "Write the name as git has it, such as `main` or `release/1.0`.")
    }

    // MARK: The organisation

    private mutating func readOrganization(_ root: Node, _ file: String) {
        let fields = Fields(root, "the policy of the organisation", in: file, report)
        let name = fields.text("org", required: true)
        settings = [:]
        var isWhole = true
        for section in fields.allEntries() where section.value.entries != nil {
            let entry = Fields(section.value, "`\(section.key)` of the organisation", in: file, report)
            for item in entry.allEntries() {
                let isLost = item.isAmbiguous || section.isAmbiguous
                // The faults of a setting are its own.
                let owner = Fields(
                    Node(.map([]), line: item.keyLine, column: item.keyColumn), entry.subject, in: file, report)
                let path = "\(section.key).\(item.key)"
                let key = ResourceKey(.organizationSetting, path)
                guard !isLost, let leaf = SettingLeaf(item, of: owner, types: SettingType.ofOrganization) else {
                    if let cause = isLost ? entry.fault ?? fields.fault : owner.fault {
                        drafts.lose(key, cause, at: item.keyMark(in: file))
                        isWhole = false
                        // What a lost line with a name leaves behind: the next setting may have been swallowed.
                        // A whole section may have slid into another one.
                        let isSection = item.value.entries?.contains { $0.value["desired"] != nil } == true
                        if isSection || item.value.entries?.contains(where: \.isAmbiguous) == true {
                            report.unknown(.kind(.organizationSetting), cause)
                        }
                    }
                    continue
                }
                want(leaf, key, organization: name, at: item.keyMark(in: file))
                organization[leaf.name] = (leaf, path)
            }
            if entry.fault != nil { isWhole = false }
        }
        if let cause = fields.fault { report.unknown(.kind(.organizationSetting), cause) }
        readDrift(fields, isWhole: isWhole && fields.fault == nil)
    }

    private mutating func want(_ leaf: SettingLeaf, _ key: ResourceKey, organization: Text?, at mark: SourceMark) {
        settings[key.name] = Setting(key: key, attribute: "value", value: leaf.value, mark: leaf.mark)
        var attributes = [WantedAttribute("value", .literal(leaf.value), at: leaf.mark)]
        attributes += WantedAttribute.of("org", organization)
        let prefix = leaf.name + "."
        for parameter in leaf.parameters {
            let attribute = String(parameter.name.dropFirst(prefix.count))
            attributes.append(WantedAttribute(attribute, parameter.value, at: parameter.mark))
            remember(parameter, of: key, as: attribute, named: "\(key.name).\(attribute)")
        }
        add(Draft(key, attributes, source: mark))
    }

    /// What the enterprise document wants besides; where both speak of a setting they have to agree.
    private mutating func readEnterprise(_ root: Node, _ file: String, inventory: Library.Entry?) {
        let fields = Fields(root, "the enterprise policy", in: file, report)
        let section = fields.fields("advanced_security")
        _ = (section?.fields("desired_state"), fields.fields("enterprise"))
        section?.finishLeniently()
        fields.finishLeniently()
        if let cause = fields.broken["advanced_security"] ?? section?.broken["desired_state"] {
            report.unknown(.kind(.organizationSetting), cause)
        }
        // A setting that stands beside them has slid out of them by its indentation.
        for item in section?.unclaimed ?? []
        where item.value["desired"] != nil || item.value.scalar?.value.boolValue != nil {
            report.unknown(
                .kind(.organizationSetting),
                report.warning(
                    .unknownKey, "`advanced_security` has the setting \(quoted(item.key)) beside `desired_state`",
                    at: item.keyMark(in: file), hint: "Move it below `desired_state`; until then none of them goes."))
        }
        let organisation = root.at("enterprise", "org").flatMap { node in
            node.scalar.map { Text(value: $0.text, mark: node.mark(in: file)) }
        }
        for item in root.at("policy", "security")?.entries ?? [] where item.value.entries == nil && !item.isAmbiguous {
            compare(item.key, item.value.value, at: item.value.mark(in: file))
        }
        if let section = root.at("advanced_security", "desired_state"), section.entries != nil {
            let entry = Fields(section, "the advanced security", in: file, report)
            for item in entry.allEntries() {
                guard let leaf = SettingLeaf(item, of: entry) else { continue }
                if organization[leaf.name] != nil {
                    compare(leaf.name, leaf.value, at: leaf.mark)
                } else {
                    let key = ResourceKey(.organizationSetting, "advanced_security.\(leaf.name)")
                    want(leaf, key, organization: organisation, at: item.keyMark(in: file))
                }
            }
            if let cause = entry.fault { report.unknown(.kind(.organizationSetting), cause) }
        }
        comparePlans(root, file, inventory)
    }

    private func compare(_ name: String, _ value: Value, at mark: SourceMark) {
        guard let (setting, path) = organization[name], setting.value != value else { return }
        report.warning(
            .documentDisagreement, "the enterprise policy wants another `\(name)` than \(path) of the organisation",
            at: mark, hint: "Make both say the same. The policy of the organisation is taken until then.",
            notes: [Diagnostic.Note("the policy of the organisation is here", at: setting.mark)])
    }

    /// `github_enterprise_cloud` wanted, and `free` listed: what the policy wants can't be had.
    private func comparePlans(_ root: Node, _ file: String, _ inventory: Library.Entry?) {
        guard let wanted = root.at("enterprise", "plan"), let plan = wanted.scalar?.text, let inventory,
            let listed = inventory.root?.at("github", "plan"), let other = listed.scalar?.text, other != plan
        else { return }
        report.warning(
            .documentDisagreement,
            "the enterprise policy is for the plan \(quoted(plan)), and the inventory says \(quoted(other))",
            at: wanted.mark(in: file), hint: "Correct one of the two: what a plan doesn't hold can't be switched on.",
            notes: [Diagnostic.Note("the inventory says so here", at: listed.mark(in: inventory.path))])
    }

    /// Settings of a code host are never deleted without a person's word.
    func add(_ draft: Draft) {
        var draft = draft
        draft.isProtected = true
        drafts.add(draft)
    }
}
