import Basics
import Formats

extension Provider {
    mutating func firewalls(_ call: Call) throws(Refusal) -> Answer {
        switch (call.method, call.path.count) {
        case ("GET", 1):
            if (call.parameter("page") ?? "1") == "1" { world.look(.firewalls, at: now) }
            return call.list("firewalls", world.firewalls)
        case ("POST", 1):
            let id = world.uuid()
            var firewall: Value.Object = [
                "id": .string(id), "name": .null, "status": "waiting", "inbound_rules": [], "outbound_rules": [],
                "created_at": nowText, "droplet_ids": [], "tags": [], "pending_changes": [],
            ]
            try replace(&firewall, by: call)
            world.firewalls.append(firewall)
            created.append("/v2/firewalls/\(id)")
            applyLater(id, removed: [], fails: call.actionFails)
            return .made(202, "firewall", world.firewalls.last ?? firewall)
        default: break
        }
        guard call.path.count > 1 else { throw .notFound }
        if call.method == "GET" { world.look(.firewall(call.path[1]), at: now) }
        guard let index = world.firewallIndex(call.path[1]) else { throw .notFound }
        switch (call.method, call.path.dropFirst(2).first, call.path.count) {
        case ("GET", nil, _): return .one("firewall", world.firewalls[index])
        case ("PUT", nil, _):
            let before = world.firewalls[index]["droplet_ids"]?.integers ?? []
            var firewall = world.firewalls[index]
            try replace(&firewall, by: call)
            world.firewalls[index] = firewall
            let after = world.firewalls[index]["droplet_ids"]?.integers ?? []
            applyLater(call.path[1], removed: before.filter { !after.contains($0) }, fails: call.actionFails)
            return .one("firewall", world.firewalls[index])
        case ("DELETE", nil, _):
            world.firewalls.remove(at: index)
            world.pending.removeAll { $0.work == .firewall(call.path[1]) }
            return .noContent
        case ("POST", "droplets"?, 3), ("DELETE", "droplets"?, 3): try changeDroplets(call, index)
        case ("POST", "tags"?, 3), ("DELETE", "tags"?, 3): try changeTags(call, index)
        case ("POST", "rules"?, 3), ("DELETE", "rules"?, 3): try changeRules(call, index)
        default: throw .notFound
        }
        return .noContent
    }

    /// A full representation: what isn't given is reset to its default.
    private mutating func replace(_ firewall: inout Value.Object, by call: Call) throws(Refusal) {
        guard let name = call.text("name"), Self.isFirewallName(name) else {
            throw .unprocessable("name must start with a letter or digit and contain only a-z, A-Z, 0-9, . and -")
        }
        let id = firewall["id"]
        if firewallNamesAreUnique, world.firewalls.contains(where: { $0["name"] == .string(name) && $0["id"] != id }) {
            throw .conflict("duplicate name")
        }
        let inbound = try checkedRules(call.body["inbound_rules"], peers: "sources")
        let outbound = try checkedRules(call.body["outbound_rules"], peers: "destinations")
        guard !inbound.isEmpty || !outbound.isEmpty else {
            throw .unprocessable("must have at least one inbound or outbound rule")
        }
        let droplets = try checkedDroplets(call.body["droplet_ids"])
        let tags = try checkedTagNames(call.body["tags"])
        firewall["name"] = .string(name)
        firewall["inbound_rules"] = .list(inbound)
        firewall["outbound_rules"] = .list(outbound)
        firewall["droplet_ids"] = .list(droplets.map { .int(Int64($0)) })
        firewall["tags"] = .strings(tags)
    }

    /// Done at once where there is nothing to apply to; otherwise waiting, with a pending change for each droplet.
    private mutating func applyLater(_ id: String, removed: [Int], fails: Bool) {
        guard let index = world.firewallIndex(id) else { return }
        let tags = Set(world.firewalls[index]["tags"]?.strings ?? [])
        let byNumber = Set(world.firewalls[index]["droplet_ids"]?.integers ?? [])
        let current = world.droplets.filter { byNumber.contains($0.id) || !tags.isDisjoint(with: $0.fields.tags) }
        world.pending.removeAll { $0.work == .firewall(id) }
        guard !current.isEmpty || !removed.isEmpty || fails else {
            world.firewalls[index]["status"] = "succeeded"
            world.firewalls[index]["pending_changes"] = []
            return
        }
        func change(_ droplet: Int, _ removing: Bool) -> Value {
            .members(["droplet_id": .int(Int64(droplet)), "removing": .bool(removing), "status": "waiting"])
        }
        world.firewalls[index]["status"] = "waiting"
        world.firewalls[index]["pending_changes"] = .list(
            current.map { change($0.id, false) } + removed.map { change($0, true) })
        world.begin(.firewall(id), at: now, lifecycle: lifecycle, fails: fails)
    }

