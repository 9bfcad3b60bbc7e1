import Basics
import Formats

/// Reads `vercel/projects.yaml`.
struct VercelReader {
    let file: String
    let drafts: DraftSet
    private var report: Report { drafts.report }
    private var rules = Rules()
    /// Which project has a root directory first.
    private var directories: [String: (project: String, mark: SourceMark)] = [:]

    /// What `monorepo` and `policy` ask of every project.
    private struct Rules {
        var appsRoot: Text?
        var turborepo: (value: Bool, mark: SourceMark)?
        var includesOutside: (value: Bool, mark: SourceMark)?
        var ignoredBuild: (value: Bool, mark: SourceMark)?
        var noValues: (value: Bool, mark: SourceMark)?
    }

    private init(_ file: String, _ drafts: DraftSet) {
        self.file = file
        self.drafts = drafts
    }

    static func read(_ library: inout Library, _ policy: Policy, _ drafts: DraftSet) {
        guard
            let document = library.take(
                "vercel/projects", schema: "ssot.vercel.projects.v1", domain: "vercel",
                scopes: [.kind(.vercelProject)], drafts.report), let root = document.root
        else { return }
        var reader = VercelReader(document.path, drafts)
        reader.read(root, policy)
    }

    private mutating func read(_ root: Node, _ policy: Policy) {
        let fields = Fields(root, "the list of Vercel projects", in: file, report)
        let nodes = fields.nodes("projects", required: true)
        _ = fields.allEntries()
        if let cause = fields.broken["projects"] ?? (nodes == nil ? fields.fault : nil) {
            report.unknown(.kind(.vercelProject), cause)
        }
        // A rule that can't be read is told, and asks nothing.
        if let monorepo = root["monorepo"]?.value.entries == nil ? nil : fields.fields("monorepo") {
            rules.appsRoot = monorepo.text("apps_root")
            rules.turborepo = monorepo.flag("turborepo")
        }
        if let section = root["policy"]?.value.entries == nil ? nil : fields.fields("policy") {
            rules.includesOutside = section.flag("include_files_outside_root_required")
            rules.ignoredBuild = section.flag("ignored_build_required")
            rules.noValues = section.flag("env_values_never_in_repo")
            let noPlatform = section.flag("app_platform_disallowed")
            if let surface = policy.surfaces["app_platform"], let noPlatform, noPlatform.value == surface.isAllowed {
                report.warning(
                    .documentDisagreement,
                    "`app_platform_disallowed` is \(noPlatform.value), and the DigitalOcean policy "
                        + (surface.isAllowed ? "allows App Platform" : "does not allow App Platform"),
                    at: noPlatform.mark, hint: "Make both say the same.",
                    notes: [Diagnostic.Note("the DigitalOcean policy is here", at: surface.source)])
            }
        }
        for node in nodes ?? [] { readProject(node) }
    }

    private mutating func readProject(_ node: Node) {
        let entry = Fields(node, "a Vercel project", in: file, report)
        let name = entry.text("name", required: true)
        if let name { entry.describe(as: "the Vercel project \(quoted(name.value))") }
        var attributes = setting("root_directory", entry) + setting("framework", entry)
        attributes += setting("install_command", entry) + setting("node_version", entry, orNumber: true)
        attributes += setting("production_branch", entry)
        if let build = entry.fields("build") {
            attributes += setting("command", of: "build_command", build)
            attributes += setting("output", of: "output_directory", build)
            _ = build.allEntries()
            entry.absorb(build)
        }
        let ignored = entry.fields("ignored_build")
        if let ignored {
            attributes += setting("command", of: "ignored_build_command", ignored)
            _ = ignored.allEntries()
            entry.absorb(ignored)
        } else if node["ignored_build"] != nil, entry.broken["ignored_build"] == nil {
            attributes.append(cleared("ignored_build_command", at: entry.mark(of: "ignored_build")))
        }
        let outside = entry.flag("include_files_outside_root")
        attributes += WantedAttribute.of("include_files_outside_root", outside)
        let usesPackages = entry.flag("uses_packages")
        let turborepo = entry.flag("turborepo")
        _ = entry.allEntries()
        let key = name.map { ResourceKey(.vercelProject, $0.value) }
        guard drafts.isSound(entry, key, .vercelProject), let key else { return }
        checkDirectory(attributes, key, entry)
        check(rules.includesOutside, "include_files_outside_root_required", entry) {
            usesPackages?.value != true || outside?.value == true
        }
        check(rules.ignoredBuild, "ignored_build_required", entry) {
            attributes.contains { $0.name == "ignored_build_command" && $0.value != .literal(.null) }
        }
        check(rules.noValues, "env_values_never_in_repo", entry) { node["env"] == nil }
        if let rule = rules.turborepo, let turborepo, rule.value != turborepo.value {
            tell(rule, "turborepo", entry, at: turborepo.mark)
        }
        var draft = Draft(key, attributes, source: node.mark(in: file))
        draft.isProtected = true
        drafts.add(draft)
    }

    // MARK: Settings

    /// A setting; one that is written as empty or `null` has to be cleared at the provider.
    private func setting(
        _ key: String, of name: String? = nil, _ entry: Fields, orNumber: Bool = false
    ) -> [WantedAttribute] {
        if let text = entry.text(key, orNumber: orNumber) { return WantedAttribute.of(name ?? key, text) }
        guard let mark = entry.mark(of: key), entry.broken[key] == nil else { return [] }
        return [cleared(name ?? key, at: mark)]
    }

    private func cleared(_ name: String, at mark: SourceMark?) -> WantedAttribute {
        WantedAttribute(name, .literal(.null), at: mark)
    }

    // MARK: Rules

    /// A root directory lies below the folder of the apps, and belongs to one project.
    private mutating func checkDirectory(_ attributes: [WantedAttribute], _ key: ResourceKey, _ entry: Fields) {
        guard let wanted = attributes.first(where: { $0.name == "root_directory" }),
            case .literal(.string(let directory)) = wanted.value, let mark = wanted.mark
        else { return }
        if let first = directories[directory] {
            report.warning(
                .duplicateAttribute, "\(entry.subject) has the root directory of \(quoted(first.project))", at: mark,
                hint: "Give each project its own directory.", notes: [Diagnostic.Note("first here", at: first.mark)])
        } else {
            directories[directory] = (key.name, mark)
        }
        guard let root = rules.appsRoot, !directory.hasPrefix(root.value + "/") else { return }
        report.warning(
            .ruleBroken, "\(entry.subject) has the root directory \(quoted(directory)), which is not below `apps_root`",
            at: mark, hint: "Write a directory below \(quoted(root.value)).",
            notes: [Diagnostic.Note("`apps_root` is here", at: root.mark)])
    }

    private func check(
        _ rule: (value: Bool, mark: SourceMark)?, _ name: String, _ entry: Fields, holds: () -> Bool
    ) {
        guard let rule, rule.value, !holds() else { return }
        tell(rule, name, entry, at: entry.mark)
    }

    private func tell(
        _ rule: (value: Bool, mark: SourceMark), _ name: String, _ entry: Fields, at mark: SourceMark
    ) {
        report.warning(
            .ruleBroken, "\(entry.subject) does not keep to `\(name)`", at: mark,
            hint: "Change the project, or the rule.", notes: [Diagnostic.Note("the rule is here", at: rule.mark)])
    }
}
