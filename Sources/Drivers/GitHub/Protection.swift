internal import DesiredState
internal import Diff
internal import Formats

/// The protection of a branch: from the provider's form to attributes, and from attributes to the body of a PUT.
enum Protection {
    /// What is in force, as the attributes that a document names.
    static func attributes(_ json: Value) -> [(String, Value?)] {
        let reviews = json["required_pull_request_reviews"]
        let checks = json["required_status_checks"]
        let allowances = reviews?["bypass_pull_request_allowances"]
        let bypasses = ["users", "teams", "apps"].contains { allowances?[$0]?.listValue?.isEmpty == false }
        func member(_ object: Value?, _ name: String) -> Value { object?[name] ?? false }
        return [
            ("require_pull_request", .bool(reviews?.objectValue != nil)),
            (
                "require_pull_request.required_approving_review_count",
                .int(reviews?["required_approving_review_count"]?.intValue ?? 0)
            ),
            ("dismiss_stale_reviews", member(reviews, "dismiss_stale_reviews")),
            ("require_code_owner_reviews", member(reviews, "require_code_owner_reviews")),
            ("require_last_push_approval", member(reviews, "require_last_push_approval")),
            ("require_status_checks", .bool(checks?.objectValue != nil)),
            ("require_status_checks.strict", member(checks, "strict")),
            ("require_status_checks.required_checks", .strings(contexts(checks).map(\.name))),
            ("require_linear_history", .bool(flag(json["required_linear_history"]))),
            ("require_conversation_resolution", .bool(flag(json["required_conversation_resolution"]))),
            ("require_signed_commits", .bool(flag(json["required_signatures"]))),
            ("restrict_force_push", .bool(!flag(json["allow_force_pushes"]))),
            ("restrict_deletions", .bool(!flag(json["allow_deletions"]))),
            ("restrict_creations", .bool(flag(json["block_creations"]))),
            ("lock_branch", .bool(flag(json["lock_branch"]))),
            ("allow_bypass", .bool(!flag(json["enforce_admins"]) || bypasses)),
        ]
    }

    /// Attributes that stand in the body of the PUT.
    static func isPut(_ name: String) -> Bool { name != "require_signed_commits" && name != "allowed_merge_methods" }

    /// A wish that the provider's form has no place for.
    struct Mismatch: Error {
        let text: String
    }

    /// All of what is in force, with what is wanted put over it: what the document doesn't name stays as it is.
    ///
    /// - Parameters:
    ///   - current: what is in force; nil where nothing is.
    ///   - wanted: what the document names.
    /// - Returns: the whole body.
    /// - Throws: `Mismatch` where a wish is of the wrong type, or contradicts another.
    static func body(current: Value?, wanted: Attributes) throws(Mismatch) -> Value {
        let wish = Wish(wanted)
        var body = Value.Object()
        body["required_pull_request_reviews"] = try reviews(current?["required_pull_request_reviews"], wish)
        body["required_status_checks"] = try checks(current?["required_status_checks"], wish)
        var enforces = flag(current?["enforce_admins"])
        if let bypass = try wish.bool("allow_bypass") { enforces = !bypass }
        body["enforce_admins"] = .bool(enforces)
        body["restrictions"] = current?["restrictions"]?.objectValue.map { .object(actors(.object($0))) } ?? .null
        func put(_ member: String, _ name: String?, isNot: Bool = false) throws(Mismatch) {
            var value = flag(current?[member])
            if let name, let wanted = try wish.bool(name) { value = isNot ? !wanted : wanted }
            body[member] = .bool(value)
        }
        try put("required_linear_history", "require_linear_history")
        try put("allow_force_pushes", "restrict_force_push", isNot: true)
        try put("allow_deletions", "restrict_deletions", isNot: true)
        try put("block_creations", "restrict_creations")
        try put("required_conversation_resolution", "require_conversation_resolution")
        try put("lock_branch", "lock_branch")
        try put("allow_fork_syncing", nil)
        return .object(body)
    }

