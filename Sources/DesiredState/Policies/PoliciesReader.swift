import Basics
import Formats

/// Reads `.odooops/policies.yaml`.
struct PoliciesReader {
    let file: String
    let report: Report
    var reading = PoliciesReading()

    init(file: String, _ report: Report) {
        self.file = file
        self.report = report
    }

    static func read(_ library: Library, _ report: Report) -> PoliciesReading {
        guard let document = library.document(.policies) else { return PoliciesReading() }
        guard let root = document.root else {
            var reading = PoliciesReading()
            reading.mappingsFault = document.cause
            reading.previewsFault = document.cause
            // It may have allowed none.
            reading.loseLimit(document.cause)
            reading.loseWindows(document.cause)
            reading.policy.prune.unreadable = document.cause.map { UnreadableRule($0) }
            return reading
        }
        var reader = PoliciesReader(file: document.path, report)
        reader.read(root)
        if document.endsAbruptly, root["limits"] == nil {
            reader.reading.loseLimit(
                document.cause
                    ?? Cause(
                        code: Code.unfinished.rawValue,
                        reason: "\(document.path) ends in the middle of a line, so more may have followed",
                        mark: document.parsed.end))
        }
        return reader.reading
    }

    private mutating func read(_ root: Node) {
        let fields = Fields(root, "the document of policies", in: file, report)
        fields.allow("schema", "version", "last_reviewed", "description")
        readMappings(fields)
        readGates(fields)
        readBackups(fields)
        readQuotas(fields)
        readTTL(fields)
        readGitHub(fields)
        readPreviews(fields)
        readLimits(fields)
        readWindows(fields)
        readFreezes(fields)
        readPrune(fields)
        readApprovals(fields)
        fields.finish()
        for key in fields.broken.keys.sorted() { lose(section: key, fields.broken[key]) }
        // It may be what forbids.
        if let stray = fields.stray { reading.loseLimit(stray) }
        loseWhatSlid(outOf: root)
        if root.entries == nil {
            for key in [
                "branch_mappings", "previews", "resource_quotas", "ttl_policies", "limits", "sync_windows", "prune",
                "approvals",
            ] {
                lose(section: key, fields.fault)
            }
        }
    }

    /// Takes a section that can't be told as unknown as a whole.
    mutating func lose(section: String, _ cause: Cause?) {
        guard let cause else { return }
        switch section {
        case "branch_mappings":
            reading.mappingsFault = reading.mappingsFault ?? cause
            reading.mappings = [.broken(cause)]
            reading.policy.branchMappings = []
        case "previews": reading.previewsFault = reading.previewsFault ?? cause
        case "resource_quotas", "health_gates", "backups":
            for tier in Tier.allCases { reading.brokenTiers[tier] = reading.brokenTiers[tier] ?? cause }
        case "ttl_policies":
            for ttlClass in TTLClass.allCases {
                reading.policy.ttl[ttlClass] = nil
                reading.brokenClasses[ttlClass] = cause
            }
        case "limits": reading.loseLimit(cause)
        case "sync_windows", "freeze": reading.loseWindows(cause)
        case "prune": reading.policy.prune.unreadable = UnreadableRule(cause)
        case "approvals": reading.policy.approvals = .unreadable
        default: break
        }
    }

    // MARK: Branch mappings

    private mutating func readMappings(_ fields: Fields) {
        for node in fields.nodes("branch_mappings") ?? [] {
            let entry = Fields(node, "a branch mapping", in: file, report)
            let pattern = entry.text("pattern", required: true).flatMap { self.pattern($0, entry) }
            let tier = entry.text("tier", required: true, orNumber: true).flatMap { self.tier($0, entry) }
            let autoDeploy = entry.flag("auto_deploy")?.value ?? false
            entry.allow("description", "notes")
            entry.finish()
            guard entry.fault == nil, let pattern, let tier else {
                let cause = entry.fault ?? Cause(code: Code.wrongType.rawValue, reason: "", mark: entry.mark)
                reading.mappings.append(.broken(cause))
                reading.mappingsFault = reading.mappingsFault ?? cause
                continue
            }
            let mapping = BranchMapping(
                pattern: pattern, tier: tier, autoDeploy: autoDeploy, source: node.mark(in: file))
            warnIfUnreachable(mapping)
            reading.mappings.append(.sound(mapping))
            reading.policy.branchMappings.append(mapping)
        }
    }

