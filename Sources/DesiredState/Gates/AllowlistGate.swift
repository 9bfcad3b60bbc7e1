import Basics
import Formats

extension Gate {
    /// What `scan_oca_repos.py` and `check_oca_must_have_ssot.py` hold the lists to.
    ///
    /// A list without a repository is unknown, and not "all 0 repositories are ready".
    static let allowlist = Gate(
        name: "oca_allowlist", title: "Modules come from listed repositories that are ready and pinned."
    ) { context, report in
        guard let document = context.document("odoo/oca_repos", report),
            let section = context.section("repos", of: document, report)
        else { return "" }
        guard let repositories = section.items, !repositories.isEmpty else {
            report.unknown(
                .missingInput, "\(document.file) lists no repository", at: section.mark(in: document.file),
                hint: "List the repositories, or take the gate out.")
            return ""
        }
        let version = document.root["target_version"]?.value.scalar?.text ?? "19.0"
        var usable: [String: Bool] = [:]
        for repository in repositories {
            guard let name = repository["name"]?.value.filledText else {
                report.fail(
                    .missingField, "a repository has no `name`", at: repository.mark(in: document.file),
                    hint: "Add `name:` to it.")
                continue
            }
            usable[name] = check(repository, name, version, document.file, report)
        }
        let modules = checkModules(usable, context, report)
        let pins = checkPins(usable, context, report)
        let waiting = repositories.count { $0["status"]?.value.scalar?.text == "pending_vendor" }
        let ready = (repositories.count - waiting).of("repository is ready", "repositories are ready")
        return ready + (waiting > 0 ? " and \(waiting) will be vendored" : "")
            + ", \(modules.of("module comes", "modules come")) from them, \(pins.of("is", "are")) pinned"
    }

    private static func check(
        _ repository: Node, _ name: String, _ version: String, _ file: String, _ report: GateReport
    ) -> Bool {
        let node = repository["status"]?.value
        let mark = (node ?? repository).mark(in: file)
        let status = node?.scalar?.text ?? ""
        switch status {
        case "ok", "pinned", "pinned-ok": break
        case "pending_vendor": return true
        case "blocked", "empty":
            // The scanner exits with 2 for an empty one, whatever else is wrong.
            if status == "empty" { report.exitStatus = 2 }
            report.fail(
                .unusableRepository, "the repository \(quoted(name)) is \(status)", at: mark,
                hint: status == "empty" ? "Remove it: it may not be on the path of addons." : "Port it, or remove it.")
            return false
        default:
            report.fail(
                .unknownWord, "the status of the repository \(quoted(name)) is \(quoted(status))", at: mark,
                hint: didYouMean(
                    status, among: ["ok", "pinned", "blocked", "empty", "pending_vendor"],
                    else: "Write ok, pinned, blocked, empty or pending_vendor."))
            return false
        }
        let branch = repository["branch"]?.value
        if let text = branch?.scalar?.text, text != version, text != "_git_aggregated" {
            report.fail(
                .unusableRepository, "the repository \(quoted(name)) is on the branch \(quoted(text)), not \(version)",
                at: branch?.mark(in: file), hint: "Take the branch \(version), or call it blocked.")
            return false
        }
        return true
    }

    private static func checkModules(
        _ usable: [String: Bool], _ context: GateContext, _ report: GateReport
    ) -> Int {
        var count = 0
        for stem in ["oca/must_have_base", "oca/must_have_accounting"] {
            guard let document = context.document(stem, report), let modules = document.root["modules"]?.value.items
            else {
                continue
            }
            for module in modules {
                count += 1
                let name = quoted(module["technical_name"]?.value.filledText ?? "")
                guard let node = module["repo"]?.value, let repository = node.filledText else {
                    report.fail(
                        .missingField, "the module \(name) has no `repo`", at: module.mark(in: document.file),
                        hint: "Write where it comes from.")
                    continue
                }
                // In parentheses stands what is no repository: the core itself.
                if repository.hasPrefix("(") { continue }
                switch usable[repository] {
                case true?: break
                case false?:
                    report.fail(
                        .unusableRepository, "the module \(name) comes from \(quoted(repository)), which is not ready",
                        at: node.mark(in: document.file), hint: "Port the repository, or take the module out.")
                case nil:
                    report.fail(
                        .unlistedRepository, "the module \(name) comes from \(quoted(repository)), which is not listed",
                        at: node.mark(in: document.file),
                        hint: didYouMean(repository, among: usable.keys, else: "Add it to odoo/oca_repos.yaml."))
                }
            }
        }
        return count
    }

    private static func checkPins(_ usable: [String: Bool], _ context: GateContext, _ report: GateReport) -> Int {
        guard let document = context.document("odoo/oca_lock", report),
            let pins = document.root["repos"]?.value.items
        else { return 0 }
        for pin in pins {
            let name = pin["name"]?.value.filledText ?? ""
            if usable[name] == nil {
                report.fail(
                    .unlistedRepository, "the pinned repository \(quoted(name)) is not listed",
                    at: pin.mark(in: document.file),
                    hint: didYouMean(name, among: usable.keys, else: "Add it to odoo/oca_repos.yaml."))
            }
            let ref = pin["ref"]?.value
            let text = ref?.scalar?.text.utf8
            let isCommit =
                text.map { $0.count == 40 && $0.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } }
                ?? false
            if !isCommit {
                report.fail(
                    .unpinnedRepository, "the repository \(quoted(name)) is not pinned to a commit",
                    at: (ref ?? pin).mark(in: document.file), hint: "Write the commit's 40 hexadecimal digits.")
            }
        }
        return pins.count
    }
}
