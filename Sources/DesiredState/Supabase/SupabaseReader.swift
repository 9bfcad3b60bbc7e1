import Basics
import Formats

/// What the documents say of Supabase.
struct SupabaseReading {
    /// The project's reference; an error where it is left empty.
    enum Project {
        case none
        case known(Text)
        case missing(Cause)
    }

    var project = Project.none
    /// In the order of the document.
    var features: [FeatureAdoption] = []

    /// Whether there is a project at all.
    var isThere: Bool { if case .none = project { false } else { true } }
}

/// Reads `supabase/feature_adoption.yaml` and `supabase/project.yaml`, and which functions the environments need.
struct SupabaseReader {
    let drafts: DraftSet
    var report: Report { drafts.report }

    static func read(
        _ library: inout Library, _ convergence: ConvergenceReading, _ drafts: DraftSet
    ) -> SupabaseReading {
        let reader = SupabaseReader(drafts: drafts)
        var reading = SupabaseReading()
        reading.features = reader.readFeatures(&library)
        let document = library.take(
            "supabase/project", schema: "ssot.supabase.project.v1", domain: "supabase",
            scopes: SupabaseDocument.kinds.map { .kind($0) }, drafts.report)
        reading.project = reader.readProject(&library)
        var wishes: [Draft] = []
        if let document, let root = document.root {
            wishes = SupabaseDocument(file: document.path, project: reading.project, drafts: drafts).read(
                root, features: reading.features)
        }
        reader.wantFunctions(convergence, reading.project, beside: wishes)
        return reading
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

    /// Where the reference of the project may be written, in order of precedence.
    private static let places: [(stem: String, path: [String])] = [
        ("supabase/project", ["project_ref"]), ("platform/surfaces", ["surfaces", "supabase", "project_ref"]),
        ("integrations/platform_inventory", ["cloud", "supabase", "project_ref"]),
        ("auth/oidc_clients", ["idp", "project_ref"]),
    ]

    private func readProject(_ library: inout Library) -> SupabaseReading.Project {
        var found: Text?
        var empty: SourceMark?
        for (stem, path) in Self.places {
            // One that is known by its schema says it too.
            let entry = library.entry(under: stem) ?? library.elsewhere[stem].map { library.entries[$0] }
            guard let document = entry, let root = document.root else { continue }
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

    /// One resource for each function that an environment needs, or that the project's own document names.
    private func wantFunctions(
        _ convergence: ConvergenceReading, _ project: SupabaseReading.Project, beside wishes: [Draft]
    ) {
        let required = Dictionary(grouping: convergence.checks.filter { $0.kind == "function_missing" }, by: \.key)
        for (slug, checks) in required {
            guard let source = checks.map(\.source).min() else { continue }
            let key = ResourceKey(.supabaseFunction, slug)
            if case .missing(let cause) = project {
                drafts.lose(key, cause, at: source)
                continue
            }
            guard !report.isUnknown(.resource(key)) else { continue }
            let environments = checks.map { Text(value: $0.environment, mark: $0.source) }
            var attributes = WantedAttribute.of("environments", set: environments, at: source)
            if case .known(let reference) = project { attributes += WantedAttribute.of("project_ref", reference) }
            var draft = Draft(key, attributes, source: source)
            draft.isProtected = true
            for other in wishes where other.key == key {
                draft = draft.joined(with: other, as: "the function \(quoted(slug))", report)
            }
            drafts.add(draft)
        }
        for wish in wishes where required[wish.key.name] == nil { drafts.add(wish) }
        if let cause = convergence.functionsFault { report.unknown(.kind(.supabaseFunction), cause) }
    }
}
