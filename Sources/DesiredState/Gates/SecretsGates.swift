import Basics
import Formats

extension Gate {
    /// The rules of `check_secrets_ssot.py`; what stands twice is ambiguous instead of the last one winning.
    static let secretsRegistry = Gate(
        name: "secrets_registry", title: "Every secret has its required fields and well-formed consumers."
    ) { context, report in
        guard let document = context.document("secrets/registry", report),
            let rules = context.section("schema_rules", of: document, report),
            let secrets = context.section("secrets", of: document, report)
        else { return "" }
        checkSchema(of: document, prefix: "ssot.secrets", isExact: false, report)
        let (fields, storeList) = (rules["required_fields"], rules["consumer_stores"])
        guard let required = fields.texts, let stores = storeList.texts, !required.isEmpty, !stores.isEmpty,
            let entries = secrets.members(tellTwice: false), !entries.isEmpty
        else {
            report.unknown(
                .missingInput, "\(document.file) lacks secrets or the rules for them", at: secrets.mark,
                hint: "Write `schema_rules.required_fields`, `schema_rules.consumer_stores` and `secrets`.")
            return ""
        }
        for (entry, secret) in entries {
            let mark = entry.keyMark(in: document.file)
            if let again = entry.duplicates.first?.position {
                report.fail(
                    .ambiguous, "the secret \(quoted(entry.key)) stands twice", at: mark,
                    hint: "Keep one of the two: which of them counts depends on who reads the file.",
                    notes: [
                        Diagnostic.Note(
                            "and here",
                            at: SourceMark(file: document.file, line: Int(again.line), column: Int(again.column)))
                    ])
                continue
            }
            for field in required where secret[field].isMissing {
                report.fail(
                    .missingField, "the secret \(quoted(entry.key)) has no `\(field)`", at: mark,
                    hint: "Add `\(field):` to it.")
            }
            checkConsumers(of: entry, secret, stores, isRequired: required.contains("consumers"), report)
        }
        return "\(entries.count.of("secret has its", "secrets have their")) fields and consumers"
    }

    /// Each secret has a consumer, whether the document's own rules ask for the field or not.
    ///
    /// `isRequired` says that they do: then that it is missing has been told already.
    private static func checkConsumers(
        of entry: Node.Entry, _ secret: GateValue, _ stores: [String], isRequired: Bool, _ report: GateReport
    ) {
        let consumers = secret["consumers"]
        if consumers.isUnclear || isRequired && consumers.isMissing { return }
        guard consumers.node?.items?.isEmpty == false, let items = consumers.items else {
            report.fail(
                .consumer, "the secret \(quoted(entry.key)) has no consumer",
                at: (secret.node?["consumers"] ?? entry).keyMark(in: secret.file),
                hint: "Write one `- store:identifier` for each use, or remove the secret.")
            return
        }
        for item in items {
            guard let text = item.filledText, let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
                colon != text.startIndex, text.utf8.index(after: colon) != text.endIndex,
                text[..<colon].utf8.allSatisfy({ (97...122).contains($0) || $0 == 95 || $0 == 47 })
            else {
                report.fail(
                    .consumer, "a consumer of \(quoted(entry.key)) is not written as store:identifier", at: item.mark,
                    hint: "Write it as in `github_actions:SLACK_BOT_TOKEN`.")
                continue
            }
            let store = String(text[..<colon])
            guard !stores.contains(store) else { continue }
            report.fail(
                .consumer, "a consumer of \(quoted(entry.key)) is in the unknown store \(quoted(store))",
                at: item.mark,
                hint: didYouMean(store, among: stores, else: "Write one of \(alternatives(stores))."))
        }
    }

