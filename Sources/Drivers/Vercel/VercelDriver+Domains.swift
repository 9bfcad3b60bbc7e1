internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension VercelDriver {
    private static let domainMembers: [(name: String, member: String)] = [
        ("git_branch", "gitBranch"), ("redirect", "redirect"), ("redirect_status_code", "redirectStatusCode"),
    ]

    func createDomain(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let project = step.key.parentName
        var body = Value.Object()
        body["name"] = .string(step.key.childName)
        for item in Self.domainMembers { body[item.member] = wanted(item.name, change) }
        let site = CallSite("domains.create", "POST", "/v10/projects/\(project.percentEncoded)/domains")
        do throws(ProviderFault) {
            return .done(
                try await api.send(site, body: .object(body), context).object { Mapping.domain($0, project: project) })
        } catch {
            guard error.status == 409 || error.providerCode == "domain_already_in_use" else { throw error }
            return try await adoptDuplicate(error, step, change, context)
        }
    }

    func updateDomain(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let project = step.key.parentName
        let differing = Set(change.change.attributes.map(\.path))
        var body = Value.Object()
        for item in Self.domainMembers where differing.contains(item.name) {
            body[item.member] = wanted(item.name, change)
        }
        guard !body.isEmpty else { throw impossible(step, "none of what is to change has a value") }
        let site = CallSite("domains.update", "PATCH", domainPath(step.key))
        return .done(
            try await api.send(site, body: .object(body), context).object { Mapping.domain($0, project: project) })
    }

    /// Asks Vercel to look for its challenge in the DNS.
    func verifyDomain(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        if let current = change.current, current.attributes["verified"] == .bool(true) { return .done(current) }
        let project = step.key.parentName
        let site = CallSite("domains.verify", "POST", domainPath(step.key) + "/verify")
        let found: ObservedResource
        do throws(ProviderFault) {
            found = try await api.send(site, context).object { Mapping.domain($0, project: project) }
        } catch {
            guard error.status == 400 else { throw error }
            throw unverified(site, error.message, error)
        }
        guard found.attributes["verified"] == .bool(true) else {
            throw unverified(site, "Vercel did not find its challenge", nil)
        }
        return .done(found)
    }

    private func unverified(_ site: CallSite, _ why: String, _ fault: ProviderFault?) -> ProviderFault {
        .make(
            .notVerified, site, "the domain is not verified yet: \(why)",
            hint: "add the TXT record that Vercel shows for the domain; DNS takes a while to spread",
            status: fault?.status ?? 0, providerCode: fault?.providerCode, .retry(after: .minutes(10)))
    }
}
