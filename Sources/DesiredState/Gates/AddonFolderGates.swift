import Basics
import Formats

extension Gate {
    /// The rules of `check_orphan_addons.py`: what Odoo doesn't see, because it lies beside `addons/ipai/`, is listed.
    ///
    /// A document that isn't well-formed ends the script with 2, whatever folders there are, and one that is not listed
    /// with 3. Without a list of the paths, or without `addons/` among them, it is unknown and not "no orphan found".
    static let orphanAddons = Gate(
        name: "orphan_addons", title: "Every module that Odoo's path doesn't reach is listed, with the reason."
    ) { context, report in
        guard let document = context.document("odoo/orphan_addons_allowlist", report) else { return "" }
        let listed = orphans(document, report)
        if report.violations > 0 {
            report.exitStatus = 2
            return ""
        }
        // Of a list that can't be told no folder is known not to be in it.
        if report.gap != nil { return "" }
        guard let entries = context.entries(of: "addons", report) else { return "" }
        let found = entries.filter { $0.name.hasPrefix("ipai_") }
        report.requireListed(found, in: "addons", of: listed, document.file)
        if report.violations > 0 { report.exitStatus = 3 }
        return "\(found.count.of("module")) beside addons/ipai \(found.count == 1 ? "is" : "are") listed"
    }

    /// The names of the list; what is wrong with it is a violation.
    private static func orphans(_ document: GateValue, _ report: GateReport) -> Set<String> {
        let file = document.file
        checkSchema(of: document, prefix: "ssot.odoo.orphan_addons_allowlist.v1", isExact: true, report)
        let version = document["version"]
        if !version.isUnclear, version.scalarText != "1.0" {
            report.fail(
                .wrongSchema, "\(file) has the version \(quoted(version.scalarText ?? "")), and not 1.0",
                at: version.mark, hint: "Write `version: \"1.0\"`.")
        }
        requireKeys(["schema", "version", "notes", "modules"], of: document, file, report)
        let modules = document["modules"]
        guard !modules.isMissing, !modules.isUnclear else { return [] }
        guard modules.node?.items != nil, let items = modules.items else {
            report.fail(
                .missingField, "`modules` is \(modules.node?.shapeName ?? "") where a list is needed", at: modules.mark,
                hint: "Write one `- name: …` for each.")
            return []
        }
        var names: Set<String> = []
        for item in items {
            guard item.isMap else {
                report.fail(.missingField, "a module has no `name`", at: item.mark, hint: "Add `name:` to it.")
                continue
            }
            let name = item["name"].filledText
            let what = name.map { "the module \(quoted($0))" } ?? "a module"
            requireKeys(["name", "reason", "migration_target", "ticket"], of: item, what, report)
            for key in ["name", "reason"] where item[key].isMissing {
                report.fail(.missingField, "\(what) has no `\(key)`", at: item.mark, hint: "Add `\(key):` to it.")
            }
            if let name, !names.insert(name).inserted {
                report.fail(.ambiguous, "\(what) stands twice", at: item.mark, hint: "Keep one of the two.")
            }
        }
        return names
    }

    private static func requireKeys(_ known: [String], of value: GateValue, _ what: String, _ report: GateReport) {
        for (entry, _) in value.members() ?? [] where !known.contains(entry.key) {
            report.fail(
                .unknownWord, "\(what) has the key \(quoted(entry.key)), which the list doesn't know",
                at: entry.keyMark(in: value.file),
                hint: didYouMean(entry.key, among: known, else: "Write \(alternatives(known))."))
        }
    }

    /// The rule of `check_addon_allowlist.py`: no module is put into `addons/ipai/` that isn't listed.
    ///
    /// The script holds the list in its own text. A document has to say it here; without one the gate is unknown, and so
    /// it is without the folder, which the script takes for a reason to pass.
    static let addonAllowlist = Gate(
        name: "addon_allowlist", title: "Every module of addons/ipai is listed."
    ) { context, report in
        guard let document = context.document("odoo/addon_allowlist", report),
            let section = context.section("modules", of: document, report)
        else { return "" }
        guard
            let items = section.someItems(lack: "lists no module", hint: "List the modules that may be there.")
        else { return "" }
        let listed = items.compactMap { $0.filledText ?? $0["name"].writtenText }
        guard let entries = context.entries(of: "addons/ipai", report) else { return "" }
        // What the script passes over, and the one module that is for whatever is new.
        let found = entries.filter { entry in
            !entry.name.hasPrefix(".") && !["scripts", bridge].contains(entry.name)
                && (entry.isFolder || entry.name.hasPrefix("ipai_"))
        }
        report.requireListed(found, in: "addons/ipai", of: Set(listed), document.file)
        return "\(found.count.of("module")) of addons/ipai \(found.count == 1 ? "is" : "are") listed"
    }

    private static let bridge = "ipai_enterprise_bridge"
}

extension GateContext {
    /// What lies directly in a folder, sorted by name; nil, and the gate unknown, where that was not listed.
    fileprivate func entries(of folder: String, _ report: GateReport) -> [(name: String, isFolder: Bool)]? {
        guard let listing else {
            report.unknown(
                .undecided, "what is in \(folder)/ is not known: no paths were listed", at: nil,
                hint: "Give the whole repository: reconcile gates --ssot URL.")
            return nil
        }
        let top = folder.split(separator: "/").first.map(String.init) ?? folder
        guard let known = listing.folders[top], known.folders.contains(folder) else {
            report.unknown(
                .missingInput, "the repository has no folder \(folder)/", at: nil,
                hint: "Take the gate out where there is nothing to be looked at.")
            return nil
        }
        func names(_ paths: Set<String>, isFolder: Bool) -> [(name: String, isFolder: Bool)] {
            paths.filter { $0.hasPrefix(folder + "/") }.map { $0.dropFirst(folder.utf8.count + 1) }
                .filter { !$0.contains("/") }.map { (String($0), isFolder) }
        }
        return (names(known.folders, isFolder: true) + names(known.files, isFolder: false))
            .sorted { $0.name.precedesByBytes($1.name) }
    }
}

extension GateReport {
    /// Reports folders that a list doesn't have; of what is no folder it isn't known whether it is one when checked out.
    fileprivate func requireListed(
        _ found: [(name: String, isFolder: Bool)], in folder: String, of listed: Set<String>, _ file: String
    ) {
        let mark = SourceMark(file: file, line: 1, column: 1)
        for entry in found where !listed.contains(entry.name) {
            let path = "\(folder)/\(entry.name)"
            guard entry.isFolder else {
                unknown(
                    .undecided, "\(quoted(path)) is a submodule, a link or a file, and \(file) doesn't have it",
                    at: mark, hint: "Add it to the list if it is a module.")
                continue
            }
            fail(
                .unlistedFolder, "the folder \(quoted(path)) is there, and \(file) doesn't have it", at: mark,
                hint: didYouMean(
                    entry.name, among: listed, else: "Move what it holds to where it belongs, or add it to the list."))
        }
    }
}
