import Basics
import Formats

/// What is named in `environments.yaml`.
struct EnvironmentsReading {
    /// An entry that can't be read: it may be of any tier.
    struct Broken {
        let slug: String
        let branch: String?
        let host: String?
        let cluster: String?
        let cause: Cause
        /// What it says of its branch, and what slid into it of theirs.
        let hints: [BranchHint]
        /// What can be read of it: what it names may be owned under the name that it had before.
        var draft: EnvironmentDraft?
    }

    var named: [EnvironmentDraft] = []
    var broken: [Broken] = []
    var templates: [Tier: EnvironmentTemplate] = [:]
    /// Tiers whose template can't be read.
    var brokenTemplates: [Tier: Cause] = [:]
    var runtimes = Runtimes()
    /// Why it is not known which environments are named; nil where it is.
    var fault: Cause?
    /// Whether the document is there.
    var isPresent = false
    /// Its path.
    var file = ""
}

/// Reads `environments.yaml`.
struct EnvironmentsReader {
    let file: String
    let report: Report
    private(set) var reading = EnvironmentsReading()
    private var templatesLost: [Tier: Cause] = [:]
    /// How the entries are called, those that can't be read as well.
    private var names: [String] = []

    private init(file: String, _ report: Report) {
        self.file = file
        self.report = report
        reading.isPresent = true
        reading.file = file
    }

    static func read(_ library: Library, _ report: Report) -> EnvironmentsReading {
        guard let document = library.document(.environments) else { return EnvironmentsReading() }
        guard let root = document.root else {
            var reading = EnvironmentsReading()
            reading.isPresent = true
            reading.fault = document.cause
            return reading
        }
        var reader = EnvironmentsReader(file: document.path, report)
        reader.read(root)
        return reader.reading
    }

    private mutating func read(_ root: Node) {
        let fields = Fields(root, "the environments document", in: file, report)
        fields.allow("schema", "version", "last_reviewed", "description", "notes")
        let environments = fields.fields("environments", required: true)
        let tiers = fields.fields("tiers")
        reading.runtimes = Runtimes(fields)
        let templates = takeStrays(fields, hasTemplates: tiers != nil)
        fields.finish()
        // Only now it is known whether they stand twice, are no mapping or stand under a misspelt name.
        if let cause = fields.broken["runtimes"] { reading.runtimes.fault = cause }
        names = environments?.keys ?? []
        for entry in environments?.allEntries() ?? [] { readNamed(entry) }
        for entry in tiers?.allEntries() ?? [] { readTemplate(entry) }
        for (tier, cause) in templatesLost { reading.brokenTemplates[tier] = reading.brokenTemplates[tier] ?? cause }
        if let cause = fields.broken["environments"] ?? (environments == nil ? fields.fault : nil) {
            reading.fault = cause
            report.unknown(.environments, cause)
        }
        // The section of templates may have slid among the environments by its indentation.
        let slid =
            templates
            ?? (tiers == nil ? reading.broken.first { closest(to: $0.slug, among: ["tiers"]) != nil }?.cause : nil)
        if let cause = fields.broken["tiers"] ?? tiers?.fault ?? slid {
            for tier in Tier.allCases where reading.templates[tier] == nil { reading.brokenTemplates[tier] = cause }
        }
    }

    /// Takes what stands beside `environments` and looks like one of them, or like `tiers`, for what it looks like.
    ///
    /// It has slid out by its indentation, or has another name: what it was would otherwise count as not wanted.
    ///
    /// - Returns: why the templates can't be told; nil where they can.
    private mutating func takeStrays(_ fields: Fields, hasTemplates: Bool) -> Cause? {
        var templates: Cause?
        for section in fields.unclaimed where !section.key.isForeignKey {
            // A misspelt section is told as one, whatever else it may be.
            let isMisspelt = closest(to: section.key, among: ["environments", "tiers", "runtimes"]) != nil
            if section.value.looksLikeEnvironment {
                loseStray(section, beside: "environments")
            } else if !isMisspelt, !hasTemplates, section.value.looksLikeTemplates {
                templates = report.error(
                    .unknownKey, "\(quoted(section.key)) looks like the templates of environments",
                    at: section.keyMark(in: file),
                    hint:
                        "Write `tiers`, or begin its name with `x-`. Until then what branches brought about is left alone."
                )
            } else {
                continue
            }
            if !isMisspelt { fields.allow(section.key) }
        }
        return templates
    }

    /// An environment that stands where none is read: it is still wanted.
    private mutating func loseStray(_ section: Node.Entry, beside name: String) {
        let cause = report.error(
            .unknownKey, "\(quoted(section.key)) looks like an environment, and stands beside those of `environments`",
            at: section.keyMark(in: file),
            hint:
                "Move it into `environments`, indented as the others are\(name == "environments" ? ", or begin its name with `x-`" : ""). "
                + "Until then no environment goes.")
        report.unknown(.environments, cause)
        report.unknown(.environment(section.key), cause)
        func text(_ key: String) -> String? { section.value[key]?.value.scalar?.text }
        reading.broken.append(
            EnvironmentsReading.Broken(
                slug: section.key, branch: nil, host: text("host"), cluster: text("database_cluster"), cause: cause,
                hints: BranchHint.all(of: section)))
    }

