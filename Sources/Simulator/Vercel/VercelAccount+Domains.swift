import Basics
import Formats
import Web

extension VercelAccount {
    mutating func newDomain(_ wanted: Value.Object, project: String) -> Value.Object {
        let name = wanted["name"]?.stringValue ?? ""
        var domain = Value.Object()
        domain["name"] = .string(name)
        domain["apexName"] = .string(name.split(separator: ".").suffix(2).joined(separator: "."))
        domain["projectId"] = .string(project)
        domain["redirect"] = wanted["redirect"] ?? .null
        if let code = wanted["redirectStatusCode"], !code.isNull { domain["redirectStatusCode"] = code }
        domain["gitBranch"] = wanted["gitBranch"] ?? .null
        domain["createdAt"] = milliseconds
        domain["updatedAt"] = milliseconds
        let isVerified = !foreignDomains.contains(name)
        domain["verified"] = .bool(isVerified)
        if !isVerified {
            var challenge = Value.Object()
            challenge["type"] = "TXT"
            challenge["domain"] = .string("_vercel.\(name)")
            challenge["value"] = .string("vc-domain-verify=\(name),\(identifier(""))")
            challenge["reason"] = "pending_domain_verification"
            domain["verification"] = .list([.object(challenge)])
        }
        return domain
    }

    mutating func domain(
        _ request: SimulatedRequest, _ version: String, at project: Int, _ rest: [String]
    ) -> WebResponse {
        let id = projects[project]["id"]?.stringValue ?? ""
        if rest.isEmpty {
            switch (request.method, version) {
            case ("GET", "v9"):
                return page(
                    domains.filter { $0["projectId"]?.stringValue == id }, "domains", request, created: "createdAt")
            case ("POST", "v10"): return addDomain(request, project: id)
            default: return refusal(.notFound, request)
            }
        }
        guard version == "v9",
            let index = domains.firstIndex(where: {
                $0["name"]?.stringValue == rest[0] && $0["projectId"]?.stringValue == id
            })
        else { return Self.error(404, "not_found", "The domain is not assigned to the project.") }
        switch (request.method, rest.count) {
        case ("GET", 1): return Self.json(200, .object(domains[index]))
        case ("PATCH", 1):
            guard let body = request.json?.objectValue else { return Self.error(400, "bad_request", "Invalid JSON") }
            for member in body.members where ["gitBranch", "redirect", "redirectStatusCode"].contains(member.name) {
                let clears = member.value.isNull && member.name == "redirectStatusCode"
                domains[index][member.name] = clears ? nil : member.value
            }
            domains[index]["updatedAt"] = milliseconds
            changed()
            return Self.json(200, .object(domains[index]))
        case ("DELETE", 1):
            domains.remove(at: index)
            changed()
            return Self.json(200, .object(Value.Object()))
        case ("POST", 2) where rest[1] == "verify": return verify(at: index)
        default: return refusal(.notFound, request)
        }
    }

    private mutating func addDomain(_ request: SimulatedRequest, project: String) -> WebResponse {
        guard let body = request.json?.objectValue, let name = body["name"]?.stringValue, name.contains(".") else {
            return Self.error(400, "invalid_domain", "The domain is not valid.")
        }
        if domains.contains(where: { $0["name"]?.stringValue == name }) {
            return Self.error(409, "domain_already_in_use", "Cannot add \(name) since it's already in use.")
        }
        let domain = newDomain(body, project: project)
        domains.append(domain)
        changed()
        return Self.json(200, .object(domain))
    }

    private mutating func verify(at index: Int) -> WebResponse {
        let name = domains[index]["name"]?.stringValue ?? ""
        if domains[index]["verified"] != .bool(true) {
            guard publishedChallenges.contains(name) else {
                return Self.error(
                    400, "missing_txt_record",
                    "Domain _vercel.\(name) is missing required TXT Record with the challenge.")
            }
            domains[index]["verified"] = true
            domains[index]["verification"] = nil
            changed()
        }
        return Self.json(200, .object(domains[index]))
    }
}
