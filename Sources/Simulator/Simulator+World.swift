import Basics
public import Formats

extension Simulator {
    /// The whole state as one document; ``seed(world:)`` reads it.
    public func snapshot() -> Value { state.withLock { $0.provider.world }.value }

    /// Adds active droplets named `PREFIX-00001` and so on.
    ///
    /// - Returns: their numbers.
    @discardableResult
    public func seedDroplets(
        count: Int, prefix: String = "droplet", region: String = "sgp1", size: String = "s-1vcpu-1gb",
        image: String = "ubuntu-24-04-x64", tags: [String] = []
    ) -> [Int] {
        let ids = state.withLock { state -> [Int] in
            let now = options.time.now + state.clockOffset
            state.provider.now = now
            let network: String
            do throws(Refusal) {
                network = try state.provider.network(nil, region: region)
            } catch {
                network = ""
            }
            let canonical = state.provider.world.adopt(tags: tags)
            let disk = Catalogue.shared.size(size)?.disk ?? 25
            var ids: [Int] = []
            for number in 1...max(1, count) where number <= count {
                let digits = String(number)
                let id = state.provider.world.nextDropletID
                state.provider.world.nextDropletID += 1
                state.provider.world.droplets.append(
                    Droplet(
                        Droplet.Fields(
                            id: id,
                            name: "\(prefix)-" + String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits,
                            region: region, size: size, image: Catalogue.shared.image(.string(image))?.id ?? 0,
                            disk: disk, status: "active", createdAt: now, tags: canonical, vpc: network)))
                ids.append(id)
            }
            state.version += 1
            return ids
        }
        saveNow()
        return ids
    }

    /// Sets the account up from a document: a ``snapshot()``, or what to create.
    ///
    /// The latter has lists under `tags` (names), `droplets`, `domains` (each with `records`), `firewalls`, `ssh_keys`
    /// and `databases` (each with `dbs`, `users`, `pools` and `rules`), their items as the provider's own requests have
    /// them, and is created beside what is there; everything is finished at once.
    ///
    /// - Throws: `SimulatorFault` `SIM-0003` with the provider's message.
    public func seed(world document: Value) throws(SimulatorFault) {
        if document["format"] != nil {
            guard let world = World(document, seed: options.seed) else { throw .badWorld("it is no snapshot") }
            state.withLock { state in
                state.provider.world = world
                state.history = []
                state.version += 1
            }
        } else {
            try document.refuseOthers(
                than: ["databases", "domains", "droplets", "firewalls", "ssh_keys", "tags"], in: "a world to create")
            try state.withLock { (state) throws(SimulatorFault) in
                var provider = state.provider
                provider.now = options.time.now + state.clockOffset
                do throws(Refusal) {
                    try provider.create(document)
                } catch {
                    throw .badWorld(error.message)
                }
                state.provider = provider
                state.version += 1
            }
        }
        saveNow()
    }
}

extension Provider {
    /// Creates what a document lists, through the same handlers as requests.
    mutating func create(_ document: Value) throws(Refusal) {
        func post(_ provider: inout Provider, _ path: [String], _ body: Value) throws(Refusal) {
            let call = Call(
                method: path.last == "firewall" ? "PUT" : "POST", path: path, query: [], body: body.objectValue ?? [:],
                base: "https://api.digitalocean.com/v2")
            _ = try provider.answer(call)
        }
        func items(_ value: Value?, _ name: String) -> [Value] { value?[name]?.listValue ?? [] }
        for tag in items(document, "tags") { try post(&self, ["tags"], .members(["name": tag])) }
        for droplet in items(document, "droplets") { try post(&self, ["droplets"], droplet) }
        world.settleAll(at: now)
        for droplet in items(document, "droplets") where droplet["status"] == "off" {
            guard let index = world.droplets.lastIndex(where: { $0.fields.name == droplet["name"]?.stringValue }) else {
                continue
            }
            world.droplets[index] = world.droplets[index].with { $0.status = "off" }
        }
        for domain in items(document, "domains") {
            try post(&self, ["domains"], domain)
            for record in items(domain, "records") {
                try post(&self, ["domains", domain["name"]?.stringValue ?? "", "records"], record)
            }
        }
        for firewall in items(document, "firewalls") { try post(&self, ["firewalls"], firewall) }
        for cluster in items(document, "databases") {
            var body = cluster.objectValue ?? [:]
            for name in ["dbs", "users", "pools", "rules"] { body[name] = nil }
            try post(&self, ["databases"], .object(body))
            world.settleAll(at: now)
            let id = world.clusters.last?.id ?? ""
            for name in ["dbs", "users", "pools"] {
                for item in items(cluster, name) { try post(&self, ["databases", id, name], item) }
            }
            if !items(cluster, "rules").isEmpty {
                try post(&self, ["databases", id, "firewall"], .members(["rules": .list(items(cluster, "rules"))]))
            }
        }
        for key in items(document, "ssh_keys") { try post(&self, ["account", "keys"], key) }
        world.settleAll(at: now)
        created = []
    }
}
