import Basics
import Formats

extension Gate {
    /// The rules of `check_prod_settings_ssot.py`.
    static let prodSettings = Gate(
        name: "prod_settings", title: "Production's settings use registered secrets and canonical addresses."
    ) { context, report in
        guard let document = context.document("runtime/prod_settings", report) else { return "" }
        checkSchema(of: document, prefix: "ssot.runtime.prod_settings.v1", isExact: true, report)
        for key in ["email", "ocr", "odoo", "urls"] {
            let section = document[key]
            if section.isMap || section.isUnclear && !section.isMissing { continue }
            report.fail(
                .missingField, "\(document.file) has no `\(key)`",
                at: SourceMark(file: document.file, line: 1, column: 1), hint: "Write the section `\(key)`.")
        }
        let lists = (document.members() ?? []).filter(\.value.isMap).map { $0.value["secrets_refs"] }
        if lists.allSatisfy(\.isAbsent) {
            report.unknown(
                .missingInput, "no section of \(document.file) says which secrets it uses", at: document.mark,
                hint: "Write `secrets_refs` in each, or `secrets_refs: []` where it uses none.")
        }
        let references = lists.flatMap { $0.items ?? [] }
        if !references.isEmpty, let registered = context.secretIDs(report) {
            for reference in references where !registered.contains(reference.scalarText ?? "") {
                let name = reference.scalarText ?? reference.node?.shapeName ?? ""
                report.fail(
                    .unknownSecret, "the secret \(quoted(name)) is not in the registry", at: reference.mark,
                    hint: didYouMean(name, among: registered, else: "Add it to the registry, or correct the name."))
            }
        }
        let addresses = check(document["urls"], context, report)
        return "\(references.count.of("secret is", "secrets are")) registered and "
            + "\(addresses.of("address is", "addresses are")) canonical"
    }

    private static func check(_ urls: GateValue, _ context: GateContext, _ report: GateReport) -> Int {
        guard urls.isMap else { return 0 }
        guard
            let addresses = urls["active_required"].someItems(
                lack: "requires no address", hint: "List the addresses of production below `urls.active_required`.")
        else { return 0 }
        guard case .bytes(let bytes)? = context.library.file(at: GateDocuments.canonicalURLs)?.content else {
            report.unknown(
                .missingInput, "\(GateDocuments.canonicalURLs) is not at hand, so no address can be looked up in it",
                at: addresses.first?.mark, hint: "Add it to the repository.")
            return 0
        }
        for address in addresses {
            let value = address.isMap ? address["url"] : address
            if value.isUnclear, !value.isMissing { continue }
            guard let url = value.filledText else {
                report.fail(
                    .missingField, "a required address has no `url`", at: address.mark, hint: "Write its `url`.")
                continue
            }
            guard !lists(bytes, Array(url.utf8)) else { continue }
            report.fail(
                .unlistedURL, "the address \(quoted(url)) is not in \(GateDocuments.canonicalURLs)",
                at: value.mark, hint: "Add it there, or remove it here.")
        }
        return addresses.count
    }

