internal import Basics
internal import DesiredState
public import Formats

extension PlanDocument {
    /// Reads a document back and holds its content against its own fingerprint.
    ///
    /// - Throws: `PlanFault` for a document of another shape or version, and for one that was changed.
    public static func parse(_ value: Value) throws(PlanFault) -> SavedPlan {
        let reader = Reader(value: value, path: "")
        guard value.objectValue != nil, value["format_version"] != nil else {
            throw PlanFault(
                code: "PLAN-0101", message: "this is no plan document: it has no format_version",
                hint: "write one with `reconcile --dry-run --out PLAN.json`")
        }
        let format = try reader.text("format_version")
        guard format == version else {
            throw PlanFault(
                code: "PLAN-0102",
                message: "plan documents of version \(format) are not known; this one reads \(version)",
                place: "format_version", hint: "make the plan again: `reconcile --dry-run --out PLAN.json`")
        }
        let changes = try reader.items("changes").map { (item: Reader) throws(PlanFault) in try change(item) }
        let basisReader = try reader.member("basis")
        var drivers: [String: String] = [:]
        let driversReader = try basisReader.member("drivers")
        for member in driversReader.value.objectValue?.members ?? [] {
            drivers[member.name] = try driversReader.text(member.name)
        }
        let basis = Plan.Basis(
            desired: try basisReader.digest("desired"), observed: try basisReader.digest("observed"),
            inventory: try basisReader.digest("inventory"), policy: try basisReader.digest("policy"), drivers: drivers,
            installation: try basisReader.optionalText("installation"))
        let approvals = try reader.optionalTexts("approvals").map { (text: String) throws(PlanFault) in
            try reader.key(text, "approvals")
        }
        let saved = SavedPlan(
            runID: try reader.text("run_id"), plannedAt: try reader.instant("planned_at"),
            revision: try reader.text("revision"), changes: changes,
            environments: try reader.items("environments").map { (item: Reader) throws(PlanFault) in
                try outlook(item)
            }, basis: basis, fingerprint: try reader.digest("fingerprint"),
            targets: try reader.optionalTexts("targets"), approvals: Set(approvals),
            openGraces: try openGraces(reader))
        let fingerprint = PlanFingerprint.of(
            revision: saved.revision, basis: basis, changes: changes, targets: saved.targets,
            approvals: saved.approvals)
        guard fingerprint == saved.fingerprint else {
            throw PlanFault(
                code: "PLAN-0103",
                message: "the plan was changed after it was written: its content gives \(fingerprint.short), its "
                    + "fingerprint says \(saved.fingerprint.short)",
                place: "fingerprint", hint: "make the plan again: `reconcile --dry-run --out PLAN.json`")
        }
        try check(reader, changes)
        return saved
    }

    private static func openGraces(_ reader: Reader) throws(PlanFault) -> Set<ResourceKey> {
        guard reader.value["prune"] != nil else { return [] }
        let marked = try reader.items("prune").filter { $0.value["needs_approval"]?.boolValue != true }
        return Set(
            try marked.map { (item: Reader) throws(PlanFault) in try item.key(try item.text("key"), "key") })
    }

    /// Holds the counts, which people read first, against the changes that they count.
    private static func check(_ reader: Reader, _ changes: [PlannedChange]) throws(PlanFault) {
        let noops = try reader.member("summary").count("noop")
        let counted = [
            "summary": json(Plan.Summary(of: changes, noops: noops)), "requests": counts(Plan.requests(of: changes)),
        ]
        for (name, value) in counted {
            guard let written = reader.value[name], sameValue(written, value) else {
                throw PlanFault(
                    code: "PLAN-0103",
                    message: "the plan was changed after it was written: \(name) and changes disagree",
                    place: name, hint: "make the plan again: `reconcile --dry-run --out PLAN.json`")
            }
        }
    }

    private static func change(_ reader: Reader) throws(PlanFault) -> PlannedChange {
        let dependsOn = try reader.texts("depends_on").map { (text: String) throws(PlanFault) in
            try reader.key(text, "depends_on")
        }
        var change = PlannedChange(
            key: try reader.key(try reader.text("key"), "key"), action: try reader.word("action"),
            reason: try reader.text("reason"), cause: try reader.word("cause"), verdict: try reader.word("decision"),
            verdictReason: try reader.optionalText("decision_reason"),
            hold: try reader.optionalText("hold").flatMap { Hold(rawValue: $0) },
            attributes: try reader.items("attributes").map { (item: Reader) throws(PlanFault) in
                try attribute(item)
            }, source: try reader.mark("source"), environment: try reader.optionalText("environment"),
            dependsOn: dependsOn, requests: try reader.count("requests"),
            providerID: try reader.optionalText("provider_id"), isProtected: try reader.flag("protected"))
        change.blockedUntil = try reader.optionalInstant("blocked_until")
        change.heldAt = try reader.mark("held_at")
        return change
    }

