import Formats

extension VercelAccount {
    private static let members = [
        ("build_command", "buildCommand"), ("framework", "framework"),
        ("ignored_build_command", "commandForIgnoringBuildStep"),
        ("include_files_outside_root", "sourceFilesOutsideRootDirectory"), ("install_command", "installCommand"),
        ("node_version", "nodeVersion"), ("output_directory", "outputDirectory"), ("root_directory", "rootDirectory"),
        ("production_branch", "production_branch"),
    ]

    /// Projects with their variables, domains and deployments; values of variables are made up.
    mutating func load(_ seen: Observation) {
        copied = seen.account
        var names = seen["project"].map(\.name)
        for kind in ["variable", "domain", "deployment"] { names += seen[kind].map { Self.first($0.name) } }
        names += seen["production"].map(\.name)
        for name in names where projectIndex(name) == nil { load(name, seen) }
        changed()
    }

    private mutating func load(_ name: String, _ seen: Observation) {
        var wanted = Value.Object()
        let project = seen["project"].first { $0.name == name }
        for (attribute, member) in Self.members {
            guard let value = project?.attributes[attribute], !value.isNull else { continue }
            wanted[member] = value
        }
        add(wanted, name)
        let index = projects.count - 1
        let id = project?.id ?? seen["production"].first { $0.name == name }?.id
        if let id { projects[index]["id"] = .string(id) }
        if let owner = project?.attributes["org_id"] { projects[index]["accountId"] = owner }
        let own = projects[index]["id"]?.stringValue ?? ""
        loadVariables(seen.items("variable", in: name), project: own)
        for item in seen.items("domain", in: name) {
            let host = String(item.name.dropFirst(name.utf8.count + 1))
            if item.attributes["verified"] == false { foreignDomains.append(host) }
            var object: Value.Object = ["name": .string(host)]
            for (attribute, member) in [
                ("redirect", "redirect"), ("redirect_status_code", "redirectStatusCode"), ("git_branch", "gitBranch"),
            ] { object[member] = item.attributes[attribute] }
            domains.append(newDomain(object, project: own))
        }
        for item in seen["alias"] where item.text("project_id") == own && item.name != "\(name).vercel.app" {
            // A domain that serves, and was not looked at.
            if domains.contains(where: { $0["name"]?.stringValue == item.name }) { continue }
            domains.append(newDomain(["name": .string(item.name)], project: own))
        }
        for item in seen.items("deployment", in: name) {
            var object: Value.Object = ["uid": .string(item.id)]
            if item.text("target") == "production" { object["target"] = "production" }
            for (attribute, member) in [("state", "readyState"), ("sha", "sha"), ("branch", "branch")] {
                object[member] = item.attributes[attribute]
            }
            var deployment = newDeployment(object, project: own, name: name)
            if let url = item.attributes["url"] { deployment["url"] = url }
            deployments.append(deployment)
        }
        guard let uid = seen["production"].first(where: { $0.name == name })?.attributes["deployment"]?.stringValue
        else { return }
        if !deployments.contains(where: { $0["uid"]?.stringValue == uid }) {
            // It serves, and was not looked at.
            deployments.append(
                newDeployment(["uid": .string(uid), "target": "production"], project: own, name: name))
        }
        serve(uid, at: index)
    }

    /// One variable of several targets was seen once for each.
    private mutating func loadVariables(_ items: [Observation.Item], project: String) {
        var known: Set<String> = []
        for item in items where known.insert(item.id).inserted {
            let parts = item.name.split(separator: "/").map(String.init)
            guard parts.count >= 3, let key = parts.last else { continue }
            let place = parts.dropFirst().dropLast().joined(separator: "/")
            let targets = item.attributes["targets"]?.strings ?? []
            var wanted: Value.Object = [
                "key": .string(key), "value": .string("made-up-\(key)"), "type": item.attributes["type"] ?? "encrypted",
            ]
            wanted["target"] = .strings(targets.filter { !$0.hasPrefix("custom:") })
            let custom = targets.filter { $0.hasPrefix("custom:") }.map { String($0.dropFirst(7)) }
            if !custom.isEmpty { wanted["customEnvironmentIds"] = .strings(custom) }
            if !place.hasPrefix("custom:"), let colon = place.firstIndex(of: ":") {
                wanted["gitBranch"] = .string(String(place[place.index(after: colon)...]))
            }
            var variable = newVariable(wanted, project: project)
            variable["id"] = .string(item.id)
            variables.append(variable)
        }
    }

    private static func first(_ name: String) -> String { String(name.prefix { $0 != "/" }) }
}
