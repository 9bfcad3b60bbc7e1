import Formats

extension SupabaseAccount {
    /// Projects with their functions, secrets, branches, backups, restrictions and advice; values of secrets are made up.
    mutating func load(_ seen: Observation) {
        var references = seen["project"].map(\.name) + seen["function"].map { $0.text("project_ref") }
        for kind in ["secret", "branch", "advice"] { references += seen[kind].map { Self.first($0.name) } }
        references += seen["backup"].map(\.name) + seen["network_restrictions"].map(\.name)
        for ref in references where !ref.isEmpty && !projects.contains(where: { $0["ref"]?.stringValue == ref }) {
            load(ref, seen)
        }
        // Functions were looked for in a project, though nothing of it was seen but that it has none.
        if seen.isWhole("function") { furnish() }
        for item in seen["branch"] {
            let ref = Self.first(item.name)
            branches.append([
                "id": .string(item.id), "name": .string(String(item.name.dropFirst(ref.utf8.count + 1))),
                "project_ref": item.attributes["project_ref"] ?? .string(reference()),
                "parent_project_ref": .string(ref), "is_default": false,
                "git_branch": item.attributes["git_branch"] ?? .null,
                "persistent": item.attributes["persistent"] ?? false,
                "status": item.attributes["status"] ?? "FUNCTIONS_DEPLOYED",
                "preview_project_status": item.attributes["project_status"] ?? "ACTIVE_HEALTHY",
                "created_at": item.attributes["created_at"] ?? .string("\(now)"), "updated_at": .string("\(now)"),
                "with_data": false,
            ])
        }
        changed()
    }

    private mutating func load(_ ref: String, _ seen: Observation) {
        var wanted: Value.Object = ["ref": .string(ref)]
        if let item = seen["project"].first(where: { $0.name == ref }) {
            organization = item.attributes["organization"]?.stringValue ?? organization
            for name in ["name", "region", "status", "unhealthy"] { wanted[name] = item.attributes[name] }
        }
        let functions = seen["function"].filter { $0.text("project_ref") == ref }
        wanted["functions"] = .list(
            functions.map { item in
                .members([
                    "slug": .string(item.name), "verify_jwt": item.attributes["verify_jwt"] ?? true,
                    "ezbr_sha256": item.attributes["ezbr_sha256"] ?? "",
                ])
            })
        if let item = seen["network_restrictions"].first(where: { $0.name == ref }) {
            wanted["allowed_cidrs"] = item.attributes["allowed_cidrs"]
        }
        if let item = seen["backup"].first(where: { $0.name == ref }), let latest = item.attributes["latest"] {
            let backup: Value = .members(["inserted_at": latest, "status": "COMPLETED"])
            wanted["backups"] = .list(Array(repeating: backup, count: Int(item.attributes["count"]?.intValue ?? 1)))
        }
        wanted["lints"] = .list(
            seen.items("advice", in: ref).map { item in
                var lint: Value.Object = ["cache_key": .string(item.id)]
                for name in ["name", "title", "level", "detail"] { lint[name] = item.attributes[name] }
                lint["category"] = item.attributes["categories"]?.listValue?.first
                return .object(lint)
            })
        add(wanted, ref)
        let place = projects.count - 1
        // Their own ids and versions.
        projects[place]["_functions"] = .list(
            zip(projects[place]["_functions"]?.listValue ?? [], functions).map { value, item in
                var function = value.objectValue ?? Value.Object()
                function["id"] = .string(item.id)
                for name in ["status", "version"] { function[name] = item.attributes[name] ?? function[name] }
                return .object(function)
            })
        for item in seen.items("secret", in: ref) {
            let name = String(item.name.dropFirst(ref.utf8.count + 1))
            store(name, "made-up-\(name)", at: place, updatedAt: item.attributes["updated_at"])
        }
    }

    private static func first(_ name: String) -> String { String(name.prefix { $0 != "/" }) }
}