    private static func attribute(_ reader: Reader) throws(PlanFault) -> AttributeChange {
        let (before, after) = (reader.value["before"], reader.value["after"])
        var reference: ResourceKey?
        if let text = try reader.optionalText("reference") { reference = try reader.key(text, "reference") }
        return AttributeChange(
            path: try reader.text("path"), before: before == .null ? nil : before, after: after == .null ? nil : after,
            reference: reference, isSensitive: try reader.flag("sensitive"),
            requiresReplacement: try reader.flag("requires_replacement"), mark: try reader.mark("source"))
    }

    private static func outlook(_ reader: Reader) throws(PlanFault) -> EnvironmentOutlook {
        EnvironmentOutlook(
            slug: try reader.text("slug"), phase: try reader.word("phase"),
            expiresAt: try reader.optionalInstant("expires_at"), reason: try reader.text("reason"),
            hasBegun: try reader.flag("begun"))
    }
}

/// Takes members of a document apart, and names the place of what doesn't fit.
private struct Reader {
    let value: Value
    let path: String

    func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    func fault(_ name: String, _ expected: String) -> PlanFault {
        let state = value[name] == nil ? "is missing" : "is not \(expected)"
        return PlanFault(
            code: "PLAN-0101", message: "this is no plan document: \(place(name)) \(state)", place: place(name),
            hint: "make the plan again: `reconcile --dry-run --out PLAN.json`")
    }

    func text(_ name: String) throws(PlanFault) -> String {
        guard let text = value[name]?.stringValue else { throw fault(name, "a text") }
        return text
    }

    func optionalText(_ name: String) throws(PlanFault) -> String? {
        guard let member = value[name], !member.isNull else { return nil }
        return try text(name)
    }

    func flag(_ name: String) throws(PlanFault) -> Bool {
        guard let flag = value[name]?.boolValue else { throw fault(name, "true or false") }
        return flag
    }

    func count(_ name: String) throws(PlanFault) -> Int {
        guard let number = value[name]?.intValue, let count = Int(exactly: number), count >= 0 else {
            throw fault(name, "a count")
        }
        return count
    }

    func texts(_ name: String) throws(PlanFault) -> [String] {
        guard let items = value[name]?.listValue else { throw fault(name, "a list") }
        let texts = items.compactMap(\.stringValue)
        guard texts.count == items.count else { throw fault(name, "a list of texts") }
        return texts
    }

    func optionalTexts(_ name: String) throws(PlanFault) -> [String] {
        value[name] == nil ? [] : try texts(name)
    }

    func member(_ name: String) throws(PlanFault) -> Reader {
        guard let member = value[name], member.objectValue != nil else { throw fault(name, "an object") }
        return Reader(value: member, path: place(name))
    }

    func items(_ name: String) throws(PlanFault) -> [Reader] {
        guard let items = value[name]?.listValue else { throw fault(name, "a list") }
        return items.enumerated().map { Reader(value: $1, path: "\(place(name))[\($0)]") }
    }

    func digest(_ name: String) throws(PlanFault) -> Digest {
        guard let digest = Digest(try text(name)) else { throw fault(name, "a digest") }
        return digest
    }

    func instant(_ name: String) throws(PlanFault) -> Timestamp {
        guard let instant = Timestamp(try text(name)) else { throw fault(name, "an instant") }
        return instant
    }

    func optionalInstant(_ name: String) throws(PlanFault) -> Timestamp? {
        try optionalText(name) == nil ? nil : try instant(name)
    }

    func key(_ text: String, _ name: String) throws(PlanFault) -> ResourceKey {
        guard let key = ResourceKey(text) else { throw fault(name, "the key of a resource") }
        return key
    }

    func word<Word: RawRepresentable<String>>(_ name: String) throws(PlanFault) -> Word {
        guard let word = Word(rawValue: try text(name)) else { throw fault(name, "a known word") }
        return word
    }

    func mark(_ name: String) throws(PlanFault) -> SourceMark? {
        guard let member = value[name], !member.isNull else { return nil }
        let reader = try self.member(name)
        return SourceMark(
            file: try reader.text("file"), line: try reader.count("line"), column: try reader.count("column"))
    }
}
