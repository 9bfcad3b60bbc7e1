import Basics
import Formats

extension Provider {
    mutating func domains(_ call: Call) throws(Refusal) -> Answer {
        switch (call.method, call.path.count) {
        case ("GET", 1): return call.list("domains", world.domains.map(domainObject))
        case ("POST", 1): return try createDomain(call)
        default: break
        }
        guard call.path.count > 1, let index = world.domainIndex(call.path[1]) else { throw .notFound }
        switch (call.method, call.path.dropFirst(2).first, call.path.count) {
        case ("GET", nil, _): return .one("domain", domainObject(world.domains[index]))
        case ("DELETE", nil, _):
            world.domains.remove(at: index)
            return .noContent
        case (_, "records", 3...4): return try records(call, index)
        default: throw .notFound
        }
    }

    private mutating func createDomain(_ call: Call) throws(Refusal) -> Answer {
        guard let given = call.text("name"), !given.isEmpty else { throw .unprocessable("Name can't be blank") }
        let name = given.lowercased()
        guard name.contains("."), !name.hasPrefix("."), !name.hasSuffix("."), Self.isHostname(name) else {
            throw .unprocessable("Name is invalid")
        }
        guard world.domainIndex(name) == nil else { throw .unprocessable("Name already exists") }
        var domain = World.Domain(name: name, records: [])
        domain.records.append(record("SOA", "@", "1800"))
        for server in 1...3 { domain.records.append(record("NS", "@", "ns\(server).digitalocean.com")) }
        if let address = call.text("ip_address") {
            guard Self.isAddress4(address) else { throw .unprocessable("Data needs to be a valid IPv4 address") }
            domain.records.append(record("A", "@", address))
        }
        world.domains.append(domain)
        created.append("/v2/domains/\(name)")
        // The answer to a creation has neither a TTL nor a zone file yet.
        return .made(201, "domain", .members(["name": .string(name), "ttl": .null, "zone_file": .null]))
    }

    private func domainObject(_ domain: World.Domain) -> Value.Object {
        var zone = "$ORIGIN \(domain.name).\n$TTL 1800\n"
        for record in domain.records {
            let type = record["type"]?.stringValue ?? ""
            let name = record["name"]?.stringValue ?? "@"
            let owner = name == "@" ? "\(domain.name)." : "\(name).\(domain.name)."
            var data = record["data"]?.stringValue ?? ""
            let ttl = record["ttl"]?.intValue ?? 1800
            switch type {
            case "SOA":
                data = "ns1.digitalocean.com. hostmaster.\(domain.name). 1752000000 10800 3600 604800 1800"
            case "TXT": data = "\"\(data)\""
            case "CNAME", "NS", "MX", "SRV": data = data == "@" ? "\(domain.name)." : data + "."
            default: break
            }
            if type == "MX" { data = "\(record["priority"]?.intValue ?? 0) \(data)" }
            zone += "\(owner) \(ttl) IN \(type) \(data)\n"
        }
        return ["name": .string(domain.name), "ttl": 1800, "zone_file": .string(zone)]
    }

    mutating func record(_ type: String, _ name: String, _ data: String) -> Value.Object {
        let id = world.nextRecordID
        world.nextRecordID += 1
        return [
            "id": .int(Int64(id)), "type": .string(type), "name": .string(name), "data": .string(data),
            "priority": .null, "port": .null, "ttl": 1800, "weight": .null, "flags": .null, "tag": .null,
        ]
    }

    static func isAddress4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { (48...57).contains($0) } && (1...3).contains(part.utf8.count)
                    && (Int(part) ?? 256) < 256
            }
    }

    static func isAddress6(_ text: String) -> Bool {
        let halves = text.split(separator: ":", omittingEmptySubsequences: false)
        return text.contains(":") && halves.count <= 8 && halves.count >= 3
            && halves.allSatisfy { $0.utf8.count <= 4 && $0.allSatisfy(\.isHexDigit) }
            && (text.contains("::") || halves.count == 8)
    }
}
