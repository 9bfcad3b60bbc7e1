import Basics
import Formats

/// Reads `vercel/projects.yaml` and `vercel/projects/*.json`.
struct VercelReader {
    let drafts: DraftSet
    var report: Report { drafts.report }
    private(set) var reading = VercelReading()
    private var wishes: [VercelWish] = []
    /// Projects of which a document can't be told.
    private var lost: [ResourceKey: Cause] = [:]
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

    /// Where the documents of single projects stand, below a root.
    static let folder = "vercel/projects/"
    /// The same beside the roots.
    static let besideFolder = "infra/" + folder
    /// That folder and the one above it, for where one of them is none.
    static let closedFolders = ["infra/vercel", "infra/vercel/projects"]

    /// The kinds that these documents want.
    static let kinds: [ResourceKind] = [.vercelProject, .vercelVariable, .vercelDomain, .vercelProduction]

    private init(_ drafts: DraftSet) { self.drafts = drafts }

    static func read(_ library: inout Library, _ policy: Policy, _ drafts: DraftSet) -> VercelReading {
        var reader = VercelReader(drafts)
        let scopes = kinds.map { UnknownScope.Extent.kind($0) }
        if let document = library.take(
            "vercel/projects", schema: "ssot.vercel.projects.v1", domain: "vercel", scopes: scopes, drafts.report)
        {
            reader.reading.documents.append(document)
            if let root = document.root { reader.readList(root, document.path, policy) }
        }
        for document in library.takeJSON(
            of: [folder, besideFolder], for: "vercel", scopes: scopes, drafts.report)
        {
            reader.reading.documents.append(document)
            if let root = document.root { reader.readDocument(root, document.path) }
        }
        reader.finish()
        VercelNames(reading: reader.reading, report: drafts.report).check(library)
        return reader.reading
    }

    // MARK: The list of projects

    private mutating func readList(_ root: Node, _ file: String, _ policy: Policy) {
        let fields = Fields(root, "the list of Vercel projects", in: file, report)
        let nodes = fields.nodes("projects", required: true)
        _ = fields.allEntries()
        if let cause = fields.broken["projects"] ?? (nodes == nil ? fields.fault : nil) {
            report.unknown(kinds: Self.kinds, cause)
        }
        // A rule that can't be read is told, and asks nothing.
        if let monorepo = fields.fields("monorepo"), !monorepo.isNoMapping {
            rules.appsRoot = monorepo.text("apps_root")
            rules.turborepo = monorepo.flag("turborepo")
        }
        if let section = fields.fields("policy"), !section.isNoMapping {
            rules.includesOutside = section.flag("include_files_outside_root_required")
            rules.ignoredBuild = section.flag("ignored_build_required")
            rules.noValues = section.flag("env_values_never_in_repo")
            comparePlatform(section.flag("app_platform_disallowed"), policy)
        }
        for node in nodes ?? [] { readProject(node, file) }
    }

    private func comparePlatform(_ isDisallowed: (value: Bool, mark: SourceMark)?, _ policy: Policy) {
        guard let surface = policy.surfaces["app_platform"], let isDisallowed, isDisallowed.value == surface.isAllowed
        else { return }
        report.warning(
            .documentDisagreement,
            "`app_platform_disallowed` is \(isDisallowed.value), and the DigitalOcean policy "
                + (surface.isAllowed ? "allows App Platform" : "does not allow App Platform"),
            at: isDisallowed.mark, hint: "Make both say the same.",
            notes: [Diagnostic.Note("the DigitalOcean policy is here", at: surface.source)])
    }

    private mutating func readProject(_ node: Node, _ file: String) {
        let entry = Fields(node, "a Vercel project", in: file, report)
        let name = entry.text("name", required: true)
        if let name { entry.describe(as: "the Vercel project \(quoted(name.value))") }
        var attributes = VercelSetting.read(VercelSetting.ofList, entry)
        if let build = entry.fields("build") {
            attributes += VercelSetting.read(VercelSetting.ofBuild, build)
            _ = build.allEntries()
            entry.absorb(build)
        }
        let ignored = entry.fields("ignored_build")
        if let ignored {
            attributes += VercelSetting.read([VercelSetting("command", "ignored_build_command")], ignored)
            _ = ignored.allEntries()
            entry.absorb(ignored)
        } else if node["ignored_build"] != nil, entry.broken["ignored_build"] == nil {
            attributes.append(VercelSetting.cleared("ignored_build_command", at: entry.mark(of: "ignored_build")))
        }
        let outside = entry.flag("include_files_outside_root")
        attributes += WantedAttribute.of("include_files_outside_root", outside)
        let usesPackages = entry.flag("uses_packages")
        let turborepo = entry.flag("turborepo")
        keep(.list, name, attributes, entry, node, ids: ("id", "org_id"), domains: "domains")
        guard entry.fault == nil else { return }
        check(rules.includesOutside, "include_files_outside_root_required", entry) {
            usesPackages?.value != true || outside?.value == true
        }
        check(rules.ignoredBuild, "ignored_build_required", entry) {
            attributes.contains { $0.name == "ignored_build_command" && $0.value != .literal(.null) }
        }
        if let rule = rules.turborepo, let turborepo, rule.value != turborepo.value {
            tell(rule, "turborepo", entry, at: turborepo.mark)
        }
    }

    // MARK: Documents of single projects

    /// Reads a document in the provider's own words, as its script sends them.
    private mutating func readDocument(_ root: Node, _ file: String) {
        let entry = Fields(root, "the Vercel project of \(file)", in: file, report)
        let name = entry.text("name", required: true)
        if let name { entry.describe(as: "the Vercel project \(quoted(name.value))") }
        var attributes = VercelSetting.read(VercelSetting.ofDocument, entry)
        attributes += WantedAttribute.of(
            "include_files_outside_root", entry.flag("sourceFilesOutsideRootDirectory"))
        entry.allow("$schema", "schema", "version", "description", "notes", "env")
        keep(.document, name, attributes, entry, root, ids: ("projectId", "orgId"), domains: "expectedDomains")
    }

