import Basics
import Formats

extension Provider {
    static let recordTypes = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"]

    /// What stands under `/v2/domains/NAME/records`.
    mutating func records(_ call: Call, _ domain: Int) throws(Refusal) -> Answer {
        let name = world.domains[domain].name
        if call.path.count == 3 {
            switch call.method {
            case "GET": return listRecords(call, world.domains[domain])
            case "POST":
                // Nothing stops a second record that says the same.
                let record = try checkedRecord(call, domain: domain, old: nil)
                world.domains[domain].records.append(record)
                created.append("/v2/domains/\(name)/records/\(record["id"]?.intValue ?? 0)")
                return .made(201, "domain_record", record)
            default: throw .notFound
            }
        }
        guard let id = Int64(call.path[3]),
            let index = world.domains[domain].records.firstIndex(where: { $0["id"]?.intValue == id })
        else { throw .notFound }
        let old = world.domains[domain].records[index]
        switch call.method {
        case "GET": return .one("domain_record", old)
        case "PUT", "PATCH":
            let record = try checkedRecord(call, domain: domain, old: old)
            world.domains[domain].records[index] = record
            return .one("domain_record", record)
        case "DELETE":
            guard old["type"] != "SOA" else { throw .unprocessable("SOA records cannot be deleted") }
            world.domains[domain].records.remove(at: index)
            return .noContent
        default: throw .notFound
        }
    }

    private func listRecords(_ call: Call, _ domain: World.Domain) -> Answer {
        var found = domain.records
        if let type = call.parameter("type") { found = found.filter { $0["type"]?.stringValue == type } }
        // The filter takes the whole name, not the one relative to the domain.
        if let name = call.parameter("name") {
            found = found.filter { record in
                let relative = record["name"]?.stringValue ?? "@"
                return name == (relative == "@" ? domain.name : "\(relative).\(domain.name)")
            }
        }
        return call.list("domain_records", found)
    }

    /// The record that a request describes: PATCH keeps what it doesn't name, PUT and POST reset it.
    private mutating func checkedRecord(_ call: Call, domain: Int, old: Value.Object?) throws(Refusal) -> Value.Object {
        let keepsRest = call.method == "PATCH"
        func given(_ name: String) -> Value? {
            if let value = call.body[name], !value.isNull { return value }
            return keepsRest ? old?[name].flatMap { $0.isNull ? nil : $0 } : nil
        }
        let zone = world.domains[domain].name
        guard let type = (given("type") ?? old?["type"])?.stringValue else {
            throw .unprocessable("Type can't be blank")
        }
        guard Self.recordTypes.contains(type) else { throw .unprocessable("Type is not included in the list") }
        if type == "SOA" {
            guard var record = old, old?["type"] == "SOA" else {
                throw .unprocessable("SOA records cannot be created")
            }
            if let ttl = call.body["ttl"], !ttl.isNull { record["ttl"] = ttl }
            return record
        }
        // A change by PUT may leave the name out; the data it must repeat.
        var name = (given("name") ?? old?["name"])?.stringValue ?? (type == "MX" ? "@" : "")
        guard !name.isEmpty else { throw .unprocessable("Name can't be blank") }
        name = name.lowercased()
        if name == zone || name == zone + "." { name = "@" }
        if name.hasSuffix(".\(zone).") { name = String(name.dropLast(zone.utf8.count + 2)) }
        let data = try checkedData(type, given("data")?.stringValue, zone: zone)
        let ttl = given("ttl")?.intValue ?? 1800
        guard ttl >= 30 else { throw .unprocessable("TTL must be greater than or equal to 30") }
        for needed in Self.needs(type) where given(needed) == nil {
            throw .unprocessable("\(needed.prefix(1).uppercased())\(needed.dropFirst()) can't be blank")
        }
        let others = world.domains[domain].records.filter { $0["name"]?.stringValue == name && $0["id"] != old?["id"] }
        guard type != "CNAME" || others.isEmpty, !others.contains(where: { $0["type"] == "CNAME" }) else {
            throw .unprocessable("CNAME records cannot share a name with other records")
        }
        var record = old ?? self.record(type, name, data)
        record["type"] = .string(type)
        record["name"] = .string(name)
        record["data"] = .string(data)
        record["ttl"] = .int(ttl)
        for field in ["priority", "port", "weight", "flags", "tag"] { record[field] = given(field) ?? .null }
        return record
    }

    private static func needs(_ type: String) -> [String] {
        switch type {
        case "MX": ["priority"]
        case "SRV": ["priority", "port", "weight"]
        case "CAA": ["flags", "tag"]
        default: []
        }
    }

    /// Names lose their last dot on the way in, and the domain itself becomes `@`.
    private func checkedData(_ type: String, _ data: String?, zone: String) throws(Refusal) -> String {
        let pointsToName = ["CNAME", "MX", "NS", "SRV"].contains(type)
        guard let data, !data.isEmpty else {
            throw .unprocessable(pointsToName ? "Data needs to end with a dot (.)" : "Data can't be blank")
        }
        switch type {
        case "A":
            guard Self.isAddress4(data) else { throw .unprocessable("Data needs to be a valid IPv4 address") }
        case "AAAA":
            guard Self.isAddress6(data) else { throw .unprocessable("Data needs to be a valid IPv6 address") }
        case "CNAME", "MX", "NS", "SRV":
            guard data != "@" else { return data }
            guard data.hasSuffix(".") else { throw .unprocessable("Data needs to end with a dot (.)") }
            let name = String(data.dropLast()).lowercased()
            return name == zone ? "@" : name
        default: break
        }
        return data
    }
}
