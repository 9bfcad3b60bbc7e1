internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats

extension SupabaseDriver {
    public func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let project =
            key.kind == .supabaseFunction ? try await self.project(ofFunction: key.name, context) : key.parentName
        do throws(ProviderFault) {
            return try await list(key.kind, of: project, context).filter { $0.key == key }
        } catch {
            // What belongs to a project that isn't there isn't there either.
            guard error.isNotFound else { throw error }
            return []
        }
    }
}

extension SupabaseDriver: AccessChecking {
    /// Asks for the projects: whether the address answers and the token is let in.
    ///
    /// - Returns: one line about the account that names no person.
    public func checkAccess() async -> Result<String, ProviderFault> {
        let context = DriverContext(runID: "doctor", log: .none)
        do throws(ProviderFault) {
            let count = try await api.get("/v1/projects", "projects.list", context).list { $0["id"].string }.count
            return .success(count.of("project"))
        } catch {
            return .failure(error)
        }
    }
}
