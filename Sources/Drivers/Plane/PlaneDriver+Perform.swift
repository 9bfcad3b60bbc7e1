internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension PlaneDriver {
    // MARK: Steps

    public func steps(for change: PlannedChange) -> [Step] {
        func step(_ operation: String, _ title: String, creates: Bool = false, index: Int = 1) -> Step {
            Step(key: change.key, index: index, operation: operation, title: title, creates: creates)
        }
        let isProject = change.key.kind == .planeProject
        let names = change.attributes.map(\.path).sorted { $0.precedesByBytes($1) }.joined(separator: ", ")
        switch change.action {
        case .noop, .forget, .read: return []
        case .create: return [step("create", "create", creates: true)]
        case .update: return change.attributes.isEmpty ? [] : [step("update", "update \(names)")]
        case .adopt where Self.carriesMark(change.key.kind):
            let mark = "mark as ours by its external id"
            return [step("adopt", names.isEmpty ? mark : "\(mark), update \(names)")]
        case .adopt: return change.attributes.isEmpty ? [] : [step("update", "update \(names)")]
        case .delete where isProject: return [step("leave", "leave the project to those who plan in it")]
        case .delete: return [step("delete", "delete")]
        // A project can't move to another workspace, and nothing else asks for it.
        case .replace: return [step("replace", "replace")]
        }
    }

    static func carriesMark(_ kind: ResourceKind) -> Bool {
        kind == .planeState || kind == .planeLabel || kind == .planeModule
    }

    // MARK: Effects

    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        do throws(ProviderFault) {
            switch (step.key.kind, step.operation) {
            case (.planeProject, "leave"): return .done(nil)
            case (.planeProject, "create"): return try await createProject(step, change, context)
            case (.planeProject, "update"): return try await updateProject(step, change, context)
            case (.planeWorkItem, "create"), (.planeWorkItem, "update"):
                return try await upsert(step, change, context)
            case (_, "delete"): return try await delete(step, change, context)
            case (_, "create") where Self.carriesMark(step.key.kind): return try await create(step, change, context)
            case (_, "update") where Self.carriesMark(step.key.kind),
                (_, "adopt") where Self.carriesMark(step.key.kind):
                return try await update(step, change, context)
            default:
                throw impossible(step, "this version knows no effect named \(step.operation) on a \(step.key.kind)")
            }
        } catch {
            return error.stepOutcome
        }
    }

    private func createProject(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let call = ProviderCall("projects.create", "POST", "\(base(try workspace(step)))/")
        try requireHome(of: step.key.name, wanted: change.wanted["workspace_slug"]?.stringValue, call)
        let body: Value.Object = [
            "name": change.wanted["name"] ?? .string(step.key.name), "identifier": .string(step.key.name),
        ]
        let answer = try await write(call, body, accepting: [409], context)
        // Names and identifiers are unique; Plane doesn't say whose the taken one is.
        if answer.status == 409 { return try await adopt(id: nil, answer, step, change, context) }
        let made = try answer.object { PlaneMapping.project($0, workspace: workspace ?? "") }
        projects.withLock { $0[made.key.name] = made.providerID }
        self.made.withLock { $0[made.key.name] = (made.providerID, context.runID) }
        return .done(made)
    }

    private func updateProject(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let workspace = try workspace(step)
        try requireHome(
            of: step.key.name, wanted: change.wanted["workspace_slug"]?.stringValue, ProviderCall(step))
        let id = try await projectID(step.key.name, step, context)
        let call = ProviderCall("projects.update", "PATCH", "\(base(workspace))/\(id.percentEncoded)/")
        let answer = try await write(call, fields(["name"], change), context)
        return .done(try answer.object { PlaneMapping.project($0, workspace: workspace) })
    }

    private func create(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let (project, child) = PlaneMapping.split(step.key.name) else {
            throw impossible(step, "\(step.key.name) is no name of a \(step.key.kind)")
        }
        let list = try await path(of: project, step, context)
        var body: Value.Object = ["name": change.wanted["name"] ?? .string(child)]
        for name in ["group", "color"] { body[name] = change.wanted[name] }
        // States have to have a colour; any but the label's own default would be a wish that nobody wrote.
        if step.key.kind == .planeState, body["color"] == nil { body["color"] = "#60646c" }
        if step.key.kind == .planeState, let group = body["group"] { body["group"] = PlaneNormal.lowercase(group) }
        if let mark = PlaneMapping.mark(step.key) {
            body["external_source"] = .string(PlaneKinds.ownershipSource)
            body["external_id"] = .string(mark)
        }
        let call = ProviderCall("\(Self.member(step.key.kind)).create", "POST", list)
        let sent = body
        let result = await creation.withLock(project) { () async -> Result<ProviderAnswer, ProviderFault> in
            do throws(ProviderFault) {
                return .success(try await self.write(call, sent, accepting: [409], context))
            } catch {
                return .failure(error)
            }
        }
        let answer = try result.get()
        if answer.status == 409 {
            return try await adopt(id: answer.root?["id"].string, answer, step, change, context)
        }
        return .done(try answer.object { PlaneMapping.child($0, step.key.kind, project: project) })
    }

    /// Takes what stands under a unique name or external id already for what was to be made, when it is as wanted.
    private func adopt(
        id: String?, _ refusal: ProviderAnswer, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let said = Self.readError(refusal.response).message.map { ": \($0)" } ?? ""
        let fault = Self.names.fault(
            .conflict, refusal.call, "something stands under this name or external id already\(said)",
            hint: "run `reconcile --dry-run`: the next plan shows it as an adoption", status: 409,
            requestID: refusal.response.requestID, .retry(after: nil))
        // A look that fails says nothing against the refusal.
        let there = (try? await find(step.key, context)) ?? []
        let found = id.map { id in there.filter { $0.providerID == id } } ?? there
        guard found.count == 1, let schema = schemas.first(where: { $0.kind == step.key.kind }),
            schema.differences(wanted: change.wanted, observed: found[0].attributes).isEmpty
        else { return .failed(fault) }
        return .done(found[0])
    }

    /// Changes what the plan names and nothing else; an adoption puts our mark on it where no other system's is.
    private func update(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let (project, _) = PlaneMapping.split(step.key.name) else {
            throw impossible(step, "\(step.key.name) is no name of a \(step.key.kind)")
        }
        var current = change.current
        if current == nil { current = try await find(step.key, context).first }
        guard let current else { throw gone(step) }
        var body = fields(["name", "group", "color"], change)
        if step.operation == "adopt", isUnmarked(current), let mark = PlaneMapping.mark(step.key) {
            body["external_source"] = .string(PlaneKinds.ownershipSource)
            body["external_id"] = .string(mark)
        }
        if body.isEmpty { return .done(current) }
        let path = "\(try await path(of: project, step, context))\(current.providerID.percentEncoded)/"
        let call = ProviderCall("\(Self.member(step.key.kind)).update", "PATCH", path)
        let answer = try await write(call, body, context)
        return .done(try answer.object { PlaneMapping.child($0, step.key.kind, project: project) })
    }

    /// What is wanted of the attributes that differ.
    private func fields(_ names: [String], _ change: ResolvedChange) -> Value.Object {
        var body = Value.Object()
        for name in names where change.change.attributes.contains(where: { $0.path == name }) {
            body[name] = change.wanted[name].map { name == "group" ? PlaneNormal.lowercase($0) : $0 }
        }
        return body
    }

    private func delete(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let (project, _) = PlaneMapping.split(step.key.name) else { return .done(nil) }
        var id = change.current?.providerID ?? change.change.providerID
        if id == nil {
            let found = try await find(step.key, context)
            guard found.count < 2 else { throw ambiguous(step, found.count) }
            id = found.first?.providerID
        }
        guard let id else { return .done(nil) }
        let path = "\(try await path(of: project, step, context))\(id.percentEncoded)/"
        let call = ProviderCall("\(Self.member(step.key.kind)).delete", "DELETE", path)
        _ = try await api.send(call, accepting: [404], context)
        return .done(nil)
    }

    // MARK: What they share

    func write(
        _ call: ProviderCall, _ body: Value.Object, accepting: Set<Int> = [], _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderAnswer {
        try await api.send(call, body: .object(body), accepting: accepting, context)
    }

    /// The path of what a project holds of the step's kind, with its final slash.
    func path(of project: String, _ step: Step, _ context: DriverContext) async throws(ProviderFault) -> String {
        let id = try await projectID(project, step, context)
        return "\(base(try workspace(step)))/\(id.percentEncoded)/\(Self.member(step.key.kind))/"
    }

    func projectID(_ project: String, _ step: Step, _ context: DriverContext) async throws(ProviderFault) -> String {
        guard let id = try await projectID(project, context) else { throw gone(step, "the project \(project)") }
        return id
    }

    /// The id of a project, remembered or looked up; nil when there is no such project.
    ///
    /// All that is written to a project goes by its id: here it is held against the workspace that is wanted.
    func projectID(_ project: String, _ context: DriverContext) async throws(ProviderFault) -> String? {
        let call = ProviderCall("projects.list", "GET", base(workspace ?? "") + "/")
        try requireHome(of: project, call)
        if let id = projects.withLock({ $0[project] }) { return id }
        let list = await listProjects(context)
        if let reason = list.completeness.gap {
            throw fault(.brokenAnswer, call, "the projects can't be read: \(reason)", .retry(after: nil))
        }
        return list.items.first { $0.key.name == project }?.providerID
    }

    private func workspace(_ step: Step) throws(ProviderFault) -> String {
        guard let workspace else { throw unconfigured(ProviderCall(step)) }
        return workspace
    }

    func ambiguous(_ step: Step, _ count: Int) -> ProviderFault {
        fault(
            .ambiguous, ProviderCall(step), "\(count) objects answer to \(step.key.name)",
            hint: "rename all but one of them in Plane", .stop)
    }

    func impossible(_ step: Step, _ message: String) -> ProviderFault {
        impossible(step, message, hint: "correct it in the repository, or do it by hand in Plane")
    }
}

