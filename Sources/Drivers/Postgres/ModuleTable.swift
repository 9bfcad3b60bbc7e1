internal import DesiredState

/// Odoo's own table of modules in the database that a connection is to.
///
/// Facts: odoo/odoo, odoo/addons/base/models/ir_module.py: `latest_version` is the version in the database, whatever its name
/// says; a module stays `to install`, `to upgrade` or `to remove` until Odoo has done it.
struct ModuleTable {
    enum Answer: Sendable {
        case census(ModuleCensus)
        case refused(String)
    }

    static let operation = "modules.list"
    /// What a server says of the table or of our rights to it, in place of what it says of databases and roles.
    static let statesOfTable: Set<String> = ["42501", "42P01", "42703", "42809", "42883"]
    /// Odoo's own and the community's modules are some thousands altogether; a part of a list would look like what is missing.
    static let most = 5_000

    let connection: ServerConnection
    let heard: @Sendable (String) -> Void

    /// The transaction ends with the connection.
    func read() throws(ServerError) -> Answer {
        _ = try run(
            """
            begin read only; set local search_path = pg_catalog; set local row_security = off;
            set local statement_timeout = '5s'; set local lock_timeout = '2s'
            """)
        let table = "public.ir_module_module"
        guard try run("select to_regclass('\(table)')").first?.first.flatMap({ $0 }) != nil else {
            return .census(.notInitialised)
        }
        // From here on it stays what it is until it was read.
        _ = try run("lock table only \(table) in access share mode")
        let columns = try run(
            """
            select a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.oid = to_regclass('\(table)') and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
              and a.attgenerated = '' and a.atttypid in ('text'::regtype, 'varchar'::regtype)
            """
        ).compactMap { $0.first.flatMap { $0 } }
        guard Set(["name", "state", "latest_version"]).isSubset(of: columns) else {
            return .refused("what stands there is not Odoo's table of modules")
        }
        let origin = ["author", "website", "license"].map {
            columns.contains($0) ? "left(m.\($0), 255)" : "null::text"
        }
        let states = InstalledModule.State.allCases.map { literal($0.rawValue) }.joined(separator: ", ")
        let rows = try run(
            """
            select left(m.name, 255), m.state::text, left(m.latest_version, 64), \(origin.joined(separator: ", "))
            from only \(table) m where m.state in (\(states)) order by m.name collate "C" limit \(Self.most + 1)
            """)
        guard rows.count <= Self.most else { return .refused("it has more than \(Self.most) rows") }
        var modules: [String: InstalledModule] = [:]
        for row in rows {
            guard row.count == 6, let name = row[0], !name.isEmpty,
                let state = row[1].flatMap({ InstalledModule.State(rawValue: $0) })
            else { return .refused("a row is not as it was asked for") }
            modules[name] = InstalledModule(
                name: name, state: state, version: row[2].flatMap { $0.isEmpty ? nil : $0 },
                origin: ModuleOrigin(author: row[3], website: row[4], license: row[5]))
        }
        // While Odoo sets itself up, its table is there before the first module.
        guard !modules.isEmpty else { return .census(.notInitialised) }
        return .census(.modules(modules.values.sorted { $0.name.precedesByBytes($1.name) }))
    }

    /// What lets a role read the table, to be run in that database.
    static func grants(on database: String, to role: String) -> String {
        "grant connect on database \(Identifier(database)?.quoted ?? database) to \(role); "
            + "grant usage on schema public to \(role); grant select on public.ir_module_module to \(role)"
    }

    private func run(_ sql: String) throws(ServerError) -> [[String?]] {
        heard(sql)
        return try connection.query(sql)
    }
}
