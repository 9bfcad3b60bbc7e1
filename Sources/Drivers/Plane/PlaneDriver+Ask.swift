public import DesiredState
internal import Diff
public import Drivers
internal import HTTPClient

/// A project under whose identifier the list shows another one is asked for by its id: what is made in a project would be
/// made in the other one.
extension PlaneDriver: IdentityAsking {
    public func ask(for key: ResourceKey, id: String, _ context: DriverContext) async -> LookOutcome {
        guard key.kind == .planeProject, let workspace else { return .absent }
        let call = ProviderCall("projects.ask", "GET", "\(base(workspace))/\(id.percentEncoded)/")
        do throws(ProviderFault) {
            let answer = try await api.send(call, accepting: [404], context)
            if answer.status == 404 { return .absent }
            let found = try answer.object { PlaneMapping.project($0, workspace: workspace) }
            return found.key == key && found.providerID == id ? .present(found) : .absent
        } catch {
            return .unknown(error)
        }
    }
}
