internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension SupabaseDriver {
    /// A branch as the list shows it, with what decides about its end.
    private struct Branch: Sendable {
        let resource: ObservedResource
        let isLeaving: Bool
        let isDefault: Bool

        var id: String { resource.providerID.percentEncoded }
        var isPersistent: Bool { resource.attributes["persistent"] == .bool(true) }
    }

    /// The branches of a name, those among them that leave soon.
    private func branches(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [Branch] {
        let project = key.parentName
        let answer = try await api.get(projectPath(project) + "/branches", "branches.list", context)
        return try answer.list { view in
            Mapping.branch(view, project: project).map {
                Branch(
                    resource: $0, isLeaving: Mapping.isLeaving(view), isDefault: view["is_default"].bool ?? false)
            }
        }.filter { $0.resource.key == key }
    }

    /// Makes a branch, or takes back the deletion of one that is still in its hour of grace.
    func createBranch(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let leaving = try await branches(step.key, context).first(where: \.isLeaving)
        if let leaving {
            _ = try await api.send(
                ProviderCall("branches.restore", "POST", "/v1/branches/\(leaving.id)/restore"), context)
        } else {
            var body = Value.Object()
            body["branch_name"] = .string(step.key.childName)
            for name in ["git_branch", "persistent", "region", "with_data"] {
                if let value = change.wanted[name], !value.isNull { body[name] = value }
            }
            let project = step.key.parentName
            let call = ProviderCall("branches.create", "POST", projectPath(project) + "/branches")
            _ = try await api.send(call, body: .object(body), context).object { Mapping.branch($0, project: project) }
        }
        return await settle(failing: .branchFailed) { () throws(ProviderFault) in try await wait(step, context) }
    }

    /// Waits until a branch is made and its migrations have run.
    private func wait(_ step: Step, _ context: DriverContext) async throws(ProviderFault) -> ObservedResource {
        let polling = Polling(
            Self.names, time: time, firstPause: limits.firstPause, longestPause: limits.longestPause)
        return try await polling.poll(
            ProviderCall(step), until: limits.branchDeadline,
            late: "the branch is not ready after \(limits.branchDeadline.shortText)",
            hint: "look at it at Supabase; the next pass looks again"
        ) { () throws(ProviderFault) in
            guard let branch = try await branches(step.key, context).first(where: { !$0.isLeaving }) else { return nil }
            let status = branch.resource.attributes["status"]?.stringValue ?? ""
            let project = branch.resource.attributes["project_status"]?.stringValue ?? ""
            let isDown = ["INIT_FAILED", "REMOVED", "GOING_DOWN", "RESTORE_FAILED", "PAUSE_FAILED"].contains(project)
            if status.hasSuffix("_FAILED") || isDown {
                throw fault(
                    .branchFailed, ProviderCall(step),
                    "the branch ended as \(status)\(project.isEmpty ? "" : " (its project: \(project))")",
                    hint: "look at the branch's actions at Supabase", .retry(after: nil))
            }
            let isBusy = ["CREATING_PROJECT", "RUNNING_MIGRATIONS"].contains(status)
            return isBusy || !project.isEmpty && !project.hasPrefix("ACTIVE") ? nil : branch.resource
        }
    }

    func updateBranch(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let branch = try await branches(step.key, context).first(where: { !$0.isLeaving }) else {
            throw gone(step)
        }
        var body = Value.Object()
        for name in ["git_branch", "persistent"] where change.change.attributes.contains(where: { $0.path == name }) {
            body[name] = change.wanted[name].flatMap { $0.isNull ? nil : $0 }
        }
        guard !body.isEmpty else { throw impossible(step, "none of what is to change has a value") }
        let project = step.key.parentName
        let call = ProviderCall("branches.update", "PATCH", "/v1/branches/\(branch.id)")
        return .done(
            try await api.send(call, body: .object(body), context).object { Mapping.branch($0, project: project) })
    }

    /// Deletes with an hour of grace, never at once.
    func deleteBranch(_ step: Step, _ context: DriverContext) async throws(ProviderFault) -> StepOutcome {
        guard let branch = try await branchToDelete(step, context) else { return .done(nil) }
        let call = ProviderCall("branches.delete", "DELETE", "/v1/branches/\(branch.id)")
        _ = try await api.send(call, query: [("force", "false")], accepting: [404, 410], context)
        return .done(nil)
    }

    /// - Throws: `impossible` for the project's own default branch, which is production, and for a persistent one.
    private func branchToDelete(_ step: Step, _ context: DriverContext) async throws(ProviderFault) -> Branch? {
        let found: [Branch]
        do throws(ProviderFault) {
            found = try await branches(step.key, context)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
        guard let branch = found.first(where: { !$0.isLeaving }) else { return nil }
        guard !branch.isDefault else {
            throw impossible(
                step, "\(step.key.childName) is the default branch: the project's own database",
                hint: "it is never deleted by this program")
        }
        guard !branch.isPersistent else {
            throw impossible(
                step, "\(step.key.childName) is persistent, which keeps it from being deleted",
                hint: "make it `persistent: false` first, in a commit of its own")
        }
        return branch
    }
}
