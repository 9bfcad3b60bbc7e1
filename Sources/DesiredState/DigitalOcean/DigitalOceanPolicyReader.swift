import Basics
import Formats

/// Reads `infra/digitalocean/policy.yaml`.
struct DigitalOceanPolicyReader {
    let file: String
    let report: Report

    /// Fills the surfaces and exceptions of the policy.
    static func read(_ library: Library, into policy: inout Policy, _ report: Report) {
        guard let document = library.document(.digitalOceanPolicy), let root = document.root else { return }
        DigitalOceanPolicyReader(file: document.path, report: report).read(root, &policy)
    }

    private func read(_ root: Node, _ policy: inout Policy) {
        let fields = Fields(root, "the DigitalOcean policy", in: file, report)
        fields.allow(
            "schema", "version", "last_reviewed", "description", "notes", "backups", "monitoring", "tagging", "naming")
        let surfaces = fields.fields("allowed_surfaces")
        for entry in surfaces?.allEntries() ?? [] { readSurface(entry, &policy) }
        for key in surfaces?.keys ?? [] { checkSurface(key, surfaces) }
        let names = Set(surfaces?.keys ?? []).union(SurfacePolicy.kinds.keys).sorted { $0.precedesByBytes($1) }
        for node in fields.nodes("exceptions") ?? [] { readException(node, of: names, &policy) }
        if let backups = fields.fields("backups") { readBackups(backups, &policy) }
        fields.finish()
        // Under another name they would forbid nothing.
        let renamed = surfaces == nil ? fields.stray : nil
        if let cause = fields.broken["allowed_surfaces"] ?? renamed ?? (root.entries == nil ? fields.fault : nil) {
            report.unknown(kinds: ResourceKind.policedKinds, cause)
        }
    }

    private func readSurface(_ section: Node.Entry, _ policy: inout Policy) {
        if section.key.isForeignKey { return }
        let entry = Fields(section.value, "the surface \(quoted(section.key))", in: file, report)
        if section.isAmbiguous {
            entry.fail(
                Cause(
                    code: "FMT-0003", reason: "the surface \(quoted(section.key)) stands more than once",
                    mark: section.keyMark(in: file)))
        }
        let allowed = entry.flag("allowed", required: true)
        let maximum = entry.integer("max_count", in: 0...1_000_000)
        let tags = entry.texts("required_tags")
        let regions = entry.texts("regions_allowed")
        if let regions, regions.isEmpty {
            // Nothing could stand anywhere, and nobody would write that so.
            entry.fail(
                .outOfRange, "`regions_allowed` of \(entry.subject) names no region",
                at: entry.mark(of: "regions_allowed"),
                hint:
                    "Name at least one, or leave the key out if any region may be; `allowed: false` forbids the surface.",
                key: "regions_allowed")
        }
        let conditions = readConditions(entry)
        entry.allow(
            "notes", "use_cases", "exception_process", "historical_note", "rationale", "description")
        entry.finish()
        var scopes = SurfacePolicy.kinds[section.key] ?? []
        if scopes.isEmpty, let meant = closest(to: section.key, among: SurfacePolicy.kinds.keys.sorted()) {
            scopes = SurfacePolicy.kinds[meant] ?? []
            entry.fail(
                report.warning(
                    .unknownWord, "the surface \(quoted(section.key)) is not known", at: section.keyMark(in: file),
                    hint: "Did you mean `\(meant)`? Until that is clear, what it rules is left alone."))
        }
        if let cause = entry.fault {
            report.unknown(kinds: scopes, cause)
            return
        }
        policy.surfaces[section.key] = SurfacePolicy(
            name: section.key, isAllowed: allowed?.value ?? false, maximumCount: maximum.map { Int($0.value) },
            requiredTags: (tags ?? []).map(\.value) + conditions.tags, regions: (regions ?? []).map(\.value),
            source: section.keyMark(in: file))
        policy.surfaces[section.key]?.mustBeAttached = conditions.mustBeAttached
        for rule in ["allowed", "max_count", "required_tags", "regions_allowed"] {
            policy.surfaces[section.key]?.marks[rule] = entry.mark(of: rule)
        }
    }

    /// Tells of a surface that nobody knows: it rules nothing, so what has no surface of its own may have been meant.
    private func checkSurface(_ key: String, _ surfaces: Fields?) {
        let known = SurfacePolicy.kinds.keys.sorted { $0.precedesByBytes($1) }
        guard !known.contains(key), !SurfacePolicy.unseen.contains(key), closest(to: key, among: known) == nil,
            !key.isForeignKey
        else { return }
        let missing = known.filter { surfaces?.keys.contains($0) == false }
        let mark = surfaces?.keyMark(of: key)
        guard !missing.isEmpty else {
            report.warning(
                .unknownWord, "the surface \(quoted(key)) is not known, so it rules nothing", at: mark,
                hint: "Remove it, or begin its name with `x-`. Known are \(alternatives(known + SurfacePolicy.unseen))."
            )
            return
        }
        let cause = report.error(
            .unknownWord, "the surface \(quoted(key)) is not known, and \(alternatives(missing)) may be meant",
            at: mark,
            hint: "Write the name that is meant, or begin it with `x-`; until then what it may rule is left alone.")
        for name in missing { report.unknown(kinds: SurfacePolicy.kinds[name] ?? [], cause) }
    }

