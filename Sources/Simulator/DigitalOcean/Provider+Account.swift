import Basics
import Formats

extension Provider {
    // MARK: Account and keys

    /// Whose the account is; a copy says what the one says that it is of.
    private var holder: Value.Object {
        let copied = (world.account ?? "").split(separator: " ", maxSplits: 1).map(String.init)
        var holder: Value.Object = [
            "droplet_limit": .int(Int64(dropletLimit)), "floating_ip_limit": 5, "reserved_ip_limit": 5,
            "volume_limit": 100, "email": "simulator@example.com", "name": "Simulated account",
            "uuid": "b6fc48dbf6d9906cace5f3c78dc9851e757381ef", "email_verified": true, "status": "active",
            "status_message": "",
        ]
        var team = "5df3e3004a17e242b7c20ca6c9fc25b701a47ece"
        if copied.count == 2, copied[0] == "account" {
            holder["uuid"] = .string(copied[1])
            return holder
        }
        if copied.count == 2, copied[0] == "team" { team = copied[1] }
        holder["team"] = .members(["uuid": .string(team), "name": "Simulated team"])
        return holder
    }

    mutating func account(_ call: Call) throws(Refusal) -> Answer {
        if call.path.count == 1 {
            guard call.method == "GET" else { throw .notFound }
            return .one("account", .object(holder))
        }
        guard call.path[1] == "keys", call.path.count <= 3 else { throw .notFound }
        if call.path.count == 2, call.method == "GET" { return call.list("ssh_keys", world.keys) }
        if call.path.count == 2, call.method == "POST" { return try createKey(call) }
        guard call.path.count == 3,
            let index = world.keys.firstIndex(where: {
                $0["fingerprint"]?.stringValue == call.path[2] || $0["id"]?.intValue == Int64(call.path[2])
            })
        else { throw .notFound }
        switch call.method {
        case "GET": return .one("ssh_key", world.keys[index])
        case "PUT":
            guard let name = call.text("name"), !name.isEmpty else { throw .unprocessable("Name can't be blank") }
            world.keys[index]["name"] = .string(name)
            return .one("ssh_key", world.keys[index])
        case "DELETE":
            world.keys.remove(at: index)
            return .noContent
        default: throw .notFound
        }
    }

    private mutating func createKey(_ call: Call) throws(Refusal) -> Answer {
        guard let name = call.text("name"), !name.isEmpty else { throw .unprocessable("Name can't be blank") }
        let parts = (call.text("public_key") ?? "").split(separator: " ")
        guard parts.count >= 2, parts[0].hasPrefix("ssh-") || parts[0].hasPrefix("ecdsa-") else {
            throw .unprocessable("Key invalid, key should be of the format `type key [comment]`")
        }
        // The provider's are MD5; what matters here is that equal keys have equal ones.
        let digits = Array(Digest(of: String(parts[1])).hex.prefix(32))
        let fingerprint = stride(from: 0, to: 32, by: 2).map { String(digits[$0...($0 + 1)]) }.joined(separator: ":")
        guard !world.keys.contains(where: { $0["fingerprint"]?.stringValue == fingerprint }) else {
            throw .unprocessable("SSH Key is already in use on your account")
        }
        let key: Value.Object = [
            "id": .int(Int64(world.nextKeyID)), "fingerprint": .string(fingerprint),
            "public_key": call.body["public_key"] ?? .null, "name": .string(name),
        ]
        world.nextKeyID += 1
        world.keys.append(key)
        created.append("/v2/account/keys/\(fingerprint)")
        return .made(201, "ssh_key", key)
    }

    func balance(_ call: Call) -> Answer {
        let balance: Value = .members([
            "month_to_date_balance": "23.44", "account_balance": "12.23", "month_to_date_usage": "11.21",
            "generated_at": nowText,
        ])
        return Answer(status: 200, body: [UInt8](json: balance))
    }

    // MARK: Catalogue

    func catalogue(_ call: Call) throws(Refusal) -> Answer {
        guard call.method == "GET" else { throw .notFound }
        let catalogue = Catalogue.shared
        switch (call.path[0], call.path.count) {
        case ("sizes", 1):
            return call.list("sizes", count: catalogue.sizes.count) { $1.append(contentsOf: catalogue.sizes[$0].json) }
        case ("regions", 1):
            return call.list("regions", count: catalogue.regions.count) {
                $1.append(contentsOf: catalogue.regions[$0].json)
            }
        case ("images", 1):
            var images = catalogue.images
            switch call.parameter("type") {
            case "distribution": images.removeAll(where: \.isApplication)
            case "application": images.removeAll { !$0.isApplication }
            default: break
            }
            if call.parameter("private") == "true" || call.parameter("tag_name") != nil { images = [] }
            return call.list("images", count: images.count) { $1.append(contentsOf: images[$0].json) }
        case ("images", 2):
            guard let image = catalogue.image(.string(call.path[1])) else { throw .notFound }
            return .one("image", json: image.json)
        default: throw .notFound
        }
    }
}
