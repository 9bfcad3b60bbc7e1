import Basics
import Formats

extension SupabaseAccount {
    static let format: Int64 = 1

    var value: Value {
        var object = Value.Object()
        object["format"] = .int(Self.format)
        object["serial"] = .int(Int64(clamping: serial))
        object["now"] = .int(now.microseconds)
        object["organization"] = .string(organization)
        object["projects"] = .list(projects.map { .object($0) })
        object["branches"] = .list(branches.map { .object($0) })
        return .object(object)
    }

    init?(_ value: Value, seed: UInt64, limits: AccountLimits) {
        guard value["format"]?.intValue == Self.format else { return nil }
        self.init(seed: seed, now: Timestamp(microseconds: value["now"]?.intValue ?? 0), limits: limits)
        serial = UInt64(clamping: value["serial"]?.intValue ?? 0)
        organization = value["organization"]?.stringValue ?? organization
        projects = value["projects"]?.listValue?.compactMap(\.objectValue) ?? []
        branches = value["branches"]?.listValue?.compactMap(\.objectValue) ?? []
    }

    /// Adds to the account.
    ///
    /// `{"organization", "projects": [{"ref", "name", "status", "unhealthy": ["rest"], "functions": [{"slug",
    /// "verify_jwt", "ezbr_sha256"}], "secrets": {NAME: value}, "backups": [{"inserted_at", "status"}],
    /// "allowed_cidrs": [], "lints": [{"name", "level", "category", "cache_key"}]}]}`.
    mutating func seed(_ document: Value) throws(SimulatorFault) {
        let object = try document.refuseOthers(than: ["organization", "projects"], in: "an account of Supabase")
        organization = object["organization"]?.stringValue ?? organization
        for item in object["projects"]?.listValue ?? [] {
            guard let wanted = item.objectValue else { throw .badWorld("a project of Supabase is an object") }
            let ref = wanted["ref"]?.stringValue ?? reference()
            guard ref.utf8.count == 20, ref.utf8.allSatisfy({ (97...122).contains($0) }) else {
                throw .badWorld("the reference of a project of Supabase is 20 small letters, and not \(ref)")
            }
            guard !projects.contains(where: { $0["ref"]?.stringValue == ref }) else {
                throw .badWorld("there is a project \(ref) already")
            }
            add(wanted, ref)
        }
        changed()
    }

    mutating func furnish() {
        guard projects.isEmpty else { return }
        add(["name": "first"], reference())
        changed()
    }

    var variables: [(name: String, value: String)] {
        guard projects.count == 1, let ref = projects[0]["ref"]?.stringValue else { return [] }
        return [("SUPABASE_PROJECT_ID", ref)]
    }

    mutating func add(_ wanted: Value.Object, _ ref: String) {
        var project = Value.Object()
        project["id"] = .string(ref)
        project["ref"] = .string(ref)
        project["organization_id"] = .string(organization)
        project["organization_slug"] = .string(organization)
        project["name"] = wanted["name"] ?? .string(ref)
        project["region"] = wanted["region"] ?? "ap-southeast-1"
        project["created_at"] = "2026-01-05T08:00:00Z"
        project["status"] = wanted["status"] ?? "ACTIVE_HEALTHY"
        var database = Value.Object()
        database["host"] = .string("db.\(ref).supabase.co")
        database["version"] = "17.4.1"
        database["postgres_engine"] = "17"
        database["release_channel"] = "ga"
        project["database"] = .object(database)
        project["_unhealthy"] = wanted["unhealthy"]
        project["_functions"] = .list(
            (wanted["functions"]?.listValue ?? []).compactMap(\.objectValue).map { .object(newFunction($0)) })
        project["_backups"] = .list(
            (wanted["backups"]?.listValue ?? []).enumerated().map { index, item in
                var backup = item.objectValue ?? Value.Object()
                backup["id"] = .int(Int64(index + 1))
                backup["is_physical_backup"] = true
                return .object(backup)
            })
        var config = Value.Object()
        config["dbAllowedCidrs"] = wanted["allowed_cidrs"] ?? .list(["0.0.0.0/0"])
        config["dbAllowedCidrsV6"] = .list(["::/0"])
        var network = Value.Object()
        network["entitlement"] = "allowed"
        network["config"] = .object(config)
        network["status"] = "applied"
        project["_network"] = .object(network)
        project["_lints"] = .list((wanted["lints"]?.listValue ?? []).compactMap(\.objectValue).map(Self.newLint))
        projects.append(project)
        for secret in wanted["secrets"]?.objectValue?.members ?? [] {
            store(secret.name, secret.value.stringValue ?? "", at: projects.count - 1)
        }
    }

    private mutating func newFunction(_ wanted: Value.Object) -> Value.Object {
        var function = Value.Object()
        function["id"] = .string(uuid())
        function["slug"] = wanted["slug"]
        function["name"] = wanted["slug"]
        function["status"] = "ACTIVE"
        function["version"] = 1
        function["created_at"] = .int(now.microseconds / 1_000)
        function["updated_at"] = .int(now.microseconds / 1_000)
        function["verify_jwt"] = wanted["verify_jwt"] ?? true
        function["ezbr_sha256"] = wanted["ezbr_sha256"] ?? .string(Digest(of: wanted["slug"]?.stringValue ?? "").hex)
        return function
    }

    private static func newLint(_ wanted: Value.Object) -> Value {
        var lint = Value.Object()
        lint["name"] = wanted["name"]
        lint["title"] = wanted["title"] ?? wanted["name"]
        lint["level"] = wanted["level"] ?? "WARN"
        lint["facing"] = "EXTERNAL"
        lint["categories"] = .list([wanted["category"] ?? "SECURITY"])
        lint["description"] = ""
        lint["detail"] = wanted["detail"] ?? ""
        lint["remediation"] = ""
        lint["cache_key"] = wanted["cache_key"] ?? wanted["name"]
        return .object(lint)
    }
}
