internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension GitHubDriver: AccessChecking {
    public func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        guard let (repository, rest) = RepositoryName.split(key.name) else { return [] }
        switch key.kind {
        case .repository: return [try await readRepository(repository, context)]
        case .branchProtection:
            return try await readProtection(of: rest, in: repository, context).map { [$0] } ?? []
        case .gitHubLabel:
            let call = ProviderCall(
                "labels.get", "GET", "\(repository.path)/labels/\(rest.percentEncoded)", permission: "Issues: read")
            let answer = try await api.send(call, accepting: [404], context)
            if answer.status == 404 { return [] }
            return [try answer.object(Mapping(repository: repository, wanted: [key.name]).label)]
        default:
            let list: PagedList
            if key.kind == .ruleset {
                list = await listRulesets(repository, [key.name], context)
            } else if let request = self.list(key.kind, in: repository, wanted: [key.name]) {
                list = await readPages(request, context)
            } else {
                return []
            }
            guard list.completeness.isComplete else {
                let call = ProviderCall("\(key.kind).look", "GET", repository.path, permission: "Metadata: read")
                throw fault(.brokenAnswer, call, list.completeness.reason, .observeAgain)
            }
            return list.items.filter { $0.key == key }
        }
    }

    /// Asks for the rate limit, which costs nothing of it: whether the address answers and the token is let in.
    ///
    /// - Returns: one line about what is left.
    public func checkAccess() async -> Result<String, ProviderFault> {
        let context = DriverContext(runID: "doctor", log: .none)
        do throws(ProviderFault) {
            let answer = try await api.get("/rate_limit", "rate_limit.get", "Metadata: read", context)
            let core = answer.root?["resources"]["core"]
            guard let limit = core?["limit"].int, let remaining = core?["remaining"].int else {
                throw answer.broken("it does not say what is left")
            }
            return .success("\(remaining) of \(limit) requests are left in this hour")
        } catch {
            return .failure(error)
        }
    }
}
