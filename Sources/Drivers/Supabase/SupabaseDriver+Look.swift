internal import Basics
public import DesiredState
internal import Diff
public import Drivers
internal import Formats

extension SupabaseDriver {
    public func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        do throws(ProviderFault) {
            let found = try await find(key, context)
            guard found.count > 1 else { return found.first.map(LookOutcome.present) ?? .absent }
            return .ambiguous(found)
        } catch {
            return error.isNotFound ? .absent : .unknown(error)
        }
    }

    /// Every object that answers to a key.
    func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let project = key.kind == .supabaseFunction ? try await defaultProject(context) : key.parentName
        return try await list(key.kind, of: project, context).filter { $0.key == key }
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
            return .success("\(count) project\(count == 1 ? "" : "s")")
        } catch {
            return .failure(error)
        }
    }
}
