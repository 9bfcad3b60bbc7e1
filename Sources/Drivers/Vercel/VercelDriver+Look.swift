internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension VercelDriver {
    public func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        switch key.kind {
        case .vercelProject: return try await one(projectPath(key.name), "projects.look", context, Mapping.project)
        case .vercelProduction:
            return try await one(projectPath(key.name), "projects.look", context, Mapping.production)
        case .vercelDomain:
            let project = key.parentName
            return try await one(domainPath(key), "domains.look", context) { Mapping.domain($0, project: project) }
        case .vercelVariable:
            guard let name = VariableName(key.name) else { return [] }
            return try whole(await listVariables(of: name.project, context), key)
        case .vercelDeployment:
            return try whole(await listDeployments(of: key.parentName, context), key)
        case .vercelAlias:
            let list = await readPages(
                "/v4/aliases", query: [("domain", key.name)], cursor: "until", "aliases", context
            ) { [Mapping.alias($0)] }
            return try whole(list, key)
        default: return []
        }
    }

    /// Those of a list with a key; a list that is not complete doesn't prove that there is none.
    ///
    /// - Throws: why the list could not be read.
    private func whole(_ list: PagedList, _ key: ResourceKey) throws(ProviderFault) -> [ObservedResource] {
        let found = list.items.filter { $0.key == key }
        guard found.isEmpty, !list.completeness.isComplete else { return found }
        if list.isMissing { return [] }
        let call = ProviderCall("\(key.kind.name).look", "GET", key.name)
        throw fault(.brokenAnswer, call, list.completeness.reason, .observeAgain)
    }

    /// One object; none where there is no such object.
    private func one(
        _ path: String, _ operation: String, _ context: DriverContext, _ map: (JSONView) -> ObservedResource?
    ) async throws(ProviderFault) -> [ObservedResource] {
        do throws(ProviderFault) {
            return [try await api.get(path, operation, context).object(map)]
        } catch {
            if error.isNotFound { return [] }
            throw error
        }
    }

    func projectPath(_ name: String) -> String { "/v9/projects/\(name.percentEncoded)" }

    func domainPath(_ key: ResourceKey) -> String {
        "\(projectPath(key.parentName))/domains/\(key.childName.percentEncoded)"
    }
}