    /// The rules of `check_secrets_ssot.py --check-inventory`.
    static let secretsInventory = Gate(
        name: "secrets_inventory", title: "The inventory knows the registry's secrets, and says what is known of each."
    ) { context, report in
        guard let document = context.document("secrets/inventory", report),
            let inventory = context.section("inventory", of: document, report),
            let registered = context.secretIDs(report)
        else { return "" }
        checkSchema(of: document, prefix: "ssot.secrets.inventory.v1", isExact: true, report)
        guard let entries = inventory.members(tellTwice: false), !entries.isEmpty else {
            report.unknown(
                .missingInput, "\(document.file) knows no secret", at: inventory.mark,
                hint: "Write an entry for each secret of the registry.")
            return ""
        }
        for (entry, value) in entries { check(entry, value, registered, report) }
        let known = Set(entries.map(\.entry.key))
        let missing = registered.subtracting(known).sorted { $0.precedesByBytes($1) }
        for id in missing {
            report.warn(
                .inventoryGap, "the secret \(quoted(id)) of the registry is not in the inventory",
                at: SourceMark(file: document.file, line: 1, column: 1),
                hint: "Add it with `status: {value: unknown}`.")
        }
        return "\(entries.count.of("secret is", "secrets are")) in the inventory, \(missing.count) of the registry "
            + "\(missing.count == 1 ? "is" : "are") not"
    }

    private static func check(
        _ entry: Node.Entry, _ secret: GateValue, _ registered: Set<String>, _ report: GateReport
    ) {
        let mark = entry.keyMark(in: secret.file)
        if entry.isAmbiguous {
            report.fail(
                .ambiguous, "the secret \(quoted(entry.key)) stands twice in the inventory", at: mark,
                hint: "Keep one of the two.")
        }
        if !registered.contains(entry.key) {
            report.fail(
                .inventoryGap, "the secret \(quoted(entry.key)) of the inventory is not in the registry", at: mark,
                hint: didYouMean(entry.key, among: registered, else: "Add it to the registry, or remove it here."))
        }
        if secret.isUnclear { return }
        let status = secret["status"]
        let value = status.isMap ? status["value"] : status
        let words = ["working", "stale", "missing", "unknown"]
        if !value.isUnclear, !status.isMap || value.scalarText.map({ words.contains($0) }) != true {
            report.fail(
                .unknownWord, "the status of \(quoted(entry.key)) is not \(alternatives(words))",
                at: status.isAbsent ? mark : value.mark,
                hint: "Write `status: {value: unknown}` where nobody looked.")
        }
        if status.isMap { check(status["evidence"], of: entry.key, report) }
        let rotation = secret["rotation"]
        let rotate = rotation.isMap ? rotation["rotate_now"] : rotation
        if !rotate.isUnclear, !rotation.isMap || rotate.boolean == nil {
            report.fail(
                .rotation, "`rotation.rotate_now` of \(quoted(entry.key)) is not true or false",
                at: rotate.node == nil ? mark : rotate.mark,
                hint: "Write `rotate_now: true` or `rotate_now: false`.")
        }
    }

    /// Evidence is a list of mappings; a kind that is written is a known one.
    private static func check(_ evidence: GateValue, of id: String, _ report: GateReport) {
        guard let node = evidence.node else { return }
        let kinds = ["api_call", "ssh_session", "psql_query", "ci_run", "smtp_e2e", "edge_fn_log", "session_log"]
        guard node.items != nil, let items = evidence.items else {
            report.fail(
                .unknownWord, "the evidence of \(quoted(id)) is \(node.shapeName) where a list is needed",
                at: evidence.mark, hint: "Write one `- {kind: …}` for each, or leave `evidence` out.")
            return
        }
        for item in items {
            let kind = item.isMap ? item["kind"] : item
            if item.isMap, kind.isUnclear || kind.isMissing { continue }
            if item.isMap, kind.scalarText.map({ kinds.contains($0) }) == true { continue }
            report.fail(
                .unknownWord, "evidence of \(quoted(id)) is of no known kind", at: kind.mark,
                hint: "Write \(alternatives(kinds)).")
        }
    }

    /// A document of another kind than the gate is for is a violation.
    static func checkSchema(of document: GateValue, prefix: String, isExact: Bool, _ report: GateReport) {
        let schema = document["schema"]
        if schema.isUnclear { return }
        let text = schema.scalarText ?? ""
        guard isExact ? text != prefix : !text.hasPrefix(prefix) else { return }
        report.fail(
            .wrongSchema, "\(document.file) has the schema \(quoted(text)), and not \(prefix)",
            at: schema.isAbsent ? SourceMark(file: document.file, line: 1, column: 1) : schema.mark,
            hint: "Write `schema: \(prefix)`, or put the right document here.")
    }
}
