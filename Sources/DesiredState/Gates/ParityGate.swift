import Basics
import Formats

extension Gate {
    /// The rules of `check_parity_and_bridges_ssot.py` and `check_odoo_enterprise_parity.py`.
    static let parityMatrices = Gate(
        name: "parity_matrices", title: "Parity matrices and bridges are complete, and no required feature is missing."
    ) { context, report in
        let bridges = checkBridges(context, report)
        let entries = checkMatrix(context, report, bridges: bridges)
        let proofs = checkProofs(context, report)
        let features = checkFeatures(context, report)
        let catalogue = bridges.map { $0.count.of("bridge") } ?? "no bridges"
        return "\(entries.of("gap")), \(proofs.of("proof")), \(features.of("feature")) and \(catalogue) are complete"
    }

    /// The names of the catalogue; nil where it can't be read.
    private static func checkBridges(_ context: GateContext, _ report: GateReport) -> Set<String>? {
        guard let document = context.document("bridges/catalog", report),
            let items = rows("bridges", of: document, context, report)
        else { return nil }
        checkSchema(of: document, prefix: "ssot.bridges", isExact: false, report)
        checkFields(items, document, report)
        let registered = context.secretIDs(report)
        var names: Set<String> = []
        var isWhole = true
        for item in items {
            let secrets = item["secrets"]
            for secret in secrets.isMissing ? [] : secrets.items ?? [] {
                guard let registered, let id = secret.writtenText, !registered.contains(id) else { continue }
                report.fail(
                    .unknownSecret, "the secret \(quoted(id)) of a bridge is not in the registry", at: secret.mark,
                    hint: didYouMean(id, among: registered, else: "Add it to the registry, or correct the name."))
            }
            let name = item["name"]
            if let text = name.filledText { names.insert(text) }
            isWhole = isWhole && !name.isUnclear
            let contract = item["contract_doc"]
            if let path = contract.filledText, item["status"].filledText == "active" {
                context.require(
                    path: path, of: "the bridge \(quoted(name.filledText ?? ""))", at: contract.mark, report)
            }
        }
        return isWhole ? names : nil
    }

    private static func checkMatrix(_ context: GateContext, _ report: GateReport, bridges: Set<String>?) -> Int {
        guard let document = context.document("parity/ee_to_oca_matrix", report),
            let items = rows("entries", of: document, context, report)
        else { return 0 }
        checkSchema(of: document, prefix: "ssot.parity", isExact: false, report)
        checkFields(items, document, report)
        for item in items where item["gap_type"].filledText == "ipai_bridge" {
            let bridge = item["ipai_bridge"]
            guard let name = bridge.filledText else {
                if bridge.isUnclear { continue }
                report.fail(
                    .missingField, "a gap that a bridge fills doesn't name the bridge", at: item.mark,
                    hint: "Write `ipai_bridge:` with its name.")
                continue
            }
            guard let bridges, !bridges.contains(name) else { continue }
            report.fail(
                .unknownBridge, "the bridge \(quoted(name)) is not in the catalogue", at: bridge.mark,
                hint: didYouMean(name, among: bridges, else: "Add it to bridges/catalog.yaml."))
        }
        return items.count
    }

    private static func checkProofs(_ context: GateContext, _ report: GateReport) -> Int {
        guard let document = context.document("parity/ee_to_oca_proof_matrix", report),
            let items = rows("entries", of: document, context, report)
        else { return 0 }
        checkFields(items, document, report)
        return items.count
    }

    private static func checkFeatures(_ context: GateContext, _ report: GateReport) -> Int {
        guard let document = context.document("parity/odoo_enterprise", report),
            let items = rows("features", of: document, context, report)
        else { return 0 }
        let words = ["met", "partial", "missing", "waived"]
        for item in items {
            let id = quoted(item["id"].filledText ?? "")
            let status = item["status"]
            let required = item["required"]
            if status.isUnclear || required.isUnclear { continue }
            let mark = status.isAbsent ? item.mark : status.mark
            guard let text = status.filledText, words.contains(text) else {
                report.fail(
                    .unknownWord, "the status of the feature \(id) is not \(alternatives(words))", at: mark,
                    hint: "Write one of them.")
                continue
            }
            guard let required = required.boolean else {
                report.fail(
                    .missingField, "the feature \(id) doesn't say whether it is `required`", at: item.mark,
                    hint: "Write `required: true` or `required: false`.")
                continue
            }
            if required, text == "missing" {
                report.fail(
                    .requiredFeature, "the required feature \(id) is missing", at: mark,
                    hint: "Build it, or waive it with a reason.")
            } else if text == "missing" || text == "partial" {
                report.warn(
                    .partialFeature, "the feature \(id) is \(text == "partial" ? "there only in part" : "missing")",
                    at: mark, hint: required ? "Finish it before go-live." : "Waive it where nobody needs it.")
            }
        }
        return items.count
    }

    // MARK: Shared

    private static func rows(
        _ key: String, of document: GateValue, _ context: GateContext, _ report: GateReport
    ) -> [GateValue]? {
        context.section(key, of: document, report)?.someItems(
            lack: "has nothing in `\(key)`", hint: "Write the entries, or remove the document.")
    }

    /// Holds entries to `schema_rules` of their own document: `status_values` says what `status` may be.
    private static func checkFields(_ items: [GateValue], _ document: GateValue, _ report: GateReport) {
        let rules = document["schema_rules"]
        let fields = rules["required_fields"]
        if rules.isUnclear || fields.isUnclear { return }
        guard let required = fields.isAbsent ? [] : fields.texts, !required.isEmpty else {
            report.unknown(
                .missingInput, "\(document.file) has no `schema_rules.required_fields`",
                at: SourceMark(file: document.file, line: 1, column: 1), hint: "Write which fields an entry must have.")
            return
        }
        let words = allowed(by: rules, report)
        for item in items {
            for field in required where item[field].isMissing {
                report.fail(
                    .missingField, "an entry has no `\(field)`", at: item.mark, hint: "Add `\(field):` to it.")
            }
            for (field, allowed) in words {
                let value = item[field]
                guard value.node != nil else { continue }
                if let text = value.scalarText, allowed.contains(text) { continue }
                report.fail(
                    .unknownWord, "`\(field)` is \(value.shown)", at: value.mark,
                    hint: didYouMean(
                        value.scalarText ?? "", among: allowed, else: "Write \(alternatives(allowed))."))
            }
        }
    }

    /// The words that a field may have, from `…_values`.
    private static func allowed(by rules: GateValue, _ report: GateReport) -> [(field: String, allowed: [String])] {
        (rules.members() ?? []).compactMap { rule, value in
            guard rule.key.hasSuffix("_values") else {
                let end = rule.key.split(separator: "_").last.map(String.init) ?? ""
                if closest(to: end, among: ["values"]) != nil {
                    report.unknown(
                        .unknownWord, "no gate knows the rule \(quoted(rule.key)), so nothing is held to it",
                        at: rule.keyMark(in: rules.file), hint: "Its name ends with `_values`.")
                }
                return nil
            }
            return value.texts.map { (String(rule.key.dropLast("_values".count)), $0) }
        }
    }
}
