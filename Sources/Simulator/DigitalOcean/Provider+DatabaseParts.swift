import Basics
import Formats

extension Provider {
    // MARK: What answers show

    /// A cluster with its connections; they hold a password, and so do its users.
    func clusterObject(_ cluster: World.Cluster) -> Value.Object {
        var object = cluster.object
        object["connection"] = connection(cluster, database: "defaultdb", isPrivate: false, port: 0)
        object["private_connection"] = connection(cluster, database: "defaultdb", isPrivate: true, port: 0)
        object["users"] = .list(cluster.users.map { .object(userObject($0)) })
        object["db_names"] = .strings(cluster.databases)
        object["rules"] = .list(cluster.rules.map { .object($0) })
        return object
    }

    private func connection(_ cluster: World.Cluster, database: String, isPrivate: Bool, port shift: Int) -> Value {
        let engine = DatabaseCatalogue.engine(cluster.object["engine"]?.stringValue ?? "")
        let host = (isPrivate ? "private-" : "") + "\(cluster.name)-do-user-1690208-0.k.db.ondigitalocean.com"
        let port = (engine?.port ?? 25_060) + shift
        let password = cluster.users.first?["password"]?.stringValue ?? ""
        let scheme =
            engine?.engine == "pg" ? "postgresql" : engine?.engine == "valkey" ? "rediss" : "\(engine?.engine ?? "")"
        let credentials = showsCredentials ? "doadmin:\(password)@" : ""
        var object: Value.Object = [
            "protocol": .string(scheme),
            "uri": .string("\(scheme)://\(credentials)\(host):\(port)/\(database)?sslmode=require"),
            "database": .string(database), "host": .string(host), "port": .int(Int64(port)), "user": "doadmin",
        ]
        if showsCredentials { object["password"] = .string(password) }
        object["ssl"] = true
        return .object(object)
    }

    private func userObject(_ user: Value.Object) -> Value.Object {
        guard !showsCredentials else { return user }
        var user = user
        user["password"] = nil
        return user
    }

    private func poolObject(_ pool: Value.Object, _ cluster: World.Cluster) -> Value.Object {
        var object = pool
        let name = pool["name"]?.stringValue ?? ""
        object["connection"] = connection(cluster, database: name, isPrivate: false, port: 1)
        object["private_connection"] = connection(cluster, database: name, isPrivate: true, port: 1)
        return object
    }

    // MARK: Databases

    mutating func databaseNames(_ call: Call, _ index: Int) throws(Refusal) -> Answer {
        let cluster = world.clusters[index]
        func object(_ name: String) -> Value { .members(["name": .string(name)]) }
        if call.path.count == 3, call.method == "GET" { return .one("dbs", .list(cluster.databases.map(object))) }
        if call.path.count == 3, call.method == "POST" {
            guard let name = call.text("name"), Self.isDatabaseName(name) else {
                throw .unprocessable("invalid database name")
            }
            try requireOnline(cluster)
            guard !cluster.databases.contains(name) else { throw .unprocessable("database name is not available") }
            world.clusters[index].databases.append(name)
            created.append("/v2/databases/\(cluster.id)/dbs/\(name)")
            return .made(201, "db", object(name))
        }
        guard call.path.count == 4, cluster.databases.contains(call.path[3]) else { throw .notFound }
        switch call.method {
        case "GET": return .one("db", object(call.path[3]))
        case "DELETE":
            guard !cluster.pools.contains(where: { $0["db"]?.stringValue == call.path[3] }) else {
                throw .unprocessable("database is used by a connection pool")
            }
            world.clusters[index].databases.removeAll { $0 == call.path[3] }
            return .noContent
        default: throw .notFound
        }
    }

    // MARK: Users