    /// Whether a text holds an address, and not only as a part of another one; its host in any case of letters.
    private static func lists(_ text: [UInt8], _ url: [UInt8]) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                || byte == 95
        }
        func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
        let slashes = url.firstRange(of: Array("://".utf8))?.upperBound ?? 0
        let hostEnd = url[slashes...].firstIndex(of: UInt8(ascii: "/")) ?? url.endIndex
        guard !url.isEmpty, text.count >= url.count else { return false }
        for start in 0...(text.count - url.count) {
            let isSame = url.indices.allSatisfy {
                text[start + $0] == url[$0] || $0 < hostEnd && lower(text[start + $0]) == lower(url[$0])
            }
            guard isSame else { continue }
            let before = start > 0 ? text[start - 1] : 32
            // `not-https://a` and `https://b.a` are others.
            if isWord(before) || before == UInt8(ascii: ".") || before == UInt8(ascii: "+") { continue }
            let rest = text[(start + url.count)...]
            guard let next = rest.first else { return true }
            let after = rest.dropFirst().first ?? 32
            switch next {
            // The end of a sentence, or of another host; a port.
            case UInt8(ascii: "."), UInt8(ascii: ":"): if !isWord(after) { return true }
            case UInt8(ascii: "@"), UInt8(ascii: "%"): continue
            default: if !isWord(next) { return true }
            }
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
        checkSchema(of: document, prefix: "ssot.vercel.projects.v1", isExact: true, report)
        for key in ["repo", "workspace_manager", "apps_root"] where monorepo[key].lacksText {
            report.fail(.missingField, "`monorepo` has no `\(key)`", at: monorepo.mark, hint: "Add `\(key):` to it.")
        }
        guard let projects = list.someItems(lack: "lists no project", hint: "List the projects.") else { return "" }
        let policy = context.section("policy", of: document, report)
        let rules = MonorepoRules(
            root: monorepo["apps_root"].filledText, hasTurborepo: monorepo["turborepo"].isTrue,
            needsFilesOutside: policy?["include_files_outside_root_required"].isTrue,
            needsIgnoredBuild: policy?["ignored_build_required"].isTrue)
        var names: Set<String> = []
        for project in projects {
            let name = project["name"].filledText ?? ""
            let what = name.isEmpty ? "a project" : "the project \(quoted(name))"
            for key in ["name", "root_directory", "framework", "build", "env_strategy"] where project[key].isMissing {
                report.fail(
                    .missingField, "\(what) has no `\(key)`", at: project.mark, hint: "Add `\(key):` to it.")
            }
            if !name.isEmpty, !names.insert(name).inserted {
                report.fail(.ambiguous, "\(what) stands twice", at: project.mark, hint: "Keep one of the two.")
            }
            if let path = project["root_directory"].filledText {
                context.require(path: path, of: what, at: project["root_directory"].mark, report)
            }
            rules.check(project, what, report)
        }
        for package in document["packages"].items ?? [] {
            let status = package["status"]
            if status.isUnclear || status.filledText == "planned" { continue }
            guard let path = package["path"].writtenText else { continue }
            context.require(path: path, of: "a package", at: package["path"].mark, report)
        }
        return "\(projects.count.of("project fits", "projects fit")) the monorepo"
    }
}

/// What the monorepo and the policy of `vercel/projects.yaml` want of each project; nil of what can't be told.
private struct MonorepoRules {
    let root: String?
    let hasTurborepo: Bool?
    let needsFilesOutside: Bool?
    let needsIgnoredBuild: Bool?

    func check(_ project: GateValue, _ what: String, _ report: GateReport) {
        let directory = project["root_directory"]
        if let root, let path = directory.filledText,
            !path.hasPrefix(root + "/") || path.split(separator: "/").contains("..")
        {
            report.fail(
                .monorepo, "\(what) stands in \(quoted(path)), and not below \(root)/", at: directory.mark,
                hint: "Move it, or correct `root_directory`.")
        }
        // Each is looked at, whether a rule asks for it or not: what can't be told of one is told of all.
        let (usesPackages, includesFiles) = (
            project["uses_packages"].isTrue, project["include_files_outside_root"].isTrue
        )
        if needsFilesOutside == true, usesPackages == true, includesFiles == false {
            report.fail(
                .monorepo, "\(what) uses packages and doesn't include files outside of its root", at: project.mark,
                hint: "Write `include_files_outside_root: true`.")
        }
        if project["turborepo"].isTrue == true, hasTurborepo == false {
            report.fail(
                .monorepo, "\(what) builds with turborepo, and the monorepo doesn't", at: project.mark,
                hint: "Write `turborepo: true` below `monorepo`, or false here.")
        }
        guard needsIgnoredBuild == true else { return }
        let build = project["ignored_build"]
        if build.isAbsent || build.node?.isFilled == false || build.isMap && build["strategy"].lacksText
            || build.node?.scalar != nil
        {
            report.fail(
                .monorepo, "\(what) has no strategy to skip builds that it isn't touched by", at: project.mark,
                hint: "Write `ignored_build: {strategy: turbo_ignore}`.")
        } else if build.node != nil, !build.isMap {
            build.tellShape("a mapping")
        }
    }
}