    /// `conditions`: a list of mappings, each with one condition or several.
    private func readConditions(_ surface: Fields) -> (tags: [String], mustBeAttached: SourceMark?) {
        var tags: [String] = []
        var mark: SourceMark?
        for node in surface.nodes("conditions") ?? [] {
            let entry = Fields(node, "a condition of \(surface.subject)", in: file, report)
            if let tag = entry.text("must_have_tag") { tags.append(tag.value) }
            if let flag = entry.flag("must_be_attached"), flag.value { mark = mark ?? flag.mark }
            entry.finish()
            // A condition that nobody can check is not one that is kept.
            surface.absorb(entry)
        }
        return (tags, mark)
    }

    /// What can't be read prunes nothing.
    private func readBackups(_ backups: Fields, _ policy: inout Policy) {
        if let droplets = backups.fields("droplet_backups"), let allowed = droplets.flag("allowed") {
            policy.dropletBackups = DropletBackupPolicy(isAllowed: allowed.value, source: allowed.mark)
        }
        guard let snapshots = backups.fields("snapshots"), let retention = snapshots.fields("retention") else { return }
        let weekly = retention.integer("weekly", required: true, in: 0...520)
        let monthly = retention.integer("monthly", required: true, in: 0...120)
        let tag = retention.text("forever_tag")
        guard retention.fault == nil, let weekly, let monthly else { return }
        policy.snapshotRetention = SnapshotRetention(
            weekly: Int(weekly.value), monthly: Int(monthly.value), foreverTag: tag?.value, source: retention.mark)
    }

    /// An exception that can't be read, or that nobody answers for, lifts nothing: a warning is enough.
    private func readException(_ node: Node, of surfaces: [String], _ policy: inout Policy) {
        let mark = node.mark(in: file)
        let surface = node["surface"]?.value.filledText
        let reason = node["reason"]?.value.filledText
        let isAmbiguous = node.entries?.contains { $0.isAmbiguous } ?? false
        guard let surface, let reason, !isAmbiguous else {
            report.warning(
                .ineffectiveException, "an exception of the DigitalOcean policy has no clear surface and reason",
                at: mark,
                hint: "Write `surface`, `reason`, `approved_by` and `expiry_date`; until then it lifts nothing.")
            return
        }
        var expires = node["expiry_date"]?.value.scalar.flatMap { Self.end(of: $0.text) }
        let approved = node["approved_date"]?.value.scalar.flatMap { Self.beginning(of: $0.text) }
        let approver = node["approved_by"]?.value.filledText.flatMap { $0.utf8.allSatisfy { $0 <= 32 } ? nil : $0 }
        let gaps = gaps(of: node, surface, expires: expires, approver: approver, among: surfaces)
        if let first = gaps.first {
            expires = nil
            report.warning(
                .ineffectiveException,
                "the exception for \(quoted(surface)) \(gaps.map(\.what).joined(separator: " and ")), so it lifts nothing",
                at: (first.node ?? node).mark(in: file), hint: gaps.map(\.hint).joined(separator: " "))
        }
        policy.exceptions.append(
            PolicyException(
                surface: surface, reason: reason, approvedBy: approver, approved: approved, expires: expires,
                source: mark))
    }

    /// What an exception lacks to be in force, with the place where something else is written instead.
    private func gaps(
        of node: Node, _ surface: String, expires: Timestamp?, approver: String?, among surfaces: [String]
    ) -> [(what: String, node: Node?, hint: String)] {
        var gaps: [(what: String, node: Node?, hint: String)] = []
        if !surfaces.contains(surface) {
            gaps.append(
                (
                    "names no surface", node["surface"]?.value,
                    didYouMean(surface, among: surfaces, else: "Write \(alternatives(surfaces)).")
                ))
        }
        if expires == nil {
            let written = node["expiry_date"]?.value
            gaps.append(
                (
                    written?.scalar.map { "has the expiry date \(quoted($0.text))" } ?? "has no expiry date", written,
                    "Write a day: `expiry_date: 2026-12-31`."
                ))
        }
        if approver == nil {
            gaps.append(
                (
                    "has no approval", node["approved_by"]?.value,
                    "Write who answers for it: `approved_by: maria.santos`."
                ))
        } else if let written = node["approved_date"], Self.end(of: written.value.scalar?.text ?? "") == nil {
            gaps.append(
                (
                    "was approved on \(quoted(written.value.scalar?.text ?? ""))", written.value,
                    "Write the day of the approval: `approved_date: 2026-01-20`."
                ))
        } else if let written = node["approved_date"], let expires,
            Self.beginning(of: written.value.scalar?.text ?? "").map({ expires <= $0 }) == true
        {
            gaps.append(
                (
                    "ends before it is approved", written.value,
                    "Write a day of approval that is not after `expiry_date`."
                ))
        }
        return gaps
    }

    /// The first instant of a day, or the instant itself where a time is written.
    private static func beginning(of text: String) -> Timestamp? { Timestamp(date: text) ?? Timestamp(text) }

    /// The first instant after a day, or the instant itself where a time is written.
    private static func end(of text: String) -> Timestamp? {
        Timestamp(date: text).map { $0 + .days(1) } ?? Timestamp(text)
    }
}
