internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension PlaneDriver: WorkItemTracking {
    /// Plane's columns for names and external ids end there; what is longer is named by its digest.
    private static let limit = 255

    public func track(_ item: TrackedItem, _ context: DriverContext) async -> Result<String?, ProviderFault> {
        await creation.withLock(item.project) { () async -> Result<String?, ProviderFault> in
            do throws(ProviderFault) {
                return .success(try await self.settle(item, context))
            } catch {
                return .failure(error)
            }
        }
    }

    private func settle(_ item: TrackedItem, _ context: DriverContext) async throws(ProviderFault) -> String? {
        let matter = item.matter.utf8.count <= Self.limit ? item.matter : Digest(of: item.matter.utf8).hex
        var wish = PlaneWorkItem(project: item.project, source: PlaneKinds.ownershipSource, externalID: matter)
        let found = try await state(of: wish, context)
        guard item.isOpen else {
            guard let found, found.state != item.doneState else { return found?.id }
            wish.state = item.doneState
            return try await put(wish, context).item.providerID
        }
        wish.labels = item.labels.isEmpty ? nil : item.labels
        if found == nil || found?.state == item.doneState {
            wish.name = String(item.title.prefix(Self.limit))
            wish.descriptionHTML = item.lines.map { "<p>\(Self.escaped($0))</p>" }.joined()
            wish.state = item.openState
            wish.priority = item.isUrgent ? "urgent" : "medium"
        } else if item.isUrgent {
            wish.priority = "urgent"
        }
        return try await put(wish, context).item.providerID
    }

    /// The item that is there and its state by name; nil where there is none.
    private func state(
        of item: PlaneWorkItem, _ context: DriverContext
    ) async throws(ProviderFault) -> (id: String, state: String?)? {
        // What is missing is told by `put`, where something is to be made.
        guard let id = try await projectID(item.project, context) else { return nil }
        guard let found = try await findWorkItem(project: item.project, id: id, item.path, ProjectNames(), context)
        else {
            return nil
        }
        let states = await list(.planeState, of: item.project, id: id, context)
        let state = found.attributes["state"]?.stringValue
        if let reason = states.completeness.gap {
            let call = ProviderCall("states.list", "GET", "\(item.key)")
            throw fault(.brokenAnswer, call, "its states can't be read: \(reason)", .retry(after: nil))
        }
        let name = states.items.first { $0.providerID == state }?.attributes["name"]?.stringValue
        return (found.providerID, name)
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