    // MARK: Both

    /// Reads what both kinds of document have, and remembers what the project wants.
    private mutating func keep(
        _ origin: VercelWish.Origin, _ name: Text?, _ attributes: [WantedAttribute], _ entry: Fields, _ node: Node,
        ids: (project: String, organisation: String), domains: String
    ) {
        var attributes = attributes
        var missing: Cause?
        for (id, attribute, what) in [(ids.project, "id", "id"), (ids.organisation, "org_id", "team")] {
            switch identifier(id, node, entry) {
            case .known(let text): attributes += WantedAttribute.of(attribute, text)
            case .empty(let mark):
                missing =
                    missing
                    ?? report.error(
                        .missingIdentifier, "\(entry.subject) has no `\(id)`", at: mark,
                        hint: "Write the \(what) that Vercel shows in its settings; until then it is left alone.")
            case .none: break
            }
        }
        let children = name.map { VercelChildren(project: $0.value, entry: entry).read(domains: domains) } ?? []
        if origin == .list { entry.finishLeniently() } else { entry.finish(hasForeignSections: true) }
        let key = name.map { ResourceKey(.vercelProject, $0.value) }
        guard drafts.isSound(entry, key, .vercelProject), let key else {
            if let key, let cause = entry.fault { lose(key, cause) }
            return
        }
        if let missing {
            drafts.lose(key, missing, at: entry.mark)
            lose(key, missing)
        }
        check(rules.noValues, "env_values_never_in_repo", entry) { node["env"] == nil }
        var draft = Draft(key, attributes, source: origin == .list ? node.mark(in: entry.file) : entry.mark)
        draft.isProtected = true
        wishes.append(VercelWish(origin: origin, project: draft, children: children))
    }

    private enum Identifier {
        case none
        case known(Text)
        case empty(SourceMark)
    }

    private func identifier(_ key: String, _ node: Node, _ entry: Fields) -> Identifier {
        guard let found = node[key], !found.isAmbiguous else { return .none }
        if let scalar = found.value.scalar, scalar.value.isNull || scalar.text.isEmpty {
            entry.allow(key)
            return .empty(found.value.mark(in: entry.file))
        }
        return entry.text(key).map { .known($0) } ?? .none
    }

    private mutating func lose(_ key: ResourceKey, _ cause: Cause) { if lost[key] == nil { lost[key] = cause } }

    // MARK: Together

    /// Puts together what the documents say of each project.
    private mutating func finish() {
        for wish in wishes {
            let name = wish.project.key.name
            if let directory = wish.project.text("root_directory") {
                reading.byDirectory[directory.value, default: []].insert(name)
            }
            if let branch = wish.project.text("production_branch") {
                reading.productionBranches.append((name, branch))
            }
        }
        reading.projects = Set(wishes.map(\.project.key.name) + lost.keys.map(\.name)).sorted { $0.precedesByBytes($1) }
        for (key, wishes) in Dictionary(grouping: wishes, by: \.project.key).sorted(by: { $0.key < $1.key }) {
            let subject = "the Vercel project \(quoted(key.name))"
            if let cause = lost[key] {
                for child in wishes.flatMap(\.children) { drafts.lose(child.key, cause, at: child.source) }
                continue
            }
            // Two of one kind of document: that they are meant to be one is not to be guessed.
            for origin in [VercelWish.Origin.list, .document] {
                let same = wishes.filter { $0.origin == origin }
                if same.count > 1 { for wish in same { drafts.add(wish.project) } }
            }
            guard Set(wishes.map(\.origin)).count == wishes.count, var project = wishes.first?.project else { continue }
            for other in wishes.dropFirst() { project = project.joined(with: other.project, as: subject, report) }
            checkDirectory(project, subject)
            drafts.add(project)
            for (_, children) in Dictionary(grouping: wishes.flatMap(\.children), by: \.key) {
                guard var child = children.first else { continue }
                for other in children.dropFirst() {
                    child = child.joined(with: other, as: child.key.description, report)
                }
                drafts.add(child)
            }
        }
        keepKinds()
    }

    /// What a faulty document doesn't name may have been swallowed by its fault: nothing goes for that.
    ///
    /// Neither does what a project would have beside its settings, when its entry can't be told.
    private func keepKinds() {
        let causes = reading.documents.compactMap { report.firstCause(in: [$0]) }
        for cause in causes + lost.sorted(by: { $0.key < $1.key }).map(\.value) {
            for kind in Self.kinds.dropFirst() { report.keep(.kind(kind), cause) }
        }
    }

    // MARK: Rules

    /// A root directory lies below the folder of the apps, and belongs to one project.
    private mutating func checkDirectory(_ project: Draft, _ subject: String) {
        guard let directory = project.text("root_directory") else { return }
        if let first = directories[directory.value] {
            report.warning(
                .duplicateAttribute, "\(subject) has the root directory of \(quoted(first.project))",
                at: directory.mark, hint: "Give each project its own directory.",
                notes: [Diagnostic.Note("first here", at: first.mark)])
        } else {
            directories[directory.value] = (project.key.name, directory.mark)
        }
        guard let root = rules.appsRoot, !directory.value.hasPrefix(root.value + "/") else { return }
        report.warning(
            .ruleBroken,
            "\(subject) has the root directory \(quoted(directory.value)), which is not below `apps_root`",
            at: directory.mark, hint: "Write a directory below \(quoted(root.value)).",
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
