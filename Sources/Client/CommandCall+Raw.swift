import Basics
import Formats
import HTTPClient

extension CommandCall {
    /// Sends what somebody wrote themselves.
    func raw() async throws -> ClientExit {
        let method = target.uppercased()
        guard ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(method) else {
            throw ArgumentFault("\(target) is no method", hint: "It is one of GET, POST, PUT, PATCH, DELETE.")
        }
        var path = arguments.positionals[1]
        if path.hasPrefix("/api/v1") { path.removeFirst("/api/v1".count) }
        if !path.hasPrefix("/"), !path.isEmpty { path = "/" + path }
        guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !path.contains("#") else {
            throw ArgumentFault(
                "\(path) is no path", hint: "Write it as it stands in an address, such as /runs?limit=5.")
        }
        let connection = try connection()
        let reply: Reply
        if method == "GET" {
            guard arguments.value("data") == nil else {
                throw ArgumentFault("--data goes with no GET", hint: "Write it into the path: /runs?limit=5")
            }
            reply = try await connection.get(path)
        } else {
            reply = try await connection.write(method, path, try await data())
        }
        screen.json(arguments.has("envelope") ? ["data": reply.data, "meta": reply.meta, "errors": []] : reply.data)
        return .done
    }

    private func data() async throws -> Value? {
        guard let given = arguments.value("data") else { return nil }
        let text: String
        if given == "-" {
            var lines: [String] = []
            while let line = surroundings.readLine(false) { lines.append(line) }
            text = lines.joined(separator: "\n")
        } else if given.hasPrefix("@") {
            let path = String(given.dropFirst())
            do throws(FileSystemFault) {
                text = String(decoding: try FileSystem.read(path, limit: 1 << 20), as: UTF8.self)
            } catch {
                throw ArgumentFault(
                    "--data can't be read: \(error.message): \(path)", hint: "Look at it: ls -l \(path)")
            }
        } else {
            text = given
        }
        do throws(JSONFault) { return try JSON.parse(text) } catch {
            throw ArgumentFault("--data is no JSON: \(error.message)", hint: "Write it like {\"reason\": \"text\"}.")
        }
    }

    /// What the work tree says of policies, by the operator's program: no service is asked.
    func policy() async throws -> ClientExit {
        let name = arguments.command.name
        let shared = screen.isJSON ? ["--json"] : ["--color", screen.paint.isOn ? "always" : "never"]
        let words = name.split(separator: " ").map(String.init)
        // What applies is read where the operator's program reads it; what is written is checked where one stands.
        let given = arguments.positionals.isEmpty && name == "policy validate" ? ["."] : arguments.positionals
        guard name == "policy list" else { return try await operate(words + given + shared) }
        var documents: [Value] = []
        for tier in ["production", "staging", "dev", "preview"] {
            let outcome = try await outcome(["policy", "check", tier] + given + shared)
            guard outcome.isSuccess else { return finish(outcome) }
            if screen.isJSON {
                documents.append((try? JSON.parse(outcome.output)) ?? .null)
            } else {
                screen.print(String(decoding: outcome.output, as: UTF8.self) + (tier == "preview" ? "" : "\n"))
            }
        }
        if screen.isJSON { screen.json(.list(documents)) }
        return .done
    }

    private func operate(_ words: [String]) async throws -> ClientExit { finish(try await outcome(words)) }

    private func outcome(_ words: [String]) async throws -> ChildOutcome {
        guard let outcome = await surroundings.operate(words), outcome.spawnError == nil else {
            throw ClientFault.notThere(
                "policies of a work tree are read by reconcile, and there is none beside this program",
                instead: "Install it too (make install), or ask a service what it saw: odooops gates list")
        }
        return outcome
    }

    /// Prints what the other program printed; its statuses mean the same but for an invalid tree.
    private func finish(_ outcome: ChildOutcome) -> ClientExit {
        screen.raw(String(decoding: outcome.output, as: UTF8.self))
        let error = String(decoding: outcome.errorOutput, as: UTF8.self)
        surroundings.errorOutput(error)
        let exit: ClientExit =
            switch outcome.status {
            case 0: .done
            case 4: .refused
            case 64: .usage
            case 78: .configuration
            default: .failed
            }
        // The operator's program says its faults on standard error alone.
        if screen.isJSON, exit != .done, outcome.output.isEmpty {
            screen.json(["error": Self.fault(said: error, exit).document])
        }
        return exit
    }

    /// The fault that the operator's program has printed: `error CODE: MESSAGE`, `  at PLACE`, `  HINT`.
    static func fault(said text: String, _ exit: ClientExit) -> ClientFault {
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        let isFirst: (String) -> Bool = { line in ["error ", "refused "].contains(where: line.hasPrefix) }
        guard let first = lines.firstIndex(where: isFirst), let colon = lines[first].firstRange(of: ": ") else {
            return ClientFault("CLI-0004", exit, lines.first ?? "no word came from reconcile", hint: nil)
        }
        let code = lines[first][..<colon.lowerBound].split(separator: " ").last.map(String.init) ?? "CLI-0004"
        var rest = lines[(first + 1)...].prefix { $0.hasPrefix("  ") }.map { String($0.dropFirst(2)) }
        let place = rest.first.flatMap { $0.hasPrefix("at ") ? String($0.dropFirst(3)) : nil }
        if place != nil { rest.removeFirst() }
        return ClientFault(
            code, exit, String(lines[first][colon.upperBound...]), place: place,
            hint: rest.isEmpty ? nil : rest.joined(separator: " "))
    }
}
