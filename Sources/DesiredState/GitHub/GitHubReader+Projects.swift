import Basics
import Formats

extension GitHubReader {
    /// Boards that nobody made yet.
    private static let unmade: Set<String> = ["proposed", "planned", "archived", "deprecated"]

    /// Reads `projects` of `github/org_repos.yaml`.
    func readBoards(_ fields: Fields, _ organisation: Text) {
        let nodes = fields.nodes("projects") ?? []
        if let cause = fields.broken["projects"] { report.unknown(.kind(.gitHubProject), cause) }
        for node in nodes {
            let entry = Fields(node, "a project", in: fields.file, report)
            let name = entry.text("name", required: true)
            if let name { entry.describe(as: "the project \(quoted(name.value))") }
            let status = entry.text("status")
            var attributes = WantedAttribute.of("description", entry.text("description"))
            attributes += WantedAttribute.of("scope", entry.text("scope"))
            let key = name.map { ResourceKey(.gitHubProject, "\(organisation.value)/\($0.value)") }
            guard drafts.isSound(entry, key, .gitHubProject), let key, !Self.unmade.contains(status?.value ?? "")
            else { continue }
            add(Draft(key, attributes, source: node.mark(in: fields.file)))
        }
    }

    /// Reads `github/projects/*.yaml`: boards made from a template, with labels in the repositories that they cover.
    mutating func readProjects(_ library: inout Library) {
        let kinds: [ResourceKind] = [.gitHubProject, .gitHubLabel]
        var templates: [String: Template] = [:]
        for document in library.take(
            folder: "github/projects/templates", for: "github", scopes: [.kind(.gitHubLabel)])
        {
            if let root = document.root, root.entries?.isEmpty == true {
                // A list that is empty says that there are none; an empty document says nothing.
                report.unknown(
                    .kind(.gitHubLabel),
                    report.error(
                        .emptyDocument, "\(document.path) holds nothing, so what it wants is unknown",
                        at: root.mark(in: document.path),
                        hint: "Write `labels: []` where it wants none, or put back what it held."))
            } else if let root = document.root {
                // What labels there are is the same for all projects: their faults are told once.
                let fields = Fields(root, "the template of \(document.path)", in: document.path, report)
                templates[document.path] = Template(
                    root: root, file: document.path, labels: readLabels(fields, in: []))
                fields.finishLeniently()
                // One that is no mapping names none of them.
                if let cause = fields.fault { report.unknown(.kind(.gitHubLabel), cause) }
            } else if let cause = document.cause {
                report.unknown(.kind(.gitHubLabel), cause)
            }
        }
        for document in library.take(folder: "github/projects", for: "github", scopes: kinds.map { .kind($0) }) {
            if let root = document.root {
                readProjection(root, document.path, templates, library)
            } else if let cause = document.cause {
                report.unknown(kinds: kinds, cause)
            }
        }
    }

    private struct Template {
        let root: Node
        let file: String
        let labels: [WrittenLabel]
    }

    private mutating func readProjection(
        _ root: Node, _ file: String, _ templates: [String: Template], _ library: Library
    ) {
        let fields = Fields(root, "the project of \(file)", in: file, report)
        let organisation = fields.text("org", required: true)
        let reference = fields.text("template_ref")
        let section = fields.fields("projection", required: true)
        let name = section?.text("project_slug", required: true)
        let repositories = section?.texts("repo_scope") ?? []
        let number = section?.integer("project_number", in: 1...Int64.max)
        if let section {
            section.finishLeniently()
            fields.absorb(section)
        }
        if let name { fields.describe(as: "the project \(quoted(name.value))") }
        let places = repositories.flatMap { place in organisation.map { ["\($0.value)/\(place.value)"] } ?? [] }
        let own = readLabels(fields, in: places)
        fields.finishLeniently()
        guard fields.fault == nil, let organisation, let name else {
            if let cause = fields.fault { report.unknown(kinds: [.gitHubProject, .gitHubLabel], cause) }
            return
        }
        let key = ResourceKey(.gitHubProject, "\(organisation.value)/\(name.value)")
        let template = reference.flatMap { library.find($0.value, beside: "github/projects/templates/") }
            .flatMap { templates[$0.path] }
        if let template { compare(template, fields, name) }
        let labels = (template?.labels ?? []) + own
        if places.isEmpty, let label = labels.first {
            report.warning(
                .missingKey, "\(fields.subject) has labels and names no repository for them", at: label.mark,
                hint: "Write in which ones it wants them: `repo_scope: [odoo]`.")
        }
        var wishes = places.flatMap { place in
            labels.map { LabelWish(repository: place, name: $0.name.value, attributes: $0.attributes, mark: $0.mark) }
        }
        if let entry = root.at("projection")?["project_number"], number == nil {
            // The board is still to be made, which is no fault of the document.
            let cause = report.warning(
                .missingIdentifier, "\(fields.subject) has no `project_number`", at: entry.value.mark(in: file),
                hint: "Write the number that GitHub gave it; until then it and its labels are left alone.")
            drafts.lose(key, cause, at: fields.mark)
            for index in wishes.indices { wishes[index].doubt = cause }
            labelWishes += wishes
            return
        }
        var attributes = WantedAttribute.of("number", number)
        attributes += WantedAttribute.of("repositories", set: repositories, at: section?.mark(of: "repo_scope"))
        attributes += WantedAttribute.of("template", reference)
        add(Draft(key, attributes, source: fields.mark))
        labelWishes += wishes
    }

    private func compare(_ template: Template, _ fields: Fields, _ name: Text) {
        guard let node = template.root.at("project", "slug"), let slug = node.filledText, slug != name.value else {
            return
        }
        report.warning(
            .documentDisagreement, "\(fields.subject) has the template of \(quoted(slug))", at: name.mark,
            hint: "Make both say the same.", notes: [Diagnostic.Note("the template", at: node.mark(in: template.file))])
    }
}
