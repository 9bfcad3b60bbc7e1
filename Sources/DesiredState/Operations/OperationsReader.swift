import Basics
import Formats

/// Reads the contracts and policies by which the platform is run.
struct OperationsReader {
    let library: Library
    let report: Report

    // MARK: errors/failure_modes.yaml

    /// - Returns: the codes, sorted; of two entries with one code neither.
    func failureModes() -> [FailureMode] {
        let modes = library.document(.failureModes)?.content.reading(FailureModes.self, report)?.modes ?? []
        compareKinds(modes)
        return modes
    }

    /// Findings of kinds that convergence doesn't know.
    private func compareKinds(_ modes: [FailureMode]) {
        guard let convergence = library.document(.convergence), let kinds = convergence.root?["finding_kinds"],
            let declared = kinds.value.items?.compactMap({ $0.scalar?.text })
        else { return }
        for mode in modes {
            guard let kind = mode.findingKind, !declared.contains(kind) else { continue }
            report.warning(
                .undeclaredKind, "the code \(quoted(mode.code)) stands for findings of the kind \(quoted(kind))",
                at: mode.source,
                hint: didYouMean(kind, among: declared, else: "Add it to `finding_kinds`, or use one of those there."),
                notes: [Diagnostic.Note("the kinds are declared here", at: kinds.keyMark(in: convergence.path))])
        }
    }

    // MARK: runtime/release_contract.yaml

    /// - Returns: nil where there is none, or a part of it can't be read: a contract with holes is none.
    func releaseContract() -> ReleaseContract? {
        guard let document = library.document(.releaseContract), let root = document.root else { return nil }
        let fields = Fields(root, "the release contract", in: document.path, report)
        let required = contractFields("required_fields", fields, required: true)
        let optional = contractFields("optional_fields", fields, required: false)
        guard fields.fault == nil else { return nil }
        return ReleaseContract(required: required, optional: optional, source: fields.mark)
    }

    private func contractFields(_ key: String, _ fields: Fields, required: Bool) -> [ReleaseContract.Field] {
        var found: [ReleaseContract.Field] = []
        for node in fields.nodes(key, required: required) ?? [] {
            let entry = Fields(node, "a field of the release contract", in: fields.file, report)
            let name = entry.text("field", required: true)
            let type = entry.text("type")
            fields.absorb(entry)
            guard let name else { continue }
            if let first = found.first(where: { $0.name == name.value }) {
                report.warning(
                    .duplicateName, "the field \(quoted(name.value)) stands twice", at: name.mark,
                    hint: "Remove one of the two.", notes: [Diagnostic.Note("first here", at: first.source)])
                continue
            }
            found.append(ReleaseContract.Field(name: name.value, type: type?.value, source: name.mark))
        }
        return found
    }

    // MARK: security/vuln_policy.yaml

    /// - Returns: nil where there is none, or its thresholds can't be read.
    func vulnerabilityPolicy() -> VulnerabilityPolicy? {
        guard let document = library.document(.vulnerabilityPolicy), let root = document.root else { return nil }
        let fields = Fields(root, "the vulnerability policy", in: document.path, report)
        var thresholds: [String: [String: Int]] = [:]
        guard let scopes = fields.fields("thresholds", required: true) else { return nil }
        for section in scopes.allEntries() {
            let scope = Fields(
                section.value, "the group \(quoted(section.key)) of the thresholds", in: document.path, report)
            for key in scope.keys {
                guard let limit = scope.integer(key, required: true, in: 0...1_000_000_000) else { continue }
                thresholds[section.key, default: [:]][key] = Int(limit.value)
            }
            scopes.absorb(scope)
        }
        guard scopes.fault == nil else { return nil }
        var exceptions: [VulnerabilityPolicy.Exception] = []
        for node in fields.nodes("exceptions") ?? [] {
            guard let exception = exception(node, thresholds, document.path) else { continue }
            if let first = exceptions.first(where: { $0.id == exception.id }) {
                report.warning(
                    .ineffectiveException, "the exception \(quoted(exception.id)) stands twice", at: exception.source,
                    hint: "Give it an id of its own; until then the second one lifts nothing.",
                    notes: [Diagnostic.Note("first here", at: first.source)])
                continue
            }
            exceptions.append(exception)
        }
        return VulnerabilityPolicy(thresholds: thresholds, exceptions: exceptions, source: fields.mark)
    }

