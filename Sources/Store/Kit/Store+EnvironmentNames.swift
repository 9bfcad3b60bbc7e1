extension Store {
    /// The name of the environment that somebody means by a name, an id or a branch.
    ///
    /// A name goes before an id, and an id before a branch. Environments that are gone have no branch any more; a branch that
    /// several run names none of them.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `StoreFault`.
    public func environmentName(of word: String) async throws(StoreFault) -> String? {
        // A column of ids refuses what is none, and a value that is compared with both has no type.
        let isID = IdentifierSource.isUUID(word)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> String? in
            var (identified, running): (String?, [String]) = (nil, [])
            for row in try db.run(
                """
                select slug, branch, status from ops.environments
                where tier is not null and (slug = $1 or branch = $1 \(isID ? "or id = $2" : ""))
                """, isID ? [.text(word), .text(word)] : [.text(word)])
            {
                let slug = try row.text(0)
                if slug == word { return slug }
                guard row.optionalText(1) == word else {
                    identified = slug
                    continue
                }
                if row.optionalText(2) != EnvironmentRow.Status.gone.rawValue { running.append(slug) }
            }
            return identified ?? (running.count == 1 ? running[0] : nil)
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
