import Basics
import Formats

extension PlaneReader {
    // MARK: What a contract asks of the taxonomy

    func compare(governance: Node?, _ file: String, _ taxonomy: Fields, _ library: Library) {
        guard let governance else { return }
        if let states = names(taxonomy.text("states"), library, .planeState), states.fault == nil {
            let known = Set(states.names.map(\.value))
            for node in governance["required_states"]?.value.items ?? [] {
                guard let state = node.scalar?.text, !known.contains(state) else { continue }
                report.warning(
                    .documentDisagreement,
                    "the contract requires the state \(quoted(state)), which the taxonomy doesn't list",
                    at: node.mark(in: file),
                    hint: didYouMean(state, among: known.sorted(), else: "Add it to the taxonomy, or remove it here."),
                    notes: [Diagnostic.Note("the taxonomy is here", at: states.names.first?.mark)])
            }
        }
        if let labels = names(taxonomy.text("labels"), library, .planeLabel), labels.fault == nil {
            for node in governance["required_label_prefixes"]?.value.items ?? [] {
                guard let prefix = node.scalar?.text, !labels.names.contains(where: { $0.value.hasPrefix(prefix) })
                else { continue }
                report.warning(
                    .documentDisagreement,
                    "the contract requires labels that begin with \(quoted(prefix)), and the taxonomy lists none",
                    at: node.mark(in: file), hint: "Add such a label to the taxonomy, or remove the prefix here.",
                    notes: [Diagnostic.Note("the taxonomy is here", at: labels.names.first?.mark)])
            }
        }
    }

    // MARK: Template against taxonomy

    /// A template that brings other states than the taxonomy has would be made anew and undone by turns.
    func compare(_ template: Library.Entry, _ project: Project, _ library: Library) {
        guard let root = template.root, let taxonomy = lists["plane/taxonomy/states"], taxonomy.fault == nil else {
            return
        }
        let known = Dictionary(taxonomy.names.map { ($0.value, $0.mark) }, uniquingKeysWith: { first, _ in first })
        for node in root["workflow_states"]?.value.items ?? [] {
            guard let name = node.text("name"), known[name] == nil else { continue }
            report.warning(
                .documentDisagreement,
                "the template of \(project.key) has the state \(quoted(name)), which the taxonomy doesn't list",
                at: node.mark(in: template.path),
                hint: "Make both list the same states. The taxonomy is taken until then.",
                notes: [Diagnostic.Note("the taxonomy is here", at: taxonomy.names.first?.mark)])
        }
    }

    // MARK: Repositories and projects

    mutating func readMappings(_ library: inout Library) {
        guard
            let document = library.take(
                "mappings/plane_github", domain: "plane", scopes: [.kind(.planeMapping)], report),
            let root = document.root
        else { return }
        let fields = Fields(root, "the mapping of repositories", in: document.path, report)
        let nodes = fields.nodes("mappings", required: true)
        if let cause = fields.broken["mappings"] ?? (nodes == nil ? fields.fault : nil) {
            report.unknown(.kind(.planeMapping), cause)
        }
        let defaults = fields.fields("defaults")
        for key in ["pr_merge_state", "issue_close_state"] { checkState(defaults?.text(key)) }
        // Told also where each mapping has its own.
        for key in ["writeback_enabled", "label_sync_enabled"] { _ = defaults?.flag(key) }
        for node in nodes ?? [] { readMapping(node, defaults, document.path) }
    }

    private func readMapping(_ node: Node, _ defaults: Fields?, _ file: String) {
        let entry = Fields(node, "a mapping of a repository", in: file, report)
        let repository = entry.text("repo_full_name", required: true)
        if let repository { entry.describe(as: "the mapping of \(quoted(repository.value))") }
        let written = node["plane_project_id"]
        if let written, written.value.scalar.map({ $0.text.isEmpty || $0.value.isNull }) == true, !written.isAmbiguous {
            entry.fail(
                .missingIdentifier, "\(entry.subject) has no `plane_project_id`", at: written.value.mark(in: file),
                hint: "Write the id of the project in Plane; until then the mapping is left alone.")
        }
        var attributes: [WantedAttribute] = []
        if entry.fault == nil {
            attributes += WantedAttribute.of("plane_project_id", entry.text("plane_project_id", required: true))
        }
        for key in ["writeback_enabled", "label_sync_enabled"] {
            attributes += WantedAttribute.of(key, entry.flag(key) ?? defaults?.flag(key))
        }
        for key in ["pr_merge_state", "issue_close_state", "branch_pattern"] {
            attributes += WantedAttribute.of(key, entry.text(key) ?? defaults?.text(key))
        }
        if let map = entry.fields("label_to_state_map") {
            for item in map.allEntries() {
                let state = map.text(item.key)
                checkState(state)
                attributes += WantedAttribute.of("label_to_state_map.\(item.key)", state)
            }
            entry.absorb(map)
        }
        let key = repository.map { ResourceKey(.planeMapping, $0.value) }
        guard drafts.isSound(entry, key, .planeMapping), let key else { return }
        add(Draft(key, attributes, source: node.mark(in: file)))
    }

    /// A state has to be one of the taxonomy, where there is one.
    private func checkState(_ state: Text?) {
        guard let state, let taxonomy = lists["plane/taxonomy/states"], taxonomy.fault == nil else { return }
        let names = taxonomy.names.map(\.value)
        guard !names.contains(state.value) else { return }
        report.warning(
            .unknownReference, "the state \(quoted(state.value)) is not in the taxonomy", at: state.mark,
            hint: didYouMean(state.value, among: names, else: "Add it to the taxonomy, or use one of its states."),
            notes: [Diagnostic.Note("the taxonomy is here", at: taxonomy.names.first?.mark)])
    }
}
