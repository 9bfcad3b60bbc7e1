import Basics
import Formats

/// What `maintenance/convergence.yaml` says.
struct ConvergenceReading {
    /// One of its environments with the branch that is deployed to it.
    struct Target {
        let name: String
        let branch: Text?
        /// The Vercel project that it is deployed to, where it is named.
        var vercelProject: Text?
        let source: SourceMark
        let fault: Cause?
    }

    var checks: [WantedCheck] = []
    var thresholds: [ConvergenceThresholds] = []
    var targets: [Target] = []
    /// Why its environments are unknown as a whole; nil where they are not.
    var fault: Cause?
    /// Why a function may be required that is not among the checks.
    var functionsFault: Cause?

    /// The checks, those of thresholds with the project at Vercel that is meant where none is named.
    func checks(in vercel: VercelReading) -> [WantedCheck] {
        let known = vercel.projects(of: self)
        return checks.map { check in
            var check = check
            if check.limit != nil, check.project == nil, known.count == 1 { check.project = known[0] }
            return check
        }
    }
}

/// Reads `maintenance/convergence.yaml`.
struct ConvergenceReader {
    let file: String
    let report: Report
    private var reading = ConvergenceReading()
    private var declaredKinds: [String]?
    private var seen: [String: SourceMark] = [:]

    private init(file: String, _ report: Report) {
        self.file = file
        self.report = report
    }

    static func read(_ library: Library, _ report: Report) -> ConvergenceReading {
        guard let document = library.document(.convergence) else { return ConvergenceReading() }
        guard let root = document.root else {
            var reading = ConvergenceReading()
            reading.fault = document.cause
            reading.functionsFault = document.cause
            return reading
        }
        var reader = ConvergenceReader(file: document.path, report)
        reader.read(root)
        return reader.reading
    }

    private mutating func read(_ root: Node) {
        let fields = Fields(root, "the convergence document", in: file, report)
        fields.allow("schema", "version", "last_reviewed", "description", "notes")
        declaredKinds = fields.texts("finding_kinds")?.map(\.value)
        if let environments = fields.fields("environments") {
            for entry in environments.allEntries() { readEnvironment(entry) }
        }
        for node in fields.nodes("security_settings") ?? [] { readSetting(node) }
        fields.finish()
        if let cause = fields.broken["environments"] ?? fields.stray ?? (root.entries == nil ? fields.fault : nil) {
            reading.fault = cause
            reading.functionsFault = cause
            report.unknown(.kind(.convergenceCheck), cause)
        }
        if let cause = fields.broken["security_settings"] { report.unknown(.kind(.convergenceCheck), cause) }
    }

    /// The lists of `required`, with the kind of finding that a missing item gives.
    private static let lists: [(key: String, kind: String)] = [
        ("functions", "function_missing"), ("vercel_env", "env_missing"), ("supabase_vault", "vault_missing"),
        ("dns", "dns_planned"), ("gates", "gate_failed"),
    ]

    private mutating func readEnvironment(_ section: Node.Entry) {
        let entry = Fields(section.value, "the environment \(quoted(section.key))", in: file, report)
        if section.isAmbiguous {
            entry.fail(
                Cause(
                    code: "FMT-0003", reason: "the environment \(quoted(section.key)) stands more than once",
                    mark: section.keyMark(in: file)))
        }
        let branch = entry.text("deploy_target", orNumber: true)
        let vercelProject = entry.text("vercel_project")
        if let required = entry.fields("required") {
            for (key, kind) in Self.lists {
                var marks = ["environment": section.keyMark(in: file)]
                marks["kind"] = required.keyMark(of: key)
                for item in required.texts(key) ?? [] where !section.isAmbiguous {
                    add(environment: section.key, kind: kind, item, marks)
                }
            }
            required.finish()
            entry.absorb(required)
            if let cause = required.broken["functions"] ?? required.stray
                ?? (required.keys.isEmpty ? required.fault : nil)
            {
                reading.functionsFault = cause
            }
        }
        if let limits = entry.fields("thresholds") {
            let hours: ClosedRange<Int64> = 0...87_600
            let age = limits.integer("max_deploy_age_hours", in: hours)
            let commits = limits.integer("max_commits_behind", in: 0...1_000_000)
            if !section.isAmbiguous {
                for (key, limit) in [(WantedCheck.deployAge, age), (WantedCheck.commitsBehind, commits)] {
                    guard let limit, let mark = limits.keyMark(of: key) else { continue }
                    let item = Text(value: key, mark: mark)
                    let marks = ["environment": section.keyMark(in: file), "limit": limit.mark]
                    add(environment: section.key, kind: "deploy_behind", item, marks, Int(limit.value), vercelProject)
                }
            }
            let escalation = limits.integer("escalate_after_hours", in: hours)
            limits.finish()
            entry.absorb(limits)
            if limits.fault == nil, !section.isAmbiguous {
                reading.thresholds.append(
                    ConvergenceThresholds(
                        environment: section.key, maxDeployAgeHours: age.map { Int($0.value) },
                        maxCommitsBehind: commits.map { Int($0.value) },
                        escalateAfterHours: escalation.map { Int($0.value) }, source: limits.mark))
            }
        }
        entry.allow("description", "notes")
        entry.finish()
        if let cause = entry.fault { report.unknown(.kind(.convergenceCheck), cause) }
        let isWhole = !section.isAmbiguous && !entry.hasDuplicates && !entry.isNoMapping
        if let cause = entry.broken["required"] ?? entry.stray ?? (isWhole ? nil : entry.fault) {
            reading.functionsFault = cause
        }
        reading.targets.append(
            ConvergenceReading.Target(
                name: section.key, branch: branch, vercelProject: vercelProject, source: section.keyMark(in: file),
                fault: section.isAmbiguous || entry.hasDuplicates || entry.stray != nil
                    || entry.broken["deploy_target"] != nil
                    ? entry.fault : nil))
    }

    private mutating func readSetting(_ node: Node) {
        let entry = Fields(node, "a security setting", in: file, report)
        let id = entry.text("id", required: true)
        let kind = entry.text("kind")
        // The rest describes the setting for people.
        _ = entry.allEntries()
        guard entry.fault == nil, let id else {
            if let cause = entry.fault { report.unknown(.kind(.convergenceCheck), cause) }
            return
        }
        var marks: [String: SourceMark] = [:]
        marks["kind"] = kind?.mark
        add(environment: "repository", kind: kind?.value ?? "security_setting_disabled", id, marks)
    }

    private mutating func add(
        environment: String, kind: String, _ item: Text, _ marks: [String: SourceMark], _ limit: Int? = nil,
        _ project: Text? = nil
    ) {
        let name = "\(environment)/\(kind)/\(item.value)"
        if let first = seen[name] {
            report.warning(
                .duplicateName, "the check \(quoted(item.value)) of \(quoted(environment)) is required twice",
                at: item.mark,
                hint: "Remove one of the two.", notes: [Diagnostic.Note("first here", at: first)])
            return
        }
        seen[name] = item.mark
        if let declaredKinds, !declaredKinds.contains(kind) {
            report.warning(
                .undeclaredKind, "\(quoted(item.value)) gives findings of the kind \(kind), which is not declared",
                at: item.mark, hint: "Add `- \(kind)` to `finding_kinds`.")
        }
        var check = WantedCheck(environment: environment, kind: kind, key: item.value, source: item.mark)
        check.marks = marks
        check.limit = limit
        check.project = project?.value
        reading.checks.append(check)
    }
}