    // MARK: Named environments

    private mutating func readNamed(_ section: Node.Entry) {
        let subject = "the environment \(quoted(section.key))"
        let entry = Fields(section.value, subject, in: file, report)
        if section.isAmbiguous {
            entry.fail(
                Cause(
                    code: "FMT-0003", reason: "\(subject) is named more than once", mark: section.keyMark(in: file)))
        }
        let isUsable = Slug.isValid(section.key)
        if !isUsable {
            entry.fail(
                .invalidName, "\(subject) has a name that is no DNS label", at: section.keyMark(in: file),
                hint: "Use lower-case letters, digits and inner hyphens, at most 40"
                    // What is made of a secret can't be told from it any more, and holds most of it.
                    + (Redaction.looksSecret(value: section.key)
                        ? "." : ": `\(Slug.suggestion(for: section.key, notIn: names))`."))
        }
        let tier = entry.text("tier", required: true, orNumber: true).flatMap { readTier($0, entry) }
        var draft = EnvironmentDraft(
            slug: section.key, tier: tier ?? .production, ttlClass: TTLClass(named: tier ?? .production),
            subject: subject,
            source: section.keyMark(in: file))
        draft.branch = entry.text("branch", orNumber: true)
        draft.tag = entry.text("tag", orNumber: true)
        if let branch = draft.branch, let tag = draft.tag {
            entry.fail(
                .branchAndTag, "\(subject) names both a branch and a tag", at: tag.mark, hint: "Keep one of the two.",
                notes: [Diagnostic.Note("the branch is here", at: branch.mark)])
        }
        draft.host = entry.text("host")
        draft.domain = entry.text("domain")
        draft.cluster = entry.text("database_cluster")
        draft.database = entry.text("database")
        draft.databaseUser = entry.text("database_user")
        draft.filestore = entry.text("filestore")
        draft.runtime = EnvironmentRuntime(entry)
        checkServer(draft.runtime, draft.cluster, entry)
        draft.tierMark = entry.mark(of: "tier")
        if let workers = entry.integer("workers", in: 0...10_000) {
            draft.workers = Int(workers.value)
            draft.claims.add("workers", "\(workers.value)", .entry, at: workers.mark)
        }
        draft.backupSchedule = entry.schedule("backup_schedule")
        if let schedule = draft.backupSchedule {
            draft.claims.add(
                "backup_schedule", schedule.cron ?? "never", .entry, at: entry.mark(of: "backup_schedule"))
        }
        draft.limits = entry.limits("resource_limits")
        draft.claims.add(draft.limits, .entry)
        if let autoDeploy = entry.flag("auto_deploy") {
            draft.autoDeploy = autoDeploy.value
            draft.claims.add("auto_deploy", "\(autoDeploy.value)", .entry, at: autoDeploy.mark)
        }
        if let isProtected = entry.flag("protected") {
            draft.isProtected = isProtected.value || tier == .production
            // Production is protected whatever its entry says.
            if draft.isProtected == isProtected.value {
                draft.claims.add("protected", "\(isProtected.value)", .entry, at: isProtected.mark)
            } else if tier == .production {
                report.warning(
                    .withoutEffect, "\(subject) says `protected: false`, and production is always protected",
                    at: isProtected.mark,
                    hint: "Remove the line, or give the environment another tier if it may be deleted without a word.")
            }
        }
        entry.allow("description", "notes", "owner", "health_check")
        entry.finish()
        // One that slid into another by its indentation is still wanted.
        for (unknown, cause) in entry.unknownEntries where unknown.value.looksLikeEnvironment {
            entry.fail(cause)
            report.unknown(.environments, cause)
        }
        if let cause = entry.fault {
            // Under a name that can't be used it may be meant for any environment.
            let isVague = !isUsable || section.isAmbiguous || entry.hasDuplicates || entry.isNoMapping
            lose(section, draft, cause, isVague: isVague)
            if Self.dataKeys.contains(where: { entry.broken[$0] != nil }) {
                report.unknown(kinds: [.database, .databaseUser, .serverDatabase, .serverRole], cause)
            }
            return
        }
        if let tier, let named = Tier(alias: section.key), named != tier {
            report.warning(
                .tierDisagreement, "\(subject) has the tier \(tier.rawValue)", at: entry.mark(of: "tier"),
                hint: "Its name says \(named.rawValue): rename it or change the tier. The tier that is written counts.",
                notes: [Diagnostic.Note("named here", at: draft.source)])
        }
        reading.named.append(draft)
    }