    mutating func databaseUsers(_ call: Call, _ index: Int) throws(Refusal) -> Answer {
        let cluster = world.clusters[index]
        if call.path.count == 3, call.method == "GET" {
            return .one("users", .list(cluster.users.map { .object(userObject($0)) }))
        }
        if call.path.count == 3, call.method == "POST" {
            guard let name = call.text("name"), Self.isDatabaseName(name) else {
                throw .unprocessable("invalid user name")
            }
            try requireOnline(cluster)
            guard !cluster.users.contains(where: { $0["name"]?.stringValue == name }) else {
                throw .unprocessable("user name is not available")
            }
            var user: Value.Object = [
                "name": .string(name), "role": "normal", "password": .string(world.password()),
            ]
            user["settings"] = call.body["settings"]
            world.clusters[index].users.append(user)
            created.append("/v2/databases/\(cluster.id)/users/\(name)")
            return .made(201, "user", userObject(user))
        }
        guard call.path.count >= 4,
            let at = cluster.users.firstIndex(where: { $0["name"]?.stringValue == call.path[3] })
        else { throw .notFound }
        switch (call.method, call.path.dropFirst(4).first, call.path.count) {
        case ("GET", nil, _): return .one("user", userObject(cluster.users[at]))
        case ("PUT", nil, _):
            world.clusters[index].users[at]["settings"] = call.body["settings"]
            return .made(201, "user", userObject(world.clusters[index].users[at]))
        case ("POST", "reset_auth"?, 5):
            let password = world.password()
            world.clusters[index].users[at]["password"] = .string(password)
            return .one("user", userObject(world.clusters[index].users[at]))
        case ("DELETE", nil, _):
            guard cluster.users[at]["role"] != "primary" else { throw .unprocessable("cannot delete the primary user") }
            guard !cluster.pools.contains(where: { $0["user"]?.stringValue == call.path[3] }) else {
                throw .unprocessable("user is used by a connection pool")
            }
            world.clusters[index].users.remove(at: at)
            return .noContent
        default: throw .notFound
        }
    }

    // MARK: Pools

    mutating func databasePools(_ call: Call, _ index: Int) throws(Refusal) -> Answer {
        let cluster = world.clusters[index]
        if call.path.count == 3, call.method == "GET" {
            return .one("pools", .list(cluster.pools.map { .object(poolObject($0, cluster)) }))
        }
        if call.path.count == 3, call.method == "POST" {
            guard let name = call.text("name"), Self.isDatabaseName(name) else {
                throw .unprocessable("invalid pool name")
            }
            try requireOnline(cluster)
            guard cluster.object["engine"] == "pg" else {
                throw .unprocessable("connection pools are not supported for this engine")
            }
            guard !cluster.pools.contains(where: { $0["name"]?.stringValue == name }) else {
                throw .unprocessable("pool name is not available")
            }
            let pool = try checkedPool(call, name, cluster, others: cluster.pools)
            world.clusters[index].pools.append(pool)
            created.append("/v2/databases/\(cluster.id)/pools/\(name)")
            return .made(201, "pool", poolObject(pool, cluster))
        }
        guard call.path.count == 4,
            let at = cluster.pools.firstIndex(where: { $0["name"]?.stringValue == call.path[3] })
        else { throw .notFound }
        switch call.method {
        case "GET": return .one("pool", poolObject(cluster.pools[at], cluster))
        case "PUT":
            var others = cluster.pools
            others.remove(at: at)
            world.clusters[index].pools[at] = try checkedPool(call, call.path[3], cluster, others: others)
            return .noContent
        case "DELETE":
            world.clusters[index].pools.remove(at: at)
            return .noContent
        default: throw .notFound
        }
    }

    /// A plan has 25 connections a GiB, three of them kept by the provider.
    private func checkedPool(
        _ call: Call, _ name: String, _ cluster: World.Cluster, others: [Value.Object]
    ) throws(Refusal) -> Value.Object {
        guard let mode = call.text("mode"), ["transaction", "session", "statement"].contains(mode) else {
            throw .unprocessable("invalid pool mode")
        }
        guard let database = call.text("db"), cluster.databases.contains(database) else {
            throw .unprocessable("database does not exist")
        }
        let user = call.text("user")
        if let user, !user.isEmpty {
            guard cluster.users.contains(where: { $0["name"]?.stringValue == user }) else {
                throw .unprocessable("user does not exist")
            }
        }
        let memory = DatabaseCatalogue.plan(cluster.object["size"]?.stringValue ?? "")?.memory ?? 1
        let taken = others.reduce(Int64(0)) { $0 + ($1["size"]?.intValue ?? 0) }
        guard let size = call.body["size"]?.intValue, (1...10_000).contains(size) else {
            throw .unprocessable("invalid pool size")
        }
        guard size + taken <= Int64(memory * 25 - 3) else {
            throw .unprocessable("pool size exceeds available connections")
        }
        return [
            "user": .string(user ?? ""), "name": .string(name), "size": .int(size), "db": .string(database),
            "mode": .string(mode),
        ]
    }

    private static func isDatabaseName(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, 45, 46, 95: true
                default: false
                }
            }
    }

    // MARK: Options

    static let databaseOptions: Value = {
        var options = Value.Object()
        let layouts: [Value] = (1...3).map { nodes in
            .members(["num_nodes": .int(Int64(nodes)), "sizes": .strings(DatabaseCatalogue.plans.map(\.slug))])
        }
        for engine in DatabaseCatalogue.versions {
            options[engine.engine] = .members([
                "regions": .strings(DatabaseCatalogue.regions), "versions": .strings(engine.versions),
                "layouts": .list(layouts),
            ])
        }
        return .object(options)
    }()
}
