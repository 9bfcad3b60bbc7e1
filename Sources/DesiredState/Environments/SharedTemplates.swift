import Basics

/// Templates that give every branch the same thing, where several branches may come.
struct SharedTemplates {
    let policies: PoliciesReading
    let report: Report

    /// - Returns: why the environments of a tier would share what each has to own; nothing where none would.
    func faults(_ templates: [Tier: EnvironmentTemplate]) -> [Tier: Cause] {
        var faults: [Tier: Cause] = [:]
        for (tier, template) in templates {
            guard let wish = wish(of: tier) else { continue }
            for (key, text) in [
                ("database", template.database), ("database_user", template.databaseUser),
                ("domain", template.domain), ("filestore", template.filestore),
            ] {
                guard let text, !text.value.contains("{slug") else { continue }
                let cause = report.error(
                    .sharedResource,
                    "`\(key)` of \(template.subject) is \(quoted(text.value)) for every branch, so all of them would share it",
                    at: text.mark,
                    hint: "Write \(key.hasPrefix("database") ? "`{slug_underscored}`" : "`{slug}`") into it; until "
                        + "then what branches bring about with it is left alone.",
                    notes: [Diagnostic.Note("several branches may come from here", at: wish)])
                faults[tier] = faults[tier] ?? cause
            }
        }
        return faults
    }

    /// What brings several environments of a tier about; nil where one branch at the most does.
    private func wish(of tier: Tier) -> SourceMark? {
        if tier == .preview, let rule = policies.policy.previews { return rule.source }
        let mappings = policies.policy.branchMappings.filter { $0.tier == tier && $0.bringsAbout }
        return mappings.first { $0.pattern.hasWildcard }?.source ?? (mappings.count > 1 ? mappings[1].source : nil)
    }
}
