internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

/// A work item as another system knows it: what is nil is left alone.
public struct PlaneWorkItem: Sendable, Hashable {
    /// The project's identifier, `OPS`.
    public var project: String
    /// Which system it comes from, and its id there: together they tell it from all others.
    public var source: String
    public var externalID: String
    public var name: String?
    public var descriptionHTML: String?
    /// By name.
    public var state: String?
    /// By name; others that it has are left alone.
    public var labels: [String]?
    /// `urgent`, `high`, `medium`, `low` or `none`.
    public var priority: String?

    public init(project: String, source: String, externalID: String, name: String? = nil) {
        self.project = project
        self.source = source
        self.externalID = externalID
        self.name = name
    }

    var key: ResourceKey { ResourceKey(.planeWorkItem, "\(project)/\(source)/\(externalID)") }
}

/// What came of putting a work item.
public struct PlaneUpsert: Sendable {
    /// What had to be done.
    public enum Effect: String, Sendable, Hashable {
        case created, updated, unchanged
    }

    public let effect: Effect
    public let item: ObservedResource
}

extension PlaneDriver {
    /// Creates a work item, or changes what differs of the one with its external id; doing it twice is doing it once.
    ///
    /// A lost answer is settled by looking for the external id before anything is sent again.
    ///
    /// - Returns: what had to be done; `PL-0009` when even looking didn't tell, `PL-0012` when a state or label that it
    ///   names is not in the project.
    public func upsert(
        _ item: PlaneWorkItem, _ context: DriverContext
    ) async -> Result<PlaneUpsert, ProviderFault> {
        // Plane looks for the external id and inserts then: two at once would both find nothing.
        await creation.withLock(item.project) { () async -> Result<PlaneUpsert, ProviderFault> in
            do throws(ProviderFault) {
                return .success(try await self.put(item, context))
            } catch {
                return .failure(error)
            }
        }
    }

    func upsert(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let parts = step.key.name.split(separator: "/", maxSplits: 2).map(String.init)
        guard parts.count == 3 else { throw impossible(step, "\(step.key.name) is no name of a work item") }
        var item = PlaneWorkItem(project: parts[0], source: parts[1], externalID: parts[2])
        item.name = change.wanted["name"]?.stringValue
        item.descriptionHTML = change.wanted["description_html"]?.stringValue
        item.state = change.wanted["state"]?.stringValue
        item.labels = change.wanted["labels"]?.listValue?.compactMap(\.stringValue)
        item.priority = change.wanted["priority"]?.stringValue
        return .done(try await upsert(item, context).get().item)
    }

    func put(_ item: PlaneWorkItem, _ context: DriverContext) async throws(ProviderFault) -> PlaneUpsert {
        let place = ProviderCall("work_items.upsert", "PUT", "\(item.key)")
        guard let id = try await projectID(item.project, context), let workspace else {
            throw fault(
                .notFound, place, "the workspace has no project \(item.project)", hint: "create it, or correct its key",
                status: 404, .waitForNewCommit)
        }
        let wish = try await Wish(item, project: id, self, place, context)
        let list = "\(base(workspace))/\(id.percentEncoded)/work-items/"
        for pause in [1, 4] {
            if let found = try await findWorkItem(project: item.project, id: id, item.path, wish.names, context) {
                return try await update(found, wish, list, context)
            }
            let call = ProviderCall("work_items.create", "POST", list)
            do throws(ProviderFault) {
                let answer = try await write(call, wish.creation(of: item), accepting: [409], context)
                if answer.status != 409 {
                    return PlaneUpsert(
                        effect: .created,
                        item: try answer.object { PlaneMapping.workItem($0, project: item.project, wish.names) })
                }
                // Somebody else made it in between: its id is in the answer, and the next look finds it.
            } catch {
                guard error.disposition == .observeAgain, error.status != 404 else { throw error }
                context.log.info("the answer to a new work item was lost: looking for it", ["key": "\(item.key)"])
            }
            try? await time.sleep(for: .seconds(pause))
        }
        guard let found = try await findWorkItem(project: item.project, id: id, item.path, wish.names, context) else {
            throw fault(
                .lost, place, "the answer was lost twice, and the work item is not there", .observeAgain)
        }
        return try await update(found, wish, list, context)
    }

    private func update(
        _ found: ObservedResource, _ wish: Wish, _ list: String, _ context: DriverContext
    ) async throws(ProviderFault) -> PlaneUpsert {
        let body = wish.difference(from: found)
        if body.isEmpty { return PlaneUpsert(effect: .unchanged, item: found) }
        let project = PlaneMapping.split(found.key.name)?.project ?? ""
        let call = ProviderCall("work_items.update", "PATCH", "\(list)\(found.providerID.percentEncoded)/")
        let answer = try await write(call, body, context)
        return PlaneUpsert(
            effect: .updated,
            item: try answer.object { PlaneMapping.workItem($0, project: project, wish.names) })
    }

