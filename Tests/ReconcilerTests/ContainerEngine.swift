import Basics
import Formats
import HTTPClient

/// An engine in memory, as far as a container's life goes: its image asks for a volume without a name.
final class ContainerEngine: Sendable {
    struct Container: Sendable {
        let id: String
        let name: String
        let image: String
        let labels: Value
        let restart: Value
        /// The name of what is mounted where its image wants a volume.
        let volume: String
        var status = "created"
    }

    private struct State {
        var containers: [Container] = []
        var count = 0
        /// So many creations fail without an effect.
        var failingCreations = 0
    }

    static let images = ["odoo:19.0", "odoo:19.1"]
    private static let place = "/var/lib/odoo"

    private let state = Locked(State())
    private let time: any TimeSource

    init(_ time: any TimeSource) { self.time = time }

    var containers: [Container] { state.withLock { $0.containers } }

    func failCreations(_ count: Int) { state.withLock { $0.failingCreations = count } }

    func answer(_ method: String, _ target: String, _ body: [UInt8]) -> HTTPResponse {
        let path = target.prefix { $0 != "?" }.replacing("%3A", with: ":")
        if path == "/_ping" {
            return HTTPResponse(status: 200, headers: [HTTPHeader("Api-Version", "1.44")], body: Array("OK".utf8))
        }
        // The first part is the version.
        let parts = path.split(separator: "/").dropFirst().map(String.init)
        switch (method, parts.first, parts.dropFirst().first, parts.last) {
        case ("GET", "info", _, _): return Self.json(200, ["ID": "ENGINE"])
        case ("GET", "networks", _, _): return Self.json(200, .list([]))
        case ("GET", "volumes", nil, _): return Self.json(200, ["Volumes": .list([])])
        case ("GET", "images", "json", _): return Self.json(200, .list(Self.images.map(Self.image)))
        case ("GET", "images", let name?, _):
            return Self.images.contains(name) ? Self.json(200, Self.image(name)) : Self.nothing
        case ("GET", "containers", "json", _): return Self.json(200, .list(containers.map(summary)))
        case ("POST", "containers", "create", _): return create(target, body)
        case ("GET", "containers", let name?, "json"):
            return containers.first { $0.id == name || $0.name == name }.map { Self.json(200, full($0)) }
                ?? Self.nothing
        case ("POST", "containers", let name?, "start"): return turn(name, "running")
        case ("POST", "containers", let name?, "stop"): return turn(name, "exited")
        case ("DELETE", "containers", let name?, _):
            return state.withLock { state in
                guard let place = state.containers.firstIndex(where: { $0.id == name || $0.name == name }) else {
                    return Self.nothing
                }
                state.containers.remove(at: place)
                return HTTPResponse(status: 204)
            }
        default: return Self.json(400, ["message": .string("the test's engine knows no \(method) \(path)")])
        }
    }

    private func create(_ target: String, _ body: [UInt8]) -> HTTPResponse {
        guard let wish = try? JSON.parse(body), let name = target.split(separator: "name=").last.map(String.init) else {
            return Self.json(400, ["message": "no wish"])
        }
        return state.withLock { state in
            if state.failingCreations > 0 {
                state.failingCreations -= 1
                return Self.json(500, ["message": "no space left on device"])
            }
            guard !state.containers.contains(where: { $0.name == name }) else {
                return Self.json(
                    409, ["message": .string("Conflict. The container name \"/\(name)\" is already in use")])
            }
            state.count += 1
            let id = Digest(of: "\(name) \(state.count)").hex
            let mounted = wish["HostConfig"]?["Mounts"]?.listValue?.first { $0["Target"]?.stringValue == Self.place }
            state.containers.append(
                Container(
                    id: id, name: name, image: wish["Image"]?.stringValue ?? "", labels: wish["Labels"] ?? .object([:]),
                    restart: wish["HostConfig"]?["RestartPolicy"] ?? .object([:]),
                    volume: mounted?["Source"]?.stringValue ?? Digest(of: "volume of \(id)").hex))
            return Self.json(201, ["Id": .string(id)])
        }
    }

    private func turn(_ name: String, _ status: String) -> HTTPResponse {
        state.withLock { state in
            guard let place = state.containers.firstIndex(where: { $0.id == name || $0.name == name }) else {
                return Self.nothing
            }
            let isSo = state.containers[place].status == status
            state.containers[place].status = status
            return HTTPResponse(status: isSo ? 304 : 204)
        }
    }

    private func summary(_ container: Container) -> Value {
        [
            "Id": .string(container.id), "Names": .strings(["/\(container.name)"]), "Labels": container.labels,
            "ImageID": .string(Self.imageID(container.image)), "State": .string(container.status),
            "Created": .int(time.now.microseconds / 1_000_000),
        ]
    }

    private func full(_ container: Container) -> Value {
        [
            "Id": .string(container.id), "Name": .string("/\(container.name)"),
            "Created": .string(World.start.description), "Image": .string(Self.imageID(container.image)),
            "Config": ["Image": .string(container.image), "Labels": container.labels, "Env": .list([])],
            "HostConfig": ["RestartPolicy": container.restart, "Memory": 0, "NanoCpus": 0, "PortBindings": [:]],
            "State": [
                "Status": .string(container.status), "Running": .bool(container.status == "running"),
                "Restarting": false,
            ],
            "NetworkSettings": ["Networks": ["bridge": ["IPAddress": ""]]],
            "Mounts": [
                [
                    "Type": "volume", "Name": .string(container.volume), "Source": "/somewhere",
                    "Destination": .string(Self.place), "RW": true,
                ]
            ],
        ]
    }

    private static func image(_ name: String) -> Value {
        ["Id": .string(imageID(name)), "RepoTags": .strings([name]), "RepoDigests": .list([])]
    }

    private static func imageID(_ name: String) -> String { "sha256:" + Digest(of: name).hex }

    private static let nothing = json(404, ["message": "No such object"])

    private static func json(_ status: Int, _ value: Value) -> HTTPResponse {
        HTTPResponse(status: status, body: Array(JSON.write(value).utf8))
    }
}

/// Speaks to such an engine, and ends with the process.
struct ContainerEngineTransport: HTTPTransport {
    let engine: ContainerEngine
    let fuse: Fuse

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let isWrite = request.method != "GET"
        if isWrite, fuse.burn("before \(request.method)") { throw Self.fault(.notSent, request) }
        if fuse.isBlown { throw Self.fault(.notSent, request) }
        let target = String(request.url.dropFirst("http://docker".count))
        let answer = engine.answer(request.method, target, request.body)
        if isWrite, fuse.burn("after \(request.method)") { throw Self.fault(.lost, request) }
        return answer
    }

    private static func fault(_ kind: HTTPFault.Kind, _ request: HTTPRequest) -> HTTPFault {
        HTTPFault(kind, code: "TEST-0001", message: "the test cut the line", place: "\(request.method) \(request.url)")
    }
}
