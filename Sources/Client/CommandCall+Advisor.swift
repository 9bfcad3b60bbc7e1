import Basics
import Formats

extension CommandCall {
    /// The rules of the advisor with what came of each.
    func listAdvice() async throws -> ClientExit {
        let data = try await connection().get(
            Listing.advice.path, [("pillar", arguments.value("pillar")), ("verdict", arguments.value("verdict"))]
        ).data
        return answer(data, text(ofAdvice: data))
    }

    private func text(ofAdvice data: Value) -> String {
        guard data.shown("revision") != "-" else {
            return "No pass of the service has looked at the rules yet: odooops reconcile --wait"
        }
        let counts = (data["summary"]?.objectValue?.members ?? []).map { "\($0.value.shown) \($0.name)" }
        let rules = data["rules"]?.listValue ?? []
        let isFiltered = arguments.has("pillar") || arguments.has("verdict")
        let none = isFiltered ? "No rule is so. See all: odooops advisor list" : "No rule pack stands below advisor/."
        return block([
            ("revision", String(data.shown("revision").prefix(12))), ("rules", counts.joined(separator: ", ")),
            ("can't be read", data.shown("unread")),
        ]) + "\n" + (rules.isEmpty ? none : table(.advice, rules))
    }

    // MARK: Names for completion

    /// So long the line that somebody types may stand still.
    private static let patience = Duration.seconds(1)

    /// The names of the environments, a line each: what is known of them within a second, and no word where that is nothing.
    ///
    /// Nothing is kept: what is offered is there now.
    func nameEnvironments() async -> ClientExit {
        let time = surroundings.time
        let began = time.uptime
        guard var connection = try? connection() else { return .done }
        connection.isPatient = false
        var cursor: String?
        repeat {
            let left = Self.patience - (time.uptime - began)
            guard left > .zero else { break }
            connection.timeout = left
            let query: [(String, String?)] = [("limit", "200"), ("cursor", cursor)]
            guard let reply = try? await connection.get(Listing.environments.path, query) else { break }
            for row in reply.data.listValue ?? [] where row["status"]?.stringValue != "gone" {
                guard let name = row["name"]?.stringValue, Self.isPlainWord(name) else { continue }
                screen.raw(name + "\n")
            }
            cursor = reply.meta["next_cursor"]?.stringValue
        } while cursor != nil
        return .done
    }

    /// Whether a shell reads it as it stands: bash evaluates the words that it is offered, whoever the service is.
    private static func isPlainWord(_ text: String) -> Bool {
        !text.isEmpty && !text.hasPrefix("-")
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 95].contains(byte)
            }
    }
}