    /// One that can't be read as a whole lifts nothing, so a warning is enough.
    private func exception(
        _ node: Node, _ thresholds: [String: [String: Int]], _ file: String
    ) -> VulnerabilityPolicy.Exception? {
        func text(_ key: String) -> String? {
            let scalar = node[key].flatMap { $0.isAmbiguous ? nil : $0.value.scalar }
            return scalar.flatMap { $0.value.isNull || $0.value.boolValue != nil || $0.text.isEmpty ? nil : $0.text }
        }
        let needed = ["id", "scope", "severity", "expires_on", "tracking_issue", "rationale"]
        let values = needed.map { text($0) }
        let expires = values[3].flatMap { Timestamp(date: $0) }
        var lacks = zip(needed, values).filter { $0.1 == nil }.map { "`\($0.0)`" }
        if values[3] != nil, expires == nil { lacks.append("a readable `expires_on`") }
        let count = node["count_at_creation"].flatMap { $0.value.scalar?.value.isNull == true ? nil : $0.value }
        if let count, text("count_at_creation").flatMap({ Int($0) }) == nil {
            lacks.append("a whole number as `count_at_creation`, which is \(count.shapeName)")
        }
        var place = node.mark(in: file)
        var hint = "Write all of \(needed.joined(separator: ", "))."
        if let scope = values[1], let severity = values[2], thresholds[scope]?[severity] == nil {
            lacks.append("a threshold for \(quoted(scope)) and \(quoted(severity))")
            let key = thresholds[scope] == nil ? "scope" : "severity"
            let words = thresholds[scope]?.keys.sorted() ?? thresholds.keys.sorted()
            // Where nothing else is wrong, the word is what has to be looked at.
            if lacks.count == 1 {
                place = node[key]?.value.mark(in: file) ?? place
                hint = didYouMean(
                    thresholds[scope] == nil ? scope : severity, among: words,
                    else: "Write \(alternatives(words)), or add a threshold for it.")
            }
        }
        guard lacks.isEmpty, let id = values[0], let scope = values[1], let severity = values[2], let expires,
            let issue = values[4]
        else {
            report.warning(
                .ineffectiveException,
                "an exception of the vulnerability policy lifts nothing: it lacks \(lacks.joined(separator: ", "))",
                at: place, hint: hint)
            return nil
        }
        return VulnerabilityPolicy.Exception(
            id: id, scope: scope, severity: severity, count: text("count_at_creation").flatMap { Int($0) },
            expires: expires + .days(1), trackingIssue: issue, source: node.mark(in: file))
    }

    // MARK: policy/branch_hygiene.yaml

    /// - Returns: nil where there is none, or anything in it can't be read: nothing is removed by half a policy.
    func branchHygiene() -> BranchHygiene? {
        guard let document = library.document(.branchHygiene), let root = document.root else { return nil }
        let fields = Fields(root, "the branch hygiene", in: document.path, report)
        guard let retention = fields.fields("retention", required: true) else { return nil }
        let days = retention.integer("default_days", required: true, in: 1...36_500)
        var overrides: [String: Int] = [:]
        if let prefixes = retention.fields("prefix_overrides") {
            for key in prefixes.keys {
                overrides[key] = prefixes.integer(key, required: true, in: 1...36_500).map { Int($0.value) }
            }
            retention.absorb(prefixes)
        }
        retention.allow("description", "notes")
        retention.finish()
        fields.absorb(retention)
        let removable = fields.texts("auto_delete_prefixes") ?? []
        let names = (fields.texts("protected_exact", required: true) ?? []) + (fields.texts("excluded_branches") ?? [])
        let prefixes = fields.texts("protected_prefixes") ?? []
        let isDryRun = fields.flag("dry_run_default")?.value ?? true
        fields.allow(
            "schema", "version", "updated", "last_reviewed", "description", "notes", "policy_ref", "report")
        fields.finish()
        if fields.fault == nil, names.isEmpty, prefixes.isEmpty {
            fields.fail(
                .ruleBroken, "\(fields.subject) protects no branch", at: fields.mark(of: "protected_exact"),
                hint: "Name those that stay in `protected_exact`, such as `main`; until then nothing is removed.")
        }
        guard fields.fault == nil, let days else { return nil }
        for prefix in removable {
            guard let guarding = prefixes.first(where: { Self.overlap($0.value, prefix.value) }) else { continue }
            report.warning(
                .hygieneDisagreement,
                "branches of \(quoted(prefix.value)) may be removed, and those of \(quoted(guarding.value)) are protected",
                at: prefix.mark, hint: "Keep one of the two. Protection counts until then.",
                notes: [Diagnostic.Note("protected here", at: guarding.mark)])
        }
        return BranchHygiene(
            defaultDays: Int(days.value), prefixDays: overrides, removablePrefixes: removable.map(\.value),
            protectedNames: Set(names.map(\.value)).sorted { $0.precedesByBytes($1) },
            protectedPrefixes: prefixes.map(\.value), isDryRunDefault: isDryRun, source: fields.mark)
    }

    private static func overlap(_ a: String, _ b: String) -> Bool { a.hasPrefix(b) || b.hasPrefix(a) }
}