    private static func reviews(_ current: Value?, _ wish: Wish) throws(Mismatch) -> Value {
        let dependents = ["dismiss_stale_reviews", "require_code_owner_reviews", "require_last_push_approval"]
        let countName = "require_pull_request.required_approving_review_count"
        let count = try wish.number(countName, in: 0...6)
        guard try wish.bool("require_pull_request") ?? (current?.objectValue != nil) else {
            if let count, count > 0 { throw Mismatch(text: "\(countName) needs require_pull_request to be true") }
            for name in dependents where try wish.bool(name) == true {
                throw Mismatch(text: "\(name) needs require_pull_request")
            }
            return .null
        }
        var reviews = Value.Object()
        for name in dependents { reviews[name] = .bool(try wish.bool(name) ?? current?[name]?.boolValue ?? false) }
        reviews["required_approving_review_count"] = .int(
            count ?? current?["required_approving_review_count"]?.intValue ?? 1)
        if let limits = current?["dismissal_restrictions"], limits.objectValue != nil {
            reviews["dismissal_restrictions"] = .object(actors(limits))
        }
        if let allowances = current?["bypass_pull_request_allowances"], allowances.objectValue != nil {
            let isClosed = try wish.bool("allow_bypass") == false
            reviews["bypass_pull_request_allowances"] = .object(isClosed ? actors(.null) : actors(allowances))
        }
        return .object(reviews)
    }

    private static func checks(_ current: Value?, _ wish: Wish) throws(Mismatch) -> Value {
        let names = try wish.texts("require_status_checks.required_checks")
        guard try wish.bool("require_status_checks") ?? (current?.objectValue != nil) else {
            if names?.isEmpty == false { throw Mismatch(text: "required_checks needs require_status_checks") }
            return .null
        }
        var all = contexts(current)
        for name in names ?? [] where !all.contains(where: { $0.name == name }) { all.append((name, nil)) }
        var checks = Value.Object()
        checks["strict"] = .bool(
            try wish.bool("require_status_checks.strict") ?? current?["strict"]?.boolValue ?? false)
        checks["contexts"] = .strings(all.map(\.name))
        checks["checks"] = .list(
            all.map { check in
                // -1: whichever app reports it. Left out, GitHub would bind it to the app that reported it last.
                .object(["context": .string(check.name), "app_id": .int(check.app ?? -1)])
            })
        return .object(checks)
    }

    /// The checks that are required, each with the app that has to report it.
    private static func contexts(_ checks: Value?) -> [(name: String, app: Int64?)] {
        let items = checks?["checks"]?.listValue ?? []
        var found = items.compactMap { item in item["context"]?.stringValue.map { ($0, item["app_id"]?.intValue) } }
        for name in (checks?["contexts"]?.listValue ?? []).compactMap(\.stringValue)
        where !found.contains(where: { $0.0 == name }) { found.append((name, nil)) }
        return found.map { (name: $0.0, app: $0.1) }
    }

    /// People by login, teams and apps by slug, as a PUT wants them.
    private static func actors(_ value: Value) -> Value.Object {
        var actors = Value.Object()
        for (member, id) in [("users", "login"), ("teams", "slug"), ("apps", "slug")] {
            actors[member] = .strings((value[member]?.listValue ?? []).compactMap { $0[id]?.stringValue })
        }
        return actors
    }

    /// Flags come as `{enabled: true}`.
    private static func flag(_ value: Value?) -> Bool { value?["enabled"]?.boolValue ?? value?.boolValue ?? false }
}

/// What a document wants, by type.
private struct Wish {
    let wanted: Attributes

    init(_ wanted: Attributes) { self.wanted = wanted }

    func bool(_ name: String) throws(Protection.Mismatch) -> Bool? {
        guard let value = wanted[name] else { return nil }
        guard let flag = value.boolValue else { throw Protection.Mismatch(text: "\(name) has to be true or false") }
        return flag
    }

    func number(_ name: String, in range: ClosedRange<Int64>) throws(Protection.Mismatch) -> Int64? {
        guard let value = wanted[name] else { return nil }
        guard let number = value.intValue, range.contains(number) else {
            throw Protection.Mismatch(
                text: "\(name) has to be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func texts(_ name: String) throws(Protection.Mismatch) -> [String]? {
        guard let value = wanted[name] else { return nil }
        guard let items = value.listValue, items.allSatisfy({ $0.stringValue != nil }) else {
            throw Protection.Mismatch(text: "\(name) has to be a list of texts")
        }
        return items.compactMap(\.stringValue)
    }
}
