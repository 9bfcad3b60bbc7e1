import Basics
import Formats

extension VercelAccount {
    static let format: Int64 = 1

    var value: Value {
        func list(_ objects: [Value.Object]) -> Value { .list(objects.map { .object($0) }) }
        var object = Value.Object()
        object["format"] = .int(Self.format)
        object["serial"] = .int(Int64(clamping: serial))
        object["now"] = .int(now.microseconds)
        object["team"] = team.map(Value.string) ?? .null
        object["copied"] = copied.map(Value.string) ?? .null
        object["projects"] = list(projects)
        object["variables"] = list(variables)
        object["domains"] = list(domains)
        object["deployments"] = list(deployments)
        object["jobs"] = list(jobs)
        object["foreign_domains"] = .strings(foreignDomains)
        object["published_challenges"] = .strings(publishedChallenges)
        return .object(object)
    }

    init?(_ value: Value, seed: UInt64, limits: AccountLimits) {
        guard value["format"]?.intValue == Self.format else { return nil }
        self.init(seed: seed, now: Timestamp(microseconds: value["now"]?.intValue ?? 0), limits: limits)
        func objects(_ name: String) -> [Value.Object] { value[name]?.listValue?.compactMap(\.objectValue) ?? [] }
        func texts(_ name: String) -> [String] { value[name]?.listValue?.compactMap(\.stringValue) ?? [] }
        serial = UInt64(clamping: value["serial"]?.intValue ?? 0)
        team = value["team"]?.stringValue
        copied = value["copied"]?.stringValue
        projects = objects("projects")
        variables = objects("variables")
        domains = objects("domains")
        deployments = objects("deployments")
        jobs = objects("jobs")
        foreignDomains = texts("foreign_domains")
        publishedChallenges = texts("published_challenges")
    }

    /// Adds to the account.
    ///
    /// `{"team", "foreign_domains": [], "published_challenges": [], "projects": [{"name", settings by Vercel's names,
    /// "production_branch", "env": [{"key", "value", "type", "target": []}], "domains": ["…"], "deployments":
    /// [{"uid", "target", "readyState", "sha", "branch", "created": milliseconds}], "production": "uid"}]}`.
    mutating func seed(_ document: Value) throws(SimulatorFault) {
        let object = try document.refuseOthers(
            than: ["foreign_domains", "projects", "published_challenges", "team"], in: "an account of Vercel")
        if let text = object["team"]?.stringValue { team = text }
        foreignDomains += object["foreign_domains"]?.listValue?.compactMap(\.stringValue) ?? []
        publishedChallenges += object["published_challenges"]?.listValue?.compactMap(\.stringValue) ?? []
        for item in object["projects"]?.listValue ?? [] {
            guard let wanted = item.objectValue, let name = wanted["name"]?.stringValue, !name.isEmpty else {
                throw .badWorld("a project of Vercel has no name")
            }
            guard projectIndex(name) == nil else { throw .badWorld("there is a project \(name) already") }
            add(wanted, name)
        }
        changed()
    }

    mutating func add(_ wanted: Value.Object, _ name: String) {
        var project = newProject(name)
        for member in Self.settings where wanted[member] != nil { project[member] = wanted[member] }
        if let branch = wanted["production_branch"] {
            var link = Value.Object()
            link["type"] = "github"
            link["org"] = "example"
            link["repo"] = .string(name)
            link["gitCredentialId"] = ""
            link["productionBranch"] = branch
            link["deployHooks"] = .list([])
            project["link"] = .object(link)
        }
        let id = project["id"]?.stringValue ?? ""
        projects.append(project)
        for item in wanted["env"]?.listValue?.compactMap(\.objectValue) ?? [] {
            variables.append(newVariable(item, project: id))
        }
        for domain in wanted["domains"]?.listValue?.compactMap(\.stringValue) ?? [] {
            var item = Value.Object()
            item["name"] = .string(domain)
            domains.append(newDomain(item, project: id))
        }
        for item in wanted["deployments"]?.listValue?.compactMap(\.objectValue) ?? [] {
            deployments.append(newDeployment(item, project: id, name: name))
        }
        if let uid = wanted["production"]?.stringValue, let index = projectIndex(id) { serve(uid, at: index) }
    }
}
