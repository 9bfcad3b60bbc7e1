internal import Basics
internal import DesiredState
internal import Formats

/// What was looked at once in a while and isn't as people expect it: told as of that look, which no plan depends on.
extension ProviderFindings {
    static func watched(_ input: PlanInput) -> [Finding] {
        guard !input.watched.isEmpty else { return [] }
        let looks = Dictionary(input.watched.map { ($0.seen.kind, $0) }, uniquingKeysWith: { first, _ in first })
        let marks = marks(input.desired)
        return (looks[.supabaseProject].map { health($0, marks) } ?? [])
            + (looks[.supabaseBackup].map { backups($0, of: looks[.supabaseProject], marks) } ?? [])
            + (looks[.supabaseAdvice].map { advice($0, marks) } ?? [])
    }

    /// Where a document speaks of each project first.
    private static func marks(_ desired: DesiredState) -> [String: SourceMark] {
        var marks: [String: SourceMark] = [:]
        for resource in desired.resources {
            guard let reference = resource.supabaseProject else { continue }
            marks[reference] = marks[reference].map { min($0, resource.source) } ?? resource.source
        }
        return marks
    }

    private static func health(_ look: WatchedKind, _ marks: [String: SourceMark]) -> [Finding] {
        look.seen.resources.compactMap { project in
            let status = project.attributes["status"]?.stringValue
            let ill = project.attributes["unhealthy"]?.listValue?.compactMap(\.stringValue) ?? []
            let isUp = status?.hasPrefix("ACTIVE") == true
            // What the provider doesn't say is not ill.
            guard let status, project.attributes["is_healthy"]?.boolValue == false || !isUp else { return nil }
            let why = ill.isEmpty ? "its status is \(status)" : "\(ill.joined(separator: ", ")) of it said otherwise"
            return told(
                "PLAN-0020", "the Supabase project \(name(of: project)) is not healthy: \(why)", .supabaseProject,
                project.key.name, marks[project.key.name],
                hint: "look what it says: https://supabase.com/dashboard/project/\(project.key.name)")
        }
    }

    /// Supabase makes one a day; it may take two hours more.
    private static let backupAge = Duration.hours(26)

    private static func backups(
        _ look: WatchedKind, of projects: WatchedKind?, _ marks: [String: SourceMark]
    ) -> [Finding] {
        look.seen.resources.compactMap { backup in
            let reference = backup.key.name
            // Where every moment can be restored, days say nothing.
            guard backup.attributes["is_pitr_enabled"]?.boolValue != true else { return nil }
            let project = projects?.seen.resources.first { $0.key.name == reference }
            let latest = backup.attributes["latest"]?.stringValue
            // Without one, the time runs from when the project was made; what isn't known is never too old.
            guard let since = latest.map({ Timestamp($0) }) ?? project?.createdAt, since + backupAge <= look.at else {
                return nil
            }
            let state = backup.attributes["latest_status"]?.stringValue.flatMap {
                $0 == "COMPLETED" ? nil : "; the last one is \($0)"
            }
            return told(
                "PLAN-0021",
                "the Supabase project \(project.map { name(of: $0) } ?? reference) has no backup of the last day: "
                    + (latest.map { "the latest was made at \($0)" } ?? "there is none") + (state ?? ""),
                .supabaseBackup, reference, marks[reference],
                hint: "look at its backups: https://supabase.com/dashboard/project/\(reference)/database/backups; "
                    + "where the plan has none, make them yourself")
        }
    }

    /// One for each piece of advice, however many objects it speaks of.
    private static func advice(_ look: WatchedKind, _ marks: [String: SourceMark]) -> [Finding] {
        var groups: [String: (reference: String, name: String, items: [ObservedResource])] = [:]
        for item in look.seen.resources where item.attributes["level"]?.stringValue == "ERROR" {
            let reference = String(item.key.name.prefix { $0 != "/" })
            let name = item.attributes["name"]?.stringValue ?? item.key.name
            groups["\(reference)/\(name)", default: (reference, name, [])].items.append(item)
        }
        return groups.sorted { compareBytes($0.key, $1.key) < 0 }.compactMap { key, group in
            guard let first = group.items.first else { return nil }
            let title = first.attributes["title"]?.stringValue ?? group.name
            let detail = first.attributes["detail"]?.stringValue.flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
            let more = group.items.count > 1 ? " (and \(group.items.count - 1) more)" : ""
            return told(
                "PLAN-0022", "Supabase advises on the project \(group.reference): \(title)\(detail)\(more)",
                .supabaseAdvice, key, marks[group.reference],
                hint: "see https://supabase.com/dashboard/project/\(group.reference)/advisors/security for what to do")
        }
    }

    private static func name(of project: ObservedResource) -> String {
        guard let name = project.attributes["name"]?.stringValue, name != project.key.name else {
            return project.key.name
        }
        return "\(name) (\(project.key.name))"
    }

    private static func told(
        _ code: String, _ message: String, _ kind: ResourceKind, _ name: String, _ mark: SourceMark?, hint: String
    ) -> Finding {
        Finding(
            diagnostic: Diagnostic(.warning, code, message, at: mark, hint: hint),
            drift: DriftItem(
                finding: code, message, of: ResourceKey(kind, name), cause: .externalChange, environment: nil,
                source: mark))
    }
}
