import Basics
import Formats

extension Provider {
    mutating func networks(_ call: Call) throws(Refusal) -> Answer {
        switch (call.method, call.path.count) {
        case ("GET", 1): return call.list("vpcs", world.networks)
        case ("POST", 1): return try createNetwork(call)
        default: break
        }
        guard call.path.count > 1,
            let index = world.networks.firstIndex(where: { $0["id"]?.stringValue == call.path[1] })
        else { throw .notFound }
        let id = call.path[1]
        switch (call.method, call.path.dropFirst(2).first, call.path.count) {
        case ("GET", nil, _): return .one("vpc", world.networks[index])
        case ("PUT", nil, _), ("PATCH", nil, _):
            let name = call.text("name") ?? (call.method == "PATCH" ? world.networks[index]["name"]?.stringValue : nil)
            guard let name, Self.isHostname(name) else { throw .unprocessable("invalid name") }
            guard !world.networks.contains(where: { $0["name"] == .string(name) && $0["id"]?.stringValue != id }) else {
                throw .conflict("a VPC with this name already exists")
            }
            world.networks[index]["name"] = .string(name)
            if call.method == "PUT" || call.has("description") {
                world.networks[index]["description"] = .string(call.text("description") ?? "")
            }
            if call.body["default"]?.boolValue == true { makeDefault(index) }
            return .one("vpc", world.networks[index])
        case ("DELETE", nil, _):
            guard world.networks[index]["default"] != true else {
                throw Refusal(status: 403, id: "forbidden", message: "Can not delete default VPCs")
            }
            guard members(id).isEmpty else {
                throw Refusal(status: 403, id: "forbidden", message: "Can not delete VPC with members")
            }
            world.networks.remove(at: index)
            return .noContent
        case ("GET", "members"?, 3): return call.list("members", members(id))
        default: throw .notFound
        }
    }

    /// The named network, or the default one of the region, which comes into being with its first use.
    mutating func network(_ id: String?, region: String) throws(Refusal) -> String {
        if let id, !id.isEmpty {
            guard let found = world.networks.first(where: { $0["id"]?.stringValue == id }) else {
                throw .unprocessable("VPC with the uuid \(id) not found")
            }
            guard found["region"]?.stringValue == region else {
                throw .unprocessable("VPC is not in the same region")
            }
            return id
        }
        let found = world.networks.first { $0["region"]?.stringValue == region && $0["default"] == true }
        if let id = found?["id"]?.stringValue { return id }
        let new = world.uuid()
        world.networks.append(networkObject(new, "default-\(region)", region, isDefault: true))
        return new
    }

    private mutating func createNetwork(_ call: Call) throws(Refusal) -> Answer {
        guard let name = call.text("name"), Self.isHostname(name) else { throw .unprocessable("invalid name") }
        guard let region = call.text("region"), Catalogue.shared.region(region)?.isAvailable == true else {
            throw .unprocessable("invalid region")
        }
        guard !world.networks.contains(where: { $0["name"] == .string(name) }) else {
            throw .conflict("a VPC with this name already exists")
        }
        let isFirst = !world.networks.contains { $0["region"]?.stringValue == region }
        let id = world.uuid()
        var object = networkObject(id, name, region, isDefault: isFirst)
        if let range = call.text("ip_range") { object["ip_range"] = .string(range) }
        object["description"] = .string(call.text("description") ?? "")
        world.networks.append(object)
        created.append("/v2/vpcs/\(id)")
        return .made(201, "vpc", object)
    }

    private func networkObject(_ id: String, _ name: String, _ region: String, isDefault: Bool) -> Value.Object {
        [
            "id": .string(id), "urn": .string("do:vpc:\(id)"), "name": .string(name), "description": "",
            "region": .string(region), "ip_range": .string("10.\(104 + world.networks.count % 100).0.0/20"),
            "created_at": nowText, "default": .bool(isDefault),
        ]
    }

    private mutating func makeDefault(_ index: Int) {
        let region = world.networks[index]["region"]
        for other in world.networks.indices where world.networks[other]["region"] == region {
            world.networks[other]["default"] = .bool(other == index)
        }
    }

    private func members(_ id: String) -> [Value.Object] {
        let droplets: [Value.Object] = world.droplets.filter { $0.fields.vpc == id }.map { droplet in
            [
                "urn": .string("do:droplet:\(droplet.id)"), "name": .string(droplet.fields.name),
                "created_at": .string("\(Timestamp(seconds: droplet.fields.createdAt.seconds))"),
            ]
        }
        let clusters = world.clusters.filter { $0.object["private_network_uuid"]?.stringValue == id }
        return droplets
            + clusters.map { cluster in
                [
                    "urn": .string("do:dbaas:\(cluster.id)"), "name": .string(cluster.name),
                    "created_at": cluster.object["created_at"] ?? nowText,
                ]
            }
    }

    // MARK: Alert policies

    mutating func alerts(_ call: Call) throws(Refusal) -> Answer {
        guard call.path.count >= 2, call.path[1] == "alerts", call.path.count <= 3 else { throw .notFound }
        if call.path.count == 2, call.method == "GET" { return call.list("policies", world.alerts) }
        if call.path.count == 2, call.method == "POST" {
            let id = world.uuid()
            let policy = try checkedPolicy(call, id: id)
            world.alerts.append(policy)
            created.append("/v2/monitoring/alerts/\(id)")
            return .one("policy", policy)
        }
        guard call.path.count == 3,
            let index = world.alerts.firstIndex(where: { $0["uuid"]?.stringValue == call.path[2] })
        else { throw .notFound }
        switch call.method {
        case "GET": return .one("policy", world.alerts[index])
        case "PUT":
            world.alerts[index] = try checkedPolicy(call, id: call.path[2])
            return .one("policy", world.alerts[index])
        case "DELETE":
            world.alerts.remove(at: index)
            return .noContent
        default: throw .notFound
        }
    }

    private func checkedPolicy(_ call: Call, id: String) throws(Refusal) -> Value.Object {
        var policy: Value.Object = ["uuid": .string(id)]
        for field in ["alerts", "compare", "description", "enabled", "entities", "tags", "type", "value", "window"] {
            guard let value = call.body[field], !value.isNull else { throw .unprocessable("\(field) is required") }
            policy[field] = value
        }
        guard ["GreaterThan", "LessThan"].contains(call.text("compare") ?? "") else {
            throw .unprocessable("compare is invalid")
        }
        guard ["5m", "10m", "30m", "1h"].contains(call.text("window") ?? "") else {
            throw .unprocessable("window is invalid")
        }
        guard call.text("type")?.hasPrefix("v1/") == true else { throw .unprocessable("type is invalid") }
        guard let told = policy["alerts"], let emails = told["email"]?.listValue, let hooks = told["slack"]?.listValue,
            emails.allSatisfy({ $0.stringValue != nil }),
            hooks.allSatisfy({ $0["url"]?.stringValue != nil && $0["channel"]?.stringValue != nil })
        else { throw .unprocessable("alerts is invalid") }
        return policy
    }
}
