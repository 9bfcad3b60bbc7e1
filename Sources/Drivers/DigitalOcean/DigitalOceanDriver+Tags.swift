internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    /// Puts one tag on a droplet or a cluster; the tag is made where there is none yet.
    func tag(
        _ tag: String, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        if let current = change.current, current.attributes["tags"]?.listValue?.contains(.string(tag)) == true {
            return .done(current)
        }
        let id = try await requireID(step, change, context)
        let call = ProviderCall(
            "tags.assign", "POST", "/v2/tags/\(tag.percentEncoded)/resources",
            permission: "tag:create` and `\(Self.tagging(step.key.kind).scope):update")
        let resource: Value = .object([
            "resource_id": .string(id),
            "resource_type": .string(Self.tagging(step.key.kind).type),
        ])
        let body: Value = .object(["resources": .list([resource])])
        do throws(ProviderFault) {
            _ = try await api.send(call, body: body, context)
        } catch {
            guard error.isNotFound else { throw error }
            // Either the tag or the object is missing. A tag that exists can be made again without harm.
            let making = ProviderCall("tags.create", "POST", "/v2/tags", permission: "tag:create")
            _ = try await api.send(making, body: .object(["name": .string(tag)]), context)
            _ = try await api.send(call, body: body, context)
        }
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            guard let current = change.current else { return try await find(step.key, context).first }
            return current.tagged(tag)
        }
    }

    /// What the API calls a kind that can be tagged, and the scope of its changes.
    private static func tagging(_ kind: ResourceKind) -> (type: String, scope: String) {
        switch kind {
        case .droplet: ("droplet", "droplet")
        case .volume: ("volume", "block_storage")
        default: ("database", "database")
        }
    }

    /// Takes one tag away from a droplet; what doesn't carry it is left as it is.
    func untag(
        _ tag: String, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        if let current = change.current, current.attributes["tags"]?.listValue?.contains(.string(tag)) != true {
            return .done(current)
        }
        let id = try await requireID(step, change, context)
        let call = ProviderCall(
            "tags.unassign", "DELETE", "/v2/tags/\(tag.percentEncoded)/resources",
            permission: "tag:delete` and `droplet:update")
        let resource: Value = .object(["resource_id": .string(id), "resource_type": "droplet"])
        do throws(ProviderFault) {
            _ = try await api.send(call, body: .object(["resources": .list([resource])]), context)
        } catch {
            guard error.isNotFound else { throw error }
        }
        return await settle(failing: .actionFailed) { () throws(ProviderFault) in
            guard let current = change.current else { return try await find(step.key, context).first }
            return current.untagged(tag)
        }
    }

    /// Creates what is nothing but its name, a tag or a domain.
    func createNamed(
        _ path: String, _ member: String, _ scope: String, _ step: Step, _ change: ResolvedChange,
        _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let call = ProviderCall("\(member)s.create", "POST", path, permission: scope)
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await api.send(call, body: .object(["name": .string(step.key.name)]), context)
        } catch {
            return try await adopt(error, step, change, context)
        }
        return .done(
            try answer.object(member) { view in
                member == "tag"
                    ? Mapping.tag(view, as: step.key.name) : Mapping.domain(view, as: step.key.name)
            })
    }

    /// Deletes a tag that nothing carries: deleting one untags everything that does.
    func deleteTag(_ step: Step, _ context: DriverContext) async throws(ProviderFault) -> StepOutcome {
        let path = "/v2/tags/\(step.key.name.percentEncoded)"
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await api.get(path, "tags.get", "tag:read", context)
        } catch {
            guard error.isNotFound else { throw error }
            return .done(nil)
        }
        guard let count = answer.root?["tag"]["resources"]["count"].int else {
            throw answer.broken("it does not say how many objects carry the tag")
        }
        guard count == 0 else {
            throw fault(
                .tagInUse, answer.call,
                "\(count.of("object carries", "objects carry")) the tag \(step.key.name), so it stays",
                hint: "remove the tag from them first", .stop)
        }
        return try await delete(path, "tags", "tag", context)
    }
}

extension ObservedResource {
    /// The same object with one tag more.
    func tagged(_ tag: String) -> ObservedResource {
        let tags = (attributes["tags"]?.listValue ?? []) + [.string(tag)]
        return with(tags, isOwned: isOwned || tag == DigitalOceanKinds.ownershipTag)
    }

    /// The same object with one tag less.
    func untagged(_ tag: String) -> ObservedResource {
        with((attributes["tags"]?.listValue ?? []).filter { $0 != .string(tag) }, isOwned: isOwned)
    }

    private func with(_ tags: [Value], isOwned: Bool) -> ObservedResource {
        let isResizing = tags.contains(.string(DigitalOceanKinds.resizeTag))
        let items = attributes.items.filter { $0.name != "tags" }.map { item in
            item.name == "size" && !isResizing ? Attributes.Item("size", Mapping.realSize(item.value)) : item
        }
        return ObservedResource(
            key: key, providerID: providerID, attributes: Attributes(items + [Attributes.Item("tags", .list(tags))]),
            isOwned: isOwned, createdAt: createdAt)
    }
}
