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
    func readProjects(_ library: inout Library) {
        let kinds: [ResourceKind] = [.gitHubProject, .gitHubLabel]
        var templates: [String: (root: Node, file: String)] = [:]
        for document in library.take(
            folder: "github/projects/templates", for: "github", scopes: [.kind(.gitHubLabel)], report)
        {
            if let root = document.root {
                templates[document.path] = (root, document.path)
            } else if let cause = document.cause {
                report.unknown(.kind(.gitHubLabel), cause)
            }
        }
        for document in library.take(folder: "github/projects", for: "github", scopes: kinds.map { .kind($0) }, report)
        {
            if let root = document.root {
                readProjection(root, document.path, templates, library)
            } else if let cause = document.cause {
                report.unknown(kinds: kinds, cause)
            }
        }
    }

    private func readProjection(
        _ root: Node, _ file: String, _ templates: [String: (root: Node, file: String)], _ library: Library
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
        fields.finishLeniently()
        guard fields.fault == nil, let organisation, let name else {
            if let cause = fields.fault { report.unknown(kinds: [.gitHubProject, .gitHubLabel], cause) }
            return
        }
        let key = ResourceKey(.gitHubProject, "\(organisation.value)/\(name.value)")
        let template = reference.flatMap { library.find($0.value, beside: "github/projects/templates/") }
            .flatMap { templates[$0.path] }
        if let template { compare(template, fields, name) }
        let labels = (template?.root["labels"]?.value.items ?? []).compactMap { node in
            node.filledText.map { Text(value: $0, mark: node.mark(in: template?.file ?? file)) }
        }
        let labelKeys = repositories.flatMap { repository in
            labels.map { label in
                (
                    key: ResourceKey(.gitHubLabel, "\(organisation.value)/\(repository.value)/\(label.value)"),
                    mark: label.mark
                )
            }
        }
        if let entry = root.at("projection")?["project_number"], number == nil {
            // The board is still to be made, which is no fault of the document.
            let cause = report.warning(
                .missingIdentifier, "\(fields.subject) has no `project_number`", at: entry.value.mark(in: file),
                hint: "Write the number that GitHub gave it; until then it and its labels are left alone.")
            drafts.lose(key, cause, at: fields.mark)
            for label in labelKeys { drafts.lose(label.key, cause, at: label.mark) }
            return
        }
        var attributes = WantedAttribute.of("number", number)
        attributes += WantedAttribute.of("repositories", set: repositories, at: section?.mark(of: "repo_scope"))
        attributes += WantedAttribute.of("template", reference)
        add(Draft(key, attributes, source: fields.mark))
        for label in labelKeys { add(Draft(label.key, source: label.mark)) }
    }

    private func compare(_ template: (root: Node, file: String), _ fields: Fields, _ name: Text) {
        guard let node = template.root.at("project", "slug"), let slug = node.filledText, slug != name.value else {
            return
        }
        report.warning(
            .documentDisagreement, "\(fields.subject) has the template of \(quoted(slug))", at: name.mark,
            hint: "Make both say the same.", notes: [Diagnostic.Note("the template", at: node.mark(in: template.file))])
    }
}
