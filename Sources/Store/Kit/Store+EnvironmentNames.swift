import DesiredState

extension Store {
    /// The name of the environment that somebody means by a name, an id, a branch or a tier.
    ///
    /// A name goes before an id, an id before a branch, and a branch before a tier, also by an alias: `prod`. An environment
    /// that is gone has no tier any more, and is meant by its branch where nothing else is; a branch or a tier that several
    /// are of names none of them.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `StoreFault`.
    public func environmentName(of word: String) async throws(StoreFault) -> String? {
        // A column of ids refuses what is none, and a value that is compared with both has no type.
        let isID = IdentifierSource.isUUID(word)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> String? in
            if let name = try db.run(Self.environmentByName, [.text(word)]).first?.text(0) { return name }
            var (identified, running, gone): (String?, [String], [String]) = (nil, [], [])
            for row in try db.run(
                """
                select slug, branch, status from ops.environments
                where tier is not null and (branch = $1 \(isID ? "or id = $2" : ""))
                """, isID ? [.text(word), .text(word)] : [.text(word)])
            {
                let slug = try row.text(0)
                guard row.optionalText(1) == word else {
                    identified = slug
                    continue
                }
                if row.optionalText(2) == EnvironmentRow.Status.gone.rawValue {
                    gone.append(slug)
                } else {
                    running.append(slug)
                }
            }
            if let found = identified ?? (running.count == 1 ? running[0] : nil) { return found }
            guard running.isEmpty else { return nil }
            let last = gone.count == 1 ? gone[0] : nil
            guard let tier = Tier(alias: word) else { return last }
            let ofTier = try db.run(
                "select slug from ops.environments where tier = $1 and (status is null or status <> $2) limit 2",
                [.text(tier.rawValue), .text(EnvironmentRow.Status.gone.rawValue)])
            return ofTier.isEmpty ? last : ofTier.count == 1 ? try ofTier[0].text(0) : nil
        }
    }

    /// By its index, before anything is asked that looks at every row.
    static let environmentByName = "select slug from ops.environments where tier is not null and slug = $1"

    /// Whether anything is kept of an environment, be it as long gone as it may, or no more than the name in a document.
    ///
    /// - Throws: `StoreFault`.
    public func keepsAnything(ofEnvironment name: String) async throws(StoreFault) -> Bool {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            for table in [
                "reconcile_inventory", "drift_items", "module_looks", "reconcile_notices", "run_environments",
                "reconcile_steps", "run_events",
            ] where try !db.run("select 1 from ops.\(table) where environment = $1 limit 1", [.text(name)]).isEmpty {
                return true
            }
            guard try Self.mirrors("convergence_findings", in: db) else { return false }
            return try !db.run("select 1 from ops.convergence_findings where env = $1 limit 1", [.text(name)]).isEmpty
        }
    }

    /// The names of environments that are not gone, sorted; of very many the first.
    ///
    /// - Throws: `StoreFault`.
    public func environmentNames() async throws(StoreFault) -> [String] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [String] in
            var names: [String] = []
            for row in try db.run(
                """
                select slug from ops.environments where tier is not null and (status is null or status <> $1)
                order by slug limit 2000
                """, [.text(EnvironmentRow.Status.gone.rawValue)])
            {
                names.append(try row.text(0))
            }
            return names
        }
    }
}
