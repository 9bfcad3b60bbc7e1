import Basics
import Formats

/// A droplet with its ready answer: lists of thousands are put together from these bytes.
final class Droplet: Sendable {
    struct Fields: Sendable {
        var id: Int
        var name: String
        var region: String
        var size: String
        var image: Int
        /// In GiB; a resize without the disk keeps it.
        var disk: Int
        /// new, active, off or archive.
        var status: String
        var createdAt: Timestamp
        var tags: [String]
        var vpc: String
        var hasBackups = false
        var hasIPv6 = false
        var hasMonitoring = false
        /// Accepted for deletion, still listed.
        var isLeaving = false
        /// Something is being done to it; nothing else can be begun.
        var isLocked = false
        /// The ids of what is attached.
        var volumes: [String] = []
        /// What an observation said of it, where it was loaded from one; gone with a change of its size or image.
        var seen: Value.Object?
    }

    let fields: Fields
    let json: [UInt8]

    var id: Int { fields.id }

    init(_ fields: Fields) {
        self.fields = fields
        json = Self.render(fields)
    }

    func with(_ change: (inout Fields) -> Void) -> Droplet {
        var fields = fields
        change(&fields)
        return Droplet(fields)
    }

    /// From the range that is reserved for benchmarks (RFC 2544), so that nobody is ever reached by mistake.
    static func publicAddress(_ id: Int) -> String { "198.\(18 + id >> 16 & 1).\(id >> 8 & 255).\(id & 255)" }

    static func privateAddress(_ id: Int) -> String { "10.104.\(id >> 8 & 15).\(id & 255)" }

    static func address6(_ id: Int) -> String { "2001:db8:400:d0::\(String(id & 0xFFFF, radix: 16)):1001" }

    private static func render(_ fields: Fields) -> [UInt8] {
        let memory = fields.memory
        let vcpus = fields.processors
        var json: [UInt8] = []
        json.reserveCapacity(3_072)
        json.append(text: "{\"id\":\(fields.id),\"name\":")
        json.append(json: fields.name)
        json.append(text: ",\"memory\":\(memory),\"vcpus\":\(vcpus),\"disk\":\(fields.disk)")
        json.append(text: ",\"disk_info\":[{\"type\":\"local\",\"size\":{\"amount\":\(fields.disk),\"unit\":\"gib\"}}]")
        json.append(text: ",\"locked\":\(fields.isLocked),\"status\":\"\(fields.status)\",\"kernel\":null")
        json.append(text: ",\"created_at\":\"\(Timestamp(seconds: fields.createdAt.seconds))\",\"features\":[")
        var features = fields.hasBackups ? ["\"backups\""] : []
        if fields.hasIPv6 { features.append("\"ipv6\"") }
        if fields.hasMonitoring { features.append("\"monitoring\"") }
        features += ["\"droplet_agent\"", "\"private_networking\""]
        json.append(text: features.joined(separator: ","))
        json.append(text: "],\"backup_ids\":[],\"next_backup_window\":")
        if fields.hasBackups {
            let start = Timestamp(seconds: (fields.createdAt.seconds / 86_400 + 1) * 86_400)
            json.append(text: "{\"start\":\"\(start)\",\"end\":\"\(start + .hours(23))\"}")
        } else {
            json.append(text: "null")
        }
        json.append(text: ",\"snapshot_ids\":[],\"image\":")
        json.append(contentsOf: fields.imageJSON)
        json.append(text: ",\"volume_ids\":")
        json.append(json: Value.strings(fields.volumes))
        json.append(text: ",\"size\":")
        json.append(contentsOf: fields.sizeJSON)
        json.append(text: ",\"size_slug\":\"\(fields.size)\",\"networks\":")
        json.append(text: networks(fields))
        json.append(text: ",\"region\":")
        json.append(contentsOf: fields.regionJSON)
        json.append(text: ",\"tags\":")
        json.append(json: Value.strings(fields.tags))
        json.append(text: ",\"vpc_uuid\":\"\(fields.vpc)\"}")
        return json
    }

    /// A new droplet has no addresses yet.
    private static func networks(_ fields: Fields) -> String {
        guard fields.status != "new" else { return "{\"v4\":[],\"v6\":[]}" }
        let id = fields.id
        let gateway = "198.\(18 + id >> 16 & 1).\(id >> 8 & 240).1"
        var text = "{\"v4\":[{\"ip_address\":\"\(fields.publicAddress)\",\"netmask\":\"255.255.240.0\","
        text += "\"gateway\":\"\(gateway)\",\"type\":\"public\"},{\"ip_address\":\"\(fields.privateAddress)\","
        text += "\"netmask\":\"255.255.240.0\",\"gateway\":\"10.104.0.1\",\"type\":\"private\"}],\"v6\":["
        if fields.hasIPv6 {
            text += "{\"ip_address\":\"\(address6(id))\",\"netmask\":64,\"gateway\":\"2001:db8:400:d0::1\","
            text += "\"type\":\"public\"}"
        }
        return text + "]}"
    }
}
