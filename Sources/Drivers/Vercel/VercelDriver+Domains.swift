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
        let call = ProviderCall("domains.create", "POST", "/v10/projects/\(project.percentEncoded)/domains")
        do throws(ProviderFault) {
            return .done(
                try await api.send(call, body: .object(body), context).object { Mapping.domain($0, project: project) })
        } catch {
            guard error.status == 409 || error.providerCode == "domain_already_in_use" else { throw error }
            return try await adopt(error, step, change, context)
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
        let call = ProviderCall("domains.update", "PATCH", domainPath(step.key))
        return .done(
            try await api.send(call, body: .object(body), context).object { Mapping.domain($0, project: project) })
    }

    /// Asks Vercel to look for its challenge in the DNS.
    func verifyDomain(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        if let current = change.current, current.attributes["verified"] == .bool(true) { return .done(current) }
        let project = step.key.parentName
        let call = ProviderCall("domains.verify", "POST", domainPath(step.key) + "/verify")
        let found: ObservedResource
        do throws(ProviderFault) {
            found = try await api.send(call, context).object { Mapping.domain($0, project: project) }
        } catch {
            guard error.status == 400 else { throw error }
            throw unverified(call, error.message, error)
        }
        guard found.attributes["verified"] == .bool(true) else {
            throw unverified(call, "Vercel did not find its challenge", nil)
        }
        return .done(found)
    }

    private func unverified(_ call: ProviderCall, _ why: String, _ refusal: ProviderFault?) -> ProviderFault {
        fault(
            .notVerified, call, "the domain is not verified yet: \(why)",
            hint: "add the TXT record that Vercel shows for the domain; DNS takes a while to spread",
            status: refusal?.status ?? 0, providerCode: refusal?.providerCode, .retry(after: .minutes(10)))
    }
}
