import Basics
import Formats

extension GitHubReader {
    /// Reads `known_drift`; what it doesn't say clearly acknowledges nothing.
    mutating func readDrift(_ fields: Fields, isWhole: Bool) {
        for node in fields.nodes("known_drift") ?? [] {
            let entry = Fields(node, "known drift", in: fields.file, report)
            let field = entry.text("field", required: true)
            if let field { entry.describe(as: "the known drift of \(quoted(field.value))") }
            // Documents of apps call it the live value.
            let current = (node["current_value"] ?? node["live_value"])?.value
            let desired = node["desired_value"]?.value
            let severity = entry.text("severity")
            let action = entry.text("action")
            guard entry.fault == nil, let field else { continue }
            guard let setting = settings[field.value] else {
                // The setting may be one that could not be read.
                if isWhole { tellDangling(field) }
                continue
            }
            guard let current, let desired else {
                report.warning(
                    .missingKey, "\(entry.subject) has no current and desired value", at: entry.mark,
                    hint: "Write `current_value` and `desired_value`; until then it acknowledges nothing.")
                continue
            }
            guard desired.value == setting.value else {
                report.warning(
                    .documentDisagreement, "\(entry.subject) has another desired value than the setting itself",
                    at: desired.mark(in: fields.file),
                    hint: "Write what the setting wants; until then it acknowledges nothing.",
                    notes: [Diagnostic.Note("the setting is here", at: setting.mark)])
                continue
            }
            let drift = AcknowledgedDrift(
                key: setting.key, attribute: setting.attribute, current: current.value, desired: desired.value,
                severity: severity?.value, action: action?.value, source: node.mark(in: fields.file))
            if drift.isStale {
                report.warning(
                    .staleAcknowledgement, "\(entry.subject) says that there is what is wanted",
                    at: current.mark(in: fields.file), hint: "Remove the entry, or correct the current value.",
                    notes: [Diagnostic.Note("the setting is here", at: setting.mark)])
            }
            acknowledged.append(drift)
        }
    }

    private func tellDangling(_ field: Text) {
        report.warning(
            .danglingAcknowledgement, "known drift is about \(quoted(field.value)), which no setting here is named",
            at: field.mark,
            hint: didYouMean(
                field.value, among: settings.keys.sorted { $0.precedesByBytes($1) },
                else: "Remove the entry, or want the setting."))
    }
}
