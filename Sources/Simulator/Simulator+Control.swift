import Basics
import Formats
import Web

extension Simulator {
    /// What steers a running simulator: `/_simulator/{environment,faults,requests,world,accounts,time}`.
    ///
    /// - `GET /_simulator/environment`: the variables that lead a client here, as lines for a shell.
    /// - `GET`, `POST`, `DELETE /_simulator/faults`: list, order (one order, a list, or `{"seed", "rate"}`), forget.
    /// - `GET`, `DELETE /_simulator/requests`: the log.
    /// - `GET`, `POST /_simulator/world`: the snapshot; see `seed(world:)`, and `{"droplet_count": N}`.
    /// - `GET`, `POST /_simulator/accounts/NAME`: what another provider's account holds; what to add to it.
    /// - `POST /_simulator/time`: `{"advance_seconds": N}`, or `{"settle": true}`.
    func control(_ request: WebRequest) -> WebResponse {
        if request.method == "GET", request.path == "/_simulator/environment" {
            let url = "http://\(request.header("host") ?? "127.0.0.1")"
            return .text(200, environment(at: url).map { "export \($0.name)=\($0.value)\n" }.joined())
        }
        do throws(SimulatorFault) {
            var body = Value.null
            if !request.body.isEmpty {
                do throws(JSONFault) {
                    body = try JSON.parse(request.body)
                } catch {
                    throw .badWorld(error.message)
                }
            }
            return try control(request.method, String(request.path.dropFirst("/_simulator/".utf8.count)), body)
        } catch {
            return Self.json(
                400, .members(["code": .string(error.code), "message": .string(error.messageAndHint)]))
        }
    }

    private func control(_ method: String, _ name: String, _ body: Value) throws(SimulatorFault) -> WebResponse {
        switch (method, name) {
        case ("GET", "faults"): break
        case ("DELETE", "faults"): clearFaults()
        case ("POST", "faults"):
            if body["rate"] != nil || body["seed"] != nil {
                setFaultPlan(try Self.plan(body))
            } else {
                var orders: [FaultOrder] = []
                for item in body.listValue ?? [body] { orders.append(try FaultOrder(item)) }
                for fault in orders { order(fault) }
            }
        case ("GET", "requests"): return Self.json(200, .list(requestLog.map(Self.value)))
        case ("DELETE", "requests"):
            clearRequestLog()
            return Self.json(200, [])
        case ("GET", "world"): return Self.json(200, snapshot())
        case ("POST", "world"):
            if let count = body["droplet_count"]?.intValue {
                try body.refuseOthers(than: ["droplet_count", "tags"], in: "a count of droplets")
                seedDroplets(count: min(1_000_000, max(0, Int(clamping: count))), tags: body["tags"]?.strings ?? [])
            } else {
                try seed(world: body)
            }
            return Self.json(
                200, .members(["droplets": .int(Int64(state.withLock { $0.provider.world.droplets.count }))]))
        case ("GET", let path) where path.hasPrefix("accounts/"):
            return Self.json(200, account(String(path.dropFirst("accounts/".utf8.count))))
        case ("POST", let path) where path.hasPrefix("accounts/"):
            let name = String(path.dropFirst("accounts/".utf8.count))
            try seed(name, body)
            return Self.json(200, account(name))
        case ("POST", "time"):
            try body.refuseOthers(than: ["advance_seconds", "settle"], in: "an order of time")
            if body["settle"]?.boolValue == true { settle() }
            let seconds = body["advance_seconds"]?.doubleValue ?? 0
            guard (0...1e9).contains(seconds) else { throw .badWorld("advance_seconds is out of range") }
            advance(by: .milliseconds(Int(seconds * 1_000)))
            let now = options.time.now + state.withLock { $0.clockOffset }
            return Self.json(200, .members(["now": .string("\(now)")]))
        default: return Self.json(404, .members(["code": "SIM-0404", "message": "there is no such control endpoint"]))
        }
        return Self.json(200, .members(["orders": .strings(pendingOrders.map(\.text))]))
    }

    /// The share of all requests that go wrong, by seed.
    private static func plan(_ body: Value) throws(SimulatorFault) -> FaultPlan {
        let text = JSON.write(body)
        if let other = body.objectValue?.members.first(where: { !["rate", "seed"].contains($0.name) }) {
            throw .badOrder(text, "beside `rate` and `seed` there is nothing such as `\(other.name)`")
        }
        guard let rate = body["rate"]?.doubleValue, (0...1).contains(rate) else {
            throw .badOrder(text, "`rate` is a share from 0 to 1")
        }
        let seed = body["seed"] ?? 1
        guard let number = seed.intValue, number >= 0 else {
            throw .badOrder(text, "`seed` is a whole number, 0 or more")
        }
        return .random(seed: UInt64(number), rate: rate)
    }

    private static func value(_ request: LoggedRequest) -> Value {
        .members([
            "method": .string(request.method), "path": .string(request.path), "status": .int(Int64(request.status)),
            "time": .string("\(request.time)"), "request_id": .string(request.requestID),
            "fault": request.fault.map { .string($0) } ?? .null,
        ])
    }

    private static func json(_ status: Int, _ value: Value) -> WebResponse {
        WebResponse(status: status, headers: [("content-type", "application/json")], body: [UInt8](json: value))
    }
}
