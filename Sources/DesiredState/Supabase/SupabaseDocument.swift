import Basics
import Formats

/// Reads `supabase/project.yaml`: the functions, secrets and branches of one project.
struct SupabaseDocument {
    let file: String
    let project: SupabaseReading.Project
    let drafts: DraftSet
    private var report: Report { drafts.report }

    init(file: String, project: SupabaseReading.Project, drafts: DraftSet) {
        self.file = file
        self.project = project
        self.drafts = drafts
    }

    /// What it wants.
    static let kinds: [ResourceKind] = [.supabaseFunction, .supabaseSecret, .supabaseBranch]

    /// The lists with the kinds that they want.
    private static let lists: [(key: String, kind: ResourceKind)] = [
        ("functions", .supabaseFunction), ("secrets", .supabaseSecret), ("branches", .supabaseBranch),
    ]

    /// Wants the secrets and branches.
    ///
    /// - Returns: the functions, which convergence may want as well.
    func read(_ root: Node, features: [FeatureAdoption]) -> [Draft] {
        let fields = Fields(root, "the Supabase project", in: file, report)
        fields.allow("schema", "version", "last_reviewed", "description", "notes", "project_ref")
        if root["project_ref"] == nil {
            fields.fail(
                .missingKey, "\(fields.subject) has no `project_ref`", at: fields.mark,
                hint: "Write the project's reference, 20 letters.")
        }
        var functions: [Draft] = []
        for (key, kind) in Self.lists {
            let nodes = fields.nodes(key) ?? []
            if let cause = fields.broken[key] { report.unknown(.kind(kind), cause) }
            for node in nodes {
                guard let draft = draft(node, kind) else { continue }
                if kind == .supabaseFunction {
                    functions.append(draft)
                } else {
                    drafts.add(draft)
                }
            }
            if kind == .supabaseBranch, let first = nodes.first { checkBranching(first, features) }
        }
        fields.finish()
        if let cause = fields.fault, fields.isNoMapping || fields.hasDuplicates || root["project_ref"] == nil {
            for kind in Self.kinds { report.unknown(.kind(kind), cause) }
        }
        for item in fields.unknownEntries {
            for (key, kind) in Self.lists where closest(to: item.entry.key, among: [key]) != nil {
                report.unknown(.kind(kind), item.cause)
            }
        }
        return functions
    }

    private func draft(_ node: Node, _ kind: ResourceKind) -> Draft? {
        let entry = Fields(node, "an item of \(kind)", in: file, report)
        let name = entry.text(kind == .supabaseFunction ? "slug" : "name", required: true)
        let what: String
        var isUsable = true
        var attributes: [WantedAttribute] = []
        switch kind {
        case .supabaseFunction:
            what = "function"
            attributes += WantedAttribute.of("verify_jwt", entry.flag("verify_jwt"))
            attributes += digest("ezbr_sha256", entry)
        case .supabaseSecret:
            what = "secret"
            attributes += entry.reference("value_from", of: "a secret") + digest("value_sha256", entry)
            if let name, !SupabaseSecrets.isName(name.value) || name.value.hasPrefix("SUPABASE_") {
                entry.fail(
                    .invalidName, "a secret has the name \(quoted(name.value)), which Supabase doesn't take",
                    at: name.mark, hint: "Use capitals, digits and underscores, and not `SUPABASE_` at the beginning.")
                isUsable = false
            }
        default:
            what = "branch"
            attributes += WantedAttribute.of("git_branch", entry.text("git_branch"))
            attributes += WantedAttribute.of("persistent", entry.flag("persistent"))
            attributes += WantedAttribute.of("region", entry.text("region"))
            attributes += WantedAttribute.of("with_data", entry.flag("with_data"))
        }
        if let name { entry.describe(as: "the \(what) \(quoted(name.value)) of the Supabase project") }
        entry.allow("notes", "purpose", "description")
        entry.finish()
        guard case .known(let reference) = project else {
            if case .missing(let cause) = project { report.unknown(.kind(kind), cause) }
            return nil
        }
        // Under a name that can't be used it may be meant for any of its kind.
        let key =
            !isUsable
            ? nil
            : name.map {
                ResourceKey(kind, kind == .supabaseFunction ? $0.value : "\(reference.value)/\($0.value)")
            }
        guard drafts.isSound(entry, key, kind), let key else { return nil }
        if kind == .supabaseFunction { attributes += WantedAttribute.of("project_ref", reference) }
        var draft = Draft(key, attributes, source: node.mark(in: file))
        draft.isProtected = true
        return draft
    }

    /// A SHA-256, 64 hexadecimal digits.
    private func digest(_ key: String, _ entry: Fields) -> [WantedAttribute] {
        guard let text = entry.text(key) else { return [] }
        let digits = text.value.hasPrefix("sha256:") ? text.value.dropFirst(7) : text.value[...]
        guard Hex.decode(String(digits))?.count == 32 else {
            entry.fail(
                .wrongType, "`\(key)` is no SHA-256", at: text.mark, hint: "Write 64 hexadecimal digits.", key: key)
            return []
        }
        return WantedAttribute.of(key, text)
    }

    /// A branch that is wanted although branching is not adopted.
    private func checkBranching(_ node: Node, _ features: [FeatureAdoption]) {
        guard let feature = features.first(where: { $0.id == "branching" }),
            ![FeatureAdoption.Stage.adopt, .adoptNext].contains(feature.stage)
        else { return }
        report.warning(
            .ruleBroken, "branches of the Supabase project are wanted, and branching is \(feature.stage.rawValue)",
            at: node.mark(in: file), hint: "Adopt the feature, or take the branches out.",
            notes: [Diagnostic.Note("the feature is here", at: feature.source)])
    }
}