    /// The one work item of an external id, `source/id`; nil when there is none.
    func findWorkItem(
        project: String, id: String, _ external: String, _ names: ProjectNames,
        _ context: DriverContext
    ) async throws(ProviderFault) -> ObservedResource? {
        guard let (source, externalID) = PlaneMapping.split(external), let workspace else { return nil }
        let call = ProviderCall("work_items.look", "GET", "\(base(workspace))/\(id.percentEncoded)/work-items/")
        let query = [("external_id", externalID), ("external_source", source)]
        let answer = try await api.send(call, query: query, accepting: [404], context)
        if answer.status == 404 { return nil }
        // With an external id the answer is the object itself; the specification describes a page, which is taken too.
        guard let results = answer.root?["results"].items.map(Array.init) else {
            return try answer.object { PlaneMapping.workItem($0, project: project, names) }
        }
        let key = ResourceKey(.planeWorkItem, "\(project)/\(external)")
        let found = results.compactMap { PlaneMapping.workItem($0, project: project, names) }.filter { $0.key == key }
        guard found.count < 2 else {
            throw fault(
                .ambiguous, call, "\(found.count) work items have the external id \(external)",
                hint: "delete all but one of them in Plane", status: 200, .stop)
        }
        return found.first
    }
}

extension PlaneWorkItem {
    var path: String { "\(source)/\(externalID)" }
}

/// What is wanted of a work item, with the provider's ids in the place of names.
private struct Wish: Sendable {
    let names: ProjectNames
    let item: PlaneWorkItem
    private var state: String?
    private var labels: [String: String] = [:]

    init(
        _ item: PlaneWorkItem, project id: String, _ driver: PlaneDriver, _ place: ProviderCall,
        _ context: DriverContext
    ) async throws(ProviderFault) {
        self.item = item
        var names = ProjectNames()
        func read(_ kind: ResourceKind) async throws(ProviderFault) -> [(id: String, name: String)] {
            let list = await driver.list(kind, of: item.project, id: id, context)
            if let reason = list.completeness.gap {
                throw PlaneDriver.names.fault(
                    .brokenAnswer, place, "its states and labels can't be read: \(reason)", .retry(after: nil))
            }
            return list.items.map { ($0.providerID, $0.attributes["name"]?.stringValue ?? "") }
        }
        func missing(_ what: String) -> ProviderFault {
            PlaneDriver.names.fault(
                .impossible, place, "the project \(item.project) has no \(what)",
                hint: "add it to the taxonomy, or name another one", .waitForNewCommit)
        }
        if let wanted = item.state {
            for pair in try await read(.planeState) { names.states[pair.id] = pair.name }
            state = names.states.first { $0.value == wanted }?.key
            guard state != nil else { throw missing("state \(wanted)") }
        }
        if let wanted = item.labels {
            for pair in try await read(.planeLabel) { names.labels[pair.id] = pair.name }
            for name in wanted {
                guard let id = names.labels.first(where: { $0.value == name })?.key else {
                    throw missing("label \(name)")
                }
                labels[name] = id
            }
        }
        self.names = names
    }

    func creation(of item: PlaneWorkItem) -> Value.Object {
        var body: Value.Object = [
            "name": .string(item.name ?? item.externalID), "external_source": .string(item.source),
            "external_id": .string(item.externalID),
        ]
        if let text = item.descriptionHTML { body["description_html"] = .string(text) }
        if let priority = item.priority { body["priority"] = .string(priority.lowercased()) }
        if let state { body["state"] = .string(state) }
        if item.labels != nil { body["labels"] = .strings(labels.values.sorted { $0.precedesByBytes($1) }) }
        return body
    }

    /// Only what differs.
    func difference(from found: ObservedResource) -> Value.Object {
        var wanted: [Attributes.Item] = []
        if let name = item.name { wanted.append(Attributes.Item("name", .string(name))) }
        if let text = item.descriptionHTML { wanted.append(Attributes.Item("description_html", .string(text))) }
        if let priority = item.priority { wanted.append(Attributes.Item("priority", .string(priority))) }
        if let state = item.state { wanted.append(Attributes.Item("state", .string(state))) }
        if let labels = item.labels { wanted.append(Attributes.Item("labels", .strings(labels))) }
        let all = creation(of: item)
        var body = Value.Object()
        for name in PlaneKinds.workItem.differences(wanted: Attributes(wanted), observed: found.attributes) {
            body[name] = all[name]
        }
        if body["labels"] != nil {
            // The list is replaced as a whole: those that others gave it stay.
            let ids = Dictionary(names.labels.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
            let kept = (found.attributes["labels"]?.listValue ?? []).compactMap(\.stringValue).map { ids[$0] ?? $0 }
            body["labels"] = .strings(Set(kept + labels.values).sorted { $0.precedesByBytes($1) })
        }
        return body
    }
}
