internal import Basics
public import Web

extension Simulator {
    /// Whether some order of a fault can name a request; tests want it of all that is answered well.
    ///
    /// What an order can't name would be refused with `SIM-0005` although the simulator serves it.
    public func canOrder(faultOf request: WebRequest) -> Bool {
        var parts = request.path.split(separator: "/")
        if let name = state.withLock({ Self.providerName(of: request, among: $0.hosts) }) {
            if parts.first.map(String.init) != name { parts.insert(Substring(name), at: 0) }
        } else if parts.first == "digitalocean" {
            parts.removeFirst()
        }
        return ServedPath.contains(request.method, parts)
    }
}
