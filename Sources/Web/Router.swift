/// The values that a path gave to the names in a route's pattern.
public struct PathParameters: Sendable {
    private let names: [String]
    private let values: [String]

    init(names: [String], values: [String]) {
        self.names = names
        self.values = values
    }

    /// Empty when the pattern has no such name.
    public subscript(name: String) -> String {
        guard let index = names.firstIndex(of: name), index < values.count else { return "" }
        return values[index]
    }
}

/// Finds the handler for a method and a path; a value, complete before the server starts.
///
/// In a pattern such as `/v2/droplets/{id}` a name in braces stands for one whole segment. A literal segment is
/// preferred to a name. HEAD is served by the handler of GET where it has none of its own.
public struct Router: Sendable {
    public typealias Handler = @Sendable (WebRequest, PathParameters) async -> WebResponse

    private struct Route: Sendable {
        let names: [String]
        let handler: Handler
    }

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var parameter: Int?
        var routes: [String: Route] = [:]
    }

    private var nodes = [Node()]

    /// Answers a path that no route has.
    public var notFound: @Sendable (WebRequest) -> WebResponse = { _ in .text(404, "not found\n") }
    /// Answers a method that the path does not have; `Allow` is added to what it gives.
    public var methodNotAllowed: @Sendable (WebRequest) -> WebResponse = { _ in .text(405, "method not allowed\n") }

    public init() {}

    /// Adds a route; one of the same method and shape is replaced.
    public mutating func add(_ method: String, _ pattern: String, _ handler: @escaping Handler) {
        var node = 0
        var names: [String] = []
        for segment in pattern.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            if segment.hasPrefix("{"), segment.hasSuffix("}") {
                names.append(String(segment.dropFirst().dropLast()))
                if let next = nodes[node].parameter {
                    node = next
                } else {
                    nodes.append(Node())
                    nodes[node].parameter = nodes.count - 1
                    node = nodes.count - 1
                }
            } else if let next = nodes[node].literals[String(segment)] {
                node = next
            } else {
                nodes.append(Node())
                nodes[node].literals[String(segment)] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        nodes[node].routes[method] = Route(names: names, handler: handler)
    }

    /// Answers a request by its route, by 404, or by 405 with `Allow`.
    public func respond(_ request: WebRequest) async -> WebResponse {
        var values: [String] = []
        var allowed: Set<String> = []
        if let route = find(request, node: 0, depth: 0, values: &values, allowed: &allowed) {
            return await route.handler(request, PathParameters(names: route.names, values: values))
        }
        guard !allowed.isEmpty else { return notFound(request) }
        if allowed.contains("GET") { allowed.insert("HEAD") }
        var response = methodNotAllowed(request)
        response.headers.append(("Allow", allowed.sorted().joined(separator: ", ")))
        return response
    }

    private func find(
        _ request: WebRequest, node: Int, depth: Int, values: inout [String], allowed: inout Set<String>
    ) -> Route? {
        guard depth < request.segments.count else {
            let routes = nodes[node].routes
            if let route = routes[request.method] ?? (request.method == "HEAD" ? routes["GET"] : nil) { return route }
            allowed.formUnion(routes.keys)
            return nil
        }
        let segment = request.segments[depth]
        if let next = nodes[node].literals[segment],
            let route = find(request, node: next, depth: depth + 1, values: &values, allowed: &allowed)
        {
            return route
        }
        guard let next = nodes[node].parameter, !segment.isEmpty else { return nil }
        values.append(segment)
        if let route = find(request, node: next, depth: depth + 1, values: &values, allowed: &allowed) { return route }
        values.removeLast()
        return nil
    }
}
