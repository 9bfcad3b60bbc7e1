import Basics

extension FaultOrder {
    /// Refuses an order that no request can ever answer to: it would wait for ever, and what it was to prove would seem
    /// proved.
    ///
    /// - Throws: `SimulatorFault` `SIM-0005`, with what was probably meant.
    func checkReach() throws(SimulatorFault) {
        guard method == "*" || ServedPath.methods.contains(method) else {
            throw .unreachable(
                text, "nobody asks by \(method)", hint(Suggestion.nearest(to: method, in: ServedPath.methods)))
        }
        let served = ServedPath.all.filter { $0.meets(path) }
        guard !served.isEmpty else {
            throw .unreachable(text, "the simulator serves no path like \(path)", hint(nearestPath))
        }
        let asked = served.filter { method == "*" || $0.methods.contains(method) }
        guard !asked.isEmpty else {
            let others = ServedPath.methods.filter { name in served.contains { $0.methods.contains(name) } }
            throw .unreachable(
                text, "\(path) is not asked by \(method), only by \(others.joined(separator: ", "))",
                hint(others.first.map { "\($0) \(path)" }))
        }
        let hit = asked.filter { isPlayed(at: $0) }
        guard !hit.isEmpty else {
            throw .unreachable(
                text, "\(kind.text) has no meaning there",
                "docs/simulator.md says which provider knows which fault, and whether it is of reads or writes")
        }
    }

    private func hint(_ meant: String?) -> String {
        meant.map { "did you mean \($0)?" } ?? "docs/simulator.md lists what is served, for example: POST /v2/droplets"
    }

    /// Whether a fault of this kind changes anything of such a request.
    private func isPlayed(at served: ServedPath) -> Bool {
        let methods = method == "*" ? served.methods : [method]
        let provider = served.provider
        return switch kind {
        case .staleRead: methods.contains("GET")
        case .shiftedPages: methods.contains("GET") && !["slack", "spaces"].contains(provider)
        case .lateEffect: methods.contains { $0 != "GET" }
        case .notFoundAfterCreate:
            methods.contains { $0 != "GET" && $0 != "DELETE" } && !["mailgun", "slack"].contains(provider)
        case .actionErrors:
            methods.contains { $0 != "GET" } && ["digitalocean", "supabase", "vercel"].contains(provider)
        case .softFailure: provider == "slack" || provider == "vercel" && methods.contains("POST")
        case .queued: methods.contains("POST") && ["github", "vercel"].contains(provider)
        case .preconditionFailed: provider == "digitalocean"
        default: true
        }
    }

    /// The path that was probably meant: without what is too much, with what lacks, or spelt alike.
    private var nearestPath: String? {
        let parts = path.split(separator: "/").map { String($0) }
        guard let first = parts.first else { return nil }
        let rest = "/" + parts.dropFirst().joined(separator: "/")
        // Anything may be the key of an object, so that Spaces would be meant by everything.
        let paths = ServedPath.all.filter { $0.provider != "spaces" }
        var guesses = ["\(path)/", String(path.prefix { $0 != "?" }), rest]
        guesses += ServedPath.mounts.map { "/\($0)\(path.hasPrefix("/") ? "" : "/")\(path)" }
        if let mount = Suggestion.nearest(to: first, in: ServedPath.mounts) { guesses.append("/\(mount)\(rest)") }
        if let guess = guesses.first(where: { guess in paths.contains { $0.meets(guess) } }) { return guess }
        // What stands for any part keeps the part that was written.
        let alike = paths.compactMap { served -> String? in
            let wanted = served.parts
            guard wanted.count == parts.count else { return nil }
            return "/" + zip(wanted, parts).map { $0.contains("*") ? $1 : $0 }.joined(separator: "/")
        }
        return Suggestion.nearest(to: path, in: alike)
    }
}