    private mutating func changeDroplets(_ call: Call, _ index: Int) throws(Refusal) {
        guard call.has("droplet_ids") else { throw .unprocessable("droplet_ids can't be blank") }
        let named = try checkedDroplets(call.body["droplet_ids"])
        let old = world.firewalls[index]["droplet_ids"]?.integers ?? []
        let removes = call.method == "DELETE"
        let new = removes ? old.filter { !named.contains($0) } : old + named.filter { !old.contains($0) }
        world.firewalls[index]["droplet_ids"] = .list(new.map { .int(Int64($0)) })
        applyLater(call.path[1], removed: removes ? named : [], fails: call.actionFails)
    }

    private mutating func changeTags(_ call: Call, _ index: Int) throws(Refusal) {
        guard call.has("tags") else { throw .unprocessable("tags can't be blank") }
        let named = try checkedTagNames(call.body["tags"])
        let old = world.firewalls[index]["tags"]?.strings ?? []
        let new =
            call.method == "DELETE"
            ? old.filter { !named.contains($0) } : old + named.filter { !old.contains($0) }
        world.firewalls[index]["tags"] = .strings(new)
        applyLater(call.path[1], removed: [], fails: call.actionFails)
    }

    private mutating func changeRules(_ call: Call, _ index: Int) throws(Refusal) {
        for (field, peers) in [("inbound_rules", "sources"), ("outbound_rules", "destinations")] {
            let named = try checkedRules(call.body[field], peers: peers)
            let old = world.firewalls[index][field]?.listValue ?? []
            world.firewalls[index][field] = .list(
                call.method == "DELETE"
                    ? old.filter { !named.contains($0) } : old + named.filter { !old.contains($0) })
        }
        applyLater(call.path[1], removed: [], fails: call.actionFails)
    }

    // MARK: Checking

    private func checkedDroplets(_ value: Value?) throws(Refusal) -> [Int] {
        guard let value, !value.isNull else { return [] }
        guard let ids = value.integers, ids.count == value.listValue?.count else {
            throw .unprocessable("droplet_ids must be a list of numbers")
        }
        for id in ids where world.dropletIndex(id) == nil { throw .unprocessable("droplet \(id) not found") }
        var unique: [Int] = []
        for id in ids where !unique.contains(id) { unique.append(id) }
        return unique
    }

    private mutating func checkedTagNames(_ value: Value?) throws(Refusal) -> [String] {
        guard let value, !value.isNull else { return [] }
        guard let names = value.strings, names.count == value.listValue?.count, names.allSatisfy(Self.isTagName) else {
            throw .unprocessable("invalid tag")
        }
        return world.adopt(tags: names)
    }

    /// Rules as they are stored: `all` ports and those of icmp become `0`.
    private func checkedRules(_ value: Value?, peers: String) throws(Refusal) -> [Value] {
        var rules: [Value] = []
        for rule in value?.listValue ?? [] {
            guard let name = rule["protocol"]?.stringValue, ["tcp", "udp", "icmp"].contains(name) else {
                throw .unprocessable("invalid protocol")
            }
            var ports = rule["ports"]?.stringValue ?? rule["ports"]?.intValue.map { "\($0)" } ?? ""
            if name == "icmp" || ports == "all" { ports = "0" }
            guard Self.isPortRange(ports) else { throw .unprocessable("invalid port range") }
            guard let side = rule[peers]?.objectValue, !side.isEmpty else {
                throw .unprocessable("\(peers) can't be blank")
            }
            for address in side["addresses"]?.strings ?? [] where !Self.isNetwork(address) {
                throw .unprocessable("invalid address")
            }
            for tag in side["tags"]?.strings ?? [] where !world.tags.contains(tag) {
                throw .unprocessable("tag \(tag) not found")
            }
            for id in side["droplet_ids"]?.integers ?? [] where world.dropletIndex(id) == nil {
                throw .unprocessable("droplet \(id) not found")
            }
            rules.append(.members(["protocol": .string(name), "ports": .string(ports), peers: .object(side)]))
        }
        return rules
    }

    static func isFirewallName(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter || first.isNumber, text.utf8.count >= 2 else {
            return false
        }
        return text.utf8.count <= 255
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "." || $0 == "-")
            }
    }

    private static func isPortRange(_ text: String) -> Bool {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard (1...2).contains(ends.count), ends.allSatisfy({ (0...65_535).contains($0) }) else { return false }
        return ends.count == 1 || ends[0] <= ends[1]
    }

    private static func isNetwork(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first, parts.count <= 2 else { return false }
        let isFour = isAddress4(String(address))
        guard isFour || isAddress6(String(address)) else { return false }
        guard parts.count == 2 else { return true }
        return (0...(isFour ? 32 : 128)).contains(Int(parts[1]) ?? -1)
    }
}
