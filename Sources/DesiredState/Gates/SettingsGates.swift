import Basics
import Formats

extension Gate {
    /// The rules of `check_prod_settings_ssot.py`.
    static let prodSettings = Gate(
        name: "prod_settings", title: "Production's settings use registered secrets and canonical addresses."
    ) { context, report in
        guard let document = context.document("runtime/prod_settings", report) else { return "" }
        checkSchema(of: document, prefix: "ssot.runtime.prod_settings.v1", isExact: true, report)
        for key in ["email", "ocr", "odoo", "urls"] where document.root[key]?.value.entries == nil {
            report.fail(
                .missingField, "\(document.file) has no `\(key)`",
                at: SourceMark(file: document.file, line: 1, column: 1), hint: "Write the section `\(key)`.")
        }
        var references: [Node] = []
        for section in document.root.entries ?? [] { references += section.value["secrets_refs"]?.value.items ?? [] }
        if !references.isEmpty, let registered = context.secretIDs(report) {
            for reference in references where !registered.contains(reference.scalar?.text ?? "") {
                let name = reference.scalar?.text ?? reference.shapeName
                report.fail(
                    .unknownSecret, "the secret \(quoted(name)) is not in the registry",
                    at: reference.mark(in: document.file),
                    hint: didYouMean(name, among: registered, else: "Add it to the registry, or correct the name."))
            }
        }
        let addresses = document.root["urls"]?.value["active_required"]?.value.items ?? []
        check(addresses, document.file, context, report)
        return "\(references.count.of("secret is", "secrets are")) registered and "
            + "\(addresses.count.of("address is", "addresses are")) canonical"
    }

    private static func check(_ addresses: [Node], _ file: String, _ context: GateContext, _ report: GateReport) {
        guard !addresses.isEmpty else {
            report.unknown(
                .missingInput, "\(file) requires no address", at: SourceMark(file: file, line: 1, column: 1),
                hint: "List the addresses of production below `urls.active_required`.")
            return
        }
        guard case .bytes(let bytes)? = context.library.file(at: GateDocuments.canonicalURLs)?.content else {
            report.unknown(
                .missingInput, "\(GateDocuments.canonicalURLs) is not at hand, so no address can be looked up in it",
                at: addresses.first?.mark(in: file), hint: "Add it to the repository.")
            return
        }
        for address in addresses {
            let node = address["url"]?.value ?? address
            guard let url = node.filledText else {
                report.fail(
                    .missingField, "a required address has no `url`", at: address.mark(in: file),
                    hint: "Write its `url`.")
                continue
            }
            guard !lists(bytes, Array(url.utf8)) else { continue }
            report.fail(
                .unlistedURL, "the address \(quoted(url)) is not in \(GateDocuments.canonicalURLs)",
                at: node.mark(in: file), hint: "Add it there, or remove it here.")
        }
    }

    /// Whether a text holds an address that ends where the wanted one ends.
    private static func lists(_ text: [UInt8], _ url: [UInt8]) -> Bool {
        var rest = text[...]
        while let range = rest.firstRange(of: url) {
            let next = range.upperBound < text.endIndex ? text[range.upperBound] : 32
            let goesOn = (48...57).contains(next) || (65...90).contains(next) || (97...122).contains(next) || next == 45
            if !goesOn { return true }
            rest = text[range.upperBound...]
        }
        return false
    }

    /// The rules of `check_vercel_monorepo_ssot.py`, with `monorepo.turborepo` read where it stands, and with a look
    /// whether the directories are there.
    static let vercelMonorepo = Gate(
        name: "vercel_monorepo", title: "Every Vercel project fits the monorepo."
    ) { context, report in
        guard let document = context.document("vercel/projects", report),
            let monorepo = context.section("monorepo", of: document, report),
            let list = context.section("projects", of: document, report)
        else { return "" }
        let file = document.file
        checkSchema(of: document, prefix: "ssot.vercel.projects.v1", isExact: true, report)
        for key in ["repo", "workspace_manager", "apps_root"] where monorepo[key]?.value.filledText == nil {
            report.fail(
                .missingField, "`monorepo` has no `\(key)`", at: monorepo.mark(in: file), hint: "Add `\(key):` to it.")
        }
        guard let projects = list.items, !projects.isEmpty else {
            report.unknown(
                .missingInput, "\(file) lists no project", at: list.mark(in: file), hint: "List the projects.")
            return ""
        }
        let policy = document.root["policy"]?.value
        var names: Set<String> = []
        for project in projects {
            let name = project["name"]?.value.filledText ?? ""
            let what = name.isEmpty ? "a project" : "the project \(quoted(name))"
            let mark = project.mark(in: file)
            for key in ["name", "root_directory", "framework", "build", "env_strategy"]
            where project[key]?.value.isFilled != true {
                report.fail(.missingField, "\(what) has no `\(key)`", at: mark, hint: "Add `\(key):` to it.")
            }
            if !name.isEmpty, !names.insert(name).inserted {
                report.fail(.ambiguous, "\(what) stands twice", at: mark, hint: "Keep one of the two.")
            }
            if let root = project["root_directory"]?.value, let path = root.filledText {
                if let apps = monorepo["apps_root"]?.value.filledText, !path.hasPrefix(apps + "/") {
                    report.fail(
                        .monorepo, "\(what) stands in \(quoted(path)), and not below \(apps)/",
                        at: root.mark(in: file), hint: "Move it, or correct `root_directory`.")
                }
                context.require(path: path, of: what, at: root.mark(in: file), report)
            }
            if project.isTrue("uses_packages"), policy?.isTrue("include_files_outside_root_required") == true,
                !project.isTrue("include_files_outside_root")
            {
                report.fail(
                    .monorepo, "\(what) uses packages and doesn't include files outside of its root", at: mark,
                    hint: "Write `include_files_outside_root: true`.")
            }
            if project.isTrue("turborepo"), !monorepo.isTrue("turborepo") {
                report.fail(
                    .monorepo, "\(what) builds with turborepo, and the monorepo doesn't", at: mark,
                    hint: "Write `turborepo: true` below `monorepo`, or false here.")
            }
            if policy?.isTrue("ignored_build_required") == true,
                project["ignored_build"]?.value["strategy"]?.value.filledText == nil
            {
                report.fail(
                    .monorepo, "\(what) has no strategy to skip builds that it isn't touched by", at: mark,
                    hint: "Write `ignored_build: {strategy: turbo_ignore}`.")
            }
        }
        for package in document.root["packages"]?.value.items ?? []
        where package["status"]?.value.filledText != "planned" {
            guard let path = package["path"]?.value, let text = path.filledText else { continue }
            context.require(path: text, of: "a package", at: path.mark(in: file), report)
        }
        return "\(projects.count.of("project fits", "projects fit")) the monorepo"
    }
}
