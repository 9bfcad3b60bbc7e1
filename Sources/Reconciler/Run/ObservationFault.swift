public import Basics

/// A configured provider could not show everything: what it did not show was left alone.
public struct ObservationFault: Fault {
    public let code = "RUN-0010"
    public let message: String
    public let place: String? = nil
    public let hint: String? = "Run: reconcile doctor"
    public let disposition = Disposition.retry(after: nil)

    /// Puts the reasons of all kinds, each `KIND: REASON`, into one sentence; nil when there is none.
    public init?(_ faults: [String]) {
        var kinds: [(reason: String, names: [String])] = []
        for fault in faults {
            let parts = fault.split(separator: ":", maxSplits: 1)
            let name = String(parts[0])
            let reason = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            // `GET /v2/tags page 1: no connection` and `GET /v2/domains page 1: no connection` are one story.
            let cause = reason.hasPrefix("GET ") ? Self.afterPlace(reason) : reason
            if let index = kinds.firstIndex(where: { $0.reason == cause }) {
                kinds[index].names.append(name)
            } else {
                kinds.append((cause, [name]))
            }
        }
        guard !kinds.isEmpty else { return nil }
        let lines = kinds.map { reason, names in
            let shown =
                names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
            return "\(reason) (\(shown))"
        }
        message =
            "not everything could be observed, and what is unknown was left alone: " + lines.joined(separator: "; ")
    }

    private static func afterPlace(_ reason: String) -> String {
        let characters = Array(reason)
        for index in characters.indices.dropLast() where characters[index] == ":" && characters[index + 1] == " " {
            return String(characters[(index + 2)...])
        }
        return reason
    }
}
