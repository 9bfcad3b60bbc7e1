internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension MailgunDriver {
    public func steps(for change: PlannedChange) -> [Step] {
        var operations: [Step.Operation] = []
        let isWebhook = change.key.kind == .mailgunWebhook
        switch change.action {
        case .noop, .forget, .read, .adopt, .update: break
        case .create: operations = [("create", isWebhook ? "add the URL to the event" : "create", true)]
        case .delete:
            operations = [
                isWebhook ? ("delete", "take the URL from the event", false) : ("leave", "leave the domain", false)
            ]
        case .replace where isWebhook:
            operations = [("delete", "take the URL from the event", false), ("create", "add it again", true)]
        case .replace: operations = [("replace", "replace", false)]
        }
        return Step.list(operations, of: change.key)
    }

    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        let site = ProviderCall(step)
        guard step.key.kind == .mailgunWebhook else {
            // Mail depends on a domain, and its DNS is somebody's work: what isn't wanted any more is left alone.
            if step.operation == "leave" { return .done(nil) }
            return fault(
                .impossible, site, "domains are only looked at",
                hint: "add and verify \(step.key.name) at Mailgun; the next pass sees it", .waitForNewCommit
            ).stepOutcome
        }
        guard let name = WebhookName(step.key.name) else {
            return fault(
                .impossible, site, "\(step.key.name) is no name of a webhook",
                hint:
                    "name it DOMAIN/EVENT/URL, with an event of \(MailgunKinds.events.sorted().joined(separator: ", "))",
                .waitForNewCommit
            ).stepOutcome
        }
        let isDeletion = step.operation == "delete"
        return await lists.withLock("\(MailgunNormal.domain(name.domain))/\(name.event)") { () async -> StepOutcome in
            do throws(ProviderFault) {
                return isDeletion
                    ? try await self.remove(name, context) : try await self.add(name, step.key, site, context)
            } catch {
                return error.stepOutcome
            }
        }
    }

    /// Puts a URL beside those that are there.
    private func add(
        _ name: WebhookName, _ key: ResourceKey, _ site: ProviderCall, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let list = try await webhooks(of: name.domain, context) else { throw missing(name.domain) }
        let there = list[name.event] ?? []
        if let found = Self.resources([name.event: there], name.domain, [key.name]).first(where: { $0.key == key }) {
            return .done(found)
        }
        guard there.count < MailgunKinds.urlLimit else {
            throw fault(
                .conflict, site, "the event \(name.event) has \(there.count) URLs already, and Mailgun takes no more",
                hint: "take one of them away at Mailgun: \(there.joined(separator: ", "))", status: 400, .stop)
        }
        let answer = try await write(there + [name.url], of: name, isNew: there.isEmpty, context)
        let now = answer.root.map { Self.urls($0["webhook"]) } ?? []
        let found = Self.resources([name.event: now], name.domain, [key.name])
        guard let mine = found.first(where: { $0.key == key }), Set(there).isSubset(of: now) else {
            throw answer.broken("it doesn't list the URLs that were sent")
        }
        return .done(mine)
    }

    /// Takes one URL away; those of others stay.
    private func remove(_ name: WebhookName, _ context: DriverContext) async throws(ProviderFault) -> StepOutcome {
        guard let there = try await webhooks(of: name.domain, context)?[name.event] else { return .done(nil) }
        let rest = there.filter { WebAddress.normal($0) != WebAddress.normal(name.url) }
        if rest.count == there.count { return .done(nil) }
        if rest.isEmpty {
            let path = path(name)
            let call = ProviderCall("webhooks.delete", "DELETE", path, permission: Self.role)
            _ = try await api.send(call, accepting: [404], context)
        } else {
            _ = try await write(rest, of: name, isNew: false, context)
        }
        return .done(nil)
    }

    /// Replaces the URLs of an event, or gives it its first ones.
    private func write(
        _ urls: [String], of name: WebhookName, isNew: Bool, _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderAnswer {
        var fields = urls.map { RequestBody.Field("url", $0) }
        let list = "/v3/domains/\(name.domain.percentEncoded)/webhooks"
        guard !isNew else {
            fields.insert(RequestBody.Field("id", name.event), at: 0)
            let call = ProviderCall("webhooks.create", "POST", list, permission: Self.role)
            return try await api.send(call, APIRequest("POST", list, body: .multipart(fields)), context)
        }
        let path = path(name)
        let call = ProviderCall("webhooks.update", "PUT", path, permission: Self.role)
        return try await api.send(call, APIRequest("PUT", path, body: .multipart(fields)), context)
    }

    private func path(_ name: WebhookName) -> String {
        "/v3/domains/\(name.domain.percentEncoded)/webhooks/\(name.event.percentEncoded)"
    }

    public func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        guard key.kind == .mailgunWebhook else {
            return try await domain(MailgunNormal.domain(key.name), as: key.name, context).map { [$0] } ?? []
        }
        guard let name = WebhookName(key.name), let list = try await webhooks(of: name.domain, context) else {
            return []
        }
        return Self.resources(list, name.domain, [key.name]).filter { $0.key == key }
    }
}