    /// White space, which git refuses, and quotes that a word processor made of those that were typed.
    private static func isInNoBranch(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x2018...0x201F).contains(scalar.value) || scalar == "«" || scalar == "»"
    }

    func pattern(_ text: Text, _ entry: Fields) -> GlobPattern? {
        if let strange = text.value.unicodeScalars.first(where: { Self.isInNoBranch($0) }) {
            let sign = strange.isASCII ? "a space" : String.codePoint(strange)
            entry.fail(
                .invalidPattern, "the pattern \(quoted(text.value)) holds \(sign), as the name of no branch does",
                at: text.mark, hint: "Write the name as git has it, without spaces and in plain quotes.")
            return nil
        }
        do {
            return try GlobPattern(text.value)
        } catch {
            let hint: String
            switch error {
            case .empty: hint = "Write a branch name or a glob."
            case .regularExpression(let character):
                // A dot alone may stand in the name of a branch.
                let sign = character == "." ? ".*" : String(character)
                hint =
                    "`\(sign)` belongs to regular expressions. Patterns are globs that match whole names: `*` inside "
                    + "one path segment, `**` across, `?` for one character. For example `release/*`."
            }
            entry.fail(
                .invalidPattern, "the pattern \(quoted(text.value)) is no glob", at: text.mark, hint: hint)
            return nil
        }
    }

    private func warnIfUnreachable(_ mapping: BranchMapping) {
        guard let earlier = reading.policy.branchMappings.first(where: { $0.pattern.covers(mapping.pattern) }) else {
            return
        }
        report.warning(
            .unreachableMapping, "the mapping of \(quoted(mapping.pattern.text)) can never match", at: mapping.source,
            hint: "Put it before the wider one, or remove it: the first mapping that matches wins.",
            notes: [Diagnostic.Note("\(quoted(earlier.pattern.text)) matches all of it before", at: earlier.source)])
    }

    func tier(_ text: Text, _ fields: Fields) -> Tier? {
        if let tier = Tier(alias: text.value) { return tier }
        fields.fail(
            .unknownTier, "\(fields.subject) has the unknown tier \(quoted(text.value))", at: text.mark,
            hint: didYouMean(text.value, among: Tier.words, else: "Write production, staging, dev or preview."))
        return nil
    }

    // MARK: Sections by tier

    /// The entries of a section whose keys are tiers.
    mutating func tiers(_ fields: Fields, _ section: String) -> [(tier: Tier, entry: Node.Entry)] {
        guard let inner = fields.fields(section) else { return [] }
        var found: [(tier: Tier, entry: Node.Entry)] = []
        for entry in inner.allEntries() {
            guard let tier = Tier(alias: entry.key) else {
                let cause = report.error(
                    .unknownTier, "`\(section)` has the unknown tier \(quoted(entry.key))", at: entry.keyMark(in: file),
                    hint: didYouMean(entry.key, among: Tier.words, else: "Write production, staging, dev or preview."))
                inner.fail(cause)
                report.noteUnknown(entry, cause)
                continue
            }
            if entry.isAmbiguous || found.contains(where: { $0.tier == tier }) {
                let cause =
                    entry.isAmbiguous
                    ? Cause(
                        code: "FMT-0003", reason: "`\(section)` has \(entry.key) twice", mark: entry.keyMark(in: file))
                    : report.error(
                        .duplicateName, "`\(section)` names the tier \(tier.rawValue) twice",
                        at: entry.keyMark(in: file), hint: "Keep one of them; \(tier.rawValue) has aliases.")
                reading.brokenTiers[tier] = cause
                found.removeAll { $0.tier == tier }
                continue
            }
            found.append((tier, entry))
        }
        // An unknown tier's entry may have been meant for any of those that are not named.
        if let cause = inner.fault, cause.code != "FMT-0003" {
            for tier in Tier.allCases where !found.contains(where: { $0.tier == tier }) {
                reading.brokenTiers[tier] = cause
            }
        }
        return found
    }

    private mutating func readGates(_ fields: Fields) {
        for (tier, section) in tiers(fields, "health_gates") {
            guard let nodes = section.value.items else {
                reading.brokenTiers[tier] = report.error(
                    .wrongType,
                    "the health gates of \(section.key) are \(section.value.shapeName) where a list is needed",
                    at: section.value.mark(in: file), hint: "Write one gate a line, each after `- `.")
                continue
            }
            for node in nodes {
                let entry = Fields(node, "a health gate of \(section.key)", in: file, report)
                let type = entry.text("type", required: true)
                let command = entry.text("command")
                let isRequired = entry.flag("required")?.value ?? true
                entry.finish()
                if let cause = entry.fault { reading.brokenTiers[tier] = cause }
                guard let type else { continue }
                if !Self.gateTypes.contains(type.value) {
                    report.warning(
                        .unknownGate, "the health gate type \(quoted(type.value)) is not known", at: type.mark,
                        hint: didYouMean(
                            type.value, among: Self.gateTypes, else: "Known are \(alternatives(Self.gateTypes))."))
                }
                reading.policy.healthGates[tier, default: []].append(
                    HealthGate(
                        type: type.value, command: command?.value, isRequired: isRequired, source: node.mark(in: file)))
            }
        }
    }

    static let gateTypes = ["tests", "migrations", "manual_approval", "smoke_tests"]

    private mutating func readQuotas(_ fields: Fields) {
        for (tier, section) in tiers(fields, "resource_quotas") {
            let entry = Fields(section.value, "the quota of \(section.key)", in: file, report)
            let workers = entry.integer("workers", in: 0...10_000)?.value
            let limits = ResourceQuota(limitsOf: entry)
            for key in entry.keys { reading.quotaMarks[tier, default: [:]][key] = entry.mark(of: key) }
            entry.finish()
            if let cause = entry.fault { reading.brokenTiers[tier] = cause }
            reading.policy.quotas[tier] = ResourceQuota(
                workers: workers.map { Int($0) }, cpuMillicores: limits.cpuMillicores, memoryBytes: limits.memoryBytes,
                storageBytes: limits.storageBytes)
        }
    }

    // MARK: The rest

    private mutating func readGitHub(_ fields: Fields) {
        guard let section = fields.fields("github_integration") else { return }
        reading.policy.updateCommitStatus = section.flag("update_commit_status")?.value ?? false
        reading.policy.blockMergeOnFailure = section.flag("block_merge_on_failure")?.value ?? false
        reading.policy.commentOnPullRequest = section.flag("comment_on_pr")?.value ?? false
        reading.policy.createDeployments = section.flag("create_deployments")?.value ?? false
        section.finish()
    }

    private mutating func readLimits(_ fields: Fields) {
        guard let section = fields.fields("limits") else { return }
        if let maximum = section.integer("max_deletes", in: 0...100_000) {
            reading.policy.maximumDeletes = Int(maximum.value)
        }
        section.finish()
        // A limit that can't be read allows nothing.
        if let fault = section.fault { reading.loseLimit(fault) }
    }
}

extension Tier {
    /// The tiers with their aliases.
    public static let words = [
        "production", "prod", "staging", "stage", "dev", "develop", "development", "preview",
    ]
}
