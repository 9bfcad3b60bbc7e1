import Basics
import Formats

/// Reads `plane/` and `mappings/plane_github.yaml`.
struct PlaneReader {
    let drafts: DraftSet
    var report: Report { drafts.report }
    /// The lists of the taxonomy, by the path at which they stand.
    var lists: [String: Names] = [:]
    /// The projects by the path of their document.
    private var projects: [String: Project] = [:]

    /// The names that one document of the taxonomy lists.
    struct Names {
        let names: [Text]
        let file: String
        let fault: Cause?
    }

    /// A project that a document describes.
    struct Project {
        let key: String
        let workspace: Text
        let template: Text?
    }

    static let kinds: [(list: String, kind: ResourceKind)] = [
        ("states", .planeState), ("labels", .planeLabel), ("modules", .planeModule), ("cycles", .planeCycle),
    ]

    private init(_ drafts: DraftSet) { self.drafts = drafts }

    static func read(_ library: inout Library, _ drafts: DraftSet) {
        var reader = PlaneReader(drafts)
        reader.readTaxonomy(&library)
        reader.readProjects(&library)
        reader.readContracts(&library)
        reader.readMappings(&library)
    }

    // MARK: Taxonomy

    private mutating func readTaxonomy(_ library: inout Library) {
        for (list, kind) in Self.kinds {
            let stem = "plane/taxonomy/\(list)"
            guard let document = library.take(stem, domain: "plane", scopes: [.kind(kind)], report) else { continue }
            guard let root = document.root else {
                lists[stem] = Names(names: [], file: document.path, fault: document.cause)
                continue
            }
            let fields = Fields(root, "the taxonomy of \(list)", in: document.path, report)
            let names = fields.texts(list, required: true)
            if let cause = fields.fault { report.unknown(.kind(kind), cause) }
            var first: [String: SourceMark] = [:]
            for name in names ?? [] {
                if let mark = first[name.value] {
                    report.warning(
                        .duplicateName, "\(quoted(name.value)) is listed twice", at: name.mark,
                        hint: "Remove one of the two.", notes: [Diagnostic.Note("first here", at: mark)])
                } else {
                    first[name.value] = name.mark
                }
            }
            let unique = (names ?? []).filter { first[$0.value] == $0.mark }
            lists[stem] = Names(names: unique, file: document.path, fault: fields.fault)
        }
        if let document = library.take(
            "plane/taxonomy/estimates", domain: "plane", scopes: [.kind(.planeEstimate)], report),
            let root = document.root
        {
            let fields = Fields(root, "the taxonomy of estimates", in: document.path, report)
            let values = fields.texts("allowed_values", required: true, orNumber: true)
            if let cause = fields.fault { report.unknown(.kind(.planeEstimate), cause) }
            lists["plane/taxonomy/estimates"] = Names(
                names: values ?? [], file: document.path, fault: fields.fault)
        }
    }

    // MARK: Projects

    private mutating func readProjects(_ library: inout Library) {
        for document in library.take(below: "plane/projects", domain: "plane", scopes: [.kind(.planeProject)], report) {
            guard let root = document.root else { continue }
            let fields = Fields(root, "the Plane project of \(document.path)", in: document.path, report)
            let workspace = fields.text("workspace_slug", required: true)
            let project = fields.fields("project", required: true)
            let identifier = project?.text("key", required: true)
            let name = project?.text("name", required: true)
            let template = project?.text("canonical_template")
            if let project { fields.absorb(project) }
            let key = identifier.map { ResourceKey(.planeProject, $0.value) }
            guard drafts.isSound(fields, key, .planeProject), let key, let workspace else { continue }
            add(
                Draft(
                    key, WantedAttribute.of("name", name) + WantedAttribute.of("workspace_slug", workspace),
                    source: project?.mark ?? fields.mark))
            projects[document.path] = Project(key: key.name, workspace: workspace, template: template)
        }
    }

    // MARK: Contracts: which taxonomy a project has

