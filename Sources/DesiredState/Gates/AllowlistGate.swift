import Basics
import Formats

extension Gate {
    /// What `scan_oca_repos.py` and `check_oca_must_have_ssot.py` hold the lists to.
    ///
    /// A list without a repository is unknown, and not "all 0 repositories are ready"; so is one without a module or a
    /// pin.
    static let allowlist = Gate(
        name: "oca_allowlist", title: "Modules come from listed repositories that are ready and pinned."
    ) { context, report in
        guard let document = context.document("odoo/oca_repos", report),
            let section = context.section("repos", of: document, report),
            let repositories = section.someItems(
                lack: "lists no repository", hint: "List the repositories, or take the gate out.")
        else { return "" }
        let target = document["target_version"]
        let version = target.isAbsent ? "19.0" : target.writtenText
        var lists = Lists()
        for repository in repositories {
            let named = repository["name"]
            guard let name = named.filledText else {
                if named.isMissing {
                    report.fail(
                        .missingField, "a repository has no `name`", at: repository.mark, hint: "Add `name:` to it.")
                } else if !named.isUnclear {
                    named.tellShape("a text")
                }
                continue
            }
            if !lists.listed.insert(name).inserted {
                report.fail(
                    .ambiguous, "the repository \(quoted(name)) stands twice", at: repository.mark,
                    hint: "Keep one of the two.")
                lists.unready.remove(name)
            }
            if isUnready(repository, name, version, report) { lists.unready.insert(name) }
        }
        let modules = checkModules(lists, context, report)
        let pins = checkPins(lists.listed, context, report)
        let waiting = repositories.count { $0["status"].scalarText == "pending_vendor" }
        let ready = (repositories.count - waiting).of("repository is ready", "repositories are ready")
        return ready + (waiting > 0 ? " and \(waiting) will be vendored" : "")
            + ", \(modules.of("module comes", "modules come")) from them, \(pins.of("is", "are")) pinned"
    }

    /// The repositories by name.
    private struct Lists {
        var listed: Set<String> = []
        /// Those of them from which no module may come.
        var unready: Set<String> = []
    }

    /// Whether no module may come from it; false where that can't be told, too.
    private static func isUnready(
        _ repository: GateValue, _ name: String, _ version: String?, _ report: GateReport
    ) -> Bool {
        let status = repository["status"]
        if status.isUnclear { return false }
        let word = status.scalarText ?? ""
        switch word {
        case "ok", "pinned", "pinned-ok": break
        case "pending_vendor": return false
        case "blocked", "empty":
            // The scanner exits with 2 for an empty one, whatever else is wrong.
            if word == "empty" { report.exitStatus = 2 }
            report.fail(
                .unusableRepository, "the repository \(quoted(name)) is \(word)", at: status.mark,
                hint: word == "empty" ? "Remove it: it may not be on the path of addons." : "Port it, or remove it.")
            return true
        default:
            report.fail(
                .unknownWord, "the status of the repository \(quoted(name)) is \(quoted(word))", at: status.mark,
                hint: didYouMean(
                    word, among: ["ok", "pinned", "blocked", "empty", "pending_vendor"],
                    else: "Write ok, pinned, blocked, empty or pending_vendor."))
            return true
        }
        let branch = repository["branch"]
        if branch.isAbsent {
            report.unknown(
                .missingInput, "the repository \(quoted(name)) doesn't say its branch", at: repository.mark,
                hint: "Add `branch:` to it.")
            return false
        }
        guard let text = branch.writtenText, let version else { return false }
        if text != version, text != "_git_aggregated" {
            report.fail(
                .unusableRepository, "the repository \(quoted(name)) is on the branch \(quoted(text)), not \(version)",
                at: branch.mark, hint: "Take the branch \(version), or call it blocked.")
            return true
        }
        return false
    }

    private static func checkModules(_ lists: Lists, _ context: GateContext, _ report: GateReport) -> Int {
        var count = 0
        for stem in ["oca/must_have_base", "oca/must_have_accounting"] {
            guard let document = context.document(stem, report),
                let section = context.section("modules", of: document, report),
                let modules = section.someItems(lack: "lists no module", hint: "List the modules, or remove the gate.")
            else { continue }
            for module in modules {
                count += 1
                let name = quoted(module["technical_name"].filledText ?? "")
                let source = module["repo"]
                guard let repository = source.filledText else {
                    if source.isUnclear { continue }
                    report.fail(
                        .missingField, "the module \(name) has no `repo`", at: module.mark,
                        hint: "Write where it comes from.")
                    continue
                }
                // In parentheses stands what is no repository: the core itself.
                if repository.hasPrefix("(") { continue }
                if lists.unready.contains(repository) {
                    report.fail(
                        .unusableRepository, "the module \(name) comes from \(quoted(repository)), which is not ready",
                        at: source.mark, hint: "Port the repository, or take the module out.")
                } else if !lists.listed.contains(repository) {
                    report.fail(
                        .unlistedRepository, "the module \(name) comes from \(quoted(repository)), which is not listed",
                        at: source.mark,
                        hint: didYouMean(repository, among: lists.listed, else: "Add it to odoo/oca_repos.yaml."))
                }
            }
        }
        return count
    }

    private static func checkPins(_ listed: Set<String>, _ context: GateContext, _ report: GateReport) -> Int {
        guard let document = context.document("odoo/oca_lock", report),
            let section = context.section("repos", of: document, report),
            let pins = section.someItems(lack: "pins no repository", hint: "Pin the repositories, or remove the gate.")
        else { return 0 }
        for pin in pins {
            let named = pin["name"]
            let name = named.filledText ?? ""
            if !named.isUnclear, !listed.contains(name) {
                report.fail(
                    .unlistedRepository, "the pinned repository \(quoted(name)) is not listed", at: pin.mark,
                    hint: didYouMean(name, among: listed, else: "Add it to odoo/oca_repos.yaml."))
            }
            let ref = pin["ref"]
            if ref.isUnclear { continue }
            let isCommit =
                ref.scalarText.map {
                    $0.utf8.count == 40 && $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
                } ?? false
            if !isCommit {
                report.fail(
                    .unpinnedRepository, "the repository \(quoted(name)) is not pinned to a commit", at: ref.mark,
                    hint: "Write the commit's 40 hexadecimal digits.")
            }
        }
        return pins.count
    }
}
