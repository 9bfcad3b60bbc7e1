internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats

extension PostgresDriver {
    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        var kinds: [ObservedKind] = []
        var silence: ProviderFault?
        for kind in schemas.map(\.kind).sorted() where request.kinds.contains(kind) {
            do throws(ProviderFault) {
                // One that stands still takes its whole time for each question.
                if let silence { throw silence }
                let all = try await list(kind, name: nil)
                let wanted = kind == .serverDatabase ? request.names[kind] ?? [] : []
                kinds.append(
                    ObservedKind(kind: kind, completeness: .complete, resources: await counted(all, named: wanted)))
            } catch {
                if error.isSilent { silence = error }
                kinds.append(
                    ObservedKind(kind: kind, completeness: .unknown(reason: error.reason), resources: []))
            }
        }
        return kinds
    }

    public func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        do throws(ProviderFault) {
            // The server keeps names unique.
            return try await list(key.kind, name: key.name).first.map(LookOutcome.present) ?? .absent
        } catch {
            return .unknown(error)
        }
    }

    /// All databases or roles but the server's own; with a name, that one alone.
    func list(_ kind: ResourceKind, name: String?) async throws(ProviderFault) -> [ObservedResource] {
        let isDatabase = kind == .serverDatabase
        let condition = name == nil ? "" : isDatabase ? " and d.datname = $1" : " and r.rolname = $1"
        let rows = try await session.run(
            isDatabase ? "databases.list" : "roles.list",
            (isDatabase ? Self.databases : Self.roles) + condition, name.map { [$0] } ?? [])
        return try rows.map { row throws(ProviderFault) in
            guard let resource = isDatabase ? Self.database(row) : Self.role(row) else {
                throw broken("list", "a row is not as it was asked for")
            }
            return resource
        }
    }

    /// The size is only told to who may connect.
    private static let databases = """
        select d.oid, d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding),
          d.datcollate, d.datconnlimit, pg_catalog.shobj_description(d.oid, 'pg_database'),
          case when pg_catalog.has_database_privilege(d.oid, 'connect') then pg_catalog.pg_database_size(d.oid) end
        from pg_catalog.pg_database d where not d.datistemplate and d.datname <> 'postgres'
        """

    private static let roles = """
        select r.oid, r.rolname, r.rolcanlogin, r.rolcreatedb, r.rolcreaterole, r.rolconnlimit, r.rolsuper,
          pg_catalog.shobj_description(r.oid, 'pg_authid'),
          (select pg_catalog.string_agg(g.rolname::text, chr(10) order by g.rolname) from pg_catalog.pg_auth_members m
           join pg_catalog.pg_roles g on g.oid = m.roleid where m.member = r.oid)
        from pg_catalog.pg_roles r where r.rolname !~ '^pg_'
        """

    private static func database(_ row: [String?]) -> ObservedResource? {
        guard row.count == 8, let id = row[0], let name = row[1], let owner = row[2], let limit = number(row[5]) else {
            return nil
        }
        var items = [
            Attributes.Item("id", .string(id)), Attributes.Item("owner", .string(owner)),
            Attributes.Item("encoding", .string(row[3] ?? "")), Attributes.Item("locale", .string(row[4] ?? "")),
            Attributes.Item("connection_limit", .int(limit)),
        ]
        if let size = number(row[7]) { items.append(Attributes.Item("size_bytes", .int(size))) }
        return ObservedResource(
            key: ResourceKey(.serverDatabase, name), providerID: id, attributes: Attributes(items),
            isOwned: isMarked(row[6]))
    }

    private static func role(_ row: [String?]) -> ObservedResource? {
        guard row.count == 9, let id = row[0], let name = row[1], let limit = number(row[5]) else { return nil }
        let groups = (row[8] ?? "").split(separator: "\n").map(String.init)
        return ObservedResource(
            key: ResourceKey(.serverRole, name), providerID: id,
            attributes: Attributes([
                Attributes.Item("id", .string(id)), Attributes.Item("login", .bool(row[2] == "t")),
                Attributes.Item("createdb", .bool(row[3] == "t")),
                Attributes.Item("createrole", .bool(row[4] == "t")), Attributes.Item("connection_limit", .int(limit)),
                Attributes.Item("superuser", .bool(row[6] == "t")), Attributes.Item("member_of", .strings(groups)),
            ]), isOwned: isMarked(row[7]))
    }

    /// Those that are wanted with the number of their tables, views, sequences and indexes; without it where we may not
    /// connect, and from the first on at which the server stands still.
    private func counted(_ all: [ObservedResource], named wanted: Set<String>) async -> [ObservedResource] {
        var (resources, isSilent) = ([ObservedResource](), false)
        for resource in all {
            var counted: ObservedResource?
            if !isSilent, wanted.contains(resource.key.name) {
                do throws(ProviderFault) {
                    counted = try await self.counted(resource)
                } catch {
                    isSilent = error.isSilent
                }
            }
            resources.append(counted ?? resource)
        }
        return resources
    }

    private func counted(_ resource: ObservedResource) async throws(ProviderFault) -> ObservedResource {
        let sql = """
            select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast|^pg_temp'
            """
        let rows = try await session.run(in: resource.key.name, "databases.count", sql)
        guard let count = rows.first?.first.flatMap({ Self.number($0) }) else { return resource }
        return ObservedResource(
            key: resource.key, providerID: resource.providerID,
            attributes: Attributes(resource.attributes.items + [Attributes.Item("object_count", .int(count))]),
            isOwned: resource.isOwned)
    }

    private static func number(_ text: String?) -> Int64? { text.flatMap { Int64($0) } }

    static func isMarked(_ comment: String?) -> Bool { comment?.contains(PostgresKinds.mark) == true }
}
