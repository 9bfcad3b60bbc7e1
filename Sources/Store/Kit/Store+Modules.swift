import Basics
public import DesiredState

/// Which modules Odoo has installed, environment by environment.
extension Store {
    /// What came of looking, sorted by environment.
    ///
    /// - Parameter environments: only of these; nil: of all.
    /// - Returns: nothing of an environment that nobody has looked at.
    /// - Throws: `StoreFault`.
    public func moduleLooks(of environments: [String]? = nil) async throws(StoreFault) -> [ModuleLook] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [ModuleLook] in
            try Self.moduleLooks(of: environments, in: db)
        }
    }

    /// What is installed or about to change.
    ///
    /// - Parameter environments: of which.
    /// - Returns: by environment, each sorted by name; nothing of one of which nothing is known.
    /// - Throws: `StoreFault`.
    public func installedModules(of environments: [String]) async throws(StoreFault) -> [String: [FoundModule]] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [String: [FoundModule]] in
            try Self.installedModules(of: environments, in: db)
        }
    }

    /// What is installed or about to change, as a look showed it; nothing where it showed none.
    ///
    /// - Returns: sorted by name.
    /// - Throws: `StoreFault`.
    public func installedModules(of look: ModuleLook?) async throws(StoreFault) -> [FoundModule] {
        guard let look, look.outcome == .modules else { return [] }
        return try await installedModules(of: [look.environment])[look.environment] ?? []
    }

    /// What the last look at an environment showed; nil where none has shown anything.
    ///
    /// - Throws: `StoreFault`.
    public func moduleCensus(of look: ModuleLook?) async throws(StoreFault) -> ModuleCensus? {
        look?.census(try await installedModules(of: look))
    }

    /// Keeps what a look brought in the place of what was known; what can't be seen leaves what was seen.
    ///
    /// Writes nothing where nothing is another.
    ///
    /// - Parameters:
    ///   - sight: what it brought.
    ///   - environment: whose database it is.
    ///   - database: which was looked into.
    /// - Returns: whether anything was written.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func keepModules(
        _ sight: ModuleSight, of environment: String, in database: ResourceKey
    ) async throws(StoreFault) -> Bool {
        let now = time.now
        let isKnown = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            try Self.moduleChange(sight, environment, database, at: now, in: db).isNone
        }
        if isKnown { return false }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            // Another process may have written meanwhile.
            let change = try Self.moduleChange(sight, environment, database, at: now, in: db)
            try Self.write(change, of: environment, in: db)
            return !change.isNone
        }
    }

    /// Forgets what was seen of an environment, whose database is gone.
    ///
    /// - Returns: whether there was anything.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func forgetModules(of environment: String) async throws(StoreFault) -> Bool {
        guard try await !moduleLooks(of: [environment]).isEmpty else { return false }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            try Self.forgetModules(of: environment, in: db)
            return true
        }
    }

    static func forgetModules(of environment: String, in db: any SQLConnection) throws(StoreFault) {
        for table in ["environment_modules", "module_looks"] {
            try db.run("delete from ops.\(table) where environment = $1", [.text(environment)])
        }
    }

    // MARK: What is another

    /// What has to be written so that a look is remembered.
    private struct ModuleChange: Sendable {
        var look: ModuleLook?
        var put: [FoundModule] = []
        var removed: [String] = []

        var isNone: Bool { look == nil && put.isEmpty && removed.isEmpty }
    }

    private static func moduleChange(
        _ sight: ModuleSight, _ environment: String, _ database: ResourceKey, at now: Timestamp,
        in db: any SQLConnection
    ) throws(StoreFault) -> ModuleChange {
        let before = try moduleLooks(of: [environment], in: db).first
        var (outcome, problem) = (ModuleLook.Outcome.unknown, String?.none)
        var wanted: [InstalledModule] = []
        switch sight {
        case .census(.modules(let modules)): (outcome, wanted) = (.modules, modules)
        case .census(.notInitialised): outcome = .notInitialised
        case .problem(let text):
            problem = text
            // What was seen of another database says nothing of this one.
            if let before, before.database == database { outcome = before.outcome }
        }
        let look = ModuleLook(
            environment: environment, database: database, outcome: outcome, problem: problem, observedAt: now)
        let isSame = before.map {
            $0.database == database && $0.outcome == outcome && $0.problem == problem
        }
        var change = ModuleChange()
        if isSame != true { change.look = look }
        if case .problem = sight, outcome != .unknown { return change }
        let known = try installedModules(of: [environment], in: db)[environment] ?? []
        let byName = Dictionary(known.map { ($0.module.name, $0.module) }, uniquingKeysWith: { first, _ in first })
        let names = Set(wanted.map(\.name))
        let isOther = before.map { $0.database != database } ?? false
        change.put = wanted.filter { isOther || byName[$0.name] != $0 }.map { FoundModule($0, since: now) }
        change.removed = known.map(\.module.name).filter { !names.contains($0) }
        return change
    }

    private static func write(
        _ change: ModuleChange, of environment: String, in db: any SQLConnection
    ) throws(StoreFault) {
        if let look = change.look {
            try db.run(
                """
                insert into ops.module_looks (environment, resource_key, outcome, problem, observed_at)
                values ($1, $2, $3, $4, $5)
                on conflict (environment) do update set resource_key = excluded.resource_key,
                  outcome = excluded.outcome, problem = excluded.problem, observed_at = excluded.observed_at
                """,
                [
                    .text(environment), .text(look.database.description), .text(look.outcome.rawValue),
                    .optional(look.problem), .time(look.observedAt),
                ])
        }
        for name in change.removed {
            try db.run(
                "delete from ops.environment_modules where environment = $1 and module = $2",
                [.text(environment), .text(name)])
        }
        for found in change.put {
            try db.run(
                """
                insert into ops.environment_modules (environment, module, state, version, origin, observed_at)
                values ($1, $2, $3, $4, $5, $6)
                on conflict (environment, module) do update set state = excluded.state, version = excluded.version,
                  origin = excluded.origin, observed_at = excluded.observed_at
                """,
                [
                    .text(environment), .text(found.module.name), .text(found.module.state.rawValue),
                    .optional(found.module.version), .optional(found.module.origin.text), .time(found.since),
                ])
        }
    }

    // MARK: Rows

    private static func moduleLooks(
        of environments: [String]?, in db: any SQLConnection
    ) throws(StoreFault) -> [ModuleLook] {
        var conditions = Conditions()
        conditions.add("environment", oneOf: environments)
        var looks: [ModuleLook] = []
        for row in try db.run(
            """
            select environment, resource_key, outcome, problem, observed_at from ops.module_looks
            \(conditions.clause("where"))
            """, conditions.binds)
        {
            // What another version wrote is looked at anew.
            guard let database = ResourceKey(try row.text(1)),
                let outcome = ModuleLook.Outcome(rawValue: try row.text(2))
            else { continue }
            looks.append(
                ModuleLook(
                    environment: try row.text(0), database: database, outcome: outcome, problem: row.optionalText(3),
                    observedAt: try row.time(4)))
        }
        return looks.sorted { $0.environment.precedesByBytes($1.environment) }
    }

    private static func installedModules(
        of environments: [String], in db: any SQLConnection
    ) throws(StoreFault) -> [String: [FoundModule]] {
        var conditions = Conditions()
        conditions.add("environment", oneOf: environments)
        var found: [String: [FoundModule]] = [:]
        for row in try db.run(
            """
            select environment, module, state, version, origin, observed_at from ops.environment_modules
            \(conditions.clause("where"))
            """, conditions.binds)
        {
            guard let state = InstalledModule.State(rawValue: try row.text(2)) else { continue }
            let module = InstalledModule(
                name: try row.text(1), state: state, version: row.optionalText(3),
                origin: ModuleOrigin(text: row.optionalText(4)))
            found[try row.text(0), default: []].append(FoundModule(module, since: try row.time(5)))
        }
        return found.mapValues { $0.sorted { $0.module.name.precedesByBytes($1.module.name) } }
    }
}
