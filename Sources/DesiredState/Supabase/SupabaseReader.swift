import Basics
import Formats

/// Reads `supabase/feature_adoption.yaml`, and which functions the environments need in which project.
struct SupabaseReader {
    let drafts: DraftSet
    private var report: Report { drafts.report }

    /// - Returns: the features, in the order of the document.
    static func read(
        _ library: inout Library, _ convergence: ConvergenceReading, _ drafts: DraftSet
    ) -> [FeatureAdoption] {
        let reader = SupabaseReader(drafts: drafts)
        let features = reader.readFeatures(&library)
        reader.wantFunctions(convergence, reader.readProject(&library))
        return features
    }

    // MARK: Features

    private func readFeatures(_ library: inout Library) -> [FeatureAdoption] {
        guard
            let document = library.take(
                "supabase/feature_adoption", schema: "ssot.supabase.feature_adoption.v1", domain: "supabase",
                scopes: [], report), let root = document.root
        else { return [] }
        let fields = Fields(root, "the adoption of features", in: document.path, report)
        var first: [String: SourceMark] = [:]
        var features: [FeatureAdoption] = []
        for node in fields.nodes("features", required: true) ?? [] {
            let entry = Fields(node, "a feature", in: document.path, report)
            let id = entry.text("id", required: true)
            if let id { entry.describe(as: "the feature \(quoted(id.value))") }
            let stage = entry.word("adoption", of: FeatureAdoption.Stage.allCases.map(\.rawValue), required: true)
            let priority = entry.text("priority")
            let maturity = entry.text("supabase_status")
            let artifacts = entry.texts("repo_artifacts")
            guard entry.fault == nil, let id, let stage, let known = FeatureAdoption.Stage(rawValue: stage.value) else {
                continue
            }
            if let mark = first[id.value] {
                report.warning(
                    .duplicateName, "the feature \(quoted(id.value)) is listed twice", at: id.mark,
                    hint: "Keep one of the two.", notes: [Diagnostic.Note("first here", at: mark)])
                continue
            }
            first[id.value] = id.mark
            if known == .adopt, (artifacts ?? []).isEmpty {
                report.warning(
                    .ruleBroken, "\(entry.subject) is adopted, but nothing of it is in the repository", at: stage.mark,
                    hint: "List what shows it in use under `repo_artifacts`, or write `adopt_next`.")
            }
            features.append(
                FeatureAdoption(
                    id: id.value, stage: known, priority: priority?.value, maturity: maturity?.value,
                    artifacts: (artifacts ?? []).map(\.value), source: node.mark(in: document.path)))
        }
        return features
    }

    // MARK: The project and its functions

    /// The project's reference; an error where it is left empty.
    private enum Project {
        case none
        case known(Text)
        case missing(Cause)
    }

    /// Where the reference of the project may be written, in order of precedence.
    private static let places: [(stem: String, path: [String])] = [
        ("platform/surfaces", ["surfaces", "supabase", "project_ref"]),
        ("integrations/platform_inventory", ["cloud", "supabase", "project_ref"]),
        ("auth/oidc_clients", ["idp", "project_ref"]),
    ]

    private func readProject(_ library: inout Library) -> Project {
        var found: Text?
        var empty: SourceMark?
        for (stem, path) in Self.places {
            guard let document = library.entry(under: stem), let root = document.root else { continue }
            var node: Node? = root
            for key in path { node = node?[key]?.value }
            guard let node, let scalar = node.scalar else { continue }
            let mark = node.mark(in: document.path)
            guard !scalar.text.isEmpty, !scalar.value.isNull else {
                empty = empty ?? mark
                continue
            }
            guard let first = found else {
                found = Text(value: scalar.text, mark: mark)
                continue
            }
            if first.value != scalar.text {
                report.warning(
                    .documentDisagreement,
                    "the Supabase project is \(quoted(first.value)) in one document and \(quoted(scalar.text)) in another",
                    at: mark, hint: "Make both say the same. The first is taken until then.",
                    notes: [Diagnostic.Note("the first is here", at: first.mark)])
            }
        }
        if let found { return .known(found) }
        guard let empty else { return .none }
        return .missing(
            report.error(
                .missingIdentifier, "the reference of the Supabase project is empty", at: empty,
                hint: "Write the project's reference, 20 letters; until then its functions are left alone."))
    }

    /// One resource for each function that an environment needs.
    private func wantFunctions(_ convergence: ConvergenceReading, _ project: Project) {
        let required = Dictionary(grouping: convergence.checks.filter { $0.kind == "function_missing" }, by: \.key)
        for (slug, checks) in required {
            guard let source = checks.map(\.source).min() else { continue }
            let key = ResourceKey(.supabaseFunction, slug)
            if case .missing(let cause) = project {
                drafts.lose(key, cause, at: source)
                continue
            }
            let environments = checks.map { Text(value: $0.environment, mark: $0.source) }
            var attributes = WantedAttribute.of("environments", set: environments, at: source)
            if case .known(let reference) = project { attributes += WantedAttribute.of("project_ref", reference) }
            var draft = Draft(key, attributes, source: source)
            draft.isProtected = true
            drafts.add(draft)
        }
        if let cause = convergence.functionsFault { report.unknown(.kind(.supabaseFunction), cause) }
    }
}