    private mutating func readContracts(_ library: inout Library) {
        let scopes = (Self.kinds.map(\.kind) + [.planeEstimate]).map { UnknownScope.Extent.kind($0) }
        for document in library.take(below: "plane/contracts", domain: "plane", scopes: scopes, report) {
            guard let root = document.root else { continue }
            let fields = Fields(root, "the contract of \(document.path)", in: document.path, report)
            let contract = fields.fields("contract", required: true)
            let reference = contract?.text("project_ref", required: true)
            let taxonomy = contract?.fields("taxonomy_refs", required: true)
            if let contract { fields.absorb(contract) }
            guard let reference, let taxonomy else {
                if let cause = fields.fault { for scope in scopes { report.unknown(scope, cause) } }
                continue
            }
            guard let project = project(at: reference, library, scopes) else { continue }
            if let workspace = contract?.text("workspace_slug"), workspace.value != project.workspace.value {
                report.warning(
                    .documentDisagreement,
                    "the contract has the workspace \(quoted(workspace.value)), its project \(quoted(project.workspace.value))",
                    at: workspace.mark, hint: "Make both say the same. The project is taken until then.",
                    notes: [Diagnostic.Note("the project is here", at: project.workspace.mark)])
            }
            let template = project.template.flatMap { library.find($0.value, beside: "plane/") }
            for (list, kind) in Self.kinds {
                want(list, kind, of: project, taxonomy.text(list), library, template: template)
            }
            wantEstimates(of: project, taxonomy.text("estimates"), library)
            taxonomy.finishLeniently()
            tellSlid(contract, root, document.path)
            if let cause = taxonomy.fault { for scope in scopes { report.unknown(scope, cause) } }
            compare(governance: root["governance"]?.value, document.path, taxonomy, library)
            if let template { compare(template, project, library) }
        }
    }

    /// A list of the taxonomy that stands beside `taxonomy_refs` has slid out of it by its indentation.
    private func tellSlid(_ contract: Fields?, _ root: Node, _ file: String) {
        for item in (contract?.unclaimed ?? []) + (root.entries ?? []) {
            guard let kind = (Self.kinds + [("estimates", .planeEstimate)]).first(where: { $0.list == item.key })?.kind
            else { continue }
            report.unknown(
                .kind(kind),
                report.warning(
                    .unknownKey, "the contract names \(quoted(item.key)) beside `taxonomy_refs`",
                    at: item.keyMark(in: file), hint: "Move it below `taxonomy_refs`; until then nothing of it goes."))
        }
    }

    private func project(at path: Text, _ library: Library, _ scopes: [UnknownScope.Extent]) -> Project? {
        let found = library.find(path.value, beside: "plane/")
        if let found, let project = projects[found.path] { return project }
        let cause =
            found.flatMap { report.firstFault(in: $0) }.map {
                Cause(code: $0.code, reason: $0.message, mark: $0.mark)
            }
            ?? report.error(
                .unknownReference, "the contract names the project \(quoted(path.value)), which is not there",
                at: path.mark, hint: "Add the file, or correct the path.")
        for scope in scopes { report.unknown(scope, cause) }
        return nil
    }

    /// The list that a contract refers to; where it is not there, nobody knows what is wanted of the kind.
    func names(_ reference: Text?, _ library: Library, _ kind: ResourceKind) -> Names? {
        guard let reference else { return nil }
        let found = library.find(reference.value, beside: "plane/")
        if let found, let names = lists.values.first(where: { $0.file == found.path }) { return names }
        let what = found == nil ? "which is not there" : "which is no list of the taxonomy"
        report.unknown(
            .kind(kind),
            report.warning(
                .unknownReference, "the contract names the list \(quoted(reference.value)), \(what)",
                at: reference.mark, hint: "Add the file, or correct the path."))
        return nil
    }

    private func want(
        _ list: String, _ kind: ResourceKind, of project: Project, _ reference: Text?, _ library: Library,
        template: Library.Entry?
    ) {
        guard let found = names(reference, library, kind) else { return }
        let details = list == "states" ? templateStates(template) : [:]
        for name in found.names {
            let detail = details[name.value]
            let file = template?.path ?? found.file
            var attributes = [WantedAttribute("name", .literal(.string(name.value)), at: name.mark)]
            for key in ["group", "color"] {
                guard let node = detail?[key]?.value, let text = node.scalar?.text else { continue }
                attributes.append(WantedAttribute(key, .literal(.string(text)), at: node.mark(in: file)))
            }
            add(
                Draft(
                    ResourceKey(kind, "\(project.key)/\(name.value)"), attributes, source: name.mark,
                    dependsOn: [ResourceKey(.planeProject, project.key)]))
        }
    }

    private func wantEstimates(of project: Project, _ reference: Text?, _ library: Library) {
        guard let found = names(reference, library, .planeEstimate), found.fault == nil, let first = found.names.first
        else { return }
        add(
            Draft(
                ResourceKey(.planeEstimate, project.key),
                [WantedAttribute("values", .literal(.strings(found.names.map(\.value))), at: first.mark)],
                source: first.mark, dependsOn: [ResourceKey(.planeProject, project.key)]))
    }

    func templateStates(_ template: Library.Entry?) -> [String: Node] {
        var found: [String: Node] = [:]
        for node in template?.root?["workflow_states"]?.value.items ?? [] {
            if let name = node.text("name") { found[name] = node }
        }
        return found
    }

    /// What people plan by is never deleted without their word.
    func add(_ draft: Draft) {
        var draft = draft
        draft.isProtected = true
        drafts.add(draft)
    }
}