    private mutating func lose(_ section: Node.Entry, _ draft: EnvironmentDraft, _ cause: Cause, isVague: Bool) {
        report.unknown(.environment(section.key), cause)
        // A key twice in one entry is what a lost name leaves behind: the environment after it may have been swallowed.
        // A name twice is what a stray one leaves behind: it may have cut off the end of the environment before.
        if isVague { report.unknown(.environments, cause) }
        reading.broken.append(
            EnvironmentsReading.Broken(
                slug: section.key, branch: draft.branch?.value, host: draft.host?.value, cluster: draft.cluster?.value,
                cause: cause, hints: BranchHint.all(of: section), draft: draft))
    }

    /// What says where its data is.
    private static let dataKeys = ["database", "database_cluster", "database_server", "database_user"]

    /// A database is in a cluster of the inventory or on a server, and not on both.
    private func checkServer(_ runtime: EnvironmentRuntime, _ cluster: Text?, _ entry: Fields) {
        guard let server = runtime.server, let cluster else { return }
        entry.fail(
            .duplicateName, "\(entry.subject) has both a database cluster and a database server", at: server.mark,
            hint: "Keep one of the two.", notes: [Diagnostic.Note("the cluster is here", at: cluster.mark)])
    }

    private func readTier(_ text: Text, _ entry: Fields) -> Tier? {
        if let tier = Tier(alias: text.value) { return tier }
        entry.fail(
            .unknownTier, "\(entry.subject) has the unknown tier \(quoted(text.value))", at: text.mark,
            hint: didYouMean(text.value, among: Tier.words, else: "Write production, staging, dev or preview."))
        return nil
    }

    // MARK: Templates

    private mutating func readTemplate(_ section: Node.Entry) {
        guard let tier = Tier(alias: section.key) else {
            if section.value.looksLikeEnvironment { loseStray(section, beside: "tiers") }
            let cause = report.error(
                .unknownTier, "`tiers` has the unknown tier \(quoted(section.key))", at: section.keyMark(in: file),
                hint: didYouMean(section.key, among: Tier.words, else: "Write production, staging, dev or preview."))
            for tier in Tier.allCases where reading.templates[tier] == nil { reading.brokenTemplates[tier] = cause }
            return
        }
        let entry = Fields(section.value, "the template of \(tier.rawValue)", in: file, report)
        if section.isAmbiguous || reading.templates[tier] != nil {
            entry.fail(
                Cause(
                    code: "FMT-0003", reason: "the template of \(tier.rawValue) stands more than once",
                    mark: section.keyMark(in: file)))
        }
        var template = EnvironmentTemplate(subject: entry.subject)
        template.host = readPattern("host", entry)
        template.domain = readPattern("domain", entry)
        template.cluster = readPattern("database_cluster", entry)
        template.database = readPattern("database", entry)
        template.databaseUser = readPattern("database_user", entry)
        template.filestore = readPattern("filestore", entry)
        template.runtime = EnvironmentRuntime(entry) { readPattern($0, $1) }
        checkServer(template.runtime, template.cluster, entry)
        for (text, node) in template.runtime.texts {
            checkPlaceholders(
                Text(value: text, mark: node.mark(in: file)), "a text", entry,
                EnvironmentTemplate.containerPlaceholders)
        }
        template.workers = entry.integer("workers", in: 0...10_000)
        template.backupSchedule = entry.schedule("backup_schedule")
        template.backupMark = entry.mark(of: "backup_schedule")
        entry.allow("description", "notes")
        entry.finish()
        // A template may have slid into this one, or have lost the line with its tier.
        let swallowed = entry.unknownEntries.first { $0.entry.value.entries != nil }?.cause
        if let cause = entry.hasDuplicates ? entry.fault : swallowed {
            for tier in Tier.allCases { templatesLost[tier] = cause }
        }
        if let cause = entry.fault {
            reading.brokenTemplates[tier] = cause
            reading.templates[tier] = nil
        } else {
            reading.brokenTemplates[tier] = nil
            reading.templates[tier] = template
        }
    }

    private func readPattern(_ key: String, _ entry: Fields) -> Text? {
        guard let text = entry.text(key) else { return nil }
        return checkPlaceholders(text, "`\(key)`", entry) ? text : nil
    }

    @discardableResult
    private func checkPlaceholders(
        _ text: Text, _ what: String, _ entry: Fields, _ known: [String] = EnvironmentTemplate.placeholders
    ) -> Bool {
        guard let placeholder = EnvironmentTemplate.unknownPlaceholder(in: text.value, among: known) else {
            return true
        }
        entry.fail(
            .invalidTemplate, "\(what) of \(entry.subject) has the unknown placeholder \(quoted(placeholder))",
            at: text.mark,
            hint: didYouMean(
                placeholder, among: known, else: "Known are \(alternatives(known))."))
        return false
    }
}
