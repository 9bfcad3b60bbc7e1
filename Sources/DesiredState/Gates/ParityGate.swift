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
        for item in items {
            for secret in item["secrets"]?.value.items ?? [] {
                guard let registered, let id = secret.scalar?.text, !registered.contains(id) else { continue }
                report.fail(
                    .unknownSecret, "the secret \(quoted(id)) of a bridge is not in the registry",
                    at: secret.mark(in: document.file),
                    hint: didYouMean(id, among: registered, else: "Add it to the registry, or correct the name."))
            }
            if let contract = item["contract_doc"]?.value, let path = contract.filledText,
                item["status"]?.value.filledText == "active"
            {
                let name = item["name"]?.value.filledText ?? ""
                context.require(
                    path: path, of: "the bridge \(quoted(name))", at: contract.mark(in: document.file), report)
            }
        }
        return Set(items.compactMap { $0["name"]?.value.filledText })
    }

    private static func checkMatrix(_ context: GateContext, _ report: GateReport, bridges: Set<String>?) -> Int {
        guard let document = context.document("parity/ee_to_oca_matrix", report),
            let items = rows("entries", of: document, context, report)
        else { return 0 }
        checkSchema(of: document, prefix: "ssot.parity", isExact: false, report)
        checkFields(items, document, report)
        for item in items where item["gap_type"]?.value.filledText == "ipai_bridge" {
            guard let bridge = item["ipai_bridge"]?.value, let name = bridge.filledText else {
                report.fail(
                    .missingField, "a gap that a bridge fills doesn't name the bridge",
                    at: item.mark(in: document.file),
                    hint: "Write `ipai_bridge:` with its name.")
                continue
            }
            guard let bridges, !bridges.contains(name) else { continue }
            report.fail(
                .unknownBridge, "the bridge \(quoted(name)) is not in the catalogue",
                at: bridge.mark(in: document.file),
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
            let id = quoted(item["id"]?.value.filledText ?? "")
            let status = item["status"]?.value
            let mark = (status ?? item).mark(in: document.file)
            guard let text = status?.filledText, words.contains(text) else {
                report.fail(
                    .unknownWord, "the status of the feature \(id) is not \(alternatives(words))", at: mark,
                    hint: "Write one of them.")
                continue
            }
            guard let required = item["required"]?.value.scalar?.value.boolValue else {
                report.fail(
                    .missingField, "the feature \(id) doesn't say whether it is `required`",
                    at: item.mark(in: document.file), hint: "Write `required: true` or `required: false`.")
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
        _ key: String, of document: (file: String, root: Node), _ context: GateContext, _ report: GateReport
    ) -> [Node]? {
        guard let section = context.section(key, of: document, report) else { return nil }
        guard let items = section.items, !items.isEmpty else {
            report.unknown(
                .missingInput, "\(document.file) has nothing in `\(key)`", at: section.mark(in: document.file),
                hint: "Write the entries, or remove the document.")
            return nil
        }
        return items
    }

    /// Holds entries to `schema_rules` of their own document: `status_values` says what `status` may be.
    private static func checkFields(_ items: [Node], _ document: (file: String, root: Node), _ report: GateReport) {
        let rules = document.root["schema_rules"]?.value
        guard let required = rules?.texts("required_fields"), !required.isEmpty else {
            report.unknown(
                .missingInput, "\(document.file) has no `schema_rules.required_fields`",
                at: SourceMark(file: document.file, line: 1, column: 1), hint: "Write which fields an entry must have.")
            return
        }
        let words = (rules?.entries ?? []).compactMap { rule -> (field: String, allowed: [String])? in
            guard rule.key.hasSuffix("_values"), let allowed = rules?.texts(rule.key) else { return nil }
            return (String(rule.key.dropLast("_values".count)), allowed)
        }
        for item in items {
            for field in required where item[field]?.value.isFilled != true {
                report.fail(
                    .missingField, "an entry has no `\(field)`", at: item.mark(in: document.file),
                    hint: "Add `\(field):` to it.")
            }
            for (field, allowed) in words {
                guard let value = item[field]?.value else { continue }
                let text = value.scalar?.text
                if let text, allowed.contains(text) { continue }
                report.fail(
                    .unknownWord, "`\(field)` is \(text.map { quoted($0) } ?? value.shapeName)",
                    at: value.mark(in: document.file),
                    hint: didYouMean(text ?? "", among: allowed, else: "Write \(alternatives(allowed))."))
            }
        }
    }
}