// MARK: What comes along

extension PlaneDriver {
    /// Plane gives a new project five states.
    public func maker(of key: ResourceKey, _ context: DriverContext) -> ResourceKey? {
        guard key.kind == .planeState, let project = PlaneMapping.split(key.name)?.project,
            let made = made.withLock({ $0[project] }), made.runID == context.runID,
            projects.withLock({ $0[project] }) == made.id
        else { return nil }
        return ResourceKey(.planeProject, project)
    }

    public func isUnmarked(_ object: ObservedResource) -> Bool {
        !object.isOwned && (object.attributes["external_source"]?.stringValue ?? "").isEmpty
    }
}

// MARK: Looking

extension PlaneDriver {
    public func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let call = ProviderCall("\(key.kind).look", "look", "\(key)")
        let list: PagedList
        if key.kind == .planeProject {
            try requireHome(of: key.name, call)
            list = await listProjects(context)
        } else {
            guard let (project, child) = PlaneMapping.split(key.name),
                let id = try await projectID(project, context)
            else { return [] }
            if key.kind == .planeWorkItem {
                return try await findWorkItem(project: project, id: id, child, ProjectNames(), context).map { [$0] }
                    ?? []
            }
            list = await self.list(key.kind, of: project, id: id, context)
        }
        if let reason = list.completeness.gap {
            throw fault(.brokenAnswer, call, "it can't be looked for: \(reason)", .retry(after: nil))
        }
        return list.items.filter { $0.key == key }
    }
}
